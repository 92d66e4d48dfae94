package erasure

import (
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/klauspost/reedsolomon"
)

const (
	maxShards8  = 256
	maxShards   = 65536
	narrow      = 10        // klauspost's generated kernels take at most 10 inputs and 10 outputs
	multiple16  = 64        // bytes; leopard's unit
	smallWorker = 128 << 10 // bytes of a shard below which a second worker does not pay
	smallShard  = 2 << 10   // bytes of a shard up to which klauspost's preparations cost more than its kernels gain
)

// A Coder is a systematic code over a set of equally long shards, data first. Code, LRC and Clay are Coders.
// Coders are safe for concurrent use.
type Coder interface {
	// Name identifies the code in manifests.
	Name() string
	// Data and Parity are the numbers of shards.
	Data() int
	Parity() int
	// SizeMultiple is the number of bytes that shard sizes are multiples of.
	SizeMultiple() int
	// Encode fills the parity shards from the data shards.
	Encode(shards [][]byte) error
	// Reconstruct rebuilds every lost (nil or empty) shard; a failed call changes nothing.
	Reconstruct(shards [][]byte) error
}

// A Code is a systematic Reed–Solomon code: any Data() of its shards rebuild the others. Up to 256 shards
// it works in GF(2^8) with klauspost/reedsolomon's Vandermonde matrix, above in GF(2^16) (leopard). It is
// safe for concurrent use.
type Code struct {
	data, parity int
	workers      int
	enc          reedsolomon.Encoder
	wide         *wide  // GF(2^8) with more than 10 data or parity shards, or with small shards
	dense        *dense // GF(2^16) shapes that leopard does not have
}

// New returns the code of data+parity shards.
//
// data and parity are at least 1 and together at most 65,536. Of the options only Workers counts. Errors:
// ErrShape.
func New(data, parity int, opt *Options) (*Code, error) {
	if data < 1 || parity < 1 || data > maxShards || parity > maxShards-data {
		return nil, fmt.Errorf("%w: %d data and %d parity shards, want at least 1 of each and at most %d together",
			ErrShape, data, parity, maxShards)
	}
	c := &Code{data: data, parity: parity, workers: opt.workers()}
	broad := data > narrow || parity > narrow
	if data+parity <= maxShards8 && (broad || haveGFNI) {
		w, err := newWide(data, parity)
		if c.wide = w; broad || err != nil {
			return c, err
		}
	}
	enc, err := reedsolomon.New(data, parity, reedsolomon.WithMaxGoroutines(c.workers))
	if errors.Is(err, reedsolomon.ErrInvShardCombo) {
		c.dense = newDense(data, parity)
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrShape, err)
	}
	c.enc = enc
	return c, nil
}

// workers returns the number of workers that the options ask for.
func (o *Options) workers() int {
	if o == nil || o.Workers <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return o.Workers
}

// Name returns "rs8", "rs16" or, for GF(2^16) shapes that leopard lacks, "rs16c".
func (c *Code) Name() string {
	switch {
	case c.dense != nil:
		return "rs16c"
	case c.data+c.parity > maxShards8:
		return "rs16"
	}
	return "rs8"
}

// Data returns the number of data shards.
func (c *Code) Data() int { return c.data }

// Parity returns the number of parity shards, all of which may be lost together.
func (c *Code) Parity() int { return c.parity }

// SizeMultiple returns the number of bytes that shard sizes are multiples of: 1 in GF(2^8), else 64.
func (c *Code) SizeMultiple() int {
	if c.data+c.parity > maxShards8 {
		return multiple16
	}
	return 1
}

// Encode fills the parity shards, the last Parity() of shards, from the data shards before them.
//
// All shards are of the same size, a positive multiple of SizeMultiple. The data shards are only read.
// Errors: ErrShape for a wrong number of shards, ErrShardSize.
func (c *Code) Encode(shards [][]byte) error {
	size, err := c.sizes(shards, false)
	if err != nil {
		return err
	}
	switch {
	case c.own(size):
		c.wide.encode(shards, c.workers)
		return nil
	case c.dense != nil || c.SizeMultiple() == multiple16:
		return c.encode16(shards, size)
	}
	return coded(c.enc.Encode(shards))
}

