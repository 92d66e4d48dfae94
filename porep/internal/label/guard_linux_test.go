//go:build amd64 && !purego

package label

import (
	"bytes"
	"syscall"
	"testing"
	"unsafe"
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

// TestGuarded lets no kernel touch a byte outside of its layers and parents, good or bad: they lie against
// forbidden pages.
func TestGuarded(t *testing.T) {
	for _, lanes := range laneCounts {
		for _, nodes := range []uint64{2, 5, 13, 127, 128, 129, 300} {
			for _, end := range []bool{false, true} {
				n := int(nodes) * Size * lanes
				par := unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(guarded(t, int(nodes)*4*Degree, end)))), nodes*Degree)
				copy(par, parents(byte(nodes), nodes, 0, true))
				id := ids(3, lanes)
				want := chain(t, id, 2, nodes, par, nodes)
				l, _ := New(id...)
				one, two := guarded(t, n, end), guarded(t, n, end)
				if err := l.Label(1, 0, par, one, nil); err != nil {
					t.Fatal(err)
				}
				if err := l.Label(2, 0, par, two, one); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(one, want[0]) || !bytes.Equal(two, want[1]) {
					t.Fatalf("lanes %d nodes %d end %v: labels differ", lanes, nodes, end)
				}
				for _, bad := range []uint32{uint32(nodes), 1<<32 - 1} {
					par[len(par)-1] = bad
					if l.Label(2, 0, par, two, one) == nil {
						t.Fatalf("parent %d of %d nodes: no error", bad, nodes)
					}
				}
			}
		}
	}
}
