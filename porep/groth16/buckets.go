package groth16

import (
	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
)

// pairChunk is how many additions share one field inversion: enough that the inversion (some 80 multiplications) hardly
// counts, few enough that the chunk stays in the first cache.
const pairChunk = 256

// An entry says that a point goes, negated or not, into a bucket.
type entry struct {
	bucket int32
	point  int32 // index; negative numbers -i-1 mean the negated point i
}

// A bucketSet sums points by bucket in affine coordinates: one addition costs six multiplications. The buffers are kept
// from call to call.
type bucketSet struct {
	count []int32
	start []int32
	pts   []bls.G1Affine
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
			out[b] = s.pts[s.start[b]]
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
		s.pts = make([]bls.G1Affine, len(entries))
	}
	s.pts = s.pts[:len(entries)]
	clear(s.count)
	s.identities = false
	for _, e := range entries {
		p := &s.pts[s.start[e.bucket]+s.count[e.bucket]]
		s.count[e.bucket]++
		if e.point >= 0 {
			*p = points[e.point]
		} else {
			p.Neg(&points[-e.point-1])
		}
		s.identities = s.identities || p.IsInfinity()
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
		d := &s.inv[i]
		d.Sub(&q.X, &p.X)
		if d.IsZero() || s.identities {
			if w.kind = kindOf(p, q); w.kind > pairDouble {
				continue
			}
			if w.kind == pairDouble {
				d.Double(&p.Y)
			}
		}
		s.acc[i] = product
		product.Mul(&product, d)
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
			*r = bls.G1Affine{}
			s.identities = true
		}
	}
}

// kindOf tells what the sum of two points needs.
func kindOf(p, q *bls.G1Affine) pairKind {
	switch {
	case q.IsInfinity():
		return pairLeft
	case p.IsInfinity():
		return pairRight
	case !p.X.Equal(&q.X):
		return pairAdd
	case p.Y.Equal(&q.Y):
		return pairDouble
	}
	return pairCancel
}

// addAffine sets r = p + q for points with different X, inv being the inverse of q.X - p.X. r may be p.
func addAffine(r, p, q *bls.G1Affine, inv *fp.Element) {
	var slope, x, y fp.Element
	slope.Sub(&q.Y, &p.Y)
	slope.Mul(&slope, inv)
	x.Square(&slope)
	x.Sub(&x, &p.X)
	x.Sub(&x, &q.X)
	y.Sub(&p.X, &x)
	y.Mul(&y, &slope)
	r.Y.Sub(&y, &p.Y)
	r.X = x
}

// doubleAffine sets r = 2p for a point that is not the identity, inv being the inverse of 2·p.Y. r may be p.
func doubleAffine(r, p *bls.G1Affine, inv *fp.Element) {
	var slope, x, y fp.Element
	slope.Square(&p.X)
	x.Double(&slope)
	slope.Add(&slope, &x)
	slope.Mul(&slope, inv)
	x.Square(&slope)
	x.Sub(&x, &p.X)
	x.Sub(&x, &p.X)
	y.Sub(&p.X, &x)
	y.Mul(&y, &slope)
	r.Y.Sub(&y, &p.Y)
	r.X = x
}

// weigh returns the sum of (b+1)·buckets[b].
func weigh(buckets []bls.G1Affine) (sum bls.G1Jac) {
	var run bls.G1Jac
	run.X.SetOne()
	run.Y.SetOne()
	sum = run
	for b := len(buckets) - 1; b >= 0; b-- {
		if !buckets[b].IsInfinity() {
			run.AddMixed(&buckets[b])
		}
		sum.AddAssign(&run)
	}
	return sum
}
