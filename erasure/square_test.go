package erasure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"testing"

	"crypto/sha256"

	"github.com/assaylab/assay/merkle"
)

var bg = context.Background()

func extended(t testing.TB, k, size int, seed uint64) (*Square, Roots) {
	t.Helper()
	s, err := Extend(randomBytes(seed, k*k*size), size, nil)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := s.Roots(bg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, roots
}

// naiveRoot is RFC 6962's definition.
func naiveRoot(leaves [][]byte) merkle.Digest {
	if len(leaves) == 1 {
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	}
	split := 1
	for 2*split < len(leaves) {
		split *= 2
	}
	l, r := naiveRoot(leaves[:split]), naiveRoot(leaves[split:])
	return sha256.Sum256(append(append([]byte{1}, l[:]...), r[:]...))
}

func TestTreeOfRFC6962(t *testing.T) {
	for width := 1; width <= 70; width++ {
		const size = 33
		flat := randomBytes(uint64(width), 3*width*size)
		leaves := make([]merkle.Digest, 3*width)
		leafDigests(leaves, flat, size)
		roots := treeRoots(nil, leaves, width)
		for i := range 3 {
			if want := naiveRoot(cut(flat[i*width*size:(i+1)*width*size], width, size)); roots[i] != want {
				t.Fatalf("width %d tree %d", width, i)
			}
		}
		own := leaves[width : 2*width]
		for i := range width {
			proof := treeProof(nil, own, i)
			if err := verifyLeaf(roots[1], own[i], proof, i, width); err != nil {
				t.Fatalf("width %d leaf %d: %v", width, i, err)
			}
			if err := verifyLeaf(roots[1], own[i], proof, i^1, width); width > 1 && err == nil {
				t.Fatalf("width %d leaf %d accepted elsewhere", width, i)
			}
			for _, bad := range [][]merkle.Digest{append(proof, roots[0]), append([]merkle.Digest{own[i]}, proof...)} {
				if err := verifyLeaf(roots[1], own[i], bad, i, width); !errors.Is(err, ErrProof) {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestSquareIsCodeword(t *testing.T) {
	for _, k := range []int{1, 2, 3, 4, 7, 16} {
		s, roots := extended(t, k, 64, uint64(k))
		for _, a := range []Axis{Row, Column} {
			for i := range 2 * k {
				var line [][]byte
				for j := range 2 * k {
					line = append(line, s.at(s.place(a, i, j)))
				}
				if ok, err := s.enc.Verify(line); !ok || err != nil {
					t.Fatalf("k %d %v %d: %v %v", k, a, i, ok, err)
				}
				if naiveRoot(line) != roots.of(a)[i] {
					t.Fatalf("k %d %v %d: root", k, a, i)
				}
			}
		}
	}
}

func TestSquareRepair(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, k := range []int{1, 2, 3, 8, 16, 130} {
		if k > 128 && slow() {
			continue
		}
		full, roots := extended(t, k, 128, uint64(k))
		for _, loss := range []float64{0, 0.1, 0.3, 0.5, 0.75, 1} {
			part, err := NewSquare(k, 128)
			if err != nil {
				t.Fatal(err)
			}
			for i := range full.have {
				if r.Float64() >= loss {
					if err := part.Set(i/(2*k), i%(2*k), full.at(i)); err != nil {
						t.Fatal(err)
					}
				}
			}
			have, flat, missing := append([]bool(nil), part.have...), bytes.Clone(part.flat), part.missing
			switch err := part.Repair(bg, roots, &Options{Workers: 1 + k%3}); {
			case err == nil:
				if part.missing != 0 || !bytes.Equal(part.flat, full.flat) {
					t.Fatalf("k %d loss %v: wrong", k, loss)
				}
			case !errors.Is(err, ErrTooFewShards) || loss <= 0.1 && k > 2:
				t.Fatalf("k %d loss %v: %v", k, loss, err)
			default:
				if !bytes.Equal(flat, part.flat) || missing != part.missing || fmt.Sprint(have) != fmt.Sprint(part.have) {
					t.Fatal("a failed repair changed the square")
				}
			}
		}
	}
}

// TestSquareRepairSufficient loses everything but a k x k grid, and the largest sets that just do not suffice.
func TestSquareRepairSufficient(t *testing.T) {
	const k = 8
	full, roots := extended(t, k, 64, 1)
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		rows, cols := r.Perm(2*k), r.Perm(2*k)
		grid, _ := NewSquare(k, 64)
		for _, i := range rows[:k] {
			for _, j := range cols[:k] {
				_ = grid.Set(i, j, full.Shard(i, j))
			}
		}
		if err := grid.Repair(bg, roots, nil); err != nil || !bytes.Equal(grid.flat, full.flat) {
			t.Fatal(err)
		}
		hole, _ := NewSquare(k, 64)
		lost := map[Place]bool{}
		for _, i := range rows[:k+1] {
			for _, j := range cols[:k+1] {
				lost[Place{i, j}] = true
			}
		}
		for i := range 2 * k {
			for j := range 2 * k {
				if !lost[Place{i, j}] {
					_ = hole.Set(i, j, full.Shard(i, j))
				}
			}
		}
		if hole.Missing() != int(MinWithheld(2*k)) {
			t.Fatal(hole.Missing())
		}
		if err := hole.Repair(bg, roots, nil); !errors.Is(err, ErrTooFewShards) {
			t.Fatal(err)
		}
		last := Place{rows[0], cols[0]}
		_ = hole.Set(last.Row, last.Column, full.Shard(last.Row, last.Column))
		if err := hole.Repair(bg, roots, nil); err != nil || !bytes.Equal(hole.flat, full.flat) {
			t.Fatal(err)
		}
	}
}

// liar returns a square with a changed shard and the roots that its maker would publish.
func liar(t testing.TB, k, size, row, col int) (*Square, Roots) {
	t.Helper()
	s, _ := extended(t, k, size, 9)
	i := s.index(row, col)
	s.at(i)[size/2] ^= 0x40
	s.hashed[i] = false
	roots, err := s.Roots(bg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, roots
}

// TestSamplesProve: whoever holds k samples of a line, each opened to the root that crosses it, proves that it was badly
// encoded, without any whole line.
func TestSamplesProve(t *testing.T) {
	const k, size = 4, 64
	full, roots := liar(t, k, size, 1, 3)
	part, err := NewSquare(k, size)
	if err != nil {
		t.Fatal(err)
	}
	set := func(row, col int, edit func(*Sample)) error {
		p, err := full.Sample(Column, row, col)
		if err != nil {
			t.Fatal(err)
		}
		edit(&p)
		return part.SetSample(roots, p)
	}
	keep := func(*Sample) {}
	if err := set(1, 0, func(p *Sample) { p.Shard = append([]byte{p.Shard[0] ^ 1}, p.Shard[1:]...) }); !errors.Is(err, ErrProof) {
		t.Errorf("a changed shard: %v", err)
	}
	for col := range k {
		if _, err := part.Prove(roots, Row, 1); !errors.Is(err, ErrTooFewShards) {
			t.Errorf("%d samples: %v", col, err)
		}
		if err := errors.Join(set(1, col, keep), set(2, col, keep)); err != nil {
			t.Fatal(err)
		}
	}
	if part.Missing() != 4*k*k-2*k || part.Size() != size {
		t.Errorf("%d missing of %d bytes each", part.Missing(), part.Size())
	}
	p, err := part.Prove(roots, Row, 1)
	if err != nil || roots.VerifyFraud(p, size) != nil {
		t.Errorf("k samples prove nothing: %v", err)
	}
	if _, err := part.Prove(roots, Row, 2); !errors.Is(err, ErrProof) {
		t.Errorf("an honest line: %v", err)
	}
}

// TestRootsDigest holds the digest against RFC 6962's definition.
func TestRootsDigest(t *testing.T) {
	_, roots := extended(t, 4, 64, 3)
	var leaves [][]byte
	for _, r := range append(append([]merkle.Digest(nil), roots.Rows...), roots.Columns...) {
		leaves = append(leaves, r[:])
	}
	if got, want := roots.Digest(), naiveRoot(leaves); got != want {
		t.Errorf("got %x, want %x", got, want)
	}
	if got := (Roots{}).Digest(); got != (merkle.Digest{}) {
		t.Errorf("of nothing: %x", got)
	}
}

func TestSampleBytes(t *testing.T) {
	s, roots := extended(t, 4, 64, 2)
	for _, a := range []Axis{Row, Column} {
		p, err := s.Sample(a, 3, 6)
		if err != nil {
			t.Fatal(err)
		}
		b, err := p.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		var q Sample
		if err := q.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if err := roots.Verify(q, 64); err != nil {
			t.Fatal(err)
		}
		for i := range b {
			for bit := range 8 {
				bad := bytes.Clone(b)
				bad[i] ^= 1 << bit
				var q Sample
				if q.UnmarshalBinary(bad) == nil && roots.Verify(q, 64) == nil {
					t.Fatalf("byte %d bit %d accepted", i, bit)
				}
			}
		}
		for n := range len(b) + 100 {
			if n != len(b) && q.UnmarshalBinary(append(bytes.Clone(b), make([]byte, 200)...)[:n]) == nil {
				t.Fatalf("length %d accepted", n)
			}
		}
	}
}

func TestAcceptance(t *testing.T) {
	// Of 4 places 2 are withheld: 2/4, then 1/3.
	if p := Acceptance(2, 2, 2); p.Cmp(big.NewRat(1, 6)) != 0 {
		t.Error(p)
	}
	// Counted by hand over all places: the fraction of samples that miss.
	const width, withheld, n, rounds = 8, 25, 3, 20000
	miss := 0
	for i := range rounds {
		hit := false
		var seed [32]byte
		seed[0], seed[1], seed[2] = byte(i), byte(i>>8), byte(i>>16)
		seen := map[Place]bool{}
		for _, p := range SamplePlaces(seed, width, n) {
			if seen[p] {
				t.Fatal("a place twice")
			}
			seen[p] = true
			hit = hit || p.Row < 5 && p.Column < 5
		}
		if !hit {
			miss++
		}
	}
	want, _ := Acceptance(width, withheld, n).Float64()
	if got := float64(miss) / rounds; got < want-0.015 || got > want+0.015 {
		t.Errorf("%v, want %v", got, want)
	}
	bound := big.NewRat(1, 1000000000)
	count, p := SamplesFor(256, MinWithheld(256), bound)
	if p.Cmp(bound) > 0 || Acceptance(256, MinWithheld(256), count-1).Cmp(bound) <= 0 {
		t.Error(count, p)
	}
	if len(SamplePlaces([32]byte{}, 4, 100)) != 16 {
		t.Error("places")
	}
}

func ExampleExtend() {
	square, _ := Extend(bytes.Repeat([]byte("data"), 4*4*16), 64, nil)
	roots, _ := square.Roots(context.Background(), nil)
	sample, _ := square.Sample(Row, 5, 2)
	fmt.Println(square.Width(), roots.Verify(sample, 64))
	// Output: 8 <nil>
}

func ExampleAcceptance() {
	// A square of width 256 of which just too much is withheld, and a client with 75 samples.
	p := Acceptance(256, MinWithheld(256), 75)
	f, _ := p.Float64()
	fmt.Printf("withheld %d, accepted with probability %.6g (exact: %d-bit fraction)\n", MinWithheld(256), f, p.Denom().BitLen())
	n, q := SamplesFor(256, MinWithheld(256), big.NewRat(1, 1e9))
	f, _ = q.Float64()
	fmt.Printf("%d samples: %.6g\n", n, f)
	_ = AcceptanceTable(os.Stdout, 32, MinWithheld(32), []int64{1, 5, 15})
	// Output:
	// withheld 16641, accepted with probability 2.83514e-10 (exact: 686-bit fraction)
	// 71 samples: 9.16414e-10
	// width 32, 289 of 1024 shards withheld
	// 1 samples: accepted with probability 0.717773 = 735/1024
	// 5 samples: accepted with probability 0.189786 = 4939310971/26025731072
	// 15 samples: accepted with probability 0.00663897 = 16511779776326487961983885/2487101054747111169266738176
}

// A light client holds the roots only and asks for shards at secret random places.
func ExampleSamplePlaces() {
	square, _ := Extend(make([]byte, 16*16*64), 64, nil)
	roots, _ := square.Roots(context.Background(), nil)
	good := 0
	for _, p := range SamplePlaces([32]byte{42}, square.Width(), 20) {
		answer, _ := square.Sample(Row, p.Row, p.Column) // from any node, over the network
		if roots.Verify(answer, 64) == nil {
			good++
		}
	}
	p, _ := Acceptance(square.Width(), MinWithheld(square.Width()), int64(good)).Float64()
	fmt.Printf("%d good samples; if the square cannot be rebuilt this happens with probability %.2g\n", good, p)
	// Output: 20 good samples; if the square cannot be rebuilt this happens with probability 0.0012
}

func BenchmarkSquare(b *testing.B) {
	const k, size = 128, 512
	data := randomBytes(1, k*k*size)
	b.Run("op=extend+roots/width=256/size=512/workers=1", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			s, _ := Extend(data, size, &Options{Workers: 1})
			_, _ = s.Roots(bg, &Options{Workers: 1})
		}
	})
	b.Run("op=extend/width=256/size=512/workers=1", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			_, _ = Extend(data, size, &Options{Workers: 1})
		}
	})
	full, roots := extended(b, k, size, 1)
	r := rand.New(rand.NewPCG(1, 1))
	lost := make([]bool, len(full.have))
	for i := range lost {
		lost[i] = r.Float64() < 0.3
	}
	b.Run("op=repair/loss=30/width=256/size=512/workers=1", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			b.StopTimer()
			part, _ := NewSquare(k, size)
			for i := range lost {
				if !lost[i] {
					_ = part.Set(i/(2*k), i%(2*k), full.at(i))
				}
			}
			b.StartTimer()
			if err := part.Repair(bg, roots, &Options{Workers: 1}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
