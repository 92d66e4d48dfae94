package porep_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// profiles are native profiles with every hash.
func profiles() []sector.Profile {
	out := []sector.Profile{sector.NativeProfile(2), sector.NativeProfile(5)}
	for _, h := range []sector.Hash{sector.Poseidon2, sector.SHA254} {
		p := sector.NativeProfile(3)
		p.Name, p.Hash, p.Challenges, p.Partitions, p.Labels = "test", h, 7, 3, sector.SHA256Labels
		out = append(out, p)
	}
	return out
}

// nativeSite seals a sector under a profile.
func nativeSite(t testing.TB, r sector.Profile, size sector.Size) *sealedSite {
	t.Helper()
	p, err := r.Proof(1, size)
	if err != nil {
		t.Fatal(err)
	}
	s := &sealedSite{f: newFiles(t), data: stream("native", int(size.Unpadded())), files: map[string][]byte{}}
	s.st = seal(t, s.f, porep.Sector{Proof: p, ID: sector.ID{Number: 7}, Ticket: sector.Ticket{1}}, bytes.NewReader(s.data), nil)
	s.st.Seed = sector.Seed{9}
	for _, name := range s.names() {
		s.files[name] = readFile(t, s.path(name))
	}
	return s
}

// TestNative seals, proves, verifies, unseals, checks and repairs under every hash.
func TestNative(t *testing.T) {
	for _, r := range profiles() {
		for _, size := range []sector.Size{sector.Size2KiB, sector.Size32KiB} {
			t.Run(r.Hash.String()+"/"+size.String(), func(t *testing.T) {
				s := nativeSite(t, r, size)
				proof, err := porep.Prove(t.Context(), s.f, s.st, nil)
				if err != nil {
					t.Fatal(err)
				}
				if n := len(proof.Partitions) * len(proof.Partitions[0]); n != r.Challenges*r.Partitions {
					t.Errorf("%d challenges, want %d", n, r.Challenges*r.Partitions)
				}
				b, err := proof.AppendC1(nil, s.st.Proof)
				if err != nil {
					t.Fatal(err)
				}
				again, err := porep.DecodeC1(b, s.st.Proof)
				if err != nil {
					t.Fatal(err)
				}
				if err := porep.Verify(t.Context(), s.st, again, nil); err != nil {
					t.Fatal(err)
				}
				again.Partitions[0][1].Column.Labels[1][5] ^= 1
				if err := porep.Verify(t.Context(), s.st, again, nil); !errors.Is(err, porep.ErrProof) {
					t.Error(err)
				}
				s.reads(t)
				for i, name := range s.names() {
					if size == sector.Size2KiB {
						s.flip(t, name, 7*i%len(s.files[name]))
						s.found(t, name, 0)
					}
				}
			})
		}
	}
}

// reads unseals the whole and a part.
func (s *sealedSite) reads(t *testing.T) {
	t.Helper()
	sealed, err := os.Open(s.f.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	defer sealed.Close()
	for _, at := range [][2]uint64{{0, s.st.Proof.Size.Unpadded()}, {100, 900}} {
		var out bytes.Buffer
		if err := porep.Unseal(t.Context(), &s.st.Sector, sealed, &out, at[0], at[1], nil); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), s.data[at[0]:at[0]+at[1]]) {
			t.Fatal("other data")
		}
	}
}

// TestNativeApart shows that profiles have nothing in common: a proof under one is refused under every other.
func TestNativeApart(t *testing.T) {
	type made struct {
		s     *sealedSite
		proof *porep.Proof
	}
	var all []made
	filecoin, err := sector.FilecoinProfile(sector.Size2KiB)
	if err != nil {
		t.Fatal(err)
	}
	other := sector.NativeProfile(2)
	other.Challenges++
	for _, r := range append(profiles(), filecoin, other) {
		s := nativeSite(t, r, sector.Size2KiB)
		p, err := porep.Prove(t.Context(), s.f, s.st, nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, made{s, p})
	}
	for i := range all {
		for j := range all {
			err := porep.Verify(t.Context(), all[i].s.st, all[j].proof, nil)
			if i == j && err != nil || i != j && !errors.Is(err, porep.ErrProof) {
				t.Errorf("statement %d, proof %d: %v", i, j, err)
			}
			if i != j && all[i].s.st.ReplicaID() == all[j].s.st.ReplicaID() {
				t.Errorf("profiles %d and %d share a replica id", i, j)
			}
		}
		for k := range all[i].s.st.Proof.Partitions {
			_, err := porep.PublicInputs(all[i].s.st.Proof, all[i].s.st.ReplicaID(), all[i].s.st.CommD, all[i].s.st.CommR, all[i].s.st.Seed, k)
			if (err == nil) != (all[i].s.st.Proof.Hash == sector.Poseidon) {
				t.Errorf("profile %d: public inputs %v", i, err)
			}
		}
	}
}

