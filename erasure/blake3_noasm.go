//go:build purego || !amd64

package erasure

const haveHash16 = false

// hash16 is the plain twin of the kernel.
func hash16(out, in []byte, stride, blocks int, counter, first, middle, last uint32) {
	hash16Generic(out, in, stride, blocks, counter, first, middle, last)
}
