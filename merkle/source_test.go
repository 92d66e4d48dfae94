package merkle_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest"
)

var errBroken = errors.New("broken")

// settled waits until no goroutine is left over from a call. One that has ended is counted until the machine lets it go,
// which takes as long as other work likes.
func settled(t *testing.T, before int) {
	t.Helper()
	for range 30_000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestSources(t *testing.T) {
	h := merkletest.Strict{}
	s := must(merkle.Uniform(1<<16, 2))
	leaves := merkletest.Leaves(s.Leaves(), 41)
	want := must(merkle.Build(t.Context(), h, s, leaves, nil)).Root()
	data := merkle.Bytes(leaves)
	for name, src := range map[string]func() merkle.Source{
		"slice":    func() merkle.Source { return merkle.FromSlice(leaves) },
		"readerAt": func() merkle.Source { return merkle.FromReaderAt(bytes.NewReader(data)) },
		"reader":   func() merkle.Source { return merkle.FromReader(bytes.NewReader(data)) },
		"halves":   func() merkle.Source { return merkle.FromReader(iotest.HalfReader(bytes.NewReader(data))) },
		"dataErr":  func() merkle.Source { return merkle.FromReader(iotest.DataErrReader(bytes.NewReader(data))) },
		"computed": func() merkle.Source {
			return func(_ context.Context, dst []merkle.Digest, first uint64) error {
				for i := range dst {
					dst[i] = leaves[first+uint64(i)]
				}
				return nil
			}
		},
	} {
		for _, workers := range []int{1, 3} {
			root, err := merkle.BuildFiles(t.Context(), h, s, merkle.Layout{}, src(), nil, &merkle.Options{Workers: workers})
			if err != nil || root != want {
				t.Errorf("%s, %d workers: %v", name, workers, err)
			}
		}
	}
}

// TestSourcesFail: sources that end early or break stop the build with their error and leave no goroutine.
func TestSourcesFail(t *testing.T) {
	h := merkletest.Strict{}
	s := must(merkle.Uniform(1<<16, 2))
	leaves := merkletest.Leaves(s.Leaves(), 42)
	data := merkle.Bytes(leaves)
	before := runtime.NumGoroutine()
	for _, workers := range []int{1, 2, 7} {
		opt := &merkle.Options{Workers: workers}
		build := func(src merkle.Source) error {
			_, err := merkle.BuildFiles(t.Context(), h, s, merkle.Layout{}, src, []io.WriterAt{discard{}}, opt)
			return err
		}
		for _, n := range []int{0, 1, 31, 32, 1 << 20, 1<<20 + 5, len(data) - 1} {
			short := bytes.NewReader(data[:n])
			if err := build(merkle.FromReader(short)); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("reader of %d bytes: %v", n, err)
			}
			if err := build(merkle.FromReaderAt(short)); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("readerAt of %d bytes: %v", n, err)
			}
			broken := io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(errBroken))
			if err := build(merkle.FromReader(broken)); !errors.Is(err, errBroken) {
				t.Errorf("reader broken at %d: %v", n, err)
			}
		}
		if err := build(merkle.FromSlice(leaves[:100])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("slice: %v", err)
		}
		leaves[50000][31] |= 0x80
		node := (*merkle.NodeError)(nil)
		if err := build(merkle.FromSlice(leaves)); !errors.As(err, &node) || node.Index != 50000 || !errors.Is(err, merkle.ErrNode) {
			t.Errorf("bad leaf: %v", err)
		}
		if _, err := merkle.Build(t.Context(), h, s, leaves, opt); !errors.As(err, &node) || node.Index != 50000 {
			t.Errorf("bad leaf: %v", err)
		}
		leaves[50000][31] &^= 0x80
	}
	settled(t, before)
}

// failing is a file that breaks at the n-th call.
type failing struct {
	memory
	left atomic.Int64
}

func (f *failing) WriteAt(b []byte, off int64) (int, error) {
	if f.left.Add(-1) < 0 {
		return 0, errBroken
	}
	return f.memory.WriteAt(b, off)
}