// TestNativeWorkers seals with several numbers of workers and in batches: the bytes do not change.
func TestNativeWorkers(t *testing.T) {
	s := nativeSite(t, sector.NativeProfile(3), sector.Size32KiB)
	for _, workers := range []int{1, 2, 7} {
		f := newFiles(t)
		st := seal(t, f, porep.Sector{Proof: s.st.Proof, ID: s.st.ID, Ticket: s.st.Ticket}, bytes.NewReader(s.data), &porep.Options{Workers: workers})
		if st.CommR != s.st.CommR || !bytes.Equal(readFile(t, f.Sealed), s.files["sealed"]) {
			t.Fatalf("%d workers make another replica", workers)
		}
	}
	var ws []io.WriterAt
	for range 4 {
		ws = append(ws, discardAt{})
	}
	ss := slices.Repeat([]porep.Sector{s.st.Sector}, 4)
	if err := porep.Keys(t.Context(), ss, ws, nil); err != nil {
		t.Fatal(err)
	}
}

type discardAt struct{}

func (discardAt) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }

// TestNativeFolder seals in folders under every hash: the files are those of Seal, and a folder mends what was damaged.
func TestNativeFolder(t *testing.T) {
	for _, r := range profiles() {
		s := nativeSite(t, r, sector.Size2KiB)
		disk := durabletest.NewDisk()
		w := &sealing{s: s.st.Sector, data: s.data, st: *s.st}
		w.st.Seed = sector.Seed{}
		for _, name := range []string{"", "sealed", "cache/" + sector.PAuxFile} {
			if b := disk.Bytes(name); len(b) > 0 {
				b[len(b)/2] ^= 4
			}
			if got, err := w.seal(t.Context(), disk, nil); err != nil || got != w.st {
				t.Fatalf("%v: %v, CommR %v, want %v", r.Hash, err, got.CommR, w.st.CommR)
			}
			for _, name := range s.names() {
				at := name
				if name != "staged" && name != "sealed" {
					at = "cache/" + name
				}
				if name != sector.TAuxFile && !bytes.Equal(disk.Bytes(at), s.files[name]) {
					t.Errorf("%v: %s differs from the one that Seal makes", r.Hash, name)
				}
			}
		}
		f, err := w.open(disk, nil)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := f.Prove(t.Context(), s.st, nil)
		if err == nil {
			err = porep.Verify(t.Context(), s.st, proof, nil)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			t.Error(r.Hash, err)
		}
	}
}

// TestFolderRules opens the folder of a sector under another hash, or other labels: it went on with the files as it found them, so
// that half a sector was made under each.
func TestFolderRules(t *testing.T) {
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	blake, short := p, p
	blake.Hash, short.ShortLabels = sector.BLAKE3, true
	rules := []sector.Proof{p, blake, short}
	for i, begun := range rules {
		disk := durabletest.NewDisk()
		for j, p := range append([]sector.Proof{begun}, rules...) {
			f, err := porep.OpenFolder(disk, porep.Sector{Proof: p, CommD: sector.CommD{1}}, nil)
			if err == nil {
				err = f.Close()
			} else if p != begun && errors.Is(err, durable.ErrJob) {
				continue
			}
			if err != nil || p != begun {
				t.Errorf("begun under rules %d, opened under %d: %v", i, j-1, err)
			}
		}
	}
}

// TestNoCircuitForShortLabels: Filecoin's circuit hashes 37 labels. A statement of labels that hash 14 had public inputs, and so was
// judged by a circuit that says nothing of it.
func TestNoCircuitForShortLabels(t *testing.T) {
	p, err := sector.StackedDRG32GiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	p.ShortLabels = true
	st := porep.Statement{Sector: porep.Sector{Proof: p, CommD: sector.CommD{1}}, CommR: sector.CommR{2}}
	if err := st.Check(); err != nil {
		t.Fatal(err)
	}
	_, err = porep.PublicInputs(p, st.ReplicaID(), st.CommD, st.CommR, st.Seed, 0)
	verdict := porep.VerifySeal(t.Context(), nil, &st, make([]byte, 1920), nil)
	if !errors.Is(err, sector.ErrProofType) || !errors.Is(verdict, sector.ErrProofType) {
		t.Errorf("got %v and %v, want %v", err, verdict, sector.ErrProofType)
	}
}
