// Package poseidon2 is Poseidon2 over the scalar field of BLS12-381 as a hasher of trees, with the
// parameters and constants of gnark-crypto's default (t = 2, 6 full and 50 partial rounds, S-box x^5), so
// that circuits on gnark check these trees with its ready gadget. It is no part of Filecoin.
//
// A node is a field element, 32 bytes LITTLE-endian and less than the modulus, as in package poseidon:
// leaves of a sector serve both. (gnark-crypto's own bytes are big-endian.) A node of two children is the
// 2-to-1 compression P(l, r)[1] + r; a node of three or more is gnark's Merkle-Damgard chain of that
// compression over the children from a zero start. Both are used with a fixed number of children only.
//
// State: the permutation is computed here over batches, sixteen hashes at a time on AVX-512 IFMA, else with
// gnark-crypto's vector arithmetic; the tests hold both against gnark-crypto's permutation. Other
// widths (t = 3) are not offered.
package poseidon2

import (
	"encoding/binary"
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	ref "github.com/consensys/gnark-crypto/ecc/bls12-381/fr/poseidon2"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/internal/fr8"
)

// Hasher hashes groups of 2 to merkle.MaxArity children. The zero value is ready, and safe for
// concurrent use.
type Hasher struct{}

// Name returns "poseidon2-bls12-381".
func (Hasher) Name() string { return "poseidon2-bls12-381" }

// Supports reports 2 <= arity <= merkle.MaxArity.
func (Hasher) Supports(arity int) bool { return arity >= 2 && arity <= merkle.MaxArity }

// modulus is the order of the field, least significant word first.
var modulus = [4]uint64{0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805, 0x73eda753299d7d48}

// Canonical returns the first node that is not below the modulus.
func (Hasher) Canonical(nodes []merkle.Digest) int {
	for i := range nodes {
		if !below(&nodes[i]) {
			return i
		}
	}
	return -1
}

func below(d *merkle.Digest) bool {
	for k := 3; k >= 0; k-- {
		if w := binary.LittleEndian.Uint64(d[8*k:]); w != modulus[k] {
			return w < modulus[k]
		}
	}
	return false
}

// batch is the number of groups whose states go through the rounds together: four vectors of that many
// elements, 32 KiB, stay in the first-level cache.
const batch = 256

// A state is the scratch of one batch.
type state struct {
	l, r, t, fwd [batch]fr.Element
}

var states = sync.Pool{New: func() any { return new(state) }}

// fewLanes is the number of groups from which on sixteen lanes are faster than vectors of that length.
const fewLanes = 4

// Parents hashes the groups; see the package for what a node is.
func (Hasher) Parents(dst, src []merkle.Digest, arity int) {
	if fr8.Supported() {
		n := byLanes(dst, src, arity)
		dst, src = dst[n:], src[n*arity:]
	}
	byVectors(dst, src, arity)
}

// byLanes hashes groups sixteen at a time, the last of them padded, and returns how many it did.
func byLanes(dst, src []merkle.Digest, arity int) int {
	if len(dst) < fewLanes {
		return 0
	}
	s := laneStates.Get().(*laneState)
	defer laneStates.Put(s)
	n := 0
	for ; len(dst)-n >= fr8.Lanes; n += fr8.Lanes {
		s.lanes((*[fr8.Lanes]merkle.Digest)(dst[n:]), src[n*arity:(n+fr8.Lanes)*arity], arity)
	}
	rest := len(dst) - n
	if rest < fewLanes {
		return n
	}
	if len(s.in) < fr8.Lanes*arity {
		s.in = make([]merkle.Digest, fr8.Lanes*arity)
	}
	copy(s.in, src[n*arity:])
	s.lanes(&s.out, s.in[:fr8.Lanes*arity], arity)
	copy(dst[n:], s.out[:rest])
	return len(dst)
}

// byVectors is the plain path.
func byVectors(dst, src []merkle.Digest, arity int) {
	s := states.Get().(*state)
	defer states.Put(s)
	for len(dst) > 0 {
		n := min(len(dst), batch)
		s.groups(dst[:n], src[:n*arity], arity)
		dst, src = dst[n:], src[n*arity:]
	}
}

// groups hashes up to batch groups.
func (s *state) groups(dst, src []merkle.Digest, arity int) {
	n := len(dst)
	first := 1
	if arity == 2 {
		load(s.l[:n], src, arity)
	} else {
		clear(s.l[:n])
		first = 0
	}
	for c := first; c < arity; c++ {
		load(s.r[:n], src[c:], arity)
		s.compress(n)
	}
	for i := range dst {
		fr.LittleEndian.PutElement((*[32]byte)(&dst[i]), s.l[i])
	}
}

// load takes one child of every group.
func load(v []fr.Element, src []merkle.Digest, arity int) {
	for i := range v {
		d := &src[i*arity]
		e, err := fr.LittleEndian.Element((*[32]byte)(d))
		if err != nil {
			panic("poseidon2: a child is no field element: the caller did not ask Canonical")
		}
		v[i] = e
	}
}

// compress sets l to P(l, r)[1] + r for the first n states.
func (s *state) compress(n int) {
	p := ref.GetDefaultParameters()
	l, r := fr.Vector(s.l[:n]), fr.Vector(s.r[:n])
	copy(s.fwd[:n], r)
	external(l, r)
	half := p.NbFullRounds / 2
	for i, keys := range p.RoundKeys {
		addKey(l, &keys[0])
		s.sbox(l)
		if i >= half && i < half+p.NbPartialRounds {
			internal(l, r)
			continue
		}
		addKey(r, &keys[1])
		s.sbox(r)
		external(l, r)
	}
	l.Add(r, s.fwd[:n])
}

// sbox raises v to the fifth power.
func (s *state) sbox(v fr.Vector) {
	t := fr.Vector(s.t[:len(v)])
	t.Mul(v, v)
	t.Mul(t, t)
	v.Mul(v, t)
}

func addKey(v fr.Vector, k *fr.Element) {
	for i := range v {
		v[i].Add(&v[i], k)
	}
}

// external multiplies by circ(2, 1).
func external(l, r fr.Vector) {
	for i := range l {
		var sum fr.Element
		sum.Add(&l[i], &r[i])
		l[i].Add(&l[i], &sum)
		r[i].Add(&r[i], &sum)
	}
}

// internal multiplies by [[2 1] [1 3]].
func internal(l, r fr.Vector) {
	for i := range l {
		var sum fr.Element
		sum.Add(&l[i], &r[i])
		l[i].Add(&l[i], &sum)
		r[i].Double(&r[i]).Add(&r[i], &sum)
	}
}
