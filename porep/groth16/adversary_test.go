package groth16

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/assaylab/assay/porep/internal/vectortest"
)

// long reports whether the full numbers are asked for: ASSAY_LONG=1.
func long() bool { return os.Getenv("ASSAY_LONG") != "" }

// realProof returns the real 32 GiB winning proof with its key, or a fake one where the vectors are absent.
func realProof(t *testing.T) (*PreparedKey, *Proof, []Scalar) {
	var v rawVector
	path := ""
	t.Run("vectors", func(t *testing.T) { path = vectortest.Path(t, "mainnet/groth16_raw_winning_32gib.json") })
	if path == "" {
		f := fakeKey(rand.New(rand.NewPCG(1, 1)), 132)
		in := f.inputs(132, 2)
		return f.key.Prepare(), f.prove(in), in
	}
	readJSON(t, path, &v)
	p := v.Proofs[0]
	key, err := ParseKey(unhex(t, p.VK.Hex))
	if err != nil {
		t.Fatal(err)
	}
	proof, err := ParseProof(unhex(t, p.Proof))
	if err != nil {
		t.Fatal(err)
	}
	return key.Prepare(), proof, scalars(t, p.Inputs)
}

// guarded calls f and counts a panic.
func guarded(panics *int, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			*panics++
			err = errors.New("panic")
		}
	}()
	return f()
}

// TestAdversaryInputs tries public inputs that are not reduced, on a real proof.
func TestAdversaryInputs(t *testing.T) {
	key, proof, in := realProof(t)
	var r Scalar
	for w, x := range modulus {
		binary.LittleEndian.PutUint64(r[8*w:], x)
	}
	t.Run("G1", func(t *testing.T) {
		tried, accepted, panics := 0, 0, 0
		r1 := r
		r1[0]++
		for i := range in {
			for _, bad := range []Scalar{r, r1, Scalar(bytes.Repeat([]byte{0xff}, 32)), {31: 0x80}, {31: 0x74}} {
				other := slices.Clone(in)
				other[i] = bad
				tried++
				if err := guarded(&panics, func() error { return key.Verify(proof, other, nil) }); !errors.Is(err, ErrInputs) {
					accepted++
				}
				if _, err := bad.Element(); err == nil {
					accepted++
				}
			}
			if i > 10 && !long() {
				break
			}
		}
		report(t, "G1", tried, accepted, panics)
	})
	t.Run("G5", func(t *testing.T) {
		tried, accepted, panics := 0, 0, 0
		for i := range in {
			for multiple := int64(1); ; multiple++ {
				x := new(big.Int).SetBytes(reversed(in[i][:]))
				x.Add(x, new(big.Int).Mul(big.NewInt(multiple), fr.Modulus()))
				if x.BitLen() > 256 {
					break
				}
				other := slices.Clone(in)
				other[i] = Scalar(reversed(x.FillBytes(make([]byte, 32))))
				tried++
				if err := guarded(&panics, func() error { return key.Verify(proof, other, nil) }); !errors.Is(err, ErrInputs) {
					accepted++
				}
			}
		}
		// And one more or less, which is reduced and proves nothing.
		step := 20
		if long() {
			step = 1
		}
		for i := 0; i < len(in); i += step {
			other := slices.Clone(in)
			other[i][0]++
			tried++
			if err := guarded(&panics, func() error { return key.Verify(proof, other, nil) }); !errors.Is(err, ErrProof) {
				accepted++
			}
		}
		report(t, "G5", tried, accepted, panics)
	})
}

