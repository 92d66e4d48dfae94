package porep_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// A trial counts hostile inputs of one adversarial case.
type trial struct {
	t                       *testing.T
	tried, accepted, panics int
}

// refuses runs do, which must fail; wants, if given, are errors of which one must be it.
func (a *trial) refuses(what string, do func() error, wants ...error) {
	a.t.Helper()
	a.tried++
	var err error
	func() {
		defer func() {
			if p := recover(); p != nil {
				a.panics++
				a.t.Errorf("%s: panic: %v", what, p)
				err = errors.New("panic")
			}
		}()
		err = do()
	}()
	if err == nil {
		a.accepted++
		a.t.Errorf("%s: accepted", what)
		return
	}
	for _, want := range wants {
		if errors.Is(err, want) {
			return
		}
	}
	if len(wants) > 0 {
		a.t.Errorf("%s: got %v, want one of %v", what, err, wants)
	}
}

// adversary runs a case by its id and reports its counts.
func adversary(t *testing.T, id string, run func(a *trial)) {
	t.Run(id, func(t *testing.T) {
		a := &trial{t: t}
		run(a)
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", id, a.tried, a.accepted, a.panics)
		if a.accepted != 0 || a.panics != 0 || a.tried == 0 {
			t.Fail()
		}
	})
}

