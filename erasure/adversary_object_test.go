package erasure

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/klauspost/reedsolomon"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
)

// flippedPresent also shows what the bare code does with a wrong shard: wrong data and no error.
func flippedPresent(t *testing.T, n *tally) {
	s := store(t, newCode(t, 6, 3), 60_000, &Options{Block: 1 << 10})
	r := rand.New(rand.NewPCG(2, 1))
	for range some(300, 3_000) {
		bad := &stored{m: s.m, shards: cloneShards(s.shards)}
		at := r.Perm(9)
		shard, lost := at[0], at[1:1+r.IntN(3)]
		pos := r.IntN(len(bad.shards[shard]))
		bad.shards[shard][pos] ^= 1 << r.IntN(8)
		n.wrong(func() bool {
			report, err := Verify(bg, s.m, bad.readers(lost...), nil)
			if !errors.Is(err, ErrProof) || len(report.Bad) != 1 || report.Bad[0] != (Block{shard, int64(pos >> 10)}) {
				return true
			}
			var got bytes.Buffer
			_, err = Decode(bg, s.m, bad.readers(lost...), &got, nil)
			return err != nil || !bytes.Equal(got.Bytes(), s.data)
		})
	}
	enc, err := reedsolomon.New(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	peer := cloneShards(s.shards)
	peer[5][5] ^= 1
	peer[0] = nil
	if err := enc.Reconstruct(peer); err != nil || bytes.Equal(peer[0], s.shards[0]) {
		t.Errorf("the peer's behaviour has changed: %v", err)
	}
}

func tooManyBad(t *testing.T, n *tally) {
	r := rand.New(rand.NewPCG(3, 1))
	for _, c := range []Coder{newCode(t, 4, 2), newCode(t, 12, 3), newClay(t)} {
		disk := durabletest.NewDisk()
		s := openStore(t, disk)
		data := randomBytes(4, 30_000)
		root, m := put(t, s, c, data, &Options{Block: 1 << 10})
		clean := snapshot(disk)
		for range some(20, 200) {
			for _, i := range r.Perm(c.Data() + c.Parity())[:c.Parity()+1] {
				disk.Bytes(path.Join(objectDir(root), shardName(i)))[r.Int64N(m.ShardSize())] ^= 8
			}
			before := snapshot(disk)
			n.wrong(func() bool {
				_, err := s.Repair(bg, root, nil)
				return !errors.Is(err, ErrTooFewShards) || !equalFiles(before, snapshot(disk))
			})
			n.wrong(func() bool {
				var got bytes.Buffer
				_, err := s.Get(bg, root, &got, nil)
				return err == nil && !bytes.Equal(got.Bytes(), data) || err != nil && !bytes.HasPrefix(data, got.Bytes())
			})
			if names, _ := disk.List(storeTmp); len(names) != 0 {
				t.Fatal(names)
			}
			for name, b := range clean {
				copy(disk.Bytes(name), b)
			}
		}
	}
	for _, s := range [][2]int{{4, 2}, {20, 12}, {300, 20}} {
		c := newCode(t, s[0], s[1])
		want := encoded(t, c, 64, 1)
		got := cloneShards(want)
		marker := randomBytes(9, 64)
		for i := range s[1] + 1 {
			got[i] = bytes.Clone(marker)[:0]
		}
		n.wrong(func() bool {
			if err := c.Reconstruct(got); !errors.Is(err, ErrTooFewShards) {
				return true
			}
			for i := range s[1] + 1 {
				if len(got[i]) != 0 || !bytes.Equal(got[i][:64], marker) {
					return true
				}
			}
			return !equalShards(got[s[1]+1:], want[s[1]+1:])
		})
	}
}

func forgedManifests(t *testing.T, n *tally) {
	s := store(t, newCode(t, 4, 2), 20_000, &Options{Block: 1 << 10})
	refused := func(change func(m *Manifest)) {
		m := &Manifest{Header: s.m.Header, Blocks: slices.Clone(s.m.Blocks), Commitments: slices.Clone(s.m.Commitments)}
		change(m)
		n.wrong(func() bool { root, err := m.Root(nil); return err == nil && root == s.root })
	}
	each := len(s.m.Blocks) / 6
	for i := range s.m.Blocks {
		for _, j := range []int{(i + 1) % len(s.m.Blocks), (i + each) % len(s.m.Blocks)} {
			refused(func(m *Manifest) { m.Blocks[i], m.Blocks[j] = m.Blocks[j], m.Blocks[i] })
		}
	}
	for _, f := range []func(h *Manifest){
		func(m *Manifest) { m.Data, m.Parity = 5, 1 },
		func(m *Manifest) { m.Data, m.Parity = 3, 3 },
		func(m *Manifest) { m.Parity++ },
		func(m *Manifest) { m.Size++ },
		func(m *Manifest) { m.Size-- },
		func(m *Manifest) { m.Size = 0 },
		func(m *Manifest) { m.Size = -1 },
		func(m *Manifest) { m.Size = math.MaxInt64 },
		func(m *Manifest) { m.Block = 1 << 11 },
		func(m *Manifest) { m.Block = 0 },
		func(m *Manifest) { m.Code = "rs16" },
		func(m *Manifest) { m.Code = "lrc/2/2/0" },
		func(m *Manifest) { m.Code = "none" },
		func(m *Manifest) { m.Hasher = "sha256" },
		func(m *Manifest) { m.Hasher = "" },
		func(m *Manifest) { m.Blocks = m.Blocks[:len(m.Blocks)-1] },
		func(m *Manifest) { m.Blocks = append(m.Blocks, merkle.Digest{}) },
		func(m *Manifest) { m.Blocks = nil },
		func(m *Manifest) { m.Commitments = make([]merkle.Digest, 5) },
		func(m *Manifest) { m.Commitments = []merkle.Digest{0: {1}, 5: {}} },
	} {
		refused(f)
	}
	proof, err := s.m.Prove(2, nil)
	if err != nil {
		t.Fatal(err)
	}
	forged := s.root
	forged[7] ^= 1
	n.wrong(func() bool { return !errors.Is(proof.Verify(forged, nil), ErrProof) })
	other, _ := s.m.Prove(3, nil)
	for _, p := range []ShardProof{
		{Header: proof.Header, Shard: 3, Blocks: proof.Blocks, Siblings: proof.Siblings, Tree: proof.Tree},
		{Header: proof.Header, Shard: 2, Blocks: other.Blocks, Siblings: proof.Siblings, Tree: proof.Tree},
		{Header: proof.Header, Shard: 2, Blocks: proof.Blocks, Siblings: other.Siblings, Tree: proof.Tree},
		{Header: proof.Header, Shard: 2, Blocks: proof.Blocks, Siblings: proof.Siblings[:1], Tree: proof.Tree},
		{Header: proof.Header, Shard: 2, Blocks: proof.Blocks, Siblings: append(proof.Siblings, proof.Tree), Tree: proof.Tree},
		{Header: proof.Header, Shard: 2, Blocks: proof.Blocks, Siblings: proof.Siblings, Tree: s.root},
		{Header: proof.Header, Shard: -1, Blocks: proof.Blocks, Siblings: proof.Siblings, Tree: proof.Tree},
		{Header: proof.Header, Shard: 6, Blocks: proof.Blocks, Siblings: proof.Siblings, Tree: proof.Tree},
		{},
	} {
		n.wrong(func() bool { return p.Verify(s.root, nil) == nil })
	}
}

// decoders are all that reads bytes from elsewhere.
var decoders = []func([]byte) error{
	func(b []byte) error { return new(Manifest).UnmarshalBinary(b) },
	func(b []byte) error { return new(ShardProof).UnmarshalBinary(b) },
	func(b []byte) error { return new(Sample).UnmarshalBinary(b) },
	func(b []byte) error { return new(FraudProof).UnmarshalBinary(b) },
}

// goodBytes returns valid bytes for each decoder.
func goodBytes(t testing.TB) [][]byte {
	s := store(t, newCode(t, 3, 2), 5_000, &Options{Block: 1 << 10})
	manifest, err1 := s.m.AppendBinary(nil)
	p, err2 := s.m.Prove(1, nil)
	proof, err3 := p.AppendBinary(nil)
	square, roots := liar(t, 2, 64, 1, 3)
	q, err4 := square.Sample(Row, 1, 2)
	sample, err5 := q.AppendBinary(nil)
	f, err6 := square.Prove(roots, Row, 1)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		t.Fatal(err)
	}
	fraud, err := f.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return [][]byte{manifest, proof, sample, fraud}
}

