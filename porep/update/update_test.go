package update_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/porep/fr32"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
)

var ctx = context.Background()

// A site is a sector that can be updated: its key is random, as a sealed sector without data looks like.
type site struct {
	files update.Files
	p     update.Params
	old   sector.CommR
	data  []byte // not padded
}

// newSite makes a sector of that size, and staged data that fills so many bytes of it.
func newSite(t testing.TB, size sector.Size, fill uint64) *site {
	t.Helper()
	dir := tempDir(t)
	s := &site{files: update.Files{Key: filepath.Join(dir, "key"), KeyCache: filepath.Join(dir, "key-cache"), Data: filepath.Join(dir, "data"),
		Replica: filepath.Join(dir, "replica"), Cache: filepath.Join(dir, "cache")}}
	must(t, os.Mkdir(s.files.KeyCache, 0o755))
	must(t, os.Mkdir(s.files.Cache, 0o755))
	var err error
	s.p, err = update.NewParams(size)
	must(t, err)
	r := rand.New(rand.NewPCG(uint64(size), fill))
	key := make([]merkle.Digest, size.Nodes())
	random(r, merkle.Bytes(key))
	for i := range key {
		key[i][31] %= 0x73
	}
	sp, err := sector.NewProof(sector.PoRepID{}, size, sector.V1_1_0, 0)
	must(t, err)
	var trees []io.WriterAt
	for _, name := range sp.TreeRLastFiles() {
		f, err := os.Create(filepath.Join(s.files.KeyCache, name))
		must(t, err)
		defer f.Close()
		trees = append(trees, f)
	}
	shape, err := merkle.Compound(size.Nodes(), s.p.Shape.Base, s.p.Shape.Sub, s.p.Shape.Top)
	must(t, err)
	root, err := merkle.BuildFiles(ctx, poseidon.Hasher{}, shape, merkle.Layout{Detached: true, Discard: sp.RowsToDiscard}, merkle.FromSlice(key), trees, nil)
	must(t, err)
	aux := sector.PAux{CommC: sector.CommC{7}, CommRLast: sector.CommRLast(root)}
	commR, err := poseidon.Sum2(merkle.Digest(aux.CommC), root)
	must(t, err)
	s.old = sector.CommR(commR)
	pAux, _ := aux.MarshalBinary()
	must(t, os.WriteFile(filepath.Join(s.files.KeyCache, sector.PAuxFile), pAux, 0o600))
	must(t, os.WriteFile(s.files.Key, merkle.Bytes(key), 0o600))
	s.data = make([]byte, fill)
	random(r, s.data)
	padded, err := io.ReadAll(fr32.NewReader(bytes.NewReader(s.data)))
	must(t, err)
	must(t, os.WriteFile(s.files.Data, padded, 0o600))
	s.data = append(s.data, make([]byte, size.Unpadded()-fill)...)
	return s
}

func (s *site) encode(t testing.TB) *update.Statement {
	t.Helper()
	st, err := update.Encode(ctx, s.files, s.p, s.old, nil)
	must(t, err)
	return st
}

// tempDir is in memory where the system has that: a sync of each file would take most of the tests' time.
func tempDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "update-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// readers opens key and replica.
func (s *site) readers(t testing.TB) (key, replica *counting) {
	t.Helper()
	open := func(path string) *counting {
		f, err := os.Open(path)
		must(t, err)
		t.Cleanup(func() { f.Close() })
		return &counting{r: f}
	}
	return open(s.files.Key), open(s.files.Replica)
}

// counting counts the bytes that are read.
type counting struct {
	r io.ReaderAt
	n atomic.Int64
}

func (c *counting) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(b, off)
	c.n.Add(int64(n))
	return n, err
}

