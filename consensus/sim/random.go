package sim

import (
	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// A Random is the splitmix64 generator of the vectors.
type Random struct{ State uint64 }

// Next returns the next 64 bits.
func (r *Random) Next() uint64 {
	r.State += 0x9E3779B97F4A7C15
	z := r.State
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Below returns Next modulo m; m > 0.
func (r *Random) Below(m uint64) uint64 { return r.Next() % m }

// Subnet describes a random subnet of the vectors: N neurons of which V hold stake, about K popular columns that nearly every
// validator votes for, and about KB bonds a validator. All in [1, 65536], V <= N.
type Subnet struct {
	Seed        uint64
	N, V, K, KB int
}

// State draws the subnet. The rule and the order of the draws are the vectors' (README, "Random subnets"). The parameters are
// those of Yuma 2 without liquid alpha; callers set others afterwards.
func (d Subnet) State() *consensus.State {
	const block = 1000000
	n, v := uint64(d.N), min(uint64(d.V), uint64(d.N))
	r := Random{d.Seed}
	s := &consensus.State{Params: consensus.DefaultParams(), CurrentBlock: block, LastMechanismStepBlock: 999639, RaoEmission: 1e9}
	s.MaxAllowedValidators, s.Yuma3, s.CommitReveal = uint16(min(v, 65535)), false, false
	for u := range n {
		stake := r.draw(u < v, 1e9, 1e15, 1000)
		s.Stake = append(s.Stake, fixed.I64F64FromU64(stake))
		s.LastUpdate = append(s.LastUpdate, block-r.Below(5300))
		if r.Below(16) == 0 {
			s.BlockAtRegistration = append(s.BlockAtRegistration, block-r.Below(6000))
		} else {
			s.BlockAtRegistration = append(s.BlockAtRegistration, r.Below(900000))
		}
		if u < v {
			s.ValidatorPermit = append(s.ValidatorPermit, r.Below(32) != 0)
		} else {
			s.ValidatorPermit = append(s.ValidatorPermit, r.Below(64) == 0)
		}
	}
	s.Weights = r.weights(n, v, uint64(d.K))
	s.Bonds = r.bonds(n, v, uint64(d.KB))
	return s
}

func (r *Random) draw(first bool, base, span, other uint64) uint64 {
	if first {
		return base + r.Below(span)
	}
	return r.Below(other)
}

func (r *Random) weights(n, v, k uint64) (rows consensus.Rows) {
	pop, base := make([]bool, n), make([]uint64, n)
	for j := range n {
		pop[j] = r.Below(n) < k
		base[j] = 1 + r.Below(43000)
	}
	var col, val []uint16
	for range v {
		col, val = col[:0], val[:0]
		for j := range n {
			switch {
			case !pop[j]:
				if r.Below(64) == 0 {
					col, val = append(col, uint16(j)), append(val, uint16(r.Below(65536)))
				}
			case r.Below(16) != 0:
				col, val = append(col, uint16(j)), append(val, uint16(base[j]/2+r.Below(base[j])+1))
			}
		}
		rows.Append(col, val)
	}
	rows.Pad(int(n))
	return rows
}

func (r *Random) bonds(n, v, kb uint64) (rows consensus.Rows) {
	var col, val []uint16
	for range v {
		col, val = col[:0], val[:0]
		for j := range n {
			if r.Below(n) < kb {
				col, val = append(col, uint16(j)), append(val, uint16(r.Below(65536)))
			}
		}
		rows.Append(col, val)
	}
	rows.Pad(int(n))
	return rows
}
