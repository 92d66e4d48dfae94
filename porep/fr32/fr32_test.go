package fr32

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// plainPad is the rule bit by bit, the twin of Pad.
func plainPad(src []byte) []byte {
	bits := 8 * len(src)
	dst := make([]byte, (bits+253)/254*32)
	for i := range bits {
		if src[i/8]>>(i%8)&1 == 1 {
			at := i/254*256 + i%254
			dst[at/8] |= 1 << (at % 8)
		}
	}
	return dst
}

// random returns n bytes of a fixed stream.
func random(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 32))
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	return b[:n]
}

// stream is the byte stream rule of the recorded vectors.
func stream(label string, n int) []byte {
	var out []byte
	for i := 0; len(out) < n; i++ {
		sum := sha256.Sum256(append([]byte(label), byte(i), byte(i>>8), byte(i>>16), byte(i>>24), 0, 0, 0, 0))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

// unhex decodes hexadecimal.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVectors(t *testing.T) {
	var v struct {
		Cases []struct {
			Name     string `json:"name"`
			Unpadded string `json:"unpadded_hex"`
			Padded   string `json:"padded_hex"`
			Back     string `json:"back_hex"`
			Tight    uint64 `json:"to_padded_bytes"`
			BackLen  uint64 `json:"to_unpadded_bytes_of_padded"`
		} `json:"cases"`
		Ranges struct {
			Label  string `json:"source_label"`
			Len    int    `json:"source_unpadded_len"`
			Ranges []struct {
				Offset uint64 `json:"offset"`
				Len    int    `json:"len"`
				Bytes  string `json:"bytes_hex"`
			} `json:"ranges"`
		} `json:"unpad_ranges"`
		Big struct {
			Label  string `json:"label"`
			Len    int    `json:"unpadded_len"`
			Digest string `json:"padded_sha256"`
		} `json:"big"`
	}
	raw, err := os.ReadFile("testdata/fr32.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Cases {
		t.Run(strings.ReplaceAll(c.Name, "/", "_"), func(t *testing.T) {
			in, want, back := unhex(t, c.Unpadded), unhex(t, c.Padded), unhex(t, c.Back)
			out := make([]byte, len(want))
			if n, err := Pad(out, in); err != nil || !bytes.Equal(out[:n], want) {
				t.Fatalf("Pad: %x, %v, want %x", out[:n], err, want)
			}
			if tight, err := TightLen(uint64(len(in))); err != nil || tight != c.Tight {
				t.Errorf("TightLen: %d, %v, want %d", tight, err, c.Tight)
			}
			if n := UnpaddedLen(uint64(len(want))); n != c.BackLen {
				t.Errorf("UnpaddedLen: %d, want %d", n, c.BackLen)
			}
			if n, err := Unpad(out, out); err != nil || !bytes.Equal(out[:n], back) {
				t.Fatalf("Unpad: %x, %v, want %x", out[:n], err, back)
			}
		})
	}
	padded := plainPad(stream(v.Ranges.Label, v.Ranges.Len))
	for _, r := range v.Ranges.Ranges {
		got := make([]byte, r.Len)
		if err := UnpadRange(got, padded, r.Offset); err != nil || hex.EncodeToString(got) != r.Bytes {
			t.Errorf("range %d of %d: %x, %v, want %s", r.Len, r.Offset, got, err, r.Bytes)
		}
	}
	big, err := io.ReadAll(NewReader(bytes.NewReader(stream(v.Big.Label, v.Big.Len))))
	if sum := sha256.Sum256(big); err != nil || hex.EncodeToString(sum[:]) != v.Big.Digest {
		t.Errorf("big: %x, %v, want %s", sum, err, v.Big.Digest)
	}
}

func TestLengths(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 13
	}
	for n := 0; n <= 4096; n += step {
		in := random(uint64(n), n)
		want := plainPad(in)
		got := make([]byte, len(want)+3)
		m, err := Pad(got, in)
		if err != nil || !bytes.Equal(got[:m], want) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if n > 0 {
			if _, err := Pad(got[:len(want)-1], in); !errors.Is(err, io.ErrShortBuffer) {
				t.Fatalf("%d bytes into one too few: %v", n, err)
			}
		}
		back := make([]byte, UnpaddedLen(uint64(m)))
		if k, err := Unpad(back, want); err != nil || k != len(back) || !bytes.Equal(back[:n], in) {
			t.Fatalf("%d bytes back: %v", n, err)
		}
		for _, extra := range back[n:] {
			if extra != 0 {
				t.Fatalf("%d bytes back: not zero behind", n)
			}
		}
	}
	for _, n := range []uint64{1 << 63, 1<<64 - 1, 1<<64 - 1<<57} {
		padded, err := PaddedLen(n)
		if err == nil && padded < n || err != nil && !errors.Is(err, ErrLength) {
			t.Errorf("%d bytes pad to %d, %v", n, padded, err)
		}
		if tight, err := TightLen(n); err == nil && tight < n {
			t.Errorf("%d bytes take %d", n, tight)
		}
	}
}

