package poseidon

import (
	"syscall"

	"github.com/assaylab/assay/merkle"
)

// guarded returns n zero nodes that end, or begin, at a page that may not be touched.
func guarded(n int, atEnd bool) (nodes []merkle.Digest, free func()) {
	page := syscall.Getpagesize()
	pages := (32*n+page-1)/page + 2
	m, err := syscall.Mmap(-1, 0, pages*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	end := (pages - 1) * page
	for _, guard := range [][]byte{m[:page], m[end:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			panic(err)
		}
	}
	inner := m[page:end]
	if atEnd {
		inner = inner[len(inner)-32*n:]
	}
	return merkle.Digests(inner[:32*n]), func() {
		if err := syscall.Munmap(m); err != nil {
			panic(err)
		}
	}
}
