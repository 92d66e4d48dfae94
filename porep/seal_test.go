package porep_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/internal/vectortest"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
)

// A sealVector is a sector of seal.json.
type sealVector struct {
	vectorSector
	CommC     hex32  `json:"comm_c"`
	CommRLast hex32  `json:"comm_r_last"`
	PAux      string `json:"p_aux_hex"`
	TAux      string `json:"t_aux_hex_with_path_/cache"`
	Staged    hex32  `json:"staged_sha256"`
	Sealed    hex32  `json:"sealed_sha256"`
	Files     []struct {
		File   string
		Len    int64
		SHA256 hex32
	} `json:"cache_files"`
}

func loadSealed(t testing.TB) []sealVector {
	var f struct{ Sectors []sealVector }
	vectortest.Read(t, "filecoin/seal.json", &f)
	return f.Sectors
}

// stream is the byte stream of the recorded vectors: SHA256(label || 0), SHA256(label || 1) ...
func stream(label string, n int) []byte {
	out := make([]byte, 0, n+32)
	for i := uint64(0); len(out) < n; i++ {
		sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(label), i))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

// data returns the bytes of the sector before padding.
func (v *vectorSector) data() []byte {
	out := make([]byte, v.SectorSize.Unpadded())
	for _, p := range v.Pieces {
		copy(out[p.Start:], stream(p.Label, p.Len))
	}
	return out
}

