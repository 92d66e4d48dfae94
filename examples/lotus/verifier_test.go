package lotus_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/filecoin-project/go-state-types/abi"
	"github.com/filecoin-project/go-state-types/proof"
	"github.com/ipfs/go-cid"

	"github.com/assaylab/assay/examples/lotus"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/groth16/groth16test"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
	"github.com/assaylab/assay/post"
)

// verifier is the interface that lotus injects, restated: lotus b835fab, chain/proofs/verifier.go, Verifier. lotus itself is not
// imported, because its go.mod replaces filecoin-ffi by a local folder.
type verifier interface {
	VerifySeal(proof.SealVerifyInfo) (bool, error)
	VerifyAggregateSeals(aggregate proof.AggregateSealVerifyProofAndInfos) (bool, error)
	VerifyReplicaUpdate(update proof.ReplicaUpdateInfo) (bool, error)
	VerifyWinningPoSt(ctx context.Context, info proof.WinningPoStVerifyInfo) (bool, error)
	VerifyWindowPoSt(ctx context.Context, info proof.WindowPoStVerifyInfo) (bool, error)

	GenerateWinningPoStSectorChallenge(context.Context, abi.RegisteredPoStProof, abi.ActorID, abi.PoStRandomness, uint64) ([]uint64, error)
}

var _ verifier = (*lotus.Verifier)(nil)

const miner = 1000

// newVerifier returns a verifier over parameter files in memory.
func newVerifier(files map[string][]byte) verifier {
	fsys, trusted := fstest.MapFS{}, map[string]groth16.Digest{}
	for name, b := range files {
		fsys[name] = &fstest.MapFile{Data: b}
		trusted[name] = groth16.DigestOf(b)
	}
	return lotus.New(groth16.NewKeys(fsys, &groth16.KeysOptions{Trusted: trusted}), nil)
}

func mustCID(t *testing.T, text string) cid.Cid {
	t.Helper()
	c, err := cid.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// expect holds a verdict.
func expect(t *testing.T, what string, want bool) func(bool, error) {
	return func(got bool, err error) {
		t.Helper()
		if err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", what, got, err, want)
		}
	}
}

func sealOf(p sector.Proof, n byte) porep.Statement {
	return porep.Statement{
		Sector: porep.Sector{
			Proof: p, ID: sector.ID{Prover: sector.NewProverID(miner), Number: sector.Number(n)},
			Ticket: sector.Ticket{n, 1}, CommD: sector.CommD{n, 2},
		},
		CommR: sector.CommR{n, 3}, Seed: sector.Seed{n, 4},
	}
}

func scalarsOf[T ~[32]byte](in []T) []groth16.Scalar {
	out := make([]groth16.Scalar, len(in))
	for i := range in {
		out[i] = groth16.Scalar(in[i])
	}
	return out
}

// proveSeal returns the proofs of all partitions under a key made for the test.
func proveSeal(t *testing.T, s *groth16test.Setup, st porep.Statement) (out []byte) {
	t.Helper()
	for k := range st.Proof.Partitions {
		in, err := porep.PublicInputs(st.Proof, st.ReplicaID(), st.CommD, st.CommR, st.Seed, k)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s.Prove(scalarsOf(in))...)
	}
	return out
}

