// Package fr8 computes on sixteen scalars of BLS12-381 at a time: two vectors of eight lanes, in limbs of
// 52 bits, by the multiply-add instructions of AVX-512 IFMA. Its kernels are the parts of a Poseidon
// permutation; merkle/poseidon/recurrence.go explains the algebra.
//
// Values are redundant. A limb's excess over 52 bits has been added to the next limb already and is to
// be ignored; the value of the low 52 bits of the limbs is right modulo r and below the bound that each
// function states. Products are Montgomery products, x*y/2^260.
package fr8

// Supported reports whether the functions below may be called: on amd64 with AVX-512 F and IFMA, unless
// built with the tag purego or run with ASSAY_NO_AVX512 set in the environment.
func Supported() bool { return supported }

// Lanes is the number of scalars in an Elem.
const Lanes = 16

// A Scalar is five limbs of 52 bits, least significant first.
type Scalar [5]uint64

// An Elem is a scalar for each lane: vector, limb, lane.
type Elem [2][5][8]uint64

// A Sum is a sum of products, unreduced, its limbs up to 2^62: vector, limb, lane.
type Sum [2][9][8]uint64

// A Partial holds the parameters of the partial rounds of one width, flat as the kernel reads them.
type Partial struct {
	Width int
	Words []uint64 // coefficients and reduction, see NewPartial
	Round []uint64 // of each round, see AddRound
}

// LoadNodes reads sixteen canonical little-endian scalars, lane i from src[i*stride], and adds a constant
// below r. Result below 2r.
func LoadNodes[N ~[32]byte](dst *Elem, src []N, stride int, add *Scalar) {
	_ = src[(Lanes-1)*stride]
	if stride < 0 {
		panic("fr8: negative stride")
	}
	loadNodes(dst, &src[0][0], uintptr(32*stride), add)
}

// LoadBytes is LoadNodes from consecutive scalars.
func LoadBytes(dst *Elem, src []byte, add *Scalar) {
	_ = src[32*Lanes-1]
	loadNodes(dst, &src[0], 32, add)
}

// StoreNodes writes src*k/2^260, reduced, as sixteen consecutive scalars. src is below 2^258, k below r.
func StoreNodes[N ~[32]byte](dst *[Lanes]N, src *Elem, k *Scalar) { storeNodes(&dst[0][0], src, k) }

// Sbox sets each x to x^5/2^1040. x is below 8r; results are below 1.3r. scratch is as long as x.
func Sbox(x, scratch []Elem) {
	_ = scratch[len(x)-1]
	sbox(&x[0], len(x), &scratch[0])
}

// Rows sets dst[i] to (start[i] + sum_j hankel[i+j] src[j]) / 2^52. Factors are below 2^44, src is below
// 2^256, start below r; at most 12 columns. Results are below 1.1r.
func Rows(dst, src []Elem, hankel []uint64, start []Scalar) {
	_, _ = hankel[len(dst)+len(src)-2], start[len(dst)-1]
	rows(&dst[0], len(dst), &src[0], len(src), &hankel[0], &start[0])
}

// Negate sets dst to 2r - src; src is below 2r.
func Negate(dst, src []Elem) {
	_ = src[len(dst)-1]
	negate(&dst[0], &src[0], len(dst))
}

// Combine sets dst to the sum of the elements of src picked by their indices, times integers of m limbs
// each, which follow one another in words. m is 1 to 4; src is below 2^258; at most 12 terms.
func Combine(dst *Sum, src []Elem, pick []uint64, words []uint64, m int) {
	var offsets [12]uint64
	for i, p := range pick {
		_ = src[p]
		offsets[i] = p * elemBytes
	}
	_ = words[len(pick)*m-1]
	switch m {
	case 1:
		combine1(dst, &src[0], len(pick), &offsets[0], &words[0])
	case 2:
		combine2(dst, &src[0], len(pick), &offsets[0], &words[0])
	case 3:
		combine3(dst, &src[0], len(pick), &offsets[0], &words[0])
	case 4:
		combine4(dst, &src[0], len(pick), &offsets[0], &words[0])
	default:
		panic("fr8: no such number of limbs")
	}
}

// elemBytes is the size of an Elem.
const elemBytes = 2 * 5 * 8 * 8

// Matrix sets dst[i] to (start[i] + sum_j words[i*len(src)+j] src[j]) / 2^260. src is below 2^259 and
// at most 200r over a row, words and start are below r. Results are below 7r.
func Matrix(dst, src []Elem, words, start []Scalar) {
	_, _ = words[len(dst)*len(src)-1], start[len(dst)-1]
	matrix(&dst[0], len(dst), &src[0], len(src), &words[0], &start[0])
}

// Run computes the partial rounds. history[0] is û_0; history[2r-1] and history[2r] receive ŷ_{r-1} and
// û_r. sums[r-1], for r below the width, is added to round r.
func (p *Partial) Run(history []Elem, sums []Sum, scratch *[2]Elem) {
	n := len(p.Round) / 15
	_, _, _ = history[2*n], sums[p.Width-2], p.Words[0]
	switch p.Width {
	case 3:
		partial3(&history[0], n, &p.Words[0], &p.Round[0], &sums[0], &scratch[0])
	case 5:
		partial5(&history[0], n, &p.Words[0], &p.Round[0], &sums[0], &scratch[0])
	case 9:
		partial9(&history[0], n, &p.Words[0], &p.Round[0], &sums[0], &scratch[0])
	case 12:
		partial12(&history[0], n, &p.Words[0], &p.Round[0], &sums[0], &scratch[0])
	default:
		panic("fr8: no such width")
	}
}