// newFiles returns files in a temporary directory, in memory where the system has that: these tests are about
// bytes, and a sync of each file would take most of their time.
func newFiles(t testing.TB) porep.Files {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "porep-test-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	cache := filepath.Join(dir, "cache")
	if err := os.Mkdir(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	return porep.Files{Cache: cache, Staged: filepath.Join(dir, "staged"), Sealed: filepath.Join(dir, "sealed")}
}

// seal runs the stages up to Commit.
func seal(t testing.TB, f porep.Files, s porep.Sector, data io.Reader, opt *porep.Options) *porep.Statement {
	t.Helper()
	var err error
	if s.CommD, err = porep.Stage(t.Context(), f, s.Proof, data, opt); err != nil {
		t.Fatal(err)
	}
	if err := porep.LabelFiles(t.Context(), []porep.Files{f}, []porep.Sector{s}, opt); err != nil {
		t.Fatal(err)
	}
	commR, err := porep.Commit(t.Context(), f, &s, opt)
	if err != nil {
		t.Fatal(err)
	}
	return &porep.Statement{Sector: s, CommR: commR}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fileDigest(t testing.TB, path string) hex32 {
	t.Helper()
	return sha256.Sum256(readFile(t, path))
}

// TestSeal seals every recorded sector and holds every file against the reference's; then it proves,
// and holds the C1 JSON against the recorded one where there is one.
func TestSeal(t *testing.T) {
	for _, v := range loadSealed(t) {
		t.Run(v.Name, func(t *testing.T) {
			if testing.Short() && v.SectorSize > sector.Size32KiB {
				t.Skip("-short: 8 MiB")
			}
			f := newFiles(t)
			st := seal(t, f, v.sector(t), bytes.NewReader(v.data()), nil)
			checkSealed(t, f, st, &v)
			st.Seed = sector.Seed(v.Seed)
			checkProof(t, f, st, &v)
		})
	}
}

func checkSealed(t *testing.T, f porep.Files, st *porep.Statement, v *sealVector) {
	t.Helper()
	if hex32(st.CommD) != v.CommD || hex32(st.CommR) != v.CommR || hex32(st.ReplicaID()) != v.ReplicaID {
		t.Errorf("CommD %v CommR %v replica id %v,\nwant %v %v %v", st.CommD, st.CommR, st.ReplicaID(), v.CommD, v.CommR, v.ReplicaID)
	}
	if fileDigest(t, f.Staged) != v.Staged || fileDigest(t, f.Sealed) != v.Sealed {
		t.Error("staged or sealed file differs")
	}
	for _, c := range v.Files {
		if got := fileDigest(t, filepath.Join(f.Cache, c.File)); got != c.SHA256 {
			t.Errorf("%s: digest %v, want %v", c.File, got, c.SHA256)
		}
	}
	var aux sector.TAux
	b, err := os.ReadFile(filepath.Join(f.Cache, sector.TAuxFile))
	if err != nil || aux.UnmarshalBinary(b) != nil {
		t.Fatal(err)
	}
	want, err := hex.DecodeString(v.TAux)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := sector.NewTAux(st.Proof, "/cache").MarshalBinary(); err != nil || !bytes.Equal(got, want) {
		t.Error("t_aux differs", err)
	}
	left, err := filepath.Glob(filepath.Join(f.Cache, "*.tmp"))
	if len(left) != 0 || err != nil {
		t.Error("left behind:", left, err)
	}
}

func checkProof(t *testing.T, f porep.Files, st *porep.Statement, v *sealVector) {
	t.Helper()
	if st.Proof.Features == sector.Synthetic {
		if st.Proof.Size > sector.Size32KiB {
			return // 6 GB
		}
		if err := porep.Synthesize(t.Context(), f, st, nil); err != nil {
			t.Fatal(err)
		}
		if err := f.Prune(st.Proof); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(f.Cache); err != nil || len(left) != 4 { // p_aux, t_aux, TreeRLast, synthetic proofs
			t.Errorf("%d files left: %v", len(left), err)
		}
		defer func() {
			if err := f.PruneSynthetic(); err != nil {
				t.Fatal(err)
			}
			if _, err := porep.Prove(t.Context(), f, st, nil); !errors.Is(err, os.ErrNotExist) {
				t.Error("proved without synthetic proofs:", err)
			}
		}()
	}
	p, err := porep.Prove(t.Context(), f, st, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := porep.Verify(t.Context(), st, p, nil); err != nil {
		t.Fatal(err)
	}
	c1 := new(struct {
		c1Vector
		Synth hex32 `json:"synth_file_sha256"`
	})
	if _, ok := vectortest.Find(t, "filecoin/porep_c1_"+v.Name+".json"); !ok {
		return
	}
	vectortest.Read(t, "filecoin/porep_c1_"+v.Name+".json", c1)
	got, err := p.AppendC1(nil, st.Proof)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(got); hex.EncodeToString(sum[:]) != c1.SHA256 {
		t.Errorf("C1 JSON has digest %x, want %s", sum, c1.SHA256)
	}
	if c1.Synth != (hex32{}) {
		if got := fileDigest(t, filepath.Join(f.Cache, sector.SyntheticFile)); got != c1.Synth {
			t.Errorf("synthetic proofs: digest %v, want %v", got, c1.Synth)
		}
	}
}

// TestUnseal holds ranges of the data against the recorded ones, from the replica and from the last layer.
func TestUnseal(t *testing.T) {
	var f struct {
		Sectors []struct {
			Sector vectorSector
			Ranges []struct {
				Offset  uint64
				Num     uint64 `json:"num_bytes"`
				Written uint64
				SHA256  hex32
			}
		}
	}
	vectortest.Read(t, "filecoin/unseal.json", &f)
	for _, v := range f.Sectors {
		if testing.Short() && v.Sector.SectorSize > sector.Size32KiB {
			continue
		}
		files := newFiles(t)
		st := seal(t, files, v.Sector.sector(t), bytes.NewReader(v.Sector.data()), nil)
		replica, err := os.Open(files.Sealed)
		if err != nil {
			t.Fatal(err)
		}
		key, err := os.Open(filepath.Join(files.Cache, sector.LayerFile(st.Proof.Layers)))
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range v.Ranges {
			h := sha256.New()
			if i == 0 {
				err = porep.Unseal(t.Context(), &st.Sector, replica, h, r.Offset, r.Num, nil)
			} else {
				err = porep.Decode(t.Context(), &st.Sector, key, replica, h, r.Offset, r.Num, nil)
			}
			if err != nil || hex32(h.Sum(nil)) != r.SHA256 {
				t.Errorf("%s: %d bytes from %d: %v", v.Sector.Name, r.Num, r.Offset, err)
			}
		}
		if err := errors.Join(replica.Close(), key.Close()); err != nil {
			t.Error(err)
		}
	}
}

// TestSealWorkers seals with several numbers of workers and expects the same bytes.
func TestSealWorkers(t *testing.T) {
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	data := stream("workers", int(p.Size.Unpadded())-5)
	s := porep.Sector{Proof: p, ID: sector.ID{Number: 9}}
	var want string
	for _, n := range []int{1, 2, 3, 5, 7, 16} {
		f := newFiles(t)
		st := seal(t, f, s, bytes.NewReader(data), &porep.Options{Workers: n})
		got := fmt.Sprint(st.CommR, st.CommD, fileDigest(t, f.Sealed))
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%d workers: %s, want %s", n, got, want)
		}
	}
}

// TestStageReaders stages from readers that end early, late, never, or with an error at any place.
func TestStageReaders(t *testing.T) {
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	f := newFiles(t)
	stage := func(r io.Reader) error {
		_, err := porep.Stage(t.Context(), f, p, r, nil)
		return err
	}
	full := make([]byte, 2033)
	for n := range full {
		if err := stage(bytes.NewReader(full[:n])); err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if err := stage(iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(full[:n])))); n > 1 && !errors.Is(err, iotest.ErrTimeout) {
			t.Fatalf("a reader that fails: %v", err)
		}
	}
	if err := stage(bytes.NewReader(full)); !errors.Is(err, porep.ErrTooLarge) {
		t.Error("2033 bytes:", err)
	}
	if err := stage(silent{}); !errors.Is(err, io.ErrNoProgress) {
		t.Error("a reader that never says anything:", err)
	}
	if err := stage(iotest.DataErrReader(bytes.NewReader(full[:2032]))); err != nil {
		t.Error("a reader that ends with its last bytes:", err)
	}
	if err := stage(io.MultiReader(bytes.NewReader(full[:2032]), iotest.ErrReader(errFull))); !errors.Is(err, errFull) {
		t.Error("a reader that fails after the last byte:", err)
	}
}

