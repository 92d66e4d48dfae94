package groth16

import (
	"runtime"
	"sync"
)

// defaultWorkers resolves the Workers field of the options.
func defaultWorkers(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// parallel runs f(0) ... f(n-1) on at most workers goroutines, each taking a stretch of them; one worker is the caller's own.
func parallel(workers, n int, f func(i int)) {
	if workers = min(workers, n); workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := w * n / workers; i < (w+1)*n/workers; i++ {
				f(i)
			}
		})
	}
	wait.Wait()
}
