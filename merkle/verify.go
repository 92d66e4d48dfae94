package merkle

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// Verify checks that p.Leaf is leaf p.Index of the tree of shape s with the given root. How many
// nodes the proof must have, and at which place each level's own node stands, follow from the shape
// and the index alone. nil is proven, ErrProof refuted; another error means that h cannot judge s.
func Verify(h Hasher, s Shape, root Digest, p Proof) error {
	if err := s.check(h); err != nil {
		return err
	}
	if err := p.form(h, s); err != nil {
		return err
	}
	k := scratch.Get().(*[]Digest)
	defer scratch.Put(k)
	cur := append((*k)[:0], p.Leaf)
	if h.Canonical(cur) >= 0 {
		return fmt.Errorf("%w: the leaf is no node of hasher %s", ErrProof, h.Name())
	}
	index, sib := p.Index, p.Siblings
	for _, arity := range s.arity[:s.depth] {
		a := int(arity)
		cur = slices.Grow(cur[:1], a)[:1+a]
		fillGroup(cur[1:], cur[0], sib[:a-1], int(index%uint64(a)))
		h.Parents(cur[:1], cur[1:], a)
		sib, index = sib[a-1:], index/uint64(a)
	}
	*k = cur
	if cur[0] != root {
		return fmt.Errorf("%w: leaf %d leads to root %x, want %x", ErrProof, p.Index, cur[0], root)
	}
	return nil
}

// scratch holds the nodes of one group and its parent: an interface call makes them escape.
var scratch = sync.Pool{New: func() any { k := make([]Digest, 0, 1+16); return &k }}

// form checks what needs no hashing, except the leaf.
func (p *Proof) form(h Hasher, s Shape) error {
	if p.Index >= s.leaves {
		return fmt.Errorf("%w: leaf %d of %d", ErrProof, p.Index, s.leaves)
	}
	if len(p.Siblings) != s.Siblings() {
		return fmt.Errorf("%w: %d siblings, want %d", ErrProof, len(p.Siblings), s.Siblings())
	}
	if i := h.Canonical(p.Siblings); i >= 0 {
		return fmt.Errorf("%w: sibling %d is no node of hasher %s", ErrProof, i, h.Name())
	}
	return nil
}

// fillGroup puts own at place pos of a group, and the siblings around it.
func fillGroup(group []Digest, own Digest, siblings []Digest, pos int) {
	copy(group, siblings[:pos])
	group[pos] = own
	copy(group[pos+1:], siblings[pos:])
}

// verifyBatch proofs are hashed together, level by level.
const verifyBatch = 256

// VerifyBatch judges many proofs over trees of one shape as Verify does one by one, with full lanes and
// opt.Workers goroutines. roots has one root for all proofs, or one for each. It returns the indexes of
// exactly those proofs that Verify would refute, ascending, and nil if all are proven. An error says
// that not all could be judged: a hasher without the arity, a wrong count of roots, ctx.Err().
func VerifyBatch(ctx context.Context, h Hasher, s Shape, roots []Digest, proofs []Proof, opt *Options) ([]int, error) {
	if err := s.check(h); err != nil {
		return nil, err
	}
	if len(roots) != 1 && len(roots) != len(proofs) {
		return nil, fmt.Errorf("merkle: %d roots for %d proofs, want 1 or as many", len(roots), len(proofs))
	}
	batches := (uint64(len(proofs)) + verifyBatch - 1) / verifyBatch
	bad := make([][]int, batches)
	m := opt.meter("verify", uint64(len(proofs)))
	err := spread(ctx, opt.workers(), batches, func() *judge { return newJudge(s) },
		func(_ context.Context, j *judge, b uint64) error {
			lo := int(b) * verifyBatch
			hi := min(lo+verifyBatch, len(proofs))
			bad[b] = j.judge(h, s, roots, proofs, lo, hi)
			m.add(uint64(hi - lo))
			return nil
		})
	if err != nil {
		return nil, err
	}
	return slices.Concat(bad...), nil
}

// A judge is the scratch of one goroutine of VerifyBatch.
type judge struct {
	live   []int // the proofs still in the race
	cur    []Digest
	groups []Digest
}

func newJudge(s Shape) *judge {
	wide := uint16(0)
	for _, a := range s.arity[:s.depth] {
		wide = max(wide, a)
	}
	return &judge{
		live:   make([]int, 0, verifyBatch),
		cur:    make([]Digest, verifyBatch),
		groups: make([]Digest, verifyBatch*int(wide)),
	}
}

// judge returns the bad ones of proofs[lo:hi], ascending.
func (j *judge) judge(h Hasher, s Shape, roots []Digest, proofs []Proof, lo, hi int) []int {
	var bad []int
	j.live = j.live[:0]
	for i := lo; i < hi; i++ {
		p := &proofs[i]
		one := j.cur[len(j.live) : len(j.live)+1]
		one[0] = p.Leaf
		if p.form(h, s) != nil || h.Canonical(one) >= 0 {
			bad = append(bad, i)
			continue
		}
		j.live = append(j.live, i)
	}
	if len(j.live) == 0 {
		return bad
	}
	below, first := uint64(1), 0
	for _, arity := range s.arity[:s.depth] {
		a := int(arity)
		for k, i := range j.live {
			p := &proofs[i]
			pos := int(p.Index / below % uint64(a))
			fillGroup(j.groups[k*a:(k+1)*a], j.cur[k], p.Siblings[first:first+a-1], pos)
		}
		n := len(j.live)
		h.Parents(j.cur[:n], j.groups[:n*a], a)
		below *= uint64(a)
		first += a - 1
	}
	for k, i := range j.live {
		if j.cur[k] != roots[min(i, len(roots)-1)] {
			bad = append(bad, i)
		}
	}
	slices.Sort(bad)
	return bad
}
