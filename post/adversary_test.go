package post

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/sector"
)

// tally logs what bench/adversaries counts and fails on any wrong acceptance.
func tally(t *testing.T, id string, tried, accepted int) {
	t.Helper()
	t.Logf("adversary %s tried=%d accepted=%d panics=%d", id, tried, accepted, 0)
	if accepted != 0 || tried == 0 {
		t.Errorf("%s: %d of %d accepted wrongly", id, accepted, tried)
	}
}

// scale returns all with ASSAY_POST set, else a part of it.
func scale(all int) int {
	switch {
	case os.Getenv("ASSAY_POST") != "":
		return all
	case testing.Short():
		return max(1, all/100)
	}
	return max(1, all/20)
}

func TestAdversaryChallenges(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	t.Run("W1", func(t *testing.T) {
		v2 := rules(t, true, sector.Size32GiB, sector.V1_2_0)
		old := rules(t, true, sector.Size32GiB, sector.V1_1_0)
		tried, bad := 0, 0
		for range scale(10_000) {
			n, a, b := sector.Number(rnd.Uint64()), rnd.Uint64N(1<<40), rnd.Uint64N(1<<40)
			if fmt.Sprint(v2.ChallengesOf(nil, today, n, a)) != fmt.Sprint(v2.ChallengesOf(nil, today, n, b)) {
				bad++
			}
			if a != b && fmt.Sprint(old.ChallengesOf(nil, today, n, a)) == fmt.Sprint(old.ChallengesOf(nil, today, n, b)) {
				bad++
			}
			tried++
		}
		tally(t, "W1", tried, bad)
	})
	t.Run("W2", func(t *testing.T) {
		tried, bad := 0, 0
		for range scale(100_000) {
			n, index, nodes := rnd.Uint64(), rnd.Uint64(), uint64(1)<<rnd.IntN(40)
			msg := slices.Concat(today[:], binary.LittleEndian.AppendUint64(nil, n), binary.LittleEndian.AppendUint64(nil, index))
			sum := sha256.Sum256(msg)
			slices.Reverse(sum[:8])
			want := new(big.Int).Mod(new(big.Int).SetBytes(sum[:8]), new(big.Int).SetUint64(nodes)).Uint64()
			if LeafChallenge(today, sector.Number(n), index, nodes) != want {
				bad++
			}
			tried++
		}
		tally(t, "W2", tried, bad)
	})
	t.Run("W10", func(t *testing.T) {
		tried, bad, slowest := 0, 0, time.Duration(0)
		for _, c := range [][2]int{{0, 1}, {-1, 1}, {math.MaxInt, 1}, {1, 0}, {1, -5}, {1, math.MaxInt}} {
			r := rules(t, true, sector.Size2KiB, sector.V1_2_0)
			r.Challenges, r.Sectors = c[0], c[1]
			least := time.Hour
			for range 5 { // the machine may be busy: the least time counts
				start := time.Now()
				if _, err := r.WindowInputs(today, []Public{{1, sector.CommR{1}}}); err == nil {
					bad++
				}
				if _, err := (Rules{}).WindowInputs(today, []Public{{1, sector.CommR{1}}}); err == nil {
					bad++
				}
				tried += 2
				least = min(least, time.Since(start))
			}
			slowest = max(slowest, least)
		}
		if slowest > 100*time.Millisecond {
			t.Errorf("refusals took %v", slowest)
		}
		tally(t, "W10", tried, bad)
	})
	t.Run("W11", func(t *testing.T) {
		bad := 0
		for _, c := range []struct {
			set   uint64
			count int
		}{{0, 1}, {1, -1}, {1, 1 << 30}} {
			if _, err := WinningSectors(today, sector.ProverID{1}, c.set, c.count); !errors.Is(err, ErrSectors) {
				bad++
			}
		}
		if picks, err := WinningSectors(today, sector.ProverID{1}, 1, 66); err != nil || slices.Max(picks) != 0 {
			bad++
		}
		h := newStorehouse(t, rules(t, false, sector.Size2KiB, sector.V1_0_0), 1)
		if proofs := h.prove(t); len(proofs[0].Openings) != 66 || h.rules.Verify(context.Background(), today, h.list, proofs, nil) != nil {
			bad++
		}
		tally(t, "W11", 5, bad)
	})
	t.Run("W12", func(t *testing.T) {
		r := rules(t, true, sector.Size32GiB, sector.V1_2_0)
		tried, bad := 0, 0
		for range scale(10_000) {
			var rand Randomness
			for i := range rand {
				rand[i] = byte(rnd.Uint32())
			}
			n := sector.Number(rnd.Uint64())
			other, m := rand, n
			if bit := rnd.IntN(256 + 64); bit < 256 {
				other[bit/8] ^= 1 << (bit % 8)
			} else {
				m ^= 1 << (bit - 256)
			}
			if fmt.Sprint(r.ChallengesOf(nil, rand, n, 0)) == fmt.Sprint(r.ChallengesOf(nil, other, m, 0)) {
				bad++
			}
			tried++
		}
		tally(t, "W12", tried, bad)
	})
}