func hostileLengths(t *testing.T, n *tally) {
	var before, after runtime.MemStats
	for i, good := range goodBytes(t) {
		if err := decoders[i](good); err != nil {
			t.Fatal(err)
		}
		for at := range good {
			for _, v := range []uint64{0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff, 1 << 56, math.MaxInt64, math.MaxUint64} {
				b := append(bytes.Clone(good), make([]byte, 8)...)
				binary.LittleEndian.PutUint64(b[at:], v)
				b = b[:len(good)]
				runtime.ReadMemStats(&before)
				n.wrong(func() bool { _ = decoders[i](b); return false })
				runtime.ReadMemStats(&after)
				if spent := after.TotalAlloc - before.TotalAlloc; spent > 64<<10+8*uint64(len(b)) {
					n.accepted++
				}
			}
		}
	}
}

// TestMain judges a fraud proof in a fresh process when its environment says so: roots, then proof.
func TestMain(m *testing.M) {
	if name := os.Getenv("ASSAY_TEST_FRAUD"); name != "" {
		os.Exit(judge(name))
	}
	os.Exit(m.Run())
}

// fraudFile writes width, size, roots and the proof's bytes.
func fraudFile(dir string, roots Roots, size int, proof []byte) (string, error) {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(roots.Rows)))
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = append(append(b, merkle.Bytes(roots.Rows)...), merkle.Bytes(roots.Columns)...)
	name := filepath.Join(dir, "fraud")
	return name, os.WriteFile(name, append(b, proof...), 0o600)
}

