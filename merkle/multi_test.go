package merkle_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest"
)

func TestStream(t *testing.T) {
	h := merkletest.Strict{}
	for _, arities := range [][]int{{2}, {8}, {3}, {2, 3, 5, 7}, {8, 8, 8, 2}, {11, 2}} {
		leaves := merkletest.Leaves(1<<13, 21)
		for _, step := range []int{1, 7, 8, 500, 1 << 13} {
			s := must(merkle.NewStream(h, arities...))
			perfect := 0
			for n := 0; n < len(leaves); {
				k := min(step, len(leaves)-n)
				if err := s.Append(leaves[n : n+k]...); err != nil {
					t.Fatal(err)
				}
				n += k
				shape, root, err := s.Root()
				want, ok := streamShape(uint64(n), arities)
				if ok != (err == nil) {
					t.Fatalf("%v after %d leaves: %v", arities, n, err)
				}
				if !ok {
					if !errors.Is(err, merkle.ErrShape) {
						t.Fatal(err)
					}
					continue
				}
				perfect++
				rows := merkletest.Slow(h, want, leaves[:n])
				if shape != want || root != rows[want.Depth()][0] {
					t.Fatalf("%v after %d leaves by %d: %v %x, want %v", arities, n, step, shape, root, want)
				}
			}
			if step == 1 && perfect < 2 {
				t.Fatalf("%v: %d roots", arities, perfect)
			}
			if s.Leaves() != uint64(len(leaves)) {
				t.Fatal("count")
			}
		}
	}
}

func streamShape(n uint64, arities []int) (merkle.Shape, bool) {
	var list []int
	for p := uint64(1); p < n; {
		list = append(list, arities[min(len(list), len(arities)-1)])
		p *= uint64(list[len(list)-1])
	}
	s, err := merkle.Mixed(list...)
	return s, err == nil && s.Leaves() == n
}

// TestStreamRoots appends subtrees by their roots, between single leaves, in every order.
func TestStreamRoots(t *testing.T) {
	h := merkletest.Plain{}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, arity := range []int{2, 3, 8} {
		for range 15 {
			n := uint64(arity)
			for n < 2000 {
				n *= uint64(arity)
			}
			shape := must(merkle.Uniform(n, arity))
			rows := merkletest.Slow(h, shape, merkletest.Leaves(n, rng.Uint64()))
			s := must(merkle.NewStream(h, arity))
			for s.Leaves() < n {
				level, span := 0, uint64(1)
				for level < shape.Depth() && s.Leaves()%(span*uint64(arity)) == 0 && rng.IntN(3) > 0 {
					level, span = level+1, span*uint64(arity)
				}
				if s.Leaves()%(span*uint64(arity)) != 0 {
					if err := s.AppendRoot(level+1, merkle.Digest{}); !errors.Is(err, merkle.ErrShape) {
						t.Fatalf("misplaced subtree: %v", err)
					}
				}
				if err := s.AppendRoot(level, rows[level][s.Leaves()/span]); err != nil {
					t.Fatal(err)
				}
			}
			if _, root, err := s.Root(); err != nil || root != rows[shape.Depth()][0] {
				t.Fatalf("arity %d: %x %v", arity, root, err)
			}
		}
	}
	s := must(merkle.NewStream(merkletest.Strict{}, 2))
	for _, level := range []int{-1, 57, math.MaxInt} {
		if err := s.AppendRoot(level, merkle.Digest{}); !errors.Is(err, merkle.ErrShape) {
			t.Errorf("level %d: %v", level, err)
		}
	}
	if err := s.AppendRoot(3, merkle.Digest{31: 0xff}); !errors.Is(err, merkle.ErrNode) {
		t.Error(err)
	}
	// 256^8 is 2^64: the leaves of such a subtree were counted as none, and divided by.
	s = must(merkle.NewStream(h, 256))
	for _, level := range []int{8, 9, 56} {
		if err := s.AppendRoot(level, merkle.Digest{}); !errors.Is(err, merkle.ErrShape) {
			t.Errorf("level %d of 256-ary: %v", level, err)
		}
	}
	if err := s.AppendRoot(7, merkle.Digest{}); err != nil || s.Leaves() != merkle.MaxLeaves {
		t.Errorf("level 7 of 256-ary: %v, %d leaves", err, s.Leaves())
	}
	if _, err := merkle.NewStream(h); err == nil {
		t.Error("no arities")
	}
}

