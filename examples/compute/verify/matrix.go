package verify

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
)

// Errors of verification. nil is proven, ErrProof refuted, anything else could not be judged.
var (
	ErrProof = errors.New("verify: refuted")
	ErrShape = errors.New("verify: impossible shape")
)

// MaxInner bounds the inner length of a product: up to it, entries of any two products differ by less than 2^31-1.
const MaxInner = 1<<16 - 1

// maxEntries bounds a matrix.
const maxEntries = 1 << 28

// A Matrix has Rows*Cols entries, row by row.
type Matrix struct {
	Rows, Cols int
	Data       []int8
}

// check refuses shapes that do not fit their data.
func (m *Matrix) check() error {
	if m.Rows <= 0 || m.Cols <= 0 || m.Rows > maxEntries/m.Cols || len(m.Data) != m.Rows*m.Cols {
		return fmt.Errorf("%w: %d x %d with %d entries", ErrShape, m.Rows, m.Cols, len(m.Data))
	}
	return nil
}

// checkProduct refuses factors that do not fit, and products of another length.
func checkProduct(a, b *Matrix, entries int) error {
	if err := errors.Join(a.check(), b.check()); err != nil {
		return err
	}
	if a.Cols != b.Rows || a.Cols > MaxInner || a.Rows > maxEntries/b.Cols {
		return fmt.Errorf("%w: %d x %d times %d x %d", ErrShape, a.Rows, a.Cols, b.Rows, b.Cols)
	}
	if entries != a.Rows*b.Cols {
		return fmt.Errorf("%w: a product of %d entries, want %d", ErrShape, entries, a.Rows*b.Cols)
	}
	return nil
}

// RandomMatrix returns the matrix that a seed stands for: ChaCha8 keyed with the seed, its bytes in order. Errors: ErrShape.
func RandomMatrix(seed [32]byte, rows, cols int) (*Matrix, error) {
	if rows <= 0 || cols <= 0 || rows > maxEntries/cols {
		return nil, fmt.Errorf("%w: %d x %d", ErrShape, rows, cols)
	}
	m := &Matrix{rows, cols, make([]int8, rows*cols)}
	r := rand.NewChaCha8(seed)
	var word [8]byte
	for i := range m.Data {
		if i%8 == 0 {
			binary.LittleEndian.PutUint64(word[:], r.Uint64())
		}
		m.Data[i] = int8(word[i%8])
	}
	return m, nil
}

// Naive returns a*b by the definition, a row of a with a column of b for each entry. It is what Multiply is held against.
func Naive(a, b *Matrix) ([]int32, error) {
	if err := checkProduct(a, b, a.Rows*b.Cols); err != nil {
		return nil, err
	}
	c := make([]int32, a.Rows*b.Cols)
	for i := range a.Rows {
		for j := range b.Cols {
			sum := int32(0)
			for k := range a.Cols {
				sum += int32(a.Data[i*a.Cols+k]) * int32(b.Data[k*b.Cols+j])
			}
			c[i*b.Cols+j] = sum
		}
	}
	return c, nil
}

// Multiply returns a*b, entries exact, a row of b at a time so that memory is read in order. Errors: ErrShape.
func Multiply(a, b *Matrix) ([]int32, error) {
	if err := checkProduct(a, b, a.Rows*b.Cols); err != nil {
		return nil, err
	}
	c := make([]int32, a.Rows*b.Cols)
	for i := range a.Rows {
		row := c[i*b.Cols : (i+1)*b.Cols]
		for k, x := range a.Data[i*a.Cols : (i+1)*a.Cols] {
			if x == 0 {
				continue
			}
			for j, y := range b.Data[k*b.Cols : (k+1)*b.Cols] {
				row[j] += int32(x) * int32(y)
			}
		}
	}
	return c, nil
}

// AppendProduct appends the entries of a product, 4 bytes little-endian each.
func AppendProduct(dst []byte, c []int32) []byte {
	for _, x := range c {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(x))
	}
	return dst
}

// ParseProduct reads what AppendProduct wrote, of exactly so many entries. Errors: ErrProof.
func ParseProduct(b []byte, entries int) ([]int32, error) {
	if entries < 0 || entries > maxEntries || len(b) != 4*entries {
		return nil, fmt.Errorf("%w: a product of %d bytes, want %d", ErrProof, len(b), 4*int64(entries))
	}
	c := make([]int32, entries)
	for i := range c {
		c[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return c, nil
}
