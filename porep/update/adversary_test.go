package update_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
)

// A tally counts what was tried, what was wrongly accepted and what panicked.
type tally struct{ tried, accepted, panics int }

// try runs one case, which reports whether something wrong was accepted.
func (c *tally) try(t *testing.T, name string, wrong func() bool) {
	t.Helper()
	c.tried++
	defer func() {
		if p := recover(); p != nil {
			c.panics++
			t.Errorf("%s: panic: %v", name, p)
		}
	}()
	if wrong() {
		c.accepted++
		t.Errorf("%s: accepted", name)
	}
}

func (c *tally) log(t *testing.T, id string) {
	t.Helper()
	t.Logf("adversary %s tried=%d accepted=%d panics=%d", id, c.tried, c.accepted, c.panics)
	if c.accepted != 0 || c.panics != 0 {
		t.Fail()
	}
}

// TestAdversaryUpdate tries what providers get wrong: each is a round trip or an error.
func TestAdversaryUpdate(t *testing.T) {
	t.Run("P16", func(t *testing.T) {
		var c tally
		for _, size := range []sector.Size{sector.Size2KiB, sector.Size16KiB, sector.Size8MiB} {
			if !testing.Short() || size < sector.Size8MiB {
				p16(t, &c, size)
			}
		}
		c.log(t, "P16")
	})
}

func p16(t *testing.T, c *tally, size sector.Size) {
	s := newSite(t, size, size.Unpadded()/2)
	st := s.encode(t)
	c.try(t, "same data twice", func() bool { return *s.encode(t) != *st })
	c.try(t, "the same data on top of itself", func() bool {
		next := update.Files{Key: s.files.Replica, KeyCache: s.files.Cache, Data: s.files.Data,
			Replica: s.files.Replica + "2", Cache: t.TempDir()}
		st2, err := update.Encode(ctx, next, s.p, st.CommRNew, nil)
		if err != nil {
			return true
		}
		next.Data += "-out"
		return update.DecodeFile(ctx, next, st2, nil) != nil || !bytes.HasPrefix(read(t, next.Data), read(t, s.files.Data))
	})
	c.try(t, "zero data", func() bool {
		zero := newSite(t, size, 0)
		stz := zero.encode(t)
		return stz.CommRNew != stz.CommROld || !bytes.Equal(read(t, zero.files.Key), read(t, zero.files.Replica)) ||
			update.DecodeFile(ctx, withData(zero.files), stz, nil) != nil
	})
	for _, h := range []int{-1, 0, 2, 6, 13, 64, 1 << 30} {
		c.try(t, "h that is none", func() bool {
			p := s.p
			p.H = h
			bad := *st
			bad.Params = p
			return second(update.Encode(ctx, s.files, p, s.old, nil)) == nil || update.DecodeFile(ctx, withData(s.files), &bad, nil) == nil
		})
	}
	for _, h := range s.p.Hs {
		if h == s.p.H {
			continue
		}
		c.try(t, "another h", func() bool {
			bad := *st
			bad.Params.H = h
			return update.DecodeFile(ctx, withData(s.files), &bad, nil) == nil
		})
	}
	wrongKeys(t, c, s, st)
	for name, change := range map[string]func(*update.Statement){
		"CommR before": func(s *update.Statement) { s.CommROld[3] ^= 4 }, "CommD": func(s *update.Statement) { s.CommDNew[9] ^= 1 },
		"zero CommD": func(s *update.Statement) { s.CommDNew = sector.CommD{} }, "other size": func(s *update.Statement) { s.Params.Size *= 2 },
	} {
		c.try(t, "decode under another "+name, func() bool {
			bad := *st
			change(&bad)
			return update.DecodeFile(ctx, withData(s.files), &bad, nil) == nil
		})
		c.try(t, "remove under another "+name, func() bool {
			bad := *st
			change(&bad)
			f := s.files
			f.Key, f.KeyCache = f.Key+"-out", t.TempDir()
			return update.Remove(ctx, f, &bad, nil) == nil
		})
	}
	longFiles(t, c, s)
}

// withData returns the files with another place for decoded data.
func withData(f update.Files) update.Files {
	f.Data += "-decoded"
	return f
}

