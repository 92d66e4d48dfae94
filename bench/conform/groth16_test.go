package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/groth16/groth16test"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
	"github.com/assaylab/assay/post"
)

// object is a JSON object under construction.
type object map[string]any

func hexes[T ~[32]byte](in []T) []string {
	out := make([]string, len(in))
	for i := range in {
		out[i] = hex.EncodeToString(in[i][:])
	}
	return out
}

func scalarsFrom[T ~[32]byte](in []T) []groth16.Scalar {
	out := make([]groth16.Scalar, len(in))
	for i := range in {
		out[i] = groth16.Scalar(in[i])
	}
	return out
}

func vkObject(b []byte) object {
	sum := sha256.Sum256(b)
	return object{"len": len(b), "sha256": hex.EncodeToString(sum[:]), "ic_len": (len(b) - 868) / 96, "hex": hex.EncodeToString(b)}
}

// madeSeal returns the sector object, inputs and proof of a seal under a key made for it.
func madeSeal(t *testing.T, kind sector.SealProof, n byte, setup **groth16test.Setup) (sec object, st porep.Statement, inputs [][]string, proof []byte) {
	t.Helper()
	p, err := kind.Proof()
	if err != nil {
		t.Fatal(err)
	}
	st = porep.Statement{
		Sector: porep.Sector{Proof: p, ID: sector.ID{Prover: sector.NewProverID(77), Number: sector.Number(n)}, Ticket: sector.Ticket{n}, CommD: sector.CommD{n, 1}},
		CommR:  sector.CommR{n, 2}, Seed: sector.Seed{n, 3},
	}
	id := st.ReplicaID()
	for k := range p.Partitions {
		in, err := porep.PublicInputs(p, id, st.CommD, st.CommR, st.Seed, k)
		if err != nil {
			t.Fatal(err)
		}
		if *setup == nil {
			*setup = groth16test.New(uint64(kind), len(in))
		}
		inputs = append(inputs, hexes(in))
		proof = append(proof, (*setup).Prove(scalarsFrom(in))...)
	}
	h := func(b [32]byte) string { return hex.EncodeToString(b[:]) }
	feature := any(nil)
	if p.Features != 0 {
		feature = p.Features.String()
	}
	return object{
		"name": "made", "sector_size": p.Size, "porep_id": h(p.ID), "api_version": p.Version.String(), "feature": feature, "partitions": p.Partitions,
		"minimum_challenges": p.MinChallenges(), "prover_id": h(st.ID.Prover), "sector_id": n, "ticket": h(st.Ticket), "seed": h(st.Seed), "pieces": []object{},
		"comm_d": h(st.CommD), "replica_id": h(id), "comm_r": h(st.CommR),
	}, st, inputs, proof
}

// passes writes a file, holds that it passes, and that it fails with one hexadecimal digit changed in each of the values named.
func passes(t *testing.T, name string, content any, changes ...string) {
	t.Helper()
	b, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	try := func(b []byte) (string, bool) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return check(path, options{})
	}
	if line, ok := try(b); !ok || !strings.HasPrefix(line, "PASS") {
		t.Errorf("%.300s", line)
	}
	for _, value := range changes {
		at := bytes.Index(b, []byte(value))
		if at < 0 {
			t.Fatalf("%s: no value %.40s", name, value)
		}
		changed := bytes.Clone(b)
		changed[at+len(value)-1] ^= 1
		if line, ok := try(changed); ok {
			t.Errorf("%s: passes with %.40s changed: %s", name, value, line)
		}
	}
}

