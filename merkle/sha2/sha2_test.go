package sha2_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// random returns n bytes that depend on seed alone.
func random(seed byte, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// digests cuts random bytes into nodes, each with its two top bits cleared.
func digests(seed byte, n int) []merkle.Digest {
	b := random(seed, 32*n)
	d := make([]merkle.Digest, n)
	for i := range d {
		copy(d[i][:], b[32*i:])
		d[i][31] &= 0x3f
	}
	return d
}

// TestFIPS holds the examples of FIPS 180-4 and the empty message against Sum.
func TestFIPS(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	} {
		for n := 1; n <= 9; n++ {
			var src []byte
			for range n {
				src = append(src, c.in...)
			}
			dst := make([]merkle.Digest, n)
			sha2.Sum(dst, src, len(c.in))
			for i := range dst {
				if got := hex.EncodeToString(dst[i][:]); got != c.want {
					t.Fatalf("%q, message %d of %d: got %s, want %s", c.in, i, n, got, c.want)
				}
			}
		}
	}
}

// TestZeroNodes holds the cut hasher against the published comm_d of an empty 2 KiB sector, a tree of 64 zero
// leaves.
func TestZeroNodes(t *testing.T) {
	level := make([]merkle.Digest, 64)
	for len(level) > 1 {
		next := make([]merkle.Digest, len(level)/2)
		sha2.SHA254{}.Parents(next, level, 2)
		level = next
	}
	const want = "fc7e928296e516faade986b28f92d44a4f24b935485223376a799027bc18f833"
	if got := hex.EncodeToString(level[0][:]); got != want {
		t.Errorf("root of 64 zero leaves: got %s, want %s", got, want)
	}
}

// TestParents holds both hashers, every arity and every lane tail against crypto/sha256.
func TestParents(t *testing.T) {
	for arity := 2; arity <= 64; arity++ {
		for n := 0; n <= 11; n++ {
			src := digests(byte(arity), arity*n)
			whole, cut := make([]merkle.Digest, n), make([]merkle.Digest, n)
			sha2.SHA256{}.Parents(whole, src, arity)
			sha2.SHA254{}.Parents(cut, src, arity)
			for i := range n {
				var m []byte
				for _, d := range src[i*arity : (i+1)*arity] {
					m = append(m, d[:]...)
				}
				want := sha256.Sum256(m)
				if whole[i] != want {
					t.Fatalf("sha256 arity %d n %d: node %d is wrong", arity, n, i)
				}
				want[31] &= 0x3f
				if cut[i] != want {
					t.Fatalf("sha254 arity %d n %d: node %d is wrong", arity, n, i)
				}
			}
		}
	}
}

// TestSum holds Sum and SumPrefix against crypto/sha256 over every length and lane tail.
func TestSum(t *testing.T) {
	for size := range 600 {
		for _, n := range []int{0, 1, 2, 3, 4, 5, 7, 8, 13} {
			for _, plen := range []int{0, 1, 29, 63, 64, 65} {
				checkSum(t, random(byte(size), plen), random(byte(n), n*size), n, size)
			}
		}
	}
	for _, size := range []int{4000, 4095, 4096, 4097, 10000} {
		checkSum(t, nil, random(1, 6*size), 6, size)
		checkSum(t, []byte{0}, random(1, 6*size), 6, size)
	}
}

func checkSum(t *testing.T, prefix, src []byte, n, size int) {
	t.Helper()
	dst := make([]merkle.Digest, n)
	sha2.SumPrefix(dst, prefix, src, size)
	for i := range dst {
		want := sha256.Sum256(append(prefix[:len(prefix):len(prefix)], src[i*size:(i+1)*size]...))
		if dst[i] != want {
			t.Fatalf("prefix %d size %d n %d: message %d is wrong", len(prefix), size, n, i)
		}
	}
}

// TestSizes expects a panic wherever the sizes of a call do not fit together.
func TestSizes(t *testing.T) {
	for name, call := range map[string]func(){
		"short src":     func() { sha2.Sum(make([]merkle.Digest, 2), make([]byte, 19), 10) },
		"long src":      func() { sha2.Sum(make([]merkle.Digest, 2), make([]byte, 21), 10) },
		"negative size": func() { sha2.Sum(make([]merkle.Digest, 1), nil, -1) },
		"huge size":     func() { sha2.Sum(make([]merkle.Digest, 4), nil, math.MaxInt/4+1) },
		"arity 1":       func() { sha2.SHA256{}.Parents(make([]merkle.Digest, 1), make([]merkle.Digest, 1), 1) },
		"arity 65":      func() { sha2.SHA256{}.Parents(make([]merkle.Digest, 1), make([]merkle.Digest, 65), 65) },
		"odd children":  func() { sha2.SHA254{}.Parents(make([]merkle.Digest, 1), make([]merkle.Digest, 3), 2) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
}

// TestAdversaryNodes offers the four aliases of a cut node to Canonical (M11): only the node itself passes.
func TestAdversaryNodes(t *testing.T) {
	t.Run("M11", func(t *testing.T) {
		tried, accepted, panics := 0, 0, 0
		nodes := digests(11, 257)
		for i := range nodes {
			for bits := byte(0x40); bits != 0; bits += 0x40 {
				nodes[i][31] |= bits
				tried++
				if (sha2.SHA254{}).Canonical(nodes) != i {
					accepted++
				}
				nodes[i][31] &= 0x3f
			}
		}
		if i := (sha2.SHA254{}).Canonical(nodes); i != -1 {
			t.Errorf("canonical nodes: got %d, want -1", i)
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "M11", tried, accepted, panics)
		if accepted != 0 || panics != 0 {
			t.Fail()
		}
	})
}

// TestAllocs holds every entry to its budget of no allocation.
func TestAllocs(t *testing.T) {
	src, dst := digests(1, 64), make([]merkle.Digest, 32)
	raw, prefix := random(2, 513*32), []byte{1}
	for name, call := range map[string]func(){
		"Parents":   func() { sha2.SHA254{}.Parents(dst, src, 2) },
		"Sum":       func() { sha2.Sum(dst, raw, 513) },
		"SumPrefix": func() { sha2.SumPrefix(dst, prefix, raw, 513) },
	} {
		if n := testing.AllocsPerRun(20, call); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

func ExampleSumPrefix() {
	// Two leaves of RFC 6962: the tag 0 before each.
	leaves := []byte("onetwo")
	dst := make([]merkle.Digest, 2)
	sha2.SumPrefix(dst, []byte{0}, leaves, 3)
	fmt.Printf("%x\n%x\n", dst[0][:8], dst[1][:8])
	// Output:
	// d0d7360ab79f58ab
	// ab1ab7f07c7c8fe0
}

func ExampleSHA254() {
	src := make([]merkle.Digest, 2)
	dst := make([]merkle.Digest, 1)
	sha2.SHA254{}.Parents(dst, src, 2)
	fmt.Printf("%x\n", dst[0])
	// Output: f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb0b
}
