package piece

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"testing/iotest"
	"time"

	"github.com/assaylab/assay/porep/sector"
)

// A tally counts the tries of one adversarial case.
type tally struct{ tried, accepted, panics int }

// refuse counts a try that has to fail with one of the given errors.
func (c *tally) refuse(t *testing.T, what string, f func() error, want ...error) {
	t.Helper()
	c.tried++
	defer func() {
		if r := recover(); r != nil {
			c.panics++
			t.Errorf("%s: panic: %v", what, r)
		}
	}()
	err := f()
	for _, w := range want {
		if errors.Is(err, w) {
			return
		}
	}
	c.accepted++
	t.Errorf("%s: got %v, want %v", what, err, want)
}

// hold counts a try whose result has to be right.
func (c *tally) hold(t *testing.T, ok bool, what string, args ...any) {
	t.Helper()
	if c.tried++; !ok {
		c.accepted++
		t.Errorf(what, args...)
	}
}

// log writes the line of the case.
func (c *tally) log(t *testing.T, id string) {
	t.Helper()
	t.Logf("adversary %s tried=%d accepted=%d panics=%d", id, c.tried, c.accepted, c.panics)
	if c.accepted != 0 || c.panics != 0 {
		t.Fail()
	}
}

// settle waits until no more goroutines run than before. One that has ended is counted until the machine lets it go, which
// takes as long as other work likes.
func settle(t *testing.T, before int) {
	t.Helper()
	for i := 0; runtime.NumGoroutine() > before; i++ {
		if i == 30_000 {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(time.Millisecond)
	}
}

// stride is 1, or with -short the given step.
func stride(short int) int {
	if testing.Short() {
		return short
	}
	return 1
}

// possible is a commitment that passes its check.
var possible = sector.CommP{1}

func TestAdversarySizes(t *testing.T) {
	t.Run("M16", func(t *testing.T) {
		var c tally
		bad := []uint64{0, 1, 126, 127, 129, 254, 255, 256 + 127, 1016, 2032, 1<<30 - 1, 1<<30 + 1, 1<<63 + 1, 1<<64 - 1}
		for _, n := range bad {
			size := PaddedSize(n)
			one := []Info{{possible, size}}
			c.refuse(t, fmt.Sprintf("padded %d", n), size.Check, ErrSize)
			c.refuse(t, fmt.Sprintf("zeros of %d", n), func() error { _, err := Zero(size); return err }, ErrSize)
			c.refuse(t, fmt.Sprintf("join %d", n), func() error { _, err := Join(one); return err }, ErrSize)
			c.refuse(t, fmt.Sprintf("CommD of %d", n), func() error { _, err := CommD(sector.Size2KiB, one); return err }, ErrSize)
			c.refuse(t, fmt.Sprintf("library CommD of %d", n), func() error { _, err := ComputeCommD(sector.Size2KiB, one); return err }, ErrSize)
			c.refuse(t, fmt.Sprintf("placed %d", n), func() error {
				_, err := CommDPlaced(sector.Size2KiB, []Placed{{Info{possible, size}, 0}})
				return err
			}, ErrSize)
		}
		for _, n := range []uint64{0, 1, 126, 128, 255, 256, 381, 1024, 2048, 1 << 30, 1<<64 - 1, 1 << 63} {
			c.refuse(t, fmt.Sprintf("unpadded %d", n), UnpaddedSize(n).Check, ErrSize)
		}
		for _, n := range []uint64{0, 1<<63/128*127 + 1, 1 << 63, 1<<64 - 1} {
			c.refuse(t, fmt.Sprintf("payload of %d", n), func() error { _, err := SizeFor(n); return err }, ErrSize)
			c.refuse(t, fmt.Sprintf("alignment of %d", n), func() error { _, err := Align(0, n); return err }, ErrSize)
		}
		for s := MinPaddedSize; s != 0; s <<= 1 {
			u := s.Unpadded()
			fits, err := SizeFor(uint64(u))
			c.hold(t, s.Check() == nil && u.Check() == nil && u.Padded() == s && fits == s && err == nil, "%d padded, %d unpadded", s, u)
			if more, err := SizeFor(uint64(u) + 1); s < 1<<63 {
				c.hold(t, more == 2*s && err == nil, "one more than %d", u)
			}
		}
		c.log(t, "M16")
	})
}

func TestAdversaryPieces(t *testing.T) {
	t.Run("P1", func(t *testing.T) {
		var c tally
		const size = sector.Size2KiB
		p := func(sizes ...PaddedSize) (list []Info) {
			for _, s := range sizes {
				list = append(list, Info{possible, s})
			}
			return list
		}
		lists := map[string][]Info{
			"too many":              p(make([]PaddedSize, 17)...),
			"too many good ones":    p(128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128),
			"too large":             p(4096),
			"far too large":         p(1 << 63),
			"two too large":         p(1<<63, 1<<63),
			"sum beyond the sector": p(1024, 1024, 128),
			"size 0":                p(128, 0),
			"no power of two":       p(384),
			"gaps beyond the end":   p(128, 1024, 1024),
			"wrong order":           p(512, 1024, 512, 512),
			"zero commitment":       {{sector.CommP{}, 128}},
			"top bit":               {{sector.CommP{31: 0x80}, 128}},
			"second bit":            {{sector.CommP{31: 0x40}, 128}},
		}
		any := []error{ErrPieces, ErrSize, sector.ErrCommitment}
		for what, list := range lists {
			c.refuse(t, what, func() error { _, err := CommD(size, list); return err }, any...)
			c.refuse(t, what, func() error { _, err := Place(size, list); return err }, any...)
		}
		for what, list := range map[string][]Placed{
			"misaligned":  {{Info{possible, 256}, 128}},
			"not a node":  {{Info{possible, 128}, 1}},
			"beyond":      {{Info{possible, 128}, 2048}},
			"far beyond":  {{Info{possible, 128}, 1<<64 - 128}},
			"overlapping": {{Info{possible, 512}, 0}, {Info{possible, 256}, 256}},
			"backwards":   {{Info{possible, 128}, 128}, {Info{possible, 128}, 0}},
			"twice":       {{Info{possible, 128}, 0}, {Info{possible, 128}, 0}},
		} {
			c.refuse(t, what, func() error { _, err := CommDPlaced(size, list); return err }, any...)
		}
		boom := iotest.ErrReader(errors.New("read before the lengths were checked"))
		for what, list := range map[string][]Payload{
			"empty":    {{boom, 0}},
			"too long": {{boom, 2033}},
			"endless":  {{boom, 1<<64 - 1}},
			"two":      {{boom, 1017}, {boom, 1016}, {boom, 1}},
			"many":     make([]Payload, 17),
		} {
			c.refuse(t, what, func() error { _, err := Stage(t.Context(), io.Discard, size, list, nil); return err }, any...)
		}
		c.refuse(t, "none to join", func() error { _, err := Join(nil); return err }, any...)
		c.refuse(t, "join beyond 2^63", func() error { _, err := Join(p(1<<62, 1<<63)); return err }, any...)
		c.refuse(t, "library, sum", func() error { _, err := ComputeCommD(size, p(1024, 2048)); return err }, any...)
		c.log(t, "P1")
	})
	t.Run("P2", func(t *testing.T) {
		var c tally
		for _, n := range []sector.Size{0, 1, 31, 32, 128, 2048 - 32, 2048 + 32, 3 << 10, 1 << 37, 1 << 63, 1<<63 + 1, 1<<64 - 1} {
			least := time.Hour
			for range 5 { // the machine may be busy: the least time counts
				start := time.Now()
				c.refuse(t, n.String(), func() error { _, err := CommD(n, nil); return err }, sector.ErrSize)
				c.refuse(t, n.String(), func() error { _, err := ComputeCommD(n, []Info{{possible, 128}}); return err }, sector.ErrSize)
				c.refuse(t, n.String(), func() error { _, err := CommDPlaced(n, nil); return err }, sector.ErrSize)
				c.refuse(t, n.String(), func() error { _, err := Stage(t.Context(), io.Discard, n, nil, nil); return err }, sector.ErrSize)
				least = min(least, time.Since(start))
			}
			if least > 50*time.Millisecond {
				t.Errorf("%v: %v", n, least)
			}
		}
		c.log(t, "P2")
	})
	t.Run("P3", func(t *testing.T) {
		var c tally
		for _, n := range []uint64{1 << 61, 1 << 62, 1 << 63, 1<<64 - 1} {
			written := UnpaddedSize(n)
			a, err := Align(written, 1<<62)
			c.hold(t, errors.Is(err, ErrSize) || err == nil && uint64(written)+uint64(a.Left)+1<<62 > n, "aligned after %d: %v, %v", n, a, err)
		}
		c.refuse(t, "sum beyond 64 bits", func() error { _, err := Align(1<<64-1, 1); return err }, ErrSize)
		big := PaddedSize(1 << 63)
		c.hold(t, big.Unpadded().Padded() == big, "2^63 comes back as %d", big.Unpadded().Padded())
		c.log(t, "P3")
	})
}

// payloadOf is the payload of the stream tests, a little over twenty chunks.
func payloadOf(n int) []byte {
	r := rand.New(rand.NewPCG(18, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestAdversaryStreams(t *testing.T) {
	t.Run("M18", func(t *testing.T) {
		var c tally
		payload := payloadOf(20*chunkRaw + 12345)
		want, err := Sum(t.Context(), bytes.NewReader(payload), &Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
		for procs := 1; procs <= 16; procs += 1 + procs/3*stride(4) {
			runtime.GOMAXPROCS(procs)
			for _, size := range []int{1, 7, 126, 127, 128, 129, chunkRaw - 1, chunkRaw, 1<<20 - 1, len(payload)} {
				if size < 100 && procs != 2 && testing.Short() {
					continue
				}
				h := NewHasher(nil)
				for rest := payload; len(rest) > 0; rest = rest[min(size, len(rest)):] {
					if _, err := h.Write(rest[:min(size, len(rest))]); err != nil {
						t.Fatal(err)
					}
				}
				got, err := h.Sum()
				c.hold(t, err == nil && got == want, "%d procs, writes of %d: %v, %v", procs, size, got, err)
			}
			for _, split := range []int{0, 1, 126, chunkRaw, chunkRaw + 5, 9*chunkRaw + 1, len(payload)} {
				h := NewHasher(nil)
				_, err := h.Write(payload[:split])
				n, rerr := h.ReadFrom(iotest.HalfReader(bytes.NewReader(payload[split:])))
				got, serr := h.Sum()
				c.hold(t, errors.Join(err, rerr, serr) == nil && int(n) == len(payload)-split && got == want, "%d procs, read from %d on: %v", procs, split, got)
			}
		}
		c.log(t, "M18")
	})
	t.Run("M19", func(t *testing.T) {
		var c tally
		before := runtime.NumGoroutine()
		boom := errors.New("boom")
		payload := payloadOf(4097)
		c.refuse(t, "nothing", func() error { _, err := Sum(t.Context(), bytes.NewReader(nil), nil); return err }, ErrSize)
		for _, n := range []int{1, 64, 65} {
			got, err := Sum(t.Context(), bytes.NewReader(payload[:n]), nil)
			c.hold(t, err == nil && got.Size == 128, "%d bytes: %v, %v", n, got, err)
		}
		for k := 0; k <= 4096; k += stride(61) {
			c.refuse(t, fmt.Sprintf("error at byte %d", k), func() error {
				_, err := Sum(t.Context(), io.MultiReader(bytes.NewReader(payload[:k]), iotest.ErrReader(boom)), &Options{Workers: 1 + k%4})
				return err
			}, boom)
			c.refuse(t, fmt.Sprintf("error with byte %d", k), func() error {
				_, err := Sum(t.Context(), iotest.DataErrReader(io.MultiReader(bytes.NewReader(payload[:k]), iotest.ErrReader(boom))), nil)
				return err
			}, boom)
		}
		for _, k := range []int{chunkRaw - 1, chunkRaw, chunkRaw + 1, 5 * chunkRaw, 9*chunkRaw + 77} {
			long := payloadOf(k)
			c.refuse(t, fmt.Sprintf("error at byte %d", k), func() error {
				_, err := Sum(t.Context(), io.MultiReader(bytes.NewReader(long), iotest.ErrReader(boom)), nil)
				return err
			}, boom)
			c.refuse(t, fmt.Sprintf("silence at byte %d", k), func() error {
				_, err := Sum(t.Context(), io.MultiReader(bytes.NewReader(long), silence{}), nil)
				return err
			}, io.ErrNoProgress)
			c.refuse(t, fmt.Sprintf("cancelled after %d", k), func() error {
				ctx, cancel := context.WithCancel(t.Context())
				_, err := Sum(ctx, io.MultiReader(bytes.NewReader(long), canceller(cancel)), nil)
				return err
			}, context.Canceled)
		}
		for _, n := range []int{-1, 1 << 30} {
			c.tried++
			if _, err := Sum(t.Context(), liar(n), nil); err == nil {
				c.accepted++
				t.Errorf("a reader that tells of %d bytes is believed", n)
			}
		}
		settle(t, before)
		c.log(t, "M19")
	})
	t.Run("M20", func(t *testing.T) {
		var c tally
		before := runtime.NumGoroutine()
		payload := payloadOf(7*chunkRaw + 3)
		for i := range 200 {
			h := NewHasher(nil)
			_, err := h.Write(payload[:len(payload)*i/200])
			c.hold(t, err == nil, "abandoned: %v", err)
		}
		settle(t, before)
		h := NewHasher(nil)
		for range 3 {
			if _, err := h.Write(payload); err != nil {
				t.Fatal(err)
			}
			first, err := h.Sum()
			again, err2 := h.Sum()
			c.hold(t, err == nil && err2 == nil && first == again, "Sum twice: %v, %v, %v", again, err, err2)
			c.refuse(t, "write after Sum", func() error { _, err := h.Write(payload); return err }, ErrFinished)
			c.refuse(t, "read after Sum", func() error { _, err := h.ReadFrom(bytes.NewReader(payload)); return err }, ErrFinished)
			h.Reset()
			c.refuse(t, "Sum of nothing after Reset", func() error { _, err := h.Sum(); return err }, ErrSize)
		}
		boom := errors.New("boom")
		if _, err := h.ReadFrom(iotest.ErrReader(boom)); !errors.Is(err, boom) {
			t.Fatal(err)
		}
		c.refuse(t, "write after a failed read", func() error { _, err := h.Write(payload); return err }, boom)
		c.refuse(t, "Sum after a failed read", func() error { _, err := h.Sum(); return err }, boom)
		settle(t, before)
		c.log(t, "M20")
	})
}

// silence returns nothing and no error for ever.
type silence struct{}

func (silence) Read([]byte) (int, error) { return 0, nil }

// canceller cancels when it is read, and yields on.
type canceller context.CancelFunc

func (c canceller) Read(b []byte) (int, error) { c(); return len(b), nil }

// liar returns an impossible count.
type liar int

func (l liar) Read([]byte) (int, error) { return int(l), nil }

// TestCancelMoments ends the context at a hundred moments: Sum returns without another read and leaves no goroutine.
func TestCancelMoments(t *testing.T) {
	before := runtime.NumGoroutine()
	for i := 0; i < 100; i += stride(9) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i*37)*time.Microsecond)
		late := 0
		_, err := Sum(ctx, readerFunc(func(b []byte) (int, error) {
			if ctx.Err() != nil {
				late++
			}
			return endless{}.Read(b)
		}), nil)
		if !errors.Is(err, context.DeadlineExceeded) || late > 1 { // one that had begun when the context ended
			t.Errorf("moment %d: %v, %d reads after the end", i, err, late)
		}
		cancel()
	}
	settle(t, before)
}

// A readerFunc reads.
type readerFunc func(b []byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// endless yields zeros for ever.
type endless struct{}

func (endless) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestMemory reads much and holds little. ASSAY_COMMP_BYTES sets another length, as 1073741824.
func TestMemory(t *testing.T) {
	n := int64(32<<20) / int64(stride(8))
	if text := os.Getenv("ASSAY_COMMP_BYTES"); text != "" {
		if _, err := fmt.Sscan(text, &n); err != nil {
			t.Fatal(err)
		}
	}
	for _, workers := range []int{1, 2, 16, 1000} {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		base, peak := m.HeapAlloc, uint64(0)
		opt := &Options{Workers: workers, Progress: func(_ string, done, _ uint64) {
			if done>>22<<22 == done>>17<<17 {
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		}}
		start := time.Now()
		got, err := Sum(t.Context(), io.LimitReader(endless{}, n), opt)
		if err != nil {
			t.Fatal(err)
		}
		if want, _ := Zero(got.Size); got != want {
			t.Errorf("%v, want %v", got, want)
		}
		t.Logf("workers=%d bytes=%d heap=%d KiB %.0f MB/s", workers, n, (peak-min(base, peak))>>10, float64(n)/1e6/time.Since(start).Seconds())
		if peak > base+12<<20 {
			t.Errorf("%d workers: %d KiB of heap", workers, (peak-base)>>10)
		}
	}
}

func FuzzPieces(f *testing.F) {
	f.Add([]byte{7, 8, 9}, uint64(2048))
	f.Add([]byte{7, 10}, uint64(2048))
	f.Add([]byte{63, 63, 0}, uint64(1)<<36)
	f.Fuzz(func(t *testing.T, shifts []byte, size uint64) {
		var list []Info
		for _, s := range shifts {
			list = append(list, Info{possible, PaddedSize(1) << (s % 64)})
		}
		placed, err := Place(sector.Size(size), list)
		if err != nil {
			return
		}
		full, err := CommD(sector.Size(size), list)
		if err != nil {
			t.Fatal(err)
		}
		at, err := CommDPlaced(sector.Size(size), placed)
		if err != nil || at != full {
			t.Fatal(at, full, err)
		}
		if len(list) == 0 {
			return
		}
		library, err := ComputeCommD(sector.Size(size), list)
		if err != nil {
			t.Fatal(err)
		}
		joined, err := Join(list)
		if err != nil || sector.CommD(joined.CommP) != library {
			t.Fatal(joined, library, err)
		}
		if uint64(joined.Size) == size && library != full {
			t.Fatal("a full join is not CommD")
		}
	})
}

func FuzzHasher(f *testing.F) {
	f.Add([]byte("payload"), uint16(3))
	f.Add(make([]byte, 300), uint16(127))
	f.Fuzz(func(t *testing.T, payload []byte, split uint16) {
		want, err := Sum(t.Context(), bytes.NewReader(payload), &Options{Workers: 1})
		if (err != nil) != (len(payload) == 0) {
			t.Fatal(err)
		}
		h := NewHasher(&Options{Workers: 3})
		k := min(int(split), len(payload))
		_, _ = h.Write(payload[:k])
		if _, err := h.ReadFrom(iotest.OneByteReader(bytes.NewReader(payload[k:]))); err != nil {
			t.Fatal(err)
		}
		if got, err := h.Sum(); len(payload) > 0 && (err != nil || got != want) {
			t.Fatal(got, want, err)
		}
	})
}
