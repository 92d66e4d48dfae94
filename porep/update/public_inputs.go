package update

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/sector"
)

// A Statement is what an update's proof is about. All of it is public.
type Statement struct {
	Params   Params
	CommROld sector.CommR // of the replica before the update
	CommDNew sector.CommD // of the new data
	CommRNew sector.CommR // of the replica after it
}

// Check refuses a statement that no update can satisfy. Errors wrap sector.ErrCommitment or sector.ErrSize.
func (s *Statement) Check() error {
	if err := s.Params.check(); err != nil {
		return err
	}
	return errors.Join(s.CommROld.Check(), s.CommDNew.Check(), s.CommRNew.Check())
}

// PublicInputs returns the public inputs of the circuit of partition k, field elements of 32 little-endian bytes: k and,
// above its bits, the selector of H; CommR before; CommD and CommR after.
//
// Source: rust-fil-proofs storage-proofs-update/src/circuit.rs, PublicInputs.
func (s *Statement) PublicInputs(k int) ([]merkle.Digest, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if k < 0 || k >= s.Params.Partitions {
		return nil, fmt.Errorf("update: partition %d of %d", k, s.Params.Partitions)
	}
	sel, err := s.Params.HSelect()
	if err != nil {
		return nil, err
	}
	var packed merkle.Digest
	binary.LittleEndian.PutUint64(packed[:], uint64(k)|sel<<s.Params.partitionBits())
	return []merkle.Digest{packed, merkle.Digest(s.CommROld), merkle.Digest(s.CommDNew), merkle.Digest(s.CommRNew)}, nil
}