func TestSeals(t *testing.T) {
	const kind = abi.RegisteredSealProof_StackedDrg32GiBV1_1
	p, err := sector.SealProof(kind).Proof()
	if err != nil {
		t.Fatal(err)
	}
	raw := groth16test.SRS(1, 32)
	setup := groth16test.New(1, 3+18*p.Challenges)
	v := newVerifier(map[string][]byte{groth16.SealCircuit(p).KeyFile(): setup.Key(), groth16.ReferenceFile: raw})

	var sts []porep.Statement
	var proofs [][]byte
	var infos []proof.AggregateSealVerifyInfo
	for n := range byte(2) {
		st := sealOf(p, n)
		sts, proofs = append(sts, st), append(proofs, proveSeal(t, setup, st))
		infos = append(infos, proof.AggregateSealVerifyInfo{
			Number: abi.SectorNumber(n), Randomness: st.Ticket[:], InteractiveRandomness: st.Seed[:],
			SealedCID: mustCID(t, st.CommR.CID()), UnsealedCID: mustCID(t, st.CommD.CID()),
		})
	}
	info := proof.SealVerifyInfo{
		SealProof: kind, SectorID: abi.SectorID{Miner: miner, Number: 1}, Randomness: infos[1].Randomness,
		InteractiveRandomness: infos[1].InteractiveRandomness, Proof: proofs[1], SealedCID: infos[1].SealedCID, UnsealedCID: infos[1].UnsealedCID,
	}
	expect(t, "seal", true)(v.VerifySeal(info))
	info.Miner++
	expect(t, "another miner's seal", false)(v.VerifySeal(info))
	info.Miner--
	info.Proof = info.Proof[1:]
	expect(t, "a cut proof", false)(v.VerifySeal(info))

	srs, err := groth16.ReadSRS(context.Background(), bytes.NewReader(raw), 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := porep.AggregateSeals(context.Background(), srs, sts, groth16.SnarkPackV2, proofs, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := proof.AggregateSealVerifyProofAndInfos{
		Miner: miner, SealProof: kind, AggregateProof: abi.RegisteredAggregationProof_SnarkPackV2, Proof: a, Infos: infos,
	}
	expect(t, "aggregate", true)(v.VerifyAggregateSeals(all))
	all.AggregateProof = abi.RegisteredAggregationProof_SnarkPackV1
	expect(t, "aggregate as version 1", false)(v.VerifyAggregateSeals(all))
	all.Infos = nil
	if ok, err := v.VerifyAggregateSeals(all); ok || err == nil {
		t.Errorf("an aggregate of nothing: %v, %v", ok, err)
	}
	// Without the key nothing is judged.
	info.Proof = proofs[1]
	var ke *groth16.KeyError
	if ok, err := newVerifier(nil).VerifySeal(info); ok || !errors.As(err, &ke) || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, groth16.ErrKey) {
		t.Errorf("without a key: %v, %v", ok, err)
	}
}

func TestReplicaUpdate(t *testing.T) {
	params, err := update.NewParams(sector.Size32GiB)
	if err != nil {
		t.Fatal(err)
	}
	setup := groth16test.New(2, 4)
	v := newVerifier(map[string][]byte{groth16.UpdateCircuit(params.Size, params.Shape).KeyFile(): setup.Key()})
	st := update.Statement{Params: params, CommROld: sector.CommR{1}, CommDNew: sector.CommD{2}, CommRNew: sector.CommR{3}}
	info := proof.ReplicaUpdateInfo{
		UpdateProofType:    abi.RegisteredUpdateProof_StackedDrg32GiBV1,
		OldSealedSectorCID: mustCID(t, st.CommROld.CID()), NewSealedSectorCID: mustCID(t, st.CommRNew.CID()), NewUnsealedSectorCID: mustCID(t, st.CommDNew.CID()),
	}
	for k := range params.Partitions {
		in, err := st.PublicInputs(k)
		if err != nil {
			t.Fatal(err)
		}
		info.Proof = append(info.Proof, setup.Prove(scalarsOf(in))...)
	}
	expect(t, "update", true)(v.VerifyReplicaUpdate(info))
	info.OldSealedSectorCID, info.NewSealedSectorCID = info.NewSealedSectorCID, info.OldSealedSectorCID
	expect(t, "update backwards", false)(v.VerifyReplicaUpdate(info))
}

// TestPoSt verifies the recorded proofs of filecoin-proofs 19.1 that the network's registered kinds cover.
func TestPoSt(t *testing.T) {
	type public struct {
		ID    uint64 `json:"sector_id"`
		CommR string `json:"comm_r"`
	}
	var v struct {
		Proofs []struct {
			API        string   `json:"api_version"`
			Sector     *public  `json:"sector"`
			Sectors    []public `json:"sectors"`
			Randomness string   `json:"randomness"`
			Proof      string   `json:"proof_hex"`
			VK         struct {
				Hex string `json:"hex"`
			} `json:"vk"`
		} `json:"proofs"`
	}
	root := os.Getenv("ASSAY_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "vectors")
	}
	b, err := os.ReadFile(filepath.Join(root, "filecoin", "groth16_post_2kib.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("vectors: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	ctx, shape := context.Background(), sector.Shape{Base: 8}
	judged := 0
	for i, p := range v.Proofs {
		list, kind := p.Sectors, abi.RegisteredPoStProof_StackedDrgWindow2KiBV1_1
		file := groth16.WindowCircuit(sector.Size2KiB, shape).KeyFile()
		switch {
		case p.Sector != nil && p.API == "1.1.0":
			list, kind = []public{*p.Sector}, abi.RegisteredPoStProof_StackedDrgWinning2KiBV1
			file = groth16.WinningCircuit(sector.Size2KiB, shape).KeyFile()
		case p.Sector != nil:
			continue // winning PoSt is registered under V1_0_0 alone, whose rules are those of V1_1_0
		case p.API == "1.1.0":
			kind = abi.RegisteredPoStProof_StackedDrgWindow2KiBV1
		}
		judged++
		vk, _ := hex.DecodeString(p.VK.Hex)
		ver := newVerifier(map[string][]byte{file: vk})
		var sectors []proof.SectorInfo
		for _, s := range list {
			var c sector.CommR
			if _, err := hex.Decode(c[:], []byte(s.CommR)); err != nil {
				t.Fatal(err)
			}
			sectors = append(sectors, proof.SectorInfo{SealProof: abi.RegisteredSealProof_StackedDrg2KiBV1_1, SectorNumber: abi.SectorNumber(s.ID), SealedCID: mustCID(t, c.CID())})
		}
		rand, _ := hex.DecodeString(p.Randomness)
		rand[31] |= 0xc0 // lotus clears the two top bits, and so does the adapter
		given := bytes.Clone(rand)
		raw, _ := hex.DecodeString(p.Proof)
		proofs := []proof.PoStProof{{PoStProof: kind, ProofBytes: raw}}
		if p.Sector != nil {
			info := proof.WinningPoStVerifyInfo{Randomness: rand, Proofs: proofs, ChallengedSectors: sectors, Prover: miner}
			expect(t, "winning", true)(ver.VerifyWinningPoSt(ctx, info))
			rand[0] ^= 1
			expect(t, "winning with other randomness", false)(ver.VerifyWinningPoSt(ctx, info))
			continue
		}
		// In any order, and with one sector twice.
		shuffled := append([]proof.SectorInfo{sectors[len(sectors)-1]}, sectors...)
		info := proof.WindowPoStVerifyInfo{Randomness: rand, Proofs: proofs, ChallengedSectors: shuffled, Prover: miner}
		expect(t, "window", true)(ver.VerifyWindowPoSt(ctx, info))
		if !bytes.Equal(rand, given) {
			t.Errorf("proof %d: the caller's randomness was changed", i)
		}
		info.ChallengedSectors = sectors[1:]
		expect(t, "window without a sector", false)(ver.VerifyWindowPoSt(ctx, info))
	}
	if judged == 0 {
		t.Error("no proof judged")
	}
}

func TestWinningSectors(t *testing.T) {
	rand := bytes.Repeat([]byte{0xff}, 32)
	v := newVerifier(nil)
	got, err := v.GenerateWinningPoStSectorChallenge(context.Background(), abi.RegisteredPoStProof_StackedDrgWinning32GiBV1, miner, rand, 7)
	masked := post.Randomness(bytes.Repeat([]byte{0xff}, 32))
	masked[31] = 0x3f
	want, werr := post.WinningSectors(masked, sector.NewProverID(miner), 7, 1)
	if err != nil || werr != nil || len(got) != 1 || got[0] != want[0] || rand[31] != 0xff {
		t.Errorf("got %v, %v, want %v, %v", got, err, want, werr)
	}
	for _, kind := range []abi.RegisteredPoStProof{abi.RegisteredPoStProof_StackedDrgWindow32GiBV1_1, -1, 99} {
		if _, err := v.GenerateWinningPoStSectorChallenge(context.Background(), kind, miner, rand, 7); err == nil {
			t.Errorf("kind %d accepted", kind)
		}
	}
	if _, err := v.GenerateWinningPoStSectorChallenge(context.Background(), 3, miner, rand[:31], 7); err == nil {
		t.Error("randomness of 31 bytes accepted")
	}
}
