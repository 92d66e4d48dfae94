package consensus_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/consensus/sim"
)

// load unpacks a file of testdata.
func load(t testing.TB, name string, into any) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.NewDecoder(r).Decode(into); err != nil {
		t.Fatal(err)
	}
}

// named returns an output's values by their names in the vectors.
func named(o *consensus.Output) map[string]any {
	m := map[string]any{
		"stake": o.Stake, "active_stake": o.ActiveStake, "consensus": o.Consensus, "validator_trust": o.ValidatorTrust, "ranks_raw": o.Ranks,
		"incentive": o.Incentive, "dividends": o.Dividends, "norm_server_emission": o.ServerShare, "norm_validator_emission": o.ValidatorShare,
		"norm_combined_emission": o.CombinedShare, "server_emission": o.ServerEmission, "validator_emission": o.ValidatorEmission,
		"emission": o.Emission, "stake_weight_u16": o.StakeWeightU16, "consensus_u16": o.ConsensusU16, "incentive_u16": o.IncentiveU16,
		"dividends_u16": o.DividendsU16, "validator_trust_u16": o.ValidatorTrustU16, "active": o.Active,
		"new_validator_permit": o.NewValidatorPermit, "bonds_out": pairs(o.Bonds.Start, o.Bonds.Col, o.Bonds.Val),
	}
	if len(o.TotalBonds) == len(o.Stake) {
		m["total_bonds_per_validator"] = o.TotalBonds
	}
	t := o.Trace
	if t == nil {
		return m
	}
	m["legacy_prerank"], m["legacy_trust"], m["legacy_pruning_u16"] = t.Prerank, t.Trust, t.PruningU16
	for name, x := range map[string]consensus.Matrix{
		"weights_norm": t.WeightsNorm, "clipped_weights": t.Clipped, "weights_for_bonds": t.WeightsForBonds, "bonds_prev": t.BondsPrev,
		"bonds_delta": t.BondsDelta, "ema_bonds": t.EMABonds, "ema_bonds_norm": t.EMABondsNorm, "ema_bonds_upscaled": t.EMABondsUpscaled,
		"alphas": {Dense: t.Alphas},
	} {
		switch {
		case x.Sparse != nil:
			m[name] = pairs(x.Sparse.Start, x.Sparse.Col, x.Sparse.Val)
		case x.Dense != nil:
			m[name] = grid(x.Dense)
		}
	}
	return m
}

// pairs is rows of [column, value], ready for JSON.
func pairs[T uint16 | fixed.I32F32](start []int, col []uint16, val []T) json.RawMessage {
	b := []byte{'['}
	for i := range max(0, len(start)-1) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for k := start[i]; k < start[i+1]; k++ {
			if k > start[i] {
				b = append(b, ',')
			}
			b = strconv.AppendUint(append(b, '['), uint64(col[k]), 10)
			b = append(strconv.AppendInt(append(b, ','), int64(val[k]), 10), ']')
		}
		b = append(b, ']')
	}
	return append(b, ']')
}

func grid(d *consensus.Dense) [][]fixed.I32F32 {
	out := make([][]fixed.I32F32, d.Rows())
	for i := range out {
		out[i] = d.Row(i)
	}
	return out
}

// matches compares what was expected with what was computed; strict asks for all of it.
func matches(want map[string]json.RawMessage, o *consensus.Output, strict bool) error {
	got := named(o)
	for name, raw := range want {
		if strings.HasSuffix(name, "_dec") {
			continue
		}
		v, ok := got[name]
		if !ok && !strict {
			continue
		}
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if !ok || !bytes.Equal(text, raw) {
			return fmt.Errorf("%s: got %.200s, want %.200s", name, text, raw)
		}
	}
	return nil
}

// forms are the ways to compute one epoch; the first has the intermediates.
func forms(dense bool) []consensus.Options {
	return []consensus.Options{{Dense: dense, Trace: true}, {Dense: dense}, {Dense: dense, Workers: 3}}
}

func TestEpochSmall(t *testing.T) {
	var file struct {
		Cases []struct {
			Name          string
			Input         json.RawMessage
			Sparse, Dense map[string]json.RawMessage
		}
	}
	load(t, "epoch_small.json.gz", &file)
	for _, c := range file.Cases {
		s, err := consensus.DecodeState(c.Input)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		for _, dense := range []bool{false, true} {
			want := c.Sparse
			if dense {
				want = c.Dense
			}
			for k, opt := range forms(dense) {
				var o consensus.Output
				if err := consensus.NewEngine(&opt).Epoch(context.Background(), s, &o); err != nil {
					t.Fatalf("%s: %v", c.Name, err)
				}
				if err := matches(want, &o, k == 0); err != nil {
					t.Fatalf("%s: %+v: %v", c.Name, opt, err)
				}
			}
		}
	}
}

func TestSubtensorTests(t *testing.T) {
	var file struct {
		Cases []struct {
			Name, Variant string
			Input         json.RawMessage
			Output        map[string]json.RawMessage
		}
	}
	load(t, "subtensor_tests.json.gz", &file)
	for _, c := range file.Cases {
		s, err := consensus.DecodeState(c.Input)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		for k, opt := range forms(c.Variant == "dense") {
			var o consensus.Output
			if err := consensus.NewEngine(&opt).Epoch(context.Background(), s, &o); err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			if err := matches(c.Output, &o, k == 0); err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
		}
	}
}

func digest(v []fixed.I32F32) string {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, uint64(x))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

func TestBenchDigests(t *testing.T) {
	var file struct {
		Rows []struct {
			Seed          uint64
			N, V, K, KB   int
			Variant, Mode string
			Incentive     string `json:"incentive_sha256_prefix"`
			Dividends     string `json:"dividends_sha256_prefix"`
		}
	}
	load(t, "bench_digests.json", &file)
	for _, r := range file.Rows {
		if testing.Short() && r.N > 1024 {
			continue
		}
		s := sim.Subnet{Seed: r.Seed, N: r.N, V: r.V, K: r.K, KB: r.KB}.State()
		s.Yuma3, s.LiquidAlpha = r.Mode != "yuma2", r.Mode == "yuma3-liquid"
		var o consensus.Output
		for _, workers := range []int{1, 2, 7} {
			opt := consensus.Options{Dense: r.Variant == "dense", Workers: workers}
			if err := consensus.NewEngine(&opt).Epoch(context.Background(), s, &o); err != nil {
				t.Fatal(err)
			}
			if got, want := digest(o.Incentive)+digest(o.Dividends), r.Incentive+r.Dividends; got != want {
				t.Errorf("n=%d v=%d %s %s workers=%d: got %s, want %s", r.N, r.V, r.Variant, r.Mode, workers, got, want)
			}
		}
	}
}
