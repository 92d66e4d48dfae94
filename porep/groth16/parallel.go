package groth16

import (
	"runtime"
	"sync"
)

// maxWorkers bounds the goroutines that a caller may ask for: shares of so many do not overflow.
const maxWorkers = 1 << 12

// defaultWorkers resolves the Workers field of the options.
func defaultWorkers(n int) int {
	if n > 0 {
		return min(n, maxWorkers)
	}
	return runtime.GOMAXPROCS(0)
}

// parallel runs f(0) ... f(n-1) on at most workers goroutines, each taking a stretch of them; one worker is the caller's own.
func parallel(workers, n int, f func(i int)) {
	stretches(workers, n, func(from, to int) {
		for i := from; i < to; i++ {
			f(i)
		}
	})
}

// stretches shares 0 ... n-1 out to at most workers goroutines; one worker is the caller's own.
func stretches(workers, n int, f func(from, to int)) {
	if workers = min(workers, n); workers <= 1 {
		f(0, n)
		return
	}
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() { f(w*n/workers, (w+1)*n/workers) })
	}
	wait.Wait()
}