func (f *failing) ReadAt(b []byte, off int64) (int, error) {
	if f.left.Add(-1) < 0 {
		return 0, errBroken
	}
	return f.memory.ReadAt(b, off)
}

// TestFilesFail breaks each read and each write once.
func TestFilesFail(t *testing.T) {
	h := merkletest.Strict{}
	s := must(merkle.Compound(1024, 8, 2, 0))
	l := merkle.Layout{Discard: 1}
	leaves := merkletest.Leaves(s.Leaves(), 43)
	size := must(l.FileSize(s))
	sound := func() []*failing {
		list := []*failing{{memory: memory{make([]byte, size)}}, {memory: memory{make([]byte, size)}}}
		for _, f := range list {
			f.left.Store(1 << 40)
		}
		must(merkle.BuildFiles(t.Context(), h, s, l, merkle.FromSlice(leaves), []io.WriterAt{list[0], list[1]}, nil))
		return list
	}
	for n := range int64(50) {
		list := sound()
		list[1].left.Store(n)
		_, err := merkle.BuildFiles(t.Context(), h, s, l, merkle.FromSlice(leaves), []io.WriterAt{list[0], list[1]}, nil)
		broke := err != nil
		if broke && !errors.Is(err, errBroken) {
			t.Fatalf("write %d: %v", n, err)
		}
		list = sound()
		list[1].left.Store(n)
		tree, err := merkle.OpenFiles(h, s, l, []io.ReaderAt{list[0], list[1]}, nil)
		if err == nil {
			err = tree.CheckRows(t.Context(), nil)
		}
		if err == nil {
			_, err = tree.Open(t.Context(), []uint64{0, 600, 1023}, nil)
		}
		if err != nil && !errors.Is(err, errBroken) {
			t.Fatalf("read %d: %v", n, err)
		}
		if err == nil && !broke {
			return
		}
	}
	t.Error("never done")
}

// TestCheck damages each stored node, and leaves: the place is named.
func TestCheck(t *testing.T) {
	h := merkletest.Strict{}
	for _, s := range []merkle.Shape{must(merkle.Uniform(512, 8)), must(merkle.Compound(512, 2, 8, 2))} {
		leaves := merkletest.Leaves(s.Leaves(), 44)
		for _, l := range layouts(s) {
			size := must(l.FileSize(s))
			files, readers, writers := []*memory{}, []io.ReaderAt{}, []io.WriterAt{}
			for range s.Trees() {
				m := &memory{make([]byte, size)}
				files, readers, writers = append(files, m), append(readers, m), append(writers, m)
			}
			must(merkle.BuildFiles(t.Context(), h, s, l, merkle.FromSlice(leaves), writers, nil))
			replica := sliceReader(bytesOf(leaves))
			tree := must(merkle.OpenFiles(h, s, l, readers, replica))
			if err := errors.Join(tree.CheckRows(t.Context(), nil), tree.Check(t.Context(), nil)); err != nil {
				t.Fatalf("%v %+v: %v", s, l, err)
			}
			for at := int64(0); at < size; at += 32 * (1 + size/2000) {
				f := files[len(files)-1]
				f.b[at+at/32%32] ^= 2
				found := true
				if again, err := merkle.OpenFiles(h, s, l, readers, replica); err == nil && again.Root() == tree.Root() {
					found = errors.Is(again.CheckRows(t.Context(), nil), merkle.ErrCorrupt)
				}
				if !found {
					t.Fatalf("%v %+v: damage at byte %d not found", s, l, at)
				}
				f.b[at+at/32%32] ^= 2
			}
			if l.Detached {
				replica[7][5] ^= 1
				if err := tree.Check(t.Context(), nil); !errors.Is(err, merkle.ErrCorrupt) {
					t.Fatalf("%v %+v: changed leaf: %v", s, l, err)
				}
			}
		}
	}
}

func bytesOf(leaves []merkle.Digest) []merkle.Digest { return append([]merkle.Digest(nil), leaves...) }

