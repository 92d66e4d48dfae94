package piece

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/assaylab/assay/porep/sector"
)

// stream is the byte stream rule of the recorded vectors.
func stream(label string, n int) []byte {
	out := make([]byte, 0, n+32)
	for i := uint64(0); len(out) < n; i++ {
		sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(label), i))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

// data is what a vector's name of data stands for.
func data(t testing.TB, text string, n int) []byte {
	t.Helper()
	if label, ok := strings.CutPrefix(text, "stream:"); ok {
		return stream(label, n)
	}
	value, _, _ := strings.Cut(text, "*")
	b, err := strconv.ParseUint(value, 16, 8)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat([]byte{byte(b)}, n)
}

// commP reads a commitment in hexadecimal.
func commP(t testing.TB, text string) sector.CommP {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return sector.CommP(b)
}

// A vectorSector is one list of pieces of commp.json.
type vectorSector struct {
	Size   sector.Size `json:"sector_size"`
	Pieces []struct {
		Label string `json:"label"`
		Len   uint64 `json:"unpadded_len"`
		CommP string `json:"comm_p"`
	} `json:"pieces"`
	Library string `json:"compute_comm_d"`
	Staged  *struct {
		CommD     string `json:"comm_d_full_sector"`
		Equals    bool   `json:"equals_compute_comm_d"`
		Alignment []struct {
			Left    UnpaddedSize `json:"left_unpadded"`
			Right   UnpaddedSize `json:"right_unpadded"`
			Written uint64       `json:"written_unpadded"`
			Start   uint64       `json:"start_unpadded"`
		} `json:"alignment"`
		Digest string `json:"staged_sha256"`
	} `json:"staged"`
}

