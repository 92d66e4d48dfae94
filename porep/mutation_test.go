package porep_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// clone copies a proof.
func clone(p *porep.Proof) *porep.Proof {
	c := *p
	c.Partitions = nil
	for _, part := range p.Partitions {
		answers := make([]porep.ChallengeProof, len(part))
		for i := range part {
			answers[i] = part[i]
			for _, list := range lists(&answers[i]) {
				*list = append([]merkle.Digest(nil), *list...)
			}
		}
		c.Partitions = append(c.Partitions, answers)
	}
	return &c
}

// openings returns all openings of an answer.
func openings(c *porep.ChallengeProof) []*merkle.Proof {
	out := []*merkle.Proof{&c.Data, &c.Replica, &c.Column.Proof}
	for i := range c.Parents {
		out = append(out, &c.Parents[i].Proof)
	}
	return out
}

// lists returns all lists of nodes of an answer.
func lists(c *porep.ChallengeProof) []*[]merkle.Digest {
	out := []*[]merkle.Digest{&c.Column.Labels}
	for i := range c.Parents {
		out = append(out, &c.Parents[i].Labels)
	}
	for _, o := range openings(c) {
		out = append(out, &o.Siblings)
	}
	return out
}

// TestMutations changes a valid proof in every place, one at a time; all must be refused as proofs.
func TestMutations(t *testing.T) {
	for _, name := range []string{"2k-v1_1", "2k-syn", "32k-v1_1"} {
		t.Run(name, func(t *testing.T) { mutate(t, name) })
	}
}

func mutate(t *testing.T, name string) {
	st, proof, _, _ := loadC1(t, name)
	tried := 0
	refuse := func(what string, p *porep.Proof) {
		t.Helper()
		tried++
		if err := porep.Verify(t.Context(), st, p, &porep.Options{Workers: 1}); !errors.Is(err, porep.ErrProof) {
			t.Fatalf("%s: got %v", what, err)
		}
	}
	answer := func() (*porep.Proof, *porep.ChallengeProof) {
		p := clone(proof)
		return p, &p.Partitions[0][tried%len(p.Partitions[0])]
	}
	_, first := answer()
	for l := range lists(first) {
		for i := range *lists(first)[l] {
			p, c := answer()
			(*lists(c)[l])[i][tried%32] ^= 1 << (tried % 8)
			refuse("a flipped bit", p)
		}
		p, c := answer()
		list := lists(c)[l]
		*list = (*list)[1:]
		refuse("a dropped node", p)
		p, c = answer()
		list = lists(c)[l]
		*list = append(*list, (*list)[0])
		refuse("an appended node", p)
		p, c = answer()
		*lists(c)[l] = nil
		refuse("no nodes", p)
		p, c = answer()
		if list := *lists(c)[l]; len(list) > 1 && list[0] != list[1] {
			list[0], list[1] = list[1], list[0]
			refuse("two nodes exchanged", p)
		}
	}
	for o := range openings(first) {
		for b := range 32 {
			p, c := answer()
			openings(c)[o].Leaf[b] ^= 1 << (tried % 8)
			refuse("a flipped leaf", p)
		}
		for _, change := range []func(uint64) uint64{
			func(i uint64) uint64 { return i + 1 }, func(i uint64) uint64 { return i - 1 }, func(i uint64) uint64 { return i ^ 8 },
			func(i uint64) uint64 { return i + st.Proof.Nodes() }, func(uint64) uint64 { return math.MaxUint64 }, func(i uint64) uint64 { return i + 1<<32 },
		} {
			p, c := answer()
			openings(c)[o].Index = change(openings(c)[o].Index)
			refuse("another index", p)
		}
		p, c := answer()
		for i := range openings(c)[o].Leaf {
			openings(c)[o].Leaf[i] = 0xff
		}
		refuse("a leaf that is no field element", p)
	}
	p, c := answer()
	c.Parents[1], c.Parents[7] = c.Parents[7], c.Parents[1]
	refuse("parents exchanged", p)
	p, c = answer()
	c.Data, c.Replica = c.Replica, c.Data
	refuse("openings exchanged", p)
	p, c = answer()
	*c = porep.ChallengeProof{}
	refuse("an empty answer", p)
	p, _ = answer()
	p.Partitions[0][0], p.Partitions[0][1] = p.Partitions[0][1], p.Partitions[0][0]
	refuse("answers exchanged", p)
	p, _ = answer()
	p.Partitions[0][0] = p.Partitions[0][1]
	refuse("one answer twice", p)
	for _, n := range []int{0, 1, 3} {
		p, _ = answer()
		p.Partitions[0] = append(p.Partitions[0], p.Partitions[0]...)[:n]
		refuse("another number of answers", p)
	}
	p, _ = answer()
	p.Partitions = append(p.Partitions, p.Partitions[0])
	refuse("another partition", p)
	refuse("nothing", &porep.Proof{})
	for i, field := range []func(p *porep.Proof) []byte{
		func(p *porep.Proof) []byte { return p.CommC[:] }, func(p *porep.Proof) []byte { return p.CommRLast[:] },
		func(p *porep.Proof) []byte { return p.CommD[:] }, func(p *porep.Proof) []byte { return p.CommR[:] },
		func(p *porep.Proof) []byte { return p.ReplicaID[:] }, func(p *porep.Proof) []byte { return p.Ticket[:] },
		func(p *porep.Proof) []byte { return p.Seed[:] },
	} {
		for b := range 32 {
			p, _ := answer()
			field(p)[b] ^= 1 << ((b + i) % 8)
			refuse("a changed head", p)
		}
	}
	if err := porep.Verify(t.Context(), st, proof, nil); err != nil {
		t.Error("the proof itself:", err)
	}
	t.Logf("%d mutations refused", tried)
}

