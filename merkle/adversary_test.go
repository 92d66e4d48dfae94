package merkle_test

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/blake3"
	"github.com/assaylab/assay/merkle/merkletest"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/merkle/poseidon2"
	"github.com/assaylab/assay/merkle/sha2"
)

// A tally counts the attempts of one adversarial case.
type tally struct {
	mu                      sync.Mutex
	tried, accepted, panics int
}

// try runs one attempt: refused reports whether it was turned away as it should be.
func (c *tally) try(refused func() bool) (ok bool) {
	c.mu.Lock()
	c.tried++
	c.mu.Unlock()
	defer func() {
		if r := recover(); r != nil {
			c.mu.Lock()
			c.panics++
			c.mu.Unlock()
		}
	}()
	if ok = refused(); !ok {
		c.mu.Lock()
		c.accepted++
		c.mu.Unlock()
	}
	return ok
}

func (c *tally) report(t *testing.T, id string) {
	t.Helper()
	t.Logf("adversary %s tried=%d accepted=%d panics=%d", id, c.tried, c.accepted, c.panics)
	if c.tried == 0 || c.accepted != 0 || c.panics != 0 {
		t.Fail()
	}
}

func hashers() []merkle.Hasher {
	return []merkle.Hasher{sha2.SHA254{}, blake3.Hasher{}, poseidon.Hasher{}}
}

// provable are the shapes of the cases: sizes 1..64 leaves (as far as they are trees) and more.
func provable() []merkle.Shape {
	var list []merkle.Shape
	for n := uint64(0); n <= 64; n++ {
		for _, a := range []int{2, 8} {
			if s, err := merkle.Uniform(n, a); err == nil {
				list = append(list, s)
			}
		}
		for _, top := range []int{0, 2} {
			sub := 2
			if top == 2 {
				sub = 8
			}
			if s, err := merkle.Compound(n, 8, sub, top); err == nil {
				list = append(list, s)
			}
		}
	}
	return append(list, must(merkle.Compound(128, 8, 8, 2)), must(merkle.Compound(1024, 8, 8, 2)))
}

// long reports whether the tests run at full length: over a million mutated proofs of SHA-254, and over
// a hundred thousand of Poseidon.
func long() bool { return os.Getenv("ASSAY_LONG") != "" }

// TestAdversaryProofs refutes every mutation of proofs over all shapes, one by one and in batches. All 256
// bits of each node are flipped with SHA-254; the slower hashers flip fewer, unless ASSAY_LONG is set.
func TestAdversaryProofs(t *testing.T) {
	cases := map[string]*tally{}
	for _, id := range []string{"M1", "M2", "M3", "M4", "M5", "M6", "M8", "M9"} {
		cases[id] = new(tally)
	}
	for k, h := range hashers() {
		mutated := 0
		for _, s := range provable() {
			rows := merkletest.Slow(h, s, merkletest.Leaves(s.Leaves(), 11))
			bits, step := 256, max(1, s.Leaves()/8)
			switch {
			case long() && k == 0:
				step = 1 + s.Leaves()/128
			case long():
				bits, step = 80, 1+s.Leaves()/16
			case k > 0 || s.Leaves() > 128 || testing.Short():
				bits, step = 2, max(1, s.Leaves()/2)
			}
			for i := uint64(0); i < s.Leaves(); i += step {
				p := merkletest.SlowProof(s, rows, i)
				if err := merkle.Verify(h, s, rows[s.Depth()][0], p); err != nil {
					t.Fatalf("%s %v: true proof of %d: %v", h.Name(), s, i, err)
				}
				list := merkletest.Mutations(s, rows, p, bits)
				mutated += len(list)
				for _, m := range list {
					refused := func() bool {
						return errors.Is(merkle.Verify(h, m.Shape, m.Root, m.Proof), merkle.ErrProof) || !supports(h, m.Shape)
					}
					c := cases[m.Name[:2]]
					if !c.try(refused) {
						t.Errorf("%s %v: leaf %d: %s accepted", h.Name(), s, i, m.Name)
					}
					if m.Name[:2] == "M3" {
						cases["M9"].try(refused)
					}
				}
				batch(t, h, s, list)
			}
		}
		t.Logf("%s: %d mutated proofs, each refuted alone and in a batch", h.Name(), mutated)
	}
	for id, c := range cases {
		t.Run(id, func(t *testing.T) { c.report(t, id) })
	}
}

