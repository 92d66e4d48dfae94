package erasure

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/klauspost/reedsolomon"

	"github.com/assaylab/assay/merkle"
)

// An Axis is a direction in a square.
type Axis uint8

// The two axes.
const (
	Row Axis = iota
	Column
)

// String returns "row" or "column".
func (a Axis) String() string {
	if a == Row {
		return "row"
	}
	return "column"
}

// other returns the orthogonal axis.
func (a Axis) other() Axis { return a ^ 1 }

// A Square is data coded in two dimensions: k x k data shards in the upper left, extended to 2k x 2k so that
// every row and every column is a codeword of a k+k Reed–Solomon code (leopard; GF(2^8) up to 2k = 256,
// GF(2^16) above). Shards may be missing until Repair has found them.
//
// A Square is not safe for concurrent use while Set, SetSample or Repair run.
//
// Source: rsmt2d v0.15.2, extendeddatasquare.go; Al-Bassam et al., "Fraud and Data Availability Proofs".
type Square struct {
	k, size int
	enc     reedsolomon.Encoder
	flat    []byte // rows one behind the other
	have    []bool
	missing int
	samples map[int]Sample // what came with a proof, for bad-encoding proofs

	leaves []merkle.Digest // by rows; valid where hashed
	hashed []bool
}

// Roots are the Merkle roots of a square's rows and columns: all that a light client holds.
type Roots struct {
	Rows, Columns []merkle.Digest
}

// Digest returns the RFC 6962 root over the row roots followed by the column roots.
func (r Roots) Digest() merkle.Digest {
	all := append(append([]merkle.Digest(nil), r.Rows...), r.Columns...)
	if len(all) == 0 {
		return merkle.Digest{}
	}
	leaves := make([]merkle.Digest, len(all))
	leafDigests(leaves, merkle.Bytes(all), 32)
	return treeRoots(nil, leaves, len(leaves))[0]
}

// of returns the roots of an axis.
func (r Roots) of(a Axis) []merkle.Digest {
	if a == Row {
		return r.Rows
	}
	return r.Columns
}

// check refuses roots that are none of a square of this width.
func (r Roots) check(width int) error {
	if width < 2 || width%2 != 0 || len(r.Rows) != width || len(r.Columns) != width {
		return fmt.Errorf("%w: %d row and %d column roots, square of width %d", ErrShape, len(r.Rows), len(r.Columns), width)
	}
	return nil
}

// NewSquare returns a square of width 2k with all shards of size bytes missing, for Set and Repair.
//
// size is a positive multiple of 64, k at least 1, 2k at most 65,536, and the square fits an int.
// Errors: ErrShape, ErrShardSize.
func NewSquare(k, size int) (*Square, error) {
	if k < 1 || 2*k > maxShards {
		return nil, fmt.Errorf("%w: square of %d x %d data shards", ErrShape, k, k)
	}
	if size < 1 || size%multiple16 != 0 {
		return nil, fmt.Errorf("%w: %d bytes, want a multiple of %d", ErrShardSize, size, multiple16)
	}
	if size > math.MaxInt/(4*k)/k {
		return nil, fmt.Errorf("%w: square of %d x %d shards of %d bytes", ErrShape, 2*k, 2*k, size)
	}
	// Loss patterns hardly repeat and a cache of them has no bound.
	enc, err := reedsolomon.New(k, k, reedsolomon.WithLeopardGF(true), reedsolomon.WithInversionCache(false))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrShape, err)
	}
	n := 4 * k * k
	return &Square{
		k: k, size: size, enc: enc, flat: make([]byte, n*size), have: make([]bool, n), missing: n,
		leaves: make([]merkle.Digest, n), hashed: make([]bool, n),
	}, nil
}

// Extend codes data, k x k shards of size bytes by rows, into a full square. Errors: as NewSquare, and
// ErrShardSize where data is no square number of shards.
func Extend(data []byte, size int, opt *Options) (*Square, error) {
	if size < 1 || len(data) == 0 || len(data)%size != 0 {
		return nil, fmt.Errorf("%w: %d bytes are no shards of %d", ErrShardSize, len(data), size)
	}
	n := len(data) / size
	k := int(math.Sqrt(float64(n)))
	if k*k != n {
		return nil, fmt.Errorf("%w: %d data shards, want a square number", ErrShape, n)
	}
	s, err := NewSquare(k, size)
	if err != nil {
		return nil, err
	}
	line := k * size
	for r := range k {
		copy(s.flat[2*r*line:], data[r*line:(r+1)*line])
	}
	if err := s.extend(s.flat, opt.workers()); err != nil {
		return nil, err
	}
	for i := range s.have {
		s.have[i] = true
	}
	s.missing = 0
	return s, nil
}

