package poseidon

import (
	"math/big"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/internal/fr8"
	"github.com/assaylab/assay/merkle/merkletest/kerneltest"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// belowModulus is canonical by big integers.
func belowModulus(d merkle.Digest) bool {
	for i := range 16 {
		d[i], d[31-i] = d[31-i], d[i]
	}
	return new(big.Int).SetBytes(d[:]).Cmp(fr.Modulus()) < 0
}

// TestCanonical walks r-1, r and r+1 changed by one in each byte.
func TestCanonical(t *testing.T) {
	r := fr.Modulus()
	for _, add := range []int64{-2, -1, 0, 1} {
		var d merkle.Digest
		new(big.Int).Add(r, big.NewInt(add)).FillBytes(d[:])
		for i := range 16 {
			d[i], d[31-i] = d[31-i], d[i]
		}
		for i := range d {
			for _, x := range []byte{0, 1, 0xff} {
				e := d
				e[i] += x
				if canonical(&e) != belowModulus(e) {
					t.Fatalf("%x", e)
				}
				if got := Canonical([]merkle.Digest{{}, {}, e}); (got == -1) != belowModulus(e) || got != -1 && got != 2 {
					t.Fatalf("Canonical of %x at 2: %d", e, got)
				}
			}
		}
	}
}

// TestAllocations: no kernel allocates per call, whatever the batch.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("race: pools drop values")
	}
	rng := rand.New(rand.NewPCG(11, 12))
	for _, arity := range Arities() {
		for _, n := range []int{1, 15, 33} {
			src, dst := someNodes(rng, n*arity), make([]merkle.Digest, n)
			for _, k := range kernels(t) {
				if arity < k.min {
					continue
				}
				k.hash(dst, src, arity, Tag(arity)) // makes the tables
				got := testing.AllocsPerRun(5, func() { k.hash(dst, src, arity, Tag(arity)) })
				if got > 0 {
					t.Errorf("%s, arity %d, %d hashes: %v allocations", k.name, arity, n, got)
				}
			}
		}
	}
	layers := make([][]byte, 11)
	for l := range layers {
		layers[l] = merkle.Bytes(someNodes(rng, 33))
	}
	dst := make([]merkle.Digest, 33)
	if got := testing.AllocsPerRun(5, func() {
		if err := Columns(dst, layers); err != nil {
			t.Error(err)
		}
	}); got > 0 {
		t.Errorf("Columns: %v allocations", got)
	}
}

// TestTogether hashes from many goroutines under two tags, on memory from the same pool.
func TestTogether(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	const n = 19
	src := someNodes(rng, n*2)
	var want [2][n]merkle.Digest
	hashGeneric(want[0][:], src, 2, Tag(2))
	hashGeneric(want[1][:], src, 2, TagUpdate)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 20 {
				var got [n]merkle.Digest
				kind := (g + i) % 2
				if err := Hash(got[:], src, 2, []uint64{Tag(2), TagUpdate}[kind]); err != nil || got != want[kind] {
					t.Errorf("goroutine %d, round %d: wrong (%v)", g, i, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestGuarded hashes nodes that end, and begin, where memory may not be touched.
func TestGuarded(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	lengths := []int{1, 2, 3, 8, 15, 16, 17, 31, 32, 33}
	for _, arity := range Arities() {
		for _, n := range lengths {
			nodes := someNodes(rng, n*arity)
			want := make([]merkle.Digest, n)
			hashGeneric(want, nodes, arity, Tag(arity))
			for _, atEnd := range []bool{true, false} {
				src, dst := kerneltest.Guarded[merkle.Digest](t, n*arity, atEnd), kerneltest.Guarded[merkle.Digest](t, n, atEnd)
				copy(src, nodes)
				for _, k := range kernels(t)[1:] {
					if arity < k.min {
						continue
					}
					k.hash(dst, src, arity, Tag(arity))
					for i := range dst {
						if dst[i] != want[i] {
							t.Fatalf("%s, arity %d, %d hashes: %d differs", k.name, arity, n, i)
						}
					}
				}
			}
		}
	}
	for _, count := range []int{2, 11} {
		for _, n := range lengths {
			layers, want := make([][]byte, count), make([]merkle.Digest, n)
			nodes := make([]merkle.Digest, n*count)
			for l := range layers {
				row := kerneltest.Guarded[merkle.Digest](t, n, true)
				copy(row, someNodes(rng, n))
				layers[l] = merkle.Bytes(row)
				for i := range row {
					nodes[i*count+l] = row[i]
				}
			}
			hashGeneric(want, nodes, count, Tag(count))
			dst := kerneltest.Guarded[merkle.Digest](t, n, true)
			columns(dst, layers)
			for i := range dst {
				if dst[i] != want[i] {
					t.Fatalf("%d layers, %d nodes: %d differs", count, n, i)
				}
			}
		}
	}
}

// TestKernelOfBuild names the path that runs, for the log of a test machine.
func TestKernelOfBuild(t *testing.T) {
	if fr8.Supported() != (Kernel() == "ifma") {
		t.Errorf("vectors %v, but kernel %s", fr8.Supported(), Kernel())
	}
	t.Logf("kernel %s", Kernel())
}
