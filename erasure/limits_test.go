package erasure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/blake3"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/merkle/sha2"
)

// endless is n pseudo-random bytes that are never all in memory; as a ReaderAt, shards of such a stream.
type endless struct {
	left int64
	r    *rand.ChaCha8
}

func (e *endless) Read(b []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := int(min(e.left, int64(len(b))))
	e.left -= int64(n)
	return e.r.Read(b[:n])
}

// TestConstantMemory codes, verifies, decodes and repairs 64 MiB (512 in the acceptance run) from files. All that
// it allocates on the way, freed or not, is one stripe and little for each MiB.
func TestConstantMemory(t *testing.T) {
	if testing.Short() || raceOn {
		t.Skip("-short or race: memory of a long, plain run")
	}
	size := int64(some(64, 512)) << 20
	c := newCode(t, 10, 4)
	dir := t.TempDir()
	opt := &Options{Block: 1 << 18}
	w, in := make([]io.Writer, 14), make([]io.ReaderAt, 14)
	for i := range w {
		f, err := os.Create(fmt.Sprintf("%s/%d", dir, i))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		w[i], in[i] = f, f
	}
	bounded := func(name string, f func() error) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := f()
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(name, err)
		}
		if spent, limit := int64(after.TotalAlloc-before.TotalAlloc), int64(6<<20)+size/64; spent > limit {
			t.Errorf("%s of %d bytes allocated %d, limit %d", name, size, spent, limit)
		}
	}
	var m *Manifest
	bounded("encode", func() (err error) {
		m, err = Encode(bg, c, &endless{size, rand.NewChaCha8([32]byte{1})}, w, opt)
		return err
	})
	bounded("verify", func() error { _, err := Verify(bg, m, in, opt); return err })
	in[2], in[7] = nil, nil
	bounded("decode", func() error {
		_, err := Decode(bg, m, in, &compare{r: rand.NewChaCha8([32]byte{1})}, opt)
		return err
	})
	out := make([]io.Writer, 14)
	out[2] = io.Discard
	bounded("repair", func() error { _, err := Repair(bg, m, in, out, opt); return err })
}

// compare accepts only the bytes of a stream.
type compare struct {
	r    *rand.ChaCha8
	want []byte
}

func (c *compare) Write(b []byte) (int, error) {
	c.want = append(c.want[:0], b...)
	c.r.Read(c.want)
	if !bytes.Equal(b, c.want) {
		return 0, errors.New("wrong data")
	}
	return len(b), nil
}

