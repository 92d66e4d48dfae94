package poseidon_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest"
	"github.com/assaylab/assay/merkle/poseidon"
)

// tally counts hostile inputs: tried, wrongly accepted, panics.
type tally struct{ tried, accepted, panics int }

// refuse calls f, which must return an error and must not panic.
func (c *tally) refuse(f func() error) {
	c.tried++
	defer func() {
		if recover() != nil {
			c.panics++
		}
	}()
	if f() == nil {
		c.accepted++
	}
}

func (c *tally) report(t *testing.T, id string) {
	t.Helper()
	t.Logf("adversary %s tried=%d accepted=%d panics=%d", id, c.tried, c.accepted, c.panics)
	if c.tried == 0 || c.accepted != 0 || c.panics != 0 {
		t.Errorf("adversary %s: %+v", id, *c)
	}
}

// littleEndian returns x as 32 bytes; x is below 2^256.
func littleEndian(x *big.Int) (d merkle.Digest) {
	x.FillBytes(d[:])
	for i := range 16 {
		d[i], d[31-i] = d[31-i], d[i]
	}
	return d
}

// notCanonical are values of 32 bytes that are no field elements.
func notCanonical() []merkle.Digest {
	r := fr.Modulus()
	var out []merkle.Digest
	for _, x := range []*big.Int{
		r, new(big.Int).Add(r, big.NewInt(1)), new(big.Int).Add(r, big.NewInt(7)), new(big.Int).Lsh(r, 1),
		new(big.Int).Lsh(big.NewInt(1), 255), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)),
	} {
		out = append(out, littleEndian(x))
	}
	for i := range 32 { // r with a higher byte somewhere
		d := littleEndian(r)
		if d[i] < 0xff {
			d[i]++
			out = append(out, d)
		}
	}
	return out
}

func TestConform(t *testing.T) {
	merkletest.Conform(t, merkletest.Case{Hasher: poseidon.Hasher{}, Arities: []int{2, 4, 8, 11}, Bad: notCanonical(),
		Ref: func(group []merkle.Digest) merkle.Digest {
			var d [1]merkle.Digest
			if err := poseidon.Hash(d[:], group, len(group), poseidon.Tag(len(group))); err != nil {
				t.Error(err)
			}
			return d[0]
		}})
}

func TestAdversaryNodes(t *testing.T) {
	t.Run("M14", func(t *testing.T) {
		var c tally
		for _, bad := range notCanonical() {
			for _, arity := range poseidon.Arities() {
				for at := range arity {
					for _, n := range []int{1, 2, 17} { // one scalar hash, a tail of lanes, full lanes and a tail
						for g := 0; g < n; g += 8 {
							src, dst := merkletest.Leaves(uint64(n*arity), 1), make([]merkle.Digest, n)
							src[g*arity+at] = bad
							c.refuse(func() error { return poseidon.Hash(dst, src, arity, poseidon.Tag(arity)) })
							c.refuse(func() error { return untouched(dst) })
						}
					}
				}
			}
			for _, layers := range []int{2, 11} {
				for l := range layers {
					dst, rows := make([]merkle.Digest, 18), make([][]byte, layers)
					for i := range rows {
						rows[i] = merkle.Bytes(merkletest.Leaves(uint64(len(dst)), uint64(i)))
					}
					copy(rows[l][32*17:], bad[:])
					c.refuse(func() error { return poseidon.Columns(dst, rows) })
					c.refuse(func() error { return untouched(dst) })
				}
			}
			c.refuse(func() error { _, err := poseidon.Sum2(bad, merkle.Digest{}); return err })
			c.refuse(func() error { _, err := poseidon.Sum2(merkle.Digest{}, bad); return err })
		}
		aliases(t, &c)
		c.report(t, "M14")
	})
	t.Run("M15", func(t *testing.T) {
		var c tally
		src := merkletest.Leaves(88*32, 2)
		seen := map[merkle.Digest]int{}
		for _, arity := range poseidon.Arities() {
			var d [1]merkle.Digest
			if err := poseidon.Hash(d[:], src[:arity], arity, poseidon.Tag(arity)); err != nil {
				t.Fatal(err)
			}
			c.refuse(func() error { // the same data under two arities must not agree
				if other, ok := seen[d[0]]; ok {
					t.Errorf("arities %d and %d agree", arity, other)
					return nil
				}
				return errors.New("new")
			})
			seen[d[0]] = arity
			for n := range 4 * arity {
				for m := range 5 {
					if n != m*arity {
						c.refuse(func() error { return poseidon.Hash(make([]merkle.Digest, m), src[:n], arity, 1) })
					}
				}
			}
		}
		for _, arity := range []int{-1, 0, 3, 5, 6, 7, 9, 10, 12, 16, 24, 36, math.MaxInt} {
			c.refuse(func() error { return poseidon.Hash(make([]merkle.Digest, 1), src[:8], arity, 1) })
			c.refuse(func() error { return poseidon.Hash(nil, nil, arity, 1) })
			c.refuse(func() error { _, err := poseidon.ConstantsOf(arity); return err })
			c.refuse(func() error {
				if (poseidon.Hasher{}).Supports(arity) {
					return nil
				}
				return errors.New("unsupported")
			})
		}
		for layers := range 14 {
			rows := make([][]byte, layers)
			for i := range rows {
				rows[i] = make([]byte, 64)
			}
			if layers != 2 && layers != 11 {
				c.refuse(func() error { return poseidon.Columns(make([]merkle.Digest, 2), rows) })
				continue
			}
			for _, n := range []int{0, 1, 31, 32, 33, 63, 65, 96} {
				rows[layers-1] = make([]byte, n)
				c.refuse(func() error { return poseidon.Columns(make([]merkle.Digest, 2), rows) })
			}
		}
		c.report(t, "M15")
	})
}

