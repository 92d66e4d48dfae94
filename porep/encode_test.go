package porep

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/assaylab/assay/merkle"
)

// digest writes a number little-endian.
func digest(n *big.Int) (d merkle.Digest) {
	n.FillBytes(d[:])
	slices.Reverse(d[:])
	return d
}

func number(d merkle.Digest) *big.Int {
	slices.Reverse(d[:])
	return new(big.Int).SetBytes(d[:])
}

// edges are the numbers around the limits of the field and of the words.
func edges() []*big.Int {
	r := fr.Modulus()
	out := []*big.Int{big.NewInt(0), big.NewInt(1), new(big.Int).Rsh(r, 1)}
	for i := int64(1); i < 4; i++ {
		out = append(out, new(big.Int).Sub(r, big.NewInt(i)))
	}
	for _, bit := range []uint{32, 63, 64, 127, 128, 191, 192, 253, 254} {
		p := new(big.Int).Lsh(big.NewInt(1), bit)
		out = append(out, p, new(big.Int).Sub(p, big.NewInt(1)), new(big.Int).Add(p, big.NewInt(1)))
	}
	return out
}

// TestEncode holds encodeNodes and decodeNodes against math/big, in place as well.
func TestEncode(t *testing.T) {
	r := fr.Modulus()
	rng := rand.New(rand.NewPCG(1, 2))
	var data, key []merkle.Digest
	for _, a := range edges() {
		for _, b := range edges() {
			data, key = append(data, digest(a)), append(key, digest(b))
		}
	}
	for range 1000 {
		a, b := new(big.Int), new(big.Int)
		for range 4 {
			a.Add(a.Lsh(a, 64), new(big.Int).SetUint64(rng.Uint64()))
			b.Add(b.Lsh(b, 64), new(big.Int).SetUint64(rng.Uint64()))
		}
		data, key = append(data, digest(a.Mod(a, r))), append(key, digest(b.Mod(b, r)))
	}
	sealed := make([]merkle.Digest, len(data))
	if bad := encodeNodes(sealed, data, key); bad >= 0 {
		t.Fatal("node", bad, "is refused")
	}
	for i := range data {
		sum := new(big.Int).Add(number(data[i]), number(key[i]))
		if want := digest(sum.Mod(sum, r)); sealed[i] != want {
			t.Fatalf("%x + %x = %x, want %x", data[i], key[i], sealed[i], want)
		}
	}
	if bad := decodeNodes(sealed, sealed, key); bad >= 0 || !slices.Equal(sealed, data) {
		t.Error("decoding in place does not give the data back; bad node", bad)
	}
}

// TestEncodeRefuses offers numbers that are not reduced, as data, key and replica.
func TestEncodeRefuses(t *testing.T) {
	good := make([]merkle.Digest, 3)
	for _, n := range []*big.Int{fr.Modulus(), new(big.Int).Add(fr.Modulus(), big.NewInt(1)), new(big.Int).Lsh(big.NewInt(1), 255), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))} {
		bad := []merkle.Digest{{}, {}, digest(n)}
		dst := make([]merkle.Digest, 3)
		for i, at := range []int{encodeNodes(dst, bad, good), encodeNodes(dst, good, bad), decodeNodes(dst, bad, good), decodeNodes(dst, good, bad)} {
			if at != 2 {
				t.Errorf("%x, way %d: got place %d, want 2", bad[2], i, at)
			}
		}
	}
}

// FuzzEncode holds one node against fr.Element.
func FuzzEncode(f *testing.F) {
	f.Add(make([]byte, 64))
	f.Add([]byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 64 {
			return
		}
		d, k := []merkle.Digest{merkle.Digest(b)}, []merkle.Digest{merkle.Digest(b[32:])}
		dst := make([]merkle.Digest, 1)
		r := fr.Modulus()
		canonical := number(d[0]).Cmp(r) < 0 && number(k[0]).Cmp(r) < 0
		if bad := encodeNodes(dst, d, k); (bad < 0) != canonical {
			t.Fatalf("%x + %x: bad %d", d, k, bad)
		}
		if !canonical {
			return
		}
		sum := new(big.Int).Add(number(d[0]), number(k[0]))
		if want := digest(sum.Mod(sum, r)); dst[0] != want {
			t.Fatalf("%x + %x = %x, want %x", d, k, dst, want)
		}
		if decodeNodes(dst, dst, k) >= 0 || dst[0] != d[0] {
			t.Fatal("not decoded")
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	const n = 1 << 15
	data, key := make([]merkle.Digest, n), make([]merkle.Digest, n)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range data {
		for k := range 31 {
			data[i][k], key[i][k] = byte(rng.Uint32()), byte(rng.Uint32())
		}
	}
	b.SetBytes(32 * n)
	b.ReportAllocs()
	for b.Loop() {
		if encodeNodes(data, data, key) >= 0 {
			b.Fatal("refused")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/node")
}
