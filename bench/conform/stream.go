package main

import (
	"crypto/sha256"
	"encoding/binary"
)

// stream returns the first n bytes of SHA256(label || u64le(0)) || SHA256(label || u64le(1)) || ..., the rule by which the
// Filecoin vectors name their inputs (vectors/filecoin/README.md).
func stream(label string, n int) []byte {
	out := make([]byte, 0, (n+31)/32*32)
	for i := uint64(0); len(out) < n; i++ {
		sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(label), i))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

// b32 is stream(label, 32).
func b32(label string) [32]byte { return [32]byte(stream(label, 32)) }

// f32 is b32 with the two top bits cleared: always a field element.
func f32(label string) [32]byte {
	b := b32(label)
	b[31] &= 0x3f
	return b
}