// sealed is a small sealed sector.
func sealed(t testing.TB, seal sector.SealProof, number sector.Number) (porep.Files, *porep.Statement) {
	t.Helper()
	p, err := seal.Proof()
	if err != nil {
		t.Fatal(err)
	}
	f := newFiles(t)
	data := stream(fmt.Sprint("sealed ", number), int(p.Size.Unpadded()))
	st, err := porep.Seal(context.Background(), []porep.Job{{Files: f, Proof: p, ID: sector.ID{Number: number}, Data: bytes.NewReader(data)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f, &st[0]
}

func TestAdversary(t *testing.T) {
	adversary(t, "P5", commitmentCases)
	adversary(t, "P6", swappedLayerCases)
	adversary(t, "P7", labelPathCases)
	adversary(t, "P12", rangeCases)
	adversary(t, "P13", syntheticCases)
	adversary(t, "P14", featureCases)
	adversary(t, "P15", cancelCases)
	adversary(t, "P18", directoryCases)
	adversary(t, "P20", memoryCases)
}

// commitmentCases: CommD or CommR zero, CommC of another sector, CommR that is no hash of the two roots.
func commitmentCases(a *trial) {
	t := a.t
	f, st := sealed(t, sector.StackedDRG2KiBV1_1, 1)
	g, other := sealed(t, sector.StackedDRG2KiBV1_1, 2)
	proof, err := porep.Prove(t.Context(), f, st, nil)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := porep.Prove(t.Context(), g, other, nil)
	if err != nil {
		t.Fatal(err)
	}
	verify := func(what string, change func(st *porep.Statement, p *porep.Proof), wants ...error) {
		st, p := *st, *proof
		change(&st, &p)
		a.refuses(what, func() error { return porep.Verify(t.Context(), &st, &p, nil) }, wants...)
		a.refuses(what+", proving", func() error {
			if p.CommC != proof.CommC || p.CommRLast != proof.CommRLast || p.ReplicaID != proof.ReplicaID {
				return porep.ErrProof // nothing of it reaches the prover
			}
			_, err := porep.Prove(t.Context(), f, &st, nil)
			return err
		})
	}
	verify("CommD zero", func(st *porep.Statement, p *porep.Proof) { st.CommD, p.CommD = sector.CommD{}, sector.CommD{} }, sector.ErrCommitment)
	verify("CommR zero", func(st *porep.Statement, p *porep.Proof) { st.CommR, p.CommR = sector.CommR{}, sector.CommR{} }, sector.ErrCommitment)
	verify("CommD with bit 254", func(st *porep.Statement, p *porep.Proof) { st.CommD[31] |= 0x40; p.CommD[31] |= 0x40 }, sector.ErrCommitment)
	verify("CommR of all ones", func(st *porep.Statement, p *porep.Proof) {
		for i := range st.CommR {
			st.CommR[i], p.CommR[i] = 0xff, 0xff
		}
	}, sector.ErrCommitment)
	verify("CommC of another sector", func(_ *porep.Statement, p *porep.Proof) { p.CommC = foreign.CommC }, porep.ErrProof)
	verify("CommRLast of another sector", func(_ *porep.Statement, p *porep.Proof) { p.CommRLast = foreign.CommRLast }, porep.ErrProof)
	verify("CommC zero", func(_ *porep.Statement, p *porep.Proof) { p.CommC = sector.CommC{} }, porep.ErrProof)
	verify("roots exchanged", func(_ *porep.Statement, p *porep.Proof) {
		p.CommC, p.CommRLast = sector.CommC(p.CommRLast), sector.CommRLast(p.CommC)
	}, porep.ErrProof)
	verify("CommR of another sector", func(st *porep.Statement, p *porep.Proof) { st.CommR, p.CommR = other.CommR, other.CommR })
	verify("all of another sector", func(st *porep.Statement, p *porep.Proof) { *p = *foreign; _ = st }, porep.ErrProof)
	for i := range st.CommR {
		verify("CommR flipped", func(st *porep.Statement, p *porep.Proof) { st.CommR[i] ^= 1; p.CommR[i] ^= 1 })
		verify("CommD flipped", func(st *porep.Statement, p *porep.Proof) { st.CommD[i] ^= 1; p.CommD[i] ^= 1 })
	}
	for i := range 64 { // p_aux
		a.refuses("p_aux flipped", func() error {
			return withFlipped(t, filepath.Join(f.Cache, sector.PAuxFile), int64(i), func() error {
				_, err := porep.Prove(t.Context(), f, st, nil)
				return err
			})
		}, porep.ErrFile, sector.ErrCommitment)
	}
}

// withFlipped runs do while a byte of a file is flipped.
func withFlipped(t testing.TB, path string, at int64, do func() error) error {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(b)
	bad[at] ^= 1
	if err := os.WriteFile(path, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}()
	return do()
}

// swappedLayerCases: a kept layer is that of another sector, ticket, API version, kind, or layer.
func swappedLayerCases(a *trial) {
	t := a.t
	f, st := sealed(t, sector.StackedDRG2KiBV1_1, 1)
	keep := &porep.Options{Keep: func(path string) bool { return strings.Contains(path, "layer") }}
	resume := func(what, from, to string) {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(f.Cache, to)
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		a.refuses(what, func() error {
			return porep.LabelFiles(t.Context(), []porep.Files{f}, []porep.Sector{st.Sector}, keep)
		}, porep.ErrFile)
		a.refuses(what+", committing", func() error {
			_, err := porep.Commit(t.Context(), f, &st.Sector, nil)
			return err
		}, porep.ErrFile)
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	one, two := sector.LayerFile(1), sector.LayerFile(2)
	others := map[string]func(s *porep.Sector){
		"another sector":         func(s *porep.Sector) { s.ID.Number++ },
		"another provider":       func(s *porep.Sector) { s.ID.Prover[0]++ },
		"another ticket":         func(s *porep.Sector) { s.Ticket[3]++ },
		"another API version":    func(s *porep.Sector) { s.Proof.Version = sector.V1_0_0 },
		"another kind of sector": func(s *porep.Sector) { s.Proof, _ = sector.StackedDRG2KiBV1.Proof() },
	}
	for what, change := range others {
		s, g := st.Sector, newFiles(t)
		change(&s)
		if err := porep.LabelFiles(t.Context(), []porep.Files{g}, []porep.Sector{s}, nil); err != nil {
			t.Fatal(err)
		}
		resume("layer 1 of "+what, filepath.Join(g.Cache, one), one)
		resume("layer 2 of "+what, filepath.Join(g.Cache, two), two)
	}
	resume("layer 2 as layer 1", filepath.Join(f.Cache, two), one)
	resume("layer 1 as layer 2", filepath.Join(f.Cache, one), two)
	for at := range int64(st.Proof.Size) / 32 {
		a.refuses("label flipped", func() error {
			return withFlipped(t, filepath.Join(f.Cache, two), 32*at+at%32, func() error {
				return porep.LabelFiles(t.Context(), []porep.Files{f}, []porep.Sector{st.Sector}, keep)
			})
		}, porep.ErrFile)
	}
	if err := porep.LabelFiles(t.Context(), []porep.Files{f}, []porep.Sector{st.Sector}, keep); err != nil {
		t.Error("the right layers are refused:", err)
	}
}

// labelPathCases: eleven layers, every number of workers and lanes, sizes up to 8 MiB: one digest each.
func labelPathCases(a *trial) {
	t := a.t
	for _, v := range loadChains(t) {
		if v.Layers != 11 || testing.Short() && v.SectorSize > sector.Size32KiB {
			continue
		}
		p := v.proof(t)
		sum := func(opt *porep.Options, lanes int) [32]byte {
			ids, ws, out := make([]sector.ReplicaID, lanes), make([]io.WriterAt, lanes), make([]buffer, lanes)
			for i := range ids {
				ids[i] = sector.ReplicaID(v.ReplicaID)
				ids[i][0] += byte(i)
				out[i] = make(buffer, uint64(p.Layers)*uint64(p.Size))
				ws[i] = out[i]
			}
			if err := porep.LabelBatch(t.Context(), ids, p, ws, opt); err != nil {
				t.Fatal(err)
			}
			for k, d := range v.Digests {
				if sum := sha256.Sum256(out[0][k*int(p.Size) : (k+1)*int(p.Size)]); hex32(sum) != d.SHA256 {
					t.Errorf("%v, %d lanes: layer %d has digest %x, want %v", p.Size, lanes, k+1, sum, d.SHA256)
				}
			}
			return sha256.Sum256(out[0])
		}
		if p.Size > sector.Size32KiB { // eleven layers of 8 MiB take seconds; they are held against the recorded digests
			sum(nil, 1)
			continue
		}
		workers, lanes := []int{1, 2, 3, 5, 7, 16}, 4
		want := sum(nil, 1)
		for _, n := range workers {
			for k := 1; k <= lanes; k++ {
				a.refuses(fmt.Sprintf("%v, %d workers, %d lanes", p.Size, n, k), func() error {
					if sum(&porep.Options{Workers: n}, k) != want {
						return nil
					}
					return errors.New("the same")
				})
			}
		}
	}
}

// rangeCases: ranges at the edges and beyond, unaligned ones, a wrong replica id, damaged replicas and keys.
func rangeCases(a *trial) {
	t := a.t
	f, st := sealed(t, sector.StackedDRG2KiBV1_1, 1)
	data := stream("sealed 1", 2032)
	b, err := os.ReadFile(f.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	replica := bytes.NewReader(b)
	read := func(s *porep.Sector, r io.ReaderAt, off, n uint64) ([]byte, error) {
		var out bytes.Buffer
		err := porep.Unseal(t.Context(), s, r, &out, off, n, nil)
		if err != nil && out.Len() > 0 {
			t.Errorf("%d bytes written and then %v", out.Len(), err)
		}
		return out.Bytes(), err
	}
	for _, off := range []uint64{0, 1, 31, 32, 126, 127, 128, 1000, 2030, 2031, 2032} {
		for _, n := range []uint64{0, 1, 2, 31, 127, 128, 254, 905, 2031, 2032} {
			if off+n > 2032 {
				a.refuses(fmt.Sprint("range ", off, n), func() error { _, err := read(&st.Sector, replica, off, n); return err }, porep.ErrRange)
				continue
			}
			if got, err := read(&st.Sector, replica, off, n); err != nil || !bytes.Equal(got, data[off:off+n]) {
				t.Errorf("%d bytes from %d: wrong, %v", n, off, err)
			}
		}
	}
	for _, r := range [][2]uint64{{math.MaxUint64, 1}, {1, math.MaxUint64}, {math.MaxUint64, math.MaxUint64}, {2033, 0}, {1 << 63, 1 << 63}} {
		a.refuses(fmt.Sprint("range ", r), func() error { _, err := read(&st.Sector, replica, r[0], r[1]); return err }, porep.ErrRange)
	}
	for what, change := range map[string]func(s *porep.Sector){
		"sector": func(s *porep.Sector) { s.ID.Number++ }, "prover": func(s *porep.Sector) { s.ID.Prover[5]++ },
		"ticket": func(s *porep.Sector) { s.Ticket[0]++ }, "CommD": func(s *porep.Sector) { s.CommD[0]++ },
		"porep id": func(s *porep.Sector) { s.Proof.ID[9]++ }, "API": func(s *porep.Sector) { s.Proof.Version = sector.V1_0_0 },
	} {
		s := st.Sector
		change(&s)
		a.refuses("wrong "+what, func() error { _, err := read(&s, replica, 0, 127); return err }, porep.ErrFile)
	}
	for at := range b {
		bad := bytes.Clone(b)
		bad[at] ^= 1 << (at % 8)
		a.refuses("replica flipped", func() error { _, err := read(&st.Sector, bytes.NewReader(bad), 0, 127); return err }, porep.ErrFile)
	}
	for _, n := range []int{0, 1, 32, 2047} {
		a.refuses("replica cut", func() error { _, err := read(&st.Sector, bytes.NewReader(b[:n]), 0, 127); return err }, io.ErrUnexpectedEOF)
	}
}

// syntheticCases: every bit of CommR and replica id changes the synthetic set, whose size is min(nodes, 2^18).
func syntheticCases(a *trial) {
	t := a.t
	set := func(p sector.Proof, id sector.ReplicaID, r sector.CommR) hex32 {
		s, err := porep.SyntheticSet(p, id, r)
		if err != nil {
			t.Fatal(err)
		}
		if want := min(p.Nodes(), 1<<18); uint64(len(s)) != want {
			t.Errorf("%v: a set of %d, want %d", p.Size, len(s), want)
		}
		for _, c := range s {
			if c == 0 || c >= p.Nodes() {
				t.Fatalf("%v: challenge %d", p.Size, c)
			}
		}
		return digest64(s)
	}
	for _, seal := range []sector.SealProof{sector.StackedDRG2KiBV1_1Synthetic, sector.StackedDRG32GiBV1_1Synthetic} {
		p, err := seal.Proof()
		if err != nil {
			t.Fatal(err)
		}
		id, commR := sector.ReplicaID{1}, sector.CommR{2}
		step := 1
		if p.Nodes() > 64 {
			step = 50 // a set takes 40 ms
		}
		want := set(p, id, commR)
		for bit := 0; bit < 252; bit += step {
			i, r := id, commR
			i[bit/8] ^= 1 << (bit % 8)
			r[bit/8] ^= 1 << (bit % 8)
			a.refuses("bit of the replica id", func() error { return sameIsNil(set(p, i, commR) == want) })
			if r != (sector.CommR{}) {
				a.refuses("bit of CommR", func() error { return sameIsNil(set(p, id, r) == want) })
			}
		}
	}
}

func sameIsNil(same bool) error {
	if same {
		return nil
	}
	return errors.New("changed, as it should")
}

// featureCases: features together, or with an API version that has none.
func featureCases(a *trial) {
	t := a.t
	f := newFiles(t)
	for _, v := range []sector.APIVersion{sector.V1_0_0, sector.V1_1_0, sector.V1_2_0} {
		for _, feature := range []sector.Features{sector.Synthetic, sector.NonInteractive, sector.Synthetic | sector.NonInteractive, 4} {
			if v == sector.V1_2_0 && (feature == sector.Synthetic || feature == sector.NonInteractive) {
				continue
			}
			p, err := sector.StackedDRG2KiBV1_1.Proof()
			if err != nil {
				t.Fatal(err)
			}
			p.Version, p.Features = v, feature
			what := fmt.Sprint(v, " with ", feature)
			s := porep.Sector{Proof: p, CommD: sector.CommD{1}}
			st := porep.Statement{Sector: s, CommR: sector.CommR{1}}
			for name, do := range map[string]func() error{
				"Stage":      func() error { _, err := porep.Stage(t.Context(), f, p, bytes.NewReader(nil), nil); return err },
				"Label":      func() error { return porep.Label(t.Context(), sector.ReplicaID{}, p, buffer(nil), nil) },
				"Commit":     func() error { _, err := porep.Commit(t.Context(), f, &s, nil); return err },
				"Prove":      func() error { _, err := porep.Prove(t.Context(), f, &st, nil); return err },
				"Synthesize": func() error { return porep.Synthesize(t.Context(), f, &st, nil) },
				"Verify":     func() error { return porep.Verify(t.Context(), &st, new(porep.Proof), nil) },
				"Challenges": func() error { _, err := porep.Challenges(p, sector.ReplicaID{}, st.CommR, st.Seed, 0); return err },
				"PublicInputs": func() error {
					_, err := porep.PublicInputs(p, sector.ReplicaID{}, s.CommD, st.CommR, st.Seed, 0)
					return err
				},
				"DecodeC1": func() error { _, err := porep.DecodeC1(nil, p); return err },
			} {
				a.refuses(name+", "+what, do, sector.ErrProofType)
			}
		}
	}
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	a.refuses("synthetic set without the feature", func() error {
		_, err := porep.SyntheticSet(p, sector.ReplicaID{}, sector.CommR{1})
		return err
	}, sector.ErrProofType)
}
