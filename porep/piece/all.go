package piece

import (
	"context"
	"fmt"
	"io"
)

// SumAll returns the pieces of many payloads, as files, up to opt.Workers of them at a time. They may be
// whole pieces or the parts of one: parts that each have the same piece size, cut at multiples of its
// unpadded size, make up the piece that [Join] returns of them. The first error ends all.
func SumAll(ctx context.Context, payloads []io.Reader, opt *Options) ([]Info, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	infos := make([]Info, len(payloads))
	work := make(chan int)
	done := make(chan struct{})
	workers := min(opt.workers(), len(payloads))
	for range workers {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := range work {
				var err error
				if infos[i], err = Sum(ctx, payloads[i], &Options{Workers: 1}); err != nil {
					cancel(fmt.Errorf("payload %d: %w", i, err))
				}
			}
		}()
	}
	for i := range payloads {
		select {
		case work <- i:
		case <-ctx.Done():
		}
		opt.report("CommP", uint64(i), uint64(len(payloads)))
	}
	close(work)
	for range workers {
		<-done
	}
	return infos, context.Cause(ctx)
}