// TestAdversaryLengths tries every length of one and of several proofs.
func TestAdversaryLengths(t *testing.T) {
	t.Run("G3", func(t *testing.T) {
		tried, accepted, panics := 0, 0, 0
		f := fakeKey(rand.New(rand.NewPCG(2, 2)), 1)
		raw := f.prove(f.inputs(1, 2)).AppendBytes(nil)
		all := bytes.Repeat(raw, 12)
		for n := 0; n <= ProofSize+100; n++ {
			if n == ProofSize {
				continue
			}
			tried++
			if err := guarded(&panics, func() error { _, err := ParseProof(all[:n]); return err }); !errors.Is(err, ErrProof) {
				accepted++
			}
		}
		for _, k := range []int{1, 2, 10} {
			for _, n := range []int{0, 1, 192*k - 1, 192*k + 1, 192 * (k - 1), 192 * (k + 1), 192*k - 191} {
				tried++
				if err := guarded(&panics, func() error { _, err := ParseProofs(all[:n], k); return err }); !errors.Is(err, ErrProof) {
					accepted++
				}
			}
		}
		for _, k := range []int{0, -1, math.MinInt, math.MaxInt} {
			tried++
			if err := guarded(&panics, func() error { _, err := ParseProofs(raw, k); return err }); !errors.Is(err, ErrProof) {
				accepted++
			}
		}
		report(t, "G3", tried, accepted, panics)
	})
}

// TestAdversaryMutations flips every bit of proofs and changes their points within the subgroup. ASSAY_LONG=1 does it for 20
// proofs and 10,000 changes, else for two and 700.
func TestAdversaryMutations(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	key, real, realIn := realProof(t)
	f := fakeKey(r, 3)
	small := f.key.Prepare()
	t.Run("G4", func(t *testing.T) {
		tried, accepted, panics, decoded := 0, 0, 0, 0
		refuse := func(p *PreparedKey, in []Scalar, b []byte) {
			tried++
			err := guarded(&panics, func() error {
				q, err := ParseProof(b)
				if err != nil {
					return err
				}
				decoded++
				return p.Verify(q, in, &VerifyOptions{Workers: 1})
			})
			if !errors.Is(err, ErrProof) {
				accepted++
			}
		}
		proofs, changes := 2, 700
		if long() {
			proofs, changes = 20, 10_000
		}
		if testing.Short() {
			proofs, changes = 1, 100
		}
		for i := range proofs {
			p, in, k := real, realIn, key
			if i > 0 {
				in, k = f.inputs(3, 2), small
				p = f.prove(in)
			}
			raw := p.AppendBytes(nil)
			for bit := range 8 * ProofSize {
				b := bytes.Clone(raw)
				b[bit/8] ^= 1 << (bit % 8)
				refuse(k, in, b)
			}
		}
		in := f.inputs(3, 2)
		p, q := f.prove(in), f.prove(f.inputs(3, 2))
		for i := range changes {
			changed := changedProof(f, p, q, i)
			refuse(small, in, changed.AppendBytes(nil))
		}
		for i := range 40 {
			refuse(key, realIn, changedProof(f, real, q, i).AppendBytes(nil))
		}
		if decoded < changes {
			t.Errorf("only %d of the changed proofs decode", decoded)
		}
		report(t, "G4", tried, accepted, panics)
	})
	t.Run("G9", func(t *testing.T) {
		// A re-randomised proof is accepted: proofs are malleable.
		tried, refused := 0, 0
		for range 20 {
			tried++
			if rerandomisedOf := rerandomised(f, real); key.Verify(rerandomisedOf, realIn, nil) != nil {
				refused++
			}
		}
		if refused != 0 {
			t.Errorf("%d of %d re-randomised proofs refused", refused, tried)
		}
		report(t, "G9", tried, 0, 0)
	})
}

// changedProof returns p with a change of kind i that keeps its points in the subgroup, made out of random numbers of f and
// another valid proof q.
func changedProof(f *fakeSetup, p, q *Proof, i int) *Proof {
	_, _, g1, g2 := bls.Generators()
	c := *p
	delta := f.scalar()
	scaleG1(&g1, &delta)
	scaleG2(&g2, &delta)
	switch i % 17 {
	case 0:
		c.a.Neg(&c.a)
	case 1:
		c.b.Neg(&c.b)
	case 2:
		c.c.Neg(&c.c)
	case 3:
		c.a.Add(&c.a, &g1)
	case 4:
		c.b.Add(&c.b, &g2)
	case 5:
		c.c.Add(&c.c, &g1)
	case 6:
		c.a.Double(&c.a)
	case 7:
		c.b.Double(&c.b)
	case 8:
		c.c.Double(&c.c)
	case 9:
		c.a, c.c = c.c, c.a
	case 10:
		c.a = q.a
	case 11:
		c.b = q.b
	case 12:
		c.c = q.c
	case 13:
		c.a, c.b = q.a, q.b
	case 14:
		c.a, c.b, c.c = g1, g2, p.c
	case 15:
		scaleG1(&c.a, &delta)
	case 16:
		scaleG2(&c.b, &delta)
		scaleG1(&c.c, &delta)
	}
	if i%3 == 0 && i >= 17 {
		c.c.Add(&c.c, &g1)
	}
	return &c
}

