package arena

import (
	"slices"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/consensus/sim"
)

// A table is one run.
type table struct {
	Game
	Adversary
	attack  bool
	rng     sim.Random
	quality []fixed.I32F32
	known   []knowledge // of each member
	agreed  [][]fixed.I32F32
}

const ownServers = 2 // servers of the adversary: the last ones

func newTable(g Game, a Adversary, attack bool) *table {
	t := &table{Game: g, Adversary: a, attack: attack, rng: sim.Random{State: g.Seed}}
	if t.Members = max(1, t.Members); t.Miner {
		t.Members = 0
	}
	for range g.Servers {
		t.quality = append(t.quality, fixed.One/4+fixed.I32F32(t.rng.Next()>>33))
	}
	for j := g.Servers - ownServers; j < g.Servers; j++ {
		t.quality[j] = fixed.One / 16
	}
	t.known = make([]knowledge, t.Members)
	return t
}

// isMember reports whether a validator is in it.
func (t *table) isMember(i int) bool {
	return i >= t.Game.Validators-t.Members && i < t.Game.Validators
}

const allStake = 1_000_000_000_000_000 // rao

func (t *table) start() *consensus.State {
	v := t.Game.Validators
	s := &consensus.State{Params: consensus.DefaultParams(), CurrentBlock: 1360, RaoEmission: 100_000_000_000}
	t.Game.Mode.Apply(&s.Params)
	s.CommitReveal = false // weights count when they are revealed; the lag is what an adversary has of it
	for i := range v + t.Servers {
		stake := uint64(0)
		switch {
		case i >= v:
		case t.Stake == 0:
			stake = allStake / uint64(v)
		case t.isMember(i):
			stake = allStake / 100 * uint64(t.Stake) / uint64(max(1, t.Members))
		default:
			stake = allStake / 100 * uint64(100-t.Stake) / uint64(v-t.Members)
		}
		s.Stake = append(s.Stake, fixed.I64F64FromU64(stake))
		s.LastUpdate, s.BlockAtRegistration = append(s.LastUpdate, 0), append(s.BlockAtRegistration, 1)
		s.ValidatorPermit = append(s.ValidatorPermit, i < v)
	}
	return s
}

// wobble is a number between -1 and 1, near 0 more often than not.
func (t *table) wobble() (v fixed.I32F32) {
	for range 4 {
		v += fixed.I32F32(t.rng.Next()>>32) - fixed.One/2
	}
	return v / 2
}

// before lets the qualities wander and all vote; the random numbers drawn are the same in both runs.
func (t *table) before(e int, s *consensus.State) {
	for j, q := range t.quality {
		d := t.wobble()
		if j < t.Servers-ownServers {
			t.quality[j] = (q + d.SatMul(q)/4).Clamp(fixed.One/16, fixed.One)
		}
	}
	v := t.Game.Validators
	seen := make([][]fixed.I32F32, v)
	for i := range seen {
		for j, q := range t.quality {
			x := max(0, q+t.wobble().SatMul(q)/16)
			if t.attack && t.deceive != nil && j == t.Servers-1 {
				x = t.deceive(i, x)
			}
			seen[i] = append(seen[i], x)
		}
	}
	for i := range v {
		row := seen[i]
		if t.attack && t.isMember(i) && t.vote != nil {
			row = t.vote(t.tell(e, i, seen))
		}
		t.set(s, i, row)
	}
}

// tell gathers what a member knows.
func (t *table) tell(e, i int, seen [][]fixed.I32F32) *knowledge {
	k := &t.known[i-(t.Game.Validators-t.Members)]
	k.epoch, k.seen, k.open, k.agreed, k.servers = e, seen[i], seen[:t.Game.Validators-t.Members], t.agreed, t.Servers
	if e == 0 {
		k.first = seen[i]
		for j := t.Servers - ownServers; j < t.Servers; j++ {
			k.own = append(k.own, j)
		}
	}
	return k
}

// set sets a validator's row of weights; nil is one that does not vote: its old weights stand, until it counts as inactive.
func (t *table) set(s *consensus.State, i int, row []fixed.I32F32) {
	if row == nil {
		return
	}
	if len(row) == 0 { // a single weight for itself, which the epoch does not count
		sim.Vote(s, i, []uint16{uint16(i)}, []uint16{65535})
		return
	}
	col := make([]uint16, len(row))
	for j := range col {
		col[j] = uint16(t.Game.Validators + j)
	}
	sim.Vote(s, i, col, consensus.MaxUpscale(row))
}

// after adds an epoch's emission to the outcome.
func (t *table) after(o *consensus.Output, out *Outcome) {
	t.agreed = append(t.agreed, slices.Clone(o.Consensus[t.Game.Validators:]))
	for uid, x := range o.Emission {
		p := &out.Others
		switch {
		case t.isMember(uid):
			p = &out.Validators
		case uid >= t.Game.Validators+t.Servers-ownServers:
			p = &out.Servers
		}
		if t.attack {
			p.Attack += x
		} else {
			p.Honest += x
		}
	}
}
