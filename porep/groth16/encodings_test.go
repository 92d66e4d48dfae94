package groth16

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
)

var update = flag.Bool("update", false, "write testdata/encodings.json anew")

// encodingsFile is the file of encodings that others can read, in the manner of Project Wycheproof: each test has a result,
// valid, invalid, or acceptable (a valid encoding of a statement that another encoding also proves).
type encodingsFile struct {
	Algorithm string            `json:"algorithm"`
	Producer  string            `json:"producer"`
	Notes     map[string]string `json:"notes"`
	Count     int               `json:"numberOfTests"`
	Key       string            `json:"vk"`
	Inputs    []string          `json:"public_inputs_le"`
	Groups    []encodingGroup   `json:"testGroups"`
}

// An encodingGroup holds the tests of one kind of bytes: "proof" (checked against key and inputs of the file), "inputs"
// (32 bytes each, one after the other, checked with the first valid proof), "key" (decoded).
type encodingGroup struct {
	Type  string         `json:"type"`
	Tests []encodingTest `json:"tests"`
}

type encodingTest struct {
	ID      int    `json:"tcId"`
	Comment string `json:"comment"`
	Flag    string `json:"flag"`
	Bytes   string `json:"bytes"`
	Result  string `json:"result"`
}

const encodingsPath = "testdata/encodings.json"

