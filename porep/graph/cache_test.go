package graph

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assaylab/assay/porep/sector"
)

// allOf returns all parents of a graph by one call of Range.
func allOf(t testing.TB, s Source) []uint32 {
	t.Helper()
	all := make([]uint32, Degree*s.Nodes())
	if err := s.Range(0, all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestReader(t *testing.T) {
	g := newGraph(t, sector.PoRepID{6}, sector.Size8MiB, sector.V1_1_0)
	want := allOf(t, g)
	workersList, firsts := []int{1, 2, 7}, []uint64{0, 1, blockNodes, g.Nodes() - 3, g.Nodes()}
	if testing.Short() {
		workersList, firsts = workersList[1:2], firsts[1:]
	}
	for _, workers := range workersList {
		for _, first := range firsts {
			r, err := NewReader(t.Context(), g, first, &Options{Workers: workers, Window: 1})
			if err != nil {
				t.Fatal(err)
			}
			for at := first; ; {
				node, parents, err := r.Next()
				if err == io.EOF {
					if at != g.Nodes() {
						t.Fatalf("%d workers from %d: ended at %d", workers, first, at)
					}
					break
				}
				if err != nil || node != at || !slices.Equal(parents, want[Degree*at:][:len(parents)]) {
					t.Fatalf("%d workers from %d: block at %d of %d differs, %v", workers, first, node, at, err)
				}
				at += uint64(len(parents)) / Degree
			}
			r.Close()
			if _, _, err := r.Next(); err != io.EOF {
				t.Error(err)
			}
		}
	}
	if _, err := NewReader(t.Context(), g, g.Nodes()+1, nil); !errors.Is(err, ErrRange) {
		t.Error(err)
	}
}

// TestReaderEnds cancels and abandons readers at many places: no goroutine stays.
func TestReaderEnds(t *testing.T) {
	g := newGraph(t, sector.PoRepID{6}, sector.Size8MiB, sector.V1_1_0)
	before := runtime.NumGoroutine()
	rounds := 40
	if testing.Short() {
		rounds = 10
	}
	for i := range rounds {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := NewReader(ctx, g, 0, &Options{Workers: 1 + i%3, Window: (1 + i%5) * blockBytes})
		if err != nil {
			t.Fatal(err)
		}
		for range i % 10 {
			if _, _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}
		if i%2 == 0 {
			cancel()
			for err = nil; err == nil; {
				_, _, err = r.Next()
			}
			if !errors.Is(err, context.Canceled) && err != io.EOF {
				t.Error(err)
			}
		}
		r.Close()
		r.Close()
		if _, _, err := r.Next(); err == nil {
			t.Error("a block after Close")
		}
		cancel()
	}
	for i := 0; runtime.NumGoroutine() > before; i++ { // ended ones are counted until the machine lets them go
		if i == 30_000 {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestTable(t *testing.T) {
	g := newGraph(t, sector.PoRepID{5}, sector.Size32KiB, sector.V1_1_0)
	var told uint64
	table, err := Load(t.Context(), g, &Options{Progress: func(_ string, done, _ uint64) { told = done }})
	if err != nil || !slices.Equal(table.All(), allOf(t, g)) || told != g.Nodes() {
		t.Fatal(err, told)
	}
	if err := table.Range(3, make([]uint32, 13)); !errors.Is(err, ErrRange) {
		t.Error(err)
	}
	big := newGraph(t, sector.PoRepID{2}, sector.Size512MiB, sector.V1_0_0)
	if _, err := Load(t.Context(), big, nil); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

// TestTableOf expects a table to know its graph: size, PoRep id and order of parents, not the version.
func TestTableOf(t *testing.T) {
	g := newGraph(t, sector.PoRepID{5}, sector.Size2KiB, sector.V1_1_0)
	table, err := Load(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Load(t.Context(), table, nil)
	if err != nil {
		t.Fatal(err)
	}
	unknown, err := Load(t.Context(), struct{ Source }{g}, nil)
	if err != nil || unknown.Of(g) {
		t.Fatal("a table of unknown origin", err)
	}
	for _, c := range []struct {
		id      sector.PoRepID
		size    sector.Size
		version sector.APIVersion
		want    bool
	}{
		{sector.PoRepID{5}, sector.Size2KiB, sector.V1_1_0, true},
		{sector.PoRepID{5}, sector.Size2KiB, sector.V1_2_0, true},
		{sector.PoRepID{5}, sector.Size2KiB, sector.V1_0_0, false},
		{sector.PoRepID{6}, sector.Size2KiB, sector.V1_1_0, false},
		{sector.PoRepID{5}, sector.Size32KiB, sector.V1_1_0, false},
	} {
		h := newGraph(t, c.id, c.size, c.version)
		if table.Of(h) != c.want || again.Of(h) != c.want {
			t.Errorf("%v %v %v: got %v, want %v", c.id, c.size, c.version, table.Of(h), c.want)
		}
	}
}

// openCache opens a cache and returns all it holds and why it was made.
func openCache(t *testing.T, dir string, g *Graph) ([]uint32, error) {
	t.Helper()
	c, err := OpenCache(t.Context(), dir, g, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return allOf(t, c), c.Fault()
}

// TestAdversaryCache offers every kind of wrong cache file: none is used.
func TestAdversaryCache(t *testing.T) {
	t.Run("P10", func(t *testing.T) {
		tried, accepted := 0, 0
		for _, g := range []*Graph{
			newGraph(t, sector.PoRepID{5}, sector.Size2KiB, sector.V1_1_0), // its digest is published
			newGraph(t, sector.PoRepID{0xab}, sector.Size2KiB, sector.V1_0_0),
			newGraph(t, sector.PoRepID{0xab}, sector.Size4KiB, sector.V1_1_0),
		} {
			t1, a1 := adversaryCache(t, g)
			tried, accepted = tried+t1, accepted+a1
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "P10", tried, accepted, 0)
	})
}

// adversaryCache spoils the cache of one graph in all ways, each in a fresh copy.
func adversaryCache(t *testing.T, g *Graph) (tried, accepted int) {
	dir := t.TempDir()
	want := allOf(t, g)
	path := filepath.Join(dir, CacheName(g))
	if got, fault := openCache(t, dir, g); !slices.Equal(got, want) || !errors.Is(fault, ErrCache) {
		t.Fatalf("first: %v", fault)
	}
	if got, fault := openCache(t, dir, g); !slices.Equal(got, want) || fault != nil {
		t.Fatalf("second: %v", fault)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(path + ".sha256")
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, file, digest []byte) {
		t.Helper()
		tried++
		write(t, path, file)
		write(t, path+".sha256", digest)
		got, fault := openCache(t, dir, g)
		if !slices.Equal(got, want) || fault == nil {
			accepted++
			t.Errorf("%s: used (%v)", what, fault)
		}
		if back, err := os.ReadFile(path); err != nil || string(back) != string(good) {
			t.Errorf("%s: not made again: %v", what, err)
		}
	}
	for i := 0; i < len(good); i += 1 + len(good)/64 {
		bad := slices.Clone(good)
		bad[i] ^= 1 << (i % 8)
		try(fmt.Sprintf("byte %d flipped", i), bad, sum)
	}
	for _, n := range []int{0, 1, entrySize, len(good) / 2, len(good) - 1} {
		try(fmt.Sprintf("cut to %d bytes", n), good[:n], sum)
	}
	try("one byte more", append(slices.Clone(good), 0), sum)
	try("zeros", make([]byte, len(good)), sum)
	if _, published := PublishedDigest(g.proof); !published {
		try("no digest", good, nil)
		for i := range sum {
			bad := slices.Clone(sum)
			bad[i] ^= 1
			try(fmt.Sprintf("digest file's byte %d flipped", i), good, bad)
		}
		try("digest file cut", good, sum[:len(sum)-1])
	}
	other := newGraph(t, sector.PoRepID{77}, g.proof.Size, g.proof.Version)
	od := t.TempDir()
	openCache(t, od, other)
	of, _ := os.ReadFile(filepath.Join(od, CacheName(other)))
	os2, _ := os.ReadFile(filepath.Join(od, CacheName(other)+".sha256"))
	try("another PoRep id's cache with its digest", of, os2)
	try("another PoRep id's cache", of, sum)
	crossVersion(t, g, od, try)
	t3, a3 := inProgress(t, g, dir, good)
	return tried + t3, accepted + a3
}

// crossVersion offers the cache of the same PoRep id with the other order of parents, under a name that is
// not shared.
func crossVersion(t *testing.T, g *Graph, dir string, try func(string, []byte, []byte)) {
	version := sector.V1_0_0
	if g.fold {
		version = sector.V1_1_0
	}
	other := newGraph(t, g.proof.ID, g.proof.Size, version)
	if CacheName(other) == CacheName(g) {
		t.Fatal("two API versions share a file name")
	}
	openCache(t, dir, other)
	of, _ := os.ReadFile(filepath.Join(dir, CacheName(other)))
	sum, _ := os.ReadFile(filepath.Join(dir, CacheName(other)+".sha256"))
	try("another API version's cache with its digest", of, sum)
	try("another API version's cache with a digest file made to fit", of,
		g.sumFile([32]byte(mustHex(strings.Fields(string(sum))[len(strings.Fields(string(sum)))-1]))))
}

// mustHex decodes hexadecimal of this test's own making.
func mustHex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// inProgress opens a cache beside another process's half-written one, and by eight openers at once.
func inProgress(t *testing.T, g *Graph, dir string, good []byte) (tried, accepted int) {
	path := filepath.Join(dir, CacheName(g))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, path+".tmp-123", good[:len(good)/2])
	want := allOf(t, g)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range 8 {
		tried++
		wg.Go(func() {
			c, err := OpenCache(context.Background(), dir, g, &Options{Workers: 2})
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			got := make([]uint32, len(want))
			if err := c.Range(0, got); err != nil || !slices.Equal(got, want) {
				mu.Lock()
				accepted++
				mu.Unlock()
				t.Errorf("beside a writer: %v", err)
			}
		})
	}
	wg.Wait()
	return tried, accepted
}

// write replaces a file, or removes it for nil.
func write(t *testing.T, path string, b []byte) {
	t.Helper()
	err := os.Remove(path)
	if b != nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

func TestCacheErrors(t *testing.T) {
	g := newGraph(t, sector.PoRepID{1}, sector.Size2KiB, sector.V1_1_0)
	if _, err := OpenCache(t.Context(), filepath.Join(t.TempDir(), "none"), g, nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := OpenCache(ctx, dir, g, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	c, err := OpenCache(t.Context(), dir, g, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := os.Truncate(c.Path(), 100); err != nil {
		t.Fatal(err)
	}
	if err := c.Range(0, make([]uint32, Degree*4)); err == nil {
		t.Error("read beyond the end")
	}
}

// TestPublishedDigests makes whole caches and compares their digests with upstream's. The sectors of 512 MiB
// take a minute and run with ASSAY_GRAPH_LARGE=512MiB, those of 32 and 64 GiB take hours of one core.
func TestPublishedDigests(t *testing.T) {
	limit := sector.Size8MiB
	if testing.Short() {
		limit = sector.Size2KiB
	}
	if text := os.Getenv("ASSAY_GRAPH_LARGE"); text != "" {
		var err error
		if limit, err = sector.ParseSize(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, sp := range sector.SealProofs()[:10] {
		p, err := sp.Proof()
		if err != nil {
			t.Fatal(err)
		}
		want, ok := PublishedDigest(p)
		if !ok {
			t.Fatalf("%v: no digest", sp)
		}
		if p.Size > limit {
			continue
		}
		g, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := streamDigest(t, g); got != want {
			t.Errorf("%v: %x, want %x", sp, got, want)
		} else {
			t.Logf("%v: %x", sp, got)
		}
	}
	if _, ok := PublishedDigest(newGraph(t, sector.NewPoRepID(5, 0), sector.Size2KiB, sector.V1_0_0).proof); ok {
		t.Error("V1_1_0's id with V1_0_0's order has a published digest")
	}
}

// TestPublishedNames derives the names under which upstream's parent_cache.json has the digests, which tell what graph each is of:
// so those of 32 and 64 GiB, too long to make here, are at least the right graph's.
//
// Source: rust-fil-proofs storage-proofs-porep/src/stacked/vanilla/cache.rs, cache_path.
func TestPublishedNames(t *testing.T) {
	names := [...]string{
		"3f0eef38bb48af1f48ad65e14eb85b4ebfc167cec18cd81764f6d998836c9899", "dcdabb0fbe4364bf0ac28b6a18c66de246409fa1a9020a00f33fb3e3053da6dc",
		"2aa9c77c3e58259481351cc4be2079cc71e1c9af39700866545c043bfa30fb42", "e1fa5d5b811ddbd118be3412c4a8c329156b8b8acc72632bca459455b5a05a13",
		"8a99e8d6b6be7ab87a56b632e6739ff201c23ea14e99737c74690f0e265574d6", "494d91dc80f2df5272c4b9e129bc7ade9405225993af9fe34e6542a39a47554b",
		"5eed212119fd91aa6220a27f31a8966444a9381842bceb3a1ea61525bd47a5b5", "7ba215a1d2345774ab90b8cb1158d296e409d6068819d7b8c7baf0b25d63dc34",
		"21981246c370f9d76c7a77ab273d94bde0ceb4e938292334960bce05585dc117", "4905486b7af19558ac3649bc6261411858b6add534438878c4ee3b29d8b9de0b",
	}
	for i, want := range names {
		p, err := sector.SealProof(i).Proof()
		if err != nil {
			t.Fatal(err)
		}
		g, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		b := fmt.Appendf(nil, "poseidon_hasherstacked_graph::StackedGraph{expansion_degree: 8 base_graph: "+
			"drgraph::BucketGraph{size: %d; degree: 6; hasher: poseidon_hasher} }", g.Nodes())
		for _, key := range g.Permutation().Keys() {
			b = binary.LittleEndian.AppendUint64(b, key)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(g.Nodes()))
		if got := fmt.Sprintf("%x", sha256.Sum256(b)); got != want {
			t.Errorf("%v: v28-sdr-parent-%s, want %s", sector.SealProof(i), got, want)
		}
	}
}
