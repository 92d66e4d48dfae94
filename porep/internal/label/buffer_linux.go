package label

import (
	"fmt"
	"syscall"
)

// alloc maps zeroed memory, aligned to a huge page and backed by huge pages where the kernel has them: labels
// are read at random, and pages of 4 KiB would cost a page walk each.
func alloc(n int) (mapping, b []byte, err error) {
	mapping, err = syscall.Mmap(-1, 0, n+huge, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, nil, fmt.Errorf("label: map %d bytes: %w", n, err)
	}
	skip := -address(mapping) & (huge - 1)
	b = mapping[skip : skip+n : skip+n]
	if n >= huge {
		// Advice only: without transparent huge pages the memory is as good, only slower.
		_ = syscall.Madvise(b[:n&^(huge-1)], syscall.MADV_HUGEPAGE)
	}
	return mapping, b, nil
}

func release(mapping []byte) error { return syscall.Munmap(mapping) }