// TestGroth16OtherSizes runs files of the formats groth16_*.json with other sizes, counts and kinds than the vectors have.
func TestGroth16OtherSizes(t *testing.T) {
	var setup *groth16test.Setup
	sec, st, inputs, proof := madeSeal(t, sector.StackedDRG32GiBV1_1, 1, &setup)
	vk := setup.Key()
	head := func(o object) object {
		o["set"], o["oracle"] = "made", "made"
		return o
	}
	passes(t, "groth16_seal_32gib.json", head(object{"proofs": []object{{
		"sector": sec, "public_inputs_by_partition_le_hex": inputs, "proof_hex": hex.EncodeToString(proof), "verify": true,
		"verify_with_wrong_seed": false, "vk": vkObject(vk),
	}}}), inputs[9][326], hex.EncodeToString(proof[1800:1900]), hex.EncodeToString(vk[len(vk)-50:]))

	// Raw: all partitions of a proof at once, one with an input raised by the modulus, one with a key cut short.
	var flat []string
	for _, row := range inputs {
		flat = append(flat, row...)
	}
	raised := append([]string(nil), inputs[0]...)
	raised[3] = "04000000fffffffffe5bfeff02a4bd5305d8a10908d83933487d9d2953a7ed73"
	broken := vkObject(vk[:len(vk)-1])
	passes(t, "groth16_raw_porep.json", head(object{"proofs": []object{
		{"name": "ten", "vk": vkObject(vk), "public_inputs_le_hex": flat, "proof_hex": hex.EncodeToString(proof), "verify": true},
		{"name": "one", "vk": vkObject(vk), "public_inputs_le_hex": inputs[4], "proof_hex": hex.EncodeToString(proof[4*192 : 5*192]), "verify": true},
		{"name": "other", "vk": vkObject(vk), "public_inputs_le_hex": inputs[4], "proof_hex": hex.EncodeToString(proof[:192]), "verify": false},
		{"name": "input + r", "vk": vkObject(vk), "public_inputs_le_hex": raised, "proof_hex": hex.EncodeToString(proof[:192]), "verify": false},
		{"name": "cut", "vk": vkObject(vk), "public_inputs_le_hex": inputs[0], "proof_hex": hex.EncodeToString(proof[:191]), "verify": false},
		{"name": "bad key", "vk": broken, "public_inputs_le_hex": inputs[0], "proof_hex": hex.EncodeToString(proof[:192]), "verify": false},
	}}), inputs[9][326])

	// An aggregate of three times one partition, padded to four.
	raw := groth16test.SRS(1, 4)
	srs, err := groth16.ReadSRS(context.Background(), bytes.NewReader(raw), 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	one, err := groth16.ParseProofs(proof[:3*192], 3)
	if err != nil {
		t.Fatal(err)
	}
	seeds := []hex32{hex32(st.Seed), hex32(st.Seed), hex32(st.Seed)}
	commRs := []hex32{hex32(st.CommR), hex32(st.CommR), hex32(st.CommR)}
	a, err := srs.Aggregate(context.Background(), one, groth16.SnarkPackV2, aggregateInclude(seeds, commRs), nil)
	if err != nil {
		t.Fatal(err)
	}
	point := func(list, i int) string {
		size := []int{48, 48, 96, 96}[list]
		at := []int{0, 4 + 8*48, 8 + 16*48, 12 + 16*48 + 8*96}[list] + 4 + i*size
		return hex.EncodeToString(raw[at : at+size])
	}
	packed := a.AppendBytes(nil)
	passes(t, "groth16_aggregate_32gib.json", head(object{
		"verifier_srs_compressed": []object{{"n": 4, "g": point(0, 0), "g_alpha": point(0, 1), "g_beta": point(1, 1), "h": point(2, 0),
			"h_alpha": point(2, 1), "h_beta": point(3, 1), "h_alpha_d": point(2, 4)}},
		"srs_file_len": len(raw), "srs_file_sha256": strings.Repeat("00", 32), "srs_powers": 8,
		"aggregates": []object{{"version": "V2", "real_proofs": 3, "padded_proofs": 4, "comm_rs": hexes(commRs), "seeds": hexes(seeds),
			"public_inputs_per_proof_le_hex": inputs[:3], "aggregate_len": len(packed), "aggregate_hex": hex.EncodeToString(packed),
			"verify": true, "verify_with_wrong_seed": false}},
		"vk": vkObject(vk),
	}), inputs[2][326], hex.EncodeToString(packed[len(packed)-40:]))
}

// TestGroth16OtherUpdatesAndPoSt does the same for updates and PoSt.
func TestGroth16OtherUpdatesAndPoSt(t *testing.T) {
	params, err := update.NewParams(sector.Size32GiB)
	if err != nil {
		t.Fatal(err)
	}
	st := update.Statement{Params: params, CommROld: sector.CommR{1}, CommDNew: sector.CommD{2}, CommRNew: sector.CommR{3}}
	setup := groth16test.New(1, 4)
	var inputs [][]string
	var proof []byte
	for k := range params.Partitions {
		in, err := st.PublicInputs(k)
		if err != nil {
			t.Fatal(err)
		}
		inputs, proof = append(inputs, hexes(in)), append(proof, setup.Prove(scalarsFrom(in))...)
	}
	passes(t, "groth16_update_32gib.json", object{
		"set": "made", "oracle": "made", "comm_r_old": hex.EncodeToString(st.CommROld[:]), "comm_r_new": hex.EncodeToString(st.CommRNew[:]),
		"comm_d_new": hex.EncodeToString(st.CommDNew[:]), "h": params.H, "public_inputs_by_partition_le_hex": inputs, "proof_hex": hex.EncodeToString(proof),
		"verify": true, "verify_with_wrong_comm_d_new": false, "vk": vkObject(setup.Key()),
	}, inputs[15][3])

	rules, err := post.NewRules(true, sector.Size8MiB, sector.V1_2_0)
	if err != nil {
		t.Fatal(err)
	}
	rand := post.Randomness{9}
	var sectors []post.Public
	var list []object
	for n := range byte(5) {
		s := post.Public{Number: sector.Number(10 * int(n)), CommR: sector.CommR{n, 5}}
		sectors = append(sectors, s)
		list = append(list, object{"sector_id": s.Number, "comm_r": hex.EncodeToString(s.CommR[:]), "seal_name": "made"})
	}
	rows, err := rules.WindowInputs(rand, sectors)
	if err != nil {
		t.Fatal(err)
	}
	window := groth16test.New(2, len(rows[0]))
	inputs, proof = nil, nil
	for _, row := range rows {
		inputs, proof = append(inputs, hexes(row)), append(proof, window.Prove(scalarsFrom(row))...)
	}
	passes(t, "groth16_post_8mib.json", object{"set": "made", "oracle": "made", "proofs": []object{{
		"name": "window", "api_version": "1.2.0", "sectors": list, "randomness": hex.EncodeToString(rand[:]), "prover_id": strings.Repeat("00", 32),
		"public_inputs_by_partition_le_hex": inputs, "proof_hex": hex.EncodeToString(proof), "verify": true, "verify_with_wrong_randomness": false,
		"vk": vkObject(window.Key()),
	}}}, inputs[2][21], hex.EncodeToString(proof[400:500]))
}