// wrongKeys decodes with keys that are not the update's.
func wrongKeys(t *testing.T, c *tally, s *site, st *update.Statement) {
	key := read(t, s.files.Key)
	other := slices.Clone(key)
	for i := range other {
		other[i] ^= byte(i%32/31) & 1
	}
	swapped := append(slices.Clone(key[len(key)/2:]), key[:len(key)/2]...)
	high := slices.Clone(key)
	high[31] = 0xff
	replica, treeD := read(t, s.files.Replica), read(t, filepath.Join(s.files.Cache, sector.TreeDFile))
	for name, k := range map[string][]byte{"zero": make([]byte, len(key)), "changed": other, "swapped": swapped, "short": key[:len(key)-32],
		"empty": nil, "above the modulus": high, "the replica": replica} {
		for _, r := range [][2]uint64{{0, s.p.Size.Unpadded()}, {0, 1016}, {128, 600}} {
			c.try(t, "decode with a "+name+" key", func() bool {
				opt := &update.Options{TreeD: bytes.NewReader(treeD)}
				if r[0]%127 == 0 {
					opt = nil // a whole, or an error
				}
				var out bytes.Buffer
				err := update.Decode(ctx, st, bytes.NewReader(k), bytes.NewReader(replica), &out, r[0], r[1], opt)
				return !bytes.HasPrefix(s.data[r[0]:], out.Bytes()) || err == nil && !bytes.Equal(out.Bytes(), s.data[r[0]:r[0]+r[1]])
			})
		}
	}
}

// longFiles encodes data and keys of wrong lengths and forms.
func longFiles(t *testing.T, c *tally, s *site) {
	encodes := func(change func(f *update.Files)) bool {
		f := s.files
		change(&f)
		return second(update.Encode(ctx, f, s.p, s.old, nil)) == nil
	}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, b, 0o600))
		return path
	}
	data := append(read(t, s.files.Data), make([]byte, 32)...)
	data[31] |= 0x80
	padding := write("padding", data)
	long := write("long", make([]byte, s.p.Size+1))
	short := write("short", read(t, s.files.Key)[1:])
	must(t, os.Symlink("/etc/hostname", filepath.Join(dir, "link")))
	for name, change := range map[string]func(f *update.Files){
		"data with padding bits": func(f *update.Files) { f.Data = padding }, "too much data": func(f *update.Files) { f.Data = long },
		"a short key": func(f *update.Files) { f.Key = short }, "a link out of the directory": func(f *update.Files) { f.Key = filepath.Join(dir, "link") },
		"no data": func(f *update.Files) { f.Data = "" }, "no replica": func(f *update.Files) { f.Replica = "" },
		"a cache that is a file": func(f *update.Files) { f.Cache = short }, "no such cache": func(f *update.Files) { f.Cache = filepath.Join(dir, "none") },
		"a directory as key": func(f *update.Files) { f.Key = dir }, "another sector's cache": func(f *update.Files) { f.KeyCache = f.Cache },
	} {
		c.try(t, name, func() bool { return encodes(change) })
	}
}

// TestProofMutations changes every part of valid proofs: nothing changed is accepted.
func TestProofMutations(t *testing.T) {
	for _, size := range []sector.Size{sector.Size2KiB, sector.Size32KiB} {
		s := newSite(t, size, size.Unpadded())
		st := s.encode(t)
		proofs, err := update.Prove(ctx, s.files, st, nil)
		must(t, err)
		refused := 0
		refuse := func(name string, change func(p []update.PartitionProof) []update.PartitionProof) {
			t.Helper()
			err := update.Verify(ctx, st, change(clone(proofs)), &update.Options{Workers: 1})
			if !errors.Is(err, update.ErrProof) {
				t.Errorf("%s: %v", name, err)
			}
			refused++
		}
		r := rand.New(rand.NewPCG(3, uint64(size)))
		all := len(digestsOf(&proofs[0]))
		for i := range all {
			refuse("a bit flipped", func(p []update.PartitionProof) []update.PartitionProof {
				digestsOf(&p[0])[i][r.IntN(32)] ^= 1 << r.IntN(8)
				return p
			})
		}
		edit := func(name string, change func(p *update.PartitionProof)) {
			refuse(name, func(p []update.PartitionProof) []update.PartitionProof {
				change(&p[len(p)-1])
				return p
			})
		}
		edit("index", func(p *update.PartitionProof) { p.Challenges[1].Old.Index ^= 1 })
		edit("index beyond", func(p *update.PartitionProof) { p.Challenges[1].Data.Index += size.Nodes() })
		edit("swapped answers", func(p *update.PartitionProof) { c := p.Challenges; c[0], c[1] = c[1], c[0] })
		edit("swapped trees", func(p *update.PartitionProof) { c := &p.Challenges[2]; c.Old, c.New = c.New, c.Old })
		edit("answer dropped", func(p *update.PartitionProof) { p.Challenges = p.Challenges[1:] })
		edit("answer appended", func(p *update.PartitionProof) { p.Challenges = append(p.Challenges, p.Challenges[0]) })
		edit("no answers", func(p *update.PartitionProof) { p.Challenges = nil })
		edit("apex dropped", func(p *update.PartitionProof) { p.Apex = p.Apex[1:] })
		edit("apex appended", func(p *update.PartitionProof) { p.Apex = append(p.Apex, p.Apex[0]) })
		edit("apex swapped", func(p *update.PartitionProof) { p.Apex[0], p.Apex[1] = p.Apex[1], p.Apex[0] })
		edit("short path", func(p *update.PartitionProof) { c := &p.Challenges[0].New; c.Siblings = c.Siblings[1:] })
		edit("long path", func(p *update.PartitionProof) { c := &p.Challenges[0].Data; c.Siblings = append(c.Siblings, c.Leaf) })
		refuse("no partitions", func(p []update.PartitionProof) []update.PartitionProof { return nil })
		refuse("one more", func(p []update.PartitionProof) []update.PartitionProof { return append(p, p[0]) })
		if len(proofs) > 1 {
			refuse("swapped partitions", func(p []update.PartitionProof) []update.PartitionProof { p[0], p[1] = p[1], p[0]; return p })
		}
		for name, change := range map[string]func(*update.Statement){
			"CommR before": func(s *update.Statement) { s.CommROld[0] ^= 1 }, "CommR after": func(s *update.Statement) { s.CommRNew[0] ^= 1 },
			"CommD": func(s *update.Statement) { s.CommDNew[0] ^= 1 },
		} {
			bad := *st
			change(&bad)
			if err := update.Verify(ctx, &bad, proofs, nil); !errors.Is(err, update.ErrProof) {
				t.Errorf("another %s: %v", name, err)
			}
		}
		must(t, update.Verify(ctx, st, proofs, nil))
		t.Logf("%v: %d changed proofs refused", size, refused)
	}
}

