//go:build linux && !arm && !ppc64 && !ppc64le

package durable

import (
	"os"
	"syscall"
)

// writeOut asks the kernel to begin writing what is dirty of f. It waits for nothing and takes no error away: what fails is
// told by the next Sync (only the flags that wait would clear it).
func writeOut(f *os.File) {
	const begin = 2 // SYNC_FILE_RANGE_WRITE
	_ = syscall.SyncFileRange(int(f.Fd()), 0, 0, begin)
}
