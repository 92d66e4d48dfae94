package merkle

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Options are the knobs of work on trees. nil and the zero value are fine. No result depends on them.
type Options struct {
	// Workers is the number of goroutines that hash; 0 is runtime.GOMAXPROCS(0).
	Workers int

	// Progress, if not nil, is called between batches, by one goroutine at a time, with the leaves
	// (or proofs) that are done. It must return soon.
	Progress func(stage string, done, total uint64)
}

func (o *Options) workers() int {
	if o == nil || o.Workers <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return o.Workers
}

// A meter reports progress in the order of its counts.
type meter struct {
	mu          sync.Mutex
	report      func(stage string, done, total uint64)
	stage       string
	done, total uint64
}

func (o *Options) meter(stage string, total uint64) *meter {
	m := &meter{stage: stage, total: total}
	if o != nil {
		m.report = o.Progress
	}
	return m
}

func (m *meter) add(n uint64) {
	if m.report == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += n
	m.report(m.stage, m.done, m.total)
}

// spread calls do for every number below n, in growing order over up to workers goroutines, until one
// call fails or ctx ends. Each goroutine makes its scratch once. All of them have ended on return.
func spread[T any](ctx context.Context, workers int, n uint64, scratch func() T, do func(ctx context.Context, t T, i uint64) error) error {
	if uint64(workers) > n {
		workers = int(n)
	}
	if workers <= 1 {
		t := scratch()
		for i := range n {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := do(ctx, t, i); err != nil {
				return err
			}
		}
		return ctx.Err()
	}
	var next atomic.Uint64
	g, gctx := errgroup.WithContext(ctx)
	for range workers {
		g.Go(func() error {
			t := scratch()
			for {
				if err := gctx.Err(); err != nil {
					return err
				}
				i := next.Add(1) - 1
				if i >= n {
					return nil
				}
				if err := do(gctx, t, i); err != nil {
					return err
				}
			}
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

func noScratch() struct{} { return struct{}{} }
