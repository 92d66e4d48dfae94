package erasure

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// stored is an object's shards in memory.
type stored struct {
	m      *Manifest
	shards [][]byte
	data   []byte
	root   merkle.Digest
}

func (s *stored) readers(lost ...int) []io.ReaderAt {
	out := make([]io.ReaderAt, len(s.shards))
	for i, b := range s.shards {
		out[i] = bytes.NewReader(b)
	}
	for _, i := range lost {
		out[i] = nil
	}
	return out
}

func store(t testing.TB, c Coder, size int, opt *Options) *stored {
	t.Helper()
	return storeWith(t, c, randomBytes(uint64(size)+1, size), opt)
}

func storeWith(t testing.TB, c Coder, data []byte, opt *Options) *stored {
	t.Helper()
	s := &stored{data: data}
	n := c.Data() + c.Parity()
	bufs, w := make([]bytes.Buffer, n), make([]io.Writer, n)
	for i := range w {
		w[i] = &bufs[i]
	}
	var err error
	if s.m, err = Encode(bg, c, bytes.NewReader(s.data), w, opt); err != nil {
		t.Fatal(err)
	}
	for i := range bufs {
		s.shards = append(s.shards, bufs[i].Bytes())
		if int64(bufs[i].Len()) != s.m.ShardSize() {
			t.Fatalf("shard of %d bytes, want %d", bufs[i].Len(), s.m.ShardSize())
		}
	}
	if s.root, err = s.m.Root(opt); err != nil {
		t.Fatal(err)
	}
	return s
}

func coders(t testing.TB) []Coder {
	return []Coder{newCode(t, 2, 1), newCode(t, 10, 4), newCode(t, 17, 3), newLRC(t, 0), newLRC(t, 1), newClay(t), newCode(t, 250, 30)}
}

func TestStreams(t *testing.T) {
	for _, c := range coders(t) {
		for _, size := range []int{0, 1, 9, 1023, 1024, 10 << 10, 10<<10 + 1, 100_000} {
			for _, opt := range []*Options{{Block: 1 << 10, Workers: 3}, nil} {
				name := fmt.Sprintf("%s %d+%d size %d %v", c.Name(), c.Data(), c.Parity(), size, opt != nil)
				s := store(t, c, size, opt)
				if r, err := Verify(bg, s.m, s.readers(), opt); err != nil || len(r.Damaged()) != 0 {
					t.Fatalf("%s: %v %v", name, r, err)
				}
				var got bytes.Buffer
				if _, err := Decode(bg, s.m, s.readers(0), &got, opt); err != nil || !bytes.Equal(got.Bytes(), s.data) {
					t.Fatalf("%s: decode %v", name, err)
				}
				out := make([]io.Writer, len(s.shards))
				var again bytes.Buffer
				lost := len(out) - 1
				out[lost] = &again
				if _, err := Repair(bg, s.m, s.readers(), out, opt); err != nil || !bytes.Equal(again.Bytes(), s.shards[lost]) {
					t.Fatalf("%s: repair %v", name, err)
				}
			}
		}
	}
}

// TestManyShards streams an object over 65,536 shards in the acceptance run, over 1,200 otherwise.
func TestManyShards(t *testing.T) {
	k, m := 700, 500
	if full() {
		k, m = 32768, 32768
	}
	c := newCode(t, k, m)
	s := store(t, c, 3_000_000, nil)
	if s.m.Block > 1<<16 {
		t.Errorf("stripes of %d bytes", s.m.Block*(k+m))
	}
	var lost []int
	for i := range m - 1 {
		lost = append(lost, i)
	}
	s.shards[k+m-1][9] ^= 1
	var got bytes.Buffer
	if report, err := Decode(bg, s.m, s.readers(lost...), &got, nil); err != nil || !bytes.Equal(got.Bytes(), s.data) {
		t.Fatal(len(report.Missing), report.Bad, err)
	}
	if _, err := Decode(bg, s.m, s.readers(append(lost, k-1)...), io.Discard, nil); !errors.Is(err, ErrTooFewShards) {
		t.Fatal(err)
	}
	p, err := s.m.Prove(k, nil)
	if err != nil || p.Verify(s.root, nil) != nil {
		t.Fatal(err)
	}
}

