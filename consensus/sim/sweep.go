package sim

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// Sweep computes n points on several goroutines (0 workers are all processors) and returns them in order. Each worker calls
// fresh once and then its function for point after point, so that engines and states are its own. After an error no point is
// begun; that of the first point that failed is returned, whatever the number of workers. Errors: those of points, and ctx.Err().
func Sweep[T any](ctx context.Context, n, workers int, fresh func() func(ctx context.Context, i int) (T, error)) ([]T, error) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	out, errs := make([]T, n), make([]error, n)
	var next sync.Mutex
	at := 0
	take := func() int {
		next.Lock()
		defer next.Unlock()
		at++
		return at - 1
	}
	stop := func() {
		next.Lock()
		defer next.Unlock()
		at = n
	}
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			point := fresh()
			for i := take(); i < n && ctx.Err() == nil; i = take() {
				if out[i], errs[i] = point(ctx, i); errs[i] != nil {
					stop()
					return
				}
			}
		}()
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("sim: point %d: %w", i, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	return out, nil
}
