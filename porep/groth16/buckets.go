package groth16

import (
	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
)

// pairChunk is how many additions share one field inversion: enough that the inversion (some 80 multiplications) hardly
// counts, few enough that the chunk stays in the caches of its core.
const pairChunk = 512

// An entry says that a point goes, negated or not, into a bucket.
type entry struct {
	bucket int32
	point  int32 // index; negative numbers -i-1 mean the negated point i
}

// A bucketSet sums points by bucket in affine coordinates: one addition costs six multiplications. The buffers are kept
// from call to call.
//
// Points are kept as the pairs (x, y) that bls.E2 is in memory: its addition and subtraction do both coordinates at once and
// without branches, where those of single elements branch on a carry that no processor can foresee.
type bucketSet struct {
	count []int32
	start []int32
	pts   []bls.E2
	inv   [pairChunk]fp.Element // denominators, then their inverses
	acc   [pairChunk]fp.Element // running products
	pairs [pairChunk]pair

	identities bool // some point is, or may be, the identity
}

// A pair stands for pts[out] = pts[left] + pts[left+1], or what kind says. Because out <= left, working through pairs in order
// never overwrites a point that is still to be read.
type pair struct {
	left, out int32
	kind      pairKind
}

type pairKind int32

const (
	pairAdd    pairKind = iota
	pairDouble          // both points are the same
	pairCancel          // they are opposite
	pairLeft            // the left point alone: the right one is the identity, or there is none
	pairRight           // the right point alone
)

// sum fills out[b] with the sum of the points that entries put into bucket b; empty buckets become the identity.
func (s *bucketSet) sum(out []bls.G1Affine, points []bls.G1Affine, entries []entry) {
	s.sort(len(out), points, entries)
	for s.round() {
	}
	for b := range out {
		out[b] = bls.G1Affine{}
		if s.count[b] > 0 {
			p := &s.pts[s.start[b]]
			out[b] = bls.G1Affine{X: p.A0, Y: p.A1}
		}
	}
}

// sort copies the points into pts, bucket after bucket.
func (s *bucketSet) sort(buckets int, points []bls.G1Affine, entries []entry) {
	if cap(s.count) < buckets {
		s.count, s.start = make([]int32, buckets), make([]int32, buckets)
	}
	s.count, s.start = s.count[:buckets], s.start[:buckets]
	clear(s.count)
	for _, e := range entries {
		s.count[e.bucket]++
	}
	at := int32(0)
	for b, c := range s.count {
		s.start[b] = at
		at += c
	}
	if cap(s.pts) < len(entries) {
		s.pts = make([]bls.E2, len(entries))
	}
	s.pts = s.pts[:len(entries)]
	clear(s.count)
	s.identities = false
	for _, e := range entries {
		p := &s.pts[s.start[e.bucket]+s.count[e.bucket]]
		s.count[e.bucket]++
		if e.point >= 0 {
			p.A0, p.A1 = points[e.point].X, points[e.point].Y
		} else {
			p.A0 = points[-e.point-1].X
			p.A1.Neg(&points[-e.point-1].Y)
		}
		s.identities = s.identities || p.IsZero()
	}
}

// round adds the points of every bucket two by two and reports whether any bucket still holds more than one.
func (s *bucketSet) round() (more bool) {
	n := 0
	for b, c := range s.count {
		if c < 2 {
			continue
		}
		at := s.start[b]
		for i := int32(0); i < c; i += 2 {
			s.pairs[n] = pair{left: at + i, out: at + i/2}
			if i+1 == c {
				s.pairs[n].kind = pairLeft
			}
			if n++; n == pairChunk {
				s.addPairs(n)
				n = 0
			}
		}
		s.count[b] = (c + 1) / 2
		more = more || s.count[b] > 1
	}
	s.addPairs(n)
	return more
}

