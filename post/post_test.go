package post

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/porep/sector"
)

// A storehouse holds made-up sectors: a replica of random field elements, its TreeRLast, and a CommC out of thin air. PoSt sees
// no more of a sector.
type storehouse struct {
	rules    Rules
	list     []Public
	replicas map[sector.Number]*shelf
}

type shelf struct {
	sealed []byte
	tree   [][]byte
	aux    sector.PAux
}

// newStorehouse makes n sectors, numbered with gaps.
func newStorehouse(t testing.TB, r Rules, n int) *storehouse {
	t.Helper()
	rnd := rand.New(rand.NewPCG(uint64(n), uint64(r.Size)))
	h := &storehouse{rules: r, replicas: map[sector.Number]*shelf{}}
	number := sector.Number(3)
	for range n {
		number += sector.Number(1 + rnd.IntN(5))
		s := &shelf{sealed: make([]byte, r.Size)}
		for i := 0; i < len(s.sealed); i += 32 {
			node := randomNode(rnd)
			copy(s.sealed[i:], node[:])
		}
		layout := merkle.Layout{Detached: true, Discard: r.discard}
		size, err := layout.FileSize(r.shape)
		if err != nil {
			t.Fatal(err)
		}
		var dst []io.WriterAt
		for range r.shape.Trees() {
			s.tree = append(s.tree, make([]byte, size))
			dst = append(dst, memoryFile(s.tree[len(s.tree)-1]))
		}
		root, err := merkle.BuildFiles(context.Background(), poseidon.Hasher{}, r.shape, layout, merkle.FromReaderAt(bytes.NewReader(s.sealed)), dst, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.aux = sector.PAux{CommC: sector.CommC(randomNode(rnd)), CommRLast: sector.CommRLast(root)}
		commR, err := poseidon.Sum2(merkle.Digest(s.aux.CommC), root)
		if err != nil {
			t.Fatal(err)
		}
		h.replicas[number] = s
		h.list = append(h.list, Public{number, sector.CommR(commR)})
	}
	return h
}

func randomNode(r *rand.Rand) (d merkle.Digest) {
	for i := range d {
		d[i] = byte(r.Uint32())
	}
	d[31] &= 0x3f
	return d
}

type memoryFile []byte

func (m memoryFile) WriteAt(b []byte, off int64) (int, error) { return copy(m[off:], b), nil }

func (h *storehouse) open(_ context.Context, n sector.Number) (*Replica, error) {
	s := h.replicas[n]
	rep := &Replica{Aux: s.aux, Sealed: bytes.NewReader(s.sealed), Discard: h.rules.discard}
	for _, b := range s.tree {
		rep.TreeRLast = append(rep.TreeRLast, bytes.NewReader(b))
	}
	return rep, nil
}

func rules(t testing.TB, window bool, size sector.Size, v sector.APIVersion) Rules {
	t.Helper()
	r, err := NewRules(window, size, v)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var today = Randomness{1, 2, 3, 31: 0x20}

// prove returns the proofs of all sectors, which must be good.
func (h *storehouse) prove(t testing.TB) []SectorProof {
	t.Helper()
	pass, err := h.rules.Prove(context.Background(), today, h.list, h.open, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(pass.Faults) > 0 {
		t.Fatal(pass.Faults[0])
	}
	return pass.Proofs
}

func TestProveVerifyEveryShape(t *testing.T) {
	for _, size := range []sector.Size{sector.Size2KiB, sector.Size4KiB, sector.Size16KiB, sector.Size32KiB} {
		for _, v := range []sector.APIVersion{sector.V1_0_0, sector.V1_1_0, sector.V1_2_0} {
			h := newStorehouse(t, rules(t, true, size, v), 5)
			proofs := h.prove(t)
			if err := h.rules.Verify(context.Background(), today, h.list, proofs, nil); err != nil {
				t.Errorf("%s %s: %v", size, v, err)
			}
			for i := range proofs {
				b, err := h.rules.EncodeJSON(&proofs[i])
				if err != nil {
					t.Fatal(err)
				}
				again, err := h.rules.DecodeJSON(b)
				if err != nil {
					t.Fatalf("%s: %v", size, err)
				}
				if b2, _ := h.rules.EncodeJSON(again); !bytes.Equal(b, b2) {
					t.Errorf("%s: JSON does not come back", size)
				}
			}
		}
	}
}

// TestWorkers checks that nothing depends on the number of goroutines.
func TestWorkers(t *testing.T) {
	h := newStorehouse(t, rules(t, true, sector.Size2KiB, sector.V1_2_0), 20)
	want := h.prove(t)
	for _, n := range []int{1, 2, 7} {
		opt := &Options{Workers: n, Reading: Reading{Parallel: n}}
		pass, err := h.rules.Prove(context.Background(), today, h.list, h.open, opt)
		if err != nil || len(pass.Proofs) != len(want) {
			t.Fatal(err)
		}
		for i := range want {
			a, _ := h.rules.EncodeJSON(&want[i])
			b, _ := h.rules.EncodeJSON(&pass.Proofs[i])
			if !bytes.Equal(a, b) {
				t.Errorf("%d workers: sector %d differs", n, i)
			}
		}
		if err := h.rules.Verify(context.Background(), today, h.list, pass.Proofs, opt); err != nil {
			t.Error(err)
		}
	}
}

// A hazard says what becomes of a sector's files.
type hazard struct {
	reason Reason
	open   func(ctx context.Context, h *storehouse, n sector.Number) (*Replica, error)
}

// spoiled opens a sector with a change to what is read.
func spoiled(change func(rep *Replica, s *shelf)) func(context.Context, *storehouse, sector.Number) (*Replica, error) {
	return func(ctx context.Context, h *storehouse, n sector.Number) (*Replica, error) {
		rep, err := h.open(ctx, n)
		if err == nil {
			change(rep, h.replicas[n])
		}
		return rep, err
	}
}

type badReader struct{ err error }

func (b badReader) ReadAt([]byte, int64) (int, error) { return 0, b.err }

// hanging reads block until the test is over.
type hanging struct{ over <-chan struct{} }

func (h hanging) ReadAt([]byte, int64) (int, error) {
	<-h.over
	return 0, errors.New("too late")
}

func hazards(over <-chan struct{}) []hazard {
	return []hazard{
		{Missing, func(context.Context, *storehouse, sector.Number) (*Replica, error) { return nil, fs.ErrNotExist }},
		{Short, spoiled(func(rep *Replica, s *shelf) { rep.Sealed = bytes.NewReader(nil) })},
		{Short, spoiled(func(rep *Replica, s *shelf) { rep.TreeRLast[0] = bytes.NewReader(s.tree[0][:len(s.tree[0])-1]) })},
		{Mismatch, spoiled(func(rep *Replica, s *shelf) {
			b := bytes.Clone(s.sealed)
			for i := range 64 {
				b[32*i] ^= 1
			}
			rep.Sealed = bytes.NewReader(b)
		})},
		{Mismatch, spoiled(func(rep *Replica, s *shelf) {
			b := bytes.Clone(s.tree[0])
			b[len(b)-1] ^= 1
			rep.TreeRLast[0] = bytes.NewReader(b)
		})},
		{Mismatch, spoiled(func(rep *Replica, s *shelf) { rep.Aux.CommC[0] ^= 1 })},
		{IOError, spoiled(func(rep *Replica, s *shelf) { rep.Sealed = badReader{syscall.EIO} })},
		{Late, spoiled(func(rep *Replica, s *shelf) { rep.Sealed = hanging{over} })},
	}
}

// passWithFaults injects hazards and checks that the pass reports exactly them. Where a good sector came too late on a loaded
// machine, it tries again with a longer deadline.
func passWithFaults(t *testing.T, h *storehouse, bad map[sector.Number]hazard, reading Reading) (wrong int) {
	t.Helper()
	late := func(f *Fault) bool { z, ok := bad[f.Number]; return f.Reason == Late && (!ok || z.reason != Late) }
	var pass *Pass
	for tries := 0; tries == 0 || tries < 4 && slices.ContainsFunc(pass.Faults, late); tries++ {
		pass = passOnce(t, h, bad, reading)
		reading.Deadline *= 4
	}
	if len(pass.Faults) != len(bad) || len(pass.Proofs) != len(h.list)-len(bad) {
		wrong++
		t.Errorf("%d faults and %d proofs, want %d and %d", len(pass.Faults), len(pass.Proofs), len(bad), len(h.list)-len(bad))
	}
	hangs := 0
	for _, f := range pass.Faults {
		z, ok := bad[f.Number]
		if !ok || z.reason != f.Reason {
			wrong++
			t.Errorf("sector %d: %v, want %v", f.Number, f, z.reason)
		}
		if z.reason == Late {
			hangs++
		}
	}
	if pass.Hanging != hangs {
		t.Errorf("%d reads hang, %d are reported", hangs, pass.Hanging)
	}
	// Verify each good proof in the list it was made for: positions count before V1_2_0.
	for _, p := range pass.Proofs {
		i := slices.IndexFunc(h.list, func(s Public) bool { return s.Number == p.Number })
		if want := h.rules.ChallengesOf(nil, today, p.Number, uint64(i)); p.Openings[0].Index != want[0] {
			t.Errorf("sector %d opens leaf %d, want %d", p.Number, p.Openings[0].Index, want[0])
		}
	}
	return wrong
}

func passOnce(t *testing.T, h *storehouse, bad map[sector.Number]hazard, reading Reading) *Pass {
	t.Helper()
	pass, err := h.rules.Prove(context.Background(), today, h.list, func(ctx context.Context, n sector.Number) (*Replica, error) {
		if z, ok := bad[n]; ok {
			return z.open(ctx, h, n)
		}
		return h.open(ctx, n)
	}, &Options{Reading: reading})
	if err != nil {
		t.Fatal(err)
	}
	return pass
}

// TestCancel ends passes as their sectors are opened, before the first and up to after the last: no goroutine stays behind.
func TestCancel(t *testing.T) {
	h := newStorehouse(t, rules(t, true, sector.Size2KiB, sector.V1_2_0), 200)
	for at := int64(0); at <= 220; at += 11 {
		ctx, cancel := context.WithCancel(context.Background())
		before := runtime.NumGoroutine()
		if at == 0 {
			cancel()
		}
		var opened, open atomic.Int64
		pass, err := h.rules.Prove(ctx, today, h.list, func(ctx context.Context, n sector.Number) (*Replica, error) {
			if opened.Add(1) == at {
				cancel()
			}
			open.Add(1)
			rep, err := h.open(ctx, n)
			rep.Close = func() error { open.Add(-1); return nil }
			return rep, err
		}, nil)
		switch {
		case at <= 200 && (!errors.Is(err, context.Canceled) || pass != nil):
			t.Errorf("ended at sector %d: %v", at, err)
		case at > 200 && (err != nil || len(pass.Proofs) != len(h.list)):
			t.Errorf("not ended: %v", err)
		}
		cancel()
		for wait := 0; runtime.NumGoroutine() > before || open.Load() != 0; wait++ {
			if wait > 3000 {
				t.Fatalf("%d goroutines and %d open replicas stay behind", runtime.NumGoroutine()-before, open.Load())
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// A slowStore is the error of a store that gave up by itself.
type slowStore struct{}

func (slowStore) Error() string { return "store: no answer" }
func (slowStore) Timeout() bool { return true }

// TestOddReplicas gives a pass what an Opener should not: a replica without readers ended the process, and a store's own timeout
// was an I/O error, which gets a good sector declared faulty.
func TestOddReplicas(t *testing.T) {
	h := newStorehouse(t, rules(t, true, sector.Size2KiB, sector.V1_2_0), 1)
	closed := 0
	with := func(change func(*Replica)) Opener {
		return func(ctx context.Context, n sector.Number) (*Replica, error) {
			rep, err := h.open(ctx, n)
			rep.Close = func() error { closed++; return nil }
			change(rep)
			return rep, err
		}
	}
	for _, c := range []struct {
		name   string
		want   Reason
		closed int
		open   Opener
	}{
		{"no replica", Missing, 0, func(context.Context, sector.Number) (*Replica, error) { return nil, nil }},
		{"no sealed file", Missing, 1, with(func(rep *Replica) { rep.Sealed = nil })},
		{"no tree file", Missing, 1, with(func(rep *Replica) { rep.TreeRLast[0] = nil })},
		{"no list of tree files", Missing, 1, with(func(rep *Replica) { rep.TreeRLast = nil })},
		{"rows that cannot be", IOError, 1, with(func(rep *Replica) { rep.Discard = -1 })},
		{"the store gave up", Late, 1, with(func(rep *Replica) { rep.Sealed = badReader{slowStore{}} })},
		{"the store gave up opening", Late, 0, func(context.Context, sector.Number) (*Replica, error) { return nil, slowStore{} }},
		{"a connection timed out", Late, 1, with(func(rep *Replica) { rep.Sealed = badReader{syscall.ETIMEDOUT} })},
	} {
		closed = 0
		pass, err := h.rules.Prove(context.Background(), today, h.list, c.open, nil)
		if err != nil || len(pass.Faults) != 1 {
			t.Errorf("%s: %v, %v", c.name, pass, err)
			continue
		}
		if f := pass.Faults[0]; f.Reason != c.want || closed != c.closed {
			t.Errorf("%s: %v, closed %d times, want %v and %d", c.name, f, closed, c.want, c.closed)
		}
	}
	if _, err := h.rules.Prove(context.Background(), today, h.list, nil, nil); err == nil {
		t.Error("no opener: no error")
	}
}

// TestProgress holds that progress is told while every slot waits for a read, and by Verify and BuildPiece, which told none.
func TestProgress(t *testing.T) {
	h := newStorehouse(t, rules(t, true, sector.Size2KiB, sector.V1_2_0), 3)
	alive, told := make(chan struct{}), 0
	opt := &Options{Reading: Reading{Parallel: 3}, Progress: func(stage string, done, total uint64) {
		if told++; told == 2 {
			close(alive)
		}
		if stage != "post" || done > total || total != 3 {
			t.Errorf("%s: %d of %d", stage, done, total)
		}
	}}
	pass, err := h.rules.Prove(context.Background(), today, h.list, func(ctx context.Context, n sector.Number) (*Replica, error) {
		select {
		case <-alive:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return h.open(ctx, n)
	}, opt)
	if err != nil || len(pass.Faults) > 0 {
		t.Fatalf("nothing is told while reads hang: %v, %v", pass, err)
	}
	last := uint64(0)
	opt = &Options{Progress: func(_ string, done, total uint64) { last = done }}
	if err := h.rules.Verify(context.Background(), today, h.list, pass.Proofs, opt); err != nil || last != 30 {
		t.Errorf("verify: %v, told of %d openings", err, last)
	}
	data := h.replicas[h.list[0].Number].sealed
	for i := 31; i < len(data); i += 32 {
		data[i] &= 0x3f
	}
	last = 0
	if _, err := BuildPiece(context.Background(), bytes.NewReader(data), 64, make(memoryFile, PieceCacheSize(64)), opt); err != nil || last != 64 {
		t.Errorf("piece: %v, told of %d leaves", err, last)
	}
}

// TestReadOnlyWhatIsNeeded states the bytes that a challenge costs.
func TestReadOnlyWhatIsNeeded(t *testing.T) {
	r := rules(t, true, sector.Size8MiB, sector.V1_2_0)
	h := newStorehouse(t, r, 1)
	pass, err := r.Prove(context.Background(), today, h.list, h.open, nil)
	if err != nil || len(pass.Faults) > 0 {
		t.Fatal(err, pass.Faults)
	}
	// 512 leaves under the lowest stored row, then a group of eight for each stored row; the root is read twice.
	most := int64(r.Challenges)*(512+8*4)*32 + 64
	if pass.Read > most {
		t.Errorf("read %d bytes, want at most %d", pass.Read, most)
	}
	t.Logf("%d bytes a challenge", pass.Read/int64(r.Challenges))
}

// TestAssignBounds holds that a count far beyond what fits is refused; room for all results was made at once.
func TestAssignBounds(t *testing.T) {
	loads := make([]Load, Deadlines)
	if _, err := AssignDeadlines(loads, 2, 2, math.MaxInt); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want %v", err, ErrFull)
	}
	for i := range loads {
		loads[i] = Load{Total: math.MaxUint64}
	}
	if _, err := AssignDeadlines(loads, 1, math.MaxUint64, 1); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want %v", err, ErrFull)
	}
}
