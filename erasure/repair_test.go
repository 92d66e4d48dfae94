package erasure

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/bits"
	"os"
	"strings"
	"testing"
)

// newLRC returns the Azure code, guarded or not.
func newLRC(t testing.TB, guard int) *LRC {
	t.Helper()
	l, err := NewLRC(LRCShape{Data: 12, Groups: 2, Global: 2, Guard: guard}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newClay(t testing.TB) *Clay {
	t.Helper()
	c, err := NewClay(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// possible counts by cuts whether groups of the Azure type could decode a loss at all: what each group's own
// parity does not cover must fit the global parity.
func possible(s LRCShape, group func(int) int, mask uint) bool {
	over := 0
	for g := range s.Groups {
		lost := int(mask >> (s.Data + g) & 1)
		for j := range s.Data {
			if group(j) == g {
				lost += int(mask >> j & 1)
			}
		}
		over += max(0, lost-1)
	}
	for r := range s.Global {
		over += int(mask >> (s.Data + s.Groups + r) & 1)
	}
	return over <= s.Global
}

// TestLRCDecodesAllItCould goes through every loss of up to four of 16 shards.
func TestLRCDecodesAllItCould(t *testing.T) {
	l := newLRC(t, 0)
	full := encoded(t, l, 97, 1)
	decoded := make([]int, 5)
	for mask := uint(0); mask < 1<<16; mask++ {
		n := bits.OnesCount(mask)
		if n > 4 || n == 4 && testing.Short() && mask%7 != 0 {
			continue
		}
		got := append([][]byte(nil), full...)
		for i := range got {
			if mask>>i&1 != 0 {
				got[i] = nil
			}
		}
		err := l.Reconstruct(got)
		switch want := possible(l.shape, l.group, mask); {
		case err == nil && want && equalShards(got, full):
			decoded[n]++
		case errors.Is(err, ErrTooFewShards) && !want:
		default:
			t.Fatalf("mask %016b: possible %v, %v", mask, want, err)
		}
	}
	if !testing.Short() && (decoded[3] != 560 || decoded[4] != 1568) {
		t.Errorf("decoded %v; Azure's code has all 560 triples and 86 %% of 1820 quadruples", decoded)
	}
}

func TestLRCShapes(t *testing.T) {
	for _, s := range []LRCShape{{6, 2, 2, 0}, {7, 3, 1, 0}, {30, 5, 2, 1}, {255, 17, 2, 1}, {15, 1, 2, 0}} {
		l, err := NewLRC(s, nil)
		if err != nil {
			t.Fatal(err)
		}
		full := encoded(t, l, 65, 2)
		// Any Global+1 shards may be lost.
		for i := range full {
			for j := i % 7; j < len(full); j += 1 + len(full)/16 {
				got := append([][]byte(nil), full...)
				got[i], got[j], got[(i+j)%len(got)] = nil, nil, nil
				if err := l.Reconstruct(got); s.Global == 2 && err != nil || err == nil && !equalShards(got, full) {
					t.Fatalf("%+v %d %d: %v", s, i, j, err)
				}
			}
		}
	}
	for _, s := range []LRCShape{{}, {12, 0, 2, 0}, {12, 18, 2, 0}, {1, 2, 1, 0}, {12, 2, 3, 0}, {12, 2, 0, 0}, {16, 1, 2, 0}, {12, 2, 2, 2}, {-1, -1, 1, 0}} {
		if _, err := NewLRC(s, nil); !errors.Is(err, ErrShape) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestClayDecodesAnyFour(t *testing.T) {
	c := newClay(t)
	full := encoded(t, c, 256, 1)
	for mask := uint(0); mask < 1<<14; mask++ {
		if bits.OnesCount(mask) > 5 || bits.OnesCount(mask) == 5 && mask%64 != 31 || bits.OnesCount(mask) == 4 && (testing.Short() || raceOn) && mask%16 != 15 {
			continue
		}
		got := append([][]byte(nil), full...)
		for i := range got {
			if mask>>i&1 != 0 {
				got[i] = nil
			}
		}
		err := c.Reconstruct(got)
		if bits.OnesCount(mask) > 4 {
			if !errors.Is(err, ErrTooFewShards) {
				t.Fatalf("mask %b: %v", mask, err)
			}
			continue
		}
		if err != nil || !equalShards(got, full) {
			t.Fatalf("mask %b: %v", mask, err)
		}
	}
}

// rebuildOne rebuilds a shard by its plan alone, and returns the bytes read.
func rebuildOne(t *testing.T, p Planner, full [][]byte, lost int) int {
	t.Helper()
	dead := make([]bool, len(full))
	dead[lost] = true
	plan, err := p.Plan(lost, dead, len(full[0]))
	if err != nil {
		t.Fatal(err)
	}
	parts := make([][]byte, len(plan.Reads))
	read := 0
	for i, r := range plan.Reads {
		if r.Shard == lost {
			t.Fatal("the plan reads the lost shard")
		}
		parts[i] = full[r.Shard][r.Offset : r.Offset+r.Size]
		read += r.Size
	}
	out := randomBytes(77, plan.Size)
	if err := p.Rebuild(plan, out, parts); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out, full[lost]) {
		t.Fatalf("shard %d rebuilt wrongly", lost)
	}
	if err := p.Rebuild(plan, out[1:], parts); err == nil {
		t.Fatal("wrong size accepted")
	}
	return read
}

// TestRepairReads measures what single repairs read: LRC at most half of RS for every data and local parity shard, and with
// guarded global parity for every shard; Clay at most 0.33 of RS.
func TestRepairReads(t *testing.T) {
	const size = 4096
	for guard := range 2 {
		l := newLRC(t, guard)
		full := encoded(t, l, size, 3)
		for i := range full {
			ratio := float64(rebuildOne(t, l, full, i)) / float64(12*size)
			global := i == 14 || i == 15
			if limit := 0.5; ratio > limit && (guard > 0 || !global) {
				t.Errorf("LRC guard %d shard %d reads %.3f of RS", guard, i, ratio)
			}
		}
	}
	c := newClay(t)
	full := encoded(t, c, size, 3)
	for i := range full {
		if ratio := float64(rebuildOne(t, c, full, i)) / float64(10*size); ratio > 0.33 {
			t.Errorf("Clay shard %d reads %.3f of RS", i, ratio)
		}
	}
}

// TestYears holds the model against formulas for one and two tolerated failures.
func TestYears(t *testing.T) {
	m := Model{FailuresPerYear: 0.1, ShardBytes: 1e12, Bandwidth: 1e8, DetectionHours: 1}
	l, mu := 0.1, 24*365.25/(1+2*1e12/1e8/3600)
	// n = 3, one failure tolerated: (5l+mu)/(6l^2).
	want := (5*l + mu) / (6 * l * l)
	if got := m.Years(3, 2, mdsFatal(1)); math.Abs(got/want-1) > 1e-9 {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := m.Years(5, 2, mdsFatal(0)), 1/(5*l); math.Abs(got/want-1) > 1e-9 {
		t.Errorf("%v, want %v", got, want)
	}
	if a, b := m.Years(16, 1, newLRC(t, 0).Fatal()), m.Years(16, 1, mdsFatal(4)); a >= b {
		t.Errorf("LRC %v, RS %v", a, b)
	}
}

func TestRepairTable(t *testing.T) {
	schemes, err := Schemes()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := RepairTable(bg, &b, schemes, Model{}); err != nil {
		t.Fatal(err)
	}
	if strings.Count(b.String(), "\n") != 6 || strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
		t.Error(b.String())
	}
	t.Log("\n" + b.String())
}

func ExampleRepairTable() {
	schemes, _ := Schemes()
	_ = RepairTable(context.Background(), os.Stdout, schemes, Model{})
	// Output:
	// code  stored/byte  read/repaired byte   best  worst  years to loss
	//          RS 10+4        1.400              10.000  10.00  10.00       3.77e+11
	//          RS 12+4        1.333              12.000  12.00  12.00       8.43e+10
	//       LRC 12+2+2        1.333               6.750   6.00  12.00       6.07e+09
	//     LRC 12+2+2+1        1.417               5.294   2.00   6.00       4.29e+10
	//   Clay 10+4 d=13        1.400               3.250   3.25   3.25       2.92e+13
}

func BenchmarkClay(b *testing.B) {
	c, _ := NewClay(&Options{Workers: 1})
	full := encoded(b, c, 1<<20, 1)
	b.Run("op=encode/size=1048576/workers=1", func(b *testing.B) {
		b.SetBytes(10 << 20)
		for b.Loop() {
			_ = c.Encode(full)
		}
	})
	b.Run("op=rebuild/size=1048576/workers=1", func(b *testing.B) {
		plan, _ := c.Plan(3, make([]bool, 14), 1<<20)
		var parts [][]byte
		for _, r := range plan.Reads {
			parts = append(parts, full[r.Shard][r.Offset:r.Offset+r.Size])
		}
		out := make([]byte, 1<<20)
		b.SetBytes(1 << 20)
		for b.Loop() {
			_ = c.Rebuild(plan, out, parts)
		}
	})
}