// TestOtherStatement offers a valid proof for other statements.
func TestOtherStatement(t *testing.T) {
	st, proof, _, _ := loadC1(t, "2k-v1_1")
	for i, change := range []func(s *porep.Statement){
		func(s *porep.Statement) { s.ID.Number++ }, func(s *porep.Statement) { s.ID.Prover[0]++ },
		func(s *porep.Statement) { s.Ticket[0]++ }, func(s *porep.Statement) { s.Seed[0]++ },
		func(s *porep.Statement) { s.Proof.ID[0]++ }, func(s *porep.Statement) { s.CommD[0]++ },
		func(s *porep.Statement) { s.CommR[0]++ }, func(s *porep.Statement) { s.Proof.Version = sector.V1_0_0 },
		func(s *porep.Statement) { s.Proof, _ = sector.StackedDRG8MiBV1_1.Proof() },
		func(s *porep.Statement) { s.Proof.Layers = 11 }, func(s *porep.Statement) { s.Proof.Challenges = 1 },
	} {
		s := *st
		change(&s)
		if err := porep.Verify(t.Context(), &s, proof, nil); !errors.Is(err, porep.ErrProof) {
			t.Errorf("change %d: %v", i, err)
		}
	}
}

// TestDecodeC1Refuses cuts, extends and changes the JSON of a valid proof. What is still decoded must be refused by
// Verify or be what the bytes say.
func TestDecodeC1Refuses(t *testing.T) {
	st, _, raw, _ := loadC1(t, "2k-v1_1")
	for n := 0; n < len(raw); n += 1 + n/40 {
		if _, err := porep.DecodeC1(raw[:n], st.Proof); !errors.Is(err, porep.ErrFormat) {
			t.Fatalf("%d of %d bytes: %v", n, len(raw), err)
		}
	}
	for n := 1; n <= 100; n++ {
		if _, err := porep.DecodeC1(append(bytes.Clone(raw), make([]byte, n)...), st.Proof); !errors.Is(err, porep.ErrFormat) {
			t.Fatalf("%d bytes too many: %v", n, err)
		}
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		bad := bytes.Clone(raw)
		bad[rng.IntN(len(bad))] = byte(rng.IntN(256))
		if bytes.Equal(bad, raw) {
			continue
		}
		p, err := porep.DecodeC1(bad, st.Proof)
		if err != nil {
			continue
		}
		if porep.Verify(t.Context(), st, p, nil) == nil {
			t.Fatal("a changed proof is accepted")
		}
		if back, err := p.AppendC1(nil, st.Proof); err != nil || !bytes.Equal(back, bad) {
			t.Fatal("decoded and encoded again it differs:", err)
		}
	}
}

// TestDecodeC1Memory bounds the memory of decoding hostile JSON by its length.
func TestDecodeC1Memory(t *testing.T) {
	p64, err := sector.StackedDRG64GiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	st, _, raw, _ := loadC1(t, "2k-v1_1")
	head := []byte(`{"vanilla_proofs":[`)
	open := []byte(`{"comm_d_proofs":`)
	for _, c := range []struct {
		sp sector.Proof
		b  []byte
	}{
		{st.Proof, raw}, {p64, raw}, {p64, head}, {p64, append(bytes.Clone(head), bytes.Repeat([]byte("[],"), 10000)...)},
		{p64, append(bytes.Clone(head), bytes.Repeat([]byte("["), 10000)...)}, {p64, append(append(bytes.Clone(head), '['), open...)},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := porep.DecodeC1(c.b, c.sp)
		runtime.ReadMemStats(&after)
		if used, most := after.TotalAlloc-before.TotalAlloc, uint64(64<<10+8*len(c.b)); used > most {
			t.Errorf("%v, %d bytes of JSON: %d bytes allocated, want %d at most (%v)", c.sp.Size, len(c.b), used, most, err)
		}
	}
}