func TestUnpadRange(t *testing.T) {
	in := random(1, 127*2+60)
	padded := plainPad(in)
	total := int(UnpaddedLen(uint64(len(padded))))
	full := append(bytes.Clone(in), make([]byte, total-len(in))...)
	for off := range total + 1 {
		for _, n := range []int{0, 1, 2, 31, 32, 126, 127, 128, 254, 300, total - off} {
			got := make([]byte, n)
			err := UnpadRange(got, padded, uint64(off))
			if off+n > total {
				if !errors.Is(err, ErrLength) {
					t.Fatalf("%d bytes at %d: %v", n, off, err)
				}
			} else if err != nil || !bytes.Equal(got, full[off:off+n]) {
				t.Fatalf("%d bytes at %d: %v", n, off, err)
			}
		}
	}
	if err := UnpadRange(make([]byte, 1), padded, 1<<64-1); !errors.Is(err, ErrLength) {
		t.Error(err)
	}
}

// TestAdversaryFr32 holds the streams and the parallel forms against Pad over lengths, splits and workers,
// and dirties every padding bit.
func TestAdversaryFr32(t *testing.T) {
	t.Run("P4", func(t *testing.T) {
		tried, accepted := 0, 0
		wrong := func(bad bool, what string, args ...any) {
			if tried++; bad {
				accepted++
				t.Errorf(what, args...)
			}
		}
		step := 64
		if testing.Short() {
			step = 4
		}
		for n := 0; n <= 4096; n += 1 + n/step {
			in := random(uint64(n), n)
			want := plainPad(in)
			for _, split := range []int{1, 7, 31, 127, 128, 1000} {
				wrong(!bytes.Equal(padWriter(t, in, split), want), "%d bytes in writes of %d", n, split)
				back := unpadWriter(t, want, split)
				wrong(!bytes.Equal(back[:n], in), "%d bytes unpadded in writes of %d", n, split)
			}
			got, err := io.ReadAll(NewReader(iotest.OneByteReader(bytes.NewReader(in))))
			wrong(err != nil || !bytes.Equal(got, want), "%d bytes read singly: %v", n, err)
			back, err := io.ReadAll(iotest.OneByteReader(NewUnpadReader(iotest.HalfReader(bytes.NewReader(want)))))
			wrong(err != nil || !bytes.Equal(back[:n], in), "%d bytes unpadded singly: %v", n, err)
		}
		big := random(9, 127*parallelBlocks*(1+step/16)+99)
		want := make([]byte, len(big)+len(big)/100+32)
		m, err := Pad(want, big)
		if err != nil {
			t.Fatal(err)
		}
		want = want[:m]
		got, back := make([]byte, m), make([]byte, UnpaddedLen(uint64(m)))
		for workers := 0; workers < 17; workers += 1 + 10/step {
			n, err := PadParallel(got, big, workers)
			wrong(err != nil || !bytes.Equal(got[:n], want), "%d workers pad: %v", workers, err)
			n, err = UnpadParallel(back, want, workers)
			wrong(err != nil || !bytes.Equal(back[:len(big)], big) || n != len(back), "%d workers unpad: %v", workers, err)
		}
		dirty := make([]byte, 32*11)
		for i := range dirty {
			for bit := range 8 {
				dirty[i] = 1 << bit
				want := i%32 == 31 && bit >= 6
				var pe *PaddingError
				_, err := Unpad(back, dirty)
				wrong(errors.As(err, &pe) != want || want && pe.Element != uint64(i/32), "Unpad, bit %d of byte %d: %v", bit, i, err)
				_, err = Unpad(dirty, bytes.Clone(dirty))
				wrong(errors.Is(err, ErrPadding) != want, "Unpad copy, bit %d of byte %d: %v", bit, i, err)
				dirty = make([]byte, len(dirty))
				dirty[i] = 1 << bit
				err = UnpadRange(back[:UnpaddedLen(uint64(len(dirty)))], dirty, 0)
				wrong(errors.As(err, &pe) != want || want && pe.Element != uint64(i/32), "UnpadRange, bit %d of byte %d: %v", bit, i, err)
				_, err = io.Copy(io.Discard, NewUnpadReader(bytes.NewReader(dirty)))
				wrong(errors.As(err, &pe) != want || want && pe.Element != uint64(i/32), "UnpadReader, bit %d of byte %d: %v", bit, i, err)
				dirty[i] = 0
			}
		}
		for i := 0; i < len(want); i += len(want) / 400 * 32 {
			want[i+31] |= 0x80
			var pe *PaddingError
			_, err := UnpadParallel(back, want, 7)
			wrong(!errors.As(err, &pe) || pe.Element != uint64(i/32), "UnpadParallel, element %d: %v", i/32, err)
			want[i+31] &= 0x3f
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "P4", tried, accepted, 0)
	})
}

