package post

import (
	"errors"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/sector"
)

// Errors of this package, wrapped with what was got and wanted.
var (
	// ErrProof says that a proof was judged and is refuted.
	ErrProof = errors.New("post: proof refuted")
	// ErrSectors says that a list of sectors is empty, too long, unsorted or has a sector twice.
	ErrSectors = errors.New("post: impossible list of sectors")
	// ErrRandomness says that randomness is no field element; the chain clears its two top bits.
	ErrRandomness = errors.New("post: randomness is not below the field's modulus")
	// ErrFormat says that bytes are no encoding of a proof.
	ErrFormat = errors.New("post: malformed proof")
)

// Rules are the parameters of one kind of PoSt. RulesOf and NewRules make them; they are comparable and may be copied.
type Rules struct {
	Window  bool // else winning
	Size    sector.Size
	Version sector.APIVersion
	// Challenges is the number of leaves opened in a sector.
	Challenges int
	// Sectors is the number of sectors in a partition.
	Sectors int

	shape   merkle.Shape
	discard int
}

// RulesOf returns the rules of a registered PoSt proof. Errors wrap sector.ErrProofType.
func RulesOf(p sector.PoStProof) (Rules, error) {
	if err := p.Check(); err != nil {
		return Rules{}, fmt.Errorf("post: %w", err)
	}
	return NewRules(p.Window(), p.Size(), p.Version())
}

// NewRules returns the rules for sectors of any size that has a tree shape, under any API version. The network registers
// winning PoSt only under V1_0_0, and window PoSt under V1_0_0 and V1_2_0. Errors wrap sector.ErrSize or
// sector.ErrProofType.
//
// Source: rust-fil-proofs filecoin-proofs/src/constants.rs.
func NewRules(window bool, size sector.Size, v sector.APIVersion) (Rules, error) {
	p, err := sector.NewProof(sector.PoRepID{}, size, v, 0)
	if err != nil {
		return Rules{}, fmt.Errorf("post: %w", err)
	}
	shape, err := merkle.Compound(size.Nodes(), p.Shape.Base, p.Shape.Sub, p.Shape.Top)
	if err != nil {
		return Rules{}, fmt.Errorf("post: %s: %w", size, err)
	}
	r := Rules{Window: window, Size: size, Version: v, shape: shape, discard: p.RowsToDiscard}
	r.Challenges, r.Sectors = sector.WinningPoStChallenges, sector.WinningPoStSectors
	if window {
		r.Challenges, r.Sectors = sector.WindowPoStChallenges, sector.WindowPoStSectors(size)
	}
	return r, nil
}

// Shape is the form of the trees that proofs open.
func (r Rules) Shape() merkle.Shape { return r.shape }

// maxChallenges bounds what a caller may set, so that no count overflows.
const maxChallenges = 1 << 20

// check refuses rules that NewRules would not make, apart from the counts.
func (r Rules) check() error {
	if r.Challenges < 1 || r.Challenges > maxChallenges || r.Sectors < 1 || r.Sectors > maxChallenges {
		return fmt.Errorf("post: %d challenges a sector, %d sectors a partition: %w", r.Challenges, r.Sectors,
			sector.ErrProofType)
	}
	if r.shape.Leaves() == 0 || r.shape.Leaves() != r.Size.Nodes() {
		return fmt.Errorf("post: these rules were not made by NewRules: %w", sector.ErrProofType)
	}
	return nil
}