// encode16 codes in GF(2^16), where every 64 bytes of the shards are a code of their own: workers take ranges.
func (c *Code) encode16(shards [][]byte, size int) error {
	const least = 4 << 10 // bytes of a shard that a worker takes
	return parallel(min(c.workers, size/least+1), size/multiple16, func(lo, hi int) error {
		part := shards
		if hi-lo < size/multiple16 {
			part = make([][]byte, len(shards))
			for i, s := range shards {
				part[i] = s[lo*multiple16 : hi*multiple16]
			}
		}
		if c.dense != nil {
			c.dense.encode(part)
			return nil
		}
		return coded(c.enc.Encode(part))
	})
}

// own reports whether shards of size bytes are coded by wide.
func (c *Code) own(size int) bool { return c.wide != nil && (c.enc == nil || size <= smallShard) }

// Verify checks that the parity shards belong to the data shards: nil if they do, ErrProof if not. It cannot tell
// which shard is wrong. Other errors: as Encode.
func (c *Code) Verify(shards [][]byte) error {
	size, err := c.sizes(shards, false)
	if err != nil {
		return err
	}
	again := append([][]byte(nil), shards[:c.data]...)
	again = append(again, cut(make([]byte, c.parity*size), c.parity, size)...)
	if err := c.Encode(again); err != nil {
		return err
	}
	if !equalShards(again[c.data:], shards[c.data:]) {
		return fmt.Errorf("%w: the parity shards are not those of the data shards", ErrProof)
	}
	return nil
}

// Reconstruct rebuilds every lost shard.
//
// A shard is lost if it is nil, or if it is empty with room for the shard, which is then used; for the
// others memory is allocated. The present shards are only read and taken for right: check them first.
// Errors: ErrShape, ErrShardSize, ErrTooFewShards; a failed call changes nothing.
func (c *Code) Reconstruct(shards [][]byte) error { return c.ReconstructSome(shards, nil) }