// padWriter pads by a Writer in writes of that many bytes.
func padWriter(t *testing.T, in []byte, split int) []byte {
	var out bytes.Buffer
	w := NewWriter(&out)
	writeSplit(t, w, in, split)
	return out.Bytes()
}

// unpadWriter unpads by an UnpadWriter in writes of that many bytes.
func unpadWriter(t *testing.T, in []byte, split int) []byte {
	var out bytes.Buffer
	writeSplit(t, NewUnpadWriter(&out), in, split)
	return out.Bytes()
}

// writeSplit writes in pieces and closes twice.
func writeSplit(t *testing.T, w io.WriteCloser, in []byte, split int) {
	t.Helper()
	for len(in) > 0 {
		n := min(split, len(in))
		if m, err := w.Write(in[:n]); m != n || err != nil {
			t.Fatal(m, err)
		}
		in = in[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte{1}); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func TestStreamErrors(t *testing.T) {
	boom := errors.New("boom")
	in := random(2, 40000)
	for _, k := range []int{0, 1, 126, 127, 128, 16256, 16257, 20000} {
		got, err := io.ReadAll(NewReader(io.MultiReader(bytes.NewReader(in[:k]), iotest.ErrReader(boom))))
		if !errors.Is(err, boom) || !bytes.Equal(got, plainPad(in[:k-k%127])) {
			t.Errorf("error after %d: %d bytes, %v", k, len(got), err)
		}
	}
	if _, err := NewReader(emptyReader{}).Read(make([]byte, 9)); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
	if _, err := io.ReadAll(NewUnpadReader(bytes.NewReader(make([]byte, 33)))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	w := NewUnpadWriter(io.Discard)
	if _, err := w.Write(make([]byte, 33)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	short := NewWriter(shortWriter{})
	if _, err := short.Write(in); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
}

// emptyReader returns nothing and no error for ever.
type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, nil }

// shortWriter writes one byte less.
type shortWriter struct{}

func (shortWriter) Write(b []byte) (int, error) { return len(b) - 1, nil }

func TestAllocs(t *testing.T) {
	in, out := random(3, 127*64), make([]byte, 128*64)
	if n := testing.AllocsPerRun(10, func() {
		_, _ = Pad(out, in)
		_, _ = Unpad(in, out)
		_ = UnpadRange(in[:1000], out, 77)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzUnpad(f *testing.F) {
	f.Add([]byte{}, uint64(0))
	f.Add(make([]byte, 128), uint64(3))
	f.Add(bytes.Repeat([]byte{0xff}, 96), uint64(94))
	f.Fuzz(func(t *testing.T, src []byte, off uint64) {
		back := make([]byte, len(src))
		n, err := Unpad(back, src)
		if err == nil {
			again := make([]byte, len(src)+32)
			if m, err := Pad(again, back[:n]); err != nil || m > len(src) {
				t.Fatalf("%d of %d, %v", m, len(src), err)
			}
			if len(src)%128 == 0 && !bytes.Equal(again[:len(src)], src) {
				t.Fatal("whole blocks do not come back")
			}
		}
		part := make([]byte, min(n, 200))
		if err := UnpadRange(part, src, off); err == nil && !bytes.Equal(part, back[off:off+uint64(len(part))]) {
			t.Fatal("range differs")
		}
		_, _ = io.Copy(io.Discard, NewUnpadReader(bytes.NewReader(src)))
	})
}

func BenchmarkPad(b *testing.B) {
	for _, size := range []int{127 * 128, 127 << 16} {
		in, out := random(4, size), make([]byte, size/127*128)
		for name, run := range map[string]func(){
			"Pad":   func() { _, _ = Pad(out, in) },
			"Unpad": func() { _, _ = Unpad(in, out) },
		} {
			b.Run("op="+name+"/bytes="+strconv.Itoa(size), func(b *testing.B) {
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					run()
				}
			})
		}
	}
}
