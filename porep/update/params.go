package update

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/assaylab/assay/porep/sector"
)

// ErrProof says that a proof was judged and is refuted.
var ErrProof = errors.New("update: proof refuted")

// Params are what follows from a sector's size.
//
// Source: rust-fil-proofs storage-proofs-update/src/constants.rs.
type Params struct {
	Size  sector.Size
	Shape sector.Shape // of TreeR

	Partitions int // 1, 2, 4 or 16
	Challenges int // in each partition
	ApexLeaves int // in each partition

	// H is the number of high bits of a node's number that choose its factor; the circuit admits six values, Hs.
	H  int
	Hs [6]int
}

// NewParams returns the parameters of a sector size, with the H that the network uses: the sizes of package sector without
// 1 GiB, and the test sizes 1 KiB and 8 KiB. Errors wrap sector.ErrSize: upstream has no updates of other sizes.
func NewParams(size sector.Size) (Params, error) {
	if (!size.Supported() || size == sector.Size1GiB) && size != 1<<10 && size != 8<<10 {
		return Params{}, fmt.Errorf("%w: no update of %v sectors", sector.ErrSize, size)
	}
	p, err := sector.NewProof(sector.PoRepID{}, size, sector.V1_1_0, 0)
	if err != nil {
		return Params{}, err
	}
	u := Params{Size: size, Shape: p.Shape, Partitions: 16, Challenges: 86, ApexLeaves: 128, Hs: [6]int{7, 8, 9, 10, 11, 12}}
	switch {
	case size <= 8<<10:
		u.Partitions = 1
	case size <= sector.Size32KiB:
		u.Partitions = 2
	case size <= sector.Size16MiB:
		u.Partitions = 4
	}
	if size <= sector.Size16MiB {
		u.Challenges = 10
	}
	if size <= 8<<10 {
		u.ApexLeaves = 8
	}
	if size <= sector.Size32KiB {
		u.Hs = [6]int{1, 1, 1, 1, 1, 1}
	}
	u.H = u.Hs[3]
	return u, nil
}

// check refuses parameters that are not those of their size, or an H that is not admitted.
func (p *Params) check() error {
	if want, err := NewParams(p.Size); err != nil {
		return err
	} else if want.H = p.H; want != *p {
		return fmt.Errorf("%w: these are not the parameters of %v sectors", sector.ErrSize, p.Size)
	}
	_, err := p.HSelect()
	return err
}

// usual returns the parameters of a sector of that size as package sector has them.
func (p *Params) usual() (sector.Proof, error) {
	return sector.NewProof(sector.PoRepID{}, p.Size, sector.V1_1_0, 0)
}

// nodeBits is the length of a node's number.
func (p *Params) nodeBits() int { return bits.TrailingZeros64(p.Size.Nodes()) }

// apexBits is the length of an apex leaf's number within its partition.
func (p *Params) apexBits() int { return bits.TrailingZeros(uint(p.ApexLeaves)) }

// HSelect returns the number by which the circuit is told H: 2^i for the first i with Hs[i] = H. It fails where the circuit
// does not admit H.
func (p *Params) HSelect() (uint64, error) {
	for i, h := range p.Hs {
		if h == p.H {
			return 1 << i, nil
		}
	}
	return 0, fmt.Errorf("update: h = %d, the circuit of %v sectors admits %v", p.H, p.Size, p.Hs)
}

// partitionBits is the length of a partition's number.
func (p *Params) partitionBits() int { return bits.TrailingZeros(uint(p.Partitions)) }
