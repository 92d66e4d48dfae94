package coinbase

import (
	"fmt"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// A Delegation lends a proportion of one neuron's stake weight, of 2^64-1, to another one of the same subnet.
type Delegation struct {
	Parent, Child int
	Proportion    uint64
}

// TaoWeight returns the weight of root stake beside alpha from its stored form, a fraction of 2^64-1 (get_tao_weight).
func TaoWeight(stored uint64) fixed.U96F32 {
	return fixed.U96F32FromU64(stored).SafeDiv(fixed.U96F32FromU64(1<<64 - 1))
}

// StakeWeight returns each neuron's stake weight in rao: its alpha plus its root stake times TaoWeight(taoWeight), both after
// what it lends to children and what parents lend to it. Alpha and root are in rao and of one length.
//
// Lending more than one has leaves 0. Delegations may repeat. Errors: consensus.ErrState for vectors or delegations out of range.
//
// Source: subtensor staking/stake_utils.rs, get_stake_weights_for_network.
func StakeWeight(alpha, root []uint64, lent []Delegation, taoWeight uint64) ([]fixed.I64F64, error) {
	if len(alpha) != len(root) {
		return nil, fmt.Errorf("coinbase: %w: %d alpha stakes, %d root stakes", consensus.ErrState, len(alpha), len(root))
	}
	a, err := Inherited(alpha, lent)
	if err != nil {
		return nil, err
	}
	t, err := Inherited(root, lent)
	if err != nil {
		return nil, err
	}
	w := TaoWeight(taoWeight)
	weight := fixed.I64F64{Hi: int64(w.Lo >> 32), Lo: w.Lo << 32} // at most 1
	out := make([]fixed.I64F64, len(a))
	for i := range out {
		out[i] = fixed.I64F64FromU64(a[i]).SatAdd(fixed.I64F64FromU64(t[i]).SatMul(weight))
	}
	return out, nil
}

// checkDelegations refuses those from or to a neuron that is not there.
func checkDelegations(lent []Delegation, n int) error {
	for _, d := range lent {
		if d.Parent < 0 || d.Parent >= n || d.Child < 0 || d.Child >= n {
			return fmt.Errorf("coinbase: %w: delegation from %d to %d of %d neurons", consensus.ErrState, d.Parent, d.Child, n)
		}
	}
	return nil
}

// Inherited returns each stake less what is lent to children and plus what parents lend, floored to whole rao. Errors:
// consensus.ErrState for delegations out of range.
//
// Source: subtensor staking/stake_utils.rs, get_inherited_for_hotkey_on_subnet and its twin for TAO.
func Inherited(stake []uint64, lent []Delegation) ([]uint64, error) {
	if err := checkDelegations(lent, len(stake)); err != nil {
		return nil, err
	}
	given, taken := make([]fixed.U96F32, len(stake)), make([]fixed.U96F32, len(stake))
	for _, d := range lent {
		part := fixed.U96F32FromU64(stake[d.Parent]).SatMul(TaoWeight(d.Proportion))
		given[d.Parent] = given[d.Parent].SatAdd(part)
		taken[d.Child] = taken[d.Child].SatAdd(part)
	}
	out := make([]uint64, len(stake))
	for i, v := range stake {
		out[i] = fixed.U96F32FromU64(v).SatSub(given[i]).SatAdd(taken[i]).U64()
	}
	return out, nil
}
