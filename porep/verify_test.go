package porep_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"testing"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/internal/vectortest"
	"github.com/assaylab/assay/porep/sector"
)

// A c1Vector is a file porep_c1_*.json.
type c1Vector struct {
	Sector vectorSector
	C1     json.RawMessage
	SHA256 string    `json:"c1_json_serde_sha256"`
	Inputs [][]hex32 `json:"public_inputs_by_partition_le_hex"`
}

func (v *c1Vector) statement(t testing.TB) *porep.Statement {
	s := &v.Sector
	return &porep.Statement{
		Sector: s.sector(t), CommR: sector.CommR(s.CommR), Seed: sector.Seed(s.Seed),
	}
}

// loadC1 returns a recorded proof of the reference, its statement and its JSON.
func loadC1(t testing.TB, name string) (*porep.Statement, *porep.Proof, []byte, *c1Vector) {
	t.Helper()
	v := new(c1Vector)
	vectortest.Read(t, "filecoin/porep_c1_"+name+".json", v)
	raw := numbers(t, v.C1)
	st := v.statement(t)
	p, err := porep.DecodeC1(raw, st.Proof)
	if err != nil {
		t.Fatal(name, err)
	}
	return st, p, raw, v
}

// TestReferenceProofs verifies the recorded proofs and writes them again byte for byte.
func TestReferenceProofs(t *testing.T) {
	for _, name := range []string{"2k-v1_0", "2k-v1_1", "2k-syn", "2k-ni", "4k-v1_1", "16k-v1_1", "32k-v1_1", "8m-v1_1"} {
		t.Run(name, func(t *testing.T) {
			st, p, raw, v := loadC1(t, name)
			partial := len(p.Partitions) != st.Proof.Partitions // the file keeps two partitions of many
			if sum := sha256.Sum256(raw); !partial && hex.EncodeToString(sum[:]) != v.SHA256 {
				t.Fatal("the test's own rewriting of the JSON is wrong")
			}
			if back, err := p.AppendC1([]byte("x"), st.Proof); err != nil || !bytes.Equal(back[1:], raw) {
				t.Fatal("encoded again it differs:", err)
			}
			for k, answers := range p.Partitions {
				if err := porep.VerifyPartition(t.Context(), st, p, k, answers, nil); err != nil {
					t.Error(err)
				}
				checkInputs(t, st, k, v.Inputs[k])
			}
			err := porep.Verify(t.Context(), st, p, nil)
			if partial != errors.Is(err, porep.ErrProof) || !partial && err != nil {
				t.Error(err)
			}
		})
	}
}

func checkInputs(t *testing.T, st *porep.Statement, k int, want []hex32) {
	t.Helper()
	in, err := porep.PublicInputs(st.Proof, st.ReplicaID(), st.CommD, st.CommR, st.Seed, k)
	if err != nil || len(in) != len(want) {
		t.Fatalf("%d public inputs, want %d: %v", len(in), len(want), err)
	}
	for i := range in {
		if hex32(in[i]) != want[i] {
			t.Errorf("public input %d: got %x, want %v", i, in[i], want[i])
		}
	}
}

func TestVerifyCancelled(t *testing.T) {
	st, p, _, _ := loadC1(t, "2k-v1_1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := porep.Verify(ctx, st, p, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
