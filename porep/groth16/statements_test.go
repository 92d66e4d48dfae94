package groth16

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"testing"
	"testing/fstest"
)

// TestKeysStatements proves two partitions and refuses proofs and inputs that do not fit them.
func TestKeysStatements(t *testing.T) {
	const c = Circuit("v28-made-up")
	f := fakeKey(rand.New(rand.NewPCG(7, 7)), 2)
	file := f.key.AppendBytes(nil)
	keys := NewKeys(fstest.MapFS{c.KeyFile(): {Data: file}}, &KeysOptions{Trusted: map[string]Digest{c.KeyFile(): DigestOf(file)}})
	in := []Scalar{ScalarUint64(1), ScalarUint64(2), ScalarUint64(3), ScalarUint64(4)}
	proof := f.prove(in[2:]).AppendBytes(f.prove(in[:2]).AppendBytes(nil))
	batch, err := keys.Statements(c, proof, 2, in)
	if err != nil || VerifyBatch(context.Background(), batch, nil) != nil {
		t.Fatalf("two partitions: %v", err)
	}
	for _, x := range []struct {
		name       string
		keys       *Keys
		proof      []byte
		partitions int
		in         []Scalar
		want       error
	}{
		{"a byte more", keys, append(proof[:len(proof):len(proof)], 0), 2, in, ErrProof},
		{"other partitions", keys, proof, 1, in, ErrProof},
		{"no partition", keys, nil, 0, in, ErrProof},
		{"an input more", keys, proof, 2, append(in[:4:4], in[0]), ErrInputs},
		{"no key", NewKeys(fstest.MapFS{}, nil), proof, 2, in, ErrKey},
		{"no folder", nil, proof, 2, in, fs.ErrNotExist},
	} {
		if _, err := x.keys.Statements(c, x.proof, x.partitions, x.in); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", x.name, err, x.want)
		}
	}
	for _, a := range []*Aggregate{nil, {}} {
		if err := keys.VerifyAggregate(context.Background(), c, a, 2, SnarkPackV2, nil, in, nil); !errors.Is(err, ErrProof) {
			t.Errorf("no aggregate: %v, want %v", err, ErrProof)
		}
	}
}
