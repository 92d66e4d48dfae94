package graph

import (
	"errors"
	"fmt"
	"math/bits"
)

// ErrDomain says that a permutation of that many elements cannot be made.
var ErrDomain = errors.New("graph: no permutation of that size")

// maxDomain is the largest number of elements of a permutation: eight per node of the largest sector
// are far below, and the next power of four stays within 64 bits.
const maxDomain = 1 << 62

// A Feistel is a keyed permutation of the numbers below some bound: three rounds of a balanced Feistel
// network over the next power of four, repeated until the result is below the bound. The bijection makes
// the repetition end. It is safe for concurrent use.
//
// Source: rust-fil-proofs storage-proofs-core/src/crypto/feistel.rs.
type Feistel struct {
	n    uint64
	keys [4]uint64
	half uint   // bits of each half
	mask uint64 // of one half
}

// NewFeistel returns the permutation of the numbers below n under the first three of the keys. An n of 0
// or above 2^62 wraps [ErrDomain].
func NewFeistel(n uint64, keys [4]uint64) (*Feistel, error) {
	if n == 0 || n > maxDomain {
		return nil, fmt.Errorf("%w: %d elements, want 1 to 2^62", ErrDomain, n)
	}
	return mustFeistel(n, keys), nil
}

// mustFeistel is NewFeistel for a checked n.
func mustFeistel(n uint64, keys [4]uint64) *Feistel {
	half := max(1, uint(bits.Len64(n-1)+1)/2)
	return &Feistel{n: n, keys: keys, half: half, mask: 1<<half - 1}
}

// Len returns the number of elements.
func (f *Feistel) Len() uint64 { return f.n }

// Keys returns the four keys; the last is not used.
func (f *Feistel) Keys() [4]uint64 { return f.keys }

// HalfBits returns the number of bits in each half of the network.
func (f *Feistel) HalfBits() int { return int(f.half) }

// Masks returns the bits of an index that make its left and its right half.
func (f *Feistel) Masks() (left, right uint64) { return f.mask << f.half, f.mask }

// Permute returns the image of i. The error wraps [ErrRange] unless i is below Len.
func (f *Feistel) Permute(i uint64) (uint64, error) {
	if i >= f.n {
		return 0, fmt.Errorf("%w: element %d of %d", ErrRange, i, f.n)
	}
	return f.permute(i), nil
}

// Invert returns the element whose image is i. The error wraps [ErrRange] unless i is below Len.
func (f *Feistel) Invert(i uint64) (uint64, error) {
	if i >= f.n {
		return 0, fmt.Errorf("%w: element %d of %d", ErrRange, i, f.n)
	}
	for {
		left, right := i>>f.half, i&f.mask
		for round := 2; round >= 0; round-- {
			left, right = right^f.round(left, f.keys[round]), left
		}
		if i = left<<f.half | right; i < f.n {
			return i, nil
		}
	}
}

// permute is Permute for i below n.
func (f *Feistel) permute(i uint64) uint64 {
	for {
		left, right := i>>f.half, i&f.mask
		for round := range 3 {
			left, right = right, left^f.round(right, f.keys[round])
		}
		if i = left<<f.half | right; i < f.n {
			return i
		}
	}
}

// round is the network's round function: the first eight bytes, big-endian, of Blake2b-512 over the half
// and the key, both big-endian, cut to the size of a half.
func (f *Feistel) round(right, key uint64) uint64 {
	first := blake2bFirst(bits.ReverseBytes64(right), bits.ReverseBytes64(key))
	return bits.ReverseBytes64(first) & f.mask
}

// maxTableBits bounds the half for which tables are made: 17 bits serve 32 and 64 GiB.
const maxTableBits = 18

// tableLen is the number of values of the round function, or a number no range reaches where there are
// too many for tables.
func (f *Feistel) tableLen() uint64 {
	if f.half > maxTableBits {
		return 1 << 62
	}
	return 1 << f.half
}

// feistelTables holds every value of the three round functions.
type feistelTables struct {
	n      uint64
	half   uint
	mask   uint32
	rounds [3][]uint32
}

// newTables computes the tables: three times 2^half hashes.
func (f *Feistel) newTables() *feistelTables {
	t := &feistelTables{n: f.n, half: f.half, mask: uint32(f.mask)}
	for r := range t.rounds {
		t.rounds[r] = make([]uint32, f.tableLen())
		for i := range t.rounds[r] {
			t.rounds[r][i] = uint32(f.round(uint64(i), f.keys[r]))
		}
	}
	return t
}

// walk is one pass through the network by look-up.
func (t *feistelTables) walk(i uint64) uint64 {
	left, right := uint32(i>>t.half), uint32(i)&t.mask
	left ^= t.rounds[0][right]
	right ^= t.rounds[1][left]
	left ^= t.rounds[2][right]
	return uint64(right)<<t.half | uint64(left)
}

// permute is Feistel.permute by look-up.
func (t *feistelTables) permute(i uint64) uint64 {
	for {
		if i = t.walk(i); i < t.n {
			return i
		}
	}
}

// walkLen is the number of elements that permuteRange takes at a time: 64 nodes'.
const walkLen = 64 * ExpDegree

// permuteRange sets dst to the images of first, first+1 and so on. About half of all elements take more than
// one pass; all make the same pass together, those that are done being left out without a branch.
func (t *feistelTables) permuteRange(first uint64, dst *[walkLen]uint64) {
	var open [walkLen]uint16
	t0, t1, t2 := t.rounds[0], t.rounds[1], t.rounds[2]
	half, mask, n := t.half&63, t.mask, t.n
	count := walkLen
	for i := range dst {
		dst[i], open[i] = first+uint64(i), uint16(i)
	}
	for count > 0 {
		left := 0
		for _, at := range open[:count] {
			i := dst[at%walkLen]
			l, r := uint32(i>>half), uint32(i)&mask
			l ^= t0[r]
			r ^= t1[l]
			l ^= t2[r]
			i = uint64(r)<<half | uint64(l)
			dst[at%walkLen] = i
			open[left%walkLen] = at
			// One more is open where i >= n, that is where n-1-i is negative.
			left += int((n - 1 - i) >> 63)
		}
		count = left
	}
}