// TestAdversaryPoints tries points outside the subgroup, the identity and coordinates that are not reduced, in each place of a
// real proof.
func TestAdversaryPoints(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	_, proof, _ := realProof(t)
	raw := proof.AppendBytes(nil)
	refuse := func(tried, accepted, panics *int, at int, point []byte) {
		b := bytes.Clone(raw)
		copy(b[at:], point)
		*tried++
		var pe *PointError
		if err := guarded(panics, func() error { _, err := ParseProof(b); return err }); !errors.As(err, &pe) || !errors.Is(err, ErrProof) {
			*accepted++
		}
	}
	t.Run("G6", func(t *testing.T) {
		tried, accepted, panics := 0, 0, 0
		for _, s := range proofSlots {
			for flags := 0; flags < 256; flags += 32 {
				point := make([]byte, s.size)
				point[0] = byte(flags)
				refuse(&tried, &accepted, &panics, s.at, point)
				point[s.size-1] = 1
				if flags&flagInfinity != 0 || flags&flagCompressed == 0 {
					refuse(&tried, &accepted, &panics, s.at, point)
				}
			}
		}
		report(t, "G6", tried, accepted, panics)
	})
	t.Run("G7", func(t *testing.T) {
		tried, accepted, panics := 0, 0, 0
		for range 99 {
			p, q := randomG1(r), randomG2(r)
			b1, b2 := p.Bytes(), q.Bytes()
			refuse(&tried, &accepted, &panics, 0, b1[:])
			refuse(&tried, &accepted, &panics, 144, b1[:])
			refuse(&tried, &accepted, &panics, 48, b2[:])
		}
		// Points of small order: (0, 2) and (0, -2) have order three.
		for _, flags := range []byte{0x80, 0xa0} {
			point := make([]byte, 48)
			point[0] = flags
			refuse(&tried, &accepted, &panics, 0, point)
		}
		report(t, "G7", tried, accepted, panics)
	})
	t.Run("G8", func(t *testing.T) {
		tried, accepted, panics := 0, 0, 0
		f := fakeKey(r, 1)
		for tried < 60 {
			p := f.prove(f.inputs(1, 2))
			b := p.AppendBytes(nil)
			for _, s := range proofSlots {
				if raised := plusP(b[s.at : s.at+s.size]); raised[0]&0x80 != 0 && raised[0]&0x40 == b[s.at]&0x40 && shiftableBytes(b[s.at:]) {
					refuse(&tried, &accepted, &panics, s.at, raised)
				}
			}
			low := bytes.Clone(b[96:144])
			addP(low)
			refuse(&tried, &accepted, &panics, 96, low)
			u1, u2 := p.a.RawBytes(), p.b.RawBytes()
			refuse(&tried, &accepted, &panics, 0, u1[:48])
			refuse(&tried, &accepted, &panics, 48, u2[:96])
		}
		report(t, "G8", tried, accepted, panics)
	})
}

