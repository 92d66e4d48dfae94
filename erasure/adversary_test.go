package erasure

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/klauspost/reedsolomon"
)

// A tally counts the tries of one adversarial case.
type tally struct{ tried, accepted, panics int }

// wrong counts a try; bad says that something was accepted, returned or changed that must not be.
func (c *tally) wrong(f func() (bad bool)) {
	c.tried++
	defer func() {
		if recover() != nil {
			c.panics++
		}
	}()
	if f() {
		c.accepted++
	}
}

// full reports whether the whole acceptance run was asked for (ASSAY_ERASURE_FULL); by default it is a part of it.
func full() bool { return os.Getenv("ASSAY_ERASURE_FULL") != "" }

func some(part, all int) int {
	if full() {
		return all
	}
	if slow() {
		return max(1, part/8)
	}
	return part
}

// slow reports whether a run has to be short: -short, the race detector, or no kernel for wide codes.
func slow() bool { return !full() && (testing.Short() || raceOn || !haveGFNI) }

// TestAdversary goes through E1 to E16 of the list of adversaries.
func TestAdversary(t *testing.T) {
	for _, c := range []struct {
		id string
		f  func(*testing.T, *tally)
	}{
		{"E1", lossMasks}, {"E2", flippedPresent}, {"E3", tooManyBad}, {"E4", badSizes}, {"E5", badShapes}, {"E6", badJoins},
		{"E7", forgedManifests}, {"E8", hostileLengths}, {"E9", untouchedInputs}, {"E10", fraudProofs}, {"E11", someOfThem},
		{"E12", brokenStreams}, {"E13", crossPaths}, {"E14", guardPages}, {"E15", concurrentRepair}, {"E16", rot},
	} {
		t.Run(c.id, func(t *testing.T) {
			var n tally
			c.f(t, &n)
			t.Logf("adversary %s tried=%d accepted=%d panics=%d", c.id, n.tried, n.accepted, n.panics)
			if n.accepted != 0 || n.panics != 0 || n.tried == 0 {
				t.Errorf("%s: of %d tries %d were wrong and %d panicked", c.id, n.tried, n.accepted, n.panics)
			}
		})
	}
}

// lose rebuilds after a loss and reports whether the outcome is wrong: exact shards up to m losses, ErrTooFewShards above.
func lose(c Coder, want [][]byte, lost []int) bool {
	got := append([][]byte(nil), want...)
	for _, i := range lost {
		got[i] = nil
	}
	err := c.Reconstruct(got)
	if len(lost) > c.Parity() {
		return !errors.Is(err, ErrTooFewShards)
	}
	return err != nil || !equalShards(got, want)
}

