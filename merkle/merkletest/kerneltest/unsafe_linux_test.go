package kerneltest

import (
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"
)

var sink byte

// faults says whether reading a byte so far from an address faults.
func faults(p unsafe.Pointer, offset int) (fault bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { fault = recover() != nil }()
	sink = *(*byte)(unsafe.Add(p, offset))
	return false
}

// TestGuarded touches the bytes at either end and those beside them.
func TestGuarded(t *testing.T) {
	page := syscall.Getpagesize()
	for _, n := range []int{0, 1, 5, page/12 - 1, page / 4, page/4 + 1, page / 2} {
		for _, end := range []bool{false, true} {
			s := Guarded[[3]uint32](t, n, end)
			if len(s) != n || cap(s) != n {
				t.Fatalf("%d values, room for %d, want %d", len(s), cap(s), n)
			}
			p, size := unsafe.Pointer(unsafe.SliceData(s)), 12*n
			if whole := size%page == 0; faults(p, -1) != (whole || !end) || faults(p, size) != (whole || end) {
				t.Errorf("%d bytes, end %v: wrong side guarded", size, end)
			}
			for i := range s {
				if s[i] != [3]uint32{} {
					t.Fatalf("%d values: %d is %v", n, i, s[i])
				}
				s[i][2]++
			}
		}
	}
}
