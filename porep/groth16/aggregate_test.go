package groth16

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/assaylab/assay/porep/internal/vectortest"
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
	vectortest.Read(t, "filecoin/groth16_aggregate_2kib.json", &v)
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
		b, err := os.ReadFile(vectortest.Path(t, name))
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
	f, err := os.Open(vectortest.Path(t, "mainnet/aggregates.json.gz"))
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

// fakeSRS returns a reference string for n proofs whose secrets everybody may know.
func fakeSRS(r *rand.Rand, n int) *SRS {
	f := fakeSetup{rand: r}
	_, _, g, h := bls.Generators()
	powers := func(n int) []fr.Element {
		x := f.scalar()
		out := make([]fr.Element, n)
		out[0].SetOne()
		for i := 1; i < n; i++ {
			out[i].Mul(&out[i-1], &x)
		}
		return out
	}
	alpha, beta := powers(2*n), powers(2*n)
	return &SRS{
		gAlpha: bls.BatchScalarMultiplicationG1(&g, alpha), gBeta: bls.BatchScalarMultiplicationG1(&g, beta),
		hAlpha: bls.BatchScalarMultiplicationG2(&h, alpha), hBeta: bls.BatchScalarMultiplicationG2(&h, beta),
	}
}

// appendBytes appends the bytes of the file.
func (s *SRS) appendBytes(dst []byte) []byte {
	for _, list := range [][]bls.G1Affine{s.gAlpha, s.gBeta} {
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(list)))
		for i := range list {
			b := list[i].Bytes()
			dst = append(dst, b[:]...)
		}
	}
	for _, list := range [][]bls.G2Affine{s.hAlpha, s.hBeta} {
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(list)))
		for i := range list {
			b := list[i].Bytes()
			dst = append(dst, b[:]...)
		}
	}
	return dst
}

func TestAggregate(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	const n = 9
	srs := fakeSRS(r, 16)
	f := fakeKey(r, 6)
	key := f.key.Prepare()
	var proofs []*Proof
	var in []Scalar
	for range n {
		x := f.inputs(6, 3)
		proofs, in = append(proofs, f.prove(x)), append(in, x...)
	}
	ctx := context.Background()
	for _, v := range []Version{SnarkPackV1, SnarkPackV2} {
		for k := 1; k <= n; k++ {
			a, err := srs.Aggregate(ctx, proofs[:k], v, []byte{1, 2, byte(k)}, &AggregateOptions{Workers: k})
			if err != nil {
				t.Fatal(err)
			}
			raw := a.AppendBytes(nil)
			if a, err = ParseAggregate(raw); err != nil || len(raw) != AggregateSize(a.Proofs()) {
				t.Fatalf("k=%d: %v", k, err)
			}
			if err := key.VerifyAggregate(ctx, srs.Verifier(), a, v, []byte{1, 2, byte(k)}, in[:6*k], nil); err != nil {
				t.Errorf("k=%d version %d: %v", k, v, err)
			}
			b, err := srs.Aggregate(ctx, proofs[:k], v, []byte{1, 2, byte(k)}, &AggregateOptions{Workers: 1})
			if err != nil || !bytes.Equal(b.AppendBytes(nil), raw) {
				t.Errorf("k=%d: the bytes depend on the workers (%v)", k, err)
			}
		}
	}
}

