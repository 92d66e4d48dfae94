package graph

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/assaylab/assay/porep/sector"
)

// entrySize is the number of bytes of one node in a cache file.
const entrySize = 4 * Degree

// ErrCache says that a cache file is not what its graph yields. [OpenCache] does not return it: it makes
// such a file again and tells by [Cache.Fault].
var ErrCache = errors.New("graph: bad parent cache")

// A Cache is a file of all parents of a graph: fourteen little-endian uint32 a node and nothing else, the
// content of upstream's parent cache. It was checked whole against its digest when it was opened. It is safe
// for concurrent use until closed.
type Cache struct {
	f      *os.File
	path   string
	nodes  uint64
	digest [32]byte
	fault  error
}

// CacheName returns the name of the cache file of g. It depends on all the parents depend on: the number
// of nodes, the PoRep id and the order of parents (V1_0_0 apart from V1_1_0 and V1_2_0, whose graphs are
// one). Beside it lies a file of the same name and ".sha256" with the digest.
func CacheName(g *Graph) string {
	sum := sha256.Sum256([]byte(g.identity()))
	return fmt.Sprintf("parents-%v-%s-%x.cache", g.proof.Size, g.order(), sum[:8])
}

// order names the order of parents, the part of the API version that shows in the graph.
func (g *Graph) order() string {
	if g.fold {
		return "v1_0"
	}
	return "v1_1"
}

// identity is the first line of the digest file.
func (g *Graph) identity() string {
	return fmt.Sprintf("parents nodes=%d order=%s porep-id=%x", g.nodes, g.order(), g.proof.ID)
}

// sumFile is the content of the digest file.
func (g *Graph) sumFile(digest [32]byte) []byte {
	return fmt.Appendf(nil, "%s\nsha256 %x\n", g.identity(), digest)
}

// OpenCache opens the parent cache of g in dir. A file that is missing, of the wrong length, not of its
// recorded or published digest, or of another graph is made again, and [Cache.Fault] tells what was wrong;
// so nothing is ever read that was not checked. A file that another process is making has another name
// until it is whole and synced. Errors are ctx's, the file system's, or [ErrCache] where a newly made cache
// differs from the published digest, which is a fault of the machine.
//
// Space: 56 bytes a node, 56 GiB for a 32 GiB sector; a check reads all of it.
func OpenCache(ctx context.Context, dir string, g *Graph, opt *Options) (*Cache, error) {
	o := opt.normal()
	c := &Cache{path: filepath.Join(dir, CacheName(g)), nodes: g.nodes}
	c.fault = c.open(ctx, g, &o)
	if c.fault == nil {
		return c, nil
	}
	if !errors.Is(c.fault, ErrCache) {
		return nil, c.fault
	}
	digest, err := writeCache(ctx, dir, g, &o)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(c.path)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	c.f, c.digest = f, digest
	return c, nil
}

// open opens and checks an existing file. An error that wraps ErrCache asks for a new one.
func (c *Cache) open(ctx context.Context, g *Graph, o *Options) error {
	f, err := os.Open(c.path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: no file", ErrCache)
	} else if err != nil {
		return fmt.Errorf("graph: %w", err)
	}
	c.f = f
	if err = c.check(ctx, g, o); err != nil {
		c.f = nil
		return errors.Join(err, f.Close())
	}
	return nil
}

// check compares length, digest and a sample of nodes.
func (c *Cache) check(ctx context.Context, g *Graph, o *Options) error {
	info, err := c.f.Stat()
	if err != nil {
		return fmt.Errorf("graph: %w", err)
	}
	if want := int64(g.nodes) * entrySize; info.Size() != want || !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %d bytes, want %d", ErrCache, info.Size(), want)
	}
	want, err := c.expected(g)
	if err != nil {
		return err
	}
	if err := c.sample(g); err != nil {
		return err
	}
	h := sha256.New()
	if err := c.hash(ctx, h, o); err != nil {
		return err
	}
	if got := [32]byte(h.Sum(nil)); got != want {
		return fmt.Errorf("%w: digest %x, want %x", ErrCache, got, want)
	}
	c.digest = want
	return nil
}

