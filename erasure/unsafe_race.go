//go:build race && amd64 && !purego

package erasure

import (
	"runtime"
	"unsafe" // runtime.RaceReadRange takes unsafe pointers
)

// raceKernel tells the race detector what the assembly reads and writes.
func raceKernel(in, out [][]byte, at, n int) {
	for _, s := range in {
		runtime.RaceReadRange(unsafe.Pointer(&s[at]), n)
	}
	for _, s := range out {
		runtime.RaceWriteRange(unsafe.Pointer(&s[at]), n)
	}
}