// digestsOf returns every node of a proof.
func digestsOf(p *update.PartitionProof) []*merkle.Digest {
	out := []*merkle.Digest{(*merkle.Digest)(&p.CommC), (*merkle.Digest)(&p.CommRLastOld), (*merkle.Digest)(&p.CommRLastNew)}
	for i := range p.Apex {
		out = append(out, &p.Apex[i])
	}
	for i := range p.Challenges {
		for _, m := range []*merkle.Proof{&p.Challenges[i].Old, &p.Challenges[i].Data, &p.Challenges[i].New} {
			out = append(out, &m.Leaf)
			for k := range m.Siblings {
				out = append(out, &m.Siblings[k])
			}
		}
	}
	return out
}

func clone(in []update.PartitionProof) []update.PartitionProof {
	out := slices.Clone(in)
	for k := range out {
		out[k].Apex = slices.Clone(in[k].Apex)
		out[k].Challenges = slices.Clone(in[k].Challenges)
		for i := range out[k].Challenges {
			c := &out[k].Challenges[i]
			for _, m := range []*merkle.Proof{&c.Old, &c.Data, &c.New} {
				m.Siblings = slices.Clone(m.Siblings)
			}
		}
	}
	return out
}

// FuzzDecode takes any range of a small sector from any bytes: it is the data, or an error.
func FuzzDecode(f *testing.F) {
	s := newSite(f, sector.Size2KiB, 2000)
	st := s.encode(f)
	key, replica := read(f, s.files.Key), read(f, s.files.Replica)
	treeD := read(f, filepath.Join(s.files.Cache, sector.TreeDFile))
	f.Add(uint64(0), uint64(2032), 0, byte(0))
	f.Add(uint64(127), uint64(254), 40, byte(1))
	f.Add(uint64(2031), uint64(1), 4000, byte(255))
	f.Fuzz(func(t *testing.T, off, n uint64, at int, change byte) {
		k, r := slices.Clone(key), slices.Clone(replica)
		if at >= 0 && at < len(k) {
			k[at] ^= change
		} else if at >= len(k) && at < 2*len(k) {
			r[at-len(k)] ^= change
		}
		var out bytes.Buffer
		err := update.Decode(ctx, st, bytes.NewReader(k), bytes.NewReader(r), &out, off, n, &update.Options{TreeD: bytes.NewReader(treeD), Workers: 1})
		if err == nil && !bytes.Equal(out.Bytes(), s.data[off:off+n]) {
			t.Fatal("other data")
		}
	})
}

func TestDecodeShortWriter(t *testing.T) {
	s := newSite(t, sector.Size2KiB, 2000)
	st := s.encode(t)
	key, replica := s.readers(t)
	r, w := io.Pipe()
	r.CloseWithError(io.ErrClosedPipe)
	if err := update.Decode(ctx, st, key, replica, w, 0, s.p.Size.Unpadded(), nil); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}
