package erasure

import (
	"context"
	"errors"
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
// Options.Commit's; ErrShape for a wrong number of writers; ctx.Err().
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
	s := newStage(c, d, opt)
	flat := make([]byte, n*h.Block)
	for last := false; !last; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		got, err := io.ReadFull(r, flat[:h.Data*h.Block])
		last = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
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

// A Block names a block of a shard.
type Block struct {
	Shard int
	Block int64
}

// A Report tells what reading an object's shards brought to light.
type Report struct {
	Missing []int   // shards without a reader
	Bad     []Block // blocks that could not be read or have another digest, by stripe, then shard
	Rebuilt int64   // bytes of shards that were rebuilt
	Read    int64   // bytes that were read from shards
	Proofs  []int   // of a Store: shards whose file has a wrong length or carries no valid proof
	Copies  []int   // of a Store: damaged copies of the manifest
}

// Clean reports whether nothing is missing or bad.
func (r *Report) Clean() bool {
	return len(r.Missing)+len(r.Bad)+len(r.Proofs)+len(r.Copies) == 0
}

// Damaged returns the shards that are missing or have a bad block, ascending.
func (r *Report) Damaged() []int {
	out := append([]int(nil), r.Missing...)
	for _, b := range r.Bad {
		out = append(out, b.Shard)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A reading reads an object's shards by stripes, and lets out only blocks that have their digest.
type reading struct {
	*Manifest
	opt     *Options
	c       Coder // made when it is first needed
	d       digester
	readers []io.ReaderAt
	dead    []bool
	salvage bool
	workers int
	report  *Report
	memory  [][]byte // a block of every shard that has been read or rebuilt
}

func newReading(m *Manifest, shards []io.ReaderAt, opt *Options) (*reading, error) {
	d, err := newDigester(opt, m.Hasher)
	if err != nil {
		return nil, err
	}
	if err := m.check(d); err != nil {
		return nil, err
	}
	if len(shards) != m.Data+m.Parity {
		return nil, fmt.Errorf("%w: %d shards, want %d", ErrShape, len(shards), m.Data+m.Parity)
	}
	r := &reading{Manifest: m, opt: opt, d: d, readers: shards, dead: make([]bool, len(shards)), report: new(Report),
		salvage: opt != nil && opt.Salvage, workers: opt.workers(), memory: make([][]byte, len(shards))}
	for i, s := range shards {
		if s == nil {
			r.dead[i] = true
			r.report.Missing = append(r.report.Missing, i)
		}
	}
	return r, nil
}

// coder returns the manifest's code.
func (r *reading) coder() (c Coder, err error) {
	if r.c == nil {
		r.c, err = r.Coder(r.opt)
	}
	return r.c, err
}

// room returns memory for a shard's block.
func (r *reading) room(shard, size int) []byte {
	if r.memory[shard] == nil {
		r.memory[shard] = make([]byte, min(int64(r.Block), r.ShardSize()))
	}
	return r.memory[shard][:size:size]
}

// read fills the blocks of a stripe that are wanted, and records and leaves empty the bad ones. It reports
// how many are good.
func (r *reading) read(stripe int64, blocks [][]byte, want []int) int {
	size := r.blockSize(stripe)
	good := make([]bool, len(want))
	tried := make([]bool, len(want))
	// The closure returns no error.
	_ = parallel(r.workers, len(want), func(lo, hi int) error {
		for w := lo; w < hi; w++ {
			i := want[w]
			if r.dead[i] || len(blocks[i]) != 0 {
				continue
			}
			tried[w] = true
			b := r.room(i, size)
			if n, err := r.readers[i].ReadAt(b, stripe*int64(r.Block)); n != size || err != nil && !errors.Is(err, io.EOF) {
				continue
			}
			if good[w] = r.d.block(b) == r.shard(i)[stripe]; good[w] {
				blocks[i] = b
			}
		}
		return nil
	})
	count := 0
	for w, i := range want {
		switch {
		case good[w]:
			count++
		case tried[w]:
			r.report.Bad = append(r.report.Bad, Block{Shard: i, Block: stripe})
			r.dead[i] = !r.salvage
		}
		if tried[w] {
			r.report.Read += int64(size)
		}
	}
	return count
}

// gather reads the wanted blocks of a stripe, rebuilds those that are bad, and checks what was rebuilt.
func (r *reading) gather(stripe int64, blocks [][]byte, want []int) error {
	if r.read(stripe, blocks, want) == len(want) {
		return nil
	}
	var lost []int
	for _, i := range want {
		if len(blocks[i]) == 0 {
			lost = append(lost, i)
		}
	}
	if err := r.fetch(stripe, blocks, lost); err != nil {
		return err
	}
	size := r.blockSize(stripe)
	for _, i := range lost {
		if r.d.block(blocks[i]) != r.shard(i)[stripe] {
			return &ShardError{Shard: i, Block: stripe, Err: fmt.Errorf("%w: the manifest's shards are no codeword", ErrProof)}
		}
		r.report.Rebuilt += int64(size)
	}
	return nil
}

// fetch rebuilds the lost blocks of a stripe, reading others until that is possible.
func (r *reading) fetch(stripe int64, blocks [][]byte, lost []int) error {
	for {
		done, present, err := r.try(blocks, lost, r.blockSize(stripe))
		if done || err != nil {
			return err
		}
		var next []int
		for i := range blocks {
			if len(next) < max(1, r.Data-present) && !r.dead[i] && len(blocks[i]) == 0 && !slices.Contains(lost, i) && !r.bad(i, stripe) {
				next = append(next, i)
			}
		}
		if len(next) == 0 {
			return fmt.Errorf("%w: stripe %d has %d, damaged are shards %v", ErrTooFewShards, stripe, present, r.report.Damaged())
		}
		r.read(stripe, blocks, next)
	}
}

// bad reports whether a block has been found bad already.
func (r *reading) bad(shard int, stripe int64) bool {
	return slices.Contains(r.report.Bad, Block{Shard: shard, Block: stripe})
}

// try rebuilds the lost blocks if those that are there suffice, and tells how many these are.
func (r *reading) try(blocks [][]byte, lost []int, size int) (done bool, present int, err error) {
	for _, b := range blocks {
		if len(b) > 0 {
			present++
		}
	}
	if present < r.Data {
		return false, present, nil
	}
	c, err := r.coder()
	if err != nil {
		return false, present, err
	}
	work := append([][]byte(nil), blocks...)
	for _, i := range lost {
		work[i] = r.room(i, size)[:0]
	}
	if some, ok := c.(interface {
		ReconstructSome([][]byte, []bool) error
	}); ok {
		required := make([]bool, len(blocks))
		for _, i := range lost {
			required[i] = true
		}
		err = some.ReconstructSome(work, required)
	} else {
		err = c.Reconstruct(work)
	}
	if errors.Is(err, ErrTooFewShards) {
		return false, present, nil
	}
	if err != nil {
		return false, present, err
	}
	for _, i := range lost {
		blocks[i] = work[i]
	}
	return true, present, nil
}

// Verify reads every block of every shard and reports which are bad. A nil reader is a missing shard. Memory
// is one stripe. Errors: a manifest that is none, ErrShape, ctx.Err(); bad shards are no error.
func Verify(ctx context.Context, m *Manifest, shards []io.ReaderAt, opt *Options) (*Report, error) {
	r, err := newReading(m, shards, opt)
	if err != nil {
		return nil, err
	}
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

// local rebuilds one lost block of a stripe by the code's plan, if it has one and all it reads is there.
func (r *reading) local(stripe int64, blocks [][]byte, lost []int) bool {
	c, err := r.coder()
	if err != nil {
		return false
	}
	p, ok := c.(Planner)
	if !ok || len(lost) != 1 || !r.dead[lost[0]] {
		return false
	}
	size := r.blockSize(stripe)
	plan, err := p.Plan(lost[0], r.dead, size)
	if err != nil {
		return false
	}
	parts := make([][]byte, len(plan.Reads))
	for n, read := range plan.Reads {
		parts[n] = make([]byte, read.Size)
		r.report.Read += int64(read.Size)
		at := stripe*int64(r.Block) + int64(read.Offset)
		if got, err := r.readers[read.Shard].ReadAt(parts[n], at); got != read.Size || err != nil && !errors.Is(err, io.EOF) {
			return false
		}
	}
	out := r.room(lost[0], size)
	if err := p.Rebuild(plan, out, parts); err != nil || r.d.block(out) != r.shard(lost[0])[stripe] {
		return false
	}
	blocks[lost[0]] = out
	r.report.Rebuilt += int64(size)
	return true
}
