package update

import (
	"context"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/assaylab/assay/merkle"

	"golang.org/x/sync/errgroup"
)

// Options are the knobs of work on an update. nil and the zero value are fine; no bytes depend on them.
type Options struct {
	// Workers is the number of goroutines that compute; 0 is runtime.GOMAXPROCS(0).
	Workers int

	// TreeD, if not nil, is the file of TreeD over the new data. Decode holds what it decodes against it, and the path from
	// there against CommD, before anything is written; a part of a sector needs it, unless Unchecked is set.
	TreeD io.ReaderAt

	// Unchecked lets Decode and DecodeFile write data without holding it against CommD, as the reference does. A wrong key or
	// a damaged replica is then seen only by what does not decode to 254 bits.
	Unchecked bool

	// Progress, if not nil, is called between batches, by one goroutine at a time, with the nodes (or challenges) that are
	// done. It must return soon.
	Progress func(stage string, done, total uint64)
}

func (o *Options) workers() int {
	if o == nil || o.Workers <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return o.Workers
}

// merkle returns the options of work on a tree that is called stage in reports.
func (o *Options) merkle(stage string) *merkle.Options {
	m := &merkle.Options{Workers: o.workers()}
	if o != nil && o.Progress != nil && stage != "" {
		m.Progress = func(_ string, done, total uint64) { o.Progress(stage, done, total) }
	}
	return m
}

// report calls Progress.
func (o *Options) report(stage string, done, total uint64) {
	if o != nil && o.Progress != nil {
		o.Progress(stage, done, total)
	}
}

// checked reports whether data is held against CommD.
func (o *Options) checked() bool { return o == nil || !o.Unchecked }

// treeD returns TreeD where it is at hand.
func (o *Options) treeD() io.ReaderAt {
	if o == nil {
		return nil
	}
	return o.TreeD
}

// blocks is the scratch of goroutines that come and go.
var blocks = sync.Pool{New: func() any { return newBlock() }}

// spread calls do for every block of n nodes, over opt.Workers goroutines, until one call fails or ctx ends.
func spread(ctx context.Context, stage string, n uint64, opt *Options, do func(first, count uint64) error) error {
	var next, done atomic.Uint64
	var mu sync.Mutex
	eg, ctx := errgroup.WithContext(ctx)
	for range opt.workers() {
		eg.Go(func() error {
			for {
				first := next.Add(blockNodes) - blockNodes
				if first >= n {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				count := min(blockNodes, n-first)
				if err := do(first, count); err != nil {
					return err
				}
				if opt != nil && opt.Progress != nil {
					mu.Lock()
					opt.Progress(stage, done.Add(count), n)
					mu.Unlock()
				}
			}
		})
	}
	return eg.Wait()
}
