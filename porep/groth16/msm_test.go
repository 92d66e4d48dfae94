package groth16

import (
	"math/big"
	"math/rand/v2"
	"testing"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

func (l limbs) big() *big.Int {
	x := new(big.Int)
	for i := 3; i >= 0; i-- {
		x.Lsh(x, 64).Add(x, new(big.Int).SetUint64(l[i]))
	}
	return x
}

// testScalars returns n scalars below r of all lengths, edge values among them.
func testScalars(r *rand.Rand, n int) []limbs {
	one := limbs{1}
	top := modulus
	top[0]--
	edges := []limbs{{}, one, {2}, {127}, {128}, {129}, {255}, {256}, {1<<64 - 1}, {0, 1}, {1<<64 - 1, 1<<64 - 1}, top,
		{endoLambda[0], endoLambda[1]}, {endoLambda[0] - 1, endoLambda[1]}, {0x8080808080808080, 0x8080808080808080, 0x8080808080808080, 0x7080808080808080}}
	out := make([]limbs, n)
	for i := range out {
		switch r.IntN(4) {
		case 0:
			out[i] = edges[r.IntN(len(edges))]
		case 1:
			out[i] = limbs{r.Uint64() >> r.IntN(64)}
		default:
			for ok := false; !ok; ok = out[i].canonical() {
				out[i] = limbs{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64() >> 1}
			}
		}
	}
	return out
}

func testPoints(r *rand.Rand, n int) []bls.G1Affine {
	_, _, g, _ := bls.Generators()
	out := make([]bls.G1Affine, n)
	for i := range out {
		out[i].ScalarMultiplication(&g, new(big.Int).SetUint64(r.Uint64N(7)+1+r.Uint64N(2)<<40))
	}
	return out
}

// TestMultiExp holds both ways of summing against one multiplication after the other; the points repeat and cancel.
func TestMultiExp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := 1; n < 40; n++ {
		points, k := testPoints(r, n), testScalars(r, n)
		var want, term bls.G1Jac
		want = g1Identity()
		for i := range points {
			term.FromAffine(&points[i])
			term.ScalarMultiplication(&term, k[i].big())
			want.AddAssign(&term)
		}
		for _, workers := range []int{1, 2, 7} {
			if got := multiExp(points, k, workers); !got.Equal(&want) {
				t.Fatalf("n=%d workers=%d: multiExp differs", n, workers)
			}
		}
		if got := shift(points).multiExp(k); !got.Equal(&want) {
			t.Fatalf("n=%d: shifted sum differs", n)
		}
	}
}

func TestSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	p := testPoints(r, 1)[0]
	lambda := limbs{endoLambda[0], endoLambda[1]}.big()
	for _, s := range testScalars(r, 2000) {
		_, lo, hi := split(&p, &s)
		if got := new(big.Int).Mul(hi.big(), lambda); got.Add(got, lo.big()).Cmp(s.big()) != 0 {
			t.Fatalf("%x splits into %x + λ·%x", s, lo, hi)
		}
		if lo.bitLen() > 128 || hi.bitLen() > 128 {
			t.Fatalf("%x: halves of %d and %d bits", s, lo.bitLen(), hi.bitLen())
		}
	}
	s := limbs{0, 0, 0, 1 << 60}
	q, lo, hi := split(&p, &s)
	var a, b, want bls.G1Affine
	a.ScalarMultiplication(&p, lo.big())
	b.ScalarMultiplication(&q, hi.big())
	a.Add(&a, &b)
	if want.ScalarMultiplication(&p, s.big()); !a.Equal(&want) {
		t.Error("the endomorphism does not multiply by lambda")
	}
}

// TestDigits checks that the signed digits of every width add up to the number.
func TestDigits(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, s := range testScalars(r, 500) {
		for c := 2; c <= 15; c++ {
			sum := new(big.Int)
			for w := s.bitLen() / c; w >= 0; w-- {
				d := s.digit(w, c)
				if d > 1<<(c-1) || d < -1<<(c-1) {
					t.Fatalf("%x: digit %d of width %d is %d", s, w, c, d)
				}
				sum.Lsh(sum, uint(c)).Add(sum, big.NewInt(int64(d)))
			}
			if sum.Cmp(s.big()) != 0 {
				t.Fatalf("%x: digits of width %d give %x", s, c, sum)
			}
		}
	}
}

// TestBucketSetSpecialCases sums points that repeat, cancel and are the identity.
func TestBucketSetSpecialCases(t *testing.T) {
	_, _, g, _ := bls.Generators()
	var neg, two bls.G1Affine
	neg.Neg(&g)
	two.Double(&g)
	pool := []bls.G1Affine{{}, g, neg, two}
	r := rand.New(rand.NewPCG(11, 12))
	for range 400 {
		n := 1 + r.IntN(40)
		points, entries, want := make([]bls.G1Affine, n), make([]entry, n), make([]bls.G1Affine, 3)
		for i := range points {
			points[i] = pool[r.IntN(len(pool))]
			entries[i] = entry{bucket: int32(r.IntN(3)), point: int32(i)}
			q := points[i]
			if r.IntN(2) == 0 {
				entries[i].point = int32(-i - 1)
				q.Neg(&q)
			}
			want[entries[i].bucket].Add(&want[entries[i].bucket], &q)
		}
		got := make([]bls.G1Affine, 3)
		new(bucketSet).sum(got, points, entries)
		for b := range got {
			if !got[b].Equal(&want[b]) {
				t.Fatalf("bucket %d of %d points differs", b, n)
			}
		}
	}
}

func BenchmarkMultiExp(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	_, _, g, _ := bls.Generators()
	for _, s := range shapes {
		f := fakeSetup{rand: r}
		logs := make([]fr.Element, s.n)
		k := make([]limbs, s.n)
		for i := range logs {
			logs[i] = f.scalar()
			k[i] = limbs{r.Uint64N(1 << 32)}
			if i%s.fullEvery == 0 {
				e := f.scalar()
				k[i] = plain(&e)
			}
		}
		points := bls.BatchScalarMultiplicationG1(&g, logs)
		b.Run("inputs="+s.name+"/shifted=no", func(b *testing.B) {
			for b.Loop() {
				multiExp(points, k, 1)
			}
		})
		if s.n > shiftedInputs {
			continue
		}
		t := shift(points)
		b.Run("inputs="+s.name+"/shifted=yes", func(b *testing.B) {
			for b.Loop() {
				t.multiExp(k)
			}
		})
	}
}
