package merkle

import "unsafe"

// This file views nodes as bytes and back without a copy: trees are read and written as they lie in
// memory, and a copy of every node would cost as much as a fast hash. A Digest is an array of bytes,
// so it has alignment 1 and no padding, and both directions are sound for every address.

// Bytes returns the memory of nodes as bytes. The result aliases nodes.
func Bytes(nodes []Digest) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(nodes))), 32*len(nodes))
}

// Digests returns the whole nodes in b; bytes after the last whole node are left out. The result
// aliases b.
func Digests(b []byte) []Digest {
	return unsafe.Slice((*Digest)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/32)
}
