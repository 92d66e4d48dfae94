package poseidon

import (
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/internal/fr8"
	"github.com/assaylab/assay/merkle/merkletest/kerneltest"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A kernel is one way to hash; min is the smallest arity it takes.
type kernel struct {
	name    string
	min     int
	hash    func(dst, src []merkle.Digest, arity int, tag uint64)
	columns func(dst []merkle.Digest, layers [][]byte)
}

// kernels lists those this processor has, the definition first.
func kernels(t testing.TB) []kernel {
	ks := []kernel{
		{"generic", 1, hashGeneric, nil},
		{"scalar", 1, hashScalar, nil},
	}
	if fr8.Supported() {
		ks = append(ks, kernel{"ifma", 2, hashLanes, columnLanes})
	} else {
		t.Log(kerneltest.Missing("ifma"))
	}
	return ks
}

// setPath selects a path until the test ends.
func setPath(t testing.TB, p path) {
	old := best
	best = p
	t.Cleanup(func() { best = old })
}

// edges are values at which carries and reductions turn.
var edges = func() []merkle.Digest {
	r := fr.Modulus()
	power := func(n uint, add int64) *big.Int {
		x := new(big.Int).Lsh(big.NewInt(1), n)
		return x.Add(x, big.NewInt(add))
	}
	var out []merkle.Digest
	for _, x := range []*big.Int{
		big.NewInt(0), big.NewInt(1), big.NewInt(2), new(big.Int).Sub(r, big.NewInt(1)), new(big.Int).Sub(r, big.NewInt(2)),
		power(52, -1), power(52, 0), power(64, -1), power(104, -1), power(208, -1), power(208, 0), power(254, 0), power(254, -1),
		new(big.Int).Rsh(r, 1), new(big.Int).Sub(r, power(52, 0)), new(big.Int).Sub(r, power(208, 0)),
	} {
		var d merkle.Digest
		x.FillBytes(d[:])
		for i := range 16 {
			d[i], d[31-i] = d[31-i], d[i]
		}
		out = append(out, d)
	}
	return out
}()

// someNodes returns n canonical nodes, a third of them edge values.
func someNodes(rng *rand.Rand, n int) []merkle.Digest {
	out := make([]merkle.Digest, n)
	for i := range out {
		if rng.IntN(3) == 0 {
			out[i] = edges[rng.IntN(len(edges))]
			continue
		}
		for ok := false; !ok; ok = canonical(&out[i]) {
			for j := 0; j < 32; j += 8 {
				binary.LittleEndian.PutUint64(out[i][j:], rng.Uint64())
			}
			out[i][31] &= 0x7f
		}
	}
	return out
}

// TestKernels holds every kernel against the definition, over every batch length up to 40, so every tail.
func TestKernels(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, arity := range Arities() {
		const most = 40
		src := someNodes(rng, most*arity)
		before := append([]merkle.Digest(nil), src...)
		for _, tag := range []uint64{Tag(arity), TagUpdate, 0, 1<<64 - 1} {
			want := make([]merkle.Digest, most)
			hashGeneric(want, src, arity, tag)
			for _, k := range kernels(t) {
				for n := 0; n <= most && arity >= k.min; n++ {
					if tag != Tag(arity) && n%13 != 1 {
						continue
					}
					got := make([]merkle.Digest, most)
					k.hash(got[:n], src[:n*arity], arity, tag)
					for i := range got {
						if i < n && got[i] != want[i] || i >= n && got[i] != (merkle.Digest{}) {
							t.Fatalf("%s, arity %d, tag %d, %d hashes: number %d is %x, want %x", k.name, arity, tag, n, i, got[i], want[i])
						}
					}
				}
			}
		}
		for i := range src {
			if src[i] != before[i] {
				t.Fatalf("arity %d: input %d changed", arity, i)
			}
		}
	}
}

// TestEdges hashes groups of one edge value, and of two mixed, in all lanes and in one lane only.
func TestEdges(t *testing.T) {
	for _, arity := range Arities() {
		var src []merkle.Digest
		for _, a := range edges {
			for _, b := range edges {
				for j := range arity {
					src = append(src, []merkle.Digest{a, b}[j%2])
				}
			}
		}
		n := len(src) / arity
		want, got := make([]merkle.Digest, n), make([]merkle.Digest, n)
		hashGeneric(want, src, arity, Tag(arity))
		for _, k := range kernels(t)[1:] {
			if arity < k.min {
				continue
			}
			k.hash(got, src, arity, Tag(arity))
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("%s, arity %d: group %d is %x, want %x", k.name, arity, i, got[i], want[i])
				}
			}
		}
	}
}

// TestColumns holds Columns on every path against hashes of gathered columns.
func TestColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, arity := range []int{2, 11} {
		for n := 0; n <= 40; n++ {
			nodes := someNodes(rng, n*arity)
			layers := make([][]byte, arity)
			for i := range nodes {
				layers[i%arity] = append(layers[i%arity], nodes[i][:]...)
			}
			want, got := make([]merkle.Digest, n), make([]merkle.Digest, n)
			hashGeneric(want, nodes, arity, Tag(arity))
			for _, p := range []path{pathGeneric, pathScalar, pathIFMA} {
				if p == pathIFMA && !fr8.Supported() {
					continue
				}
				setPath(t, p)
				if err := Columns(got, layers); err != nil {
					t.Fatal(err)
				}
				for i := range got {
					if got[i] != want[i] {
						t.Fatalf("%v, %d layers of %d nodes: %d differs", p, arity, n, i)
					}
				}
			}
		}
	}
}
