package consensus_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/sim"
)

const snapshot = `{"activity_cutoff_factor_milli":13889,"alpha_high":58982,"alpha_low":45875,"alpha_sigmoid_steepness":1000,` +
	`"block_at_registration":[1,1,1],"bonds":[[[2,7]],[],[]],"bonds_moving_average":900000,"bonds_penalty":65535,"commit_reveal":false,` +
	`"current_block":1000,"kappa":32767,"last_mechanism_step_block":0,"last_update":[999,999,999],"liquid_alpha":false,` +
	`"max_allowed_validators":64,"n":3,"owner_uid":null,"rao_emission":1000000000,"stake":[600,400,0],"stake_threshold":0,"tempo":360,` +
	`"validator_permit":[true,true,false],"weights":[[[2,65535]],[[2,65535]],[]],"yuma3":false}`

// hostile are snapshots that must be refused: each is the good one with a part replaced.
var hostile = []struct{ name, old, new string }{
	{"not a number", `"kappa":32767`, `"kappa":NaN`}, {"infinity", `"kappa":32767`, `"kappa":Infinity`}, {"null for a number", `"kappa":32767`, `"kappa":null`},
	{"a float", `"kappa":32767`, `"kappa":0.5`}, {"an exponent", `"kappa":32767`, `"kappa":3e4`}, {"a sign", `"kappa":32767`, `"kappa":-1`},
	{"a leading zero", `"kappa":32767`, `"kappa":032767`}, {"a string", `"kappa":32767`, `"kappa":"32767"`}, {"over u16", `"kappa":32767`, `"kappa":65536`},
	{"over u64", `"rao_emission":1000000000`, `"rao_emission":18446744073709551616`}, {"under i16", `"alpha_sigmoid_steepness":1000`, `"alpha_sigmoid_steepness":-32769`},
	{"key twice", `"kappa":32767`, `"kappa":1,"kappa":2`}, {"unknown key", `"kappa":32767`, `"kappa":1,"kapa":2`}, {"missing key", `"kappa":32767,`, ``},
	{"stake twice", `"stake":[600,400,0]`, `"stake":[600,400,0],"stake_i64f64":["1","2","3"]`}, {"no stake", `"stake":[600,400,0],`, ``},
	{"short stake", `"stake":[600,400,0]`, `"stake":[600,400]`}, {"long stake", `"stake":[600,400,0]`, `"stake":[600,400,0,0]`},
	{"short permits", `[true,true,false]`, `[true,true]`}, {"numbers for permits", `[true,true,false]`, `[1,1,0]`}, {"short registrations", `"block_at_registration":[1,1,1]`, `"block_at_registration":[1,1]`},
	{"row too few", `[[[2,65535]],[[2,65535]],[]]`, `[[[2,65535]],[[2,65535]]]`}, {"row too many", `[[[2,65535]],[[2,65535]],[]]`, `[[[2,65535]],[[2,65535]],[],[]]`},
	{"pair of one", `[[2,7]]`, `[[2]]`}, {"pair of three", `[[2,7]]`, `[[2,7,1]]`}, {"no pair", `[[2,7]]`, `[2,7]`}, {"column n", `[[2,7]]`, `[[3,7]]`},
	{"column over u16", `[[2,7]]`, `[[65536,7]]`}, {"weight over u16", `[[2,7]]`, `[[2,65536]]`}, {"column twice", `[[2,7]]`, `[[2,7],[1,1],[2,7]]`},
	{"owner n", `"owner_uid":null`, `"owner_uid":3`}, {"n over the largest", `"n":3`, `"n":65537`}, {"n of 2^32", `"n":3`, `"n":4294967296`},
	{"commit blocks short", `"kappa":32767`, `"kappa":1,"commit_block":[1]`}, {"hotkeys equal", `"kappa":32767`, `"kappa":1,"hotkeys":["` + strings.Repeat("00", 32) + `","` + strings.Repeat("00", 32) + `","` + strings.Repeat("01", 32) + `"]`},
	{"hotkey in capitals", `"kappa":32767`, `"kappa":1,"hotkeys":["` + strings.Repeat("AA", 32) + `"]`}, {"open array", `[600,400,0]`, `[600,400,0`},
	{"comma too many", `[600,400,0]`, `[600,400,0,]`}, {"stake bits that do not fit", `"stake":[600,400,0]`, `"stake_i64f64":["170141183460469231731687303715884105728","0","0"]`},
	{"data after it", `"yuma3":false}`, `"yuma3":false}{}`}, {"an escape", `"kappa"`, `"\u006bappa"`}, {"words run together", `"yuma3":false`, `"yuma3":falsey`},
}