// TestCancel ends the context at every step of each stream: the error is the context's, and no goroutine is left.
func TestCancel(t *testing.T) {
	c := newCode(t, 3, 2)
	s := store(t, c, 20_000, &Options{Block: 1 << 10})
	square, roots := extended(t, 16, 64, 1)
	w := []io.Writer{io.Discard, io.Discard, io.Discard, io.Discard, io.Discard}
	runs := map[string]func(context.Context, *Options) error{
		"encode": func(ctx context.Context, o *Options) error {
			o.Block = 1 << 10
			_, err := Encode(ctx, c, bytes.NewReader(s.data), w, o)
			return err
		},
		"verify": func(ctx context.Context, o *Options) error { _, err := Verify(ctx, s.m, s.readers(), o); return err },
		"decode": func(ctx context.Context, o *Options) error {
			_, err := Decode(ctx, s.m, s.readers(), io.Discard, o)
			return err
		},
		"repair": func(ctx context.Context, o *Options) error {
			_, err := Repair(ctx, s.m, s.readers(), []io.Writer{io.Discard, nil, nil, nil, nil}, o)
			return err
		},
	}
	before := runtime.NumGoroutine()
	for name, run := range runs {
		for step := range 4 {
			ctx, cancel := context.WithCancel(bg)
			calls := 0
			opt := &Options{Workers: 7, Progress: func(stage string, done, total uint64) {
				if stage != name || total != 0 && done > total {
					t.Errorf("%s: progress %s %d of %d", name, stage, done, total)
				}
				if calls++; calls == step {
					cancel()
				}
			}}
			if step == 0 {
				cancel()
			}
			if err := run(ctx, opt); !errors.Is(err, context.Canceled) {
				t.Errorf("%s step %d: %v", name, step, err)
			}
			cancel()
		}
	}
	ctx, cancel := context.WithCancel(bg)
	cancel()
	part, _ := NewSquare(16, 64)
	for i := range 16 {
		for j := range 16 {
			_ = part.Set(i, j, square.Shard(i, j))
		}
	}
	if err := part.Repair(ctx, roots, nil); !errors.Is(err, context.Canceled) || part.Missing() != 32*32-256 {
		t.Error(err, part.Missing())
	}
	for range 30_000 { // ended ones are counted until the machine lets them go
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, before %d", runtime.NumGoroutine(), before)
}

// TestHashers makes and reads manifests with every kind of hasher.
func TestHashers(t *testing.T) {
	var roots []merkle.Digest
	for _, h := range []merkle.Hasher{nil, blake3.Hasher{}, sha2.SHA256{}, sha2.SHA254{}, poseidon.Hasher{}} {
		opt := &Options{Block: 1 << 10, Hasher: h}
		s := store(t, newCode(t, 3, 2), 5_000, opt)
		s.shards[1][40] ^= 1
		report, err := Verify(bg, s.m, s.readers(), opt)
		if !errors.Is(err, ErrProof) || len(report.Bad) != 1 || report.Bad[0] != (Block{1, 0}) {
			t.Errorf("%v: %v %v", h, report, err)
		}
		var got bytes.Buffer
		if _, err := Decode(bg, s.m, s.readers(), &got, opt); err != nil || !bytes.Equal(got.Bytes(), s.data) {
			t.Errorf("%v: %v", h, err)
		}
		p, err := s.m.Prove(4, opt)
		if err != nil || p.Verify(s.root, opt) != nil {
			t.Errorf("%v: %v", h, err)
		}
		roots = append(roots, s.root)
	}
	if roots[0] != roots[1] {
		t.Error("BLAKE3 is the default")
	}
	for i := 1; i < len(roots); i++ {
		for j := i + 1; j < len(roots); j++ {
			if roots[i] == roots[j] {
				t.Error("two hashers, one root")
			}
		}
	}
}

// TestAllocations bounds the allocations of the hot calls.
func TestAllocations(t *testing.T) {
	if raceOn {
		t.Skip("race: allocations are not counted")
	}
	narrow, broad := newCode(t, 10, 4), newCode(t, 17, 3)
	a, b := encoded(t, narrow, 4096, 1), encoded(t, broad, 4096, 1)
	square, roots := extended(t, 8, 64, 1)
	sample, err := square.Sample(Row, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name   string
		budget float64
		f      func()
	}{
		{"encode 10+4", 2, func() { _ = narrow.Encode(a) }},
		{"encode 17+3", 2, func() { _ = broad.Encode(b) }},
		{"reconstruct 17+3", 12, func() { b[0], b[18] = b[0][:0], b[18][:0]; _ = broad.Reconstruct(b) }},
		{"verify sample", 4, func() { _ = roots.Verify(sample, 64) }},
		{"manifest 10+4", 60, func() { _, _ = EncodeShards(bg, narrow, a, 40960, &Options{Workers: 1}) }},
	} {
		if got := testing.AllocsPerRun(20, x.f); got > x.budget {
			t.Errorf("%s: %v allocations, budget %v", x.name, got, x.budget)
		}
	}
}

func ExampleEncode() {
	code, _ := New(4, 2, nil)
	ctx := context.Background()
	shards, w := make([]bytes.Buffer, 6), make([]io.Writer, 6)
	for i := range w {
		w[i] = &shards[i]
	}
	manifest, _ := Encode(ctx, code, bytes.NewReader(bytes.Repeat([]byte("object "), 1000)), w, nil)
	root, _ := manifest.Root(nil) // this is what must be kept safe

	proof, _ := manifest.Prove(1, nil) // this is what shard 1 carries
	fmt.Println(proof.Verify(root, nil))

	shards[3].Bytes()[123] ^= 1 // rots
	in := make([]io.ReaderAt, 6)
	for i := range in {
		in[i] = bytes.NewReader(shards[i].Bytes())
	}
	in[0] = nil // is lost
	var object bytes.Buffer
	report, err := Decode(ctx, manifest, in, &object, nil)
	fmt.Println(object.Len(), report.Missing, report.Bad, err)
	// Output:
	// <nil>
	// 7000 [0] [{3 0}] <nil>
}

func ExampleSquare_Prove() {
	ctx := context.Background()
	square, _ := Extend(make([]byte, 4*4*64), 64, nil)
	liar, _ := NewSquare(4, 64)
	for i := range 8 {
		for j := range 8 {
			_ = liar.Set(i, j, square.Shard(i, j))
		}
	}
	liar.Shard(2, 7)[0] = 1 // a parity shard that is none
	roots, _ := liar.Roots(ctx, nil)

	var byzantine *ByzantineError
	fmt.Println(errors.As(liar.Repair(ctx, roots, nil), &byzantine), byzantine)
	proof, _ := liar.Prove(roots, byzantine.Axis, byzantine.Index)
	fmt.Println(roots.VerifyFraud(proof, 64)) // the roots and the proof are enough
	// Output:
	// true erasure: row 2 is not what its root promises
	// <nil>
}

func ExampleRepair() {
	clay, _ := NewClay(nil)
	ctx := context.Background()
	shards, w := make([]bytes.Buffer, 14), make([]io.Writer, 14)
	for i := range w {
		w[i] = &shards[i]
	}
	manifest, _ := Encode(ctx, clay, bytes.NewReader(make([]byte, 10<<16)), w, nil)

	in, out := make([]io.ReaderAt, 14), make([]io.Writer, 14)
	for i := range in {
		in[i] = bytes.NewReader(shards[i].Bytes())
	}
	var rebuilt bytes.Buffer
	out[5] = &rebuilt
	report, err := Repair(ctx, manifest, in, out, nil)
	fmt.Println(bytes.Equal(rebuilt.Bytes(), shards[5].Bytes()), float64(report.Read)/float64(report.Rebuilt), err)
	// Output: true 3.25 <nil>
}

func ExampleEncodeShards() {
	code, _ := New(10, 4, nil)
	shards, _ := code.Split(bytes.Repeat([]byte("storage "), 1000))
	manifest, _ := EncodeShards(context.Background(), code, shards, 8000, nil)
	root, err := manifest.Root(nil)
	fmt.Printf("%x %v\n", root[:4], err)
	// Output: bcd50161 <nil>
}

func ExampleLRC_Plan() {
	lrc, _ := NewLRC(LRCShape{Data: 12, Groups: 2, Global: 2}, nil)
	plan, err := lrc.Plan(3, make([]bool, 16), 1<<20)
	for _, r := range plan.Reads {
		fmt.Print(r.Shard, " ")
	}
	fmt.Println(plan.Bytes()>>20, "MiB", err)
	// Output: 0 1 2 4 5 12 6 MiB <nil>
}

// TestHeaderOfNothing: headers that no encoder writes have no shards; nothing divides by zero or overflows.
func TestHeaderOfNothing(t *testing.T) {
	c, err := New(2, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	good := Header{Code: c.Name(), Hasher: "blake3", Data: 2, Parity: 1, Block: 1 << 10, Size: 5000}
	if good.ShardSize() == 0 || good.BlocksPerShard() == 0 {
		t.Fatalf("%+v has no shards", good)
	}
	for _, change := range []func(h *Header){
		func(h *Header) { *h = Header{} }, func(h *Header) { h.Data = 0 }, func(h *Header) { h.Data = -1 }, func(h *Header) { h.Block = 0 },
		func(h *Header) { h.Block = -1 << 10 }, func(h *Header) { h.Size = -1 }, func(h *Header) { h.Size = 1<<63 - 1 },
		func(h *Header) { h.Data = math.MaxInt }, func(h *Header) { h.Code = "none" },
	} {
		h := good
		change(&h)
		if h.ShardSize() != 0 || h.BlocksPerShard() != 0 {
			t.Errorf("%+v: shards of %d bytes, %d blocks", h, h.ShardSize(), h.BlocksPerShard())
		}
		m := &Manifest{Header: h}
		if _, err := m.Root(nil); err == nil {
			t.Errorf("%+v has a root", h)
		}
		if _, err := Decode(bg, m, make([]io.ReaderAt, 3), io.Discard, nil); err == nil {
			t.Errorf("%+v was decoded", h)
		}
	}
	if _, err := Encode(bg, c, bytes.NewReader([]byte("x")), []io.Writer{io.Discard, nil, io.Discard}, nil); !errors.Is(err, ErrShape) {
		t.Errorf("a nil writer: %v", err)
	}
}