// TestOpenDamage: Open names the stored node that its computed subtree contradicts, and a leaf that is none.
func TestOpenDamage(t *testing.T) {
	h := merkletest.Strict{}
	s := must(merkle.Uniform(4096, 8))
	l := merkle.Layout{Detached: true, Discard: 2}
	leaves := merkletest.Leaves(s.Leaves(), 45)
	f := &memory{make([]byte, must(l.FileSize(s)))}
	must(merkle.BuildFiles(t.Context(), h, s, l, merkle.FromSlice(leaves), []io.WriterAt{f}, nil))
	tree := must(merkle.OpenFiles(h, s, l, []io.ReaderAt{f}, sliceReader(leaves)))
	node := (*merkle.NodeError)(nil)
	leaves[1500][0]++
	if _, err := tree.Open(t.Context(), []uint64{5, 1025}, nil); !errors.As(err, &node) || node.Level != 3 || node.Index != 2 || !errors.Is(err, merkle.ErrCorrupt) {
		t.Errorf("changed leaf: %v", err)
	}
	leaves[1500][31] = 0xff
	if _, err := tree.Open(t.Context(), []uint64{5, 1025}, nil); !errors.As(err, &node) || node.Level != 0 || node.Index != 1500 || !errors.Is(err, merkle.ErrNode) {
		t.Errorf("bad leaf: %v", err)
	}
	if _, err := tree.Open(t.Context(), []uint64{5, 600}, nil); err != nil {
		t.Errorf("leaves elsewhere: %v", err)
	}
	if _, err := tree.Open(t.Context(), []uint64{4096}, nil); !errors.Is(err, merkle.ErrShape) {
		t.Errorf("outside: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tree.Open(ctx, []uint64{5}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestBadCalls: what cannot be a tree is refused by each entry, with its sentinel.
func TestBadCalls(t *testing.T) {
	h, ctx := merkletest.Strict{}, t.Context()
	s := must(merkle.Compound(512, 8, 8, 0))
	leaves := merkletest.Leaves(512, 46)
	tree := must(merkle.Build(ctx, h, s, leaves, nil))
	eight := make([]io.ReaderAt, 8)
	for i := range eight {
		eight[i] = bytes.NewReader(nil)
	}
	for name, err := range map[string]error{
		"build too few":    second(merkle.Build(ctx, h, s, leaves[1:], nil)),
		"reset too few":    tree.Reset(ctx, leaves[1:], nil),
		"build zero shape": second(merkle.Build(ctx, h, merkle.Shape{}, nil, nil)),
		"files zero shape": second(merkle.BuildFiles(ctx, h, merkle.Shape{}, merkle.Layout{}, nil, nil, nil)),
		"files too few":    second(merkle.BuildFiles(ctx, h, s, merkle.Layout{}, merkle.FromSlice(leaves), make([]io.WriterAt, 7), nil)),
		"files too large":  second(merkle.BuildFiles(ctx, h, must(merkle.Uniform(1<<56, 2)), merkle.Layout{}, nil, nil, nil)),
		"discard all":      second(merkle.BuildFiles(ctx, h, s, merkle.Layout{Discard: 2}, nil, nil, nil)),
		"discard negative": second(merkle.Layout{Discard: -1}.FileSize(s)),
		"open too few":     second(merkle.OpenFiles(h, s, merkle.Layout{}, eight[1:], nil)),
		"open no leaves":   second(merkle.OpenFiles(h, s, merkle.Layout{Detached: true}, eight, nil)),
		"node level":       second(tree.Node(9, 0)),
		"node level -1":    second(tree.Node(-1, 0)),
		"no nodes of -1":   tree.ReadNodes(nil, -1, 0), // read outside the rows
		"no nodes of 9":    tree.ReadNodes(nil, 9, 0),
		"node index":       second(tree.Node(1, 64)),
		"nodes overflow":   tree.ReadNodes(make([]merkle.Digest, 2), 0, ^uint64(0)),
		"verify":           merkle.Verify(h, merkle.Shape{}, merkle.Digest{}, merkle.Proof{}),
		"verify multi":     merkle.VerifyMulti(h, merkle.Shape{}, merkle.Digest{}, merkle.MultiProof{}),
		"verify range":     merkle.VerifyRange(h, merkle.Shape{}, merkle.Digest{}, merkle.RangeProof{}),
	} {
		if !errors.Is(err, merkle.ErrShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := merkle.OpenFiles(h, s, merkle.Layout{}, eight, nil); !errors.Is(err, merkle.ErrCorrupt) {
		t.Errorf("empty files: %v", err)
	}
	log := merkle.Log{}
	if err := merkle.Verify(log, s, tree.Root(), must(tree.Proof(0))); err == nil || errors.Is(err, merkle.ErrProof) {
		t.Errorf("hasher without the arity: %v", err)
	}
	if _, err := merkle.VerifyBatch(ctx, h, s, nil, []merkle.Proof{{}}, nil); err == nil {
		t.Error("no roots")
	}
}

func second[T any](_ T, err error) error { return err }

func TestShapeArithmetic(t *testing.T) {
	s := must(merkle.Compound(1<<31, 8, 8, 2)) // 64 GiB
	if s.Trees() != 16 || s.BaseDepth() != 9 || s.Depth() != 11 || s.Siblings() != 10*7+1 || s.String() != "8^9|8-2" {
		t.Errorf("%v: %d trees, %d of %d levels, %d siblings", s, s.Trees(), s.BaseDepth(), s.Depth(), s.Siblings())
	}
	if size := must(merkle.Layout{Detached: true, Discard: 2}.FileSize(s)); size != 32*((1<<21-1)/7) {
		t.Errorf("file of %d bytes", size)
	}
	if s.Base() != must(merkle.Uniform(1<<27, 8)) {
		t.Errorf("base %v", s.Base())
	}
	small := must(merkle.Uniform(1<<18, 8)) // 8 MiB: NOTES.md of the vectors says 18720 bytes
	if size := must(merkle.Layout{Detached: true, Discard: 2}.FileSize(small)); size != 18720 {
		t.Errorf("file of %d bytes, want 18720", size)
	}
	if p := []int{s.Position(1<<31-1, 0), s.Position(1<<31-1, 10), s.Position(3<<27+5, 9), s.Position(3<<27+5, 0), s.Position(1<<30, 10)}; !equalInts(p, []int{7, 1, 3, 5, 1}) {
		t.Errorf("positions %v", p)
	}
	for _, s := range append(shapes(), big()...) {
		n := uint64(0)
		for l := range s.Depth() + 1 {
			n += s.Width(l)
			if l < s.Depth() && s.Width(l) != s.Width(l+1)*uint64(s.Arity(l)) {
				t.Errorf("%v: width of level %d", s, l)
			}
		}
		if n != s.Nodes() || s.Width(0) != s.Leaves() || s.Width(s.Depth()) != 1 || s.Width(s.Depth()+1) != 0 || s.Width(-1) != 0 {
			t.Errorf("%v: %d nodes", s, n)
		}
	}
}

func equalInts(a, b []int) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// TestAllocations: no allocation depends on the number of nodes or proofs, except the results.
func TestAllocations(t *testing.T) {
	h, ctx := merkletest.Plain{}, t.Context()
	one := &merkle.Options{Workers: 1}
	s := must(merkle.Uniform(1<<12, 2))
	leaves := merkletest.Leaves(s.Leaves(), 47)
	tree := must(merkle.Build(ctx, h, s, leaves, one))
	p := must(tree.Proof(99))
	proofs := must(tree.Open(ctx, make([]uint64, 512), one))
	for name, c := range map[string]struct {
		most float64
		f    func()
	}{
		"build":  {16, func() { must(merkle.Build(ctx, h, s, leaves, one)) }},
		"verify": {1, func() { _ = merkle.Verify(h, s, tree.Root(), p) }},
		"batch":  {16, func() { must(merkle.VerifyBatch(ctx, h, s, []merkle.Digest{tree.Root()}, proofs, one)) }},
		"open":   {16, func() { must(tree.Open(ctx, make([]uint64, 512), one)) }},
	} {
		if got := testing.AllocsPerRun(10, c.f); got > c.most {
			t.Errorf("%s: %v allocations, want at most %v", name, got, c.most)
		}
	}
}