// expected returns the published digest or else the one recorded beside the file.
func (c *Cache) expected(g *Graph) ([32]byte, error) {
	if d, ok := PublishedDigest(g.proof); ok {
		return d, nil
	}
	got, err := os.ReadFile(c.path + ".sha256")
	if errors.Is(err, os.ErrNotExist) {
		return [32]byte{}, fmt.Errorf("%w: no digest beside it", ErrCache)
	} else if err != nil {
		return [32]byte{}, fmt.Errorf("graph: %w", err)
	}
	var d [32]byte
	if at := len(got) - 65; at > 0 {
		_, _ = hex.Decode(d[:], got[at:at+64])
	}
	if !bytes.Equal(got, g.sumFile(d)) {
		return [32]byte{}, fmt.Errorf("%w: malformed digest file", ErrCache)
	}
	return d, nil
}

// samples is the number of nodes compared before the file is hashed.
const samples = 64

// sample compares nodes spread over the file with the graph, which tells the file of another graph.
func (c *Cache) sample(g *Graph) error {
	for i := range uint64(samples) {
		node := (g.nodes - 1) * i / (samples - 1)
		var got, want [Degree]uint32
		if err := c.Range(node, got[:]); err != nil {
			return err
		}
		if err := g.Parents(node, &want); err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%w: node %d differs", ErrCache, node)
		}
	}
	return nil
}

// hash feeds the whole file to h.
func (c *Cache) hash(ctx context.Context, h hash.Hash, o *Options) error {
	buf := make([]byte, 1<<20)
	size := int64(c.nodes) * entrySize
	for off := int64(0); off < size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(int64(len(buf)), size-off)
		if err := c.readAt(buf[:n], off); err != nil {
			return err
		}
		h.Write(buf[:n])
		off += n
		o.report("check parents", uint64(off)/entrySize, c.nodes)
	}
	return nil
}

// writeCache makes the file and its digest file under temporary names, syncs them and renames them.
func writeCache(ctx context.Context, dir string, g *Graph, o *Options) (digest [32]byte, err error) {
	name := CacheName(g)
	h := sha256.New()
	tmp, err := writeTemp(dir, name, func(w io.Writer) error {
		return g.writeAll(ctx, io.MultiWriter(w, h), o)
	})
	if err != nil {
		return digest, err
	}
	digest = [32]byte(h.Sum(nil))
	if want, ok := PublishedDigest(g.proof); ok && digest != want {
		return digest, errors.Join(fmt.Errorf("%w: made %x, published is %x", ErrCache, digest, want), os.Remove(tmp))
	}
	sum, err := writeTemp(dir, name+".sha256", func(w io.Writer) error {
		_, err := w.Write(g.sumFile(digest))
		return err
	})
	if err == nil {
		err = os.Rename(sum, filepath.Join(dir, name+".sha256"))
	}
	if err == nil {
		err = os.Rename(tmp, filepath.Join(dir, name))
	}
	if err != nil {
		_ = os.Remove(tmp)
		return digest, fmt.Errorf("graph: %w", err)
	}
	syncDir(dir)
	return digest, nil
}

// writeTemp writes and syncs a file of a temporary name in dir and returns its path; it leaves none behind
// on errors.
func writeTemp(dir, name string, write func(io.Writer) error) (path string, err error) {
	f, err := os.CreateTemp(dir, name+".tmp-*")
	if err != nil {
		return "", fmt.Errorf("graph: %w", err)
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return "", fmt.Errorf("graph: %w", err)
	}
	return f.Name(), nil
}

