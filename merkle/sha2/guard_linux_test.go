//go:build amd64 && !purego

package sha2

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/assaylab/assay/merkle"
)

// guarded returns n bytes that end at a page nobody may touch, or begin behind one.
func guarded(t *testing.T, n int, end bool) []byte {
	t.Helper()
	page := syscall.Getpagesize()
	size := (n + page - 1) / page * page
	m, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(m) })
	for _, guard := range [][]byte{m[:page], m[page+size:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	if end {
		return m[page+size-n : page+size : page+size]
	}
	return m[page : page+n : page+n]
}

// TestGuarded lets no kernel read or write a byte outside its slices: they lie against forbidden pages.
func TestGuarded(t *testing.T) {
	for p := range paths {
		if !has[p] || p == generic {
			continue
		}
		for _, size := range []int{1, 55, 56, 63, 64, 65, 119, 128, 184, 185, 512, 513, 1000} {
			for _, n := range []int{4, 5, 6, 7, 32, 33, 47, 64} {
				for _, prefix := range []int{0, 1, 63} {
					for _, end := range []bool{false, true} {
						src, pre := guarded(t, n*size, end), guarded(t, prefix+1, end)[:prefix]
						if end {
							pre = guarded(t, prefix+1, end)[1:]
						}
						out := guarded(t, 32*n, end)
						copy(src, random(byte(n), len(src)))
						copy(pre, random(byte(n), len(pre)))
						dst := unsafe.Slice((*merkle.Digest)(out), n)
						want := make([]merkle.Digest, n)
						sumBy(p, dst, pre, src, size, 0xff)
						sumGeneric(want, pre, src, size, 0xff)
						for i := range want {
							if dst[i] != want[i] {
								t.Fatalf("path %d size %d n %d prefix %d end %v: digest %d differs", p, size, n, prefix, end, i)
							}
						}
					}
				}
			}
		}
	}
}
