package erasure

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

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
		r.memory[shard] = newBlock(int(min(int64(r.Block), r.ShardSize())))
	}
	return r.memory[shard][:size:size]
}

// blockPool keeps the memory of blocks from one reading to the next.
var blockPool sync.Pool

func newBlock(size int) []byte {
	if b, ok := blockPool.Get().(*[]byte); ok && cap(*b) >= size {
		return (*b)[:size]
	}
	return make([]byte, size)
}

// release gives the memory of the blocks back; none of it may be in use.
func (r *reading) release() {
	for _, b := range r.memory {
		if b != nil {
			blockPool.Put(&b)
		}
	}
	r.memory = nil
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
	skip := make([]bool, len(blocks)) // lost, or tried already
	for _, i := range lost {
		skip[i] = true
	}
	for {
		done, present, err := r.try(blocks, lost, r.blockSize(stripe))
		if done || err != nil {
			return err
		}
		var next []int
		for i := range blocks {
			if len(next) < max(1, r.Data-present) && !r.dead[i] && len(blocks[i]) == 0 && !skip[i] {
				next, skip[i] = append(next, i), true
			}
		}
		if len(next) == 0 {
			return fmt.Errorf("%w: stripe %d has %d, damaged are shards %v", ErrTooFewShards, stripe, present, r.report.Damaged())
		}
		r.read(stripe, blocks, next)
	}
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
