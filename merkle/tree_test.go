package merkle_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest"
)

// must returns the value of a call that cannot fail here.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// shapes are small trees of every kind.
func shapes() []merkle.Shape {
	return []merkle.Shape{
		must(merkle.Uniform(2, 2)), must(merkle.Uniform(64, 2)), must(merkle.Uniform(8, 8)),
		must(merkle.Uniform(512, 8)), must(merkle.Uniform(121, 11)), must(merkle.Uniform(256, 4)),
		must(merkle.Mixed(8, 2)), must(merkle.Mixed(2, 3, 5, 7)),
		must(merkle.Compound(128, 8, 2, 0)), must(merkle.Compound(512, 8, 8, 0)),
		must(merkle.Compound(1024, 8, 8, 2)), must(merkle.Compound(2048, 2, 8, 2)),
		must(merkle.Compound(8192, 8, 8, 2)),
	}
}

// big is shapes that need several blocks and windows; one in short runs.
func big() []merkle.Shape {
	list := []merkle.Shape{must(merkle.Uniform(1<<17, 2))}
	if !testing.Short() {
		list = append(list, must(merkle.Uniform(1<<18, 8)), must(merkle.Compound(1<<19, 8, 2, 0)))
	}
	return list
}

func TestBuildAgainstSlow(t *testing.T) {
	h := merkletest.Strict{}
	for _, s := range append(shapes(), big()[0]) {
		leaves := merkletest.Leaves(s.Leaves(), 1)
		rows := merkletest.Slow(h, s, leaves)
		for _, workers := range []int{1, 2, 7} {
			tree, err := merkle.Build(t.Context(), h, s, leaves, &merkle.Options{Workers: workers})
			if err != nil {
				t.Fatalf("%v: %v", s, err)
			}
			for l, row := range rows {
				got := make([]merkle.Digest, len(row))
				if err := tree.ReadNodes(got, l, 0); err != nil || !slices.Equal(got, row) {
					t.Fatalf("%v: workers %d: level %d differs (%v)", s, workers, l, err)
				}
			}
			for i := uint64(0); i < s.Leaves(); i += 1 + s.Leaves()/97 {
				p, err := tree.Proof(i)
				if err != nil || !reflect.DeepEqual(p, merkletest.SlowProof(s, rows, i)) {
					t.Fatalf("%v: proof %d: %v, %v", s, i, p, err)
				}
				if err := merkle.Verify(h, s, tree.Root(), p); err != nil {
					t.Fatalf("%v: proof %d: %v", s, i, err)
				}
			}
		}
	}
}

func TestReset(t *testing.T) {
	h := merkletest.Strict{}
	for _, s := range shapes() {
		tree := must(merkle.Build(t.Context(), h, s, merkletest.Leaves(s.Leaves(), 5), nil))
		before := must(tree.Proof(1))
		root := tree.Root()
		leaves := merkletest.Leaves(s.Leaves(), 6)
		if err := tree.Reset(t.Context(), leaves, nil); err != nil {
			t.Fatal(err)
		}
		if want := must(merkle.Build(t.Context(), h, s, leaves, nil)).Root(); tree.Root() != want {
			t.Fatalf("%v: root %x, want %x", s, tree.Root(), want)
		}
		if err := merkle.Verify(h, s, root, before); err != nil {
			t.Fatalf("%v: a proof changed with its tree: %v", s, err)
		}
	}
}

// files makes empty files for the base trees of s.
func files(t *testing.T, s merkle.Shape) ([]io.WriterAt, []io.ReaderAt) {
	t.Helper()
	var w []io.WriterAt
	var r []io.ReaderAt
	dir := t.TempDir()
	for i := range s.Trees() {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("tree-%d", i)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		w, r = append(w, f), append(r, f)
	}
	return w, r
}

