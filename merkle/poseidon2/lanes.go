package poseidon2

import (
	"math/big"
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	ref "github.com/consensys/gnark-crypto/ecc/bls12-381/fr/poseidon2"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/internal/fr8"
)

// This file is the path of AVX-512 IFMA, sixteen hashes at a time on the kernels of merkle/internal/fr8. Its
// plain twin is poseidon2.go.
//
// States are kept in Montgomery form for R = 2^260: the S-box, x^5/2^1040, takes xR to x^5 R, and a linear
// layer, (start + sum w x)/2^260, takes xR to yR with w = mR and start = kR^2, k being the keys of the next
// round. Children are loaded as they are, so that the layer which reads them has w = mR^2.

// A linear is a layer: words and start of fr8.Matrix.
type linear struct {
	words []fr8.Scalar
	start []fr8.Scalar
}

// A laneTable holds the layers of one compression.
type laneTable struct {
	plain  linear   // external, of two children as they are loaded
	chain  linear   // external, of a state and a child
	layers []linear // after round i; the last one has one row and a third column, the right input
	half   int
	partly int
	one    fr8.Scalar
}

var lanesTable = sync.OnceValue(newLaneTable)

// rounds of R: the factors of words and starts.
const (
	radix  = 260
	radix2 = 2 * radix
)

// scaled returns k*2^shift modulo r in limbs.
func scaled(k *fr.Element, shift uint) fr8.Scalar {
	var v big.Int
	k.BigInt(&v)
	v.Lsh(&v, shift).Mod(&v, fr.Modulus())
	var s fr8.Scalar
	mask := big.NewInt(1<<52 - 1)
	for i := range s {
		s[i] = new(big.Int).And(&v, mask).Uint64()
		v.Rsh(&v, 52)
	}
	return s
}

func small(m uint64, shift uint) fr8.Scalar {
	var e fr.Element
	e.SetUint64(m)
	return scaled(&e, shift)
}

func newLaneTable() *laneTable {
	p := ref.GetDefaultParameters()
	t := &laneTable{half: p.NbFullRounds / 2, partly: p.NbPartialRounds, one: small(1, 0)}
	var zero fr.Element
	start := func(round int) []fr8.Scalar {
		keys := [2]*fr.Element{&zero, &zero}
		if round < len(p.RoundKeys) {
			for i := range p.RoundKeys[round] {
				keys[i] = &p.RoundKeys[round][i]
			}
		}
		return []fr8.Scalar{scaled(keys[0], radix2), scaled(keys[1], radix2)}
	}
	one, two, three := small(1, radix), small(2, radix), small(3, radix)
	one2, two2 := small(1, radix2), small(2, radix2)
	t.plain = linear{[]fr8.Scalar{two2, one2, one2, two2}, start(0)}
	t.chain = linear{[]fr8.Scalar{two, one2, one, two2}, start(0)}
	for i := range p.RoundKeys {
		l := linear{[]fr8.Scalar{two, one, one, two}, start(i + 1)}
		if t.isPartial(i) {
			l.words = []fr8.Scalar{two, one, one, three}
		}
		if i == len(p.RoundKeys)-1 {
			l = linear{[]fr8.Scalar{one, two, one2}, l.start[1:]}
		}
		t.layers = append(t.layers, l)
	}
	return t
}

func (t *laneTable) isPartial(round int) bool { return round >= t.half && round < t.half+t.partly }

// A laneState is the memory of sixteen hashes.
type laneState struct {
	x, y    [3]fr8.Elem // the state, and beside it the right input
	scratch [2]fr8.Elem
	out     [fr8.Lanes]merkle.Digest
	in      []merkle.Digest
}

var laneStates = sync.Pool{New: func() any { return new(laneState) }}

// lanes hashes sixteen groups.
func (s *laneState) lanes(dst *[fr8.Lanes]merkle.Digest, src []merkle.Digest, arity int) {
	t := lanesTable()
	var zero fr8.Scalar
	first, layer := 1, &t.plain
	if arity == 2 {
		fr8.LoadNodes(&s.x[0], src, arity, &zero)
	} else {
		s.x[0] = fr8.Elem{}
		first = 0
	}
	for c := first; c < arity; c++ {
		fr8.LoadNodes(&s.x[1], src[c:], arity, &zero)
		s.compress(t, layer)
		layer = &t.chain
	}
	fr8.StoreNodes(dst, &s.x[0], &t.one)
}

// compress sets x[0] to the compression of x[0] and x[1], where x[1] is as loaded.
func (s *laneState) compress(t *laneTable, first *linear) {
	s.x[2] = s.x[1]
	s.y[2] = s.x[1]
	x, y := &s.x, &s.y
	fr8.Matrix(y[:2], x[:2], first.words, first.start)
	x, y = y, x
	for i := range t.layers {
		l := &t.layers[i]
		n := 2
		if t.isPartial(i) {
			n = 1
		}
		fr8.Sbox(x[:n], s.scratch[:n])
		if i == len(t.layers)-1 {
			fr8.Matrix(y[:1], x[:3], l.words, l.start)
		} else {
			fr8.Matrix(y[:2], x[:2], l.words, l.start)
		}
		x, y = y, x
	}
	s.x[0] = x[0]
}
