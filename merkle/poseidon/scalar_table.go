package poseidon

import (
	"math/big"
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A band is the words of one weight of consecutive coefficients: word w of |a_i| (or |b_i|) for the lags
// i = first+len-1 down to first, the order in which the history is stored.
type band struct {
	first int
	words []uint64
}

// scalarTable is a schedule as raw words.
type scalarTable struct {
	*schedule
	first  []fr.Element
	full   [FullRounds - 1][]fr.Element
	k, acc []fr.Element
	wc     []fr.Element
	out    fr.Element
	tree   []fr.Element // what round 0 starts from under the tag of trees
	a, b   []band       // by weight
	gWords [][][]uint64 // gWords[i][w][j]: word w of |g_i[j]|
	gNeg   [][]bool     // whether -(-1)^i g_i[j] is negative
	wWords [][][]uint64 // wWords[i][w][j]: word w of w[i][j]
}

var scalarTables [maxWidth + 1]struct {
	once  sync.Once
	table *scalarTable
}

// scalarOf returns the table of an arity.
func scalarOf(arity int) *scalarTable {
	e := &scalarTables[arity+1]
	e.once.Do(func() { e.table = newScalarTable(arity) })
	return e.table
}

// newScalarTable turns a schedule into words.
func newScalarTable(arity int) *scalarTable {
	s := newSchedule(arity, 256, 64)
	m := &scalarTable{schedule: s, out: raw(s.out), wc: raws(s.wc), k: raws(s.k), acc: raws(s.acc)}
	m.first = raws(constantsOf(arity).Round[:s.t])
	for i := range m.full {
		m.full[i] = raws(s.full[i])
	}
	for _, row := range s.w {
		words := make([][]uint64, fr.Limbs)
		for _, e := range raws(row) {
			for w := range e {
				words[w] = append(words[w], e[w])
			}
		}
		m.wWords = append(m.wWords, words)
	}
	m.a, m.b = bands(s.a[1:]), bands(s.b[1:])
	for i, row := range s.g {
		neg := make([]bool, s.t)
		var words [][]uint64
		for j, x := range row {
			neg[j] = (x.Sign() > 0) == (i%2 == 0)
			for w, word := range words64(x) {
				if w == len(words) {
					words = append(words, make([]uint64, s.t))
				}
				words[w][j] = word
			}
		}
		m.gWords, m.gNeg = append(m.gWords, words), append(m.gNeg, neg)
	}
	m.tree = make([]fr.Element, s.t)
	m.begin(m.tree, Tag(arity))
	return m
}

// bands splits the coefficients of lags 1, 2 ... into words.
func bands(xs []*big.Int) []band {
	var out []band
	for i, x := range xs {
		for w, word := range words64(x) {
			if w == len(out) {
				out = append(out, band{first: i + 1})
			}
			b := &out[w]
			for b.first+len(b.words) < i+1 {
				b.words = append([]uint64{0}, b.words...)
			}
			b.words = append([]uint64{word}, b.words...)
		}
	}
	return out
}

// words64 returns the words of |x|, least significant first.
func words64(x *big.Int) []uint64 {
	var b [40]byte
	x.FillBytes(b[:])
	var out []uint64
	for i := 0; 64*i < x.BitLen(); i++ {
		var w uint64
		for _, v := range b[32-8*i : 40-8*i] {
			w = w<<8 | uint64(v)
		}
		out = append(out, w)
	}
	return out
}

// raw returns the value of e as words, out of Montgomery form.
func raw(e fr.Element) fr.Element { return fr.Element(e.Bits()) }

// raws is raw for each element.
func raws(es []fr.Element) []fr.Element {
	out := make([]fr.Element, len(es))
	for i := range es {
		out[i] = raw(es[i])
	}
	return out
}