func TestFiles(t *testing.T) {
	h := merkletest.Strict{}
	for _, s := range append(shapes(), big()...) {
		leaves := merkletest.Leaves(s.Leaves(), 2)
		want, err := merkle.Build(t.Context(), h, s, leaves, nil)
		if err != nil {
			t.Fatal(err)
		}
		all := []uint64{0, s.Leaves() - 1, 0, s.Leaves() / 2, s.Leaves() / 3, s.Leaves()/3 + 1}
		proofs, err := want.Open(t.Context(), all, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range layouts(s) {
			for _, workers := range []int{1, 3}[min(1, s.Leaves()>>16):] {
				opt := &merkle.Options{Workers: workers}
				w, r := files(t, s)
				root, err := merkle.BuildFiles(t.Context(), h, s, l, merkle.FromSlice(leaves), w, opt)
				if err != nil || root != want.Root() {
					t.Fatalf("%v %+v: root %x, %v", s, l, root, err)
				}
				size := must(l.FileSize(s))
				for _, f := range r {
					if st, err := f.(*os.File).Stat(); err != nil || st.Size() != size {
						t.Fatalf("%v %+v: size %v, want %d", s, l, st.Size(), size)
					}
				}
				tree, err := merkle.OpenFiles(h, s, l, r, sliceReader(leaves))
				if err != nil || tree.Root() != root {
					t.Fatalf("%v %+v: %v", s, l, err)
				}
				got, err := tree.Open(t.Context(), all, opt)
				if err != nil || !reflect.DeepEqual(got, proofs) {
					t.Fatalf("%v %+v: proofs differ: %v", s, l, err)
				}
				for level := range s.Depth() + 1 {
					at := s.Width(level) / 2
					a, err := tree.Node(level, at)
					if b := must(want.Node(level, at)); err != nil || a != b {
						t.Fatalf("%v %+v: node %d of level %d: %v", s, l, at, level, err)
					}
				}
			}
		}
	}
}

// layouts returns every layout of a small shape, and some of a large one.
func layouts(s merkle.Shape) []merkle.Layout {
	var all []merkle.Layout
	for d := range s.BaseDepth() {
		if s.Leaves() > 1<<14 && d != 2 && d < s.BaseDepth()-1 {
			continue
		}
		all = append(all, merkle.Layout{Detached: true, Discard: d})
	}
	return append(all, merkle.Layout{}, merkle.Layout{Discard: s.BaseDepth() - 1})
}

type sliceReader []merkle.Digest

func (r sliceReader) ReadAt(b []byte, off int64) (int, error) {
	n := copy(b, merkle.Bytes(r)[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func TestVerifyBatch(t *testing.T) {
	h := merkletest.Strict{}
	for _, s := range shapes() {
		tree := must(merkle.Build(t.Context(), h, s, merkletest.Leaves(s.Leaves(), 3), nil))
		var indices []uint64
		for i := range uint64(700) {
			indices = append(indices, i*7%s.Leaves())
		}
		proofs := must(tree.Open(t.Context(), indices, nil))
		bad, err := merkle.VerifyBatch(t.Context(), h, s, []merkle.Digest{tree.Root()}, proofs, nil)
		if bad != nil || err != nil {
			t.Fatalf("%v: %v %v", s, bad, err)
		}
		proofs[0].Leaf[3] ^= 1
		proofs[255].Siblings[0][31] |= 0x80
		proofs[256].Siblings = proofs[256].Siblings[1:]
		proofs[699].Index = s.Leaves()
		for _, workers := range []int{1, 2} {
			bad, err = merkle.VerifyBatch(t.Context(), h, s, []merkle.Digest{tree.Root()}, proofs, &merkle.Options{Workers: workers})
			if err != nil || !slices.Equal(bad, []int{0, 255, 256, 699}) {
				t.Fatalf("%v: %v %v", s, bad, err)
			}
		}
		for i, p := range proofs {
			err := merkle.Verify(h, s, tree.Root(), p)
			if slices.Contains(bad, i) != errors.Is(err, merkle.ErrProof) {
				t.Fatalf("%v: proof %d: %v", s, i, err)
			}
		}
	}
}

// TestCancel ends the context at the first report of progress: the work ends with its error, and no
// goroutine is left.
func TestCancel(t *testing.T) {
	s := big()[0]
	leaves := merkletest.Leaves(s.Leaves(), 4)
	h := merkletest.Plain{}
	sound := must(merkle.Build(t.Context(), h, s, leaves, nil))
	proofs := must(sound.Open(t.Context(), make([]uint64, 2000), nil))
	before := runtime.NumGoroutine()
	for name, work := range map[string]func(ctx context.Context, opt *merkle.Options) error{
		"build": func(ctx context.Context, opt *merkle.Options) error {
			return second(merkle.Build(ctx, h, s, leaves, opt))
		},
		"slice": func(ctx context.Context, opt *merkle.Options) error {
			return second(merkle.BuildFiles(ctx, h, s, merkle.Layout{}, merkle.FromSlice(leaves), nil, opt))
		},
		"reader": func(ctx context.Context, opt *merkle.Options) error {
			return second(merkle.BuildFiles(ctx, h, s, merkle.Layout{}, merkle.FromReader(zeros{}), nil, opt))
		},
		"verify": func(ctx context.Context, opt *merkle.Options) error {
			return second(merkle.VerifyBatch(ctx, h, s, []merkle.Digest{sound.Root()}, proofs, opt))
		},
	} {
		for _, workers := range []int{1, 2, 7} {
			ctx, cancel := context.WithCancel(t.Context())
			opt := &merkle.Options{Workers: workers, Progress: func(string, uint64, uint64) { cancel() }}
			if err := work(ctx, opt); !errors.Is(err, context.Canceled) {
				t.Errorf("%s, %d workers: %v", name, workers, err)
			}
			cancel()
		}
	}
	settled(t, before)
}

// TestProgress: reports grow, one at a time, up to the whole.
func TestProgress(t *testing.T) {
	s := big()[0]
	leaves := merkletest.Leaves(s.Leaves(), 4)
	for _, workers := range []int{1, 2, 7} {
		last, calls := uint64(0), 0
		opt := &merkle.Options{Workers: workers, Progress: func(stage string, done, total uint64) {
			if stage != "tree" || done <= last || done > total || total != s.Leaves() {
				t.Errorf("%q %d of %d after %d", stage, done, total, last)
			}
			last, calls = done, calls+1
		}}
		must(merkle.Build(t.Context(), merkletest.Plain{}, s, leaves, opt))
		if last != s.Leaves() || calls < 4 {
			t.Errorf("%d workers: %d reports up to %d", workers, calls, last)
		}
	}
}

// TestAccumulated folds the roots of 500 trees of random shapes into one hash, recorded from merkletest.Slow.
func TestAccumulated(t *testing.T) {
	n, want := 500, "9138dc759ce98637658f257d4ca7dd4146bc69218bbb258ef190e62ebdbd4801"
	if testing.Short() {
		n, want = 100, "33ae09ee3389e258760539a8fcb6be6ee4f098e09cd93165eaaa958b19390797"
	}
	fast, slow := accumulate(n, func(s merkle.Shape, leaves []merkle.Digest) merkle.Digest {
		return must(merkle.Build(context.Background(), merkletest.Plain{}, s, leaves, nil)).Root()
	}), accumulate(n, func(s merkle.Shape, leaves []merkle.Digest) merkle.Digest {
		return merkletest.Slow(merkletest.Plain{}, s, leaves)[s.Depth()][0]
	})
	if fast != want || slow != want {
		t.Errorf("%d trees: %s, slow %s, want %s", n, fast, slow, want)
	}
}

func accumulate(n int, root func(s merkle.Shape, leaves []merkle.Digest) merkle.Digest) string {
	sum := sha256.New()
	rng := rand.New(rand.NewPCG(9, 10))
	for range n {
		var arities []int
		for leaves := 1; leaves < 4 || rng.IntN(3) > 0 && leaves < 300; leaves *= arities[len(arities)-1] {
			arities = append(arities, 2+rng.IntN(10))
		}
		s := must(merkle.Mixed(arities...))
		d := root(s, merkletest.Leaves(s.Leaves(), rng.Uint64()))
		sum.Write(d[:])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestRandomShapes holds trees of random shapes and layouts against the slow ones: roots, proofs, streams.
func TestRandomShapes(t *testing.T) {
	h := merkletest.Strict{}
	rng := rand.New(rand.NewPCG(7, 8))
	for range rounds(60) {
		var arities []int
		for n := 1; n < 40 || rng.IntN(3) > 0 && n < 3000; n *= arities[len(arities)-1] {
			arities = append(arities, 2+rng.IntN(11))
		}
		s := must(merkle.Mixed(arities...))
		leaves := merkletest.Leaves(s.Leaves(), rng.Uint64())
		rows := merkletest.Slow(h, s, leaves)
		root := rows[s.Depth()][0]
		l := merkle.Layout{Detached: rng.IntN(2) == 0, Discard: rng.IntN(s.BaseDepth())}
		w, r := files(t, s)
		opt := &merkle.Options{Workers: 1 + rng.IntN(3)}
		if got := must(merkle.BuildFiles(t.Context(), h, s, l, merkle.FromSlice(leaves), w, opt)); got != root {
			t.Fatalf("%v %+v: root %x, want %x", s, l, got, root)
		}
		tree := must(merkle.OpenFiles(h, s, l, r, sliceReader(leaves)))
		indices := make([]uint64, rng.IntN(40))
		for i := range indices {
			indices[i] = rng.Uint64N(s.Leaves())
		}
		for i, p := range must(tree.Open(t.Context(), indices, opt)) {
			if !reflect.DeepEqual(p, merkletest.SlowProof(s, rows, indices[i])) {
				t.Fatalf("%v %+v: proof of %d differs", s, l, indices[i])
			}
		}
		for l, row := range rows {
			k := rng.IntN(len(row))
			got := make([]merkle.Digest, len(row)-k)
			if err := tree.ReadNodes(got, l, uint64(k)); err != nil || !slices.Equal(got, row[k:]) {
				t.Fatalf("%v: nodes from %d of level %d: %v", s, k, l, err)
			}
		}
		stream := must(merkle.NewStream(h, arities...))
		if err := stream.Append(leaves...); err != nil {
			t.Fatal(err)
		}
		if shape, got, err := stream.Root(); err != nil || shape != s || got != root {
			t.Fatalf("%v: stream: %v %x %v", s, shape, got, err)
		}
	}
}

// FuzzOpenFiles opens any bytes as the file of a tree: what passes CheckRows under the true root is the file.
func FuzzOpenFiles(f *testing.F) {
	h := merkletest.Strict{}
	s := must(merkle.Uniform(64, 4))
	leaves := merkletest.Leaves(64, 48)
	want := must(merkle.Build(f.Context(), h, s, leaves, nil)).Root()
	var sound [][]byte
	for _, l := range layouts(s) {
		m := &memory{make([]byte, must(l.FileSize(s)))}
		must(merkle.BuildFiles(f.Context(), h, s, l, merkle.FromSlice(leaves), []io.WriterAt{m}, nil))
		sound = append(sound, m.b)
		f.Add(m.b, uint8(len(sound)-1), uint16(0), byte(0))
		f.Add(m.b, uint8(len(sound)-1), uint16(len(m.b)/2), byte(4))
	}
	f.Fuzz(func(t *testing.T, b []byte, layout uint8, at uint16, flip byte) {
		k := int(layout) % len(sound)
		b = slices.Clone(b)
		if int(at) < len(b) {
			b[at] ^= flip
		}
		tree, err := merkle.OpenFiles(h, s, layouts(s)[k], []io.ReaderAt{bytes.NewReader(b)}, sliceReader(leaves))
		if err != nil {
			return
		}
		err = tree.CheckRows(t.Context(), nil)
		if same := bytes.Equal(b, sound[k]); same != (err == nil && tree.Root() == want) {
			t.Errorf("sound %v, checked %v, root %x", same, err, tree.Root())
		}
		if p, err := tree.Open(t.Context(), []uint64{uint64(at) % 64}, nil); err == nil {
			_ = merkle.Verify(h, s, want, p[0])
		}
	})
}
