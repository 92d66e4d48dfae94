package sector

import "fmt"

// A SealProof is a registered seal proof number, as go-state-types abi.RegisteredSealProof.
type SealProof int64

// The registered seal proofs. The five synthetic ones bear V1_1 in their name on the network and follow
// the rules of API V1_2_0.
const (
	StackedDRG2KiBV1 SealProof = iota
	StackedDRG8MiBV1
	StackedDRG512MiBV1
	StackedDRG32GiBV1
	StackedDRG64GiBV1
	StackedDRG2KiBV1_1
	StackedDRG8MiBV1_1
	StackedDRG512MiBV1_1
	StackedDRG32GiBV1_1
	StackedDRG64GiBV1_1
	StackedDRG2KiBV1_1Synthetic
	StackedDRG8MiBV1_1Synthetic
	StackedDRG512MiBV1_1Synthetic
	StackedDRG32GiBV1_1Synthetic
	StackedDRG64GiBV1_1Synthetic
	StackedDRG2KiBV1_2NonInteractive
	StackedDRG8MiBV1_2NonInteractive
	StackedDRG512MiBV1_2NonInteractive
	StackedDRG32GiBV1_2NonInteractive
	StackedDRG64GiBV1_2NonInteractive
	sealProofs
)

// registeredSizes are the sizes of each group of five registered proofs, in order.
var registeredSizes = [5]Size{Size2KiB, Size8MiB, Size512MiB, Size32GiB, Size64GiB}

// Check returns an error that wraps [ErrProofType] unless p is registered.
func (p SealProof) Check() error {
	if p < 0 || p >= sealProofs {
		return fmt.Errorf("%w: seal proof number %d", ErrProofType, int64(p))
	}
	return nil
}

// Proof returns the parameters of a registered seal proof. Errors wrap [ErrProofType].
func (p SealProof) Proof() (Proof, error) {
	if err := p.Check(); err != nil {
		return Proof{}, err
	}
	v, f := V1_2_0, Features(0)
	switch p / 5 {
	case 0:
		v = V1_0_0
	case 1:
		v = V1_1_0
	case 2:
		f = Synthetic
	case 3:
		f = NonInteractive
	}
	return NewProof(NewPoRepID(uint64(p), 0), registeredSizes[p%5], v, f)
}

// Size returns the sector size, 0 for an unregistered number.
func (p SealProof) Size() Size {
	if p.Check() != nil {
		return 0
	}
	return registeredSizes[p%5]
}

// WinningPoSt returns the registered winning PoSt of sectors sealed with p. Errors wrap [ErrProofType].
func (p SealProof) WinningPoSt() (PoStProof, error) { return PoStProof(p % 5), p.Check() }

// WindowPoSt returns the registered window PoSt of sectors sealed with p: the V1_1 kind (API V1_2_0),
// which the network has required since version 19. Errors wrap [ErrProofType].
func (p SealProof) WindowPoSt() (PoStProof, error) { return PoStProof(p%5) + 10, p.Check() }

// Update returns the registered update proof of sectors sealed with p. Errors wrap [ErrProofType].
func (p SealProof) Update() (UpdateProof, error) { return UpdateProof(p % 5), p.Check() }

// String returns upstream's name, such as "StackedDrg32GiBV1_1".
func (p SealProof) String() string {
	if p.Check() != nil {
		return fmt.Sprintf("SealProof(%d)", int64(p))
	}
	suffix := [...]string{"V1", "V1_1", "V1_1_Feat_SyntheticPoRep", "V1_2_Feat_NonInteractivePoRep"}
	return "StackedDrg" + p.Size().String() + suffix[p/5]
}

// SealProofs returns all registered seal proofs in order. The slice is the caller's.
func SealProofs() []SealProof {
	all := make([]SealProof, sealProofs)
	for i := range all {
		all[i] = SealProof(i)
	}
	return all
}

