package bittensor

import (
	"math/big"
	"math/bits"

	"github.com/assaylab/assay/consensus/coinbase"
	"github.com/assaylab/assay/consensus/fixed"
)

// A Pool holds a subnet's two reserves, in rao, and is their price: a constant product at equal weights, without a swap fee.
type Pool struct{ Tao, Alpha uint64 }

// Buy returns the alpha that an amount of TAO buys and moves the reserves; the pool keeps what a rao cannot be divided into. An empty
// pool, or one whose reserve would pass 2^64-1, takes and gives nothing.
func (p *Pool) Buy(tao uint64) (alpha uint64) { return swap(&p.Tao, &p.Alpha, tao) }

// Sell returns the TAO that an amount of alpha buys and moves the reserves.
func (p *Pool) Sell(alpha uint64) (tao uint64) { return swap(&p.Alpha, &p.Tao, alpha) }

// swap pays in and takes out so that the product does not fall.
func swap(in, out *uint64, amount uint64) uint64 {
	sum, carry := bits.Add64(*in, amount, 0)
	if carry != 0 || *in == 0 || amount == 0 {
		return 0
	}
	hi, lo := bits.Mul64(*out, amount)
	got, _ := bits.Div64(hi, lo, sum)
	*in, *out = sum, *out-got
	return got
}

// Price returns TAO per alpha.
func (p *Pool) Price() fixed.U96F32 {
	return fixed.U96F32FromU64(p.Tao).SafeDiv(fixed.U96F32FromU64(p.Alpha))
}

// A Tally is what one subnet's blocks have come to since it was last settled, in rao.
type Tally struct {
	TaoIn, AlphaIn  uint64 // into the pool
	Excess, Bought  uint64 // TAO that bought alpha, and the alpha
	AlphaOut        uint64 // minted for owner, miners and validators
	Owner, Server   uint64
	Validator, Root uint64
}

// block adds one block of a subnet's emission: its TAO, its price and root's part of the stake.
func (t *Tally) block(p *Pool, tao fixed.U96F32, alpha uint64, root fixed.U96F32, ownerCut uint16) (minted uint64) {
	in := coinbase.Inject(tao, alpha, p.Price(), root)
	taoIn, alphaIn, excess := in.TaoIn.U64(), in.AlphaIn.U64(), in.ExcessTao.U64()
	p.Tao, p.Alpha = p.Tao+taoIn, p.Alpha+alphaIn
	bought := p.Buy(excess)
	s := coinbase.SplitAlpha(alpha, ownerCut, root)
	t.TaoIn, t.AlphaIn, t.Excess, t.Bought = t.TaoIn+taoIn, t.AlphaIn+alphaIn, t.Excess+excess, t.Bought+bought
	t.AlphaOut, t.Owner, t.Server = t.AlphaOut+alpha, t.Owner+s.Owner, t.Server+s.Server
	t.Validator, t.Root = t.Validator+s.Validator, t.Root+s.Root
	return taoIn + excess
}

// portion returns floor(amount*part/whole), 0 where whole is 0.
func portion(amount, part, whole uint64) uint64 {
	if whole == 0 {
		return 0
	}
	hi, lo := bits.Mul64(amount, min(part, whole))
	q, _ := bits.Div64(hi, lo, whole)
	return q
}

func rao(v uint64) *big.Int { return new(big.Int).SetUint64(v) }
