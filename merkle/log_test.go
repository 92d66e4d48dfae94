package merkle_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest"
	"github.com/assaylab/assay/merkle/sha2"
)

// logEntries and logRoots are the reference tree of Certificate Transparency, certificate-transparency
// cpp/merkletree/merkle_tree_test.cc: the entries, and the roots over the first 0, 1 ... 8 of them.
var logEntries = []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}

var logRoots = []string{
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}

func logs() []merkle.Log { return []merkle.Log{{}, {Sum: sha2.SumPrefix}} }

func TestLogReference(t *testing.T) {
	for _, l := range logs() {
		tree, root := merkle.NewLogTree(l), merkle.NewLogRoot(l)
		var leaves []merkle.Digest
		for n, want := range logRoots {
			if n > 0 {
				d := l.Leaf(must(hex.DecodeString(logEntries[n-1])))
				tree.Append(d)
				root.Append(d)
				leaves = append(leaves, d)
			}
			for name, got := range map[string]merkle.Digest{
				"tree": must(tree.Root(uint64(n))), "root": root.Root(), "at once": l.Root(leaves),
			} {
				if hex.EncodeToString(got[:]) != want {
					t.Errorf("%s of %d leaves: %x, want %s", name, n, got, want)
				}
			}
		}
	}
}

// slowLog is MTH of RFC 6962, by its definition.
func slowLog(leaves []merkle.Digest) merkle.Digest {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	a, b := slowLog(leaves[:k]), slowLog(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, a[:]...), b[:]...))
}

// TestLogProofs makes and verifies every proof of logs of up to 40 leaves, and refuses each with every
// node flipped, dropped or added, and for every other index and size.
func TestLogProofs(t *testing.T) {
	const most = 40
	l := merkle.Log{}
	leaves := merkletest.Leaves(most, 9)
	tree, roots := merkle.NewLogTree(l), []merkle.Digest{}
	tree.Append(leaves[:17]...)
	tree.Append(leaves[17:]...)
	for n := range uint64(most + 1) {
		roots = append(roots, slowLog(leaves[:n]))
		if got := must(tree.Root(n)); got != roots[n] {
			t.Fatalf("root of %d: %x, want %x", n, got, roots[n])
		}
	}
	for n := range uint64(most + 1) {
		for i := range n {
			proof := must(tree.Inclusion(i, n))
			if err := l.VerifyInclusion(roots[n], n, i, leaves[i], proof); err != nil {
				t.Fatal(err)
			}
			refuse(t, proof, func(p []merkle.Digest) error { return l.VerifyInclusion(roots[n], n, i, leaves[i], p) })
			for j := range n + 2 {
				if j != i && l.VerifyInclusion(roots[n], n, j, leaves[i], proof) == nil {
					t.Fatalf("proof of leaf %d of %d accepted for %d", i, n, j)
				}
			}
		}
		for m := range n + 1 {
			proof := must(tree.Consistency(m, n))
			if err := l.VerifyConsistency(m, n, roots[m], roots[n], proof); err != nil {
				t.Fatalf("%d %d: %v", m, n, err)
			}
			refuse(t, proof, func(p []merkle.Digest) error { return l.VerifyConsistency(m, n, roots[m], roots[n], p) })
			for k := range uint64(most + 1) {
				if k != m && l.VerifyConsistency(k, n, roots[m], roots[n], proof) == nil {
					t.Fatalf("consistency of %d with %d accepted for %d", m, n, k)
				}
				if k != m && l.VerifyConsistency(m, n, roots[k], roots[n], proof) == nil {
					t.Fatalf("consistency of %d with %d accepted with the root of %d", m, n, k)
				}
			}
		}
	}
}

// refuse checks that verify accepts no change of a list of nodes.
func refuse(t *testing.T, proof []merkle.Digest, verify func([]merkle.Digest) error) {
	t.Helper()
	check := func(what string, p []merkle.Digest) {
		if err := verify(p); !errors.Is(err, merkle.ErrProof) {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for i := range proof {
		for _, bit := range []int{0, 255, 37 * i % 256} {
			p := slices.Clone(proof)
			p[i][bit/8] ^= 1 << (bit % 8)
			check(fmt.Sprintf("node %d bit %d", i, bit), p)
		}
		check(fmt.Sprintf("node %d dropped", i), slices.Delete(slices.Clone(proof), i, i+1))
	}
	for i := range len(proof) + 1 {
		check(fmt.Sprintf("node added at %d", i), slices.Insert(slices.Clone(proof), i, merkle.Digest{1}))
	}
}

// TestLogPerfect: a perfect log is a tree of the hasher Log.
func TestLogPerfect(t *testing.T) {
	for _, l := range logs() {
		merkletest.Conform(t, merkletest.Case{Hasher: l, Arities: []int{2}})
		for n := uint64(2); n <= 256; n *= 2 {
			leaves := merkletest.Leaves(n, 4)
			s := must(merkle.Uniform(n, 2))
			tree := must(merkle.Build(t.Context(), l, s, leaves, nil))
			if tree.Root() != l.Root(leaves) || tree.Root() != slowLog(leaves) {
				t.Errorf("%d leaves: roots differ", n)
			}
		}
	}
}

func TestLogManyRoots(t *testing.T) {
	for _, l := range logs() {
		for n := range 35 {
			for _, logs := range []int{0, 1, 3, 8} {
				leaves := merkletest.Leaves(uint64(n*logs), 5)
				got := make([]merkle.Digest, logs)
				l.Roots(got, leaves)
				for i, d := range got {
					if d != slowLog(leaves[i*n:(i+1)*n]) {
						t.Fatalf("log %d of %d with %d leaves", i, logs, n)
					}
				}
			}
		}
		data := make([]byte, 7*513)
		for i := range data {
			data[i] = byte(i * i)
		}
		hashes := make([]merkle.Digest, 7)
		l.Leaves(hashes, data, 513)
		for i, d := range hashes {
			if want := sha256.Sum256(append([]byte{0}, data[i*513:(i+1)*513]...)); d != want {
				t.Fatalf("leaf %d", i)
			}
		}
	}
}

func TestLogRootLong(t *testing.T) {
	l := merkle.Log{Sum: sha2.SumPrefix}
	leaves := merkletest.Leaves(5000, 6)
	tree, root := merkle.NewLogTree(l), merkle.NewLogRoot(l)
	for rest := leaves; len(rest) > 0; {
		n := min(len(rest), 1+len(rest)/3)
		tree.Append(rest[:n]...)
		root.Append(rest[:n]...)
		rest = rest[n:]
	}
	want := slowLog(leaves)
	if root.Root() != want || must(tree.Root(5000)) != want || root.Size() != 5000 || tree.Size() != 5000 {
		t.Fatal("roots differ")
	}
}

// TestZeroLogTree: the zero value is an empty log; its methods panicked.
func TestZeroLogTree(t *testing.T) {
	var log merkle.LogTree
	if root, err := log.Root(0); err != nil || root != (merkle.Log{}).Empty() || log.Size() != 0 {
		t.Errorf("%d leaves, root %x: %v", log.Size(), root, err)
	}
	log.Append(merkle.Digest{1}, merkle.Digest{2})
	if root, err := log.Root(2); err != nil || root != (merkle.Log{}).Root([]merkle.Digest{{1}, {2}}) {
		t.Errorf("root %x: %v", root, err)
	}
}