func TestAdversaryStatements(t *testing.T) {
	ctx := context.Background()
	h := newStorehouse(t, rules(t, true, sector.Size2KiB, sector.V1_2_0), 7)
	proofs := h.prove(t)
	verify := func(rand Randomness, list []Public, p []SectorProof) error {
		return h.rules.Verify(ctx, rand, list, p, nil)
	}
	t.Run("W3", func(t *testing.T) {
		bad := 0
		for _, last := range []byte{0x74, 0x80, 0xff} {
			rand := today
			rand[31] = last
			if _, err := h.rules.Prove(ctx, rand, h.list, h.open, nil); !errors.Is(err, ErrRandomness) {
				bad++
			}
			if err := verify(rand, h.list, proofs); !errors.Is(err, ErrRandomness) {
				bad++
			}
			if _, err := WinningSectors(rand, sector.ProverID{}, 3, 1); !errors.Is(err, ErrRandomness) {
				bad++
			}
		}
		if pass, err := h.rules.Prove(ctx, Randomness{}, h.list, h.open, nil); err != nil || len(pass.Faults) > 0 {
			bad++ // zero is a field element like any other
		}
		tally(t, "W3", 10, bad)
	})
	t.Run("W4", func(t *testing.T) {
		bad := 0
		old := newStorehouse(t, rules(t, true, sector.Size2KiB, sector.V1_1_0), 6)
		p := old.prove(t)
		for k := range 3 {
			for q := range 3 {
				if k == q {
					continue
				}
				swapped := slices.Clone(p)
				copy(swapped[2*q:2*q+2], p[2*k:2*k+2])
				if old.rules.Verify(ctx, today, old.list, swapped, nil) == nil {
					bad++
				}
			}
		}
		tally(t, "W4", 6, bad)
	})
	t.Run("W5", func(t *testing.T) {
		swapped := slices.Clone(h.list)
		swapped[0], swapped[1] = swapped[1], swapped[0]
		lists := map[string][]Public{"empty": nil, "twice": {h.list[0], h.list[0]}, "unsorted": swapped,
			"CommR zero": {{1, sector.CommR{}}}, "too many": make([]Public, maxSectors+1)}
		bad := 0
		for name, list := range lists {
			if _, err := h.rules.Prove(ctx, today, list, h.open, nil); err == nil {
				t.Errorf("%s was accepted", name)
				bad++
			}
			if verify(today, list, make([]SectorProof, min(len(list), 3))) == nil {
				bad++
			}
		}
		twice := slices.Clone(proofs)
		twice[2].Openings = slices.Clone(twice[2].Openings)
		twice[2].Openings[3] = twice[2].Openings[4]
		if err := verify(today, h.list, twice); !errors.Is(err, ErrProof) {
			bad++
		}
		tally(t, "W5", 2*len(lists)+1, bad)
	})
	t.Run("W9", func(t *testing.T) {
		bad := 0
		for n := 1; n <= 7; n++ {
			last, err := h.rules.Partition(proofs[:n], h.rules.Partitions(n)-1)
			if err != nil || len(last) != 2 || last[1].Number != proofs[n-1].Number {
				bad++
			}
			inputs, err := h.rules.WindowInputs(today, h.list[:n])
			if err != nil || len(inputs) != (n+1)/2 {
				bad++
				continue
			}
			end := inputs[len(inputs)-1]
			if n%2 == 1 && !slices.Equal(end[:11], end[11:]) {
				bad++
			}
		}
		for _, k := range []int{-1, 4} {
			if _, err := h.rules.Partition(proofs, k); !errors.Is(err, ErrSectors) {
				bad++
			}
		}
		tally(t, "W9", 16, bad)
	})
	t.Run("W14", func(t *testing.T) {
		bad := 0
		for bit := range 254 {
			rand := today
			rand[bit/8] ^= 1 << (bit % 8)
			if rand.check() == nil && verify(rand, h.list, proofs) == nil {
				bad++
			}
		}
		tally(t, "W14", 254, bad)
	})
}

