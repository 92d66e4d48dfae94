package sector

import (
	"bytes"
	"errors"
	"runtime"
	"testing"
	"time"
)

func TestAdversarySector(t *testing.T) {
	t.Run("P2", func(t *testing.T) {
		tried, accepted := 0, 0
		for _, s := range []Size{0, 1, 31, 32, 128, 2048 - 32, 2048 + 32, 2047, 2049, 3 << 10, 1 << 37, 1 << 62, 1 << 63, 1<<63 + 1, 1<<64 - 1} {
			least := time.Hour
			for range 5 { // the machine may be busy: the least time counts
				start := time.Now()
				tried += 2
				if err := s.Check(); !errors.Is(err, ErrSize) {
					accepted++
					t.Errorf("%v: %v", s, err)
				}
				if _, err := NewProof(PoRepID{}, s, V1_1_0, 0); !errors.Is(err, ErrSize) {
					accepted++
					t.Errorf("%v: %v", s, err)
				}
				least = min(least, time.Since(start))
			}
			if least > 50*time.Millisecond {
				t.Errorf("%v: %v", s, least)
			}
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "P2", tried, accepted, 0)
	})
	t.Run("P3", func(t *testing.T) {
		tried, accepted := 0, 0
		for _, s := range []Size{0, 1, 127, 1 << 61, 1 << 62, 1 << 63, 1<<64 - 1} {
			tried++
			if u := s.Unpadded(); u > uint64(s) || s >= 1<<61 && u < uint64(s)/2 {
				accepted++
				t.Errorf("%d: %d unpadded bytes", uint64(s), u)
			}
		}
		for _, text := range []string{"16EiB", "32EiB", "18446744073709551616B", "9007199254740993KiB", "99999999999999999999"} {
			tried++
			if s, err := ParseSize(text); err == nil {
				accepted++
				t.Errorf("%s: %v", text, s)
			}
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "P3", tried, accepted, 0)
	})
	t.Run("P14", func(t *testing.T) {
		tried, accepted := 0, 0
		refused := func(p Proof, what string) {
			tried++
			if err := p.Check(); !errors.Is(err, ErrProofType) {
				accepted++
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, size := range Sizes() {
			for v := APIVersion(0); v < 5; v++ {
				for f := Features(0); f < 9; f++ {
					if v <= V1_2_0 && (f == 0 || v == V1_2_0 && (f == Synthetic || f == NonInteractive)) {
						continue
					}
					p, err := NewProof(PoRepID{}, size, v, f)
					if tried++; !errors.Is(err, ErrProofType) {
						accepted++
						t.Errorf("%v, %v, %v: %v", size, v, f, err)
					}
					refused(p, "the value returned")
				}
			}
			good, err := NewProof(PoRepID{}, size, V1_2_0, 0)
			if err != nil {
				t.Fatal(err)
			}
			for what, change := range map[string]func(*Proof){
				"no layers":          func(p *Proof) { p.Layers = 0 },
				"too many layers":    func(p *Proof) { p.Layers = 1 << 30 },
				"no challenges":      func(p *Proof) { p.Challenges = 0 },
				"minus a challenge":  func(p *Proof) { p.Challenges = -1 },
				"no partition":       func(p *Proof) { p.Partitions = 0 },
				"too many":           func(p *Proof) { p.Partitions = 1<<31 - 1 },
				"base 2":             func(p *Proof) { p.Shape.Base = 2 },
				"base 0":             func(p *Proof) { p.Shape.Base = 0 },
				"sub 3":              func(p *Proof) { p.Shape.Sub = 3 },
				"sub -8":             func(p *Proof) { p.Shape.Sub = -8 },
				"top without sub":    func(p *Proof) { p.Shape.Sub, p.Shape.Top = 0, 2 },
				"no whole base tree": func(p *Proof) { p.Shape.Sub, p.Shape.Top = 8, 4 },
				"all rows discarded": func(p *Proof) { p.RowsToDiscard = p.BaseRows() - 1 },
				"minus a row":        func(p *Proof) { p.RowsToDiscard = -1 },
			} {
				p := good
				change(&p)
				refused(p, size.String()+" "+what)
			}
		}
		for _, n := range []int64{-1, 20, 21, 1 << 40, -1 << 63} {
			for _, err := range []error{SealProof(n).Check(), PoStProof(n).Check(), UpdateProof(n).Check(), AggregationProof(n).Check()} {
				if tried++; !errors.Is(err, ErrProofType) {
					accepted++
					t.Errorf("number %d: %v", n, err)
				}
			}
			if SealProof(n).Size() != 0 || PoStProof(n).Size() != 0 || UpdateProof(n).Size() != 0 {
				t.Errorf("number %d has a size", n)
			}
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "P14", tried, accepted, 0)
	})
	t.Run("P5", func(t *testing.T) {
		tried, accepted := 0, 0
		bad := func(err error, what string) {
			if tried++; !errors.Is(err, ErrCommitment) {
				accepted++
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, b := range []byte{0x40, 0x80, 0xc0, 0xff} {
			bad(CommP{31: b}.Check(), "CommP")
			bad(CommD{31: b}.Check(), "CommD")
		}
		over := [][32]byte{modulus, modulus, {31: 0x80}, {31: 0x74}, {30: 0xee, 31: 0x73}}
		over[1][0]++
		for i := range over[0] {
			more := modulus
			if more[i] != 0xff {
				more[i]++
				over = append(over, more)
			}
		}
		for _, c := range append(over, [32]byte{}) {
			bad(CommC(c).Check(), "CommC")
			bad(CommRLast(c).Check(), "CommRLast")
			bad(CommR(c).Check(), "CommR")
			raw, _ := PAux{CommC(c), CommRLast{1}}.MarshalBinary()
			bad(new(PAux).UnmarshalBinary(raw), "p_aux")
			raw, _ = PAux{CommC{1}, CommRLast(c)}.MarshalBinary()
			bad(new(PAux).UnmarshalBinary(raw), "p_aux")
		}
		bad(CommP{}.Check(), "CommP zero")
		bad(CommD{}.Check(), "CommD zero")
		_, err := ParseCommPCID(CommP{31: 0x80}.CID())
		bad(err, "CID of CommP")
		_, err = ParseCommRCID(CommR(modulus).CID())
		bad(err, "CID of CommR")
		less := modulus
		less[0]--
		if err := CommR(less).Check(); err != nil {
			t.Errorf("r-1: %v", err)
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "P5", tried, accepted, 0)
	})
}

// TestAuxLengths reads aux files of every length, and counts lengths that lie.
func TestAuxLengths(t *testing.T) {
	p, err := StackedDRG2KiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	good, _ := NewTAux(p, "/cache").MarshalBinary()
	long := append(bytes.Clone(good), make([]byte, 100)...)
	for n := range long {
		var a TAux
		if err := a.UnmarshalBinary(long[:n]); (err == nil) != (n == len(good)) || err != nil && !errors.Is(err, ErrAux) {
			t.Errorf("t_aux of %d bytes: %v", n, err)
		}
		var b PAux
		if err := b.UnmarshalBinary(long[:n]); n != 64 && !errors.Is(err, ErrAux) {
			t.Errorf("p_aux of %d bytes: %v", n, err)
		}
	}
	var before, after runtime.MemStats
	for at := range 16 {
		hostile := bytes.Clone(good)
		for i := range 8 {
			hostile[at+i] = 0xff
		}
		runtime.ReadMemStats(&before)
		var a TAux
		err := a.UnmarshalBinary(hostile)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrAux) || after.TotalAlloc-before.TotalAlloc > 64<<10+8*uint64(len(hostile)) {
			t.Errorf("length of 2^64 at %d: %v, %d bytes allocated", at, err, after.TotalAlloc-before.TotalAlloc)
		}
	}
}

func FuzzTAux(f *testing.F) {
	p, err := StackedDRG2KiBV1_1.Proof()
	if err != nil {
		f.Fatal(err)
	}
	good, _ := NewTAux(p, "/cache").MarshalBinary()
	f.Add(good)
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, b []byte) {
		var a TAux
		if err := a.UnmarshalBinary(b); err != nil {
			return
		}
		if back, _ := a.MarshalBinary(); !bytes.Equal(back, b) {
			t.Fatalf("%x read, %x written", b, back)
		}
	})
}

func FuzzCID(f *testing.F) {
	f.Add(CommP{1}.CID())
	f.Add(CommR{1}.CID())
	f.Add("b")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ParseCommPCID(text); err == nil && c.CID() != text {
			t.Fatal(text)
		}
		if c, err := ParseCommRCID(text); err == nil && c.CID() != text {
			t.Fatal(text)
		}
	})
}

func FuzzSize(f *testing.F) {
	for _, s := range []string{"2KiB", "64GiB", "2048", "2048B", "iB", "0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSize(text)
		if err != nil {
			return
		}
		if back, err := ParseSize(s.String()); err != nil || back != s {
			t.Fatal(text, s, err)
		}
	})
}
