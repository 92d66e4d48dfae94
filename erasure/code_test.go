package erasure

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/reedsolomon"
)

// randomBytes returns n bytes that depend on seed only.
func randomBytes(seed uint64, n int) []byte {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	b := make([]byte, n)
	rand.NewChaCha8(key).Read(b)
	return b
}

// encoded returns a full set of shards of random data.
func encoded(t testing.TB, c Coder, size int, seed uint64) [][]byte {
	t.Helper()
	n := c.Data() + c.Parity()
	shards := cut(randomBytes(seed, n*size), n, size)
	if err := c.Encode(shards); err != nil {
		t.Fatal(err)
	}
	return shards
}

func cloneShards(s [][]byte) [][]byte {
	out := make([][]byte, len(s))
	for i, b := range s {
		out[i] = bytes.Clone(b)
	}
	return out
}

func newCode(t testing.TB, k, m int) *Code {
	t.Helper()
	c, err := New(k, m, &Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCodeEqualsKlauspost holds the parity of every kind of shape against the bare library's.
func TestCodeEqualsKlauspost(t *testing.T) {
	for _, s := range [][2]int{{1, 1}, {2, 2}, {10, 4}, {17, 3}, {12, 4}, {11, 1}, {1, 11}, {3, 12}, {64, 64}, {128, 128}, {255, 1}, {1, 255}, {200, 57}, {300, 33}} {
		c := newCode(t, s[0], s[1])
		enc, err := reedsolomon.New(s[0], s[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{64, 192, 4096 + 64, 1, 63, 65, 4097} {
			if size%c.SizeMultiple() != 0 {
				continue
			}
			ours := encoded(t, c, size, 1)
			theirs := cloneShards(ours)
			for i := s[0]; i < len(theirs); i++ {
				clear(theirs[i])
			}
			if err := enc.Encode(theirs); err != nil {
				t.Fatal(err)
			}
			if !equalShards(ours, theirs) {
				t.Errorf("%d+%d size %d: parity differs", s[0], s[1], size)
			}
			if err := c.Verify(ours); err != nil {
				t.Errorf("%d+%d size %d: %v", s[0], s[1], size, err)
			}
			ours[len(ours)-1][size/2] ^= 1
			if err := c.Verify(ours); !errors.Is(err, ErrProof) {
				t.Errorf("%d+%d size %d: a wrong shard: %v", s[0], s[1], size, err)
			}
		}
	}
}

// TestDenseCode checks the Cauchy code at small shapes and in leopard's layout, and that New chooses it.
func TestDenseCode(t *testing.T) {
	for _, s := range [][2]int{{1, 1}, {5, 3}, {3, 20}, {20, 11}, {40, 40}} {
		c := &Code{data: s[0], parity: s[1], workers: 1, dense: newDense(s[0], s[1])}
		full := encoded(t, c, 192, 3)
		r := rand.New(rand.NewPCG(1, 2))
		for range 20 {
			got := cloneShards(full)
			for _, i := range r.Perm(len(got))[:s[1]] {
				got[i] = nil
			}
			if err := c.Reconstruct(got); err != nil {
				t.Fatal(err)
			}
			if !equalShards(got, full) {
				t.Fatalf("%v: wrong", s)
			}
		}
	}
	for _, s := range [][2]int{{40000, 25000}, {1, 65535}, {100, 40000}} {
		if c := newCode(t, s[0], s[1]); c.Name() != "rs16c" || c.dense == nil {
			t.Errorf("%v: %s", s, c.Name())
		}
	}
}

func TestSplitJoin(t *testing.T) {
	for _, s := range [][2]int{{1, 1}, {10, 4}, {17, 3}, {200, 100}} {
		c := newCode(t, s[0], s[1])
		for _, n := range []int{1, 9, 10, 11, 1000, 4096} {
			data := randomBytes(uint64(n), n)
			shards, err := c.Split(data)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := c.Join(&b, shards, int64(n)); err != nil || !bytes.Equal(b.Bytes(), data) {
				t.Errorf("%v %d: %v", s, n, err)
			}
		}
	}
	if _, err := newCode(t, 2, 1).Split(nil); !errors.Is(err, ErrShardSize) {
		t.Error(err)
	}
}

// TestWorkers compares the shards made by several workers.
func TestWorkers(t *testing.T) {
	for _, s := range [][2]int{{10, 4}, {17, 3}, {40, 40}, {250, 20}} {
		size := 1<<20 + 192
		if slow() || s[0] == 250 {
			size = 300<<10 + 192
		}
		want := encoded(t, newCode(t, s[0], s[1]), size, 5)
		for _, w := range []int{2, 7} {
			c, err := New(s[0], s[1], &Options{Workers: w})
			if err != nil {
				t.Fatal(err)
			}
			got := cloneShards(want)
			for i := s[0]; i < len(got); i++ {
				clear(got[i])
			}
			if err := c.Encode(got); err != nil || !equalShards(got, want) {
				t.Errorf("%v workers %d: encode %v", s, w, err)
			}
			for i := 0; i < s[1]; i++ {
				got[i] = nil
			}
			if err := c.Reconstruct(got); err != nil || !equalShards(got, want) {
				t.Errorf("%v workers %d: %v", s, w, err)
			}
		}
	}
}

func ExampleNew() {
	code, _ := New(10, 4, nil)
	shards, _ := code.Split(bytes.Repeat([]byte("storage "), 100))
	_ = code.Encode(shards)
	shards[0], shards[3], shards[11], shards[13] = nil, nil, nil, nil
	fmt.Println(code.Reconstruct(shards))
	var b bytes.Buffer
	fmt.Println(code.Join(&b, shards, 15), b.String())
	// Output:
	// <nil>
	// <nil> storage storage
}

func BenchmarkEncode(b *testing.B) {
	for _, s := range [][2]int{{10, 4}, {17, 3}, {64, 64}} {
		for _, size := range []int{16 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("data=%d/parity=%d/size=%d/workers=1", s[0], s[1], size), func(b *testing.B) {
				c := newCode(b, s[0], s[1])
				shards := encoded(b, c, size, 1)
				b.SetBytes(int64(s[0] * size))
				b.ReportAllocs()
				for b.Loop() {
					if err := c.Encode(shards); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkReconstruct(b *testing.B) {
	for _, s := range [][2]int{{10, 4}, {17, 3}, {64, 64}} {
		b.Run(fmt.Sprintf("data=%d/parity=%d/size=1048576/workers=1", s[0], s[1]), func(b *testing.B) {
			c := newCode(b, s[0], s[1])
			shards := encoded(b, c, 1<<20, 1)
			b.SetBytes(int64(s[0] << 20))
			for b.Loop() {
				for i := range s[1] {
					shards[i] = shards[i][:0]
				}
				if err := c.Reconstruct(shards); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