func lossMasks(t *testing.T, n *tally) {
	largest := 12
	if slow() {
		largest = 9
	}
	for total := 2; total <= largest; total++ {
		for k := 1; k < total; k++ {
			c := newCode(t, k, total-k)
			want := encoded(t, c, 33, uint64(total))
			for mask := 0; mask < 1<<total; mask++ {
				var lost []int
				for i := range total {
					if mask>>i&1 != 0 {
						lost = append(lost, i)
					}
				}
				n.wrong(func() bool { return lose(c, want, lost) })
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for left := some(2_000, 100_000); left > 0; {
		total := 2 + r.IntN(255)
		k := 1 + r.IntN(total-1)
		c := newCode(t, k, total-k)
		want := encoded(t, c, 1+r.IntN(130), uint64(left))
		for range min(left, 50) {
			lost := r.Perm(total)[:min(total-1, r.IntN(total-k+2))]
			n.wrong(func() bool { return lose(c, want, lost) })
			left--
		}
	}
	shapes := [][2]int{{300, 200}, {1000, 24}, {4096, 4096}, {32768, 32768}, {65535, 1}, {3, 33000}}
	if full() {
		shapes = append(shapes, [2]int{40000, 25000})
	}
	for _, s := range shapes {
		if slow() && s[0] == 4096 {
			continue
		}
		c := newCode(t, s[0], s[1])
		want := encoded(t, c, 64, 1)
		for _, losses := range []int{1, s[1] / 2, s[1], s[1] + 1} {
			lost := r.Perm(s[0] + s[1])[:losses]
			n.wrong(func() bool { return lose(c, want, lost) })
		}
	}
}

func badSizes(t *testing.T, n *tally) {
	for _, c := range []Coder{newCode(t, 4, 2), newCode(t, 20, 12), newCode(t, 300, 20), newLRC(t, 0), newClay(t)} {
		size := 2 * c.SizeMultiple() * 64
		good := encoded(t, c, size, 1)
		for _, bad := range []int{0, 1, 63, 65, size - 1, size + 1, 2 * size} {
			for _, at := range []int{0, 1, len(good) - 1} {
				shards := cloneShards(good)
				shards[at] = make([]byte, bad)
				n.wrong(func() bool { return !errors.Is(c.Encode(shards), ErrShardSize) })
				if bad != 0 {
					n.wrong(func() bool { return !errors.Is(c.Reconstruct(shards), ErrShardSize) })
				}
			}
			if c.SizeMultiple() > 1 && bad%c.SizeMultiple() != 0 {
				all := cut(make([]byte, len(good)*bad), len(good), bad)
				n.wrong(func() bool { return !errors.Is(c.Encode(all), ErrShardSize) })
				all[0] = nil
				n.wrong(func() bool { return !errors.Is(c.Reconstruct(all), ErrShardSize) })
			}
		}
		// nil is lost; empty without room is neither lost nor a shard.
		shards := cloneShards(good)
		shards[1] = nil
		n.wrong(func() bool { return !errors.Is(c.Encode(shards), ErrShardSize) })
		n.wrong(func() bool { return c.Reconstruct(shards) != nil || !equalShards(shards, good) })
		shards[1] = make([]byte, 0, size-1)
		n.wrong(func() bool { return !errors.Is(c.Reconstruct(shards), ErrShardSize) })
		shards[1] = make([]byte, 0, size)
		n.wrong(func() bool { return c.Reconstruct(shards) != nil || !equalShards(shards, good) })
		n.wrong(func() bool { return !errors.Is(c.Reconstruct(make([][]byte, len(good))), ErrTooFewShards) })
		n.wrong(func() bool {
			return !errors.Is(c.Encode(good[1:]), ErrShape) || !errors.Is(c.Reconstruct(nil), ErrShape)
		})
	}
}

func badShapes(_ *testing.T, n *tally) {
	for _, s := range [][2]int{
		{0, 1}, {1, 0}, {0, 0}, {-1, 5}, {5, -1}, {65536, 0}, {65536, 1}, {1, 65536}, {32768, 32769}, {65537, 1},
		{math.MaxInt, 1}, {1, math.MaxInt}, {math.MaxInt, math.MaxInt}, {math.MinInt, math.MinInt}, {math.MinInt, 1},
	} {
		n.wrong(func() bool { _, err := New(s[0], s[1], nil); return !errors.Is(err, ErrShape) })
	}
	for _, s := range [][2]int{{1, 1}, {255, 1}, {1, 255}, {256, 1}, {200, 57}, {65535, 1}, {32768, 32768}} {
		n.wrong(func() bool { _, err := New(s[0], s[1], nil); return err != nil })
	}
	for _, s := range [][2]int{{0, 64}, {-1, 64}, {1, 0}, {1, 63}, {1, -64}, {32769, 64}, {math.MaxInt, 64}, {32768, math.MaxInt &^ 63}} {
		n.wrong(func() bool { _, err := NewSquare(s[0], s[1]); return err == nil })
	}
}

func badJoins(t *testing.T, n *tally) {
	for _, s := range [][2]int{{4, 2}, {20, 12}, {300, 20}} {
		c := newCode(t, s[0], s[1])
		shards := encoded(t, c, 64, 1)
		for _, size := range []int64{-1, -5, math.MinInt64, int64(64*s[0] + 1), math.MaxInt64} {
			n.wrong(func() bool {
				var b bytes.Buffer
				return !errors.Is(c.Join(&b, shards, size), ErrShardSize) || b.Len() != 0
			})
		}
		n.wrong(func() bool { return !errors.Is(c.Join(io.Discard, shards[:2], 1), ErrShape) })
		n.wrong(func() bool { return c.Join(io.Discard, shards, 0) != nil })
		shards[1] = nil
		n.wrong(func() bool {
			var b bytes.Buffer
			return !errors.Is(c.Join(&b, shards, 100), ErrTooFewShards) || b.Len() != 0
		})
		n.wrong(func() bool { return c.Join(io.Discard, shards, 64) != nil })
	}
}

func untouchedInputs(t *testing.T, n *tally) {
	for _, c := range []Coder{newCode(t, 4, 2), newCode(t, 20, 12), newCode(t, 300, 20), newLRC(t, 1), newClay(t)} {
		want := encoded(t, c, 256, 1)
		// A decode that fails changes nothing.
		got := cloneShards(want)
		for i := range c.Parity() + 1 {
			got[i] = nil
		}
		before := cloneShards(got)
		n.wrong(func() bool {
			if !errors.Is(c.Reconstruct(got), ErrTooFewShards) {
				return true
			}
			for i := range got {
				if (got[i] == nil) != (before[i] == nil) || !bytes.Equal(got[i], before[i]) {
					return true
				}
			}
			return false
		})
		// Several decode at once from the same buffers.
		var wg sync.WaitGroup
		bad := make([]bool, 8)
		shared := cloneShards(want)
		for w := range bad {
			wg.Go(func() {
				own := append([][]byte(nil), shared...)
				own[w%len(own)], own[(w*3+1)%len(own)] = nil, nil
				bad[w] = c.Reconstruct(own) != nil || !equalShards(own, want)
			})
		}
		wg.Wait()
		n.wrong(func() bool { return slices.Contains(bad, true) || !equalShards(shared, want) })
	}
}

func someOfThem(t *testing.T, n *tally) {
	try := func(c *Code, want [][]byte, lost, required []bool) {
		losses := 0
		got := append([][]byte(nil), want...)
		for i := range lost {
			if lost[i] {
				got[i] = nil
				losses++
			}
		}
		n.wrong(func() bool {
			err := c.ReconstructSome(got, required)
			wanted := false
			for i := range lost {
				wanted = wanted || lost[i] && required[i]
			}
			if losses > c.parity && wanted {
				return !errors.Is(err, ErrTooFewShards)
			}
			for i := range got {
				if !lost[i] || required[i] && wanted {
					if !bytes.Equal(got[i], want[i]) {
						return true
					}
				} else if got[i] != nil {
					return true
				}
			}
			return err != nil && losses < len(want)
		})
	}
	bits := func(mask, n int) []bool {
		out := make([]bool, n)
		for i := range out {
			out[i] = mask>>i&1 != 0
		}
		return out
	}
	c := newCode(t, 2, 2)
	want := encoded(t, c, 65, 1)
	for lost := range 16 {
		for required := range 16 {
			try(c, want, bits(lost, 4), bits(required, 4))
		}
	}
	r := rand.New(rand.NewPCG(11, 1))
	for _, s := range [][2]int{{10, 4}, {17, 3}, {40, 20}, {300, 30}} {
		c := newCode(t, s[0], s[1])
		want := encoded(t, c, 64, 1)
		for range some(200, 3_000) {
			lost, required := make([]bool, len(want)), make([]bool, len(want))
			for _, i := range r.Perm(len(want))[:r.IntN(s[1]+2)] {
				lost[i] = true
			}
			for i := range required {
				required[i] = r.IntN(2) == 0
			}
			try(c, want, lost, required)
		}
	}
	n.wrong(func() bool { return !errors.Is(c.ReconstructSome(want, make([]bool, 3)), ErrShape) })
}

func crossPaths(t *testing.T, n *tally) {
	paths := map[string][]reedsolomon.Option{
		"plain":  {reedsolomon.WithSSSE3(false), reedsolomon.WithSSE2(false), reedsolomon.WithAVX2(false), reedsolomon.WithAVX512(false), reedsolomon.WithGFNI(false), reedsolomon.WithAVXGFNI(false)},
		"ssse3":  {reedsolomon.WithAVX2(false), reedsolomon.WithAVX512(false), reedsolomon.WithGFNI(false), reedsolomon.WithAVXGFNI(false)},
		"avx2":   {reedsolomon.WithAVX512(false), reedsolomon.WithGFNI(false), reedsolomon.WithAVXGFNI(false)},
		"gfni":   {reedsolomon.WithAVX512(false)},
		"avx512": {},
	}
	for _, s := range [][2]int{{4, 2}, {10, 4}, {12, 3}, {3, 12}, {20, 11}} {
		c := newCode(t, s[0], s[1])
		for name, opts := range paths {
			enc, err := reedsolomon.New(s[0], s[1], append(opts, reedsolomon.WithMaxGoroutines(1))...)
			if err != nil {
				t.Fatal(err)
			}
			for size := 0; size <= 300; size++ {
				if slow() && size > 70 {
					size += 12
				}
				total := s[0] + s[1]
				flat := randomBytes(uint64(size), total*(size+1)+1)[1:] // unaligned
				ours, theirs := make([][]byte, total), make([][]byte, total)
				for i := range ours {
					ours[i] = flat[i*(size+1) : i*(size+1)+size : i*(size+1)+size]
					theirs[i] = bytes.Clone(ours[i])
				}
				n.wrong(func() bool {
					if size == 0 {
						return !errors.Is(c.Encode(ours), ErrShardSize)
					}
					return errors.Join(c.Encode(ours), enc.Encode(theirs)) != nil || !equalShards(ours, theirs)
				})
				if size == 0 || name != "plain" {
					continue
				}
				for i := range s[1] {
					theirs[i] = nil
				}
				n.wrong(func() bool { return c.Reconstruct(theirs) != nil || !equalShards(ours, theirs) })
			}
		}
	}
	for rows := 1; rows <= 17; rows++ {
		for _, cols := range []int{1, 2, 7, 11, 30} {
			m := matrix8(cut(randomBytes(uint64(rows*cols), rows*cols), rows, cols))
			m[0][0] = 0
			table := newRowTable(m)
			for size := 1; size <= 300; size += 1 + rows%3 {
				in := cut(randomBytes(uint64(size), cols*size), cols, size)
				got, want := newMatrix8(rows, size), newMatrix8(rows, size)
				n.wrong(func() bool {
					mulRows(table, in, got, 1)
					mulRangeGeneric(m, in, want, 0, size)
					return !equalShards(got, want)
				})
			}
		}
	}
}
