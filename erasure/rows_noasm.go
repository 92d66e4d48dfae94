//go:build purego || !amd64

package erasure

const haveGFNI = false

func kernel8([]uint64, [][]byte, [][]byte, int, int) { panic("erasure: no kernel") }
