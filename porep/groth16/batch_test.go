package groth16

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"

	"github.com/assaylab/assay/porep/sector"
)

// fakeBatch returns n valid statements under the keys of the sizes given, in turn.
func fakeBatch(r *rand.Rand, n int, sizes ...int) []Statement {
	setups := make([]*fakeSetup, len(sizes))
	keys := make([]*PreparedKey, len(sizes))
	for i, size := range sizes {
		setups[i] = fakeKey(r, size)
		keys[i] = setups[i].key.Prepare()
	}
	batch := make([]Statement, n)
	for i := range batch {
		f := setups[i%len(sizes)]
		in := f.inputs(sizes[i%len(sizes)], 5)
		batch[i] = Statement{Key: keys[i%len(sizes)], Proof: f.prove(in), Inputs: in}
	}
	return batch
}

func TestVerifyBatch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	batch := fakeBatch(r, 9, 3, 40, 1100)
	for _, workers := range []int{1, 2, 7} {
		for n := 1; n <= len(batch); n++ {
			if err := VerifyBatch(context.Background(), batch[:n], &BatchOptions{Workers: workers}); err != nil {
				t.Fatalf("workers=%d n=%d: %v", workers, n, err)
			}
		}
	}
	// Many proofs of one key: the inputs are combined first.
	if err := VerifyBatch(context.Background(), fakeBatch(r, 12, 1100), nil); err != nil {
		t.Fatal(err)
	}
}

// TestAdversaryBatch covers the cases of batches: a bad member anywhere, errors that cancel under equal coefficients, no
// randomness, nothing to check.
func TestAdversaryBatch(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	t.Run("G11", func(t *testing.T) {
		tried, accepted, panics := 0, 0, 0
		batch := fakeBatch(r, 7, 3, 40)
		for i := range batch {
			bad := slices.Clone(batch)
			bad[i].Proof = &Proof{a: bad[i].Proof.c, b: bad[i].Proof.b, c: bad[i].Proof.a}
			tried++
			var be *BatchError
			err := VerifyBatch(context.Background(), bad, nil)
			if !errors.As(err, &be) || !slices.Equal(be.Bad, []int{i}) || !errors.Is(err, ErrProof) {
				accepted++
				t.Errorf("member %d is bad, got %v", i, err)
			}
		}
		// C + D in one member and C - D in another cancel where both have the same coefficient.
		tried++
		cancel := slices.Clone(batch)
		d := cancel[4].Proof.a
		shifted := func(p *Proof, d bls.G1Affine) *Proof {
			q := *p
			q.c.Add(&q.c, &d)
			return &q
		}
		cancel[0].Proof = shifted(cancel[0].Proof, d)
		d.Neg(&d)
		cancel[2].Proof = shifted(cancel[2].Proof, d)
		var be *BatchError
		if err := VerifyBatch(context.Background(), cancel, nil); !errors.As(err, &be) || !slices.Equal(be.Bad, []int{0, 2}) {
			accepted++
			t.Errorf("errors that cancel: got %v", err)
		}
		tried++
		if err := VerifyBatch(context.Background(), batch, &BatchOptions{Rand: zeros{}}); err == nil || errors.Is(err, ErrProof) {
			accepted++
			t.Errorf("randomness of zeros: got %v", err)
		}
		tried++
		if err := VerifyBatch(context.Background(), batch, &BatchOptions{Rand: io.LimitReader(rand.NewChaCha8([32]byte{}), 20)}); err == nil || errors.Is(err, ErrProof) {
			accepted++
			t.Errorf("randomness that ends: got %v", err)
		}
		report(t, "G11", tried, accepted, panics)
	})
	t.Run("G12", func(t *testing.T) {
		tried, accepted := 0, 0
		batch := fakeBatch(r, 2, 3)
		key, proof, in := batch[0].Key, batch[0].Proof, batch[0].Inputs
		for name, b := range map[string][]Statement{
			"nil batch": nil, "empty batch": {},
			"no inputs":      {{key, proof, nil}, batch[1]},
			"few inputs":     {{key, proof, in[:2]}, batch[1]},
			"many inputs":    {{key, proof, append(slices.Clone(in), in...)}, batch[1]},
			"nil proof":      {{key, nil, in}, batch[1]},
			"zero proof":     {{key, new(Proof), in}, batch[1]},
			"nil key":        {{nil, proof, in}, batch[1]},
			"nothing at all": {{}},
		} {
			tried++
			if err := VerifyBatch(context.Background(), b, nil); err == nil {
				accepted++
				t.Errorf("%s accepted", name)
			}
		}
		for _, bad := range [][]Scalar{nil, in[:2], append(slices.Clone(in), Scalar{})} {
			tried++
			if err := key.Verify(proof, bad, nil); !errors.Is(err, ErrInputs) {
				accepted++
				t.Errorf("%d inputs: got %v", len(bad), err)
			}
		}
		if _, err := ParseProofs(nil, 0); err == nil {
			accepted++
		}
		report(t, "G12", tried+1, accepted, 0)
	})
}