// TestEncodeShards compares the fused pass in memory with the stream.
func TestEncodeShards(t *testing.T) {
	for _, c := range coders(t) {
		opt := &Options{Block: 1 << 10}
		s := store(t, c, 54_321, opt)
		shards := cloneShards(s.shards)
		for i := c.Data(); i < len(shards); i++ {
			clear(shards[i])
		}
		m, err := EncodeShards(bg, c, shards, 54_321, opt)
		if err != nil {
			t.Fatal(err)
		}
		if root, err := m.Root(opt); err != nil || root != s.root || !equalShards(shards, s.shards) {
			t.Errorf("%s: %v", c.Name(), err)
		}
		for _, size := range []int64{-1, 0, 1, 1 << 40} {
			if _, err := EncodeShards(bg, c, shards, size, opt); !errors.Is(err, ErrShardSize) {
				t.Errorf("%s size %d: %v", c.Name(), size, err)
			}
		}
	}
}

// countingReader counts the bytes read from a shard.
type countingReader struct {
	io.ReaderAt
	n *int64
}

func (c countingReader) ReadAt(b []byte, off int64) (int, error) {
	*c.n += int64(len(b))
	return c.ReaderAt.ReadAt(b, off)
}

// TestRepairStreamsRead measures what a repair over streams reads.
func TestRepairStreamsRead(t *testing.T) {
	for _, x := range []struct {
		c     Coder
		limit float64 // of the data shards' bytes
	}{{newCode(t, 10, 4), 1}, {newLRC(t, 0), 0.5}, {newClay(t), 0.33}} {
		s := store(t, x.c, 200_000, &Options{Block: 1 << 12})
		var read int64
		in := s.readers()
		for i := range in {
			in[i] = countingReader{in[i], &read}
		}
		out := make([]io.Writer, len(in))
		var got bytes.Buffer
		out[3] = &got
		report, err := Repair(bg, s.m, in, out, &Options{Workers: 1})
		if err != nil || !bytes.Equal(got.Bytes(), s.shards[3]) {
			t.Fatal(err)
		}
		limit := x.limit * float64(x.c.Data()) * float64(len(s.shards[3]))
		if float64(read) > limit || report.Read != read || report.Rebuilt != int64(got.Len()) {
			t.Errorf("%s: read %d, reported %d, limit %v", x.c.Name(), read, report.Read, limit)
		}
		// A helper that lies in a local repair is found out by the result and the repair still succeeds.
		s.shards[4][100] ^= 1
		got.Reset()
		if report, err = Repair(bg, s.m, s.readers(), out, nil); err != nil || !bytes.Equal(got.Bytes(), s.shards[3]) {
			t.Errorf("%s: %v %v", x.c.Name(), report, err)
		}
	}
}

// TestShardProofs opens every shard of a manifest with each hasher, and refuses every changed bit.
func TestShardProofs(t *testing.T) {
	for _, opt := range []*Options{{Block: 1 << 10}, {Block: 1 << 10, Hasher: sha2.SHA254{}}} {
		s := store(t, newCode(t, 5, 2), 9_000, opt)
		proofs, err := s.m.ProveAll(opt)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range proofs {
			b, err := p.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			var q ShardProof
			if err := q.UnmarshalBinary(b); err != nil || q.Shard != i {
				t.Fatal(err)
			}
			if err := q.Verify(s.root, opt); err != nil {
				t.Fatal(err)
			}
			for b := range q.BlocksPerShard() {
				own := s.shards[i][b<<10 : min(int64(len(s.shards[i])), (b+1)<<10)]
				if err := q.CheckBlock(b, own, opt); err != nil {
					t.Fatal(err)
				}
				for _, bad := range []error{q.CheckBlock(b, own[1:], opt), q.CheckBlock(b^1, own, opt), q.CheckBlock(-1, own, opt), q.CheckBlock(99, own, opt)} {
					if !errors.Is(bad, ErrProof) {
						t.Fatal(bad)
					}
				}
			}
			for n := range 8 * len(b) {
				if i > 0 && n%97 != 0 {
					continue
				}
				bad := bytes.Clone(b)
				bad[n/8] ^= 1 << (n % 8)
				var q ShardProof
				if q.UnmarshalBinary(bad) == nil && q.Verify(s.root, opt) == nil {
					t.Fatalf("bit %d accepted", n)
				}
			}
		}
		if _, err := Decode(bg, s.m, s.readers(), io.Discard, nil); (err == nil) != (opt.Hasher == nil) {
			t.Errorf("hasher %v: %v", opt.Hasher, err)
		}
		if _, err := Decode(bg, s.m, s.readers(), io.Discard, opt); err != nil {
			t.Error(err)
		}
	}
}

