package porep_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/groth16/groth16test"
	"github.com/assaylab/assay/porep/internal/vectortest"
	"github.com/assaylab/assay/porep/sector"
)

// TestAdversaryVerifySealVectors verifies proofs that filecoin-proofs 19.1 made, from commitments and ids.
func TestAdversaryVerifySealVectors(t *testing.T) {
	var v struct {
		Proofs []struct {
			Sector struct {
				Size    uint64 `json:"sector_size"`
				PoRepID hex32  `json:"porep_id"`
				API     string `json:"api_version"`
				Prover  hex32  `json:"prover_id"`
				ID      uint64 `json:"sector_id"`
				Ticket  hex32  `json:"ticket"`
				Seed    hex32  `json:"seed"`
				CommD   hex32  `json:"comm_d"`
				CommR   hex32  `json:"comm_r"`
			} `json:"sector"`
			Proof string `json:"proof_hex"`
			VK    struct {
				Hex string `json:"hex"`
			} `json:"vk"`
		} `json:"proofs"`
	}
	vectortest.Read(t, "filecoin/groth16_seal_2kib.json", &v)
	if len(v.Proofs) == 0 {
		t.Fatal("no proofs are recorded")
	}
	ctx := context.Background()
	for i, p := range v.Proofs {
		api, err := sector.ParseAPIVersion(p.Sector.API)
		if err != nil {
			t.Fatal(err)
		}
		sp, err := sector.NewProof(sector.PoRepID(p.Sector.PoRepID), sector.Size(p.Sector.Size), api, 0)
		if err != nil {
			t.Fatal(err)
		}
		st := porep.Statement{
			Sector: porep.Sector{
				Proof: sp, ID: sector.ID{Prover: sector.ProverID(p.Sector.Prover), Number: sector.Number(p.Sector.ID)},
				Ticket: sector.Ticket(p.Sector.Ticket), CommD: sector.CommD(p.Sector.CommD),
			},
			CommR: sector.CommR(p.Sector.CommR), Seed: sector.Seed(p.Sector.Seed),
		}
		vk, _ := hex.DecodeString(p.VK.Hex)
		proof, _ := hex.DecodeString(p.Proof)
		keys := groth16test.Keys(map[string][]byte{groth16.SealCircuit(sp).KeyFile(): vk})
		if err := porep.VerifySeal(ctx, keys, &st, proof, nil); err != nil {
			t.Fatalf("proof %d: %v", i, err)
		}
		t.Run("G15", func(t *testing.T) {
			tried, accepted := 0, 0
			for name, change := range map[string]func(*porep.Statement){
				"miner": func(s *porep.Statement) { s.ID.Prover[0] ^= 1 }, "sector": func(s *porep.Statement) { s.ID.Number++ },
				"ticket": func(s *porep.Statement) { s.Ticket[31] ^= 0x80 }, "seed": func(s *porep.Statement) { s.Seed[0] ^= 1 },
				"CommD": func(s *porep.Statement) { s.CommD[0] ^= 1 }, "CommR": func(s *porep.Statement) { s.CommR[0] ^= 1 },
			} {
				other := st
				change(&other)
				tried++
				if err := porep.VerifySeal(ctx, keys, &other, proof, nil); !errors.Is(err, porep.ErrProof) {
					accepted++
					t.Errorf("another %s: %v", name, err)
				}
			}
			t.Logf("adversary %s tried=%d accepted=%d panics=%d", "G15", tried, accepted, 0)
		})
		for _, bad := range [][]byte{nil, proof[:191], append(bytes.Clone(proof), 0), append(bytes.Clone(proof), proof...)} {
			if err := porep.VerifySeal(ctx, keys, &st, bad, nil); !errors.Is(err, porep.ErrProof) {
				t.Errorf("%d bytes: %v", len(bad), err)
			}
		}
		// A key that is missing or not the trusted one judges nothing and names its file.
		for _, k := range []*groth16.Keys{groth16.NewKeys(fstest.MapFS{}, nil), groth16.NewKeys(fstest.MapFS{groth16.SealCircuit(sp).KeyFile(): {Data: vk}}, nil)} {
			err := porep.VerifySeal(ctx, k, &st, proof, nil)
			var ke *groth16.KeyError
			if !errors.As(err, &ke) || ke.File != groth16.SealCircuit(sp).KeyFile() || errors.Is(err, porep.ErrProof) {
				t.Errorf("without the key: %v", err)
			}
		}
		if err := porep.VerifySeal(ctx, groth16.NewKeys(fstest.MapFS{}, nil), &st, proof, nil); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without the key: %v", err)
		}
	}
}