// TestAdversaryAggregate tries aggregates of the wrong number of proofs and with a bad member.
func TestAdversaryAggregate(t *testing.T) {
	t.Run("P17", func(t *testing.T) {
		r := rand.New(rand.NewPCG(8, 8))
		srs := fakeSRS(r, 4)
		f := fakeKey(r, 3)
		key, verifier := f.key.Prepare(), srs.Verifier()
		var proofs []*Proof
		var in []Scalar
		for range 5 {
			x := f.inputs(3, 2)
			proofs, in = append(proofs, f.prove(x)), append(in, x...)
		}
		ctx := context.Background()
		tried, accepted := 0, 0
		refuse := func(what string, err error) {
			t.Helper()
			if tried++; err == nil {
				accepted++
				t.Errorf("%s accepted", what)
			}
		}
		_, err := srs.Aggregate(ctx, nil, SnarkPackV2, nil, nil)
		refuse("no proofs", err)
		_, err = srs.Aggregate(ctx, proofs, SnarkPackV2, nil, nil)
		refuse("more proofs than the reference string serves", err)
		_, err = srs.Aggregate(ctx, []*Proof{nil}, SnarkPackV2, nil, nil)
		refuse("a nil proof", err)
		_, err = srs.Aggregate(ctx, proofs[:2], 3, nil, nil)
		refuse("version 3", err)

		a, err := srs.Aggregate(ctx, proofs[:3], SnarkPackV2, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, rows := range []int{0, 1, 2, 4, 5} {
			refuse("inputs of another number of proofs", key.VerifyAggregate(ctx, verifier, a, SnarkPackV2, nil, in[:3*rows], nil))
		}
		refuse("unreduced input", key.VerifyAggregate(ctx, verifier, a, SnarkPackV2, nil, append([]Scalar{{31: 0xff}}, in[1:9]...), nil))
		swapped := append(append(append([]Scalar{}, in[3:6]...), in[:3]...), in[6:9]...)
		refuse("members in another order", key.VerifyAggregate(ctx, verifier, a, SnarkPackV2, nil, swapped, nil))
		for i := range 3 {
			bad := append([]*Proof{}, proofs[:3]...)
			bad[i] = proofs[3]
			a, err := srs.Aggregate(ctx, bad, SnarkPackV2, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			refuse("a bad member", key.VerifyAggregate(ctx, verifier, a, SnarkPackV2, nil, in[:9], nil))
		}
		raw := a.AppendBytes(nil)
		for _, n := range []uint32{0, 1, 2, 3, 5, 8, 1 << 19, 1<<19 + 1, 1 << 31, 1<<32 - 1} {
			forged := bytes.Clone(raw)
			binary.LittleEndian.PutUint32(forged[aggregateHead-4:], n)
			_, err := ParseAggregate(forged)
			refuse("another stated number", err)
		}
		for i := 0; i < len(raw); i += 29 {
			forged := bytes.Clone(raw)
			forged[i] ^= 1 << (i % 8)
			b, err := ParseAggregate(forged)
			if err == nil {
				err = key.VerifyAggregate(ctx, verifier, b, SnarkPackV2, nil, in[:9], nil)
			}
			refuse("a flipped bit", err)
		}
		// Parts of another valid aggregate.
		other, err := srs.Aggregate(ctx, proofs[1:4], SnarkPackV2, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for what, mix := range map[string]func(x *Aggregate){
			"com_ab": func(x *Aggregate) { x.comAB = other.comAB }, "com_c": func(x *Aggregate) { x.comC = other.comC },
			"ip_ab": func(x *Aggregate) { x.ipAB = other.ipAB }, "agg_c": func(x *Aggregate) { x.aggC = other.aggC },
			"rounds": func(x *Aggregate) { x.rounds = other.rounds }, "final a": func(x *Aggregate) { x.a = other.a },
			"final b": func(x *Aggregate) { x.b = other.b }, "final c": func(x *Aggregate) { x.c = other.c },
			"vkey": func(x *Aggregate) { x.vkey = other.vkey }, "wkey": func(x *Aggregate) { x.wkey = other.wkey },
			"v opening": func(x *Aggregate) { x.vOpen = other.vOpen }, "w opening": func(x *Aggregate) { x.wOpen = other.wOpen },
		} {
			x := *a
			mix(&x)
			refuse(what, key.VerifyAggregate(ctx, verifier, &x, SnarkPackV2, nil, in[:9], nil))
		}
		report(t, "P17", tried, accepted, 0)
	})
}

func BenchmarkVerifyAggregate(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	f := fakeKey(r, 327)
	key := f.key.Prepare()
	srs := fakeSRS(r, 64)
	ctx := context.Background()
	for _, n := range []int{8, 64} {
		var proofs []*Proof
		var in []Scalar
		for range n {
			x := f.inputs(327, 109)
			proofs, in = append(proofs, f.prove(x)), append(in, x...)
		}
		a, err := srs.Aggregate(ctx, proofs, SnarkPackV2, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		verifier := srs.Verifier()
		raw := a.AppendBytes(nil)
		b.Run(fmt.Sprintf("n=%d/workers=1", n), func(b *testing.B) {
			for b.Loop() {
				if err := key.VerifyAggregate(ctx, verifier, a, SnarkPackV2, nil, in, &BatchOptions{Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("n=%d/parse", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := ParseAggregate(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestAggregateBytes makes the aggregates that bellperson made of the same proofs with the same reference string.
func TestAggregateBytes(t *testing.T) {
	var v struct {
		Include    string `json:"include"`
		SRS        string `json:"srs_hex"`
		Proofs     string `json:"proofs_hex"`
		Aggregates []struct {
			Version int    `json:"version"`
			Proofs  int    `json:"proofs"`
			Bytes   string `json:"aggregate_hex"`
		} `json:"aggregates"`
	}
	readJSON(t, "testdata/aggregate_bellperson.json", &v)
	raw := unhex(t, v.SRS)
	proofs, err := ParseProofs(unhex(t, v.Proofs), 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Aggregates {
		srs, err := ReadSRS(context.Background(), bytes.NewReader(raw), c.Proofs, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, err := srs.Aggregate(context.Background(), proofs[:c.Proofs], Version(c.Version), []byte(v.Include), nil)
		if err != nil {
			t.Fatal(err)
		}
		want := unhex(t, c.Bytes)
		if !bytes.Equal(a.AppendBytes(nil), want) {
			t.Errorf("version %d of %d proofs: other bytes than bellperson's", c.Version, c.Proofs)
		}
		// The proofs prove nothing, but the inner equations hold.
		if a, err = ParseAggregate(want); err != nil {
			t.Fatal(err)
		}
		if err := a.VerifyInner(context.Background(), Version(c.Version), []byte(v.Include), nil); err != nil {
			t.Errorf("version %d of %d proofs: %v", c.Version, c.Proofs, err)
		}
	}
}
