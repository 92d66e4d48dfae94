package verify

import (
	"context"
	"errors"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

func seeded(i int) (s [32]byte) {
	s[0], s[1] = byte(i), byte(i>>8)
	return s
}

// claim returns a right claim of a shape.
func claim(t testing.TB, seed, rows, inner, cols int) *Claim {
	t.Helper()
	a, err := RandomMatrix(seeded(seed), rows, inner)
	if err != nil {
		t.Fatal(err)
	}
	b, err := RandomMatrix(seeded(seed+1), inner, cols)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Multiply(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return &Claim{a, b, c}
}

func TestMultiplyIsNaive(t *testing.T) {
	for _, s := range [][3]int{{1, 1, 1}, {1, 7, 3}, {8, 8, 8}, {17, 33, 5}, {64, 1, 64}} {
		c := claim(t, 5, s[0], s[1], s[2])
		want, err := Naive(c.A, c.B)
		if err != nil || !slices.Equal(c.C, want) {
			t.Errorf("%v: %v", s, err)
		}
	}
}

// TestCorruptions changes 1,000 random entries of products by one unit, one at a time: all are caught, and none of 1,000 right
// products is refused.
func TestCorruptions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1000))
	caught, refused := 0, 0
	for i := range 1000 {
		c := claim(t, i, 1+r.IntN(40), 1+r.IntN(40), 1+r.IntN(40))
		if err := Product(c, seeded(i+7), 1); err != nil {
			refused++
		}
		c.C[r.IntN(len(c.C))] += int32(1 - 2*r.IntN(2))
		if err := Product(c, seeded(i+7), 1); errors.Is(err, ErrProof) {
			caught++
		}
	}
	t.Logf("one-unit corruptions caught %d of 1000, false refusals %d", caught, refused)
	if caught != 1000 || refused != 0 {
		t.Error("want 1000 and 0")
	}
}

// TestMultiplesOfTheModulus shifts entries by the modulus, which the field alone cannot see.
func TestMultiplesOfTheModulus(t *testing.T) {
	for _, shift := range []int32{prime, -prime} {
		c := claim(t, 3, 9, 12, 9)
		for i := range c.C {
			old := c.C[i]
			c.C[i] += shift
			if err := Product(c, seeded(1), 1); !errors.Is(err, ErrProof) {
				t.Fatalf("entry %d shifted by %d: %v", i, shift, err)
			}
			c.C[i] = old
		}
	}
}

// TestExtremes takes all entries to the ends of int8 at inner lengths around those where sums are reduced.
func TestExtremes(t *testing.T) {
	for _, inner := range []int{1, 2, 511, 1024, MaxInner} {
		for _, v := range []int8{-128, 127} {
			a := &Matrix{2, inner, slices.Repeat([]int8{-128}, 2*inner)}
			b := &Matrix{inner, 3, slices.Repeat([]int8{v}, 3*inner)}
			c, err := Multiply(a, b)
			if err != nil {
				t.Fatal(err)
			}
			if err := Product(&Claim{a, b, c}, seeded(inner), 2); err != nil {
				t.Errorf("inner %d: %v", inner, err)
			}
			c[4]++
			if err := Product(&Claim{a, b, c}, seeded(inner), 2); !errors.Is(err, ErrProof) {
				t.Errorf("inner %d: a wrong entry: %v", inner, err)
			}
		}
	}
}

func TestReduce(t *testing.T) {
	p := big.NewInt(prime)
	r := rand.New(rand.NewPCG(2, 2))
	edges := []int64{0, 1, -1, prime - 1, prime, prime + 1, -prime, 2 * prime, 1<<63 - 1, -1 << 63}
	for i := range 10_000 {
		x := int64(r.Uint64())
		if i < len(edges) {
			x = edges[i]
		}
		if want := new(big.Int).Mod(big.NewInt(x), p).Int64(); reduce(x) != want {
			t.Fatalf("%d: got %d, want %d", x, reduce(x), want)
		}
	}
}

func TestProductRefuses(t *testing.T) {
	good := claim(t, 1, 4, 5, 6)
	for name, c := range map[string]*Claim{
		"nil": nil, "no factors": {}, "short product": {good.A, good.B, good.C[1:]}, "swapped": {good.B, good.A, good.C},
		"short factor": {&Matrix{4, 5, good.A.Data[1:]}, good.B, good.C}, "negative": {&Matrix{-4, -5, good.A.Data}, good.B, good.C},
		"huge": {&Matrix{1 << 62, 4, good.A.Data}, good.B, good.C},
	} {
		if err := Product(c, seeded(0), 1); !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Product(good, seeded(0), 0); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	bad := *good
	bad.C = slices.Clone(good.C)
	bad.C[3]--
	if got, err := Products(context.Background(), []Claim{*good, bad, *good, bad}, seeded(9), 1); err != nil || !slices.Equal(got, []int{1, 3}) {
		t.Errorf("batch: %v %v", got, err)
	}
	if _, err := ParseProduct(make([]byte, 9), 2); !errors.Is(err, ErrProof) {
		t.Error(err)
	}
}

func FuzzProduct(f *testing.F) {
	f.Add(uint16(3), uint8(2), uint8(3), uint8(4), uint16(5), int32(1))
	f.Fuzz(func(t *testing.T, seed uint16, rows, inner, cols uint8, at uint16, by int32) {
		c := claim(t, int(seed), int(rows)%20+1, int(inner)%20+1, int(cols)%20+1)
		c.C[int(at)%len(c.C)] += by
		if err := Product(c, seeded(int(seed)), 2); (err == nil) != (by == 0) {
			t.Fatalf("changed by %d: %v", by, err)
		}
	})
}

func BenchmarkProduct(b *testing.B) {
	c := claim(b, 1, 1024, 1024, 1024)
	b.SetBytes(int64(6 * len(c.C)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Product(c, seeded(1), 1); err != nil {
			b.Fatal(err)
		}
	}
}
