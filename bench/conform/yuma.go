package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/consensus/sim"
	"github.com/assaylab/assay/examples/bittensor/replay"
)

// yumaFile is what the vector files of cases have in common.
type yumaFile[C any] struct {
	Format   string `json:"format"`
	Encoding string `json:"encoding"`
	Cases    []C    `json:"cases"`
}

// of checks the file's format.
func (f *yumaFile[C]) of(format string) error {
	if f.Format != format {
		return fmt.Errorf("format %q, want %q", f.Format, format)
	}
	return nil
}

// fields are expected values by name.
type fields map[string]json.RawMessage

// yumaForms runs a state in both the plain form, which has the intermediates, and the fast one.
type yumaForms struct {
	dense       bool
	plain, fast consensus.Output
}

func (f *yumaForms) run(s *consensus.State) error {
	ctx := context.Background()
	if err := consensus.NewEngine(&consensus.Options{Dense: f.dense, Trace: true}).Epoch(ctx, s, &f.plain); err != nil {
		return err
	}
	return consensus.NewEngine(&consensus.Options{Dense: f.dense, Workers: 2}).Epoch(ctx, s, &f.fast)
}

// compare holds every expected value against both outputs.
func (f *yumaForms) compare(want fields) error {
	for name, raw := range want {
		if strings.HasSuffix(name, "_dec") {
			continue
		}
		known := false
		for _, o := range []*consensus.Output{&f.plain, &f.fast} {
			got, ok := yumaValue(o, strings.TrimSuffix(name, "_sha256"))
			if !ok {
				continue
			}
			known = true
			if err := sameJSON(got, raw, strings.HasSuffix(name, "_sha256")); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if !known {
			return fmt.Errorf("%s: no such value was computed", name)
		}
	}
	return nil
}

// yumaValue returns an output by its name in the vectors; false where this output does not hold it.
func yumaValue(o *consensus.Output, name string) (any, bool) {
	if v, ok := yumaVector(o, name); ok {
		return v, true
	}
	t := o.Trace
	if name == "total_bonds_per_validator" {
		return o.TotalBonds, len(o.TotalBonds) == len(o.Stake)
	}
	if t == nil {
		return nil, false
	}
	switch name {
	case "alphas":
		return consensus.Matrix{Dense: t.Alphas}, t.Alphas != nil
	case "legacy_prerank":
		return t.Prerank, true
	case "legacy_trust":
		return t.Trust, true
	case "legacy_pruning_u16":
		return t.PruningU16, true
	}
	m, ok := map[string]consensus.Matrix{
		"weights_norm": t.WeightsNorm, "clipped_weights": t.Clipped, "weights_for_bonds": t.WeightsForBonds, "bonds_prev": t.BondsPrev,
		"bonds_delta": t.BondsDelta, "ema_bonds": t.EMABonds, "ema_bonds_norm": t.EMABondsNorm, "ema_bonds_upscaled": t.EMABondsUpscaled,
	}[name]
	return m, ok && (m.Sparse != nil || m.Dense != nil)
}

func yumaVector(o *consensus.Output, name string) (any, bool) {
	v, ok := map[string]any{
		"stake": o.Stake, "active_stake": o.ActiveStake, "consensus": o.Consensus, "validator_trust": o.ValidatorTrust,
		"ranks_raw": o.Ranks, "incentive": o.Incentive, "dividends": o.Dividends, "norm_server_emission": o.ServerShare,
		"norm_validator_emission": o.ValidatorShare, "norm_combined_emission": o.CombinedShare,
		"server_emission": o.ServerEmission, "validator_emission": o.ValidatorEmission, "emission": o.Emission,
		"stake_weight_u16": o.StakeWeightU16, "consensus_u16": o.ConsensusU16, "incentive_u16": o.IncentiveU16,
		"dividends_u16": o.DividendsU16, "validator_trust_u16": o.ValidatorTrustU16, "active": o.Active,
		"new_validator_permit": o.NewValidatorPermit, "bonds_out": &o.Bonds,
	}[name]
	return v, ok
}

// sameJSON compares a value with its expected text, or with the expected digest of its bytes.
func sameJSON(got any, want json.RawMessage, digest bool) error {
	var text []byte
	if digest {
		text = strconv.AppendQuote(nil, yumaDigest(got))
	} else {
		text = yumaText(got)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, want); err != nil {
		return err
	}
	if !bytes.Equal(text, compact.Bytes()) {
		at := 0
		for at < len(text) && at < compact.Len() && text[at] == compact.Bytes()[at] {
			at++
		}
		return fmt.Errorf("at byte %d got %.60s, want %.60s", at, text[max(0, at-20):], compact.Bytes()[max(0, at-20):])
	}
	return nil
}

// yumaText renders a value as the vectors do.
func yumaText(v any) []byte {
	switch v := v.(type) {
	case *consensus.Rows:
		return pairsText(v.Len(), v.Start, v.Col, func(k int) int64 { return int64(v.Val[k]) })
	case consensus.Matrix:
		if v.Sparse != nil {
			return pairsText(v.Sparse.Rows(), v.Sparse.Start, v.Sparse.Col, func(k int) int64 { return int64(v.Sparse.Val[k]) })
		}
		rows := make([][]fixed.I32F32, v.Dense.Rows())
		for i := range rows {
			rows[i] = v.Dense.Row(i)
		}
		return yumaText(rows)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return []byte(err.Error())
	}
	return b
}

func pairsText(rows int, start []int, col []uint16, val func(int) int64) []byte {
	b := []byte{'['}
	for i := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for k := start[i]; k < start[i+1]; k++ {
			if k > start[i] {
				b = append(b, ',')
			}
			b = strconv.AppendUint(append(b, '['), uint64(col[k]), 10)
			b = append(strconv.AppendInt(append(b, ','), val(k), 10), ']')
		}
		b = append(b, ']')
	}
	return append(b, ']')
}

