package erasure

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/assaylab/assay/merkle"
)

// newHeader returns the header for the options; the object's size is still open.
func newHeader(c Coder, d digester, opt *Options) (Header, error) {
	n := c.Data() + c.Parity()
	h := Header{Code: c.Name(), Hasher: d.Name(), Data: c.Data(), Parity: c.Parity(), Block: defaultBlock(n)}
	if opt != nil && opt.Block != 0 {
		h.Block = opt.Block
	}
	if err := h.check(); err != nil {
		return h, err
	}
	if multiple, _ := h.coderShape(); multiple != c.SizeMultiple() {
		return h, fmt.Errorf("%w: code %s with sizes in multiples of %d", ErrShape, h.Code, c.SizeMultiple())
	}
	return h, nil
}

// A stage codes and hashes stripes for Encode and EncodeShards.
type stage struct {
	c       Coder
	d       digester
	workers int
	digests [][]merkle.Digest // by shard
	commits []io.Writer
	sums    []func() (merkle.Digest, error)
}

func newStage(c Coder, d digester, opt *Options) *stage {
	n := c.Data() + c.Parity()
	s := &stage{c: c, d: d, workers: opt.workers(), digests: make([][]merkle.Digest, n)}
	if opt != nil && opt.Commit != nil {
		for i := range n {
			w, sum := opt.Commit(i)
			s.commits, s.sums = append(s.commits, w), append(s.sums, sum)
		}
	}
	return s
}

// stripe fills the parity blocks of a stripe and takes the digests of all its blocks.
func (s *stage) stripe(blocks [][]byte) error {
	if err := s.c.Encode(blocks); err != nil {
		return err
	}
	next := make([]merkle.Digest, len(blocks))
	s.d.blocks(next, blocks, s.workers)
	for i, d := range next {
		s.digests[i] = append(s.digests[i], d)
	}
	for i, w := range s.commits {
		if err := writeAll(w, blocks[i]); err != nil {
			return &ShardError{Shard: i, Block: -1, Err: fmt.Errorf("commitment: %w", err)}
		}
	}
	return nil
}

// manifest closes the stage.
func (s *stage) manifest(h Header) (*Manifest, error) {
	m := &Manifest{Header: h, Blocks: slices.Concat(s.digests...)}
	for i, sum := range s.sums {
		d, err := sum()
		if err != nil {
			return nil, &ShardError{Shard: i, Block: -1, Err: fmt.Errorf("commitment: %w", err)}
		}
		m.Commitments = append(m.Commitments, d)
	}
	return m, m.check(s.d)
}

// EncodeShards fills the parity shards of an object that lies in memory, hashes every block while it is in
// cache and returns the manifest.
//
// The data shards hold the object, size bytes, as Header describes it, zeros behind; all shards have the size that
// this gives. Errors: as Coder.Encode, ErrShardSize, Options.Commit's, ctx.Err().
func EncodeShards(ctx context.Context, c Coder, shards [][]byte, size int64, opt *Options) (*Manifest, error) {
	d, err := newDigester(opt, "")
	if err != nil {
		return nil, err
	}
	h, err := newHeader(c, d, opt)
	if err != nil {
		return nil, err
	}
	each, err := shardSizes(shards, c.Data()+c.Parity(), c.SizeMultiple(), false)
	if err != nil {
		return nil, err
	}
	if h.Size = size; h.check() != nil || h.ShardSize() != int64(each) {
		return nil, fmt.Errorf("%w: shards of %d bytes for an object of %d", ErrShardSize, each, size)
	}
	s := newStage(c, d, opt)
	blocks := make([][]byte, len(shards))
	for lo := 0; lo < each; lo += h.Block {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i := range blocks {
			blocks[i] = shards[i][lo:min(lo+h.Block, each)]
		}
		if err := s.stripe(blocks); err != nil {
			return nil, err
		}
		opt.progress("encode", uint64(lo), uint64(each))
	}
	return s.manifest(h)
}

// Encode reads an object to its end, writes shard i to w[i] and returns the manifest.
//
// Memory is one stripe (Options.Block of every shard, 64 MiB at most by default) whatever the object's size.
// Nothing that was written counts without the manifest. Errors: r's and the writers', wrapped;
// Options.Commit's; ErrShape for a wrong number of writers or a nil one; ctx.Err().
func Encode(ctx context.Context, c Coder, r io.Reader, w []io.Writer, opt *Options) (*Manifest, error) {
	d, err := newDigester(opt, "")
	if err != nil {
		return nil, err
	}
	h, err := newHeader(c, d, opt)
	if err != nil {
		return nil, err
	}
	n := h.Data + h.Parity
	if len(w) != n {
		return nil, fmt.Errorf("%w: %d writers for %d shards", ErrShape, len(w), n)
	}
	if i := slices.Index(w, nil); i >= 0 {
		return nil, fmt.Errorf("%w: no writer for shard %d", ErrShape, i)
	}
	s := newStage(c, d, opt)
	flat := make([]byte, n*h.Block)
	for last := false; !last; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		got, err := readFull(r, flat[:h.Data*h.Block])
		if last = err == io.EOF; err != nil && !last {
			return nil, fmt.Errorf("erasure: encode: %w", err)
		}
		if h.Size += int64(got); h.Size > maxSize {
			return nil, fmt.Errorf("%w: object of more than %d bytes", ErrShape, int64(maxSize))
		}
		if got == 0 {
			break
		}
		clear(flat[got : h.Data*h.Block])
		size := h.Block
		if last {
			rest := Header{Code: h.Code, Data: h.Data, Block: h.Block, Size: int64(got)}
			size = int(rest.ShardSize())
		}
		blocks := cut(flat[:n*size], n, size)
		if err := s.stripe(blocks); err != nil {
			return nil, err
		}
		for i, b := range blocks {
			if err := writeAll(w[i], b); err != nil {
				return nil, &ShardError{Shard: i, Block: int64(len(s.digests[i]) - 1), Err: err}
			}
		}
		opt.progress("encode", uint64(h.Size), 0)
	}
	return s.manifest(h)
}