func judge(name string) int {
	b, err := os.ReadFile(name)
	if err != nil {
		return 3
	}
	width, size := int(binary.LittleEndian.Uint32(b)), int(binary.LittleEndian.Uint32(b[4:]))
	b = b[8:]
	roots := Roots{Rows: make([]merkle.Digest, width), Columns: make([]merkle.Digest, width)}
	b = b[copy(merkle.Bytes(roots.Rows), b):]
	b = b[copy(merkle.Bytes(roots.Columns), b):]
	var p FraudProof
	if p.UnmarshalBinary(b) != nil || roots.VerifyFraud(&p, size) != nil {
		return 1
	}
	return 0
}

func fraudProofs(t *testing.T, n *tally) {
	const k, size = 4, 64
	dir := t.TempDir()
	for row := range 2 * k {
		for col := range 2 * k {
			bad, roots := liar(t, k, size, row, col)
			var byz *ByzantineError
			whole, _ := NewSquare(k, size)
			for i := range bad.have {
				_ = whole.Set(i/(2*k), i%(2*k), bad.at(i))
			}
			n.wrong(func() bool { return !errors.As(whole.Repair(bg, roots, nil), &byz) })
			for _, a := range []Axis{Row, Column} {
				line := row
				if a == Column {
					line = col
				}
				n.wrong(func() bool {
					return n.fraud(t, dir, whole, roots, a, line, (row*2*k+col)%16 == 5 && (row < 2 || !slow()))
				})
			}
			// Lines that were not touched cannot be accused.
			for _, a := range []Axis{Row, Column} {
				for i := range 2 * k {
					if a == Row && i != row || a == Column && i != col {
						n.wrong(func() bool { _, err := whole.Prove(roots, a, i); return !errors.Is(err, ErrProof) })
					}
				}
			}
		}
	}
	runs := some(300, 10_000)
	for i := range runs {
		square, roots := extended(t, 1+i%4, size, uint64(i))
		part, _ := NewSquare(square.k, size)
		r := rand.New(rand.NewPCG(uint64(i), 10))
		for j := range square.have {
			if r.IntN(5) > 0 {
				_ = part.Set(j/(2*square.k), j%(2*square.k), square.at(j))
			}
		}
		var byz *ByzantineError
		n.wrong(func() bool { return errors.As(part.Repair(bg, roots, nil), &byz) })
		n.wrong(func() bool {
			_, err := square.Prove(roots, Axis(i%2), i%(2*square.k))
			return !errors.Is(err, ErrProof)
		})
	}
}

// fraud makes the proof for a bad line, has it judged, tampers with it, and offers it against an honest square.
func (n *tally) fraud(t *testing.T, dir string, s *Square, roots Roots, a Axis, line int, thorough bool) (bad bool) {
	p, err := s.Prove(roots, a, line)
	if err != nil {
		return true
	}
	b, err := p.AppendBinary(nil)
	if err != nil {
		return true
	}
	var fresh FraudProof
	if fresh.UnmarshalBinary(b) != nil || roots.VerifyFraud(&fresh, s.size) != nil {
		return true
	}
	_, honest := extended(t, s.k, s.size, 9)
	n.wrong(func() bool { return !errors.Is(honest.VerifyFraud(&fresh, s.size), ErrProof) })
	if !thorough {
		return false
	}
	name, err := fraudFile(dir, roots, s.size, b)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ASSAY_TEST_FRAUD="+name)
	n.wrong(func() bool { return cmd.Run() != nil })
	for bit := range 8 * len(b) {
		tampered := bytes.Clone(b)
		tampered[bit/8] ^= 1 << (bit % 8)
		n.wrong(func() bool {
			var p FraudProof
			return p.UnmarshalBinary(tampered) == nil && roots.VerifyFraud(&p, s.size) == nil
		})
	}
	return false
}

