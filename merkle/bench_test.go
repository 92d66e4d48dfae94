package merkle_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/blake3"
	"github.com/assaylab/assay/merkle/merkletest"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/merkle/sha2"
)

// trees are what is measured: a hasher, an arity and a number of leaves that hashes in a second.
var trees = []struct {
	h      merkle.Hasher
	name   string
	arity  int
	leaves uint64
	nodes  string
}{
	{sha2.SHA254{}, "sha254", 2, 1 << 20, "1Mi"},
	{sha2.SHA256{}, "sha256", 8, 1 << 18, "256Ki"},
	{blake3.Hasher{}, "blake3", 2, 1 << 18, "256Ki"},
	{poseidon.Hasher{}, "poseidon", 8, 1 << 15, "32Ki"},
	{poseidon.Hasher{}, "poseidon", 2, 1 << 12, "4Ki"},
}

func BenchmarkBuild(b *testing.B) {
	for _, c := range trees {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("hasher=%s/arity=%d/nodes=%s/workers=%d", c.name, c.arity, c.nodes, workers), func(b *testing.B) {
				s := must(merkle.Uniform(c.leaves, c.arity))
				leaves := merkletest.Leaves(c.leaves, 1)
				b.SetBytes(int64(32 * c.leaves))
				b.ReportAllocs()
				for b.Loop() {
					must(merkle.Build(b.Context(), c.h, s, leaves, &merkle.Options{Workers: workers}))
				}
				perHash(b, s.Nodes()-c.leaves)
			})
		}
	}
}

func perHash(b *testing.B, hashes uint64) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(hashes), "ns/hash")
}

// discard takes rows and drops them: what is left is the cost of streaming.
type discard struct{}

func (discard) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }

func BenchmarkBuildFiles(b *testing.B) {
	c := trees[0]
	s := must(merkle.Uniform(c.leaves, c.arity))
	leaves := merkletest.Leaves(c.leaves, 1)
	b.Run("hasher=sha254/arity=2/nodes=1Mi/workers=1", func(b *testing.B) {
		b.SetBytes(int64(32 * c.leaves))
		b.ReportAllocs()
		for b.Loop() {
			must(merkle.BuildFiles(b.Context(), c.h, s, merkle.Layout{}, merkle.FromSlice(leaves),
				[]io.WriterAt{discard{}}, &merkle.Options{Workers: 1}))
		}
		perHash(b, s.Nodes()-c.leaves)
	})
}

func BenchmarkStream(b *testing.B) {
	leaves := merkletest.Leaves(1<<18, 1)
	b.Run("hasher=sha254/arity=2/nodes=256Ki", func(b *testing.B) {
		b.SetBytes(32 << 18)
		b.ReportAllocs()
		for b.Loop() {
			s := must(merkle.NewStream(sha2.SHA254{}, 2))
			for i := 0; i < len(leaves); i += 4096 {
				if err := s.Append(leaves[i : i+4096]...); err != nil {
					b.Fatal(err)
				}
			}
		}
		perHash(b, 1<<18)
	})
}

// BenchmarkOpen opens leaves of a tree whose two lowest rows are discarded, as a window proof does.
func BenchmarkOpen(b *testing.B) {
	s := must(merkle.Uniform(1<<15, 8))
	leaves := merkletest.Leaves(s.Leaves(), 1)
	l := merkle.Layout{Detached: true, Discard: 2}
	for _, challenges := range []int{1, 10, 64} {
		b.Run(fmt.Sprintf("hasher=poseidon/discard=2/challenges=%d/workers=1", challenges), func(b *testing.B) {
			w := &memory{make([]byte, must(l.FileSize(s)))}
			must(merkle.BuildFiles(b.Context(), poseidon.Hasher{}, s, l, merkle.FromSlice(leaves), []io.WriterAt{w}, nil))
			tree := must(merkle.OpenFiles(poseidon.Hasher{}, s, l, []io.ReaderAt{w}, sliceReader(leaves)))
			indices := make([]uint64, challenges)
			for i := range indices {
				indices[i] = uint64(i*7919*13) % s.Leaves()
			}
			b.ReportAllocs()
			for b.Loop() {
				must(tree.Open(b.Context(), indices, &merkle.Options{Workers: 1}))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(challenges), "ns/challenge")
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, c := range trees {
		s := must(merkle.Uniform(c.leaves, c.arity))
		if c.leaves > 1<<15 && c.name == "poseidon" {
			continue
		}
		tree := must(merkle.Build(b.Context(), c.h, s, merkletest.Leaves(c.leaves, 1), nil))
		indices := make([]uint64, 256)
		for i := range indices {
			indices[i] = uint64(i*7919*13) % c.leaves
		}
		proofs := must(tree.Open(b.Context(), indices, nil))
		roots := []merkle.Digest{tree.Root()}
		b.Run(fmt.Sprintf("hasher=%s/arity=%d/nodes=%s/proofs=1", c.name, c.arity, c.nodes), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := merkle.Verify(c.h, s, roots[0], proofs[0]); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("hasher=%s/arity=%d/nodes=%s/proofs=256", c.name, c.arity, c.nodes), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if bad, err := merkle.VerifyBatch(b.Context(), c.h, s, roots, proofs, &merkle.Options{Workers: 1}); bad != nil || err != nil {
					b.Fatal(bad, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/256, "ns/proof")
		})
	}
}

// memory is a file in memory of fixed size.
type memory struct{ b []byte }

func (m *memory) ReadAt(b []byte, off int64) (int, error) {
	n := copy(b, m.b[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (m *memory) WriteAt(b []byte, off int64) (int, error) { return copy(m.b[off:], b), nil }

// BenchmarkLog appends to a log, and hashes the roots of many short ones.
func BenchmarkLog(b *testing.B) {
	l := merkle.Log{Sum: sha2.SumPrefix}
	leaves := merkletest.Leaves(1<<16, 1)
	b.Run("op=append/nodes=64Ki", func(b *testing.B) {
		b.SetBytes(32 << 16)
		for b.Loop() {
			merkle.NewLogTree(l).Append(leaves...)
		}
		perHash(b, 1<<16)
	})
	b.Run("op=roots/logs=256/nodes=64Ki", func(b *testing.B) {
		b.SetBytes(32 << 16)
		roots := make([]merkle.Digest, 256)
		for b.Loop() {
			l.Roots(roots, leaves)
		}
		perHash(b, 1<<16)
	})
}
