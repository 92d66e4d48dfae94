package merkletest

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/assaylab/assay/merkle"
)

// A Case is a hasher under test and what is known of it.
type Case struct {
	Hasher  merkle.Hasher
	Arities []int // all that it supports and that matter

	// Ref, if not nil, hashes one group by the definition, with other code than Hasher's.
	Ref func(group []merkle.Digest) merkle.Digest

	// Bad are nodes that Canonical must refuse.
	Bad []merkle.Digest

	// Allocs is the number of heap allocations that one call of Parents may make; 0 for none.
	Allocs float64
}

// Conform checks that a hasher keeps the contract of merkle.Hasher: every number of groups gives what the
// groups give one by one, results are canonical and depend on every child and its place, arguments are
// left alone, and calls from many goroutines do not disturb each other.
func Conform(t *testing.T, c Case) {
	if c.Hasher.Name() == "" {
		t.Error("no name")
	}
	for _, a := range []int{-1, 0, 1, merkle.MaxArity + 1} {
		if c.Hasher.Supports(a) && a < 2 {
			t.Errorf("supports arity %d", a)
		}
	}
	t.Run("canonical", c.canonical)
	for _, a := range c.Arities {
		t.Run(fmt.Sprintf("arity=%d", a), func(t *testing.T) {
			if !c.Hasher.Supports(a) {
				t.Fatalf("does not support arity %d", a)
			}
			c.batches(t, a)
			c.sensitive(t, a)
			c.concurrent(t, a)
			c.allocs(t, a)
		})
	}
}

func (c Case) canonical(t *testing.T) {
	nodes := Leaves(67, 1)
	nodes[3] = merkle.Digest{}
	if i := c.Hasher.Canonical(nodes); i != -1 {
		t.Errorf("node %d refused: %x", i, nodes[i])
	}
	if i := c.Hasher.Canonical(nil); i != -1 {
		t.Errorf("no nodes: %d", i)
	}
	for k, bad := range c.Bad {
		for n := 1; n <= len(nodes); n += 11 {
			for _, at := range []int{0, n / 2, n - 1} {
				list := slices.Clone(nodes[:n])
				list[at] = bad
				list[n-1] = bad
				if i := c.Hasher.Canonical(list); i != at {
					t.Errorf("bad node %d at %d of %d: reported at %d", k, at, n, i)
				}
			}
		}
	}
}

// one hashes each group by a call of its own.
func (c Case) one(src []merkle.Digest, arity int) []merkle.Digest {
	dst := make([]merkle.Digest, len(src)/arity)
	for i := range dst {
		group := slices.Clone(src[i*arity : (i+1)*arity])
		c.Hasher.Parents(dst[i:i+1], group, arity)
	}
	return dst
}

func (c Case) batches(t *testing.T, arity int) {
	const most = 131
	guard := merkle.Digest{0xa5, 31: 0x5a}
	buf := Leaves(most*uint64(arity), uint64(arity))
	buf[1] = merkle.Digest{}
	want := c.one(buf, arity)
	if i := c.Hasher.Canonical(want); i >= 0 {
		t.Fatalf("result %d is not canonical: %x", i, want[i])
	}
	if c.Ref != nil {
		for i := range want {
			if d := c.Ref(buf[i*arity : (i+1)*arity]); d != want[i] {
				t.Fatalf("group %d: %x, by the definition %x", i, want[i], d)
			}
		}
	}
	src := slices.Clone(buf)
	for n := 0; n <= most; n++ {
		for _, first := range []int{0, 1, most - n} {
			if first+n > most {
				continue
			}
			dst := make([]merkle.Digest, n+2)
			dst[0], dst[n+1] = guard, guard
			c.Hasher.Parents(dst[1:n+1], src[first*arity:(first+n)*arity], arity)
			if !slices.Equal(dst[1:n+1], want[first:first+n]) {
				t.Fatalf("%d groups from %d differ from single ones", n, first)
			}
			if dst[0] != guard || dst[n+1] != guard {
				t.Fatalf("%d groups: wrote outside dst", n)
			}
		}
	}
	if !slices.Equal(src, buf) {
		t.Fatal("src was changed")
	}
}

func (c Case) sensitive(t *testing.T, arity int) {
	group := Leaves(uint64(arity), 77)
	base := c.one(group, arity)[0]
	for i := range group {
		g := slices.Clone(group)
		g[i][i%31] ^= 1 << (i % 8)
		if c.one(g, arity)[0] == base {
			t.Errorf("child %d does not matter", i)
		}
		if i > 0 {
			g = slices.Clone(group)
			g[i], g[i-1] = g[i-1], g[i]
			if c.one(g, arity)[0] == base {
				t.Errorf("order of children %d and %d does not matter", i-1, i)
			}
		}
	}
	zero := make([]merkle.Digest, 2*arity)
	for _, a := range c.Arities {
		if a != arity && a < 2*arity && c.one(zero[:a], a)[0] == c.one(zero[:arity], arity)[0] {
			t.Errorf("zeros hash alike with arities %d and %d", a, arity)
		}
	}
}

func (c Case) concurrent(t *testing.T, arity int) {
	src := Leaves(97*uint64(arity), 5)
	want := c.one(src, arity)
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			dst := make([]merkle.Digest, len(want))
			for n := len(want); n > 0; n -= 13 + g {
				c.Hasher.Parents(dst[:n], src[:n*arity], arity)
				if !slices.Equal(dst[:n], want[:n]) {
					t.Errorf("goroutine %d: %d groups differ", g, n)
				}
			}
		})
	}
	wg.Wait()
}

func (c Case) allocs(t *testing.T, arity int) {
	if testing.Short() || raceEnabled {
		return
	}
	for _, n := range []int{1, 37, 256} {
		src, dst := Leaves(uint64(n*arity), 6), make([]merkle.Digest, n)
		if got := testing.AllocsPerRun(20, func() { c.Hasher.Parents(dst, src, arity) }); got > c.Allocs {
			t.Errorf("%d groups: %v allocations, want at most %v", n, got, c.Allocs)
		}
	}
}
