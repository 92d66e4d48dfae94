package subnet

import (
	"cmp"
	"errors"
	"math/bits"
	"slices"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// ErrNoSlot marks a full subnet in which no neuron may be replaced.
var ErrNoSlot = errors.New("subnet: no neuron can be replaced")

// Defaults of registration.
const (
	DefaultMaxUids       = 256
	DefaultMinNonImmune  = 10
	DefaultImmunity      = 5000 // blocks, for new subnets; 4096 in genesis
	DefaultBurnHalfLife  = 360  // blocks
	DefaultBurnMin       = 500_000
	DefaultBurnMax       = 100_000_000_000
	burnIncreaseFraction = 0x428F5C28F5C29000 // of 1.26, the double's own bits
)

// Pruning is what decides who gives way to a new neuron.
type Pruning struct {
	Emission       []uint64 // of the last epoch, in rao, by uid; missing ones are 0
	Immortal       []int    // uids of the owner that are never replaced (OwnerImmortals)
	ImmunityPeriod uint64   // blocks
	MinNonImmune   int      // a neuron that is not immune goes only while more than this many are not
}

// Prune returns the uid that a new neuron replaces: the lowest emission, then the oldest registration, then the lowest uid, among
// those not immune if there are enough of them, else among the immune ones. Nil is the zero Pruning. Errors: ErrNoSlot.
//
// Source: subtensor subnets/registration.rs, get_neuron_to_prune.
func Prune(registered []uint64, block uint64, p *Pruning) (uid int, err error) {
	if p == nil {
		p = &Pruning{}
	}
	best, free := [2]int{-1, -1}, 0
	emission := func(u int) uint64 {
		if u < len(p.Emission) {
			return p.Emission[u]
		}
		return 0
	}
	for u, at := range registered {
		if slices.Contains(p.Immortal, u) {
			continue
		}
		kind := 0
		if block-min(block, at) < p.ImmunityPeriod {
			kind = 1
		} else {
			free++
		}
		b := best[kind]
		if b < 0 || emission(u) < emission(b) || emission(u) == emission(b) && at < registered[b] {
			best[kind] = u
		}
	}
	switch {
	case free > p.MinNonImmune && best[0] >= 0:
		return best[0], nil
	case best[1] >= 0:
		return best[1], nil
	}
	return 0, ErrNoSlot
}

// OwnerImmortals returns the uids that pruning passes over: of the owner's neurons those registered first, up to limit, the
// subnet owner's hotkey (-1 for none) before all. Uids that are not on the subnet are passed over.
//
// Source: subtensor subnets/registration.rs, get_immune_owner_tuples.
func OwnerImmortals(owned []int, registered []uint64, ownerHotkey, limit int) []int {
	missing := func(uid int) bool { return uid < 0 || uid >= len(registered) }
	uids := slices.DeleteFunc(slices.Clone(owned), missing)
	limit = max(limit, 0)
	slices.SortFunc(uids, func(a, b int) int { return cmp.Or(cmp.Compare(registered[a], registered[b]), a-b) })
	uids = uids[:min(len(uids), limit)]
	if !missing(ownerHotkey) && !slices.Contains(uids, ownerHotkey) {
		uids = slices.Insert(uids, 0, ownerHotkey)
		uids = uids[:min(len(uids), limit)]
	}
	return uids
}

// Register adds a neuron to the state in its current block: in a new slot while there are fewer than maxUids, else in place of
// the one that Prune chooses. Where that is the subnet's owner, the chain replaces nobody and still reports the uid: so does this.
// The new neuron's weights, bonds and permit are empty; weights of others for it become 0 in place, bonds towards it stay and are
// masked by its registration block. Stake is the newcomer's. Where s has hotkeys, the newcomer's is zero until the caller sets it.
// Errors: ErrNoSlot, and those of State.Validate; s is unchanged then.
//
// Source: subtensor subnets/registration.rs, register_neuron, and subnets/uids.rs, append_neuron and replace_neuron.
func Register(s *consensus.State, stake fixed.I64F64, maxUids int, p *Pruning) (uid int, err error) {
	if err := s.Validate(); err != nil {
		return 0, err
	}
	n := s.N()
	if n < maxUids && n < consensus.MaxNeurons {
		for len(s.LastUpdate) < n {
			s.LastUpdate = append(s.LastUpdate, 0)
		}
		s.Weights.Pad(n)
		s.Bonds.Pad(n)
		s.Stake = append(s.Stake, stake)
		s.LastUpdate = append(s.LastUpdate[:n], s.CurrentBlock)
		s.BlockAtRegistration = append(s.BlockAtRegistration, s.CurrentBlock)
		s.ValidatorPermit = append(s.ValidatorPermit, false)
		if s.CommitBlock != nil {
			s.CommitBlock = append(s.CommitBlock, consensus.NoCommit)
		}
		if s.Hotkeys != nil {
			s.Hotkeys = append(s.Hotkeys, [32]byte{})
		}
		if b := s.BondsFixed; b != nil {
			b.Start = append(b.Start, len(b.Col))
		}
		s.Weights.Append(nil, nil)
		s.Bonds.Append(nil, nil)
		return n, nil
	}
	uid, err = Prune(s.BlockAtRegistration, s.CurrentBlock, p)
	if err != nil {
		return 0, err
	}
	if s.HasOwner && uid == int(s.Owner) {
		return uid, nil
	}
	replace(s, uid, stake)
	return uid, nil
}

func replace(s *consensus.State, uid int, stake fixed.I64F64) {
	s.Stake[uid], s.BlockAtRegistration[uid], s.ValidatorPermit[uid] = stake, s.CurrentBlock, false
	for len(s.LastUpdate) <= uid {
		s.LastUpdate = append(s.LastUpdate, 0)
	}
	s.LastUpdate[uid] = s.CurrentBlock
	if s.CommitBlock != nil {
		s.CommitBlock[uid] = consensus.NoCommit
	}
	if s.Hotkeys != nil {
		s.Hotkeys[uid] = [32]byte{}
	}
	for _, r := range []*consensus.Rows{&s.Weights, &s.Bonds} {
		r.Pad(s.N())
		r.SetRow(uid, nil, nil)
	}
	if b := s.BondsFixed; b != nil {
		from, to := b.Start[uid], b.Start[uid+1]
		b.Col, b.Val = slices.Delete(b.Col, from, to), slices.Delete(b.Val, from, to)
		for k := uid + 1; k < len(b.Start); k++ {
			b.Start[k] -= to - from
		}
	}
	for k, j := range s.Weights.Col {
		if int(j) == uid {
			s.Weights.Val[k] = 0
		}
	}
}

// BurnDecay returns the registration price after one block: it halves in about halfLife blocks (0 for never) and stays within
// its bounds, all in rao.
//
// Source: subtensor subnets/registration.rs, update_registration_prices_for_networks.
func BurnDecay(price uint64, halfLife uint16, low, high uint64) uint64 {
	if halfLife > 0 {
		price = mulQ32(price, decayFactor(halfLife))
	}
	return min(max(price, low), high)
}

// BurnBump returns the price after a registration: 1.26 times, floored, within its bounds. Root is exempt from it.
//
// Source: subtensor subnets/registration.rs, bump_registration_price_after_registration.
func BurnBump(price, low, high uint64) uint64 {
	next := fixed.U64F64FromU64(price).SatMul(fixed.U64F64{Hi: 1, Lo: burnIncreaseFraction}).U64()
	return min(max(next, low), high)
}

// mulQ32 returns floor(v*f / 2^32), clamped.
func mulQ32(v, f uint64) uint64 {
	hi, lo := bits.Mul64(v, f)
	if hi>>32 != 0 {
		return 1<<64 - 1
	}
	return hi<<32 | lo>>32
}

// decayFactor returns the largest fraction of 2^32 whose halfLife-th power, as the chain computes it, is at most one half.
func decayFactor(halfLife uint16) uint64 {
	low, high := uint64(0), uint64(1)<<32
	for low+1 < high {
		middle := low + (high-low)/2
		if powQ32(middle, halfLife) > 1<<31 {
			high = middle
		} else {
			low = middle
		}
	}
	return low
}

func powQ32(base uint64, e uint16) uint64 {
	r := uint64(1) << 32
	for ; e > 0; e >>= 1 {
		if e&1 == 1 {
			r = mulQ32(r, base)
		}
		base = mulQ32(base, base)
	}
	return r
}