func TestDecodeState(t *testing.T) {
	s, err := consensus.DecodeState([]byte(snapshot))
	if err != nil {
		t.Fatal(err)
	}
	col, val := s.Weights.Row(1)
	if s.N() != 3 || s.Kappa != 32767 || s.HasOwner || s.Stake[0].U64() != 600 || !slices.Equal(col, []uint16{2}) || !slices.Equal(val, []uint16{65535}) || s.Bonds.Len() != 3 {
		t.Errorf("decoded %+v", s)
	}
	stray := strings.Replace(snapshot, `[[2,7]]`, `[[9,1],[2,7],[2,8]]`, 1)
	if s, err := consensus.DecodeStored([]byte(stray)); err != nil || len(s.Bonds.Col) != 3 {
		t.Errorf("as stored: %v", err)
	} else if _, err := agree(s, false); err != nil {
		t.Error(err)
	}
	spaced := strings.NewReplacer(",", " ,\n\t", ":", " : ").Replace(snapshot)
	if _, err := consensus.DecodeState([]byte(spaced)); err != nil {
		t.Errorf("with spaces: %v", err)
	}
}

func TestAdversaryDecoder(t *testing.T) {
	adversary(t, "C18", func(t *testing.T, a *tally) {
		refuse := func(name string, b []byte) {
			a.try(t, func() error {
				_, err := consensus.DecodeState(b)
				if !errors.Is(err, consensus.ErrDecode) && !errors.Is(err, consensus.ErrState) && !errors.Is(err, consensus.ErrDuplicateHotkey) {
					return fmt.Errorf("%s: got %v", name, err)
				}
				return nil
			})
		}
		for _, h := range hostile {
			changed := strings.Replace(snapshot, h.old, h.new, 1)
			if changed == snapshot {
				t.Fatalf("%s: nothing to replace", h.name)
			}
			refuse(h.name, []byte(changed))
		}
		for cut := range len(snapshot) {
			refuse(fmt.Sprintf("cut to %d bytes", cut), []byte(snapshot[:cut]))
		}
		refuse("65,537 rows", []byte(strings.Replace(snapshot, `[[[2,7]],[],[]]`, "["+strings.Repeat("[],", 65536)+"[]]", 1)))
		refuse("deep", []byte(strings.Repeat("[", 1<<20)))
		refuse("no array", []byte(`{"weights":`+strings.Repeat("[", 1<<20)))
		r := &sim.Random{State: 18}
		for range cases(20000, 1000000) { // any byte changed: no panic, and what is taken is consistent
			b := []byte(snapshot)
			for range 1 + r.Below(3) {
				b[r.Below(uint64(len(b)))] = byte(r.Next())
			}
			a.try(t, func() error { return takenIsConsistent(b) })
		}
	})
}

// takenIsConsistent decodes and, if that works, runs the epoch.
func takenIsConsistent(b []byte) error {
	s, err := consensus.DecodeState(b)
	if err != nil {
		return nil
	}
	if _, err := epoch(s, consensus.Options{}); err != nil {
		return fmt.Errorf("%s: taken, and then %w", b, err)
	}
	return nil
}

// TestDecodeAllocates bounds the memory that hostile input makes the decoders ask for.
func TestDecodeAllocates(t *testing.T) {
	inputs := [][]byte{
		[]byte(snapshot), []byte(`{"n":65536,"stake":[` + strings.Repeat("1,", 65535) + `1]}`), []byte(`{"last_update":[` + strings.Repeat("0,", 65535) + `0]}`),
		[]byte(`{"weights":[` + strings.Repeat("[],", 65535) + `[]]}`), []byte(`{"weights":[[` + strings.Repeat("[1,1],", 65535) + `[1,1]]]}`),
		[]byte(`{"stake":[` + strings.Repeat(",", 60000)), []byte(`{"hotkeys":[` + strings.Repeat(",", 60000)), []byte(`{"validator_permit":[` + strings.Repeat(",", 60000)),
	}
	for k, in := range inputs {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		consensus.DecodeState(in)
		runtime.ReadMemStats(&after)
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(64<<10+8*len(in)); got > most {
			t.Errorf("input %d: %d bytes allocated for %d, at most %d", k, got, len(in), most)
		}
	}
	for _, b := range [][]byte{{0xfe, 0xff, 0xff, 0xff}, {3, 255, 255, 255, 255}, bytes.Repeat([]byte{0xfe}, 100)} {
		var rows consensus.Rows
		if n := testing.AllocsPerRun(5, func() { consensus.DecodeScaleRow(b, 65536, &rows) }); n > 6 && !underRace || cap(rows.Col) != 0 {
			t.Errorf("%x: %v allocations, room for %d", b, n, cap(rows.Col))
		}
	}
}

// scaleTable is written from SCALE's compact form (parity-scale-codec: two low bits are the mode) and Vec<(u16, u16)>: pairs
// little-endian, one after the other.
var scaleTable = []struct {
	hex  string
	rows [][2]uint16
}{
	{"00", nil}, {"0401000200", [][2]uint16{{1, 2}}}, {"0800000000ffff0000", [][2]uint16{{0, 0}, {65535, 0}}},
}