func random(r *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(r.Uint32())
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

// TestRoundTrip encodes, proves, decodes by both ways and removes again, for every size up to 16 MiB and every h.
func TestRoundTrip(t *testing.T) {
	for _, size := range []sector.Size{1 << 10, 2 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 8 << 20, 16 << 20} {
		if testing.Short() && size == sector.Size16MiB {
			continue
		}
		p, err := update.NewParams(size)
		must(t, err)
		hs := slices.Compact(p.Hs[:])
		if testing.Short() || size == sector.Size16MiB {
			hs = hs[:1]
		}
		s := newSite(t, size, size.Unpadded()-uint64(size)/7)
		for _, h := range hs {
			t.Run(fmt.Sprintf("%v/h=%d", size, h), func(t *testing.T) {
				s.p.H = h
				roundTrip(t, s)
			})
		}
	}
}

func roundTrip(t *testing.T, s *site) {
	st := s.encode(t)
	proofs, err := update.Prove(ctx, s.files, st, nil)
	must(t, err)
	must(t, update.Verify(ctx, st, proofs, &update.Options{Workers: 1}))
	last := len(proofs) - 1
	one, err := update.ProvePartition(ctx, s.files, st, last, nil)
	must(t, err)
	if !reflect.DeepEqual(one, proofs[last]) {
		t.Fatalf("partition %d alone is another proof", last)
	}
	replica := read(t, s.files.Replica)
	for _, workers := range []int{1, 2, 7} {
		if st.Params.H > 7 {
			break // shown with the first h
		}
		again, err := update.Encode(ctx, s.files, s.p, s.old, &update.Options{Workers: workers})
		must(t, err)
		if *again != *st || !bytes.Equal(read(t, s.files.Replica), replica) {
			t.Fatalf("%d workers make another replica", workers)
		}
	}
	for _, unchecked := range []bool{false, true} {
		out := s.files
		out.Data += "-out"
		must(t, update.DecodeFile(ctx, out, st, &update.Options{Unchecked: unchecked}))
		want := read(t, s.files.Data)
		want = append(want, make([]byte, int(s.p.Size)-len(want))...)
		if !bytes.Equal(read(t, out.Data), want) {
			t.Fatal("another sector is decoded than was encoded")
		}
	}
	key, rep := s.readers(t)
	var whole bytes.Buffer
	must(t, update.Decode(ctx, st, key, rep, &whole, 0, s.p.Size.Unpadded(), nil))
	if !bytes.Equal(whole.Bytes(), s.data) {
		t.Fatal("Decode gives other data")
	}
	back := s.files
	back.Key, back.KeyCache = filepath.Join(tempDir(t), "key"), tempDir(t)
	must(t, update.Remove(ctx, back, st, nil))
	if !bytes.Equal(read(t, back.Key), read(t, s.files.Key)) {
		t.Fatal("Remove gives another key")
	}
	sp, _ := sector.NewProof(sector.PoRepID{}, s.p.Size, sector.V1_1_0, 0)
	for _, name := range append(sp.TreeRLastFiles(), sector.PAuxFile) {
		if !bytes.Equal(read(t, filepath.Join(back.KeyCache, name)), read(t, filepath.Join(s.files.KeyCache, name))) {
			t.Fatalf("Remove gives another %s", name)
		}
	}
}

// TestEncodeUnnamed lets the replica not get its name: p_aux and TreeR of a replica that was not there got theirs.
func TestEncodeUnnamed(t *testing.T) {
	s := newSite(t, sector.Size2KiB, 5)
	must(t, os.Mkdir(s.files.Replica, 0o755)) // a file cannot take its place
	if st, err := update.Encode(ctx, s.files, s.p, s.old, nil); err == nil || st != nil {
		t.Errorf("%v, %v", st, err)
	}
	left, err := os.ReadDir(s.files.Cache)
	must(t, err)
	if len(left) != 1 || left[0].Name() != sector.TreeDFile {
		t.Errorf("the cache holds %v, want TreeD alone", left)
	}
}

// TestUnnamed leaves out each path in turn: that is an error, and a cache without a name is not the working directory, into which
// Encode wrote TreeD, TreeR and p_aux.
func TestUnnamed(t *testing.T) {
	s := newSite(t, sector.Size2KiB, 5)
	st := s.encode(t)
	whole := s.files
	t.Chdir(whole.KeyCache)
	for name, path := range map[string]func(*update.Files) *string{
		"key": func(f *update.Files) *string { return &f.Key }, "key's cache": func(f *update.Files) *string { return &f.KeyCache },
		"data": func(f *update.Files) *string { return &f.Data }, "replica": func(f *update.Files) *string { return &f.Replica },
		"cache": func(f *update.Files) *string { return &f.Cache },
	} {
		f := whole
		*path(&f) = ""
		if _, err := update.Encode(ctx, f, s.p, s.old, nil); !errors.Is(err, update.ErrFile) {
			t.Errorf("Encode, no %s: %v", name, err)
		}
		if err := update.Remove(ctx, f, st, nil); !errors.Is(err, update.ErrFile) {
			t.Errorf("Remove, no %s: %v", name, err)
		}
		if _, err := update.Prove(ctx, f, st, nil); !errors.Is(err, update.ErrFile) && name != "data" {
			t.Errorf("Prove, no %s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(whole.KeyCache, sector.TreeDFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("TreeD in the working directory: %v", err)
	}
}

// TestDecodeRange takes ranges of every alignment, with and without TreeD, and counts the bytes that are read: 1 MiB of data may
// cost 2.2 MiB of files (a whole sector of 8 MiB has 16). ASSAY_LONG=1 takes a sector of 512 MiB, too: 4 GiB of files.
func TestDecodeRange(t *testing.T) {
	sizes := []sector.Size{sector.Size8MiB}
	if os.Getenv("ASSAY_LONG") != "" {
		sizes = append(sizes, sector.Size512MiB)
	}
	for _, size := range sizes {
		t.Run(size.String(), func(t *testing.T) { decodeRanges(t, size) })
	}
}

func decodeRanges(t *testing.T, size sector.Size) {
	s := newSite(t, size, size.Unpadded())
	st := s.encode(t)
	treeD, err := os.Open(filepath.Join(s.files.Cache, sector.TreeDFile))
	must(t, err)
	defer treeD.Close()
	unpadded := size.Unpadded()
	r := rand.New(rand.NewPCG(1, 2))
	ranges := [][2]uint64{{0, 0}, {0, 1}, {126, 1}, {126, 2}, {127, 127}, {unpadded - 1, 1}, {unpadded, 0}, {unpadded - 3<<20, 1 << 20}, {1, 1 << 20}, {unpadded/2 - 5, 1 << 20}}
	for range 20 {
		off := r.Uint64N(unpadded)
		ranges = append(ranges, [2]uint64{off, r.Uint64N(min(unpadded-off, 300<<10) + 1)})
	}
	for _, at := range ranges {
		for _, checked := range []bool{false, true} {
			key, replica := s.readers(t)
			opt, tree := &update.Options{Unchecked: true}, &counting{r: treeD}
			if checked {
				opt.Unchecked = false
				opt.TreeD = tree
			}
			var out bytes.Buffer
			if err := update.Decode(ctx, st, key, replica, &out, at[0], at[1], opt); err != nil {
				t.Fatalf("%d bytes from %d: %v", at[1], at[0], err)
			}
			if !bytes.Equal(out.Bytes(), s.data[at[0]:at[0]+at[1]]) {
				t.Fatalf("%d bytes from %d: other data", at[1], at[0])
			}
			total := key.n.Load() + replica.n.Load() + tree.n.Load()
			if limit := int64(11 << 20 / 5); at[1] == 1<<20 && total > limit {
				t.Errorf("1 MiB from %d (checked %v) took %d bytes of files, want %d at most", at[0], checked, total, limit)
			}
			if at[1] == 1<<20 {
				t.Logf("1 MiB from %d: %d bytes of key, %d of the replica, %d of TreeD", at[0], key.n.Load(), replica.n.Load(), tree.n.Load())
			}
		}
	}
	key, replica := s.readers(t)
	for _, at := range [][2]uint64{{0, unpadded + 1}, {unpadded, 1}, {unpadded + 1, 0}, {1, ^uint64(0)}, {^uint64(0), 2}} {
		if err := update.Decode(ctx, st, key, replica, io.Discard, at[0], at[1], nil); !errors.Is(err, update.ErrRange) {
			t.Errorf("%d bytes from %d: %v", at[1], at[0], err)
		}
	}
	if key.n.Load()+replica.n.Load() != 0 {
		t.Error("a bad range was read")
	}
}

// TestDamage flips bytes of files one at a time: what is decoded is right or refused.
func TestDamage(t *testing.T) {
	s := newSite(t, sector.Size32KiB, 30_000)
	st := s.encode(t)
	treeD := read(t, filepath.Join(s.files.Cache, sector.TreeDFile))
	good := [2][]byte{read(t, s.files.Key), read(t, s.files.Replica)}
	for i := 0; i < int(s.p.Size); i += 97 {
		for which := range good {
			files := [2][]byte{slices.Clone(good[0]), slices.Clone(good[1])}
			files[which][i] ^= 1 << (i % 8)
			key, replica := bytes.NewReader(files[0]), bytes.NewReader(files[1])
			if err := update.Decode(ctx, st, key, replica, io.Discard, 0, s.p.Size.Unpadded(), nil); err == nil {
				t.Fatalf("byte %d of file %d was changed and the whole decodes", i, which)
			}
			var out bytes.Buffer
			at := uint64(i) / 128 * 127
			err := update.Decode(ctx, st, key, replica, &out, at, 127, &update.Options{TreeD: bytes.NewReader(treeD)})
			if err == nil || out.Len() > 0 {
				t.Fatalf("byte %d of file %d was changed and the range there decodes", i, which)
			}
		}
	}
	for i := int(s.p.Size); i < len(treeD); i += 31 {
		bad := slices.Clone(treeD)
		bad[i] ^= 1
		var out bytes.Buffer
		err := update.Decode(ctx, st, bytes.NewReader(good[0]), bytes.NewReader(good[1]), &out, 1000, 5000, &update.Options{TreeD: bytes.NewReader(bad)})
		if err == nil && !bytes.Equal(out.Bytes(), s.data[1000:6000]) {
			t.Fatalf("byte %d of TreeD was changed and other data decodes", i)
		}
	}
}

func TestCancel(t *testing.T) {
	s := newSite(t, sector.Size8MiB, 1<<20)
	st := s.encode(t)
	ended, end := context.WithCancel(ctx)
	end()
	key, replica := s.readers(t)
	for name, err := range map[string]error{
		"Encode":     second(update.Encode(ended, s.files, s.p, s.old, nil)),
		"DecodeFile": update.DecodeFile(ended, update.Files{Key: s.files.Key, Replica: s.files.Replica, Data: s.files.Data + "2"}, st, nil),
		"unchecked":  update.DecodeFile(ended, update.Files{Key: s.files.Key, Replica: s.files.Replica, Data: s.files.Data + "2"}, st, &update.Options{Unchecked: true}),
		"Decode":     update.Decode(ended, st, key, replica, io.Discard, 5, 500, &update.Options{Unchecked: true}),
		"Remove":     update.Remove(ended, s.files, st, nil),
		"Prove":      second(update.Prove(ended, s.files, st, nil)),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(s.files.Data))
	must(t, err)
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".tmp" || e.Name() == "data2" {
			t.Errorf("%s is left over", e.Name())
		}
	}
}

func second[T any](_ T, err error) error { return err }
