package porep

import (
	"errors"

	"github.com/assaylab/assay/porep/sector"
)

// A Sector is what a replica is bound to, known once its data is staged.
type Sector struct {
	Proof  sector.Proof
	ID     sector.ID
	Ticket sector.Ticket
	CommD  sector.CommD
}

// ReplicaID returns the replica id that follows.
func (s *Sector) ReplicaID() sector.ReplicaID {
	return s.ID.ReplicaID(s.Ticket, s.CommD, s.Proof.ID)
}

// Check refuses contradicting parameters, layers whose columns cannot be hashed, and a CommD that is
// zero or out of range. Errors: sector.ErrProofType, sector.ErrSize, sector.ErrCommitment.
func (s *Sector) Check() error {
	if _, err := checkedShapes(s.Proof); err != nil {
		return err
	}
	return s.CommD.Check()
}

// A Statement is what a proof of replication is about: which sector, sealed how and when, holds which
// data in which replica, and what chose the challenges. All of it is public.
type Statement struct {
	Sector
	CommR sector.CommR
	// Seed is ignored where the proof is non-interactive.
	Seed sector.Seed
}

// Check refuses a statement that no replica can satisfy. Errors as Sector.Check.
func (s *Statement) Check() error {
	return errors.Join(s.Sector.Check(), s.CommR.Check())
}
