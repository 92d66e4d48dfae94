package porep_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle/durable/durabletest"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// A sealedSite is a sealed sector and a copy of its files.
type sealedSite struct {
	f     porep.Files
	st    *porep.Statement
	data  []byte
	files map[string][]byte // by name in reports
}

func newSealedSite(t testing.TB, size sector.Size) *sealedSite {
	t.Helper()
	p, err := sector.NewProof(sector.NewPoRepID(5, 0), size, sector.V1_1_0, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := &sealedSite{f: newFiles(t), data: stream("check", int(size.Unpadded()))}
	s.st = seal(t, s.f, porep.Sector{Proof: p, ID: sector.ID{Number: 7}, Ticket: sector.Ticket{1}}, bytes.NewReader(s.data), nil)
	s.files = map[string][]byte{}
	for _, name := range s.names() {
		s.files[name] = readFile(t, s.path(name))
	}
	return s
}

func (s *sealedSite) names() []string {
	p := s.st.Proof
	names := append([]string{"staged", "sealed", sector.TreeDFile, sector.PAuxFile, sector.TAuxFile}, p.TreeCFiles()...)
	names = append(names, p.TreeRLastFiles()...)
	for l := range p.Layers {
		names = append(names, sector.LayerFile(l+1))
	}
	return names
}

func (s *sealedSite) path(name string) string {
	switch name {
	case "staged":
		return s.f.Staged
	case "sealed":
		return s.f.Sealed
	}
	return filepath.Join(s.f.Cache, name)
}

// put writes a file.
func (s *sealedSite) put(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(s.path(name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// restore puts all files back.
func (s *sealedSite) restore(t testing.TB) {
	for name, b := range s.files {
		s.put(t, name, b)
	}
}

// flip changes a byte of a file.
func (s *sealedSite) flip(t testing.TB, name string, at int) {
	b := slices.Clone(readFile(t, s.path(name)))
	b[at] ^= 0x21
	s.put(t, name, b)
}

func (s *sealedSite) check(t testing.TB) *porep.Report {
	t.Helper()
	r, err := s.f.Check(t.Context(), s.st, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// repaired repairs and holds every file against what it was.
func (s *sealedSite) repaired(t testing.TB, r *porep.Report) {
	t.Helper()
	if err := s.f.Repair(t.Context(), s.st, r, nil); err != nil {
		t.Fatalf("repair: %v", err)
	}
	for name, want := range s.files {
		if !bytes.Equal(readFile(t, s.path(name)), want) {
			t.Fatalf("%s is not what it was", name)
		}
	}
}

// TestCheck damages every file in turn, in every way: it alone is found, by its block, and comes back byte for byte.
func TestCheck(t *testing.T) {
	for _, size := range []sector.Size{sector.Size2KiB, sector.Size4KiB, sector.Size16KiB, 1 << 20} {
		t.Run(size.String(), func(t *testing.T) {
			s := newSealedSite(t, size)
			if r := s.check(t); r.Verdict() != porep.Right || len(r.Files) != len(s.names()) {
				t.Fatalf("%v: %+v", r.Verdict(), r)
			}
			rng := rand.New(rand.NewPCG(uint64(size), 5))
			for _, name := range s.names() {
				at := rng.IntN(len(s.files[name]))
				s.flip(t, name, at)
				s.found(t, name, uint64(at)/porep.CheckBlock)
				s.put(t, name, s.files[name][:len(s.files[name])-1])
				s.found(t, name, 0)
				if err := os.Remove(s.path(name)); err != nil {
					t.Fatal(err)
				}
				s.found(t, name, 0)
			}
		})
	}
}

// found checks that a file is the only one that is not right, and repairs it.
func (s *sealedSite) found(t *testing.T, name string, block uint64) {
	t.Helper()
	r := s.check(t)
	for i := range r.Files {
		f := &r.Files[i]
		switch {
		case f.Name != name && f.Verdict != porep.Right:
			if !coupled(name, f.Name) {
				t.Errorf("%s is damaged, and %s is %v: %v", name, f.Name, f.Verdict, f.Reason)
			}
		case f.Name == name && (f.Verdict != porep.Rebuildable || f.Reason == nil):
			t.Errorf("%s is damaged and %v (%v)", name, f.Verdict, f.Reason)
		case f.Name == name && !slices.Contains(f.Bad, block):
			t.Errorf("%s is damaged in block %d, found are %v", name, block, f.Bad)
		}
	}
	s.repaired(t, r)
}

// TestCheckUnnamed checks a sector of which no file is named: each is missing, p_aux and t_aux too.
func TestCheckUnnamed(t *testing.T) {
	s := newSealedSite(t, sector.Size2KiB)
	r, err := new(porep.Files).Check(t.Context(), s.st, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Files {
		if f.Verdict == porep.Right || !errors.Is(f.Reason, porep.ErrMissing) {
			t.Errorf("%s: %v, %v", f.Name, f.Verdict, f.Reason)
		}
	}
}

// coupled says that without one layer the other cannot be proven right.
func coupled(name, other string) bool {
	return name[:min(len(name), 16)] == "sc-02-data-layer" && other[:min(len(other), 16)] == "sc-02-data-layer"
}

// TestCheckLocates names one of many blocks.
func TestCheckLocates(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: 8 MiB")
	}
	s := newSealedSite(t, sector.Size8MiB)
	for _, name := range []string{"staged", "sealed", sector.TreeDFile, sector.LayerFile(1), sector.LayerFile(2), s.st.Proof.TreeCFiles()[0]} {
		s.flip(t, name, 3*porep.CheckBlock+77)
		if f := s.check(t).File(name); !slices.Equal(f.Bad, []uint64{3}) || f.Verdict != porep.Rebuildable {
			t.Errorf("%s: %v, blocks %v, %v", name, f.Verdict, f.Bad, f.Reason)
		}
		s.restore(t)
	}
	// Data in two places, one block each: nothing is lost.
	s.flip(t, "staged", 0)
	s.flip(t, "sealed", 5*porep.CheckBlock)
	s.flip(t, sector.TreeDFile, 2*porep.CheckBlock)
	s.flip(t, sector.LayerFile(2), 7*porep.CheckBlock)
	r := s.check(t)
	if r.Verdict() != porep.Rebuildable {
		t.Fatalf("%v", r.Verdict())
	}
	s.repaired(t, r)
}

// TestCheckLost takes a block of data from everywhere: it is lost, and no other.
func TestCheckLost(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: 8 MiB")
	}
	s := newSealedSite(t, sector.Size8MiB)
	for _, name := range []string{"staged", "sealed", sector.TreeDFile} {
		s.flip(t, name, 2*porep.CheckBlock+9)
	}
	r := s.check(t)
	for _, name := range []string{"staged", "sealed", sector.TreeDFile} {
		if f := r.File(name); f.Verdict != porep.Lost || !slices.Equal(f.Lost, []uint64{2}) {
			t.Errorf("%s: %v, lost %v", name, f.Verdict, f.Lost)
		}
	}
	if err := s.f.Repair(t.Context(), s.st, r, nil); !errors.Is(err, porep.ErrLost) {
		t.Error(err)
	}
}

// TestRepairFromLittle takes nearly all files away: data or replica alone, and the public statement, bring them back.
func TestRepairFromLittle(t *testing.T) {
	for _, left := range []string{"staged", "sealed", sector.TreeDFile} {
		s := newSealedSite(t, sector.Size16KiB)
		for _, name := range s.names() {
			if name != left {
				if err := os.Remove(s.path(name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		r := s.check(t)
		if f := r.File(left); f.Verdict != porep.Right && left == "staged" {
			t.Errorf("%s: %v, %v", left, f.Verdict, f.Reason)
		}
		if r.Verdict() != porep.Rebuildable {
			t.Fatalf("only %s is left: %v", left, r.Verdict())
		}
		s.repaired(t, r)
	}
	s := newSealedSite(t, sector.Size16KiB)
	for _, name := range s.names() {
		if name != "staged" {
			if err := os.Remove(s.path(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.f.Rederive(t.Context(), s.st, nil); err != nil {
		t.Fatal(err)
	}
	for name, want := range s.files {
		if !bytes.Equal(readFile(t, s.path(name)), want) {
			t.Fatalf("%s is not what it was", name)
		}
	}
}

// TestKeys regenerates the keys of several sectors together and reads ranges of the data with them.
func TestKeys(t *testing.T) {
	var ss []porep.Sector
	var sites []*sealedSite
	var ws []io.WriterAt
	for i := range 5 {
		s := newSealedSite(t, sector.Size16KiB)
		f, err := os.Create(filepath.Join(t.TempDir(), "key"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		s.st.ID.Number = 7 + sector.Number(i)
		s.st = seal(t, s.f, s.st.Sector, bytes.NewReader(s.data), nil)
		ss, sites, ws = append(ss, s.st.Sector), append(sites, s), append(ws, f)
	}
	if err := porep.Keys(t.Context(), ss, ws, &porep.Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	for i, s := range sites {
		key := readFile(t, ws[i].(*os.File).Name())
		if !bytes.Equal(key, readFile(t, s.path(sector.LayerFile(2)))) {
			t.Fatalf("sector %d: the key is not the last layer", i)
		}
		if err := s.f.PruneToKey(s.st.Proof); err != nil {
			t.Fatal(err)
		}
		for _, at := range [][2]uint64{{0, 0}, {5, 1}, {126, 300}, {1000, 10_000}, {0, 16256}} {
			s.readRange(t, key, at[0], at[1])
		}
	}
}

// TestPruneElsewhere gives every Prune files of an FS, or none: PruneToKey removed the operating system's files of those names.
func TestPruneElsewhere(t *testing.T) {
	s := newSealedSite(t, sector.Size2KiB)
	for name, prune := range map[string]func(*porep.Files) error{
		"Prune":          func(f *porep.Files) error { return f.Prune(s.st.Proof) },
		"PruneToKey":     func(f *porep.Files) error { return f.PruneToKey(s.st.Proof) },
		"PruneSynthetic": (*porep.Files).PruneSynthetic,
	} {
		for _, f := range []porep.Files{{FS: durabletest.NewDisk(), Cache: s.f.Cache}, {}} {
			if err := prune(&f); !errors.Is(err, porep.ErrFile) {
				t.Errorf("%s: %v, want %v", name, err, porep.ErrFile)
			}
		}
	}
	for name, want := range s.files {
		if !bytes.Equal(readFile(t, s.path(name)), want) {
			t.Errorf("%s is not what it was", name)
		}
	}
}

// readRange decodes a range, right and with damage.
func (s *sealedSite) readRange(t *testing.T, key []byte, off, n uint64) {
	t.Helper()
	sealed, treeD := readFile(t, s.f.Sealed), readFile(t, s.path(sector.TreeDFile))
	var out bytes.Buffer
	if err := porep.DecodeRange(t.Context(), &s.st.Sector, bytes.NewReader(key), bytes.NewReader(sealed), bytes.NewReader(treeD), &out, off, n, nil); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), s.data[off:off+n]) {
		t.Fatalf("%d bytes from %d: other data", n, off)
	}
	if n == 0 {
		return
	}
	bad := slices.Clone(key)
	bad[off/127*128] ^= 1
	out.Reset()
	err := porep.DecodeRange(t.Context(), &s.st.Sector, bytes.NewReader(bad), bytes.NewReader(sealed), bytes.NewReader(treeD), &out, off, n, nil)
	if !errors.Is(err, porep.ErrFile) || out.Len() > 0 {
		t.Fatalf("with a damaged key: %d bytes, %v", out.Len(), err)
	}
}

// TestDecodeRangeReads counts what is read for 1 MiB of a sector of 8 MiB.
func TestDecodeRangeReads(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: 8 MiB")
	}
	s := newSealedSite(t, sector.Size8MiB)
	count := 0
	reader := func(name string) io.ReaderAt { return counted{bytes.NewReader(s.files[name]), &count} }
	var out bytes.Buffer
	err := porep.DecodeRange(t.Context(), &s.st.Sector, reader(sector.LayerFile(2)), reader("sealed"), reader(sector.TreeDFile), &out, 1234567, 1<<20, nil)
	if err != nil || !bytes.Equal(out.Bytes(), s.data[1234567:1234567+1<<20]) {
		t.Fatal(err)
	}
	if limit := 11 << 20 / 5; count > limit {
		t.Errorf("%d bytes of files for 1 MiB, want %d at most", count, limit)
	}
}

// counted counts the bytes that are read.
type counted struct {
	io.ReaderAt
	n *int
}

func (c counted) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, off)
	*c.n += n
	return n, err
}
