package piece

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/sector"
)

// ErrFinished says that a Hasher was written to after Sum.
var ErrFinished = errors.New("piece: write after Sum")

// maxWorkers keeps the memory of a hasher below 12 MiB.
const maxWorkers = 16

// Options of [Sum], [NewHasher] and [Stage]. Nil and the zero value work.
type Options struct {
	// Workers is the number of goroutines that hash, at most 16; 0 stands for GOMAXPROCS. The result does
	// not depend on it.
	Workers int
	// Progress, if set, is told the payload bytes done, at least every MiB, on the caller's goroutine;
	// total is 0 where it is not known.
	Progress func(stage string, done, total uint64)
}

// workers returns the number of goroutines to use.
func (o *Options) workers() int {
	n := 0
	if o != nil {
		n = o.Workers
	}
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	return min(n, maxWorkers)
}

// report calls Progress if set.
func (o *Options) report(stage string, done, total uint64) {
	if o != nil && o.Progress != nil {
		o.Progress(stage, done, total)
	}
}

// Sum returns the piece of everything r yields: the payload, then zeros up to 127 times a power of two. It
// holds less than 12 MiB whatever the length, and all its goroutines end before it returns. An empty
// payload wraps [ErrSize]; else errors are ctx's, looked at between reads, and r's.
func Sum(ctx context.Context, r io.Reader, opt *Options) (Info, error) {
	h := NewHasher(opt)
	if _, err := h.readFrom(ctx, r); err != nil {
		return Info{}, err
	}
	return h.Sum()
}

// A Hasher computes the piece of what is written to it. Goroutines run only within a call, so it may be
// abandoned at any time. It holds less than 12 MiB, and it is not safe for concurrent use.
type Hasher struct {
	opt     *Options
	workers int
	done    bool
	err     error
	total   uint64
	buf     []byte // payload not yet folded, less than its capacity
	stack   stack
	folders []*folder
	roots   []merkle.Digest
	info    Info
}

// NewHasher returns a Hasher of an empty payload.
func NewHasher(opt *Options) *Hasher {
	return &Hasher{opt: opt, workers: opt.workers()}
}

// Reset makes h a Hasher of an empty payload again.
func (h *Hasher) Reset() {
	h.done, h.err, h.total, h.buf, h.stack, h.info = false, nil, 0, h.buf[:0], stack{}, Info{}
}

// Len returns the number of payload bytes written.
func (h *Hasher) Len() uint64 { return h.total }

// Write implements io.Writer. After [Hasher.Sum] it returns [ErrFinished], after a failed ReadFrom that
// error, until Reset.
func (h *Hasher) Write(p []byte) (int, error) {
	if err := h.refuse(); err != nil {
		return 0, err
	}
	if h.buf == nil {
		h.buf = make([]byte, 0, h.batch()*chunkRaw)
	}
	n := len(p)
	for len(p) > 0 {
		if len(h.buf) == 0 && len(p) >= cap(h.buf) {
			whole := len(p) / chunkRaw * chunkRaw
			h.fold(p[:whole])
			p = p[whole:]
			continue
		}
		take := min(len(p), cap(h.buf)-len(h.buf))
		h.buf = append(h.buf, p[:take]...)
		if p = p[take:]; len(h.buf) == cap(h.buf) {
			h.fold(h.buf)
			h.buf = h.buf[:0]
		}
	}
	h.total += uint64(n)
	h.opt.report("CommP", h.total, 0)
	return n, nil
}

// refuse returns the error of a call that may not add to the payload.
func (h *Hasher) refuse() error {
	if h.done {
		return ErrFinished
	}
	return h.err
}

// batch is the number of chunks that are gathered before they are folded.
func (h *Hasher) batch() int {
	if h.workers == 1 {
		return 1
	}
	return 2 * h.workers
}

// fold folds whole chunks by all workers.
func (h *Hasher) fold(p []byte) {
	for len(p) > 0 {
		n := min(len(p), 64*chunkRaw)
		h.foldSome(p[:n])
		p = p[n:]
	}
}

// foldSome folds at most 64 whole chunks.
func (h *Hasher) foldSome(p []byte) {
	chunks := len(p) / chunkRaw
	workers := min(h.workers, chunks)
	h.grow(workers)
	if workers == 1 {
		for ; len(p) > 0; p = p[chunkRaw:] {
			h.stack.push(h.folders[0].fold(p[:chunkRaw]))
		}
		return
	}
	h.roots = append(h.roots[:0], make([]merkle.Digest, chunks)...)
	var next atomic.Int64
	work := func(f *folder) {
		for i := int(next.Add(1)) - 1; i < chunks; i = int(next.Add(1)) - 1 {
			_, h.roots[i] = f.fold(p[i*chunkRaw:][:chunkRaw])
		}
	}
	var wg sync.WaitGroup
	for w := 1; w < workers; w++ {
		wg.Go(func() { work(h.folders[w]) })
	}
	work(h.folders[0])
	wg.Wait()
	for _, root := range h.roots {
		h.stack.push(chunkLevel, root)
	}
}

// grow makes folders for that many workers.
func (h *Hasher) grow(workers int) {
	for len(h.folders) < workers {
		h.folders = append(h.folders, new(folder))
	}
}

// Sum ends the payload and returns its piece. Called again it returns the same. An empty payload wraps
// [ErrSize].
func (h *Hasher) Sum() (Info, error) {
	if h.err != nil {
		return Info{}, h.err
	}
	if h.done {
		return h.info, nil
	}
	if h.total == 0 {
		return Info{}, fmt.Errorf("%w: an empty payload", ErrSize)
	}
	whole := len(h.buf) / chunkRaw * chunkRaw
	h.fold(h.buf[:whole])
	if rest := h.buf[whole:]; len(rest) > 0 {
		h.grow(1)
		level, root := h.folders[0].fold(rest)
		h.pushLast(level, root)
	}
	level, root := h.stack.close()
	h.info, h.done = Info{sector.CommP(root), sizeOf(level)}, true
	return h.info, nil
}

// pushLast pushes the last, shorter chunk. Behind whole chunks it needs no gap: it begins at a multiple of
// a chunk.
func (h *Hasher) pushLast(level int, root merkle.Digest) {
	if h.stack.n == 0 {
		h.stack.shift(level, root)
		return
	}
	var last stack
	last.shift(level, root)
	h.stack.push(chunkLevel, last.raise(chunkLevel))
}