// A PoStProof is a registered proof-of-spacetime number, as go-state-types abi.RegisteredPoStProof:
// winning 0-4, window V1 5-9, window V1_1 10-14, each for 2KiB, 8MiB, 512MiB, 32GiB, 64GiB.
type PoStProof int64

// The first of each group of five registered PoSt proofs; add the position of the size.
const (
	WinningPoStV1  PoStProof = 0
	WindowPoStV1   PoStProof = 5
	WindowPoStV1_1 PoStProof = 10
	postProofs     PoStProof = 15
)

// Check returns an error that wraps [ErrProofType] unless p is registered.
func (p PoStProof) Check() error {
	if p < 0 || p >= postProofs {
		return fmt.Errorf("%w: PoSt proof number %d", ErrProofType, int64(p))
	}
	return nil
}

// Size returns the sector size, 0 for an unregistered number.
func (p PoStProof) Size() Size {
	if p.Check() != nil {
		return 0
	}
	return registeredSizes[p%5]
}

// Winning reports whether p is a winning PoSt.
func (p PoStProof) Winning() bool { return p.Check() == nil && p < WindowPoStV1 }

// Window reports whether p is a window PoSt.
func (p PoStProof) Window() bool { return p.Check() == nil && p >= WindowPoStV1 }

// Version returns the API version whose rules p follows: V1_2_0 for window proofs 10-14, else V1_0_0.
func (p PoStProof) Version() APIVersion {
	if p >= WindowPoStV1_1 {
		return V1_2_0
	}
	return V1_0_0
}

// String returns upstream's name, such as "StackedDrgWindow32GiBV1_2".
func (p PoStProof) String() string {
	if p.Check() != nil {
		return fmt.Sprintf("PoStProof(%d)", int64(p))
	}
	kind := [...]struct{ name, suffix string }{{"Winning", "V1"}, {"Window", "V1"}, {"Window", "V1_2"}}[p/5]
	return "StackedDrg" + kind.name + p.Size().String() + kind.suffix
}

// Challenges of a PoSt: sectors and leaves of a winning PoSt, leaves a sector of a window PoSt.
//
// Source: rust-fil-proofs filecoin-proofs/src/constants.rs.
const (
	WinningPoStSectors    = 1
	WinningPoStChallenges = 66
	WindowPoStChallenges  = 10
)

// WindowPoStSectors returns how many sectors of that size one partition of a window PoSt holds.
func WindowPoStSectors(size Size) int {
	switch size {
	case Size32GiB:
		return 2349
	case Size64GiB:
		return 2300
	}
	return 2
}

// An UpdateProof is a registered update (SnapDeals) proof number 0-4, as go-state-types
// abi.RegisteredUpdateProof; all follow API V1_1_0's sector format.
type UpdateProof int64

// Check returns an error that wraps [ErrProofType] unless p is registered.
func (p UpdateProof) Check() error {
	if p < 0 || p >= 5 {
		return fmt.Errorf("%w: update proof number %d", ErrProofType, int64(p))
	}
	return nil
}

// Size returns the sector size, 0 for an unregistered number.
func (p UpdateProof) Size() Size {
	if p.Check() != nil {
		return 0
	}
	return registeredSizes[p]
}

// String returns upstream's name, such as "StackedDrg32GiBV1".
func (p UpdateProof) String() string {
	if p.Check() != nil {
		return fmt.Sprintf("UpdateProof(%d)", int64(p))
	}
	return "StackedDrg" + p.Size().String() + "V1"
}

// An AggregationProof is a registered aggregation, as go-state-types abi.RegisteredAggregationProof.
type AggregationProof int64

// The registered aggregations.
const (
	SnarkPackV1 AggregationProof = iota
	SnarkPackV2
)

// Check returns an error that wraps [ErrProofType] unless p is registered.
func (p AggregationProof) Check() error {
	if p != SnarkPackV1 && p != SnarkPackV2 {
		return fmt.Errorf("%w: aggregation proof number %d", ErrProofType, int64(p))
	}
	return nil
}
