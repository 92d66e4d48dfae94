package label

import "unsafe"

// address returns where b lies, to align a mapping to huge pages. b must not be empty.
func address(b []byte) int { return int(uintptr(unsafe.Pointer(&b[0]))) }