// extend fills the three parity quadrants of flat from the data quadrant: first every upper row, then all
// columns in one pass, whole rows taken as shards.
func (s *Square) extend(flat []byte, workers int) error {
	width, line := 2*s.k, 2*s.k*s.size
	err := parallel(workers, s.k, func(lo, hi int) error {
		for r := lo; r < hi; r++ {
			if err := s.enc.Encode(cut(flat[r*line:(r+1)*line], width, s.size)); err != nil {
				return coded(err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return parallel(workers, line/multiple16, func(lo, hi int) error {
		rows := make([][]byte, width)
		for r := range rows {
			rows[r] = flat[r*line+lo*multiple16 : r*line+hi*multiple16]
		}
		return coded(s.enc.Encode(rows))
	})
}

// parallel splits 0..n over at most workers goroutines and returns the first error.
func parallel(workers, n int, f func(lo, hi int) error) error {
	workers = min(workers, n)
	if workers <= 1 {
		return f(0, n)
	}
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { errs[w] = f(w*n/workers, (w+1)*n/workers) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Width returns the number of rows, which is the number of columns: 2k.
func (s *Square) Width() int { return 2 * s.k }

// Size returns the bytes of a shard.
func (s *Square) Size() int { return s.size }

// Missing returns the number of shards that are not there yet.
func (s *Square) Missing() int { return s.missing }

// Shard returns the shard in a row and column, or nil if it is missing or outside. It belongs to the square and
// must not be changed.
func (s *Square) Shard(row, col int) []byte {
	if i := s.index(row, col); i >= 0 && s.have[i] {
		return s.at(i)
	}
	return nil
}

// Data appends the k x k data shards by rows. Errors: ErrTooFewShards if one is missing.
func (s *Square) Data(dst []byte) ([]byte, error) {
	for r := range s.k {
		for c := range s.k {
			i := r*2*s.k + c
			if !s.have[i] {
				return dst, fmt.Errorf("%w: row %d column %d is missing", ErrTooFewShards, r, c)
			}
			dst = append(dst, s.at(i)...)
		}
	}
	return dst, nil
}

// Set copies a shard that is known to be right into the square. A shard that is there is left as it is.
// Errors: ErrShape for a place outside, ErrShardSize.
func (s *Square) Set(row, col int, shard []byte) error {
	i := s.index(row, col)
	if i < 0 {
		return fmt.Errorf("%w: row %d column %d of a square of width %d", ErrShape, row, col, 2*s.k)
	}
	if len(shard) != s.size {
		return fmt.Errorf("%w: %d bytes, want %d", ErrShardSize, len(shard), s.size)
	}
	if !s.have[i] {
		copy(s.at(i), shard)
		s.have[i], s.hashed[i] = true, false
		s.missing--
	}
	return nil
}

// SetSample is Set for a shard that comes with a proof, which is checked first and kept for Prove. Errors: as
// Set and Roots.Verify.
func (s *Square) SetSample(roots Roots, p Sample) error {
	if err := roots.Verify(p, s.size); err != nil {
		return err
	}
	if err := s.Set(p.Row, p.Column, p.Shard); err != nil {
		return err
	}
	if s.samples == nil {
		s.samples = make(map[int]Sample)
	}
	s.samples[s.index(p.Row, p.Column)] = p
	return nil
}

func (s *Square) index(row, col int) int {
	if row < 0 || col < 0 || row >= 2*s.k || col >= 2*s.k {
		return -1
	}
	return row*2*s.k + col
}

// at returns the place of shard i.
func (s *Square) at(i int) []byte { return s.flat[i*s.size : (i+1)*s.size : (i+1)*s.size] }

// place returns the index of the shard at position j of an axis.
func (s *Square) place(a Axis, index, j int) int {
	if a == Row {
		return index*2*s.k + j
	}
	return j*2*s.k + index
}

// Roots returns the roots of all rows and columns; a shard's leaf is hashed once for both. Errors:
// ErrTooFewShards if a shard is missing, ctx.Err().
func (s *Square) Roots(ctx context.Context, opt *Options) (Roots, error) {
	if s.missing > 0 {
		return Roots{}, fmt.Errorf("%w: %d shards are missing", ErrTooFewShards, s.missing)
	}
	if err := s.hash(ctx, opt.workers()); err != nil {
		return Roots{}, err
	}
	return Roots{Rows: s.roots(Row, opt.workers()), Columns: s.roots(Column, opt.workers())}, nil
}

// hash makes the leaf digests of all shards that are there and have none yet.
func (s *Square) hash(ctx context.Context, workers int) error {
	const batch = 256
	return parallel(workers, len(s.have), func(lo, hi int) error {
		for lo < hi {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !s.have[lo] || s.hashed[lo] {
				lo++
				continue
			}
			end := lo
			for end < hi && end-lo < batch && s.have[end] && !s.hashed[end] {
				s.hashed[end] = true
				end++
			}
			leafDigests(s.leaves[lo:end], s.flat[lo*s.size:end*s.size], s.size)
			lo = end
		}
		return nil
	})
}

// roots returns the roots of an axis; all leaves are hashed.
func (s *Square) roots(a Axis, workers int) []merkle.Digest {
	width := 2 * s.k
	out := make([]merkle.Digest, width)
	// The closure returns no error.
	_ = parallel(workers, width, func(lo, hi int) error {
		leaves := s.leaves[lo*width : hi*width]
		if a == Column {
			leaves = s.columnLeaves(lo, hi)
		}
		treeRoots(out[lo:lo:hi], leaves, width)
		return nil
	})
	return out
}

// columnLeaves returns the leaf digests of columns lo to hi, column by column.
func (s *Square) columnLeaves(lo, hi int) []merkle.Digest {
	const tile = 16 // rows; a tile of digests stays in L1
	width := 2 * s.k
	out := make([]merkle.Digest, (hi-lo)*width)
	for r0 := 0; r0 < width; r0 += tile {
		for c := lo; c < hi; c++ {
			for r := r0; r < min(r0+tile, width); r++ {
				out[(c-lo)*width+r] = s.leaves[r*width+c]
			}
		}
	}
	return out
}

// axisLeaves returns the leaf digests of one row or column, all of them hashed.
func (s *Square) axisLeaves(a Axis, index int) []merkle.Digest {
	if a == Row {
		return s.leaves[index*2*s.k : (index+1)*2*s.k]
	}
	return s.columnLeaves(index, index+1)
}
