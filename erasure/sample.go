package erasure

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"

	"github.com/assaylab/assay/merkle"
)

// A Sample is one shard of a square with its proof to the root of its row (Axis Row) or its column.
type Sample struct {
	Axis        Axis
	Row, Column int
	Shard       []byte
	Siblings    []merkle.Digest
}

// Sample opens the shard in a row and column to the root of the axis. The shard belongs to the square.
// Errors: ErrShape for a place outside, ErrTooFewShards if a shard of that line is missing.
func (s *Square) Sample(a Axis, row, col int) (Sample, error) {
	if s.index(row, col) < 0 || a > Column {
		return Sample{}, fmt.Errorf("%w: row %d column %d of a square of width %d", ErrShape, row, col, 2*s.k)
	}
	line, pos := row, col
	if a == Column {
		line, pos = col, row
	}
	for j := range 2 * s.k {
		p := s.place(a, line, j)
		if !s.have[p] {
			return Sample{}, fmt.Errorf("%w: %v %d is not complete", ErrTooFewShards, a, line)
		}
		if !s.hashed[p] {
			leafDigests(s.leaves[p:p+1], s.at(p), s.size)
			s.hashed[p] = true
		}
	}
	return Sample{Axis: a, Row: row, Column: col, Shard: s.Shard(row, col),
		Siblings: treeProof(nil, s.axisLeaves(a, line), pos)}, nil
}

// Verify checks a sample of a square with shards of size bytes. nil is proven; an ErrProof is refuted.
func (r Roots) Verify(p Sample, size int) error {
	width := len(r.Rows)
	if err := r.check(width); err != nil {
		return err
	}
	if p.Axis > Column || p.Row < 0 || p.Row >= width || p.Column < 0 || p.Column >= width {
		return fmt.Errorf("%w: %v of row %d column %d in a square of width %d", ErrProof, p.Axis, p.Row, p.Column, width)
	}
	if len(p.Shard) != size || size == 0 {
		return fmt.Errorf("%w: shard of %d bytes, want %d", ErrProof, len(p.Shard), size)
	}
	var leaf [1]merkle.Digest
	leafDigests(leaf[:], p.Shard, size)
	if p.Axis == Row {
		return verifyLeaf(r.Rows[p.Row], leaf[0], p.Siblings, p.Column, width)
	}
	return verifyLeaf(r.Columns[p.Column], leaf[0], p.Siblings, p.Row, width)
}

// A Place is a row and a column of a square.
type Place struct{ Row, Column int }

// SamplePlaces draws n distinct places of a square of the given width from a secret seed, every set of
// places equally likely; all of them, in a random order, if n is not below width*width. The generator is
// ChaCha8 of math/rand/v2.
func SamplePlaces(seed [32]byte, width, n int) []Place {
	if width < 1 || n < 1 {
		return nil
	}
	total := uint64(width) * uint64(width)
	n = int(min(uint64(n), total))
	r := rand.New(rand.NewChaCha8(seed))
	// Fisher–Yates on a permutation of which only the moved entries are kept.
	moved := make(map[uint64]uint64, n)
	at := func(i uint64) uint64 {
		if v, ok := moved[i]; ok {
			return v
		}
		return i
	}
	out := make([]Place, n)
	for i := range uint64(n) {
		j := i + r.Uint64N(total-i)
		pick := at(j)
		moved[j] = at(i)
		out[i] = Place{Row: int(pick / uint64(width)), Column: int(pick % uint64(width))}
	}
	return out
}

// MinWithheld returns the smallest number of shards of a square of width 2k whose withholding makes it
// unrecoverable: (k+1)^2, a grid of k+1 rows by k+1 columns.
func MinWithheld(width int) int64 {
	k := int64(width / 2)
	return (k + 1) * (k + 1)
}

