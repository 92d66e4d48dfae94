package porep

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

// A meter adds up the progress of several goroutines.
type meter struct {
	opt         *Options
	stage       string
	mu          sync.Mutex
	done, total uint64
}

func (m *meter) add(n uint64) {
	if m == nil || m.opt == nil || m.opt.Progress == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += n
	m.opt.Progress(m.stage, m.done, m.total)
}

// spread calls do for every number below n over up to workers goroutines until one fails or ctx ends.
func spread(ctx context.Context, workers int, n uint64, do func(ctx context.Context, i uint64) error) error {
	eg, ctx := errgroup.WithContext(ctx)
	w := max(1, min(uint64(workers), n))
	for k := range w {
		eg.Go(func() error {
			for i := k; i < n; i += w {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := do(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return eg.Wait()
}