// readFull fills b. Its error is io.EOF only where r ended by itself: io.ReadFull cannot tell that from a reader that
// reports its own input as cut short.
func readFull(r io.Reader, b []byte) (n int, err error) {
	for idle := 0; n < len(b); idle++ {
		k, err := r.Read(b[n:])
		if n += k; err != nil && n < len(b) {
			return n, err
		}
		if k > 0 {
			idle = 0
		}
		if idle == 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

func writeAll(w io.Writer, b []byte) error {
	n, err := w.Write(b)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	return err
}

// progress calls the options' Progress; total 0 means that it is not known.
func (o *Options) progress(stage string, done, total uint64) {
	if o != nil && o.Progress != nil {
		o.Progress(stage, done, total)
	}
}

// Verify reads every block of every shard. A nil reader is a missing shard. Memory is one stripe.
//
// The error is nil if all is there and right; ErrProof if not, and the report names every missing shard and bad
// block; anything else, without a report, could not be judged: a manifest that is none, ErrShape, ctx.Err().
func Verify(ctx context.Context, m *Manifest, shards []io.ReaderAt, opt *Options) (*Report, error) {
	r, err := newReading(m, shards, opt)
	if err != nil {
		return nil, err
	}
	defer r.release()
	r.salvage = true
	all := make([]int, len(shards))
	for i := range all {
		all[i] = i
	}
	for b := range m.BlocksPerShard() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r.read(b, make([][]byte, len(shards)), all)
		opt.progress("verify", uint64(b+1), uint64(m.BlocksPerShard()))
	}
	if !r.report.Clean() {
		return r.report, fmt.Errorf("%w: shards %v are damaged", ErrProof, r.report.Damaged())
	}
	return r.report, nil
}

// Decode writes the object to w, rebuilding what is missing or bad. A nil reader is a missing shard.
//
// Every byte that is written has been checked against the manifest; take its Root from a source you trust. A
// shard in which a block is bad counts as lost from there on (see Options.Salvage). Memory is one stripe. On an
// error what was written is the object's beginning; the report tells what was found until then. Errors:
// ErrTooFewShards, ErrProof for a manifest over shards that are no codeword, w's, ctx.Err().
func Decode(ctx context.Context, m *Manifest, shards []io.ReaderAt, w io.Writer, opt *Options) (*Report, error) {
	r, err := newReading(m, shards, opt)
	if err != nil {
		return nil, err
	}
	defer r.release()
	data := make([]int, m.Data)
	for i := range data {
		data[i] = i
	}
	left := m.Size
	for b := range m.BlocksPerShard() {
		if err := ctx.Err(); err != nil {
			return r.report, err
		}
		blocks := make([][]byte, len(shards))
		if err := r.gather(b, blocks, data); err != nil {
			return r.report, err
		}
		for _, i := range data {
			part := blocks[i][:min(left, int64(len(blocks[i])))]
			if len(part) == 0 {
				continue
			}
			if err := writeAll(w, part); err != nil {
				return r.report, fmt.Errorf("erasure: decode: %w", err)
			}
			left -= int64(len(part))
		}
		opt.progress("decode", uint64(m.Size-left), uint64(m.Size))
	}
	return r.report, nil
}

// Repair rebuilds every shard i with a writer out[i] that is not nil, checks it and writes it.
//
// Readers of the shards to be rebuilt are not used, except for their good blocks with Options.Salvage. With a code that repairs locally, one lost shard is
// rebuilt from the parts of others that its plan names; the result is checked against the manifest, and
// where it is wrong the stripe is read whole. Memory is one stripe. On an error what was written is to be thrown
// away. Errors: as Decode.
func Repair(ctx context.Context, m *Manifest, shards []io.ReaderAt, out []io.Writer, opt *Options) (*Report, error) {
	if len(out) != len(shards) {
		return nil, fmt.Errorf("%w: %d writers for %d shards", ErrShape, len(out), len(shards))
	}
	own := append([]io.ReaderAt(nil), shards...)
	for i, w := range out {
		if w != nil && (opt == nil || !opt.Salvage) {
			own[i] = nil
		}
	}
	return repairFrom(ctx, m, own, out, opt)
}

// repairFrom is Repair that uses every reader it is given, also of the shards it writes.
func repairFrom(ctx context.Context, m *Manifest, shards []io.ReaderAt, out []io.Writer, opt *Options) (*Report, error) {
	var lost []int
	for i, w := range out {
		if w != nil {
			lost = append(lost, i)
		}
	}
	r, err := newReading(m, shards, opt)
	if err != nil || len(lost) == 0 {
		return new(Report), err
	}
	defer r.release()
	for b := range m.BlocksPerShard() {
		if err := ctx.Err(); err != nil {
			return r.report, err
		}
		blocks := make([][]byte, len(shards))
		if !r.local(b, blocks, lost) {
			if err := r.gather(b, blocks, lost); err != nil {
				return r.report, err
			}
		}
		for _, i := range lost {
			if err := writeAll(out[i], blocks[i]); err != nil {
				return r.report, &ShardError{Shard: i, Block: b, Err: err}
			}
		}
		opt.progress("repair", uint64(b+1), uint64(m.BlocksPerShard()))
	}
	return r.report, nil
}
