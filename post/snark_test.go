package post_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/groth16/groth16test"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

type snarkHex [32]byte

func (h *snarkHex) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) {
		return fmt.Errorf("%d hex digits", len(b))
	}
	_, err := hex.Decode(h[:], b)
	return err
}

// TestVerifySNARKVectors verifies proofs that filecoin-proofs 19.1 made, from commitments and randomness.
func TestVerifySNARKVectors(t *testing.T) {
	type public struct {
		ID    uint64   `json:"sector_id"`
		CommR snarkHex `json:"comm_r"`
	}
	var v struct {
		Proofs []struct {
			Name       string   `json:"name"`
			API        string   `json:"api_version"`
			Sector     public   `json:"sector"`
			Sectors    []public `json:"sectors"`
			Randomness snarkHex `json:"randomness"`
			Proof      string   `json:"proof_hex"`
			VK         struct {
				Hex string `json:"hex"`
			} `json:"vk"`
		} `json:"proofs"`
	}
	b, err := os.ReadFile(filepath.Join("testdata", "groth16_post_2kib.json")) // filecoin-proofs 19.1.0
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Proofs) == 0 {
		t.Fatal("no proofs are recorded")
	}
	ctx := context.Background()
	for i, p := range v.Proofs {
		api, err := sector.ParseAPIVersion(p.API)
		if err != nil {
			t.Fatal(err)
		}
		window := p.Sectors != nil
		r, err := post.NewRules(window, sector.Size2KiB, api)
		if err != nil {
			t.Fatal(err)
		}
		list := p.Sectors
		circuit := groth16.WindowCircuit(sector.Size2KiB, sector.Shape{Base: 8})
		if !window {
			list, circuit = []public{p.Sector}, groth16.WinningCircuit(sector.Size2KiB, sector.Shape{Base: 8})
		}
		var sectors []post.Public
		for _, s := range list {
			sectors = append(sectors, post.Public{Number: sector.Number(s.ID), CommR: sector.CommR(s.CommR)})
		}
		vk, _ := hex.DecodeString(p.VK.Hex)
		proof, _ := hex.DecodeString(p.Proof)
		keys := groth16test.Keys(map[string][]byte{circuit.KeyFile(): vk})
		verify := func(keys *groth16.Keys, rand post.Randomness, sectors []post.Public, proof []byte) error {
			if window {
				return post.VerifyWindowPoSt(ctx, keys, r, rand, sectors, proof, nil)
			}
			return post.VerifyWinningPoSt(ctx, keys, r, rand, sectors[0], proof, nil)
		}
		rand := post.Randomness(p.Randomness)
		if err := verify(keys, rand, sectors, proof); err != nil {
			t.Fatalf("%d %s: %v", i, p.Name, err)
		}
		rand[0] ^= 1
		if err := verify(keys, rand, sectors, proof); !errors.Is(err, post.ErrProof) {
			t.Errorf("%d %s with other randomness: %v", i, p.Name, err)
		}
		rand[0] ^= 1
		sectors[0].CommR[3] ^= 1
		if err := verify(keys, rand, sectors, proof); !errors.Is(err, post.ErrProof) {
			t.Errorf("%d %s of another replica: %v", i, p.Name, err)
		}
		sectors[0].CommR[3] ^= 1
		for _, bad := range [][]byte{nil, proof[1:], append(bytes.Clone(proof), proof[:192]...)} {
			if err := verify(keys, rand, sectors, bad); !errors.Is(err, post.ErrProof) {
				t.Errorf("%d %s of %d bytes: %v", i, p.Name, len(bad), err)
			}
		}
		var ke *groth16.KeyError
		if err := verify(groth16.NewKeys(fstest.MapFS{}, nil), rand, sectors, proof); !errors.As(err, &ke) || ke.File != circuit.KeyFile() {
			t.Errorf("%d %s without the key: %v", i, p.Name, err)
		}
		if window && len(proof) == 2*groth16.ProofSize {
			// W4: the proof of one partition offered as the other's.
			swapped := append(bytes.Clone(proof[192:]), proof[:192]...)
			if err := verify(keys, rand, sectors, swapped); !errors.Is(err, post.ErrProof) {
				t.Errorf("%d %s with its partitions swapped: %v", i, p.Name, err)
			}
		}
	}
}

// TestVerifySNARKLarge verifies a window PoSt of two 32 GiB partitions, the second one short.
func TestVerifySNARKLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: two proofs of 25,839 inputs")
	}
	r, err := post.RulesOf(sector.WindowPoStV1_1 + 3)
	if err != nil {
		t.Fatal(err)
	}
	sectors := make([]post.Public, r.Sectors+7)
	for i := range sectors {
		sectors[i] = post.Public{Number: sector.Number(3 * i), CommR: sector.CommR{byte(i), byte(i >> 8), 1}}
	}
	rand := post.Randomness{5}
	rows, err := r.WindowInputs(rand, sectors)
	if err != nil {
		t.Fatal(err)
	}
	setup := groth16test.New(9, len(rows[0]))
	var proof []byte
	for _, row := range rows {
		in := make([]groth16.Scalar, len(row))
		for i := range row {
			in[i] = row[i]
		}
		proof = append(proof, setup.Prove(in)...)
	}
	keys := groth16test.Keys(map[string][]byte{groth16.WindowCircuit(r.Size, sector.Shape{Base: 8, Sub: 8}).KeyFile(): setup.Key()})
	if err := post.VerifyWindowPoSt(context.Background(), keys, r, rand, sectors, proof, nil); err != nil {
		t.Fatal(err)
	}
	sectors[r.Sectors+6].CommR[0] ^= 1
	var be *groth16.BatchError
	if err := post.VerifyWindowPoSt(context.Background(), keys, r, rand, sectors, proof, nil); !errors.As(err, &be) || len(be.Bad) != 1 || be.Bad[0] != 1 {
		t.Errorf("another replica in partition 1: %v", err)
	}
}
