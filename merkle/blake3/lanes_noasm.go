//go:build purego || !amd64

package blake3

const haveLanes = false

// hash16 is the plain twin of the kernel.
func hash16(out, in []byte, stride, blocks, size int, counters *[lanes]uint32, first, end uint32) {
	hash16Generic(out, in, stride, blocks, size, counters, first, end)
}