func supports(h merkle.Hasher, s merkle.Shape) bool {
	for l := range s.Depth() {
		if !h.Supports(s.Arity(l)) {
			return false
		}
	}
	return true
}

// batch checks that VerifyBatch refutes what Verify refutes.
func batch(t *testing.T, h merkle.Hasher, s merkle.Shape, list []merkletest.Mutation) {
	t.Helper()
	var proofs []merkle.Proof
	var roots []merkle.Digest
	for _, m := range list {
		if m.Shape == s {
			proofs, roots = append(proofs, m.Proof), append(roots, m.Root)
		}
	}
	bad, err := merkle.VerifyBatch(context.Background(), h, s, roots, proofs, nil)
	if err != nil || len(bad) != len(proofs) {
		t.Errorf("%s %v: batch refutes %d of %d: %v", h.Name(), s, len(bad), len(proofs), err)
	}
}

func TestAdversaryTrees(t *testing.T) {
	t.Run("M7", duplicateTails)
	t.Run("M10", impossibleShapes)
	t.Run("M11", func(t *testing.T) { aliases(t, "M11", sha2.SHA254{}, topBits) })
	t.Run("M12", spans)
	t.Run("M13", indexLists)
	t.Run("M14", func(t *testing.T) {
		aliases(t, "M14", poseidon.Hasher{}, unreduced)
		aliases(t, "M14", poseidon2.Hasher{}, unreduced)
	})
	t.Run("M15", arities)
	t.Run("M21", manyVerifiers)
	t.Run("M22", damagedFiles)
}

// duplicateTails: no list of leaves has the root of the same list with its tail doubled, because only one of
// both is a tree; logs of both sizes have other roots.
func duplicateTails(t *testing.T) {
	var c tally
	h, l := sha2.SHA256{}, merkle.Log{Sum: sha2.SumPrefix}
	for n := 1; n <= 64; n++ {
		for tail := 1; tail <= n; tail++ {
			a := merkletest.Leaves(uint64(n), 12)
			b := append(slices.Clone(a), a[n-tail:]...)
			c.try(func() bool { return l.Root(a) != l.Root(b) })
			c.try(func() bool {
				ra, errA := rootOf(h, a)
				rb, errB := rootOf(h, b)
				return (errA != nil || errB != nil || ra != rb)
			})
		}
	}
	c.report(t, "M7")
}

func rootOf(h merkle.Hasher, leaves []merkle.Digest) (merkle.Digest, error) {
	s, err := merkle.Uniform(uint64(len(leaves)), 2)
	if err != nil {
		return merkle.Digest{}, err
	}
	t, err := merkle.Build(context.Background(), h, s, leaves, nil)
	if err != nil {
		return merkle.Digest{}, err
	}
	return t.Root(), nil
}

// impossibleShapes: every count of leaves that is no power of the arity is refused at once.
func impossibleShapes(t *testing.T) {
	var c tally
	fast := func(make func() error) {
		c.try(func() bool {
			least := time.Hour
			for range 5 { // the machine may be busy: the least time counts
				start := time.Now()
				if err := make(); !errors.Is(err, merkle.ErrShape) {
					return false
				}
				least = min(least, time.Since(start))
			}
			return least <= time.Millisecond
		})
	}
	for _, n := range []uint64{0, 1, 3, 7, 9, 10, 63, 65, 127, 1<<30 - 1, 1<<30 + 1, 1 << 57, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		for _, a := range []int{2, 8, 11, 4} {
			if a == 11 && n == 1 || n > 1 && n <= 1<<56 && power(n, uint64(a)) {
				continue
			}
			fast(func() error { _, err := merkle.Uniform(n, a); return err })
			fast(func() error { _, err := merkle.Compound(n, a, 2, 0); return err })
			fast(func() error { _, err := merkle.Compound(n, a, 8, 2); return err })
		}
	}
	for _, a := range []int{math.MinInt, -1, 0, 1, 1025, 1 << 20, math.MaxInt} {
		fast(func() error { _, err := merkle.Uniform(64, a); return err })
		fast(func() error { _, err := merkle.Mixed(2, a); return err })
		fast(func() error { _, err := merkle.Compound(64, 2, a, a); skipZero(&err, a); return err })
	}
	fast(func() error { _, err := merkle.Mixed(); return err })
	fast(func() error { _, err := merkle.Mixed(make([]int, 100)...); return err })
	fast(func() error { _, err := merkle.Compound(64, 2, 0, 2); return err })
	fast(func() error {
		_, err := merkle.Build(context.Background(), sha2.SHA256{}, merkle.Shape{}, nil, nil)
		return err
	})
	c.report(t, "M10")
}