// failing passes n bytes, then fails.
type failing struct {
	n   int
	err error
}

func (f *failing) Write(b []byte) (int, error) {
	if len(b) <= f.n {
		f.n -= len(b)
		return len(b), nil
	}
	return f.n, f.err
}

func (f *failing) ReadAt(b []byte, off int64) (int, error) { return 0, f.err }

var errIO = errors.New("bad sector")

func brokenStreams(t *testing.T, n *tally) {
	const size = 9_000
	c := newCode(t, 3, 2)
	opt := &Options{Block: 1 << 10, Workers: 1}
	s := store(t, c, size, opt)
	for at := 0; at < size; at += 1 + size/some(150, 1_500) {
		w := make([]io.Writer, 5)
		for i := range w {
			w[i] = io.Discard
		}
		n.wrong(func() bool { // a reader that fails at byte at
			m, err := Encode(bg, c, io.MultiReader(bytes.NewReader(s.data[:at]), &errReader{errIO}), w, opt)
			return !errors.Is(err, errIO) || m != nil
		})
		n.wrong(func() bool { // a reader that says itself that its input was cut short
			m, err := Encode(bg, c, io.MultiReader(bytes.NewReader(s.data[:at]), &errReader{io.ErrUnexpectedEOF}), w, opt)
			return !errors.Is(err, io.ErrUnexpectedEOF) || m != nil
		})
		n.wrong(func() bool { // a reader that gives nothing for ever
			m, err := Encode(bg, c, io.MultiReader(bytes.NewReader(s.data[:at]), &errReader{}), w, opt)
			return !errors.Is(err, io.ErrNoProgress) || m != nil
		})
		each := int(s.m.ShardSize())
		w[at%5] = &failing{at % each, syscall.ENOSPC}
		n.wrong(func() bool {
			m, err := Encode(bg, c, bytes.NewReader(s.data), w, opt)
			return !errors.Is(err, syscall.ENOSPC) || m != nil
		})
		w[at%5] = &failing{at % each, nil} // a short write without an error
		n.wrong(func() bool {
			m, err := Encode(bg, c, bytes.NewReader(s.data), w, opt)
			return !errors.Is(err, io.ErrShortWrite) || m != nil
		})
		n.wrong(func() bool {
			_, err := Decode(bg, s.m, s.readers(1), &failing{at, syscall.ENOSPC}, opt)
			return !errors.Is(err, syscall.ENOSPC)
		})
		n.wrong(func() bool {
			out := make([]io.Writer, 5)
			out[at%5] = &failing{at % each, syscall.ENOSPC}
			_, err := Repair(bg, s.m, s.readers(), out, opt)
			return !errors.Is(err, syscall.ENOSPC)
		})
		n.wrong(func() bool { // a shard that ends early, another that cannot be read
			in := s.readers()
			in[at%5] = bytes.NewReader(s.shards[at%5][:at%each])
			in[(at+1)%5] = &failing{0, errIO}
			var got bytes.Buffer
			_, err := Decode(bg, s.m, in, &got, opt)
			return err != nil || !bytes.Equal(got.Bytes(), s.data)
		})
	}
}

type errReader struct{ err error }

func (e *errReader) Read([]byte) (int, error) { return 0, e.err }

func concurrentRepair(t *testing.T, n *tally) {
	dir := t.TempDir()
	folder, err := durable.OpenOS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	s := openStore(t, folder)
	defer s.Close()
	data := randomBytes(1, 200_000)
	root, m := put(t, s, newCode(t, 6, 3), data, &Options{Block: 1 << 12})
	r := rand.New(rand.NewPCG(15, 1))
	for range some(20, 200) {
		for _, i := range r.Perm(9)[:3] {
			name := filepath.Join(dir, objectDir(root), shardName(i))
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			b[r.Int64N(m.ShardSize())] ^= 2
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		bad := make([]bool, 6)
		for w := range bad {
			wg.Go(func() {
				if w < 2 {
					_, err := s.Repair(bg, root, nil)
					bad[w] = err != nil
					return
				}
				var got bytes.Buffer
				_, err := s.Get(bg, root, &got, nil)
				bad[w] = err != nil || !bytes.Equal(got.Bytes(), data)
			})
		}
		wg.Wait()
		n.wrong(func() bool { return slices.Contains(bad, true) })
	}
	n.wrong(func() bool { report, err := s.Scrub(bg, root, nil); return err != nil || !report.Clean() })
}

func rot(t *testing.T, n *tally) {
	tried, wrong := bitRot(t)
	n.tried += tried
	n.accepted += wrong
}
