package update_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
)

// encoded returns a site's statement and the bytes of its partitions' proofs.
func encoded(t testing.TB, size sector.Size) (*update.Statement, [][]byte) {
	t.Helper()
	s := newSite(t, size, size.Unpadded()/2)
	st := s.encode(t)
	proofs, err := update.Prove(ctx, s.files, st, nil)
	must(t, err)
	out := make([][]byte, len(proofs))
	for k := range proofs {
		out[k], err = update.AppendPartition(nil, st.Params, &proofs[k])
		must(t, err)
		back, err := update.ParsePartition(out[k], st.Params)
		must(t, err)
		if !reflect.DeepEqual(*back, proofs[k]) {
			t.Fatalf("%v: partition %d comes back as another", size, k)
		}
	}
	return st, out
}

// TestPartitionBytes writes and reads proofs, behind other bytes too, and refuses every other length.
func TestPartitionBytes(t *testing.T) {
	for _, size := range []sector.Size{1 << 10, sector.Size2KiB, 8 << 10, sector.Size32KiB, sector.Size8MiB} {
		if testing.Short() && size == sector.Size8MiB {
			continue
		}
		st, all := encoded(t, size)
		for k, b := range all {
			p, err := update.ParsePartition(b, st.Params)
			must(t, err)
			must(t, update.VerifyPartition(ctx, st, k, p, nil))
			behind, err := update.AppendPartition([]byte("before"), st.Params, p)
			must(t, err)
			if !bytes.Equal(behind, append([]byte("before"), b...)) {
				t.Errorf("%v: other bytes behind others", size)
			}
			kept := slices.Clone(b)
			clear(kept)
			if again, _ := update.ParsePartition(b, st.Params); !reflect.DeepEqual(again, p) {
				t.Errorf("%v: read twice, two proofs", size)
			}
		}
		t.Logf("%v: %d bytes a partition", size, len(all[0]))
		long := append(slices.Clone(all[0]), make([]byte, 100)...)
		for n := range len(long) + 1 {
			if n == len(all[0]) || n > 4096 && n < len(all[0])-100 && n%97 != 0 {
				continue
			}
			if _, err := update.ParsePartition(long[:n], st.Params); !errors.Is(err, update.ErrFormat) {
				t.Fatalf("%v: %d bytes of %d: %v", size, n, len(all[0]), err)
			}
		}
		for _, other := range []sector.Size{1 << 10, sector.Size4KiB, sector.Size16KiB, sector.Size16MiB, sector.Size32GiB} {
			p, err := update.NewParams(other)
			must(t, err)
			if _, err := update.ParsePartition(all[0], p); other != size && !errors.Is(err, update.ErrFormat) {
				t.Errorf("%v: read as a proof of %v: %v", size, other, err)
			}
		}
		if _, err := update.ParsePartition(all[0], update.Params{Size: size}); !errors.Is(err, sector.ErrSize) {
			t.Errorf("%v: read under no parameters: %v", size, err)
		}
	}
}

// TestPartitionMutations flips a bit of every third byte of a small proof and fewer of a larger one: what is still read is refused by
// the verifier.
func TestPartitionMutations(t *testing.T) {
	for size, step := range map[sector.Size]int{sector.Size2KiB: 3, sector.Size32KiB: 37} {
		st, all := encoded(t, size)
		k := len(all) - 1
		good, r := all[k], rand.New(rand.NewPCG(5, uint64(size)))
		if testing.Short() {
			step *= 10
		}
		malformed, refuted := 0, 0
		for i := 0; i < len(good); i += step {
			bad := slices.Clone(good)
			bad[i] ^= 1 << r.IntN(8)
			p, err := update.ParsePartition(bad, st.Params)
			if errors.Is(err, update.ErrFormat) {
				malformed++
				continue
			}
			must(t, err)
			if err := update.VerifyPartition(ctx, st, k, p, &update.Options{Workers: 1}); !errors.Is(err, update.ErrProof) {
				t.Fatalf("%v: byte %d of %d was changed: %v", size, i, len(good), err)
			}
			if again, err := update.AppendPartition(nil, st.Params, p); err != nil || !bytes.Equal(again, bad) {
				t.Fatalf("%v: byte %d was changed, and what is read is written in another way (%v)", size, i, err)
			}
			refuted++
		}
		t.Logf("%v: %d malformed, %d refuted", size, malformed, refuted)
	}
}

