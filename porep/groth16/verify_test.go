package groth16

import (
	"bytes"
	"errors"
	"testing"

	"github.com/assaylab/assay/porep/internal/vectortest"
)

func TestRawVectors(t *testing.T) {
	var v rawVector
	vectortest.Read(t, "mainnet/groth16_raw_winning_32gib.json", &v)
	for _, p := range v.Proofs {
		raw := unhex(t, p.VK.Hex)
		key, err := ParseKey(raw)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(key.AppendBytes(nil), raw) {
			t.Error("key does not round-trip")
		}
		proof, err := ParseProof(unhex(t, p.Proof))
		if err == nil {
			err = key.Prepare().Verify(proof, scalars(t, p.Inputs), nil)
			one := key.Prepare().Verify(proof, scalars(t, p.Inputs), &VerifyOptions{Workers: 1})
			if (err == nil) != (one == nil) {
				t.Errorf("%s: workers disagree: %v, %v", p.Name, err, one)
			}
		}
		if (err == nil) != p.Verify || err != nil && !errors.Is(err, ErrProof) {
			t.Errorf("%s: got %v, want %v", p.Name, err, p.Verify)
		}
	}
}