// zeros is a broken source of randomness.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestVerifyBatchCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	batch := fakeBatch(rand.New(rand.NewPCG(3, 3)), 3, 3)
	if err := VerifyBatch(ctx, batch, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestLongBatch holds that one long equation tells progress between its pieces and ends there with its context: it did neither
// for as long as it took.
func TestLongBatch(t *testing.T) {
	batch := slices.Repeat(fakeBatch(rand.New(rand.NewPCG(3, 3)), 1, 3), 2*pieceEach+1)
	calls := 0
	opt := &BatchOptions{Workers: 1, Progress: func(stage string, done, total uint64) {
		calls++
		if stage != "verify" || total != uint64(len(batch)) || done != 0 && done != total {
			t.Errorf("%s: %d of %d", stage, done, total)
		}
	}}
	if err := VerifyBatch(context.Background(), batch, opt); err != nil || calls < 5 {
		t.Errorf("%v, progress was told %d times", err, calls)
	}
	for at := range calls - 1 {
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		err := VerifyBatch(ctx, batch, &BatchOptions{Workers: 1, Progress: func(string, uint64, uint64) {
			if n++; n == at+1 {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) || n != at+1 {
			t.Errorf("cancelled at call %d: %v after %d", at, err, n)
		}
		cancel()
	}
}

// TestManyWorkers asks for more goroutines than an int has room for: the batch never ended, its pieces being of no length or less.
func TestManyWorkers(t *testing.T) {
	batch := fakeBatch(rand.New(rand.NewPCG(3, 4)), 5, 3)
	for _, workers := range []int{1 << 20, math.MaxInt / pieceEach, math.MaxInt/pieceEach + 1, math.MaxInt} {
		if err := VerifyBatch(context.Background(), batch, &BatchOptions{Workers: workers}); err != nil {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
}

// TestZeroValues holds that keys, strings and aggregates which no constructor made prove nothing and do not panic.
func TestZeroValues(t *testing.T) {
	ctx := context.Background()
	s := fakeBatch(rand.New(rand.NewPCG(3, 3)), 1, 3)[0]
	for _, key := range []*PreparedKey{nil, {}, new(VerifyingKey).Prepare()} {
		if err := key.Verify(s.Proof, s.Inputs, nil); !errors.Is(err, ErrKey) {
			t.Errorf("verify: %v", err)
		}
		if err := VerifyBatch(ctx, []Statement{{key, s.Proof, s.Inputs}}, nil); !errors.Is(err, ErrKey) {
			t.Errorf("batch: %v", err)
		}
		if err := key.VerifyAggregate(ctx, new(VerifierSRS), new(Aggregate), SnarkPackV2, nil, s.Inputs, nil); !errors.Is(err, ErrKey) {
			t.Errorf("aggregate: %v", err)
		}
	}
	for _, srs := range []*VerifierSRS{nil, {}, new(SRS).Verifier()} {
		if err := s.Key.VerifyAggregate(ctx, srs, new(Aggregate), SnarkPackV2, nil, s.Inputs, nil); !errors.Is(err, ErrKey) {
			t.Errorf("aggregate without string: %v", err)
		}
	}
	if _, err := new(SRS).Aggregate(ctx, []*Proof{s.Proof}, SnarkPackV2, nil, nil); !errors.Is(err, ErrInputs) {
		t.Errorf("aggregating without string: %v", err)
	}
	if b := new(Aggregate).AppendBytes(nil); b != nil {
		t.Errorf("a zero aggregate has %d bytes", len(b))
	}
	for _, keys := range []*Keys{nil, NewKeys(nil, nil)} {
		_, err := keys.Key(SealCircuit(sector.Proof{Size: sector.Size32GiB, Shape: sector.Shape{Base: 8, Sub: 8}, Layers: 11, Challenges: 18}))
		_, err2 := keys.VerifierSRS(ctx)
		_, err3 := keys.SRS(ctx, 2)
		for _, err := range []error{err, err2, err3} {
			var missing *KeyError
			if !errors.As(err, &missing) || !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("no keys: %v", err)
			}
		}
	}
}

// report logs the outcome of an adversarial case and fails the test where it is not clean.
func report(t *testing.T, id string, tried, accepted, panics int) {
	t.Helper()
	t.Logf("adversary %s tried=%d accepted=%d panics=%d", id, tried, accepted, panics)
	if accepted != 0 || panics != 0 {
		t.Fail()
	}
}

func BenchmarkVerifyBatch(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		name              string
		n, inputs, period int
	}{{"seal", 10, 327, 109}, {"window", 2, 25839, 11}, {"window", 10, 25839, 11}} {
		f := fakeKey(r, c.inputs)
		key := f.key.Prepare()
		batch := make([]Statement, c.n)
		for i := range batch {
			in := f.inputs(c.inputs, c.period)
			batch[i] = Statement{key, f.prove(in), in}
		}
		b.Run(fmt.Sprintf("proof=%s/n=%d/workers=1", c.name, c.n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := VerifyBatch(context.Background(), batch, &BatchOptions{Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