// yumaDigest is the digest of matrices that are too large for a file (README of the vectors, section 6).
func yumaDigest(v any) string {
	le, h := binary.LittleEndian, sha256.New()
	var b []byte
	switch v := v.(type) {
	case *consensus.Rows:
		for i := range v.Len() {
			col, val := v.Row(i)
			b = le.AppendUint32(b, uint32(len(col)))
			for k := range col {
				b = le.AppendUint16(le.AppendUint16(b, col[k]), val[k])
			}
		}
	case consensus.Matrix:
		if m := v.Sparse; m != nil {
			for i := range m.Rows() {
				col, val := m.Row(i)
				b = le.AppendUint32(b, uint32(len(col)))
				for k := range col {
					b = le.AppendUint64(le.AppendUint16(b, col[k]), uint64(val[k]))
				}
			}
			break
		}
		for i := range v.Dense.Rows() {
			row := v.Dense.Row(i)
			b = le.AppendUint32(b, uint32(len(row)))
			for _, x := range row {
				b = le.AppendUint64(b, uint64(x))
			}
		}
	case []fixed.I32F32:
		for _, x := range v {
			b = le.AppendUint64(b, uint64(x))
		}
	}
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil))
}

// yumaState decodes an input: strictly, or as the chain may have stored it where that is what it is.
func yumaState(raw json.RawMessage) (*consensus.State, error) {
	s, err := consensus.DecodeState(raw)
	if errors.Is(err, consensus.ErrDecode) {
		return consensus.DecodeStored(raw)
	}
	return s, err
}

