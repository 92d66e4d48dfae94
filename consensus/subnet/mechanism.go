package subnet

import (
	"fmt"
	"math/bits"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// StorageIndex returns the key under which the chain stores a mechanism's weights, bonds, incentive and last updates.
func StorageIndex(netuid uint16, mechanism uint8) uint16 {
	return uint16(min(uint32(mechanism)*4096+uint32(netuid), 65535))
}

// SplitEmission divides an epoch's emission among a subnet's mechanisms: evenly, or by parts of 65535; what rounding or
// missing parts leave goes to the first. Errors: consensus.ErrState without a mechanism or with more parts than mechanisms.
//
// Source: subtensor subnets/mechanism.rs, split_emissions.
func SplitEmission(rao uint64, mechanisms int, parts []uint16) ([]uint64, error) {
	if mechanisms < 1 || mechanisms > 16 || len(parts) > mechanisms {
		return nil, fmt.Errorf("subnet: %w: %d parts for %d mechanisms", consensus.ErrState, len(parts), mechanisms)
	}
	out := make([]uint64, mechanisms)
	rest := rao
	for i := range out {
		switch {
		case parts == nil:
			out[i] = rao / uint64(mechanisms)
		case i < len(parts):
			hi, lo := bits.Mul64(rao, uint64(parts[i]))
			out[i], _ = bits.Div64(hi, lo, 65535)
		}
		rest -= min(rest, out[i])
	}
	out[0] = fixed.SatAddU64(out[0], rest)
	return out, nil
}

// An Aggregate is what several mechanisms come to on the subnet; incentive and bonds stay each mechanism's own.
type Aggregate struct {
	ServerEmission, ValidatorEmission, Emission                   []uint64
	DividendsU16, StakeWeightU16, ConsensusU16, ValidatorTrustU16 []uint16
	Active, NewValidatorPermit                                    []bool
}

// Combine adds up the epochs of a subnet's mechanisms: emissions add, what is a score weighs by the mechanism's share of rao,
// floored at every step, and what is a flag holds if it holds in one. Outputs and emissions are one a mechanism, in order.
// Errors: consensus.ErrState for lengths that differ.
//
// Source: subtensor subnets/mechanism.rs, epoch_with_mechanisms.
func Combine(outputs []*consensus.Output, emissions []uint64, rao uint64) (*Aggregate, error) {
	if len(outputs) == 0 || len(outputs) != len(emissions) {
		return nil, fmt.Errorf("subnet: %w: %d outputs, %d emissions", consensus.ErrState, len(outputs), len(emissions))
	}
	n := len(outputs[0].Active)
	a := &Aggregate{
		ServerEmission: make([]uint64, n), ValidatorEmission: make([]uint64, n), Emission: make([]uint64, n),
		DividendsU16: make([]uint16, n), StakeWeightU16: make([]uint16, n), ConsensusU16: make([]uint16, n),
		ValidatorTrustU16: make([]uint16, n), Active: make([]bool, n), NewValidatorPermit: make([]bool, n),
	}
	for m, o := range outputs {
		for _, have := range []int{len(o.Active), len(o.NewValidatorPermit), len(o.ServerEmission), len(o.ValidatorEmission), len(o.Emission), len(o.DividendsU16),
			len(o.StakeWeightU16), len(o.ConsensusU16), len(o.ValidatorTrustU16)} {
			if have != n {
				return nil, fmt.Errorf("subnet: %w: mechanism %d has %d neurons, want %d", consensus.ErrState, m, have, n)
			}
		}
		a.add(o, mechanismWeight(emissions[m], rao, m))
	}
	return a, nil
}

// mechanismWeight is the share of rao; of an emission of 0 the first mechanism has all.
func mechanismWeight(emission, rao uint64, mechanism int) fixed.U64F64 {
	if w, ok := fixed.U64F64FromU64(emission).CheckedDiv(fixed.U64F64FromU64(rao)); ok {
		return w
	}
	if mechanism == 0 {
		return fixed.U64F64FromU64(1)
	}
	return fixed.U64F64{}
}

func (a *Aggregate) add(o *consensus.Output, w fixed.U64F64) {
	weigh := func(into, add uint64) uint64 {
		return fixed.U64F64FromU64(into).SatAdd(fixed.U64F64FromU64(add).SatMul(w)).U64()
	}
	score := func(into []uint16, add []uint16) {
		for i, v := range add {
			into[i] = uint16(min(65535, weigh(uint64(into[i]), uint64(v))))
		}
	}
	score(a.DividendsU16, o.DividendsU16)
	score(a.StakeWeightU16, o.StakeWeightU16)
	score(a.ConsensusU16, o.ConsensusU16)
	score(a.ValidatorTrustU16, o.ValidatorTrustU16)
	for i := range a.Active {
		a.ServerEmission[i] = fixed.SatAddU64(a.ServerEmission[i], o.ServerEmission[i])
		a.ValidatorEmission[i] = fixed.SatAddU64(a.ValidatorEmission[i], o.ValidatorEmission[i])
		a.Emission[i] = weigh(a.Emission[i], o.Emission[i])
		a.Active[i] = a.Active[i] || o.Active[i]
		a.NewValidatorPermit[i] = a.NewValidatorPermit[i] || o.NewValidatorPermit[i]
	}
}
