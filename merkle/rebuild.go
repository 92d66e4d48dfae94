package merkle

import (
	"context"
)

// A rebuilder computes subtrees from their leaves, segment by segment: a segment is the part of a
// subtree that is held in memory, the whole of it where it is small.
type rebuilder struct {
	t     *Tree
	level int      // of the subtrees' roots
	ids   []uint64 // of the subtrees, growing
	visit func(level int, first uint64, nodes []Digest)
	low   int      // level of the segments' roots
	span  uint64   // leaves of a segment
	per   uint64   // segments a subtree
	batch uint64   // segments computed together
	tops  []Digest // roots of all segments
}

// rebuild computes the nodes ids (growing) of a level from the leaves, and shows visit every row of
// nodes below them on the way: whole groups, each node once. visit is called by several goroutines
// for different nodes and must not keep what it sees.
func (t *Tree) rebuild(ctx context.Context, level int, ids []uint64, visit func(level int, first uint64, nodes []Digest), opt *Options) ([]Digest, error) {
	r := &rebuilder{t: t, level: level, ids: ids, visit: visit}
	r.low, r.span = blockLevels(t.s, 0, level, rebuildLeaves/uint64(t.s.arity[0]))
	r.per = t.s.span(level) / r.span
	r.tops = make([]Digest, uint64(len(ids))*r.per)
	workers := opt.workers()
	segments := uint64(len(r.tops))
	r.batch = max(1, min(rebuildLeaves/r.span, (segments+uint64(workers)-1)/uint64(workers)))
	chunks := (segments + r.batch - 1) / r.batch
	err := spread(ctx, workers, chunks, r.scratch, func(_ context.Context, rows [][]Digest, c uint64) error {
		return r.chunk(rows, c*r.batch, min((c+1)*r.batch, segments))
	})
	if err != nil {
		return nil, err
	}
	return r.above(), nil
}

func (r *rebuilder) scratch() [][]Digest {
	rows := make([][]Digest, r.low+1)
	n := r.batch * r.span
	for l := range r.low {
		rows[l] = make([]Digest, n)
		n /= uint64(r.t.s.arity[l])
	}
	return rows
}

// segment returns the number, over the whole level low, of the k-th segment.
func (r *rebuilder) segment(k uint64) uint64 {
	return r.ids[k/r.per]*r.per + k%r.per
}

// chunk computes the segments lo..hi-1.
func (r *rebuilder) chunk(rows [][]Digest, lo, hi uint64) error {
	s, n := r.t.s, (hi-lo)*r.span
	leaves := rows[0][:n]
	for k := lo; k < hi; {
		run := uint64(1)
		for k+run < hi && r.segment(k+run) == r.segment(k)+run {
			run++
		}
		at := (k - lo) * r.span
		if err := r.t.read(leaves[at:at+run*r.span], 0, r.segment(k)*r.span); err != nil {
			return err
		}
		k += run
	}
	if i := r.t.h.Canonical(leaves); i >= 0 {
		seg := r.segment(lo + uint64(i)/r.span)
		return &NodeError{Level: 0, Index: seg*r.span + uint64(i)%r.span, Err: ErrNode}
	}
	span := r.span
	for l := range r.low {
		a := uint64(s.arity[l])
		up := r.tops[lo:hi]
		if l+1 < r.low {
			up = rows[l+1][:n/a]
		}
		r.t.h.Parents(up, rows[l][:n], int(a))
		for k := lo; k < hi; k++ {
			at := (k - lo) * span
			r.visit(l, r.segment(k)*span, rows[l][at:at+span])
		}
		n, span = n/a, span/a
	}
	return nil
}

// above hashes from the segments' roots to the subtrees' roots.
func (r *rebuilder) above() []Digest {
	cur, per := r.tops, r.per
	for l := r.low; l < r.level; l++ {
		a := uint64(r.t.s.arity[l])
		up := make([]Digest, uint64(len(cur))/a)
		r.t.h.Parents(up, cur, int(a))
		for k, id := range r.ids {
			r.visit(l, id*per, cur[uint64(k)*per:uint64(k+1)*per])
		}
		cur, per = up, per/a
	}
	return cur
}