// epochSmall: single epochs with every intermediate.
func epochSmall(v *vector) (int, error) {
	var f yumaFile[struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Input       json.RawMessage `json:"input"`
		Sparse      fields          `json:"sparse"`
		Dense       fields          `json:"dense"`
	}]
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	if err := f.of("yuma-epoch/1"); err != nil {
		return 0, err
	}
	for i, c := range f.Cases {
		s, err := yumaState(c.Input)
		if err != nil {
			return i, fmt.Errorf("%s: %w", c.Name, err)
		}
		for _, dense := range []bool{false, true} {
			want, form := c.Sparse, yumaForms{dense: dense}
			if dense {
				want = c.Dense
			}
			if err := form.run(s); err != nil {
				return i, fmt.Errorf("%s: %w", c.Name, err)
			}
			if err := form.compare(want); err != nil {
				return i, fmt.Errorf("%s: dense=%v: %w", c.Name, dense, err)
			}
			if len(want) == 0 {
				return i, fmt.Errorf("%s: dense=%v: nothing expected", c.Name, dense)
			}
		}
	}
	return len(f.Cases), nil
}

// subtensorTests: epochs recorded while the chain's own tests ran.
func subtensorTests(v *vector) (int, error) {
	var f yumaFile[struct {
		Name    string          `json:"name"`
		Variant string          `json:"variant"`
		Input   json.RawMessage `json:"input"`
		Output  fields          `json:"output"`
	}]
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	if err := f.of("yuma-epoch-single/1"); err != nil {
		return 0, err
	}
	for i, c := range f.Cases {
		if c.Variant != "sparse" && c.Variant != "dense" || len(c.Output) == 0 {
			return i, fmt.Errorf("%s: variant %q with %d values", c.Name, c.Variant, len(c.Output))
		}
		s, err := yumaState(c.Input)
		form := yumaForms{dense: c.Variant == "dense"}
		if err == nil {
			err = form.run(s)
		}
		if err == nil {
			err = form.compare(c.Output)
		}
		if err != nil {
			return i, fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return len(f.Cases), nil
}

// yumaGenerated says which subnet a large case's neurons are drawn from, and what is drawn.
type yumaGenerated struct {
	WeightsSHA256 string `json:"weights_sha256"`
	BondsSHA256   string `json:"bonds_sha256"`
	Generated     struct {
		Seed uint64 `json:"seed"`
		N    int    `json:"n"`
		V    int    `json:"v"`
		K    int    `json:"k"`
		KB   int    `json:"kb"`
	} `json:"generated"`
}

// draw draws the subnet, of which the parameters are not the case's.
func (g *yumaGenerated) draw() (*consensus.State, error) {
	d := sim.Subnet(g.Generated)
	if d.N < 1 || d.N > consensus.MaxNeurons || d.V < 0 || d.V > d.N || d.K < 0 || d.KB < 0 {
		return nil, fmt.Errorf("generated: %+v", d)
	}
	s := d.State()
	if got := yumaDigest(&s.Weights); got != g.WeightsSHA256 {
		return nil, fmt.Errorf("weights_sha256: generated %s, want %s", got, g.WeightsSHA256)
	}
	if got := yumaDigest(&s.Bonds); got != g.BondsSHA256 {
		return nil, fmt.Errorf("bonds_sha256: generated %s, want %s", got, g.BondsSHA256)
	}
	return s, nil
}

// largeInput reads an inline or a generated input. The latter becomes an inline one: its neurons are drawn and put in.
func largeInput(raw json.RawMessage) (*consensus.State, error) {
	var input map[string]json.RawMessage
	if err := json.Unmarshal(raw, &input); err != nil {
		return nil, err
	}
	if input["generated"] == nil {
		return yumaState(raw)
	}
	var g yumaGenerated
	if err := json.Unmarshal(raw, &g); err != nil {
		return nil, err
	}
	drawn, err := g.draw()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := replay.Write(&b, drawn); err != nil {
		return nil, err
	}
	var neurons map[string]json.RawMessage
	if err := json.Unmarshal(b.Bytes(), &neurons); err != nil {
		return nil, err
	}
	for _, name := range []string{"generated", "weights_sha256", "bonds_sha256"} {
		delete(input, name)
	}
	for _, name := range []string{"last_update", "block_at_registration", "validator_permit", "weights", "bonds", "stake_i64f64"} {
		if input[name] != nil {
			return nil, fmt.Errorf("generated, and %s too", name)
		}
		input[name] = neurons[name]
	}
	if raw, err = json.Marshal(input); err != nil {
		return nil, err
	}
	return consensus.DecodeState(raw)
}

const epochRule = "after each epoch: bonds, validator_permit from the sparse output; last_mechanism_step_block = current_block; current_block += 361; all else unchanged"

// epochLarge: sequences of epochs with digests of the intermediates.
func epochLarge(v *vector) (int, error) {
	var f yumaFile[struct {
		Name      string              `json:"name"`
		EpochRule string              `json:"epoch_rule"`
		Input     json.RawMessage     `json:"input"`
		Epochs    []map[string]fields `json:"epochs"`
	}]
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	if err := f.of("yuma-epoch-large/1"); err != nil {
		return 0, err
	}
	cases := 0
	for _, c := range f.Cases {
		if c.EpochRule != epochRule {
			return cases, fmt.Errorf("%s: unknown epoch rule %q", c.Name, c.EpochRule)
		}
		s, err := largeInput(c.Input)
		if err != nil {
			return cases, fmt.Errorf("%s: %w", c.Name, err)
		}
		for e, forms := range c.Epochs {
			if err := largeEpoch(s, forms); err != nil {
				return cases, fmt.Errorf("%s: epoch %d: %w", c.Name, e, err)
			}
			cases += len(forms)
		}
	}
	return cases, nil
}

func largeEpoch(s *consensus.State, forms map[string]fields) error {
	var next *consensus.Output
	for name, want := range forms {
		if name != "sparse" && name != "dense" || len(want) == 0 {
			return fmt.Errorf("form %q with %d values", name, len(want))
		}
		form := yumaForms{dense: name == "dense"}
		if err := form.run(s); err != nil {
			return err
		}
		if err := form.compare(want); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if name == "sparse" {
			next = &form.plain
		}
	}
	if next == nil {
		return fmt.Errorf("no sparse form")
	}
	s.Advance(next, 361)
	return nil
}

// benchDigests: incentive and dividends of the benchmark shapes.
func benchDigests(v *vector) (int, error) {
	var f struct {
		Format string `json:"format"`
		Note   string `json:"note"`
		Rows   []struct {
			Seed      uint64 `json:"seed"`
			N         int    `json:"n"`
			V         int    `json:"v"`
			K         int    `json:"k"`
			KB        int    `json:"kb"`
			Variant   string `json:"variant"`
			Mode      string `json:"mode"`
			NNZ       int    `json:"weights_nnz"`
			Incentive string `json:"incentive_sha256_prefix"`
			Dividends string `json:"dividends_sha256_prefix"`
		} `json:"rows"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	if f.Format != "yuma-bench/1" {
		return 0, fmt.Errorf("format %q", f.Format)
	}
	for i, r := range f.Rows {
		s := sim.Subnet{Seed: r.Seed, N: r.N, V: r.V, K: r.K, KB: r.KB}.State()
		mode, ok := map[string][2]bool{"yuma2": {}, "yuma3": {true, false}, "yuma3-liquid": {true, true}}[r.Mode]
		if !ok || r.Variant != "sparse" && r.Variant != "dense" {
			return i, fmt.Errorf("row %d: unknown mode %q or variant %q", i, r.Mode, r.Variant)
		}
		s.Yuma3, s.LiquidAlpha = mode[0], mode[1]
		var o consensus.Output
		if err := consensus.NewEngine(&consensus.Options{Dense: r.Variant == "dense"}).Epoch(context.Background(), s, &o); err != nil {
			return i, fmt.Errorf("row %d: %w", i, err)
		}
		got := fmt.Sprint(len(s.Weights.Col), yumaDigest(o.Incentive)[:16], yumaDigest(o.Dividends)[:16])
		if want := fmt.Sprint(r.NNZ, r.Incentive, r.Dividends); got != want {
			return i, fmt.Errorf("row %d, n=%d %s %s: got %s, want %s", i, r.N, r.Variant, r.Mode, got, want)
		}
	}
	return len(f.Rows), nil
}
