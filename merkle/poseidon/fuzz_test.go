package poseidon

import (
	"testing"

	"github.com/assaylab/assay/merkle"
)

// FuzzHash gives any bytes to every kernel: refused if they are no nodes, else hashed alike.
func FuzzHash(f *testing.F) {
	for i, e := range edges {
		f.Add(append(append([]byte(nil), e[:]...), edges[(i+5)%len(edges)][:]...), uint8(i), uint64(i))
	}
	f.Add(make([]byte, 32*11*17), uint8(4), uint64(2047))
	f.Add([]byte{0xff}, uint8(1), uint64(0))
	f.Fuzz(func(t *testing.T, b []byte, pick uint8, tag uint64) {
		arity := Arities()[int(pick)%len(Arities())]
		src := merkle.Digests(b[:len(b)/32*32])
		src = src[:min(len(src), 40*arity)/arity*arity]
		want, got := make([]merkle.Digest, len(src)/arity), make([]merkle.Digest, len(src)/arity)
		err := Hash(got, src, arity, tag)
		if bad := Canonical(src) >= 0; bad != (err != nil) {
			t.Fatalf("canonical %v, but error %v", !bad, err)
		}
		if err != nil {
			return
		}
		hashGeneric(want, src, arity, tag)
		for _, k := range kernels(t)[1:] {
			if arity < k.min {
				continue
			}
			k.hash(got, src, arity, tag)
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("%s, arity %d: %d is %x, want %x", k.name, arity, i, got[i], want[i])
				}
			}
		}
	})
}

// FuzzCanonical compares Canonical with the arithmetic of big integers.
func FuzzCanonical(f *testing.F) {
	for _, e := range edges {
		f.Add(e[:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d merkle.Digest
		copy(d[:], b)
		if got, want := Canonical([]merkle.Digest{d}) < 0, belowModulus(d); got != want {
			t.Fatalf("%x: canonical %v, want %v", d, got, want)
		}
	})
}
