package groth16

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime/metrics"
	"testing"
)

// bounded fails the fuzz test where f allocates far more than 64 KiB and eight times the input. The heap's counter, which
// does not stop the world, lags behind and counts the fuzzing engine too; TestAdversaryKeys measures exactly.
func bounded(t *testing.T, n int, f func()) {
	t.Helper()
	counter := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(counter)
	before := counter[0].Value.Uint64()
	f()
	metrics.Read(counter)
	if used := counter[0].Value.Uint64() - before; used > uint64(32<<20+8*n) {
		t.Errorf("%d bytes of input, %d allocated", n, used)
	}
}

func FuzzParseProof(f *testing.F) {
	for _, g := range makeEncodings().Groups {
		if g.Type == "proof" {
			for _, c := range g.Tests {
				f.Add(unhex(f, c.Bytes))
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded(t, len(b), func() {
			p, err := ParseProof(b)
			if err != nil && !errors.Is(err, ErrProof) {
				t.Error(err)
			}
			if err == nil && !bytes.Equal(p.AppendBytes(nil), b) {
				t.Error("another encoding of the proof accepted")
			}
		})
	})
}

func FuzzParseProofs(f *testing.F) {
	s := fakeKey(rand.New(rand.NewPCG(1, 1)), 1)
	raw := s.prove(s.inputs(1, 2)).AppendBytes(nil)
	f.Add(raw, 1)
	f.Add(append(bytes.Clone(raw), raw...), 2)
	f.Add([]byte{}, math.MaxInt)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		bounded(t, len(b), func() {
			if ps, err := ParseProofs(b, n); err == nil && len(ps)*ProofSize != len(b) {
				t.Error("wrong number of proofs")
			}
		})
	})
}

func FuzzParseKey(f *testing.F) {
	for _, g := range makeEncodings().Groups {
		if g.Type == "key" {
			for _, c := range g.Tests {
				f.Add(unhex(f, c.Bytes))
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded(t, len(b), func() {
			k, err := ParseKey(b)
			if err != nil && !errors.Is(err, ErrKey) {
				t.Error(err)
			}
			if err == nil && !bytes.Equal(k.AppendBytes(nil), b) {
				t.Error("another encoding of the key accepted")
			}
		})
		bounded(t, len(b), func() { _, _ = ParseTrustedKey(b, DigestOf(b)) })
	})
}

func FuzzReadKey(f *testing.F) {
	raw := fakeKey(rand.New(rand.NewPCG(1, 1)), 2).key.AppendBytes(nil)
	f.Add(raw)
	f.Add(append(bytes.Clone(raw), 1, 2, 3))
	f.Add(append(raw[:keyHead-4:keyHead-4], 0, 1, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded(t, len(b), func() {
			r := bytes.NewReader(b)
			if k, err := ReadKey(r); err == nil && !bytes.Equal(k.AppendBytes(nil), b[:len(b)-r.Len()]) {
				t.Error("another encoding of the key accepted")
			}
		})
	})
}

func FuzzParseAggregate(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	s := fakeKey(r, 1)
	a, err := fakeSRS(r, 2).Aggregate(f.Context(), []*Proof{s.prove(s.inputs(1, 2))}, SnarkPackV2, nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	raw := a.AppendBytes(nil)
	f.Add(raw)
	f.Add(raw[:aggregateHead])
	f.Add(raw[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded(t, len(b), func() {
			a, err := ParseAggregate(b)
			if err != nil && !errors.Is(err, ErrProof) {
				t.Error(err)
			}
			if err == nil && !bytes.Equal(a.AppendBytes(nil), b) {
				t.Error("another encoding of the aggregate accepted")
			}
		})
	})
}

func FuzzReadSRS(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	raw := fakeSRS(r, 2).appendBytes(nil)
	f.Add(raw, 1)
	f.Add(raw, 2)
	f.Add(raw[:40], 1)
	f.Add([]byte{0, 15, 0, 0}, 1<<18)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		bounded(t, len(b), func() {
			if s, err := ReadSRS(context.Background(), bytes.NewReader(b), n, nil); err == nil && s.MaxProofs() < n {
				t.Error("a reference string that serves fewer proofs than asked for")
			} else if err != nil && !errors.Is(err, ErrKey) {
				t.Error(err)
			}
		})
	})
}

func FuzzNewVerifierSRS(f *testing.F) {
	s := fakeSRS(rand.New(rand.NewPCG(1, 1)), 2)
	g, h := s.gAlpha[1].Bytes(), s.hAlpha[1].Bytes()
	raw, rawH := s.gAlpha[1].RawBytes(), s.hAlpha[1].RawBytes()
	f.Add(g[:], h[:])
	f.Add(raw[:], rawH[:])
	f.Add([]byte{}, []byte{0xc0})
	f.Fuzz(func(t *testing.T, g, h []byte) {
		if _, err := NewVerifierSRS(g, g, g, h, h, h); err != nil && !errors.Is(err, ErrKey) {
			t.Error(err)
		}
	})
}

func FuzzScalar(f *testing.F) {
	f.Add(bytes.Repeat([]byte{0xff}, 32))
	f.Add(make([]byte, 32))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) != 32 {
			return
		}
		s := Scalar(b)
		e, err := s.Element()
		if (err == nil) != s.Canonical() || err == nil && ScalarElement(&e) != s {
			t.Errorf("%x: %v", b, err)
		}
	})
}