// TestAdversaryEncodings reads the file of encodings and holds every result.
func TestAdversaryEncodings(t *testing.T) {
	t.Run("G16", func(t *testing.T) {
		made := makeEncodings()
		if *update {
			b, err := json.MarshalIndent(made, "", " ")
			if err == nil {
				err = os.WriteFile(encodingsPath, append(b, '\n'), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		var f encodingsFile
		readJSON(t, encodingsPath, &f)
		if a, b := fmt.Sprint(f), fmt.Sprint(*made); a != b {
			t.Error("the file is not what its producer makes")
		}
		tried, accepted := 0, 0
		key, err := ParseKey(unhex(t, f.Key))
		if err != nil {
			t.Fatal(err)
		}
		prepared, in := key.Prepare(), scalars(t, f.Inputs)
		var first *Proof
		for _, g := range f.Groups {
			for _, c := range g.Tests {
				tried++
				err := judgeEncoding(prepared, in, &first, g.Type, unhex(t, c.Bytes))
				if (err == nil) != (c.Result != "invalid") {
					accepted++
					t.Errorf("%s test %d (%s): want %s, got %v", g.Type, c.ID, c.Comment, c.Result, err)
				}
				if err != nil && !errors.Is(err, ErrProof) && !errors.Is(err, ErrKey) && !errors.Is(err, ErrInputs) {
					t.Errorf("test %d: an error of no kind: %v", c.ID, err)
				}
			}
		}
		if tried != f.Count || tried < 40 {
			t.Errorf("%d tests, the file says %d", tried, f.Count)
		}
		report(t, "G16", tried, accepted, 0)
	})
}

func judgeEncoding(key *PreparedKey, in []Scalar, first **Proof, kind string, b []byte) error {
	switch kind {
	case "proof":
		p, err := ParseProof(b)
		if err == nil {
			err = key.Verify(p, in, nil)
		}
		if err == nil && *first == nil {
			*first = p
		}
		return err
	case "inputs":
		other := make([]Scalar, len(b)/32)
		for i := range other {
			other[i] = Scalar(b[32*i:])
		}
		return key.Verify(*first, other, nil)
	case "key":
		_, err := ParseKey(b)
		return err
	}
	return fmt.Errorf("no tests of kind %q", kind)
}

// An encodingMaker collects tests.
type encodingMaker struct {
	file  encodingsFile
	group *encodingGroup
}

func (m *encodingMaker) begin(kind string) {
	m.file.Groups = append(m.file.Groups, encodingGroup{Type: kind})
	m.group = &m.file.Groups[len(m.file.Groups)-1]
}

func (m *encodingMaker) add(result, flag, comment string, b []byte) {
	m.file.Count++
	m.group.Tests = append(m.group.Tests, encodingTest{ID: m.file.Count, Comment: comment, Flag: flag, Bytes: hex.EncodeToString(b), Result: result})
}

// makeEncodings makes the file from a seed.
func makeEncodings() *encodingsFile {
	r := rand.New(rand.NewPCG(20, 26))
	f := fakeKey(r, 2)
	in := f.inputs(2, 2)
	m := &encodingMaker{file: encodingsFile{
		Algorithm: "Groth16 over BLS12-381, Filecoin's bytes: A (G1, 48), B (G2, 96), C (G1, 48), compressed",
		Producer:  "go test ./porep/groth16 -run TestAdversaryEncodings -update",
		Notes: map[string]string{
			"Valid": "a proof, key or list of inputs as it should be", "Malleable": "another proof of the same statement: proofs name nothing",
			"Length": "wrong number of bytes", "Flags": "flag bits that no compressed point has", "Identity": "the identity, in its canonical form or not",
			"Range": "a coordinate or scalar that is not reduced", "Curve": "no point with this abscissa", "Subgroup": "on the curve, outside the prime-order subgroup",
			"Form": "another form of the right point", "Equation": "sound points that prove something else", "Count": "a count that does not fit",
		},
		Key: hex.EncodeToString(f.key.AppendBytes(nil)),
	}}
	for i := range in {
		m.file.Inputs = append(m.file.Inputs, hex.EncodeToString(in[i][:]))
	}
	// Among many proofs of the statement, one whose A and C have abscissas below 2^381 - p, so that x + p still fits.
	proof := f.prove(in)
	for !shiftable(&proof.a.X) || !shiftable(&proof.c.X) || !shiftable(&proof.b.X.A1) {
		proof = f.prove(in)
	}
	m.proofs(f, proof, in)
	m.inputs(in)
	m.keys(f.key.AppendBytes(nil), r)
	return &m.file
}

// proofSlots are the places of the points in a proof.
var proofSlots = []struct {
	name     string
	at, size int
}{{"A", 0, 48}, {"B", 48, 96}, {"C", 144, 48}}

func (m *encodingMaker) proofs(f *fakeSetup, proof *Proof, in []Scalar) {
	m.begin("proof")
	good := proof.AppendBytes(nil)
	with := func(at int, b ...byte) []byte {
		out := bytes.Clone(good)
		copy(out[at:], b)
		return out
	}
	m.add("valid", "Valid", "a proof", good)
	m.add("acceptable", "Malleable", "t·A, B/t, C", rerandomised(f, proof).AppendBytes(nil))
	m.add("acceptable", "Malleable", "another proof of the same statement", f.prove(in).AppendBytes(nil))
	for _, n := range []int{0, 1, 47, 48, 96, 144, 191} {
		m.add("invalid", "Length", fmt.Sprintf("cut to %d bytes", n), good[:n])
	}
	m.add("invalid", "Length", "a byte behind the end", append(bytes.Clone(good), 0))
	m.add("invalid", "Length", "twice", append(bytes.Clone(good), good...))
	for _, s := range proofSlots {
		b := good[s.at : s.at+s.size]
		x := b[0] &^ flagMask
		for _, flags := range []byte{0x00, 0x20, 0x40, 0x60, 0xc0, 0xe0} {
			m.add("invalid", "Flags", fmt.Sprintf("%s with flags %#02x", s.name, flags), with(s.at, flags|x))
		}
		zeros := make([]byte, s.size)
		for _, flags := range []byte{0xc0, 0xe0, 0x40, 0x80, 0xa0, 0x00, 0x20, 0x60} {
			zeros[0] = flags
			m.add("invalid", "Identity", fmt.Sprintf("%s is zeros with flags %#02x", s.name, flags), with(s.at, zeros...))
		}
		zeros[0], zeros[s.size-1] = 0xc0, 1
		m.add("invalid", "Identity", s.name+" is the identity with garbage", with(s.at, zeros...))
		m.add("invalid", "Form", s.name+" with the other sign", with(s.at, b[0]^flagLargest))
		m.add("invalid", "Form", s.name+" with its bytes reversed", with(s.at, reversed(b)...))
		m.add("invalid", "Range", s.name+": x + p", with(s.at, plusP(b)...))
		ones := bytes.Repeat([]byte{0xff}, s.size)
		ones[0] = 0x9f
		m.add("invalid", "Range", s.name+": all ones", with(s.at, ones...))
		m.add("invalid", "Range", s.name+": p itself", with(s.at, fieldModulus(b[0]&flagMask, s.size)...))
	}
	lower := bytes.Clone(good[96:144])
	addP(lower)
	m.add("invalid", "Range", "B: real part + p", with(96, lower...))
	swapped := append(bytes.Clone(good[96:144]), good[48:96]...)
	swapped[0] |= good[48] & flagMask
	m.add("invalid", "Form", "B with real and imaginary part swapped", with(48, swapped...))
	m.pointsElsewhere(with)
	raw := proof.a.RawBytes()
	m.add("invalid", "Form", "A uncompressed, the others behind it", append(raw[:], good[48:]...))
	m.add("invalid", "Form", "the first half of A uncompressed", with(0, raw[:48]...))
	m.add("invalid", "Equation", "A and C swapped", append(append(bytes.Clone(good[144:]), good[48:144]...), good[:48]...))
	other := f.prove(f.inputs(2, 2)).AppendBytes(nil)
	m.add("invalid", "Equation", "a proof of other inputs", other)
	for _, s := range proofSlots {
		m.add("invalid", "Equation", s.name+" of a proof of other inputs", with(s.at, other[s.at:s.at+s.size]...))
	}
}

// pointsElsewhere adds abscissas without a point, and points outside the subgroup.
func (m *encodingMaker) pointsElsewhere(with func(at int, b ...byte) []byte) {
	for _, s := range proofSlots {
		curve, subgroup := 0, 0
		for x := uint64(1); curve < 3 || subgroup < 3; x++ {
			b := make([]byte, s.size)
			binary.BigEndian.PutUint64(b[s.size-8:], x)
			b[0] |= flagCompressed
			var reason string
			if s.size == sizeG1 {
				reason = decodeG1(new(bls.G1Affine), b)
			} else {
				reason = decodeG2(new(bls.G2Affine), b)
			}
			if reason == reasonCurve && curve < 3 {
				curve++
				m.add("invalid", "Curve", fmt.Sprintf("%s: no point at x = %d", s.name, x), with(s.at, b...))
			}
			if reason == reasonSubgroup && subgroup < 3 {
				subgroup++
				m.add("invalid", "Subgroup", fmt.Sprintf("%s: the point at x = %d", s.name, x), with(s.at, b...))
			}
		}
	}
}

func (m *encodingMaker) inputs(in []Scalar) {
	m.begin("inputs")
	flat := append(bytes.Clone(in[0][:]), in[1][:]...)
	m.add("valid", "Valid", "the inputs", flat)
	for i := range 2 {
		at := 32 * i
		with := func(b Scalar) []byte {
			out := bytes.Clone(flat)
			copy(out[at:], b[:])
			return out
		}
		var r, r1, ones Scalar
		for w, x := range modulus {
			binary.LittleEndian.PutUint64(r[8*w:], x)
		}
		r1 = r
		r1[0]++
		ones = Scalar(bytes.Repeat([]byte{0xff}, 32))
		plus := in[i]
		carry := 0
		for j := range plus {
			carry += int(plus[j]) + int(r[j])
			plus[j] = byte(carry)
			carry >>= 8
		}
		m.add("invalid", "Range", fmt.Sprintf("input %d + r", i), with(plus))
		m.add("invalid", "Range", fmt.Sprintf("input %d is r", i), with(r))
		m.add("invalid", "Range", fmt.Sprintf("input %d is r + 1", i), with(r1))
		m.add("invalid", "Range", fmt.Sprintf("input %d is 2^256 - 1", i), with(ones))
		m.add("invalid", "Equation", fmt.Sprintf("input %d is 0", i), with(Scalar{}))
		m.add("invalid", "Form", fmt.Sprintf("input %d big-endian", i), with(Scalar(reversed(in[i][:]))))
	}
	m.add("invalid", "Count", "no inputs", nil)
	m.add("invalid", "Count", "one input", flat[:32])
	m.add("invalid", "Count", "three inputs", append(bytes.Clone(flat), make([]byte, 32)...))
}

func (m *encodingMaker) keys(good []byte, r *rand.Rand) {
	m.begin("key")
	m.add("valid", "Valid", "a key", good)
	for _, n := range []int{0, 1, 95, 96, 192, 384, 576, 672, 864, 867, 868, 868 + 95, len(good) - 96, len(good) - 1} {
		m.add("invalid", "Length", fmt.Sprintf("cut to %d bytes", n), good[:n])
	}
	m.add("invalid", "Length", "a byte behind the end", append(bytes.Clone(good), 0))
	for _, n := range []uint32{0, 2, 4, 1 << 17, 1<<17 + 2, 1 << 31, 1<<32 - 1} {
		b := bytes.Clone(good)
		binary.BigEndian.PutUint32(b[864:], n)
		m.add("invalid", "Count", fmt.Sprintf("%d IC points stated, 3 there", n), b)
	}
	for _, s := range []struct {
		name     string
		at, size int
	}{{"alpha G1", 0, 96}, {"beta G1", 96, 96}, {"beta G2", 192, 192}, {"gamma G2", 384, 192}, {"delta G1", 576, 96}, {"delta G2", 672, 192},
		{"IC 0", 868, 96}, {"IC 2", 868 + 192, 96}} {
		with := func(b []byte) []byte {
			out := bytes.Clone(good)
			copy(out[s.at:], b)
			return out
		}
		zeros := make([]byte, s.size)
		m.add("invalid", "Identity", s.name+" is zeros", with(zeros))
		zeros[0] = 0x40
		m.add("invalid", "Identity", s.name+" is the identity", with(zeros))
		m.add("invalid", "Flags", s.name+" marked compressed", with([]byte{good[s.at] | 0x80}))
		m.add("invalid", "Flags", s.name+" marked as the larger", with([]byte{good[s.at] | 0x20}))
		b := bytes.Clone(good[s.at : s.at+s.size])
		b[s.size-1] ^= 1
		m.add("invalid", "Curve", s.name+" off the curve", with(b))
		m.add("invalid", "Range", s.name+": p as a coordinate", with(fieldModulus(0, 48)))
		m.add("invalid", "Subgroup", s.name+" outside the subgroup", with(offSubgroup(r, s.size)))
	}
}

// offSubgroup returns the uncompressed bytes of a random point on the curve of G1 (96) or G2 (192), outside the subgroup.
func offSubgroup(r *rand.Rand, size int) []byte {
	if size == sizeG1Raw {
		p := randomG1(r)
		b := p.RawBytes()
		return b[:]
	}
	p := randomG2(r)
	b := p.RawBytes()
	return b[:]
}

// randomG1 returns a random point of the curve; it lies in the subgroup with probability 2^-125.
func randomG1(r *rand.Rand) bls.G1Affine {
	for {
		var b [48]byte
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		b[0] = b[0]&0x0f | flagCompressed
		var p bls.G1Affine
		if decodeG1(&p, b[:]) == reasonSubgroup {
			return p
		}
	}
}

func randomG2(r *rand.Rand) bls.G2Affine {
	for {
		var b [96]byte
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		b[0], b[48] = b[0]&0x0f|flagCompressed, b[48]&0x0f
		var p bls.G2Affine
		if decodeG2(&p, b[:]) == reasonSubgroup {
			return p
		}
	}
}

// rerandomised returns (t·A, B/t, C).
func rerandomised(f *fakeSetup, p *Proof) *Proof {
	t := f.scalar()
	q := *p
	scaleG1(&q.a, &t)
	t.Inverse(&t)
	scaleG2(&q.b, &t)
	return &q
}

// shiftable reports whether x + p is below 2^381.
func shiftable(x *fp.Element) bool {
	b := x.Bytes()
	addP(b[:])
	return b[0] < 0x20
}

// plusP returns a compressed point with its first coordinate raised by p.
func plusP(b []byte) []byte {
	out := bytes.Clone(b)
	flags := out[0] & flagMask
	out[0] &^= flagMask
	addP(out[:48])
	out[0] |= flags
	return out
}

// addP adds the modulus of the base field to a big-endian number of 48 bytes.
func addP(b []byte) {
	p := fp.Modulus().FillBytes(make([]byte, 48))
	carry := 0
	for i := 47; i >= 0; i-- {
		carry += int(b[i]) + int(p[i])
		b[i] = byte(carry)
		carry >>= 8
	}
}

// fieldModulus returns p with flags, followed by zeros up to size.
func fieldModulus(flags byte, size int) []byte {
	b := make([]byte, size)
	fp.Modulus().FillBytes(b[:48])
	b[0] |= flags
	return b
}

func reversed(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[len(b)-1-i] = b[i]
	}
	return out
}
