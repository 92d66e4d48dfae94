package fr8

import (
	"syscall"
	"unsafe"
)

// guarded returns n zero values that end where a page begins that may not be touched, so that a kernel
// that reads or writes past its slice faults. unsafe: the memory is a mapping, never given back.
func guarded[T any](n int) []T {
	var one T
	size := n * int(unsafe.Sizeof(one))
	page := syscall.Getpagesize()
	pages := (size+page-1)/page + 2
	m, err := syscall.Mmap(-1, 0, pages*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	if err := syscall.Mprotect(m[:page], syscall.PROT_NONE); err != nil {
		panic(err)
	}
	if err := syscall.Mprotect(m[(pages-1)*page:], syscall.PROT_NONE); err != nil {
		panic(err)
	}
	end := (pages - 1) * page
	return unsafe.Slice((*T)(unsafe.Pointer(&m[end-size])), n)
}