// silent returns nothing, for ever.
type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

// TestSealBatch seals sectors together and alone and expects the same files.
func TestSealBatch(t *testing.T) {
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	jobs := func(n int) []porep.Job {
		out := make([]porep.Job, n)
		for i := range out {
			out[i] = porep.Job{Files: newFiles(t), Proof: p, ID: sector.ID{Number: sector.Number(i)}, Data: bytes.NewReader(stream(fmt.Sprint(i), 1000+i))}
		}
		return out
	}
	digests := func(f porep.Files) (out []hex32) {
		names, err := filepath.Glob(filepath.Join(f.Cache, "*"))
		if err != nil || len(names) != 7 {
			t.Fatal(names, err)
		}
		for _, path := range append(names, f.Staged, f.Sealed) {
			if filepath.Base(path) != sector.TAuxFile { // it names its own path
				out = append(out, fileDigest(t, path))
			}
		}
		return out
	}
	const n = 6
	together, alone := jobs(n), jobs(n)
	sts, err := porep.Seal(t.Context(), together, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range alone {
		st, err := porep.Seal(t.Context(), alone[i:i+1], &porep.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if st[0] != sts[i] || fmt.Sprint(digests(alone[i].Files)) != fmt.Sprint(digests(together[i].Files)) {
			t.Errorf("sector %d sealed with others differs from the one sealed alone", i)
		}
	}
	mixed := jobs(2)
	if mixed[1].Proof, err = sector.StackedDRG2KiBV1.Proof(); err != nil {
		t.Fatal(err)
	}
	if _, err := porep.Seal(t.Context(), mixed, nil); !errors.Is(err, sector.ErrProofType) {
		t.Error("sectors of two kinds:", err)
	}
}

// TestSealApart holds that Seal refuses, before it writes anything, jobs that share files: they were staged and labelled over each
// other, and a sector whose replica had the name of its data lost the data.
func TestSealApart(t *testing.T) {
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	other, err := sector.StackedDRG2KiBV1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	f, g := newFiles(t), newFiles(t)
	data := func() io.Reader { return bytes.NewReader([]byte("x")) }
	for name, c := range map[string]struct {
		change func(a, b *porep.Job)
		want   error
	}{
		"one folder twice":    {func(a, b *porep.Job) { b.Files = a.Files }, porep.ErrFile},
		"one cache":           {func(a, b *porep.Job) { b.Files.Cache = a.Files.Cache + "/." }, porep.ErrFile},
		"replica over data":   {func(a, b *porep.Job) { a.Files.Sealed = a.Files.Staged }, porep.ErrFile},
		"replica over other":  {func(a, b *porep.Job) { a.Files.Sealed = b.Files.Staged }, porep.ErrFile},
		"no name":             {func(a, b *porep.Job) { b.Files.Sealed = "" }, porep.ErrFile},
		"of different kinds":  {func(a, b *porep.Job) { b.Proof = other }, sector.ErrProofType},
		"a job without data":  {func(a, b *porep.Job) { b.Data = nil }, nil},
		"a job without proof": {func(a, b *porep.Job) { a.Proof, b.Proof = sector.Proof{}, sector.Proof{} }, sector.ErrSize},
	} {
		jobs := []porep.Job{{Files: f, Proof: p, Data: data()}, {Files: g, Proof: p, Data: data()}}
		c.change(&jobs[0], &jobs[1])
		_, err := porep.Seal(t.Context(), jobs, nil)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		for _, files := range []porep.Files{f, g} {
			cached, err := os.ReadDir(files.Cache)
			_, err2 := os.Stat(files.Staged)
			if err != nil || len(cached) > 0 || !errors.Is(err2, os.ErrNotExist) {
				t.Fatalf("%s: files were written: %v %v %v", name, cached, err, err2)
			}
		}
	}
	if _, err := porep.Stage(t.Context(), f, p, nil, nil); err == nil {
		t.Error("staging without a reader: no error")
	}
	if _, err := porep.StagePieces(t.Context(), f, p, []piece.Payload{{Len: 127}}, nil); err == nil {
		t.Error("staging a piece without a reader: no error")
	}
	if _, err := piece.Sum(t.Context(), nil, nil); err == nil {
		t.Error("CommP without a reader: no error")
	}
}
