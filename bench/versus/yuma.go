package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/sim"
)

// A yumaContest is one shape of random subnet (seed 42, as many bonds as popular columns) and what the chain's own code took
// for it, in ms an epoch: subtensor 14bc6f9, rustc 1.95, one thread of another machine. Zero is not recorded.
type yumaContest struct {
	name    string
	n, v, k int
	dense   bool
	modes   []yumaMode
}

type yumaMode struct {
	name     string
	recorded float64
}

var yumaShapes = []yumaContest{
	{"sparse-256", 256, 64, 48, false, []yumaMode{{"yuma2", 0.557}, {"yuma3", 0.517}}},
	{"sparse-1024", 1024, 64, 128, false, []yumaMode{{"yuma2", 1.81}, {"yuma3", 1.84}}},
	{"sparse-1024-full", 1024, 256, 1024, false, []yumaMode{{"yuma2", 25.2}, {"yuma3", 23.0}}},
	{"sparse-4096", 4096, 128, 256, false, []yumaMode{{"yuma2", 12.5}, {"yuma3", 12.6}}},
	{"sparse-16384", 16384, 256, 512, false, []yumaMode{{"yuma2", 133}, {"yuma3", 136}}},
	{"liquid-1024", 1024, 64, 128, false, []yumaMode{{"yuma3-liquid", 306}}},
	{"liquid-4096", 4096, 128, 256, false, []yumaMode{{"yuma3-liquid", 5362}}},
	{"dense-1024", 1024, 64, 128, true, []yumaMode{{"yuma2", 44.5}, {"yuma3", 34.5}}},
	{"dense-1024-full", 1024, 256, 1024, true, []yumaMode{{"yuma2", 83}, {"yuma3", 44.5}}},
	{"dense-4096", 4096, 128, 256, true, []yumaMode{{"yuma2", 775}, {"yuma3", 573}}},
}

// yuma returns the setup of the contest of that shape.
func yuma(name string) func() ([]duel, func(), error) {
	for _, c := range yumaShapes {
		if c.name == name {
			return c.duels
		}
	}
	return func() ([]duel, func(), error) { return nil, nil, fmt.Errorf("no shape %q", name) }
}

// duels runs every mode against the port, which decides, and against the recorded figure.
func (c yumaContest) duels() ([]duel, func(), error) {
	var out []duel
	for _, m := range c.modes {
		d, err := c.duel(m)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, d...)
	}
	return out, nil, nil
}

func (c yumaContest) duel(m yumaMode) ([]duel, error) {
	s := sim.Subnet{Seed: 42, N: c.n, V: c.v, K: c.k, KB: c.k}.State()
	s.Yuma3, s.LiquidAlpha = m.name != "yuma2", m.name == "yuma3-liquid"
	engine, o := consensus.NewEngine(&consensus.Options{Dense: c.dense}), new(consensus.Output)
	if err := engine.Epoch(context.Background(), s, o); err != nil {
		return nil, err
	}
	port := portSparse
	if c.dense {
		port = portDense
	}
	took, theirs := math.Inf(1), (*portOutput)(nil)
	for begin, k := time.Now(), 0; k < 2 || k < 100 && time.Since(begin) < time.Second; k++ {
		start := clock()
		theirs = port(s)
		took = min(took, (clock()-start).Seconds()*1e3)
	}
	ours := timedErr(func() error { return engine.Epoch(context.Background(), s, o) })
	note := "mode=" + m.name
	return []duel{
		{
			peer: "port", unit: "ms/epoch", work: 1, ours: ours, theirs: timed(func() { port(s) }), note: note,
			check: func() error { return c.check(m.name, o, theirs) },
		},
		{
			peer: "subtensor-recorded", unit: "ms/epoch", work: 1, ours: ours, recorded: m.recorded,
			note: fmt.Sprintf("%s port/recorded=%.2f", note, took/m.recorded),
		},
	}, nil
}