// hangs is the number of passes with reads that hang: each waits for its deadline.
func hangs() int {
	if os.Getenv("ASSAY_POST") != "" {
		return 100
	}
	return 2
}

func TestAdversaryFaults(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	kinds := hazards(over)
	rnd := rand.New(rand.NewPCG(5, 6))
	t.Run("W6", func(t *testing.T) {
		h := newStorehouse(t, rules(t, true, sector.Size2KiB, sector.V1_2_0), 64)
		tried, wrong := 0, 0
		for range scale(200) {
			bad := map[sector.Number]hazard{}
			for range rnd.IntN(64) {
				bad[h.list[rnd.IntN(64)].Number] = kinds[rnd.IntN(len(kinds)-1)] // hanging reads are W7's
			}
			wrong += passWithFaults(t, h, bad, Reading{})
			tried++
		}
		tally(t, "W6", tried, wrong)
	})
	t.Run("W7", func(t *testing.T) {
		// A partition of 32 GiB sectors, as full as it gets, with any faults and one read in a hundred hanging for ever.
		h := newStorehouse(t, rules(t, true, sector.Size2KiB, sector.V1_2_0), 2349)
		tried, wrong := 0, 0
		for range hangs() {
			bad := map[sector.Number]hazard{}
			for range rnd.IntN(300) {
				bad[h.list[rnd.IntN(2349)].Number] = kinds[rnd.IntN(len(kinds)-1)]
			}
			for range 23 {
				bad[h.list[rnd.IntN(2349)].Number] = kinds[len(kinds)-1]
			}
			wrong += passWithFaults(t, h, bad, Reading{Parallel: 64, Deadline: 2 * time.Second})
			tried++
		}
		tally(t, "W7", max(tried, 1), wrong)
	})
	t.Run("W8", func(t *testing.T) {
		// Replicas are read through io.ReaderAt alone: files opened read-only, in a folder without write permission, serve.
		h := newStorehouse(t, rules(t, true, sector.Size2KiB, sector.V1_2_0), 1)
		dir := t.TempDir()
		s := h.replicas[h.list[0].Number]
		for name, b := range map[string][]byte{"sealed": s.sealed, "tree": s.tree[0]} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o400); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(dir, 0o700)
		pass, err := h.rules.Prove(context.Background(), today, h.list, func(ctx context.Context, n sector.Number) (*Replica, error) {
			sealed, err := os.Open(filepath.Join(dir, "sealed"))
			if err != nil {
				return nil, err
			}
			tree, err := os.Open(filepath.Join(dir, "tree"))
			if err != nil {
				return nil, err
			}
			rep, err := h.open(ctx, n)
			rep.Sealed, rep.TreeRLast[0] = sealed, tree
			rep.Close = func() error { return errors.Join(sealed.Close(), tree.Close()) }
			return rep, err
		}, nil)
		wrong := 0
		if err != nil || len(pass.Faults) > 0 {
			t.Error(err, pass)
			wrong++
		}
		tally(t, "W8", 1, wrong)
	})
}

