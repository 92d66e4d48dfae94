//go:build race && amd64 && !purego

package blake3

import (
	"runtime"
	"unsafe" // runtime.RaceReadRange takes unsafe pointers
)

// raceHash tells the race detector what the assembly reads and writes.
func raceHash(out, in []byte, n int) {
	runtime.RaceReadRange(unsafe.Pointer(&in[0]), n)
	runtime.RaceWriteRange(unsafe.Pointer(&out[0]), lanes*32)
}