// untouched is an error where dst is all zero, as it was made.
func untouched(dst []merkle.Digest) error {
	for i := range dst {
		if dst[i] != (merkle.Digest{}) {
			return nil
		}
	}
	return errors.New("untouched")
}

// aliases offers x+r for each node x of true proofs.
func aliases(t *testing.T, c *tally) {
	shape, err := merkle.Compound(128, 8, 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := merkle.Build(context.Background(), poseidon.Hasher{}, shape, merkletest.Leaves(128, 3), nil)
	if err != nil {
		t.Fatal(err)
	}
	limit := new(big.Int).Lsh(big.NewInt(1), 256)
	plusR := func(d merkle.Digest) (merkle.Digest, bool) {
		var e fr.Element
		if e, err = fr.LittleEndian.Element((*[32]byte)(&d)); err != nil {
			t.Fatal(err)
		}
		x := e.BigInt(new(big.Int))
		x.Add(x, fr.Modulus())
		return littleEndian(x.Mod(x, limit)), x.Cmp(limit) < 0
	}
	for index := range uint64(128) {
		p, err := tree.Proof(index)
		if err != nil {
			t.Fatal(err)
		}
		for i := -1; i < len(p.Siblings); i++ {
			q := p
			q.Siblings = append([]merkle.Digest(nil), p.Siblings...)
			node := &q.Leaf
			if i >= 0 {
				node = &q.Siblings[i]
			}
			if alias, ok := plusR(*node); ok {
				*node = alias
				c.refuse(func() error { return merkle.Verify(poseidon.Hasher{}, shape, tree.Root(), q) })
			}
		}
		if root, ok := plusR(tree.Root()); ok {
			c.refuse(func() error { return merkle.Verify(poseidon.Hasher{}, shape, root, p) })
		}
	}
}

// TestMutatedProofs has 10^5 false proofs refuted, in batches, so by the lanes; 10^4 in -short and without
// vectors. Every one is false by itself: VerifyBatch must name them all.
func TestMutatedProofs(t *testing.T) {
	want := 100_000
	if testing.Short() || poseidon.Kernel() != "ifma" {
		want = 10_000
	}
	tried := 0
	h, ctx := poseidon.Hasher{}, context.Background()
	for round := uint64(0); tried < want; round++ {
		for _, name := range []string{"16-2-0-0", "16-4-0-0", "64-8-0-0", "128-8-2-0", "1024-8-8-2"} {
			var leaves uint64
			var base, sub, top int
			if _, err := fmt.Sscanf(name, "%d-%d-%d-%d", &leaves, &base, &sub, &top); err != nil {
				t.Fatal(err)
			}
			shape, err := merkle.Compound(leaves, base, sub, top)
			if err != nil {
				t.Fatal(err)
			}
			nodes := merkletest.Leaves(leaves, round)
			rows := merkletest.Slow(h, shape, nodes)
			var roots []merkle.Digest
			var proofs []merkle.Proof
			for k := range uint64(4) {
				p := merkletest.SlowProof(shape, rows, (round*37+k*leaves/4+k)%leaves)
				if err := merkle.Verify(h, shape, rows[len(rows)-1][0], p); err != nil {
					t.Fatal(err)
				}
				for _, m := range merkletest.Mutations(shape, rows, p, 16) {
					if m.Shape == shape {
						roots, proofs = append(roots, m.Root), append(proofs, m.Proof)
					}
				}
			}
			bad, err := merkle.VerifyBatch(ctx, h, shape, roots, proofs, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(bad) != len(proofs) {
				t.Fatalf("%s: %d of %d false proofs accepted", name, len(proofs)-len(bad), len(proofs))
			}
			tried += len(proofs)
		}
	}
	t.Logf("mutated Poseidon proofs tried=%d accepted=0 panics=0", tried)
}