// statement returns a statement of kind p with values of its own for each n.
func statement(p sector.Proof, n byte) porep.Statement {
	fill := func(x byte) (b [32]byte) {
		for i := range b[:31] {
			b[i] = x + n + byte(i)
		}
		return b
	}
	return porep.Statement{
		Sector: porep.Sector{
			Proof: p, ID: sector.ID{Prover: sector.NewProverID(1000), Number: sector.Number(n)},
			Ticket: fill(1), CommD: fill(2),
		},
		CommR: fill(3), Seed: fill(4),
	}
}

// inputsOf returns the public inputs of all partitions of a statement.
func inputsOf(t *testing.T, st *porep.Statement) [][]groth16.Scalar {
	t.Helper()
	out := make([][]groth16.Scalar, st.Proof.Partitions)
	for k := range out {
		in, err := porep.PublicInputs(st.Proof, st.ReplicaID(), st.CommD, st.CommR, st.Seed, k)
		if err != nil {
			t.Fatal(err)
		}
		for i := range in {
			out[k] = append(out[k], groth16.Scalar(in[i]))
		}
	}
	return out
}

// TestVerifySealKinds verifies seals of every kind and size under keys made for it.
func TestVerifySealKinds(t *testing.T) {
	ctx := context.Background()
	srs := groth16test.SRS(1, 128)
	parsed, err := groth16.ReadSRS(context.Background(), bytes.NewReader(srs), 128, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range sector.SealProofs() {
		sp, err := number.Proof()
		if err != nil {
			t.Fatal(err)
		}
		if sp.Features == sector.NonInteractive && sp.Size > sector.Size2KiB && testing.Short() {
			continue
		}
		st := statement(sp, byte(number))
		in := inputsOf(t, &st)
		setup := groth16test.New(uint64(number), len(in[0]))
		keys := groth16test.Keys(map[string][]byte{groth16.SealCircuit(sp).KeyFile(): setup.Key(), groth16.ReferenceFile: srs})
		var proof []byte
		for k := range in {
			proof = append(proof, setup.Prove(in[k])...)
		}
		if sp.Features == sector.NonInteractive {
			if proof, err = porep.AggregateSeals(ctx, parsed, []porep.Statement{st}, groth16.SnarkPackV2, [][]byte{proof}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := porep.VerifySeal(ctx, keys, &st, proof, nil); err != nil {
			t.Errorf("%v: %v", number, err)
		}
		proof[len(proof)/2] ^= 1
		if err := porep.VerifySeal(ctx, keys, &st, proof, nil); !errors.Is(err, porep.ErrProof) {
			t.Errorf("%v with a flipped bit: %v", number, err)
		}
	}
}

// TestAdversaryAggregateSeals aggregates seals and refuses what is no aggregate of them.
func TestAdversaryAggregateSeals(t *testing.T) {
	ctx := context.Background()
	sp, err := sector.StackedDRG32GiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	raw := groth16test.SRS(1, 32)
	srs, err := groth16.ReadSRS(context.Background(), bytes.NewReader(raw), 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	setup := groth16test.New(5, 3+18*sp.Challenges)
	keys := groth16test.Keys(map[string][]byte{groth16.SealCircuit(sp).KeyFile(): setup.Key(), groth16.ReferenceFile: raw})
	var sts []porep.Statement
	var proofs [][]byte
	for n := range byte(3) {
		st := statement(sp, n)
		var proof []byte
		for _, in := range inputsOf(t, &st) {
			proof = append(proof, setup.Prove(in)...)
		}
		sts, proofs = append(sts, st), append(proofs, proof)
	}
	for _, v := range []groth16.Version{groth16.SnarkPackV1, groth16.SnarkPackV2} {
		a, err := porep.AggregateSeals(ctx, srs, sts, v, proofs, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := porep.VerifyAggregateSeals(ctx, keys, sts, v, a, nil); err != nil {
			t.Fatalf("version %d: %v", v, err)
		}
	}
	t.Run("P17", func(t *testing.T) { adversaryAggregates(t, srs, keys, sts, proofs) })
}

// adversaryAggregates tries aggregates of too few, too many, other and mixed seals.
func adversaryAggregates(t *testing.T, srs *groth16.SRS, keys *groth16.Keys, sts []porep.Statement, proofs [][]byte) {
	ctx, v := context.Background(), groth16.SnarkPackV2
	a, err := porep.AggregateSeals(ctx, srs, sts, v, proofs, nil)
	if err != nil {
		t.Fatal(err)
	}
	tried, accepted := 0, 0
	refuse := func(what string, err error) {
		t.Helper()
		if tried++; err == nil {
			accepted++
			t.Errorf("%s accepted", what)
		}
	}
	change := func(i int, f func(*porep.Statement)) []porep.Statement {
		out := append([]porep.Statement(nil), sts...)
		f(&out[i])
		return out
	}
	tooMany := make([]porep.Statement, 1<<16/sts[0].Proof.Partitions+1)
	for i := range tooMany {
		tooMany[i] = sts[0]
	}
	other, err := sector.StackedDRG64GiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string][]porep.Statement{
		"nothing": nil, "one of three": sts[:1], "two of three": sts[:2], "four of three": append(sts[:3:3], sts[0]), "one more than there may be": tooMany,
		"another order": {sts[1], sts[0], sts[2]}, "one seal three times": {sts[0], sts[0], sts[0]},
		"mixed providers": change(1, func(s *porep.Statement) { s.ID.Prover = sector.NewProverID(1001) }),
		"mixed kinds":     change(1, func(s *porep.Statement) { s.Proof = other }),
		"another ticket":  change(2, func(s *porep.Statement) { s.Ticket[0] ^= 1 }),
		"another seed":    change(0, func(s *porep.Statement) { s.Seed[0] ^= 1 }),
		"another CommR":   change(1, func(s *porep.Statement) { s.CommR[0] ^= 1 }),
		"a CommR of zero": change(1, func(s *porep.Statement) { s.CommR = sector.CommR{} }),
	} {
		refuse(what, porep.VerifyAggregateSeals(ctx, keys, bad, v, a, nil))
	}
	refuse("the other version", porep.VerifyAggregateSeals(ctx, keys, sts, groth16.SnarkPackV1, a, nil))
	refuse("version 3", porep.VerifyAggregateSeals(ctx, keys, sts, 3, a, nil))
	refuse("a byte behind the end", porep.VerifyAggregateSeals(ctx, keys, sts, v, append(bytes.Clone(a), 0), nil))
	for _, n := range []byte{0, 1, 3, 31, 33, 64} {
		forged := bytes.Clone(a)
		forged[5*288+48] = n
		refuse("another number of proofs", porep.VerifyAggregateSeals(ctx, keys, sts, v, forged, nil))
	}
	// One bad member: what is malformed is named, what is false is found by the verifier.
	cut := [][]byte{proofs[0], proofs[1][1:], proofs[2]}
	_, err = porep.AggregateSeals(ctx, srs, sts, v, cut, nil)
	refuse("a cut member", err)
	if err != nil && !strings.Contains(err.Error(), "member 1") {
		t.Errorf("the bad member is not named: %v", err)
	}
	doctored, err := porep.AggregateSeals(ctx, srs, sts, v, [][]byte{proofs[0], proofs[2], proofs[2]}, nil)
	if err != nil {
		t.Fatal(err)
	}
	refuse("a false member", porep.VerifyAggregateSeals(ctx, keys, sts, v, doctored, nil))
	_, err = porep.AggregateSeals(ctx, srs, sts, v, proofs[:2], nil)
	refuse("fewer proofs than seals", err)
	t.Logf("adversary %s tried=%d accepted=%d panics=%d", "P17", tried, accepted, 0)
}

// record is one line of seal_records_v16.jsonl.
type record struct {
	Config struct {
		Size       uint64   `json:"sector_size"`
		Partitions int      `json:"partitions"`
		PoRepID    bytes32  `json:"porep_id"`
		API        string   `json:"api_version"`
		Features   []string `json:"api_features"`
	} `json:"porep_config"`
	CommR  bytes32 `json:"comm_r"`
	CommD  bytes32 `json:"comm_d"`
	Prover bytes32 `json:"prover_id"`
	ID     uint64  `json:"sector_id"`
	Ticket bytes32 `json:"ticket"`
	Seed   bytes32 `json:"seed"`
	Proof  []int   `json:"proof"`
}

type bytes32 [32]uint16

func (b bytes32) array() (out [32]byte) {
	for i, x := range b {
		out[i] = byte(x)
	}
	return out
}

// TestSealRecords holds the public inputs of all recorded mainnet-key seals against the golden ones, and decodes the proofs.
func TestSealRecords(t *testing.T) {
	lines, golden := gunzip(t, "mainnet/seal_records_v16.jsonl.gz"), gunzip(t, "mainnet/public_inputs_v16.txt.gz")
	// With the published keys at hand the proofs are verified as well.
	var published *groth16.Keys
	if dir := os.Getenv("FIL_PROOFS_PARAMETER_CACHE"); dir != "" {
		published = groth16.OpenKeys(dir, nil)
	} else {
		t.Run("published keys", func(t *testing.T) { t.Skip("published keys: FIL_PROOFS_PARAMETER_CACHE is not set") })
	}
	n := 0
	for lines.Scan() && golden.Scan() {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		api, err := sector.ParseAPIVersion(strings.ReplaceAll(strings.TrimPrefix(r.Config.API, "V"), "_", "."))
		if err != nil {
			t.Fatal(err)
		}
		var features sector.Features
		for _, f := range r.Config.Features {
			if f != "SyntheticPoRep" {
				t.Fatal("feature ", f)
			}
			features = sector.Synthetic
		}
		sp, err := sector.NewProof(sector.PoRepID(r.Config.PoRepID.array()), sector.Size(r.Config.Size), api, features)
		if err != nil {
			t.Fatal(err)
		}
		st := porep.Statement{
			Sector: porep.Sector{
				Proof: sp, ID: sector.ID{Prover: r.Prover.array(), Number: sector.Number(r.ID)},
				Ticket: r.Ticket.array(), CommD: r.CommD.array(),
			},
			CommR: r.CommR.array(), Seed: r.Seed.array(),
		}
		var in []byte
		rows := inputsOf(t, &st)
		for _, row := range rows {
			for i := range row {
				in = append(in, row[i][:]...)
			}
		}
		want := fmt.Sprintf("%d %d %d %d %x", n, r.Config.Size, r.Config.Partitions, len(rows[0]), in)
		if got := golden.Text(); got != want {
			t.Fatalf("record %d: public inputs differ", n)
		}
		proof := make([]byte, len(r.Proof))
		for i, x := range r.Proof {
			proof[i] = byte(x)
		}
		if !testing.Short() || n < 20 {
			if _, err := groth16.ParseProofs(proof, sp.Partitions); err != nil {
				t.Fatalf("record %d: %v", n, err)
			}
		}
		if published != nil {
			if err := porep.VerifySeal(context.Background(), published, &st, proof, nil); err != nil {
				t.Errorf("record %d: %v", n, err)
			}
		}
		n++
	}
	if n != 448 {
		t.Errorf("%d records, want 448", n)
	}
}

// gunzip returns the lines of a compressed vector.
func gunzip(t *testing.T, name string) *bufio.Scanner {
	t.Helper()
	f, err := os.Open(vectortest.Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 1<<24)
	return s
}

// TestAdversaryCommitments tries commitments that are no field elements, and shows that ids, tickets and seeds may be any
// bytes: the replica id is hashed and cut to 254 bits.
func TestAdversaryCommitments(t *testing.T) {
	t.Run("G2", func(t *testing.T) {
		sp, err := sector.StackedDRG2KiBV1_1.Proof()
		if err != nil {
			t.Fatal(err)
		}
		ctx, setup := context.Background(), groth16test.New(3, 3+18*sp.Challenges)
		keys := groth16test.Keys(map[string][]byte{groth16.SealCircuit(sp).KeyFile(): setup.Key()})
		st := statement(sp, 1)
		proof := setup.Prove(inputsOf(t, &st)[0])
		tried, accepted := 0, 0
		ones := [32]byte(bytes.Repeat([]byte{0xff}, 32))
		r := [32]byte{
			0x01, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0x02, 0xa4, 0xbd, 0x53,
			0x05, 0xd8, 0xa1, 0x09, 0x08, 0xd8, 0x39, 0x33, 0x48, 0x7d, 0x9d, 0x29, 0x53, 0xa7, 0xed, 0x73,
		}
		r1 := r
		r1[0]++
		for _, bad := range [][32]byte{{}, r, r1, ones, {31: 0x80}, {31: 0x74}} {
			for _, change := range []func(*porep.Statement){
				func(s *porep.Statement) { s.CommR = sector.CommR(bad) }, func(s *porep.Statement) { s.CommD = sector.CommD(bad) },
			} {
				other := st
				change(&other)
				tried++
				if err := porep.VerifySeal(ctx, keys, &other, proof, nil); !errors.Is(err, sector.ErrCommitment) {
					accepted++
					t.Errorf("%x: %v", bad, err)
				}
			}
		}
		for _, bit := range []byte{0x40, 0x80} {
			other := st
			other.CommD[31] |= bit
			tried++
			if err := porep.VerifySeal(ctx, keys, &other, proof, nil); !errors.Is(err, sector.ErrCommitment) {
				accepted++
				t.Errorf("CommD with bit %#x: %v", bit, err)
			}
		}
		for _, set := range []func(*porep.Statement){
			func(s *porep.Statement) { s.Ticket = ones }, func(s *porep.Statement) { s.Seed = ones }, func(s *porep.Statement) { s.ID.Prover = ones },
			func(s *porep.Statement) { s.ID.Number = 1<<64 - 1 },
		} {
			other := st
			set(&other)
			if id := other.ReplicaID(); !sector.Canonical(id) || id[31]&0xc0 != 0 {
				t.Errorf("replica id %v", id)
			}
			if err := porep.VerifySeal(ctx, keys, &other, setup.Prove(inputsOf(t, &other)[0]), nil); err != nil {
				t.Errorf("bytes without a rule: %v", err)
			}
			tried++
			if err := porep.VerifySeal(ctx, keys, &other, proof, nil); !errors.Is(err, porep.ErrProof) {
				accepted++
				t.Errorf("the proof of another statement: %v", err)
			}
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "G2", tried, accepted, 0)
		if accepted != 0 {
			t.Fail()
		}
	})
}
