package consensus

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrDecode marks data that is not in the form its decoder reads.
var ErrDecode = errors.New("malformed data")

// AppendScaleRow appends one row as the chain stores it: SCALE of Vec<(u16, u16)>, a compact length and little-endian pairs.
// Col and val have one length of at most 65536.
func AppendScaleRow(dst []byte, col, val []uint16) []byte {
	dst = appendCompact(dst, uint32(len(col)))
	for k, j := range col {
		dst = binary.LittleEndian.AppendUint16(dst, j)
		dst = binary.LittleEndian.AppendUint16(dst, val[k])
	}
	return dst
}

// AppendScaleU16s appends SCALE of Vec<u16>: a compact length and little-endian values, at most 65536 of them.
func AppendScaleU16s(dst []byte, v []uint16) []byte {
	dst = appendCompact(dst, uint32(len(v)))
	for _, x := range v {
		dst = binary.LittleEndian.AppendUint16(dst, x)
	}
	return dst
}

// DecodeScaleRow reads one row from the front of b, appends it to r and returns what follows it. The row's columns are below n
// and differ from each other; r is unchanged on error. It allocates no more than the row's own bytes ask for.
//
// Errors: ErrDecode, wrapped, for a length that is not minimal or exceeds b, and for a column that is repeated or not below n.
func DecodeScaleRow(b []byte, n int, r *Rows) (rest []byte, err error) {
	count, b, err := decodeCompact(b)
	if err != nil {
		return nil, err
	}
	if int64(count) > int64(n) || int64(count)*4 > int64(len(b)) {
		return nil, fmt.Errorf("consensus: %w: row of %d pairs in %d bytes for %d neurons", ErrDecode, count, len(b), n)
	}
	if len(r.Start) == 0 {
		r.Start = append(r.Start, 0)
	}
	from := len(r.Col)
	for k := range int(count) {
		r.Col = append(r.Col, binary.LittleEndian.Uint16(b[4*k:]))
		r.Val = append(r.Val, binary.LittleEndian.Uint16(b[4*k+2:]))
	}
	if err := checkColumns(r.Col[from:], n); err != nil {
		r.Col, r.Val = r.Col[:from], r.Val[:from]
		return nil, err
	}
	r.Start = append(r.Start, len(r.Col))
	return b[4*count:], nil
}

// checkColumns refuses columns that are not below n or are repeated.
func checkColumns(col []uint16, n int) error {
	sorted := true
	for k, j := range col {
		if int(j) >= n {
			return fmt.Errorf("consensus: %w: column %d of %d neurons", ErrDecode, j, n)
		}
		sorted = sorted && (k == 0 || col[k-1] < j)
	}
	if sorted {
		return nil
	}
	var seen [MaxNeurons / 64]uint64
	for _, j := range col {
		if seen[j/64]>>(j%64)&1 != 0 {
			return fmt.Errorf("consensus: %w: column %d twice in a row", ErrDecode, j)
		}
		seen[j/64] |= 1 << (j % 64)
	}
	return nil
}

// appendCompact appends a SCALE compact integer.
func appendCompact(dst []byte, v uint32) []byte {
	switch {
	case v < 1<<6:
		return append(dst, byte(v<<2))
	case v < 1<<14:
		return binary.LittleEndian.AppendUint16(dst, uint16(v<<2|1))
	case v < 1<<30:
		return binary.LittleEndian.AppendUint32(dst, v<<2|2)
	}
	return binary.LittleEndian.AppendUint32(append(dst, 3), v)
}

// decodeCompact reads a SCALE compact integer below 2^30 in its shortest form.
func decodeCompact(b []byte) (v uint32, rest []byte, err error) {
	short := func() (uint32, []byte, error) {
		return 0, nil, fmt.Errorf("consensus: %w: compact length cut off", ErrDecode)
	}
	if len(b) == 0 {
		return short()
	}
	size := 1
	switch b[0] & 3 {
	case 0:
		v = uint32(b[0]) >> 2
	case 1:
		if size = 2; len(b) < size {
			return short()
		}
		v = uint32(binary.LittleEndian.Uint16(b)) >> 2
	case 2:
		if size = 4; len(b) < size {
			return short()
		}
		v = binary.LittleEndian.Uint32(b) >> 2
	default:
		return 0, nil, fmt.Errorf("consensus: %w: compact length of 2^30 or more", ErrDecode)
	}
	if size == 2 && v < 1<<6 || size == 4 && v < 1<<14 {
		return 0, nil, fmt.Errorf("consensus: %w: compact length %d not in its shortest form", ErrDecode, v)
	}
	return v, b[size:], nil
}
