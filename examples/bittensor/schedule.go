package bittensor

import (
	"math/big"

	"github.com/assaylab/assay/consensus/coinbase"
	"github.com/assaylab/assay/consensus/fixed"
)

// A Phase is the time between two halvings when no TAO is recycled.
type Phase struct {
	Index         int
	Emission      uint64 // rao a block
	StartIssuance uint64 // rao issued when its first block begins
	StartBlock    uint64
	Blocks        uint64
}

// Years returns the time from genesis to the phase's first block, in years of 365.25 days.
func (p Phase) Years() *big.Rat {
	seconds := new(big.Int).Mul(new(big.Int).SetUint64(p.StartBlock), big.NewInt(BlockSeconds))
	return new(big.Rat).SetFrac(seconds, big.NewInt(31_557_600))
}

// Schedule returns the phases from genesis until nothing is minted any more. It steps over a phase at once: the blocks are those
// that it takes to reach the issuance from which coinbase.BlockEmission mints less.
func Schedule() ([]Phase, error) {
	var out []Phase
	var issued, block uint64
	for {
		e, err := coinbase.BlockEmission(issued)
		if err != nil || e == 0 {
			return out, err
		}
		next, err := dropsAt(issued, e)
		if err != nil {
			return nil, err
		}
		p := Phase{len(out), e, issued, block, (next - issued + e - 1) / e}
		out = append(out, p)
		issued, block = issued+p.Blocks*e, block+p.Blocks
	}
}

// dropsAt returns the least issuance above from at which a block mints less than e.
func dropsAt(from, e uint64) (uint64, error) {
	low, high := from, uint64(coinbase.TotalSupply) // at low a block mints e, at high less
	for low+1 < high {
		middle := low + (high-low)/2
		got, err := coinbase.BlockEmission(middle)
		if err != nil {
			return 0, err
		}
		if got < e {
			high = middle
		} else {
			low = middle
		}
	}
	return high, nil
}

// A Division is how a block's alpha falls to the three sides, in whole rao; each is floored by itself.
type Division struct{ Owner, Miners, Validators uint64 }

// Divide splits a block's alpha by the owner's cut, of 65535, and by halves. Validators is what root takes and what it leaves them.
func Divide(alphaOut uint64, ownerCut uint16) Division {
	s := coinbase.SplitAlpha(alphaOut, ownerCut, fixed.U96F32{})
	return Division{s.Owner, s.Server, s.Validator}
}
