package consensus

import (
	"fmt"
	"strconv"
)

// A scanner reads the small part of JSON that snapshots use: objects, arrays, unsigned and signed integers, plain strings,
// true, false and null. Numbers are integers in decimal without sign tricks, exponents or leading zeros; the first fault stays.
type scanner struct {
	b   []byte
	at  int
	err error
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("consensus: %w: byte %d: %s", ErrDecode, s.at, fmt.Sprintf(format, args...))
	}
}

// peek returns the next byte that is no space, 0 at the end or after a fault.
func (s *scanner) peek() byte {
	for s.err == nil && s.at < len(s.b) {
		switch c := s.b[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) expect(c byte) {
	if s.peek() != c {
		s.fail("want %q", c)
		return
	}
	s.at++
}

// list reads elements between open and close, calling item at the start of each.
func (s *scanner) list(open, end byte, item func()) {
	s.expect(open)
	if s.peek() == end {
		s.at++
		return
	}
	for s.err == nil {
		item()
		switch s.peek() {
		case ',':
			s.at++
		case end:
			s.at++
			return
		default:
			s.fail("want ',' or %q", end)
		}
	}
}

// text reads a string without escapes.
func (s *scanner) text() string {
	s.expect('"')
	for i := s.at; s.err == nil && i < len(s.b); i++ {
		switch c := s.b[i]; {
		case c == '"':
			v := string(s.b[s.at:i])
			s.at = i + 1
			return v
		case c == '\\' || c < ' ' || i-s.at > 128:
			s.fail("string with an escape, or too long")
		}
	}
	s.fail("string without end")
	return ""
}

// word reads a literal such as true.
func (s *scanner) word(w string) bool {
	if s.peek() != 0 && s.at+len(w) <= len(s.b) && string(s.b[s.at:s.at+len(w)]) == w {
		s.at += len(w)
		return true
	}
	return false
}

func (s *scanner) boolean() bool {
	if s.word("true") {
		return true
	}
	if !s.word("false") {
		s.fail("want true or false")
	}
	return false
}

// unsigned reads an integer of at most limit.
func (s *scanner) unsigned(limit uint64) uint64 {
	s.peek()
	from := s.at
	var v uint64
	for ; s.err == nil && s.at < len(s.b) && s.b[s.at]-'0' < 10; s.at++ {
		d := uint64(s.b[s.at] - '0')
		if v > limit/10 || v*10 > limit-min(d, limit) {
			s.fail("integer above %d", limit)
			return 0
		}
		v = v*10 + d
	}
	if s.at == from || s.b[from] == '0' && s.at-from > 1 {
		s.fail("want an integer from 0 to %d", limit)
		return 0
	}
	return v
}

// signed16 reads an i16.
func (s *scanner) signed16() int16 {
	if s.peek() != '-' {
		return int16(s.unsigned(1<<15 - 1))
	}
	s.at++
	return int16(-int32(s.unsigned(1 << 15)))
}

// count returns the number of elements of the array that starts here, without reading into them.
func (s *scanner) count() int {
	if s.peek() != '[' {
		return 0
	}
	n, depth := 0, 0
	for i := s.at; i < len(s.b); i++ {
		switch s.b[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return n + 1
			}
		case ',':
			if depth == 1 {
				n++
			}
		}
	}
	return 0
}

// uints reads an array of integers of at most limit.
func (s *scanner) uints(limit uint64) []uint64 {
	out := make([]uint64, 0, s.bounded())
	s.list('[', ']', func() { out = append(out, s.unsigned(limit)) })
	return out
}

// bounded is count, refused above the largest subnet.
func (s *scanner) bounded() int {
	n := s.count()
	if n > MaxNeurons {
		s.fail("array of %d elements, at most %d", n, MaxNeurons)
		return 0
	}
	return n
}

func (s *scanner) bools() []bool {
	out := make([]bool, 0, s.bounded())
	s.list('[', ']', func() { out = append(out, s.boolean()) })
	return out
}

// rows reads an array of rows of [column, value] pairs.
func (s *scanner) rows() (r Rows) {
	r.Start = append(make([]int, 0, s.bounded()+1), 0)
	s.list('[', ']', func() {
		s.bounded()
		s.list('[', ']', func() {
			s.expect('[')
			r.Col = append(r.Col, uint16(s.unsigned(65535)))
			s.expect(',')
			r.Val = append(r.Val, uint16(s.unsigned(65535)))
			s.expect(']')
		})
		r.Start = append(r.Start, len(r.Col))
	})
	return r
}

func quote(s string) string { return strconv.Quote(s) }