func TestManifestBytes(t *testing.T) {
	commit := func(shard int) (io.Writer, func() (merkle.Digest, error)) {
		var b bytes.Buffer
		return &b, func() (d merkle.Digest, err error) {
			sha2.Sum([]merkle.Digest{}, nil, 0)
			one := make([]merkle.Digest, 1)
			sha2.Sum(one, b.Bytes(), b.Len())
			return one[0], nil
		}
	}
	for _, opt := range []*Options{{Block: 1 << 10}, {Block: 1 << 10, Commit: commit}} {
		s := store(t, newCode(t, 3, 2), 7_000, opt)
		b, err := s.m.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		var m Manifest
		if err := m.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if root, err := m.Root(nil); err != nil || root != s.root {
			t.Fatal(err)
		}
		for i := range s.shards {
			one := make([]merkle.Digest, 1)
			sha2.Sum(one, s.shards[i], len(s.shards[i]))
			if d, ok := m.Commitment(i); ok != (opt.Commit != nil) || ok && d != one[0] {
				t.Error("commitment", i)
			}
		}
		for i := range 8 * len(b) {
			bad := bytes.Clone(b)
			bad[i/8] ^= 1 << (i % 8)
			var m Manifest
			if m.UnmarshalBinary(bad) != nil {
				continue
			}
			if root, err := m.Root(nil); err == nil && root == s.root {
				t.Fatalf("bit %d does not matter", i)
			}
		}
		for n := range len(b) + 100 {
			if n != len(b) && m.UnmarshalBinary(append(bytes.Clone(b), make([]byte, 200)...)[:n]) == nil {
				t.Fatalf("length %d accepted", n)
			}
		}
	}
}

// TestDecodeIsRightOrAnError corrupts and loses at random.
func TestDecodeIsRightOrAnError(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	for _, c := range []Coder{newCode(t, 4, 2), newLRC(t, 0), newClay(t)} {
		s := store(t, c, 50_000, &Options{Block: 1 << 10})
		for range 60 {
			bad := &stored{m: s.m, shards: cloneShards(s.shards)}
			var lost, hit []int
			for range r.IntN(c.Parity() + 2) {
				i := r.IntN(len(bad.shards))
				if r.IntN(2) == 0 {
					lost = append(lost, i)
				} else {
					bad.shards[i][r.IntN(len(bad.shards[i]))] ^= 1 << r.IntN(8)
					hit = append(hit, i)
				}
			}
			for _, salvage := range []bool{false, true} {
				var got bytes.Buffer
				report, err := Decode(bg, s.m, bad.readers(lost...), &got, &Options{Salvage: salvage})
				if err == nil && !bytes.Equal(got.Bytes(), s.data) || err != nil && !errors.Is(err, ErrTooFewShards) {
					t.Fatalf("%s lost %v hit %v: %v", c.Name(), lost, hit, err)
				}
				if err != nil && !bytes.HasPrefix(s.data, got.Bytes()) {
					t.Fatal("wrong bytes before the error")
				}
				if err != nil && len(lost)+len(hit) <= c.Parity() && c.Name()[:3] != "lrc" {
					t.Fatalf("%s lost %v hit %v: %v %v", c.Name(), lost, hit, report, err)
				}
			}
		}
	}
}

func BenchmarkEncodeShards(b *testing.B) {
	c := newCode(b, 10, 4)
	shards := encoded(b, c, 1<<20, 1)
	b.SetBytes(10 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := EncodeShards(bg, c, shards, 10<<20, &Options{Workers: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, s := range [][3]int{{10, 4, 1 << 20}, {29, 51, 16 << 10}} {
		b.Run(fmt.Sprintf("data=%d/parity=%d/size=%d/workers=1", s[0], s[1], s[2]), func(b *testing.B) {
			c := newCode(b, s[0], s[1])
			o := store(b, c, s[0]*s[2], &Options{Workers: 1})
			readers := o.readers()
			var w bytes.Buffer
			b.SetBytes(int64(s[0] * s[2]))
			b.ReportAllocs()
			for b.Loop() {
				w.Reset()
				if _, err := Decode(bg, o.m, readers, &w, &Options{Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
