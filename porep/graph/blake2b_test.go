package graph

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"golang.org/x/crypto/blake2b"
)

// TestBlake2b holds the cut form against golang.org/x/crypto.
func TestBlake2b(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for i := range 20000 {
		m0, m1 := r.Uint64(), r.Uint64()
		if i < 64 {
			m0, m1 = 1<<i, ^uint64(0)<<i
		}
		var msg [16]byte
		binary.LittleEndian.PutUint64(msg[:], m0)
		binary.LittleEndian.PutUint64(msg[8:], m1)
		sum := blake2b.Sum512(msg[:])
		if got, want := blake2bFirst(m0, m1), binary.LittleEndian.Uint64(sum[:]); got != want {
			t.Fatalf("%x %x: %x, want %x", m0, m1, got, want)
		}
	}
}

func BenchmarkBlake2b(b *testing.B) {
	for b.Loop() {
		blake2bFirst(uint64(b.N), 2)
	}
}
