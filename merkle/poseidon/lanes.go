package poseidon

import (
	"sync"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/internal/fr8"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// This file is the path of AVX-512 IFMA, sixteen hashes at a time: the schedule of radix 2^260 and steps
// of 2^52 on the kernels of merkle/internal/fr8. Its plain twin is poseidon_generic.go.

// A laneTable is a schedule as limbs of 52 bits.
type laneTable struct {
	*schedule
	first   []fr8.Scalar
	full    [FullRounds - 1][]fr8.Scalar
	partial fr8.Partial
	pick    [][]uint64 // for g_i: the elements, or from t on their negatives
	g       [][]uint64 // limbs of |g_i|
	gLimbs  []int
	w, wc   []fr8.Scalar
	out     fr8.Scalar
	pool    sync.Pool // of *laneState
}

// A laneState is the memory of sixteen permutations. It is larger than 32 KiB and so lies on a page.
type laneState struct {
	history [2*maxPartial + 1]fr8.Elem
	x, z    [2 * maxWidth]fr8.Elem
	scratch [2]fr8.Elem
	sums    [maxWidth]fr8.Sum
	out     [fr8.Lanes]merkle.Digest
	in      [fr8.Lanes * 11]merkle.Digest
	start   [maxWidth]fr8.Scalar // what the rows of round 0 start from under tag, if begun
	tag     uint64
	begun   bool
}

var laneTables [maxWidth + 1]struct {
	once  sync.Once
	table *laneTable
}

// lanesOf returns the table of an arity.
func lanesOf(arity int) *laneTable {
	e := &laneTables[arity+1]
	e.once.Do(func() { e.table = newLaneTable(arity) })
	return e.table
}

// newLaneTable turns a schedule into limbs.
func newLaneTable(arity int) *laneTable {
	s := newSchedule(arity, 260, 52)
	m := &laneTable{schedule: s, first: scalars(constantsOf(arity).Round[:s.t]), wc: scalars(s.wc)}
	m.pool.New = func() any { return new(laneState) }
	m.out = scalar(&s.out)
	for i := range m.full {
		m.full[i] = scalars(s.full[i])
	}
	for _, row := range s.w {
		for i := range s.t - 1 { // the order of the history: y, u, y, u ...
			m.w = append(m.w, scalar(&row[s.t-1+i]), scalar(&row[i]))
		}
	}
	m.partial = fr8.NewPartial(s.a, s.b)
	radix := power(2, 260)
	for r := range s.partial {
		var k fr.Element // the kernel's product by k has no Montgomery factor
		m.partial.AddRound(k.Div(&s.k[r], &radix), &s.acc[r+1])
	}
	for i, row := range s.g {
		limbs := 0
		for _, x := range row {
			limbs = max(limbs, (x.BitLen()+51)/52)
		}
		var pick, words []uint64
		for j, x := range row {
			at := uint64(j)
			if (x.Sign() > 0) == (i%2 == 0) {
				at += uint64(s.t)
			}
			pick = append(pick, at)
			words = append(words, fr8.Limbs(x, limbs)...)
		}
		m.pick, m.g, m.gLimbs = append(m.pick, pick), append(m.g, words), append(m.gLimbs, limbs)
	}
	return m
}

// scalar returns the value of e in limbs.
func scalar(e *fr.Element) fr8.Scalar {
	const low = 1<<52 - 1
	w := e.Bits()
	return fr8.Scalar{
		w[0] & low, (w[0]>>52 | w[1]<<12) & low, (w[1]>>40 | w[2]<<24) & low, (w[2]>>28 | w[3]<<36) & low, w[3] >> 16,
	}
}

// scalars is scalar for each element.
func scalars(es []fr.Element) []fr8.Scalar {
	out := make([]fr8.Scalar, len(es))
	for i := range es {
		out[i] = scalar(&es[i])
	}
	return out
}

// begin prepares the part of round 0 that depends on the tag only.
func (m *laneTable) begin(s *laneState, tag uint64) {
	if s.begun && s.tag == tag {
		return
	}
	z := m.tagged(tag)
	for i := range m.t {
		e := fr.NewElement(m.hankel[i])
		e.Mul(&e, &z).Add(&e, &m.schedule.full[0][i])
		s.start[i] = scalar(&e)
	}
	s.begun, s.tag = true, tag
}

// permute runs the rounds on s.x[1:], round 0's constants added, and leaves sixteen digests in s.out.
func (m *laneTable) permute(s *laneState) {
	t, half := m.t, FullRounds/2
	x, z := s.x[:], s.z[:]
	fr8.Sbox(x[1:t], z[:t])
	fr8.Rows(z[:t], x[1:t], m.hankel[1:], s.start[:t])
	x, z = z, x
	for r := 1; r < half; r++ {
		fr8.Sbox(x[:t], z[:t])
		fr8.Rows(z[:t], x[:t], m.hankel, m.full[r])
		x, z = z, x
	}
	m.partialRounds(s, x)
	for r := half; r < FullRounds-1; r++ {
		fr8.Sbox(x[:t], z[:t])
		fr8.Rows(z[:t], x[:t], m.hankel, m.full[r])
		x, z = z, x
	}
	fr8.Sbox(x[:t], z[:t])
	fr8.Rows(z[:1], x[:t], m.hankel[1:], []fr8.Scalar{{}})
	fr8.StoreNodes(&s.out, &z[0], &m.out)
}

// partialRounds runs all partial rounds on x.
func (m *laneTable) partialRounds(s *laneState, x []fr8.Elem) {
	t := m.t
	x = x[:2*t]
	fr8.Negate(x[t:], x[:t])
	for r := 1; r < t; r++ {
		fr8.Combine(&s.sums[r-1], x, m.pick[r], m.g[r], m.gLimbs[r])
	}
	s.history[0] = x[0]
	rounds := m.schedule.partial
	m.partial.Run(s.history[:2*rounds+1], s.sums[:], &s.scratch)
	last := s.history[2*(rounds-t+1)+1 : 2*rounds+1]
	x[0] = s.history[2*rounds]
	fr8.Matrix(x[1:t], last, m.w, m.wc)
}

// hashLanes is hashGeneric on the vector unit.
func hashLanes(dst, src []merkle.Digest, arity int, tag uint64) {
	m := lanesOf(arity)
	s := m.pool.Get().(*laneState)
	defer m.pool.Put(s)
	m.begin(s, tag)
	for len(dst) > 0 {
		n := min(len(dst), fr8.Lanes)
		in := src
		if n < fr8.Lanes {
			copy(s.in[:], src[:n*arity])
			in = s.in[:fr8.Lanes*arity]
		}
		for j := range arity {
			fr8.LoadNodes(&s.x[1+j], in[j:], arity, &m.first[1+j])
		}
		m.permute(s)
		copy(dst, s.out[:n])
		dst, src = dst[n:], src[n*arity:]
	}
}

// columnLanes is columns on the vector unit.
func columnLanes(dst []merkle.Digest, layers [][]byte) {
	arity := len(layers)
	m := lanesOf(arity)
	s := m.pool.Get().(*laneState)
	defer m.pool.Put(s)
	m.begin(s, Tag(arity))
	for at := 0; at < len(dst); at += fr8.Lanes {
		n := min(len(dst)-at, fr8.Lanes)
		if n == fr8.Lanes {
			for j, layer := range layers {
				fr8.LoadBytes(&s.x[1+j], layer[32*at:], &m.first[1+j])
			}
		} else {
			gather(s.in[:n*arity], layers, at)
			for j := range arity {
				fr8.LoadNodes(&s.x[1+j], s.in[j:fr8.Lanes*arity], arity, &m.first[1+j])
			}
		}
		m.permute(s)
		copy(dst[at:], s.out[:n])
	}
}
