package groth16

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"testing"
)

type aggregateVector struct {
	SRS []struct {
		N      int    `json:"n"`
		G      string `json:"g"`
		H      string `json:"h"`
		GAlpha string `json:"g_alpha"`
		GBeta  string `json:"g_beta"`
		HAlpha string `json:"h_alpha"`
		HBeta  string `json:"h_beta"`
	} `json:"verifier_srs_compressed"`
	SRSLen     int    `json:"srs_file_len"`
	SRSSHA     string `json:"srs_file_sha256"`
	Powers     int    `json:"srs_powers"`
	Aggregates []struct {
		Version   string     `json:"version"`
		Real      int        `json:"real_proofs"`
		Padded    int        `json:"padded_proofs"`
		CommRs    []string   `json:"comm_rs"`
		Seeds     []string   `json:"seeds"`
		Inputs    [][]string `json:"public_inputs_per_proof_le_hex"`
		Aggregate string     `json:"aggregate_hex"`
		Verify    bool       `json:"verify"`
	} `json:"aggregates"`
	VK vkVector `json:"vk"`
}

// sealInclude is what rust-fil-proofs puts into the transcript of aggregated seals.
func sealInclude(seeds, commRs [][]byte) []byte {
	h := sha256.New()
	for i := range seeds {
		h.Write(seeds[i])
		h.Write(commRs[i])
	}
	return h.Sum(nil)
}

func unhexAll(t testing.TB, hexes []string) (out [][]byte) {
	for _, s := range hexes {
		out = append(out, unhex(t, s))
	}
	return out
}

func TestAggregateVectors(t *testing.T) {
	var v aggregateVector
	readJSON(t, vectorPath(t, "filecoin/groth16_aggregate_2kib.json"), &v)
	key, err := ParseKey(unhex(t, v.VK.Hex))
	if err != nil {
		t.Fatal(err)
	}
	p := key.Prepare()
	s := v.SRS[0]
	srs, err := NewVerifierSRS(unhex(t, s.G), unhex(t, s.GAlpha), unhex(t, s.GBeta), unhex(t, s.H), unhex(t, s.HAlpha), unhex(t, s.HBeta))
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range v.Aggregates {
		raw := unhex(t, c.Aggregate)
		a, err := ParseAggregate(raw)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.AppendBytes(nil), raw) {
			t.Errorf("aggregate %d does not round-trip", i)
		}
		version := map[string]Version{"V1": SnarkPackV1, "V2": SnarkPackV2}[c.Version]
		var in []Scalar
		for _, row := range c.Inputs[:c.Real] {
			in = append(in, scalars(t, row)...)
		}
		seeds, commRs := unhexAll(t, c.Seeds), unhexAll(t, c.CommRs)
		include := sealInclude(seeds, commRs)
		ctx := context.Background()
		if err := p.VerifyAggregate(ctx, srs, a, version, include, in, nil); (err == nil) != c.Verify {
			t.Errorf("aggregate %d: %v", i, err)
		}
		if err := a.VerifyInner(ctx, version, include, nil); err != nil {
			t.Errorf("aggregate %d, inner: %v", i, err)
		}
		seeds[0][0] ^= 1
		if err := p.VerifyAggregate(ctx, srs, a, version, sealInclude(seeds, commRs), in, nil); !errors.Is(err, ErrProof) {
			t.Errorf("aggregate %d with a wrong seed: %v", i, err)
		}
		if err := p.VerifyAggregate(ctx, srs, a, 3-version, include, in, nil); !errors.Is(err, ErrProof) {
			t.Errorf("aggregate %d as the other version: %v", i, err)
		}
		in[3][0] ^= 1
		if err := p.VerifyAggregate(ctx, srs, a, version, include, in, nil); !errors.Is(err, ErrProof) {
			t.Errorf("aggregate %d with a wrong input: %v", i, err)
		}
	}
}

func TestAggregateBin(t *testing.T) {
	for v, name := range map[Version]string{SnarkPackV1: "mainnet/agg-n8-v1.bin", SnarkPackV2: "mainnet/agg-n8-v2.bin"} {
		b, err := os.ReadFile(vectorPath(t, name))
		if err != nil {
			t.Fatal(err)
		}
		g, h := b[8:], b[8+3*96:]
		if _, err := NewVerifierSRS(g[:96], g[96:192], g[192:288], h[:192], h[192:384], h[384:576]); err != nil {
			t.Fatal(err)
		}
		a, err := ParseAggregate(h[576:])
		if err != nil {
			t.Fatal(err)
		}
		if err := a.VerifyInner(context.Background(), v, []byte("transcript-include"), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := a.VerifyInner(context.Background(), v, []byte("transcript-includd"), nil); !errors.Is(err, ErrProof) {
			t.Errorf("%s with another transcript: %v", name, err)
		}
	}
}

// TestMainnetAggregates checks the inner equations of aggregates that the network accepted.
func TestMainnetAggregates(t *testing.T) {
	f, err := os.Open(vectorPath(t, "mainnet/aggregates.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var messages []struct {
		Pairs []struct {
			CommR string `json:"comm_r"`
			Seed  string `json:"seed"`
		} `json:"pairs"`
		Proof string `json:"proof"`
	}
	if err := json.NewDecoder(z).Decode(&messages); err != nil {
		t.Fatal(err)
	}
	if testing.Short() {
		messages = messages[:2]
	}
	for i, m := range messages {
		a, err := ParseAggregate(unhex(t, m.Proof))
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		var seeds, commRs [][]byte
		for _, p := range m.Pairs {
			seeds, commRs = append(seeds, unhex(t, p.Seed)), append(commRs, unhex(t, p.CommR))
		}
		if err := a.VerifyInner(context.Background(), SnarkPackV2, sealInclude(seeds, commRs), nil); err != nil {
			t.Errorf("message %d: %v", i, err)
		}
		commRs[i%len(commRs)][5] ^= 4
		if err := a.VerifyInner(context.Background(), SnarkPackV2, sealInclude(seeds, commRs), nil); !errors.Is(err, ErrProof) {
			t.Errorf("message %d with one bit flipped: %v", i, err)
		}
	}
}