func TestScaleRows(t *testing.T) {
	for _, x := range scaleTable {
		var b []byte
		fmt.Sscanf(x.hex, "%x", &b)
		var rows consensus.Rows
		rest, err := consensus.DecodeScaleRow(append(b, 9), 65536, &rows)
		if err != nil || len(rest) != 1 || rows.Len() != 1 || len(rows.Col) != len(x.rows) {
			t.Fatalf("%s: %v, rest %x, %+v", x.hex, err, rest, rows)
		}
		for k, p := range x.rows {
			if rows.Col[k] != p[0] || rows.Val[k] != p[1] {
				t.Errorf("%s: %+v", x.hex, rows)
			}
		}
		if got := consensus.AppendScaleRow(nil, rows.Col, rows.Val); !bytes.Equal(got, b) {
			t.Errorf("%s written as %x", x.hex, got)
		}
	}
	for _, n := range []int{0, 1, 63, 64, 16383, 16384, 65536} { // every size of length
		col, val := make([]uint16, n), make([]uint16, n)
		for k := range col {
			col[k], val[k] = uint16(k), uint16(k*7)
		}
		var rows consensus.Rows
		b := consensus.AppendScaleRow(nil, col, val)
		if rest, err := consensus.DecodeScaleRow(b, 65536, &rows); err != nil || len(rest) != 0 || !slices.Equal(rows.Col, col) || !slices.Equal(rows.Val, val) {
			t.Errorf("n=%d: %v", n, err)
		}
		for _, cut := range []int{0, 1, len(b) / 2, len(b) - 1} {
			if cut < len(b) && n > 0 {
				if _, err := consensus.DecodeScaleRow(b[:cut], 65536, &rows); !errors.Is(err, consensus.ErrDecode) || rows.Len() != 1 {
					t.Errorf("n=%d cut to %d: %v, %d rows", n, cut, err, rows.Len())
				}
			}
		}
	}
	for name, b := range map[string][]byte{
		"empty": {}, "length not shortest, two bytes": {0x05, 0x00, 1, 0, 2, 0}, "length not shortest, four bytes": {0x06, 0, 0, 0, 1, 0, 2, 0},
		"big integer": {0x03, 1, 0, 0, 0, 1, 0, 2, 0}, "2^30-1 pairs": {0xfe, 0xff, 0xff, 0xff}, "column twice": {0x08, 1, 0, 1, 0, 1, 0, 1, 0},
		"column n": {0x04, 5, 0, 1, 0},
	} {
		var rows consensus.Rows
		if _, err := consensus.DecodeScaleRow(b, 5, &rows); !errors.Is(err, consensus.ErrDecode) || rows.Len() != 0 || len(rows.Col) != 0 {
			t.Errorf("%s: %v, %+v", name, err, rows)
		}
	}
}

// TestScaleEveryLength feeds the decoder a row of ten pairs cut or drawn out to every length up to a hundred bytes more.
func TestScaleEveryLength(t *testing.T) {
	col, val := make([]uint16, 10), make([]uint16, 10)
	for k := range col {
		col[k] = uint16(3 * k)
	}
	good := consensus.AppendScaleRow(nil, col, val)
	for size := range len(good) + 101 {
		b := append(slices.Clone(good), make([]byte, 200)...)[:size]
		var rows consensus.Rows
		rest, err := consensus.DecodeScaleRow(b, 100, &rows)
		if (err == nil) != (size >= len(good)) || err == nil && len(rest) != size-len(good) {
			t.Errorf("%d bytes: %v, %d left", size, err, len(rest))
		}
	}
}

func FuzzDecodeState(f *testing.F) {
	f.Add([]byte(snapshot))
	for _, h := range hostile {
		f.Add([]byte(strings.Replace(snapshot, h.old, h.new, 1)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := takenIsConsistent(b); err != nil {
			t.Fatal(err)
		}
		if s, err := consensus.DecodeState(b); err == nil && !json.Valid(b) {
			t.Fatalf("%q taken as %+v", b, s)
		}
	})
}

func FuzzDecodeScaleRow(f *testing.F) {
	f.Add([]byte{0x04, 1, 0, 2, 0}, 5)
	f.Add([]byte{0xfe, 0xff, 0xff, 0xff}, 65536)
	f.Add(binary.LittleEndian.AppendUint32(nil, 1<<16|2), 65536)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		var rows consensus.Rows
		rest, err := consensus.DecodeScaleRow(b, n, &rows)
		if err != nil {
			return
		}
		if again := consensus.AppendScaleRow(nil, rows.Col, rows.Val); !bytes.Equal(append(again, rest...), b) {
			t.Fatalf("%x is written as %x", b, again)
		}
	})
}

// FuzzEpoch holds the forms against each other on states drawn from a seed.
func FuzzEpoch(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, seed%2 == 0)
	}
	f.Fuzz(func(t *testing.T, seed uint64, dense bool) {
		if _, err := agree(randomState(&sim.Random{State: seed}, false), dense); err != nil {
			t.Fatal(err)
		}
	})
}
