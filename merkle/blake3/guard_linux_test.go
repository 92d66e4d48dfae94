package blake3

import (
	"slices"
	"syscall"
	"testing"

	"github.com/assaylab/assay/merkle"
)

// guarded returns n nodes that end, or begin, at a page that may not be touched.
func guarded(t *testing.T, n int, atEnd bool) []merkle.Digest {
	t.Helper()
	page := syscall.Getpagesize()
	size := (32*n + page - 1) / page * page
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
	if atEnd {
		return merkle.Digests(m[page+size-32*n : page+size])
	}
	return merkle.Digests(m[page : page+32*n])
}

// TestGuarded hashes groups that end, and begin, where memory may not be touched.
func TestGuarded(t *testing.T) {
	for _, arity := range []int{2, 3, 8, 11, 31, 32} {
		for _, n := range []int{15, 16, 17, 31, 32, 47} {
			for _, atEnd := range []bool{false, true} {
				src, dst := guarded(t, n*arity, atEnd), guarded(t, n, atEnd)
				copy(merkle.Bytes(src), randomBytes(uint64(arity), 32*len(src)))
				want := make([]merkle.Digest, n)
				parentsGeneric(want, src, arity)
				Hasher{}.Parents(dst, src, arity)
				if !slices.Equal(dst, want) {
					t.Fatalf("arity %d, %d groups differ", arity, n)
				}
			}
		}
	}
}
