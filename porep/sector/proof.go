package sector

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// An APIVersion is one of the rule sets of rust-fil-proofs. Versions compare by <.
type APIVersion uint8

// The API versions. V1_0_0 has its own order of parents and folds the expander parents of large
// sectors; V1_1_0 repaired both; V1_2_0 made PoSt challenges independent of a sector's position and
// admits the features.
const (
	V1_0_0 APIVersion = iota
	V1_1_0
	V1_2_0
)

// String returns the semantic version, such as "1.1.0".
func (v APIVersion) String() string { return fmt.Sprintf("1.%d.0", uint8(v)) }

// ParseAPIVersion reads what [APIVersion.String] writes. Errors wrap [ErrProofType].
func ParseAPIVersion(text string) (APIVersion, error) {
	for v := V1_0_0; v <= V1_2_0; v++ {
		if v.String() == text {
			return v, nil
		}
	}
	return 0, fmt.Errorf("%w: API version %.40q", ErrProofType, text)
}

// Features is a set of optional rules on top of API version V1_2_0. The two exclude one another.
type Features uint8

// The features.
const (
	// Synthetic draws the challenges from a set fixed before the seed is known.
	Synthetic Features = 1 << iota
	// NonInteractive derives the challenges from CommR alone.
	NonInteractive
)

// String returns upstream's name of the feature, "" for none.
func (f Features) String() string {
	switch f {
	case 0:
		return ""
	case Synthetic:
		return "synthetic-porep"
	case NonInteractive:
		return "non-interactive-porep"
	}
	return fmt.Sprintf("features(%#x)", uint8(f))
}

// ParseFeatures reads what [Features.String] writes. Errors wrap [ErrProofType].
func ParseFeatures(text string) (Features, error) {
	for _, f := range []Features{0, Synthetic, NonInteractive} {
		if f.String() == text {
			return f, nil
		}
	}
	return 0, fmt.Errorf("%w: feature %.40q", ErrProofType, text)
}

// A Shape is the mix of arities of the Poseidon trees over a sector: Base up to the roots of the base
// trees, then one level of arity Sub, then one of arity Top; 0 stands for no such level.
type Shape struct{ Base, Sub, Top int }

// String returns the shape as "8-8-2".
func (s Shape) String() string { return fmt.Sprintf("%d-%d-%d", s.Base, s.Sub, s.Top) }

// BaseTrees returns the number of base trees, which is the number of files a tree is kept in.
func (s Shape) BaseTrees() int { return max(s.Sub, 1) * max(s.Top, 1) }

// shapeOf returns the tree shape of a supported size.
//
// Source: rust-fil-proofs filecoin-proofs/src/constants.rs, is_sector_shape_*.
func shapeOf(s Size) (Shape, bool) {
	switch s {
	case Size2KiB, Size8MiB, Size512MiB:
		return Shape{8, 0, 0}, true
	case Size4KiB, Size16MiB, Size1GiB:
		return Shape{8, 2, 0}, true
	case Size16KiB, Size32GiB:
		return Shape{8, 8, 0}, true
	case Size32KiB, Size64GiB:
		return Shape{8, 8, 2}, true
	}
	return Shape{}, false
}

// genericShape is the shape given to a size that upstream has none for: 8-ary, with one level of arity
// 2 or 4 on top where the number of leaves is no power of eight.
func genericShape(s Size) Shape {
	switch bits.TrailingZeros64(s.Nodes()) % 3 {
	case 1:
		return Shape{8, 2, 0}
	case 2:
		return Shape{8, 4, 0}
	}
	return Shape{8, 0, 0}
}

// A PoRepID sets apart the graphs and replicas of different proof types.
type PoRepID [32]byte

// NewPoRepID returns the id of a registered seal proof number with a nonce: both as little-endian
// uint64, then zeros. On the network the nonce is 0.
func NewPoRepID(number, nonce uint64) PoRepID {
	var id PoRepID
	binary.LittleEndian.PutUint64(id[:], number)
	binary.LittleEndian.PutUint64(id[8:], nonce)
	return id
}

// Legacy reports whether the id is one of the five registered with API V1_0_0.
func (id PoRepID) Legacy() bool { return binary.LittleEndian.Uint64(id[:]) <= 4 }

// A Proof is the set of parameters of one kind of proof of replication: all that a stage has to know
// about its sector apart from ids and data. [SealProof.Proof] and [NewProof] make one; a test or an own
// profile may then change Layers, Challenges or Partitions. It is comparable and may be copied.
type Proof struct {
	ID       PoRepID
	Size     Size
	Version  APIVersion
	Features Features

	// Hash is the hash of columns and trees, Poseidon in registered proofs; see Profile.
	Hash Hash
	// ShortLabels says that labels are ShortSHA256Labels, which no registered proof has, not SHA256Labels.
	ShortLabels bool
	// Layers is the number of label layers: 2 below 32 GiB, 11 from there.
	Layers int
	// Shape is the tree shape of TreeC and TreeRLast.
	Shape Shape
	// RowsToDiscard is the number of rows above the leaves left out of the files of TreeRLast.
	RowsToDiscard int
	// Challenges is the number of challenges in each of the Partitions.
	Challenges, Partitions int
}