// syncDir makes renames durable where the system can; a loss only costs making the cache again.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// writeAll writes the parents of all nodes in the cache's form.
func (g *Graph) writeAll(ctx context.Context, w io.Writer, o *Options) error {
	r, err := NewReader(ctx, g, 0, o)
	if err != nil {
		return err
	}
	defer r.Close()
	buf := make([]byte, 0, blockBytes)
	for {
		first, parents, err := r.Next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		buf = buf[:0]
		for _, p := range parents {
			buf = binary.LittleEndian.AppendUint32(buf, p)
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		o.report("parents", first+uint64(len(parents))/Degree, g.nodes)
	}
}

// readBuffers holds buffers for Range.
var readBuffers = sync.Pool{New: func() any { return new([4096 * entrySize]byte) }}

// Range implements [Source]. Values that no node can have, from a file changed after it was checked, wrap
// [ErrCache].
func (c *Cache) Range(first uint64, dst []uint32) error {
	if err := checkRange(c.nodes, first, len(dst)); err != nil {
		return err
	}
	buf := readBuffers.Get().(*[4096 * entrySize]byte)
	defer readBuffers.Put(buf)
	for off := int64(first) * entrySize; len(dst) > 0; {
		part := buf[:min(len(buf), 4*len(dst))]
		if err := c.readAt(part, off); err != nil {
			return err
		}
		for i := range len(part) / 4 {
			dst[i] = binary.LittleEndian.Uint32(part[4*i:])
			if uint64(dst[i]) >= c.nodes {
				return fmt.Errorf("%w: parent %d at byte %d", ErrCache, dst[i], off+int64(4*i))
			}
		}
		dst, off = dst[len(part)/4:], off+int64(len(part))
	}
	return nil
}

// readAt fills b from the file.
func (c *Cache) readAt(b []byte, off int64) error {
	if n, err := c.f.ReadAt(b, off); n < len(b) {
		return fmt.Errorf("graph: %d of %d bytes at %d: %w", n, len(b), off, err)
	}
	return nil
}

// Nodes implements [Source].
func (c *Cache) Nodes() uint64 { return c.nodes }

// Digest returns the SHA-256 of the file.
func (c *Cache) Digest() [32]byte { return c.digest }

// Path returns the path of the file.
func (c *Cache) Path() string { return c.path }

// Fault returns what was wrong with the file found, wrapping [ErrCache], or nil if it was good and used.
func (c *Cache) Fault() error { return c.fault }

// Close closes the file.
func (c *Cache) Close() error { return c.f.Close() }

// PublishedDigest returns the SHA-256 of the parent cache of a proof type registered with API V1_0_0 or
// V1_1_0, as upstream publishes it.
//
// Source: rust-fil-proofs storage-proofs-porep/parent_cache.json.
func PublishedDigest(p sector.Proof) (d [32]byte, ok bool) {
	for number, text := range publishedDigests {
		sp := sector.SealProof(number)
		v := sector.V1_0_0
		if sp >= sector.StackedDRG2KiBV1_1 {
			v = sector.V1_1_0
		}
		if p.ID == sector.NewPoRepID(uint64(number), 0) && p.Size == sp.Size() && min(p.Version, sector.V1_1_0) == v {
			n, err := hex.Decode(d[:], []byte(text))
			return d, err == nil && n == len(d)
		}
	}
	return d, false
}

// publishedDigests are in order of the registered seal proofs 0 to 9.
var publishedDigests = [...]string{
	"3da49221e2ed55371b86d0bf3d6526fcf128af61bed904f966428db1b531750d",
	"a76604f2f59f2744c7151653bbb1d8596b6b57d295e6fa6c1f0c41d725b502ce",
	"3adcc092423aa76d6a7184016893406da44dd974b219a89cd3ece25e4e3018f5",
	"3c4f9841fcc75aed8c695800e58d08480629f25af3a2aefd81904181d75cc0b6",
	"2778a732ad46a7dc18e0564dfdf59fd321dcde74ab476fd6d3c4e6735d7cd89c",
	"840057702eea7652cf97e04306c30fe57174714d90de156a25eddd6075c25b97",
	"03cd13565ded97c240a5f52e54295ad127bd0461b57904cb3a4d79b097bbecab",
	"b5877d1963793efebc261fd8fde4dd6bc59e6b5c7abf52617a4ee023b8dc173a",
	"93deeac5e3052b6927467d4b2641bb782f05491de18d510147c93eeedd8672da",
	"2698b74eb2606b55b98d8b095e18b6320b47f46e00075956d48640ccd1641b03",
}