// vectors reads testdata/commp.json.
func vectors(t testing.TB) (v struct {
	Pieces []struct {
		Data  string     `json:"data"`
		Len   int        `json:"unpadded_len"`
		Size  PaddedSize `json:"padded_len"`
		CommP string     `json:"comm_p"`
	} `json:"pieces"`
	Payloads []struct {
		Label    string       `json:"label"`
		Len      int          `json:"payload_len"`
		Unpadded UnpaddedSize `json:"unpadded_len"`
		Size     PaddedSize   `json:"padded_len"`
		CommP    string       `json:"comm_p"`
	} `json:"payloads_zero_padded"`
	Zeros []struct {
		Size PaddedSize `json:"padded_len"`
		Comm string     `json:"comm"`
	} `json:"zero_commitments"`
	Sectors []vectorSector `json:"sectors"`
}) {
	t.Helper()
	raw, err := os.ReadFile("testdata/commp.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCommPVectors(t *testing.T) {
	v := vectors(t)
	for _, p := range v.Pieces {
		checkSum(t, data(t, p.Data, p.Len), Info{commP(t, p.CommP), p.Size})
	}
	for _, p := range v.Payloads {
		want := Info{commP(t, p.CommP), p.Size}
		checkSum(t, stream(p.Label, p.Len), want)
		if size, err := SizeFor(uint64(p.Len)); err != nil || size != p.Size || size.Unpadded() != p.Unpadded || p.Unpadded.Padded() != size {
			t.Errorf("%d bytes: %d, %v", p.Len, size, err)
		}
	}
	for _, z := range v.Zeros {
		if got, err := Zero(z.Size); err != nil || got.CommP.String() != z.Comm {
			t.Errorf("zeros of %d: %v, %v, want %s", z.Size, got.CommP, err, z.Comm)
		}
	}
}

// checkSum computes a piece by every entry and number of workers.
func checkSum(t *testing.T, payload []byte, want Info) {
	t.Helper()
	for _, workers := range []int{1, 2, 7} {
		opt := &Options{Workers: workers}
		got, err := Sum(t.Context(), bytes.NewReader(payload), opt)
		if err != nil || got != want {
			t.Errorf("%d bytes, %d workers: %v, %v, want %v", len(payload), workers, got, err, want)
		}
		h := NewHasher(opt)
		if n, err := h.Write(payload); n != len(payload) || err != nil {
			t.Fatal(n, err)
		}
		if got, err := h.Sum(); err != nil || got != want || h.Len() != uint64(len(payload)) {
			t.Errorf("%d bytes written, %d workers: %v, %v, want %v", len(payload), workers, got, err, want)
		}
	}
}

func TestSectorVectors(t *testing.T) {
	for _, v := range vectors(t).Sectors {
		t.Run(fmt.Sprintf("%v/%d", v.Size, len(v.Pieces)), func(t *testing.T) {
			var infos []Info
			var payloads []Payload
			for _, p := range v.Pieces {
				size, err := SizeFor(p.Len)
				if err != nil {
					t.Fatal(err)
				}
				infos = append(infos, Info{commP(t, p.CommP), size})
				payloads = append(payloads, Payload{bytes.NewReader(stream(p.Label, int(p.Len))), p.Len})
			}
			if got, err := ComputeCommD(v.Size, infos); err != nil || got.String() != v.Library {
				t.Errorf("library: %v, %v, want %s", got, err, v.Library)
			}
			if v.Staged == nil {
				return
			}
			got, err := CommD(v.Size, infos)
			if err != nil || got.String() != v.Staged.CommD || (got.String() == v.Library) != v.Staged.Equals {
				t.Errorf("CommD: %v, %v, want %s", got, err, v.Staged.CommD)
			}
			placed, err := Place(v.Size, infos)
			if err != nil {
				t.Fatal(err)
			}
			checkAlignment(t, v, placed)
			sum := sha256.New()
			s, err := Stage(t.Context(), sum, v.Size, payloads, nil)
			if err != nil {
				t.Fatal(err)
			}
			if hex.EncodeToString(sum.Sum(nil)) != v.Staged.Digest || s.CommD != got {
				t.Errorf("staged: %x, %v, want %s", sum.Sum(nil), s.CommD, v.Staged.Digest)
			}
			for i, p := range s.Pieces {
				if p != placed[i] {
					t.Errorf("piece %d: %v, want %v", i, p, placed[i])
				}
			}
		})
	}
}

// checkAlignment compares places and alignments.
func checkAlignment(t *testing.T, v vectorSector, placed []Placed) {
	written := UnpaddedSize(0)
	for i, want := range v.Staged.Alignment {
		a, err := Align(written, v.Pieces[i].Len)
		total := a.Left + UnpaddedSize(v.Pieces[i].Len) + a.Right
		if err != nil || a != (Alignment{want.Left, want.Right}) || uint64(total) != want.Written {
			t.Errorf("piece %d: alignment %v, %v, want %v", i, a, err, want)
		}
		written += total
		if start := placed[i].Offset / 128 * 127; start != want.Start {
			t.Errorf("piece %d: starts at %d, want %d", i, start, want.Start)
		}
	}
}

// TestJoin cuts a payload into pieces in all ways that fit and joins them again.
func TestJoin(t *testing.T) {
	payload := stream("join", 127*16)
	whole, err := Sum(t.Context(), bytes.NewReader(payload), nil)
	if err != nil {
		t.Fatal(err)
	}
	var cut func(level int) [][]int
	cut = func(level int) [][]int {
		all := [][]int{{level}}
		if level == 0 {
			return all
		}
		halves := cut(level - 1)
		for _, l := range halves[:min(4, len(halves))] {
			for _, r := range halves[:min(4, len(halves))] {
				all = append(all, append(append([]int(nil), l...), r...))
			}
		}
		return all
	}
	for _, parts := range cut(4) {
		var pieces []Info
		at := 0
		for _, l := range parts {
			n := 127 << l
			p, err := Sum(t.Context(), bytes.NewReader(payload[at:at+n]), nil)
			if err != nil {
				t.Fatal(err)
			}
			pieces = append(pieces, p)
			at += n
		}
		if got, err := Join(pieces); err != nil || got != whole {
			t.Errorf("%v: %v, %v", parts, got, err)
		}
	}
}

func TestHasherStates(t *testing.T) {
	h := NewHasher(nil)
	if _, err := h.Sum(); !errors.Is(err, ErrSize) {
		t.Error(err)
	}
	for range 2 {
		if _, err := io.WriteString(h, "some data"); err != nil {
			t.Fatal(err)
		}
		if n, err := h.ReadFrom(strings.NewReader(" and more")); n != 9 || err != nil {
			t.Fatal(n, err)
		}
		want, err := Sum(context.Background(), strings.NewReader("some data and more"), nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := h.Sum(); err != nil || got != want {
				t.Error(got, err)
			}
			if _, err := h.Write([]byte{1}); !errors.Is(err, ErrFinished) {
				t.Error(err)
			}
			if _, err := h.ReadFrom(strings.NewReader("x")); !errors.Is(err, ErrFinished) {
				t.Error(err)
			}
		}
		h.Reset()
	}
}

func BenchmarkCommP(b *testing.B) {
	payload := stream("bench", 127<<16)
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("bytes=%d/workers=%d", len(payload), workers), func(b *testing.B) {
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			h := NewHasher(&Options{Workers: workers})
			for b.Loop() {
				h.Reset()
				if _, err := h.ReadFrom(bytes.NewReader(payload)); err != nil {
					b.Fatal(err)
				}
				if _, err := h.Sum(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestAllocs(t *testing.T) {
	h := NewHasher(&Options{Workers: 1})
	payload := stream("allocs", 3*chunkRaw)
	write := func() {
		h.Reset()
		if _, err := h.Write(payload); err != nil {
			t.Fatal(err)
		}
	}
	write()
	if n := testing.AllocsPerRun(5, write); n != 0 {
		t.Errorf("%v allocations for three chunks", n)
	}
}
