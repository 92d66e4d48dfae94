package consensus

import "github.com/assaylab/assay/consensus/fixed"

// An Output is the result of one epoch; every vector has one entry a neuron, by uid. Shares and scores are I32F32, emission is
// in rao. Its memory is its own and is reused when it is given to another epoch.
type Output struct {
	Stake, ActiveStake, Consensus, ValidatorTrust []fixed.I32F32
	Ranks, Incentive, Dividends                   []fixed.I32F32 // Ranks are the sums before normalisation
	// TotalBonds is each validator's total of bonds times incentive, before its stake counts; Yuma 3 only, else empty.
	TotalBonds                                  []fixed.I32F32
	ServerShare, ValidatorShare, CombinedShare  []fixed.I32F32
	ServerEmission, ValidatorEmission, Emission []uint64
	StakeWeightU16, ConsensusU16, IncentiveU16  []uint16
	DividendsU16, ValidatorTrustU16             []uint16
	Active, NewValidatorPermit                  []bool
	// Bonds are the rows the chain stores: those of the next epoch.
	Bonds Rows
	// EMABonds are the bonds before their rounding to u16, cleared like Bonds; on Options.FixedBonds, else nil. They can be
	// the next State's BondsFixed.
	EMABonds *Sparse
	// Trace holds the intermediates, on Options.Trace, else nil.
	Trace *Trace
}

// A Trace holds what an epoch passes through. Of each pair of matrices the one of the epoch's form is set. BondsDelta and
// EMABondsUpscaled belong to Yuma 2, EMABondsNorm to Yuma 3, Alphas to liquid alpha where it was computed; the others are nil.
type Trace struct {
	WeightsNorm, Clipped, WeightsForBonds, BondsPrev     Matrix
	BondsDelta, EMABonds, EMABondsNorm, EMABondsUpscaled Matrix
	Alphas                                               *Dense
	Prerank, Trust                                       []fixed.I32F32 // no longer on chain: weights times stake, and ranks over that
	PruningU16                                           []uint16       // no longer on chain: combined shares, upscaled
}

// A Matrix is an intermediate in the form of its epoch: one of the two is set, or neither.
type Matrix struct {
	Sparse *Sparse
	Dense  *Dense
}

// resize returns v with n entries, its memory kept where it suffices. The entries' values are not defined.
func resize[T any](v []T, n int) []T {
	if v == nil || cap(v) < n {
		return make([]T, n)
	}
	return v[:n]
}

// size gives every vector n entries.
func (o *Output) size(n int, yuma3 bool) {
	for _, v := range []*[]fixed.I32F32{
		&o.Stake, &o.ActiveStake, &o.Consensus, &o.ValidatorTrust, &o.Ranks, &o.Incentive, &o.Dividends,
		&o.ServerShare, &o.ValidatorShare, &o.CombinedShare, &o.TotalBonds,
	} {
		*v = resize(*v, n)
	}
	if !yuma3 {
		o.TotalBonds = o.TotalBonds[:0]
	}
	for _, v := range []*[]uint64{&o.ServerEmission, &o.ValidatorEmission, &o.Emission} {
		*v = resize(*v, n)
	}
	for _, v := range []*[]uint16{&o.StakeWeightU16, &o.ConsensusU16, &o.IncentiveU16, &o.DividendsU16, &o.ValidatorTrustU16} {
		*v = resize(*v, n)
	}
	o.Active, o.NewValidatorPermit = resize(o.Active, n), resize(o.NewValidatorPermit, n)
	o.Bonds.Reset()
	o.EMABonds, o.Trace = nil, nil
}

// PruningScores returns the combined shares scaled so that the largest is 65535: the score that tools still show. The chain
// prunes by emission now (Prune).
func (o *Output) PruningScores() []uint16 { return MaxUpscale(o.CombinedShare) }