func TestStreamMemory(t *testing.T) {
	s := must(merkle.NewStream(merkletest.Plain{}, 2))
	leaves := merkletest.Leaves(1<<12, 22)
	if err := s.Append(leaves...); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(20, func() { s.Append(leaves...) }); n > 8 {
		t.Errorf("%v allocations for %d leaves", n, len(leaves))
	}
}

// pick returns a strictly growing list of leaves.
func pick(rng *rand.Rand, n uint64, most int) []uint64 {
	var list []uint64
	for range 1 + rng.IntN(most) {
		list = append(list, rng.Uint64N(n))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// rounds is n, or a quarter of it in short runs.
func rounds(n int) int {
	if testing.Short() {
		return n / 4
	}
	return n
}

func TestMulti(t *testing.T) {
	h := merkletest.Strict{}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, s := range shapes() {
		leaves := merkletest.Leaves(s.Leaves(), 23)
		tree := must(merkle.Build(t.Context(), h, s, leaves, nil))
		for range rounds(12) {
			indices := pick(rng, s.Leaves(), 12)
			p, err := tree.OpenMulti(t.Context(), indices, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := merkle.VerifyMulti(h, s, tree.Root(), p); err != nil {
				t.Fatalf("%v %v: %v", s, indices, err)
			}
			if len(indices) == 1 {
				single := must(tree.Proof(indices[0]))
				if !slices.Equal(single.Siblings, p.Nodes) || single.Leaf != p.Leaves[0] {
					t.Fatalf("%v: multiproof of one leaf differs from its proof", s)
				}
			}
			refuseMulti(t, h, s, tree.Root(), p)
			bytes := merkle.AppendMulti(nil, h, s, p)
			back, err := merkle.ParseMulti(bytes, h, s)
			if err != nil || !slices.Equal(back.Indices, p.Indices) || !slices.Equal(back.Leaves, p.Leaves) || !slices.Equal(back.Nodes, p.Nodes) {
				t.Fatalf("%v: %v", s, err)
			}
		}
		all := make([]uint64, s.Leaves())
		for i := range all {
			all[i] = uint64(i)
		}
		p := must(tree.OpenMulti(t.Context(), all, nil))
		if len(p.Nodes) != 0 || merkle.VerifyMulti(h, s, tree.Root(), p) != nil {
			t.Fatalf("%v: proof of all leaves has %d nodes", s, len(p.Nodes))
		}
	}
}

// refuseMulti checks that no change of a multiproof is accepted.
func refuseMulti(t *testing.T, h merkle.Hasher, s merkle.Shape, root merkle.Digest, p merkle.MultiProof) {
	t.Helper()
	check := func(what string, change func(q *merkle.MultiProof)) {
		t.Helper()
		q := merkle.MultiProof{Indices: slices.Clone(p.Indices), Leaves: slices.Clone(p.Leaves), Nodes: slices.Clone(p.Nodes)}
		change(&q)
		if reflect.DeepEqual(p, q) {
			return
		}
		if err := merkle.VerifyMulti(h, s, root, q); !errors.Is(err, merkle.ErrProof) {
			t.Fatalf("%v %v: %s: %v", s, p.Indices, what, err)
		}
	}
	for i := range p.Leaves {
		check("leaf", func(q *merkle.MultiProof) { q.Leaves[i][i%32]++ })
		check("index up", func(q *merkle.MultiProof) { q.Indices[i]++ })
		check("index down", func(q *merkle.MultiProof) { q.Indices[i]-- })
		check("index far", func(q *merkle.MultiProof) { q.Indices[i] += s.Leaves() })
		check("leaf dropped", func(q *merkle.MultiProof) {
			q.Indices, q.Leaves = slices.Delete(q.Indices, i, i+1), slices.Delete(q.Leaves, i, i+1)
		})
		check("leaf twice", func(q *merkle.MultiProof) {
			q.Indices = slices.Insert(q.Indices, i, q.Indices[i])
			q.Leaves = slices.Insert(q.Leaves, i, q.Leaves[i])
		})
		check("leaves swapped", func(q *merkle.MultiProof) { q.Leaves[0], q.Leaves[i] = q.Leaves[i], q.Leaves[0] })
		check("both swapped", func(q *merkle.MultiProof) {
			q.Leaves[0], q.Leaves[i] = q.Leaves[i], q.Leaves[0]
			q.Indices[0], q.Indices[i] = q.Indices[i], q.Indices[0]
		})
	}
	for i := range p.Nodes {
		check("node", func(q *merkle.MultiProof) { q.Nodes[i][i%31] ^= 0x10 })
		check("node dropped", func(q *merkle.MultiProof) { q.Nodes = slices.Delete(q.Nodes, i, i+1) })
		check("node twice", func(q *merkle.MultiProof) { q.Nodes = slices.Insert(q.Nodes, i, q.Nodes[i]) })
		check("nodes swapped", func(q *merkle.MultiProof) { q.Nodes[0], q.Nodes[i] = q.Nodes[i], q.Nodes[0] })
	}
	check("node appended", func(q *merkle.MultiProof) { q.Nodes = append(q.Nodes, root) })
	check("no indices", func(q *merkle.MultiProof) { q.Indices = nil })
	check("nothing", func(q *merkle.MultiProof) { *q = merkle.MultiProof{} })
}

func TestRange(t *testing.T) {
	h := merkletest.Strict{}
	rng := rand.New(rand.NewPCG(5, 6))
	for _, s := range shapes() {
		leaves := merkletest.Leaves(s.Leaves(), 24)
		tree := must(merkle.Build(t.Context(), h, s, leaves, nil))
		n := s.Leaves()
		for k := range rounds(20) {
			start := rng.Uint64N(n)
			end := start + 1 + rng.Uint64N(min(n-start, 100))
			if k == 0 {
				start, end = 0, n
			}
			p, err := tree.OpenRange(t.Context(), start, end, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(p.Leaves, leaves[start:end]) {
				t.Fatalf("%v %d..%d: leaves differ", s, start, end)
			}
			if err := merkle.VerifyRange(h, s, tree.Root(), p); err != nil {
				t.Fatalf("%v %d..%d: %v", s, start, end, err)
			}
			refuseRange(t, h, s, tree.Root(), p)
			back, err := merkle.ParseRange(merkle.AppendRange(nil, h, s, p), h, s)
			if err != nil || back.Start != p.Start || !slices.Equal(back.Leaves, p.Leaves) || !slices.Equal(back.Nodes, p.Nodes) {
				t.Fatalf("%v: %v", s, err)
			}
		}
	}
}

// refuseRange checks that no change of a range proof is accepted, and that p itself is left alone.
func refuseRange(t *testing.T, h merkle.Hasher, s merkle.Shape, root merkle.Digest, p merkle.RangeProof) {
	t.Helper()
	check := func(what string, change func(q *merkle.RangeProof)) {
		t.Helper()
		q := merkle.RangeProof{Start: p.Start, Leaves: slices.Clone(p.Leaves), Nodes: slices.Clone(p.Nodes)}
		change(&q)
		if reflect.DeepEqual(p, q) {
			return
		}
		if err := merkle.VerifyRange(h, s, root, q); !errors.Is(err, merkle.ErrProof) {
			t.Fatalf("%v %d+%d: %s: %v", s, p.Start, len(p.Leaves), what, err)
		}
	}
	for _, i := range []int{0, len(p.Leaves) / 2, len(p.Leaves) - 1} {
		check("leaf", func(q *merkle.RangeProof) { q.Leaves[i][i%31] ^= 2 })
		check("leaf dropped", func(q *merkle.RangeProof) { q.Leaves = slices.Delete(q.Leaves, i, i+1) })
		check("leaf twice", func(q *merkle.RangeProof) { q.Leaves = slices.Insert(q.Leaves, i, q.Leaves[i]) })
		check("leaves swapped", func(q *merkle.RangeProof) { q.Leaves[0], q.Leaves[i] = q.Leaves[i], q.Leaves[0] })
	}
	for i := range p.Nodes {
		check("node", func(q *merkle.RangeProof) { q.Nodes[i][i%31] ^= 4 })
		check("node dropped", func(q *merkle.RangeProof) { q.Nodes = slices.Delete(q.Nodes, i, i+1) })
	}
	for _, start := range []uint64{p.Start + 1, p.Start - 1, p.Start ^ 1, p.Start + s.Leaves(), p.Start | 1<<63} {
		check("start", func(q *merkle.RangeProof) { q.Start = start })
	}
	check("node appended", func(q *merkle.RangeProof) { q.Nodes = append(q.Nodes, root) })
	check("no leaves", func(q *merkle.RangeProof) { q.Leaves = nil })
}