// addPairs works through the first n pairs.
func (s *bucketSet) addPairs(n int) {
	var product fp.Element
	product.SetOne()
	for i := range n {
		w := &s.pairs[i]
		if w.kind == pairLeft {
			continue
		}
		p, q := &s.pts[w.left], &s.pts[w.left+1]
		var d bls.E2
		d.Sub(q, p)
		if d.A0.IsZero() || s.identities {
			if w.kind = kindOf(p, q); w.kind > pairDouble {
				continue
			}
			if w.kind == pairDouble {
				d.A0.Double(&p.A1)
			}
		}
		s.inv[i] = d.A0
		s.acc[i] = product
		product.Mul(&product, &d.A0)
	}
	product.Inverse(&product)
	for i := n - 1; i >= 0; i-- {
		if s.pairs[i].kind > pairDouble {
			continue
		}
		d := s.inv[i]
		s.inv[i].Mul(&product, &s.acc[i])
		product.Mul(&product, &d)
	}
	for i := range n {
		w := &s.pairs[i]
		p, r := &s.pts[w.left], &s.pts[w.out]
		switch w.kind {
		case pairAdd:
			addAffine(r, p, &s.pts[w.left+1], &s.inv[i])
		case pairDouble:
			doubleAffine(r, p, &s.inv[i])
		case pairLeft:
			*r = *p
		case pairRight:
			*r = s.pts[w.left+1]
		case pairCancel:
			r.SetZero()
			s.identities = true
		}
	}
}

// kindOf tells what the sum of two points needs.
func kindOf(p, q *bls.E2) pairKind {
	switch {
	case q.IsZero():
		return pairLeft
	case p.IsZero():
		return pairRight
	case !p.A0.Equal(&q.A0):
		return pairAdd
	case p.A1.Equal(&q.A1):
		return pairDouble
	}
	return pairCancel
}

// addAffine sets r = p + q for points with different x, inv being the inverse of q.x - p.x. r may be p.
func addAffine(r, p, q *bls.E2, inv *fp.Element) {
	var d, sum, x bls.E2
	d.Sub(q, p)
	sum.Add(p, q)
	x.A1.Mul(&d.A1, inv) // the slope
	x.A0.Square(&x.A1)
	third(r, p, &x, &sum)
}

// doubleAffine sets r = 2p for a point that is not the identity, inv being the inverse of 2·p.y. r may be p.
func doubleAffine(r, p *bls.E2, inv *fp.Element) {
	var twice, x bls.E2
	x.A0.Square(&p.A0)
	x.A1.Double(&x.A0)
	x.A1.Add(&x.A1, &x.A0)
	x.A1.Mul(&x.A1, inv)
	x.A0.Square(&x.A1)
	twice.Double(p)
	third(r, p, &x, &twice)
}

// third sets r to the third point, mirrored, of the line through p: square.A0 and square.A1 are the slope's square and the
// slope, sum.A0 the sum of the abscissas of the other two points.
func third(r, p, square, sum *bls.E2) {
	slope := square.A1
	var x, y bls.E2
	x.Sub(square, sum) // x.A0 is the abscissa, x.A1 means nothing
	y.Sub(p, &x)
	x.A1.Mul(&y.A0, &slope)
	y.A0.SetZero()
	y.A1 = p.A1
	r.Sub(&x, &y)
}

// weigh fills sums[w] with the sum of (b+1)·buckets[w·n+b] over the n = 2^bits buckets of window w. A weight is written as
// high·2^low + rest, so that sums over rows and columns, in affine coordinates, leave only a few points to weigh one by one.
func (s *bucketSet) weigh(sums []bls.G1Jac, buckets []bls.G1Affine, bits int) {
	low := (bits + 1) / 2
	rows, columns := 1<<(bits-low)+1, 1<<low-1 // the highest weight, 2^bits, opens a row of its own
	each := rows - 1 + columns
	entries := make([]entry, 0, 2*len(buckets))
	for w := range sums {
		for b := range 1 << bits {
			at := w<<bits + b
			if buckets[at].IsInfinity() {
				continue
			}
			high, rest := (b+1)>>low, (b+1)&(1<<low-1)
			if high > 0 {
				entries = append(entries, entry{bucket: int32(w*each + high - 1), point: int32(at)})
			}
			if rest > 0 {
				entries = append(entries, entry{bucket: int32(w*each + rows - 1 + rest - 1), point: int32(at)})
			}
		}
	}
	parts := make([]bls.G1Affine, len(sums)*each)
	s.sum(parts, buckets, entries)
	for w := range sums {
		part := parts[w*each : (w+1)*each]
		sums[w] = weighOne(part[:rows-1])
		for range low {
			sums[w].DoubleAssign()
		}
		rest := weighOne(part[rows-1:])
		sums[w].AddAssign(&rest)
	}
}

// weighOne returns the sum of (b+1)·buckets[b].
func weighOne(buckets []bls.G1Affine) (sum bls.G1Jac) {
	run := g1Identity()
	sum = run
	for b := len(buckets) - 1; b >= 0; b-- {
		if !buckets[b].IsInfinity() {
			run.AddMixed(&buckets[b])
		}
		sum.AddAssign(&run)
	}
	return sum
}
