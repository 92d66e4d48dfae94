package porep

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"github.com/assaylab/assay/merkle"
)

// c1Codec is one direction of the C1 JSON: the encoder emits what it is given, the decoder demands
// the same text and fills in the values. Both walk the same description, so that they cannot differ.
type c1Codec interface {
	lit(s string)              // fixed text
	num(v *uint64, max uint64) // an integer in [0, max]
	fixed(v uint64)            // an integer that must be v
	node(d *merkle.Digest)     // 32 numbers
	same(d *merkle.Digest)     // 32 numbers that must equal d
	more(i, have int) bool     // whether element i of a list follows; have is the encoder's length
	fail(format string, args ...any)
	failed() bool
}

// before is what stands before element i of a list.
func before(i int) string {
	if i == 0 {
		return "["
	}
	return ","
}

// A c1Encoder appends to buf. It never fails: the proof was checked at the door.
type c1Encoder struct{ buf []byte }

func (e *c1Encoder) lit(s string)              { e.buf = append(e.buf, s...) }
func (e *c1Encoder) num(v *uint64, max uint64) { e.buf = strconv.AppendUint(e.buf, *v, 10) }
func (e *c1Encoder) fixed(v uint64)            { e.buf = strconv.AppendUint(e.buf, v, 10) }
func (e *c1Encoder) same(d *merkle.Digest)     { e.node(d) }
func (e *c1Encoder) fail(string, ...any)       {}
func (e *c1Encoder) failed() bool              { return false }

func (e *c1Encoder) node(d *merkle.Digest) {
	for i, b := range d {
		e.lit(before(i))
		e.buf = strconv.AppendUint(e.buf, uint64(b), 10)
	}
	e.buf = append(e.buf, ']')
}

func (e *c1Encoder) more(i, have int) bool {
	if i > 0 && i < have {
		e.buf = append(e.buf, ',')
	}
	return i < have
}

// A c1Decoder reads data from pos on. After the first error it does nothing.
type c1Decoder struct {
	data []byte
	pos  int
	err  error
}

func (d *c1Decoder) failed() bool { return d.err != nil }

func (d *c1Decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("porep: C1 JSON at byte %d: %s: %w", d.pos, fmt.Sprintf(format, args...), ErrFormat)
	}
}

func (d *c1Decoder) lit(s string) {
	if d.err != nil {
		return
	}
	if !bytes.HasPrefix(d.data[d.pos:], []byte(s)) {
		d.fail("want %q", s)
		return
	}
	d.pos += len(s)
}

// num reads a decimal integer without sign, leading zero or exponent.
func (d *c1Decoder) num(v *uint64, max uint64) {
	if d.err != nil {
		return
	}
	start, n := d.pos, uint64(0)
	for d.pos < len(d.data) && d.data[d.pos]-'0' < 10 {
		digit := uint64(d.data[d.pos] - '0')
		if n > (math.MaxUint64-digit)/10 || d.pos > start && n == 0 {
			d.fail("bad integer")
			return
		}
		n = 10*n + digit
		d.pos++
	}
	if d.pos == start || n > max {
		d.fail("want an integer up to %d", max)
		return
	}
	*v = n
}

func (d *c1Decoder) fixed(want uint64) {
	got := want
	if d.num(&got, math.MaxUint64); d.err == nil && got != want {
		d.fail("integer %d, want %d", got, want)
	}
}

func (d *c1Decoder) node(out *merkle.Digest) {
	for i := range out {
		d.lit(before(i))
		var b uint64
		d.num(&b, 255)
		if d.err != nil {
			return
		}
		out[i] = byte(b)
	}
	d.lit("]")
}

func (d *c1Decoder) same(want *merkle.Digest) {
	var got merkle.Digest
	if d.node(&got); d.err == nil && got != *want {
		d.fail("node %x, want %x", got, *want)
	}
}

// more looks at the next byte: a list ends with ']' and its elements are parted by commas.
func (d *c1Decoder) more(i, _ int) bool {
	if d.err != nil || d.pos < len(d.data) && d.data[d.pos] == ']' {
		return false
	}
	if i > 0 {
		d.lit(",")
	}
	return d.err == nil
}