// Acceptance returns the exact probability that a client who asks for n distinct random shards of a square
// meets none of the withheld ones and so accepts: C(N-withheld, n)/C(N, n) with N = width*width.
// Numbers out of range give 0 where no sample can miss the withheld shards and 1 for no sample.
func Acceptance(width int, withheld, n int64) *big.Rat {
	total := int64(width) * int64(width)
	if n <= 0 || withheld <= 0 {
		return big.NewRat(1, 1)
	}
	if withheld > total || n > total-withheld {
		return new(big.Rat)
	}
	p := new(big.Rat).SetInt64(1)
	num, den := big.NewInt(1), big.NewInt(1)
	for i := range n {
		num.Mul(num, big.NewInt(total-withheld-i))
		den.Mul(den, big.NewInt(total-i))
	}
	return p.SetFrac(num, den)
}

// SamplesFor returns the smallest number of samples for which a client accepts a square with that many shards
// withheld with probability at most bound, and that probability.
func SamplesFor(width int, withheld int64, bound *big.Rat) (int64, *big.Rat) {
	total := int64(width) * int64(width)
	hi := max(0, total-withheld+1)
	lo := int64(0)
	for step := int64(1); lo+step < hi; step *= 2 {
		if Acceptance(width, withheld, lo+step).Cmp(bound) <= 0 {
			hi = lo + step
			break
		}
		lo += step
	}
	for lo < hi {
		mid := (lo + hi) / 2
		if Acceptance(width, withheld, mid).Cmp(bound) <= 0 {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo, Acceptance(width, withheld, lo)
}

// AcceptanceTable writes, for each number of samples, the probability that a client accepts a square of the given width
// with that many shards withheld: in decimals and as the exact fraction.
func AcceptanceTable(w io.Writer, width int, withheld int64, samples []int64) error {
	if _, err := fmt.Fprintf(w, "width %d, %d of %d shards withheld\n", width, withheld, int64(width)*int64(width)); err != nil {
		return err
	}
	for _, n := range samples {
		p := Acceptance(width, withheld, n)
		f, _ := p.Float64()
		if _, err := fmt.Fprintf(w, "%d samples: accepted with probability %.6g = %s\n", n, f, p.RatString()); err != nil {
			return err
		}
	}
	return nil
}

// AppendBinary appends the sample's bytes: version 1, axis, row and column (uint32), number of siblings
// (uint8), length of the shard (uint32), siblings, shard; integers little-endian.
func (p Sample) AppendBinary(b []byte) ([]byte, error) {
	if len(p.Siblings) > maxProof(maxShards) || int64(len(p.Shard)) > 1<<31 || p.Row < 0 || p.Column < 0 || p.Row >= maxShards || p.Column >= maxShards {
		return b, fmt.Errorf("%w: sample out of range", ErrFormat)
	}
	b = append(b, 1, byte(p.Axis))
	b = binary.LittleEndian.AppendUint32(b, uint32(p.Row))
	b = binary.LittleEndian.AppendUint32(b, uint32(p.Column))
	b = append(b, byte(len(p.Siblings)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p.Shard)))
	b = append(b, merkle.Bytes(p.Siblings)...)
	return append(b, p.Shard...), nil
}

// UnmarshalBinary reads what AppendBinary wrote; b must hold nothing else. Errors: ErrFormat.
func (p *Sample) UnmarshalBinary(b []byte) error {
	const head = 15
	if len(b) < head || b[0] != 1 || b[1] > 1 {
		return fmt.Errorf("%w: sample", ErrFormat)
	}
	siblings, size := int(b[10]), uint64(binary.LittleEndian.Uint32(b[11:]))
	row, col := binary.LittleEndian.Uint32(b[2:]), binary.LittleEndian.Uint32(b[6:])
	if siblings > maxProof(maxShards) || row >= maxShards || col >= maxShards || uint64(len(b)) != head+32*uint64(siblings)+size {
		return fmt.Errorf("%w: sample of %d bytes", ErrFormat, len(b))
	}
	*p = Sample{Axis: Axis(b[1]), Row: int(row), Column: int(col), Siblings: make([]merkle.Digest, siblings)}
	b = b[head:]
	b = b[copy(merkle.Bytes(p.Siblings), b):]
	p.Shard = append([]byte(nil), b...)
	return nil
}