// TestPartitionForm refuses to write proofs of another form.
func TestPartitionForm(t *testing.T) {
	st, all := encoded(t, sector.Size2KiB)
	for name, change := range map[string]func(p *update.PartitionProof){
		"apex dropped":    func(p *update.PartitionProof) { p.Apex = p.Apex[1:] },
		"apex appended":   func(p *update.PartitionProof) { p.Apex = append(p.Apex, p.Apex[0]) },
		"answer dropped":  func(p *update.PartitionProof) { p.Challenges = p.Challenges[1:] },
		"answer appended": func(p *update.PartitionProof) { p.Challenges = append(p.Challenges, p.Challenges[0]) },
		"two nodes":       func(p *update.PartitionProof) { p.Challenges[3].Old.Index ^= 1 },
		"another node":    func(p *update.PartitionProof) { p.Challenges[3].New.Index ^= 4 },
		"node beyond": func(p *update.PartitionProof) {
			for _, m := range digestPaths(p, 2) {
				*m += 1 << 40
			}
		},
		"short path": func(p *update.PartitionProof) { m := &p.Challenges[9].New; m.Siblings = m.Siblings[1:] },
		"long path":  func(p *update.PartitionProof) { m := &p.Challenges[0].Data; m.Siblings = append(m.Siblings, m.Leaf) },
		"no path":    func(p *update.PartitionProof) { p.Challenges[1].Old.Siblings = nil },
	} {
		p, err := update.ParsePartition(all[0], st.Params)
		must(t, err)
		change(p)
		if b, err := update.AppendPartition(nil, st.Params, p); !errors.Is(err, update.ErrFormat) || b != nil {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
	}
	p, _ := update.ParsePartition(all[0], st.Params)
	if _, err := update.AppendPartition(nil, update.Params{}, p); !errors.Is(err, sector.ErrSize) {
		t.Errorf("no parameters: %v", err)
	}
}

// digestPaths returns the node numbers of an answer.
func digestPaths(p *update.PartitionProof, i int) []*uint64 {
	c := &p.Challenges[i]
	return []*uint64{&c.Old.Index, &c.Data.Index, &c.New.Index}
}

// TestPartitionAllocations expects nothing to be allocated where there is room, and three pieces for a proof that is read.
func TestPartitionAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("race: allocations are not counted")
	}
	st, all := encoded(t, sector.Size32KiB)
	p, err := update.ParsePartition(all[0], st.Params)
	must(t, err)
	room := make([]byte, 0, len(all[0]))
	for name, c := range map[string]struct {
		most float64
		do   func() error
	}{
		"append": {0, func() error { _, err := update.AppendPartition(room, st.Params, p); return err }},
		"parse":  {3, func() error { _, err := update.ParsePartition(all[0], st.Params); return err }},
	} {
		if got := testing.AllocsPerRun(20, func() { err = c.do() }); err != nil || got > c.most {
			t.Errorf("%s: %v allocations, want %v at most (%v)", name, got, c.most, err)
		}
	}
}

// FuzzParsePartition reads any bytes: what is read is written as the same bytes, and only the true proof is accepted.
func FuzzParsePartition(f *testing.F) {
	st, all := encoded(f, sector.Size2KiB)
	f.Add([]byte{}, 0, byte(0))
	f.Add(all[0], 0, byte(1))
	f.Add(all[0], len(all[0])-1, byte(0x80))
	f.Add(all[0][:len(all[0])-1], 9, byte(0))
	f.Fuzz(func(t *testing.T, b []byte, at int, change byte) {
		if len(b) > 0 && at >= 0 {
			b = slices.Clone(b)
			b[at%len(b)] ^= change
		}
		p, err := update.ParsePartition(b, st.Params)
		if err != nil {
			if !errors.Is(err, update.ErrFormat) || p != nil {
				t.Fatal(err)
			}
			return
		}
		if again, err := update.AppendPartition(nil, st.Params, p); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("written in another way (%v)", err)
		}
		err = update.VerifyPartition(ctx, st, 0, p, &update.Options{Workers: 1})
		if err == nil != bytes.Equal(b, all[0]) || err != nil && !errors.Is(err, update.ErrProof) {
			t.Fatalf("another proof: %v", err)
		}
	})
}