func TestAdversaryDecoder(t *testing.T) {
	h := newStorehouse(t, rules(t, true, sector.Size32KiB, sector.V1_2_0), 1)
	proofs := h.prove(t)
	good, err := h.rules.EncodeJSON(&proofs[0])
	if err != nil {
		t.Fatal(err)
	}
	text := string(good)
	t.Run("W13", func(t *testing.T) {
		swap := func(old, new string) string { return strings.Replace(text, old, new, 1) }
		cases := map[string]string{
			"unknown field":       swap(`"sector_id"`, `"extra":1,"sector_id"`),
			"missing field":       swap(`"comm_c"`, `"comm_x"`),
			"repeated field":      swap(`{"sector_id"`, `{"sector_id":9,"sector_id"`),
			"other case":          swap(`"sector_id"`, `"Sector_ID"`),
			"a number too large":  swap(`"comm_r":[`, `"comm_r":[256,`),
			"33 numbers":          swap(`"comm_r":[`, `"comm_r":[0,`),
			"31 numbers":          swap(`"comm_r":[`+text[strings.Index(text, `"comm_r":[`)+10:][:strings.Index(text[strings.Index(text, `"comm_r":[`)+10:], ",")+1], `"comm_r":[`),
			"index beyond":        swap(`"index":`, `"index":8`),
			"negative index":      swap(`"index":`, `"index":-`),
			"another shape":       swap(`"Top"`, `"Single"`),
			"no sectors":          `{"sector_id":1,"comm_r":[],"vanilla_proof":{"sectors":[]}}`,
			"data after":          text + "{}",
			"half":                text[:len(text)/2],
			"empty":               "",
			"null":                "null",
			"float":               swap(`"sector_id":`, `"sector_id":1e0+`),
			"leading zero escape": swap(`"sector_id"`, `"sector\u005fid"`),
			"oversized":           strings.Repeat(" ", 2*h.rules.maxJSON()) + text,
		}
		bad := 0
		for name, c := range cases {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := h.rules.DecodeJSON([]byte(c))
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrFormat) {
				t.Errorf("%s: got %v", name, err)
				bad++
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 64<<10+8*uint64(len(c)) {
				t.Errorf("%s: %d bytes allocated for %d", name, used, len(c))
			}
		}
		rnd := rand.New(rand.NewPCG(9, 9))
		for range scale(2000) { // any byte changed gives another proof or none, never this one
			b := bytes.Clone(good)
			i := rnd.IntN(len(b))
			b[i] ^= 1 << rnd.IntN(8)
			p, err := h.rules.DecodeJSON(b)
			if err == nil && h.rules.Verify(context.Background(), today, h.list, []SectorProof{*p}, nil) == nil {
				t.Errorf("byte %d: %q for %q was accepted", i, b[i], good[i])
				bad++
			}
		}
		tally(t, "W13", len(cases)+scale(2000), bad)
	})
}