// ReconstructSome is Reconstruct for the lost shards i with required[i] only; nil means all of them.
func (c *Code) ReconstructSome(shards [][]byte, required []bool) error {
	size, err := c.sizes(shards, true)
	if err != nil {
		return err
	}
	if required != nil && len(required) != len(shards) {
		return fmt.Errorf("%w: %d marks for %d shards", ErrShape, len(required), len(shards))
	}
	present, lost := 0, []int(nil)
	for i, s := range shards {
		switch {
		case len(s) != 0:
			present++
		case required == nil || required[i]:
			lost = append(lost, i)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	if present < c.data {
		return fmt.Errorf("%w: %d present, %d needed", ErrTooFewShards, present, c.data)
	}
	return c.rebuild(shards, lost, size)
}

// rebuild fills the lost shards; enough others are present and all sizes are right.
func (c *Code) rebuild(shards [][]byte, lost []int, size int) error {
	work := make([][]byte, len(shards))
	for i, s := range shards {
		if len(s) > 0 {
			work[i] = s
		}
	}
	for _, i := range lost {
		if work[i] = shards[i][:0]; cap(work[i]) < size {
			work[i] = make([]byte, 0, size)
		}
	}
	switch {
	case c.own(size):
		c.wide.rebuild(work, lost, size, c.workers)
	case c.dense != nil:
		c.dense.rebuild(work, lost, size)
	default:
		required := make([]bool, len(work))
		for _, i := range lost {
			required[i], work[i] = true, work[i][:0]
		}
		if err := coded(c.enc.ReconstructSome(work, required)); err != nil {
			return err
		}
	}
	for _, i := range lost {
		shards[i] = work[i][:size]
	}
	return nil
}

// sizes checks the number and sizes of shards and returns the common size.
func (c *Code) sizes(shards [][]byte, lossy bool) (int, error) {
	return shardSizes(shards, c.data+c.parity, c.SizeMultiple(), lossy)
}

// shardSizes returns the common size of n shards; with lossy, nil and empty ones are lost.
func shardSizes(shards [][]byte, n, multiple int, lossy bool) (int, error) {
	if len(shards) != n {
		return 0, fmt.Errorf("%w: %d shards, want %d", ErrShape, len(shards), n)
	}
	size := 0
	for i, s := range shards {
		switch {
		case len(s) == 0 && !lossy:
			return 0, &ShardError{Shard: i, Block: -1, Err: fmt.Errorf("%w: empty", ErrShardSize)}
		case len(s) == 0:
		case size == 0:
			size = len(s)
		case len(s) != size:
			return 0, &ShardError{Shard: i, Block: -1, Err: fmt.Errorf("%w: %d bytes, others have %d", ErrShardSize, len(s), size)}
		}
	}
	if size == 0 {
		return 0, fmt.Errorf("%w: no shard is present", ErrTooFewShards)
	}
	if size%multiple != 0 {
		return 0, fmt.Errorf("%w: %d bytes, want a multiple of %d", ErrShardSize, size, multiple)
	}
	for i, s := range shards {
		if s != nil && len(s) == 0 && cap(s) < size {
			return 0, &ShardError{Shard: i, Block: -1, Err: fmt.Errorf("%w: room for %d bytes, want %d", ErrShardSize, cap(s), size)}
		}
	}
	return size, nil
}

// coded translates an error of klauspost/reedsolomon.
func coded(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, reedsolomon.ErrTooFewShards):
		return fmt.Errorf("%w: %w", ErrTooFewShards, err)
	}
	return fmt.Errorf("%w: %w", ErrShardSize, err)
}

// Split copies data into fresh shards of the code: the data shards hold the data, the last ones filled up
// with zeros, the parity shards are zero and ready for Encode. Errors: ErrShardSize for no data.
func (c *Code) Split(data []byte) ([][]byte, error) { return split(c, data) }

func split(c Coder, data []byte) ([][]byte, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("%w: no data", ErrShardSize)
	}
	n, multiple := c.Data()+c.Parity(), c.SizeMultiple()
	size := (len(data) + c.Data() - 1) / c.Data()
	size = (size + multiple - 1) / multiple * multiple
	flat := make([]byte, n*size)
	copy(flat, data)
	return cut(flat, n, size), nil
}

// Join writes the first size bytes of the data shards to w. Errors: ErrShape for too few shards,
// ErrTooFewShards for a lost data shard that is needed, ErrShardSize for a size that is negative or above
// what the data shards hold, or w's. Nothing is written unless all is there.
func (c *Code) Join(w io.Writer, shards [][]byte, size int64) error { return join(c, w, shards, size) }

func join(c Coder, w io.Writer, shards [][]byte, size int64) error {
	if len(shards) < c.Data() {
		return fmt.Errorf("%w: %d shards, want %d", ErrShape, len(shards), c.Data())
	}
	left := size
	for i, s := range shards[:c.Data()] {
		if left > 0 && len(s) == 0 {
			return &ShardError{Shard: i, Block: -1, Err: ErrTooFewShards}
		}
		left -= min(left, int64(len(s)))
	}
	if size < 0 || left > 0 {
		return fmt.Errorf("%w: %d bytes asked of %d data shards", ErrShardSize, size, c.Data())
	}
	for _, s := range shards[:c.Data()] {
		part := s[:min(size, int64(len(s)))]
		if len(part) == 0 {
			break
		}
		if n, err := w.Write(part); err != nil {
			return fmt.Errorf("erasure: join: %w", err)
		} else if n != len(part) {
			return fmt.Errorf("erasure: join: %w", io.ErrShortWrite)
		}
		size -= int64(len(part))
	}
	return nil
}