func shiftableBytes(b []byte) bool {
	x := bytes.Clone(b[:48])
	x[0] &^= flagMask
	addP(x)
	return x[0] < 0x20
}

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestAdversaryKeys tries hostile keys and reference strings and bounds what decoding them allocates: 64 KiB and eight times
// the input.
func TestAdversaryKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 13))
	good := fakeKey(r, 300).key.AppendBytes(nil)
	t.Run("G13", func(t *testing.T) {
		tried, accepted, panics := 0, 0, 0
		refuse := func(b []byte) {
			t.Helper()
			tried++
			limit := uint64(64<<10 + 8*len(b))
			for name, parse := range map[string]func() error{
				"ParseKey":        func() error { _, err := ParseKey(b); return err },
				"ParseTrustedKey": func() error { _, err := ParseTrustedKey(b, DigestOf(b)); return err },
				"ReadKey":         func() error { _, err := ReadKey(bytes.NewReader(b)); return err },
			} {
				var err error
				if used := allocated(func() { err = guarded(&panics, parse) }); used > limit {
					t.Errorf("%s of %d bytes: %d bytes allocated, limit %d", name, len(b), used, limit)
				}
				if !errors.Is(err, ErrKey) && name == "ParseKey" {
					accepted++
					t.Errorf("%d bytes accepted", len(b))
				}
			}
		}
		for n := 0; n <= keyHead+100; n += 13 {
			refuse(good[:n])
		}
		for _, n := range []uint32{0, 1, 300, 302, 1 << 16, 1<<17 + 1, 1<<17 + 2, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
			b := bytes.Clone(good)
			binary.BigEndian.PutUint32(b[keyHead-4:], n)
			refuse(b)
			refuse(b[:keyHead])
		}
		refuse(append(bytes.Clone(good), 0))
		// One bad point among many, in each place of the random test of the subgroup.
		for _, i := range []int{0, 1, 150, 300} {
			for range 5 {
				b := bytes.Clone(good)
				copy(b[keyHead+96*i:], offSubgroup(r, 96))
				refuse(b)
			}
			b := bytes.Clone(good)
			zeros := make([]byte, 96)
			zeros[0] = 0x40
			copy(b[keyHead+96*i:], zeros)
			refuse(b)
			// (0, 2), a point of order three.
			zeros[0], zeros[95] = 0, 2
			copy(b[keyHead+96*i:], zeros)
			refuse(b)
		}
		if _, err := ParseTrustedKey(good, Digest{}); !errors.Is(err, ErrKey) {
			accepted++
			t.Error("a key with another digest than the trusted one accepted")
		}
		report(t, "G13", tried, accepted, panics)
	})
	t.Run("G14", func(t *testing.T) {
		// A proof under the key of another circuit: with as many inputs it is refuted, with others it is unfit.
		tried, accepted, panics := 0, 0, 0
		keys := []*fakeSetup{fakeKey(r, 5), fakeKey(r, 5), fakeKey(r, 6)}
		for i, f := range keys {
			in := f.inputs(len(f.ic)-1, 2)
			proof := f.prove(in)
			for j, other := range keys {
				if i == j {
					continue
				}
				tried++
				if err := guarded(&panics, func() error { return other.key.Prepare().Verify(proof, in, nil) }); err == nil {
					accepted++
				}
			}
		}
		report(t, "G14", tried, accepted, panics)
	})
}

// TestSubgroupTest holds the randomised subgroup test against the plain one.
func TestSubgroupTest(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 14))
	_, _, g, _ := bls.Generators()
	points := make([]bls.G1Affine, 200)
	for i := range points {
		points[i].ScalarMultiplication(&g, big.NewInt(int64(i+1)))
	}
	if ok, err := allInSubgroup(points); err != nil || !ok {
		t.Fatal("good points refused", err)
	}
	var three bls.G1Affine
	three.Y.SetUint64(2)
	for i := range points {
		if i%9 != 0 && !long() {
			continue
		}
		saved := points[i]
		for _, bad := range []bls.G1Affine{three, randomG1(r)} {
			if points[i] = bad; bad.IsInSubGroup() {
				t.Fatal("not a bad point")
			}
			if ok, err := allInSubgroup(points); err != nil || ok {
				t.Errorf("a bad point at %d passes (%v)", i, err)
			}
			// Two bad points that cancel in their sum.
			j := (i + 7) % len(points)
			other := points[j]
			points[j].Neg(&bad)
			if ok, err := allInSubgroup(points); err != nil || ok {
				t.Errorf("bad points at %d and %d pass (%v)", i, j, err)
			}
			points[j] = other
		}
		points[i] = saved
	}
}
