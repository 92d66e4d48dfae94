package update_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/groth16/groth16test"
	"github.com/assaylab/assay/porep/internal/vectortest"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
)

type hex32 [32]byte

func (h *hex32) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) {
		return fmt.Errorf("%d hex digits", len(b))
	}
	_, err := hex.Decode(h[:], b)
	return err
}

func TestPublicInputs(t *testing.T) {
	var v struct {
		Updates []struct {
			Name      string `json:"name"`
			OldSector struct {
				Size uint64 `json:"sector_size"`
			} `json:"old_sector"`
			H          int        `json:"h"`
			Hs         [6]int     `json:"hs"`
			HSelect    uint64     `json:"h_select"`
			Partitions int        `json:"partitions"`
			Challenges int        `json:"challenges_per_partition"`
			Apex       int        `json:"apex_leaf_count"`
			CommDNew   hex32      `json:"comm_d_new"`
			CommROld   hex32      `json:"comm_r_old"`
			CommRNew   hex32      `json:"comm_r_new"`
			Inputs     [][]string `json:"public_inputs_by_partition_le_hex"`
		} `json:"updates"`
	}
	vectortest.Read(t, "filecoin/update.json", &v)
	if len(v.Updates) == 0 {
		t.Fatal("no updates are recorded")
	}
	for _, u := range v.Updates {
		p, err := update.NewParams(sector.Size(u.OldSector.Size))
		if err != nil {
			t.Fatal(err)
		}
		if p.H != u.H || p.Hs != u.Hs || p.Partitions != u.Partitions || p.Challenges != u.Challenges || p.ApexLeaves != u.Apex {
			t.Errorf("%s: parameters %+v", u.Name, p)
		}
		if sel, err := p.HSelect(); err != nil || sel != u.HSelect {
			t.Errorf("%s: selector %d, want %d (%v)", u.Name, sel, u.HSelect, err)
		}
		st := update.Statement{Params: p, CommROld: sector.CommR(u.CommROld), CommDNew: sector.CommD(u.CommDNew), CommRNew: sector.CommR(u.CommRNew)}
		for k, want := range u.Inputs {
			in, err := st.PublicInputs(k)
			if err != nil || len(in) != len(want) {
				t.Fatalf("%s partition %d: %d inputs, %v", u.Name, k, len(in), err)
			}
			for i := range in {
				if got := hex.EncodeToString(in[i][:]); got != want[i] {
					t.Errorf("%s partition %d input %d: got %s, want %s", u.Name, k, i, got, want[i])
				}
			}
		}
	}
}

func TestVerifyReplicaUpdateVector(t *testing.T) {
	var v struct {
		CommROld hex32  `json:"comm_r_old"`
		CommRNew hex32  `json:"comm_r_new"`
		CommDNew hex32  `json:"comm_d_new"`
		Proof    string `json:"proof_hex"`
		VK       struct {
			Hex string `json:"hex"`
		} `json:"vk"`
	}
	vectortest.Read(t, "filecoin/groth16_update_2kib.json", &v)
	p, err := update.NewParams(sector.Size2KiB)
	if err != nil {
		t.Fatal(err)
	}
	vk, _ := hex.DecodeString(v.VK.Hex)
	proof, _ := hex.DecodeString(v.Proof)
	keys := groth16test.Keys(map[string][]byte{groth16.UpdateCircuit(p.Size, p.Shape).KeyFile(): vk})
	st := update.Statement{Params: p, CommROld: sector.CommR(v.CommROld), CommDNew: sector.CommD(v.CommDNew), CommRNew: sector.CommR(v.CommRNew)}
	ctx := context.Background()
	if err := update.VerifyReplicaUpdate(ctx, keys, &st, proof, nil); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*update.Statement){
		"CommR before": func(s *update.Statement) { s.CommROld[0] ^= 1 }, "CommD": func(s *update.Statement) { s.CommDNew[0] ^= 1 },
		"CommR after": func(s *update.Statement) { s.CommRNew[0] ^= 1 },
		"order":       func(s *update.Statement) { s.CommROld, s.CommRNew = s.CommRNew, s.CommROld },
	} {
		other := st
		change(&other)
		if err := update.VerifyReplicaUpdate(ctx, keys, &other, proof, nil); !errors.Is(err, update.ErrProof) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	for _, bad := range [][]byte{nil, proof[:100], append(bytes.Clone(proof), proof...)} {
		if err := update.VerifyReplicaUpdate(ctx, keys, &st, bad, nil); !errors.Is(err, update.ErrProof) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
	var ke *groth16.KeyError
	if err := update.VerifyReplicaUpdate(ctx, groth16test.Keys(nil), &st, proof, nil); !errors.As(err, &ke) {
		t.Errorf("without the key: %v", err)
	}
}

// TestVerifyKinds verifies updates of every size, alone and aggregated, under keys made for it.
func TestVerifyKinds(t *testing.T) {
	ctx := context.Background()
	raw := groth16test.SRS(1, 32)
	srs, err := groth16.ReadSRS(context.Background(), bytes.NewReader(raw), 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []sector.Size{sector.Size2KiB, sector.Size32KiB, sector.Size8MiB, sector.Size512MiB, sector.Size32GiB, sector.Size64GiB} {
		p, err := update.NewParams(size)
		if err != nil {
			t.Fatal(err)
		}
		setup := groth16test.New(uint64(size), 4)
		keys := groth16test.Keys(map[string][]byte{groth16.UpdateCircuit(size, p.Shape).KeyFile(): setup.Key(), groth16.ReferenceFile: raw})
		var sts []update.Statement
		var proofs [][]byte
		for n := range byte(2) {
			st := update.Statement{Params: p, CommROld: sector.CommR{n, 1}, CommDNew: sector.CommD{n, 2}, CommRNew: sector.CommR{n, 3}}
			var proof []byte
			for k := range p.Partitions {
				in, err := st.PublicInputs(k)
				if err != nil {
					t.Fatal(err)
				}
				proof = append(proof, setup.Prove([]groth16.Scalar{groth16.Scalar(in[0]), groth16.Scalar(in[1]), groth16.Scalar(in[2]), groth16.Scalar(in[3])})...)
			}
			if err := update.VerifyReplicaUpdate(ctx, keys, &st, proof, nil); err != nil {
				t.Errorf("%v: %v", size, err)
			}
			sts, proofs = append(sts, st), append(proofs, proof)
		}
		a, err := update.Aggregate(ctx, srs, sts, proofs, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := update.VerifyAggregate(ctx, keys, sts, a, nil); err != nil {
			t.Errorf("%v aggregate: %v", size, err)
		}
		sts[0].CommDNew[5] ^= 1
		if err := update.VerifyAggregate(ctx, keys, sts, a, nil); !errors.Is(err, update.ErrProof) {
			t.Errorf("%v aggregate of other data: %v", size, err)
		}
	}
	if _, err := update.NewParams(sector.Size1GiB); !errors.Is(err, sector.ErrSize) {
		t.Errorf("1 GiB: %v", err)
	}
}
