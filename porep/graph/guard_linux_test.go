//go:build amd64 && !purego

package graph

import (
	"syscall"
	"testing"
	"unsafe"
)

// guarded returns a zero value that ends, or begins, at a page that may not be touched.
func guarded[T any](t *testing.T, atEnd bool) *T {
	t.Helper()
	page := syscall.Getpagesize()
	m, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(m) })
	for _, guard := range [][]byte{m[:page], m[2*page:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	at := page
	if atEnd {
		at = 2*page - int(unsafe.Sizeof(*new(T)))
	}
	return (*T)(unsafe.Pointer(&m[at]))
}

// TestGuarded lets the kernel read and write nothing outside of its arguments: they lie against forbidden pages.
func TestGuarded(t *testing.T) {
	if !hasAVX512 {
		t.Skip("kernel: this processor or build has no avx512")
	}
	for _, atEnd := range []bool{false, true} {
		seed, got := guarded[[7]uint32](t, atEnd), guarded[[20][streamLanes]uint32](t, atEnd)
		var want [20][streamLanes]uint32
		*seed = [7]uint32{1, 2, 3, 4, 5, 6, 7}
		drgStreamsAVX512(seed, 1<<32-5, got)
		drgStreamsGeneric(seed, 1<<32-5, &want)
		if *got != want {
			t.Errorf("at the end %v: the streams differ", atEnd)
		}
	}
}