// TestMutatedProofs changes every part of a valid proof.
func TestMutatedProofs(t *testing.T) {
	h := newStorehouse(t, rules(t, true, sector.Size4KiB, sector.V1_2_0), 3)
	proofs := h.prove(t)
	try := func(name string, change func(p *SectorProof)) {
		p := slices.Clone(proofs)
		p[1].Openings = slices.Clone(p[1].Openings)
		for i := range p[1].Openings {
			p[1].Openings[i].Siblings = slices.Clone(p[1].Openings[i].Siblings)
		}
		change(&p[1])
		err := h.rules.Verify(context.Background(), today, h.list, p, nil)
		var place *SectorError
		if !errors.Is(err, ErrProof) || !errors.As(err, &place) || place.Number != h.list[1].Number {
			t.Errorf("%s: got %v", name, err)
		}
	}
	try("number", func(p *SectorProof) { p.Number++ })
	try("CommR", func(p *SectorProof) { p.CommR[5] ^= 1 })
	try("CommC", func(p *SectorProof) { p.CommC[5] ^= 1 })
	try("CommRLast", func(p *SectorProof) { p.CommRLast[5] ^= 1 })
	try("CommC beyond the field", func(p *SectorProof) { p.CommC[31] = 0xff })
	try("an opening less", func(p *SectorProof) { p.Openings = p.Openings[1:] })
	try("an opening more", func(p *SectorProof) { p.Openings = append(p.Openings, p.Openings[0]) })
	try("two swapped", func(p *SectorProof) { p.Openings[0], p.Openings[1] = p.Openings[1], p.Openings[0] })
	for k := range proofs[1].Openings {
		try("leaf", func(p *SectorProof) { p.Openings[k].Leaf[0] ^= 1 })
		try("leaf beyond the field", func(p *SectorProof) { p.Openings[k].Leaf[31] = 0xff })
		try("index", func(p *SectorProof) { p.Openings[k].Index ^= 1 })
		try("sibling less", func(p *SectorProof) { p.Openings[k].Siblings = p.Openings[k].Siblings[1:] })
		try("sibling more", func(p *SectorProof) { p.Openings[k].Siblings = append(p.Openings[k].Siblings, merkle.Digest{}) })
		for s := range proofs[1].Openings[k].Siblings {
			try("sibling", func(p *SectorProof) { p.Openings[k].Siblings[s][s%32] ^= 1 << (s % 6) })
		}
	}
}

func FuzzDecodeJSON(f *testing.F) {
	r := rules(f, true, sector.Size2KiB, sector.V1_2_0)
	h := newStorehouse(f, r, 1)
	p := h.prove(f)[0]
	p.Openings = p.Openings[:1]
	good, err := r.EncodeJSON(&p)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"sector_id":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := r.DecodeJSON(b)
		if err != nil {
			return
		}
		if _, err := r.EncodeJSON(p); err != nil {
			t.Errorf("decoded what it cannot encode: %v", err)
		}
	})
}

func FuzzVerify(f *testing.F) {
	h := newStorehouse(f, rules(f, true, sector.Size2KiB, sector.V1_2_0), 2)
	proofs := h.prove(f)
	f.Add(uint8(0), uint8(0), uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, opening, sibling, at, x uint8) {
		p := slices.Clone(proofs)
		p[0].Openings = slices.Clone(p[0].Openings)
		o := &p[0].Openings[int(opening)%len(p[0].Openings)]
		o.Siblings = slices.Clone(o.Siblings)
		o.Siblings[int(sibling)%len(o.Siblings)][at%32] ^= x
		if err := h.rules.Verify(context.Background(), today, h.list, p, nil); (err == nil) != (x == 0) {
			t.Errorf("got %v", err)
		}
	})
}

func FuzzDeadline(f *testing.F) {
	f.Add(int64(0), int64(0))
	f.Add(int64(123456), int64(-7))
	f.Fuzz(func(t *testing.T, start, epoch int64) {
		start, epoch = start%(1<<50), epoch%(1<<50)
		d := DeadlineAt(start, epoch)
		if !d.IsOpen(epoch) || d.Index < 0 || d.Index >= Deadlines || (d.PeriodStart-start)%ProvingPeriod != 0 {
			t.Errorf("period %d, epoch %d: %+v", start, epoch, d)
		}
		if next := d.Next(d.Close); next.Open != d.Open+ProvingPeriod {
			t.Errorf("next of %+v is %+v", d, next)
		}
	})
}
