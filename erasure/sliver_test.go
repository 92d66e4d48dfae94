package erasure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

func committee(t testing.TB, n int) *Committee {
	t.Helper()
	c, err := NewCommittee(n)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSlivers rebuilds slivers of both kinds and the blob from any sufficient set, with liars among the helpers.
func TestSlivers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	for _, n := range []int{4, 5, 7, 10, 31, 100, 260} {
		c := committee(t, n)
		for _, size := range []int{0, 1, 1000, 30_000} {
			if n > 40 && size < 30_000 {
				continue
			}
			blob := randomBytes(uint64(n+size), size)
			b, slivers, err := c.Encode(bg, blob, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range []SliverKind{Primary, Secondary} {
				node := r.IntN(n)
				if err := c.Verify(b, slivers[k][node]); err != nil {
					t.Fatal(err)
				}
				var symbols []Symbol
				for i, sender := range r.Perm(n) {
					y, err := c.Help(b, slivers[k^1][sender], node)
					if err != nil {
						t.Fatal(err)
					}
					if i < c.Faulty() && len(y.Data) > 0 { // f nodes lie, the first to answer
						y.Data = bytes.Clone(y.Data)
						y.Data[0] ^= 1
					}
					symbols = append(symbols, y, y)
				}
				got, read, err := c.Recover(b, k, node, symbols)
				if err != nil || !bytes.Equal(got.Data, slivers[k][node].Data) {
					t.Fatalf("n %d size %d %v: %v", n, size, k, err)
				}
				if read != int64(len(got.Data)) {
					t.Errorf("read %d bytes for a sliver of %d", read, len(got.Data))
				}
				few := symbols[:2*(c.Faulty()+c.Needed(k)-1)]
				if _, _, err := c.Recover(b, k, node, few); !errors.Is(err, ErrTooFewShards) {
					t.Fatal(err)
				}
				var some []Sliver
				for _, i := range r.Perm(n)[:c.n-c.f] {
					some = append(some, slivers[k][i])
				}
				if got, err := c.Decode(bg, b, some, nil); err != nil || !bytes.Equal(got, blob) {
					t.Fatal(err)
				}
				bad := slivers[k][node]
				bad.Data = append([]byte{bad.Data[0] ^ 1}, bad.Data[1:]...)
				if err := c.Verify(b, bad); !errors.Is(err, ErrProof) {
					t.Fatal(err)
				}
				if _, err := c.Decode(bg, b, []Sliver{bad, bad}, nil); !errors.Is(err, ErrTooFewShards) {
					t.Fatal(err)
				}
			}
		}
	}
	for _, n := range []int{-1, 0, 3, 1025} {
		if _, err := NewCommittee(n); !errors.Is(err, ErrShape) {
			t.Error(n, err)
		}
	}
}

// TestSliverBandwidth asserts that one sliver costs O(size/n) bytes: size/n times a constant below 3.2.
func TestSliverBandwidth(t *testing.T) {
	const size = 1 << 20
	for _, n := range []int{10, 31, 100, 250} {
		c := committee(t, n)
		for _, k := range []SliverKind{Primary, Secondary} {
			bytes := int64(c.Needed(k)) * c.SymbolSize(size)
			if limit := 3.2 * size / float64(n); float64(bytes) > limit {
				t.Errorf("n %d %v: %d bytes, limit %.0f", n, k, bytes, limit)
			}
		}
	}
}

// TestBadlyEncodedBlob lets a writer publish roots of slivers that belong to no blob.
func TestBadlyEncodedBlob(t *testing.T) {
	c := committee(t, 7)
	b, slivers, err := c.Encode(bg, randomBytes(1, 500), nil)
	if err != nil {
		t.Fatal(err)
	}
	slivers[Primary][0].Data[0] ^= 1
	_, leaves, err := c.extend(b, slivers[Primary][0])
	if err != nil {
		t.Fatal(err)
	}
	b.Roots[Primary][0] = treeRoots(nil, leaves, 7)[0]
	if _, err := c.Decode(bg, b, slivers[Primary], nil); !errors.Is(err, ErrProof) {
		t.Error(err)
	}
	var symbols []Symbol
	for _, s := range slivers[Secondary] {
		y, _ := c.Help(b, s, 0)
		symbols = append(symbols, y)
	}
	if _, _, err := c.Recover(b, Primary, 0, symbols); !errors.Is(err, ErrProof) {
		t.Error(err)
	}
}

func ExampleCommittee() {
	c, _ := NewCommittee(10) // of which 3 may be faulty
	ctx := context.Background()
	blob, slivers, _ := c.Encode(ctx, make([]byte, 28_000), nil)
	var symbols []Symbol
	for _, s := range slivers[Primary][3:7] {
		y, _ := c.Help(blob, s, 9)
		symbols = append(symbols, y)
	}
	s, read, err := c.Recover(blob, Secondary, 9, symbols)
	fmt.Println(len(s.Data), read, err)
	// Output: 4000 4000 <nil>
}