// FuzzDecodeC1 decodes anything; what is decoded is encoded to the same bytes and verified without a panic.
func FuzzDecodeC1(f *testing.F) {
	st, _, raw, _ := loadC1(f, "2k-v1_1")
	f.Add(raw)
	f.Add([]byte(`{"vanilla_proofs":[],"comm_r":[]}`))
	f.Add([]byte(`{"vanilla_proofs":[[{"comm_d_proofs":{"data":{"Single":{"root":[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := porep.DecodeC1(b, st.Proof)
		if err != nil {
			return
		}
		if back, err := p.AppendC1(nil, st.Proof); err != nil || !bytes.Equal(back, b) {
			t.Fatal("encoded again it differs:", err)
		}
		if err := porep.Verify(t.Context(), st, p, nil); err == nil && !bytes.Equal(b, raw) {
			t.Fatal("another proof is accepted")
		}
	})
}

// FuzzVerify writes fuzzed bytes over a valid proof, node for node.
func FuzzVerify(f *testing.F) {
	st, proof, _, _ := loadC1(f, "2k-v1_1")
	f.Add(uint16(0), uint16(0), []byte{1})
	f.Add(uint16(1), uint16(3), bytes.Repeat([]byte{0xff}, 64))
	f.Fuzz(func(t *testing.T, list, at uint16, b []byte) {
		p := clone(proof)
		c := &p.Partitions[0][int(list)%len(p.Partitions[0])]
		all := lists(c)
		mem := merkle.Bytes(*all[int(list)%len(all)])
		n := copy(mem[int(at)%len(mem):], b)
		same := true
		for l, q := range lists(c) {
			same = same && bytes.Equal(merkle.Bytes(*q), merkle.Bytes(*lists(&proof.Partitions[0][int(list)%len(p.Partitions[0])])[l]))
		}
		err := porep.Verify(t.Context(), st, p, &porep.Options{Workers: 1})
		if same != (err == nil) || err != nil && !errors.Is(err, porep.ErrProof) {
			t.Fatalf("%d bytes written, same %v: %v", n, same, err)
		}
	})
}

// FuzzUnseal takes any range out of a small sector.
func FuzzUnseal(f *testing.F) {
	files, st := sealed(f, sector.StackedDRG2KiBV1_1, 3)
	data := stream("sealed 3", 2032)
	replica, key := readFile(f, files.Sealed), readFile(f, files.Cache+"/"+sector.LayerFile(2))
	f.Add(uint64(0), uint64(2032))
	f.Add(uint64(127), uint64(1))
	f.Add(uint64(math.MaxUint64), uint64(2))
	f.Fuzz(func(t *testing.T, off, n uint64) {
		var out bytes.Buffer
		err := porep.Decode(t.Context(), &st.Sector, bytes.NewReader(key), bytes.NewReader(replica), &out, off, n, nil)
		if inside := off <= 2032 && n <= 2032-off; inside != (err == nil) {
			t.Fatalf("%d bytes from %d: %v", n, off, err)
		} else if inside && !bytes.Equal(out.Bytes(), data[off:off+n]) {
			t.Fatalf("%d bytes from %d differ", n, off)
		}
	})
}

// TestAllocs holds entries to their budgets of allocations.
func TestAllocs(t *testing.T) {
	st, p, raw, _ := loadC1(t, "2k-v1_1")
	buf := make([]byte, 0, len(raw))
	for _, c := range []struct {
		name string
		most float64
		do   func() error
	}{
		{"AppendC1", 8, func() error { _, err := p.AppendC1(buf, st.Proof); return err }},
		{"DecodeC1", 24, func() error { _, err := porep.DecodeC1(raw, st.Proof); return err }},
		{"Verify", 100, func() error { return porep.Verify(t.Context(), st, p, &porep.Options{Workers: 1}) }},
		{"Challenges", 2, func() error {
			_, err := porep.Challenges(st.Proof, st.ReplicaID(), st.CommR, st.Seed, 0)
			return err
		}},
	} {
		var err error
		got := testing.AllocsPerRun(10, func() { err = c.do() })
		if err != nil || got > c.most && !raceEnabled {
			t.Errorf("%s: %v allocations, want %v at most: %v", c.name, got, c.most, err)
		}
	}
}