// skipZero counts an arity of 0 above the base, which leaves the level out, as refused.
func skipZero(err *error, a int) {
	if a == 0 {
		*err = merkle.ErrShape
	}
}

func power(n, a uint64) bool {
	for n%a == 0 {
		n /= a
	}
	return n == 1
}

// topBits returns the aliases of a SHA-254 node.
func topBits(d merkle.Digest) []merkle.Digest {
	var list []merkle.Digest
	for _, top := range []byte{0x40, 0x80, 0xc0} {
		a := d
		a[31] |= top
		list = append(list, a)
	}
	return list
}

// unreduced returns 32-byte strings that are no field element, one of them congruent to d.
func unreduced(d merkle.Digest) []merkle.Digest {
	r := merkle.Digest{1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0x02, 0xa4, 0xbd, 0x53,
		0x05, 0xd8, 0xa1, 0x09, 0x08, 0xd8, 0x39, 0x33, 0x48, 0x7d, 0x9d, 0x29, 0x53, 0xa7, 0xed, 0x73}
	plus1 := r
	plus1[0]++
	var ones merkle.Digest
	for i := range ones {
		ones[i] = 0xff
	}
	sum, carry := d, 0
	for i := range sum {
		v := int(d[i]) + int(r[i]) + carry
		sum[i], carry = byte(v), v>>8
	}
	list := []merkle.Digest{r, plus1, {31: 0x80}, ones}
	if carry == 0 {
		list = append(list, sum)
	}
	return list
}

// aliases puts aliases at every place of a proof, of the leaves and of a file.
func aliases(t *testing.T, id string, h merkle.Hasher, of func(merkle.Digest) []merkle.Digest) {
	var c tally
	s := must(merkle.Mixed(2, 2, 2, 2))
	leaves := merkletest.Leaves(16, 13)
	tree := must(merkle.Build(t.Context(), h, s, leaves, nil))
	for i := range uint64(16) {
		p := must(tree.Proof(i))
		for _, a := range of(p.Leaf) {
			q := p
			q.Leaf = a
			c.try(func() bool { return errors.Is(merkle.Verify(h, s, tree.Root(), q), merkle.ErrProof) })
			bad := slices.Clone(leaves)
			bad[i] = a
			c.try(func() bool {
				_, err := merkle.Build(t.Context(), h, s, bad, nil)
				node := (*merkle.NodeError)(nil)
				return errors.As(err, &node) && node.Index == i && errors.Is(err, merkle.ErrNode)
			})
			c.try(func() bool { return must(merkle.NewStream(h, 2)).Append(bad...) != nil })
			m := must(tree.OpenMulti(t.Context(), []uint64{i}, nil))
			m.Leaves[0] = a
			c.try(func() bool { return errors.Is(merkle.VerifyMulti(h, s, tree.Root(), m), merkle.ErrProof) })
			r := must(tree.OpenRange(t.Context(), i, i+1, nil))
			r.Leaves[0] = a
			c.try(func() bool { return errors.Is(merkle.VerifyRange(h, s, tree.Root(), r), merkle.ErrProof) })
		}
		for k := range p.Siblings {
			for _, a := range of(p.Siblings[k]) {
				q := p
				q.Siblings = slices.Clone(p.Siblings)
				q.Siblings[k] = a
				c.try(func() bool { return errors.Is(merkle.Verify(h, s, tree.Root(), q), merkle.ErrProof) })
			}
		}
		for _, root := range of(tree.Root()) {
			c.try(func() bool { return errors.Is(merkle.Verify(h, s, root, p), merkle.ErrProof) })
		}
	}
	c.report(t, id)
}

