package kerneltest

import (
	"syscall"
	"testing"
	"unsafe"
)

// Guarded returns n zero values of a type without pointers beside pages nobody may touch: a kernel that reads or writes
// outside of its arguments there ends the process. They end where a forbidden page begins if end is set, else they
// begin where one ends; values that fill whole pages have one on either side. The slice cannot grow, and is gone when the
// test ends. Systems other than Linux give ordinary memory.
//
// unsafe: the memory is a mapping, of which the collector knows nothing.
func Guarded[T any](t testing.TB, n int, end bool) []T {
	t.Helper()
	page, size := syscall.Getpagesize(), n*int(unsafe.Sizeof(*new(T)))
	inner := (size + page - 1) / page * page
	m, err := syscall.Mmap(-1, 0, page+inner+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal("kerneltest: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(m); err != nil {
			t.Error("kerneltest: ", err)
		}
	})
	for _, forbidden := range [][]byte{m[:page], m[page+inner:]} {
		if err := syscall.Mprotect(forbidden, syscall.PROT_NONE); err != nil {
			t.Fatal("kerneltest: ", err)
		}
	}
	at := page
	if end {
		at += inner - size
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&m[at])), n)
}