// check holds ours against the port, output by output, and both against the chain's recorded digests.
func (c yumaContest) check(mode string, o *consensus.Output, p *portOutput) error {
	for _, x := range []struct {
		name       string
		ours, port string
	}{
		{"consensus", digest64(o.Consensus), digest64(p.consensus)}, {"incentive", digest64(o.Incentive), digest64(p.incentive)},
		{"dividends", digest64(o.Dividends), digest64(p.dividends)}, {"trust", digest64(o.ValidatorTrust), digest64(p.trust)},
		{"server emission", digest64(o.ServerEmission), digest64(p.server)},
		{"validator emission", digest64(o.ValidatorEmission), digest64(p.validator)}, {"emission", digest64(o.Emission), digest64(p.combined)},
		{"stake u16", fmt.Sprint(o.StakeWeightU16), fmt.Sprint(p.stakeU16)}, {"consensus u16", fmt.Sprint(o.ConsensusU16), fmt.Sprint(p.consensusU16)},
		{"incentive u16", fmt.Sprint(o.IncentiveU16), fmt.Sprint(p.incentiveU16)}, {"dividends u16", fmt.Sprint(o.DividendsU16), fmt.Sprint(p.dividendsU16)},
		{"trust u16", fmt.Sprint(o.ValidatorTrustU16), fmt.Sprint(p.trustU16)}, {"active", fmt.Sprint(o.Active), fmt.Sprint(p.active)},
		{"permits", fmt.Sprint(o.NewValidatorPermit), fmt.Sprint(p.permits)}, {"bonds", digestRows(&o.Bonds), digestPairs(p.bonds)},
	} {
		if x.ours != x.port {
			return fmt.Errorf("%s: ours and the port's differ", x.name)
		}
	}
	return c.recordedDigests(mode, o)
}

// digestFile is bench_digests.json of the vectors or, where they are not at hand, of the package's testdata.
func digestFile() ([]byte, error) {
	dirs := []string{filepath.Join("..", "shared", "vectors", "yuma"), filepath.Join("consensus", "testdata"), filepath.Join("..", "..", "consensus", "testdata")}
	if dir := os.Getenv("ASSAY_VECTORS"); dir != "" {
		dirs = append([]string{filepath.Join(dir, "yuma")}, dirs...)
	}
	for _, dir := range dirs {
		b, err := os.ReadFile(filepath.Join(dir, "bench_digests.json"))
		if !os.IsNotExist(err) {
			return b, err
		}
	}
	return nil, fmt.Errorf("bench_digests.json is neither in the vectors nor in consensus/testdata")
}

// recordedDigests compares with the chain's digests of the shape, where there are any.
func (c yumaContest) recordedDigests(mode string, o *consensus.Output) error {
	b, err := digestFile()
	var file struct {
		Rows []struct {
			Seed          uint64
			N, V, K, KB   int
			Variant, Mode string
			Incentive     string `json:"incentive_sha256_prefix"`
			Dividends     string `json:"dividends_sha256_prefix"`
		}
	}
	if err == nil {
		err = json.Unmarshal(b, &file)
	}
	if err != nil {
		return err
	}
	variant := map[bool]string{false: "sparse", true: "dense"}[c.dense]
	for _, r := range file.Rows {
		if r.Seed != 42 || r.N != c.n || r.V != c.v || r.K != c.k || r.KB != c.k || r.Variant != variant || r.Mode != mode {
			continue
		}
		if got := digest64(o.Incentive)[:16]; got != r.Incentive {
			return fmt.Errorf("incentive: digest %s, recorded %s", got, r.Incentive)
		}
		if got := digest64(o.Dividends)[:16]; got != r.Dividends {
			return fmt.Errorf("dividends: digest %s, recorded %s", got, r.Dividends)
		}
	}
	return nil
}

// digest64 is the digest of bench_digests.json: SHA-256 over the values' 64 bits, little-endian.
func digest64[T ~int64 | ~uint64](v []T) string {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, uint64(x))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func digestRows(r *consensus.Rows) string {
	var b []byte
	for i := range r.Len() {
		col, val := r.Row(i)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(col)))
		for k, j := range col {
			b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, j), val[k])
		}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func digestPairs(rows [][][2]uint16) string {
	var b []byte
	for _, row := range rows {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(row)))
		for _, p := range row {
			b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, p[0]), p[1])
		}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