// arities: the same data under other arities have other roots.
func arities(t *testing.T) {
	var c tally
	h := poseidon.Hasher{}
	roots := map[merkle.Digest]bool{}
	shapes := []merkle.Shape{
		must(merkle.Uniform(64, 2)), must(merkle.Uniform(64, 4)), must(merkle.Uniform(64, 8)),
		must(merkle.Mixed(8, 4, 2)), must(merkle.Mixed(2, 4, 8)),
	}
	leaves := merkletest.Leaves(64, 14)
	for _, s := range shapes {
		roots[must(merkle.Build(t.Context(), h, s, leaves, nil)).Root()] = true
		c.try(func() bool {
			_, err := merkle.Build(t.Context(), h, s, leaves[:63], nil)
			return errors.Is(err, merkle.ErrShape)
		})
	}
	c.try(func() bool { return len(roots) == len(shapes) })
	c.try(func() bool {
		_, err := merkle.Build(t.Context(), h, must(merkle.Uniform(9, 3)), leaves[:9], nil)
		return err != nil
	})
	c.report(t, "M15")
}

// manyVerifiers: one tree and one proof serve sixteen goroutines.
func manyVerifiers(t *testing.T) {
	var c tally
	for _, h := range hashers() {
		s := must(merkle.Compound(1024, 8, 8, 2))
		tree := must(merkle.Build(t.Context(), h, s, merkletest.Leaves(1024, 15), nil))
		p := must(tree.Proof(77))
		bad := p
		bad.Index++
		var wg sync.WaitGroup
		for g := range 16 {
			wg.Go(func() {
				for i := range 5 {
					c.try(func() bool { return merkle.Verify(h, s, tree.Root(), p) == nil })
					c.try(func() bool { return errors.Is(merkle.Verify(h, s, tree.Root(), bad), merkle.ErrProof) })
					got, err := tree.Proof(uint64(g*64 + i))
					c.try(func() bool { return err == nil && merkle.Verify(h, s, tree.Root(), got) == nil })
				}
			})
		}
		wg.Wait()
	}
	c.report(t, "M21")
}

// damagedFiles: cached tree files are damaged in every way, found out, and built again to the same root.
func damagedFiles(t *testing.T) {
	var c tally
	h := sha2.SHA254{}
	for _, s := range []merkle.Shape{must(merkle.Uniform(512, 8)), must(merkle.Compound(1024, 8, 2, 0))} {
		leaves := merkletest.Leaves(s.Leaves(), 16)
		for _, l := range []merkle.Layout{{}, {Detached: true}, {Detached: true, Discard: 1}, {Detached: true, Discard: s.BaseDepth() - 1}} {
			w, _ := files(t, s)
			root := must(merkle.BuildFiles(t.Context(), h, s, l, merkle.FromSlice(leaves), w, nil))
			var list []merkle.File
			for _, f := range w {
				list = append(list, f.(merkle.File))
			}
			restore := func() (bool, error) {
				tree, rebuilt, err := merkle.RestoreFiles(t.Context(), h, s, l, root, list, sliceReader(leaves), nil)
				if err == nil && tree.Root() != root {
					err = errors.New("wrong root")
				}
				return rebuilt, err
			}
			if rebuilt, err := restore(); rebuilt || err != nil {
				t.Fatalf("%v %+v: sound files: %v %v", s, l, rebuilt, err)
			}
			size := must(l.FileSize(s))
			for at := int64(0); at < size; at += 1 + size/97 {
				flip(t, list[len(list)-1], at)
				c.try(func() bool { rebuilt, err := restore(); return rebuilt && err == nil })
			}
			for _, n := range []int64{0, 1, 31, 32, size - 32, size - 1, size + 1, size + 32, 2 * size} {
				if n == size || n < 0 {
					continue
				}
				if err := list[0].Truncate(n); err != nil {
					t.Fatal(err)
				}
				c.try(func() bool { rebuilt, err := restore(); return rebuilt && err == nil })
			}
			if len(list) > 1 {
				swapped := slices.Clone(list)
				slices.Reverse(swapped)
				c.try(func() bool {
					tree, rebuilt, err := merkle.RestoreFiles(t.Context(), h, s, l, root, swapped, nil, nil)
					return tree == nil && !rebuilt && err != nil
				})
				list = swapped
				c.try(func() bool { rebuilt, err := restore(); return rebuilt && err == nil })
			}
			c.try(func() bool {
				flip(t, list[0], 0)
				wrong := sliceReader(merkletest.Leaves(s.Leaves(), 17))
				_, _, err := merkle.RestoreFiles(t.Context(), h, s, l, root, list, wrong, nil)
				return errors.Is(err, merkle.ErrCorrupt)
			})
		}
	}
	c.report(t, "M22")
}