// NewProof returns the parameters of a sector of any size that passes [Size.Check] with any PoRep id,
// as upstream's PoRepConfig would have them. Sizes that upstream does not support get two layers and a
// shape of their own. Errors wrap [ErrSize] or [ErrProofType].
//
// Source: rust-fil-proofs filecoin-proofs/src/constants.rs and types/porep_config.rs.
func NewProof(id PoRepID, size Size, v APIVersion, f Features) (Proof, error) {
	if err := size.Check(); err != nil {
		return Proof{}, err
	}
	shape, ok := shapeOf(size)
	if !ok {
		shape = genericShape(size)
	}
	p := Proof{ID: id, Size: size, Version: v, Features: f, Layers: 2, Shape: shape, Challenges: 2, Partitions: 1}
	if size >= Size32GiB {
		p.Layers, p.Challenges, p.Partitions = 11, 18, 10
	}
	if f == NonInteractive {
		p.Partitions = 13
		if size >= Size32GiB {
			p.Partitions = 126
		}
	}
	p.RowsToDiscard = defaultRowsToDiscard(p.BaseRows())
	return p, p.Check()
}

// maxLayers and maxProofs bound what a caller may put into a Proof, far above what exists.
const (
	maxLayers = 64
	maxProofs = 1 << 12
)

// Check refuses parameters that contradict themselves or the rules: an unknown API version, a feature
// without V1_2_0 or two features together, a shape that does not fit the size, counts below one.
// Errors wrap [ErrSize] or [ErrProofType].
func (p Proof) Check() error {
	if err := p.Size.Check(); err != nil {
		return err
	}
	switch {
	case p.Version > V1_2_0:
		return fmt.Errorf("%w: API version number %d", ErrProofType, uint8(p.Version))
	case p.Features > Synthetic|NonInteractive:
		return fmt.Errorf("%w: %v", ErrProofType, p.Features)
	case p.Features == Synthetic|NonInteractive:
		return fmt.Errorf("%w: synthetic and non-interactive exclude one another", ErrProofType)
	case p.Features != 0 && p.Version < V1_2_0:
		return fmt.Errorf("%w: %v needs API version 1.2.0, got %v", ErrProofType, p.Features, p.Version)
	case p.Hash > SHA254:
		return fmt.Errorf("%w: %v", ErrProofType, p.Hash)
	case p.Layers < 1 || p.Layers > maxLayers:
		return fmt.Errorf("%w: %d layers", ErrProofType, p.Layers)
	case p.Challenges < 1 || p.Challenges > maxProofs || p.Partitions < 1 || p.Partitions > maxProofs:
		return fmt.Errorf("%w: %d challenges in %d partitions", ErrProofType, p.Challenges, p.Partitions)
	}
	return p.checkShape()
}

// checkShape refuses a shape whose base trees are no whole 8-ary trees over the sector's nodes.
func (p Proof) checkShape() error {
	s := p.Shape
	okArity := func(a int) bool { return a == 0 || a == 2 || a == 4 || a == 8 }
	if s.Base != 8 || !okArity(s.Sub) || !okArity(s.Top) || s.Sub == 0 && s.Top != 0 {
		return fmt.Errorf("%w: tree shape %v", ErrProofType, s)
	}
	trees := uint64(s.BaseTrees())
	if leaves := p.Size.Nodes() / trees; leaves < 8 || bits.TrailingZeros64(leaves)%3 != 0 {
		return fmt.Errorf("%w: tree shape %v over %d nodes", ErrProofType, s, p.Size.Nodes())
	}
	if p.RowsToDiscard < 0 || p.RowsToDiscard > p.BaseRows()-2 {
		return fmt.Errorf("%w: %d rows to discard of %d", ErrProofType, p.RowsToDiscard, p.BaseRows())
	}
	return nil
}

// Labels returns the label hash, SHA256Labels or ShortSHA256Labels.
func (p Proof) Labels() string {
	if p.ShortLabels {
		return ShortSHA256Labels
	}
	return SHA256Labels
}

// Nodes returns the number of nodes of the sector.
func (p Proof) Nodes() uint64 { return p.Size.Nodes() }

// BaseLeaves returns the number of leaves of one base tree.
func (p Proof) BaseLeaves() uint64 { return p.Size.Nodes() / uint64(p.Shape.BaseTrees()) }

// BaseRows returns the number of rows of one base tree, leaves and root included.
func (p Proof) BaseRows() int { return bits.TrailingZeros64(p.BaseLeaves())/3 + 1 }

// MinChallenges returns the least number of challenges the rules ask for in all partitions together;
// Challenges*Partitions is at least that.
func (p Proof) MinChallenges() int {
	switch large := p.Size >= Size32GiB; {
	case p.Features == NonInteractive && large:
		return 2253
	case p.Features == NonInteractive:
		return 26
	case large:
		return 176
	}
	return 2
}

// defaultRowsToDiscard is how many rows above the leaves of a base tree of that many rows are not kept
// on disk.
//
// Source: merkletree crate, StoreConfig::default_rows_to_discard for arity 8, with the default setting
// FIL_PROOFS_ROWS_TO_DISCARD=2.
func defaultRowsToDiscard(rows int) int {
	switch {
	case rows <= 2:
		return 0
	case rows == 3:
		return 1
	}
	return min(rows-2, 2)
}