func flip(t *testing.T, f merkle.File, at int64) {
	t.Helper()
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	b[0] ^= 1 << (at % 8)
	if _, err := f.(*os.File).WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

// spans: proofs of ranges and lists that claim more than they hold are refused before anything is
// allocated for them.
func spans(t *testing.T) {
	var c tally
	h := sha2.SHA254{}
	s := must(merkle.Uniform(1<<20, 2))
	leaves := merkletest.Leaves(64, 18)
	small := must(merkle.Uniform(64, 2))
	tree := must(merkle.Build(t.Context(), h, small, leaves, nil))
	root := tree.Root()
	for start := range uint64(66) {
		for end := range uint64(66) {
			if start < end && end <= 64 {
				continue
			}
			c.try(func() bool {
				_, err := tree.OpenRange(t.Context(), start, end, nil)
				return errors.Is(err, merkle.ErrShape)
			})
		}
	}
	for _, p := range []merkle.RangeProof{
		{}, {Start: 5}, {Start: 64, Leaves: leaves[:1]}, {Start: 63, Leaves: leaves[:2]}, {Start: ^uint64(0), Leaves: leaves[:2]},
		{Start: 1 << 63, Leaves: leaves}, {Start: 0, Leaves: leaves, Nodes: leaves[:1]}, {Start: 3, Leaves: leaves[:7]},
		{Start: 3, Leaves: leaves[:7], Nodes: leaves[:1]}, {Nodes: leaves},
	} {
		c.try(func() bool {
			return lean(func() bool { return errors.Is(merkle.VerifyRange(h, small, root, p), merkle.ErrProof) })
		})
	}
	many := make([]uint64, 1000)
	for i := range many {
		many[i] = uint64(i) * 1000
	}
	for _, p := range []merkle.MultiProof{
		{}, {Indices: many}, {Indices: many, Leaves: make([]merkle.Digest, 1000)}, {Leaves: leaves},
		{Indices: many, Leaves: make([]merkle.Digest, 1000), Nodes: leaves}, {Indices: many[:2], Leaves: leaves[:2], Nodes: leaves[:37]},
	} {
		c.try(func() bool {
			return lean(func() bool { return errors.Is(merkle.VerifyMulti(h, s, root, p), merkle.ErrProof) })
		})
	}
	c.report(t, "M12")
}

// lean runs f and reports whether it held while at most 16 KiB were allocated (for the error's text).
func lean(f func() bool) bool {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ok := f()
	runtime.ReadMemStats(&after)
	return ok && after.TotalAlloc-before.TotalAlloc <= 16<<10
}

// indexLists: a list of indices that is not strictly growing is no multiproof, whatever nodes it brings.
func indexLists(t *testing.T) {
	var c tally
	h := sha2.SHA254{}
	s := must(merkle.Compound(128, 8, 8, 2))
	leaves := merkletest.Leaves(128, 19)
	tree := must(merkle.Build(t.Context(), h, s, leaves, nil))
	for _, list := range [][]uint64{
		{1, 1}, {2, 1}, {0, 5, 5, 9}, {127, 0}, {0, 1, 2, 3, 2}, {128}, {0, 128}, {1 << 63}, {^uint64(0)}, {3, 2, 1}, nil,
	} {
		c.try(func() bool { _, err := tree.OpenMulti(t.Context(), list, nil); return errors.Is(err, merkle.ErrShape) })
		for n := range 40 {
			p := merkle.MultiProof{Indices: list, Leaves: make([]merkle.Digest, len(list)), Nodes: leaves[:n]}
			for i, index := range list {
				p.Leaves[i] = leaves[index%128]
			}
			c.try(func() bool { return errors.Is(merkle.VerifyMulti(h, s, tree.Root(), p), merkle.ErrProof) })
		}
	}
	c.report(t, "M13")
}
