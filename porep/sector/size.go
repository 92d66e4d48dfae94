package sector

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// NodeSize is the length of one node of a sector in bytes.
const NodeSize = 32

// A Size is the length of a sector in padded bytes (after fr32): 32 times its number of nodes.
type Size uint64

// The sizes that rust-fil-proofs supports. Registered on the network are 2KiB, 8MiB, 512MiB, 32GiB and
// 64GiB; the others are the upstream test sizes, one for each tree shape.
const (
	Size2KiB   Size = 2 << 10
	Size4KiB   Size = 4 << 10
	Size16KiB  Size = 16 << 10
	Size32KiB  Size = 32 << 10
	Size8MiB   Size = 8 << 20
	Size16MiB  Size = 16 << 20
	Size512MiB Size = 512 << 20
	Size1GiB   Size = 1 << 30
	Size32GiB  Size = 32 << 30
	Size64GiB  Size = 64 << 30
)

// Bounds of [Size.Check]: eight nodes, the smallest 8-ary tree, and the largest registered sector.
const (
	minSize Size = 8 * NodeSize
	maxSize      = Size64GiB
)

// Sizes returns the supported sizes in ascending order. The slice is the caller's.
func Sizes() []Size {
	return []Size{Size2KiB, Size4KiB, Size16KiB, Size32KiB, Size8MiB, Size16MiB, Size512MiB, Size1GiB,
		Size32GiB, Size64GiB}
}

// Supported reports whether s is one of [Sizes].
func (s Size) Supported() bool {
	_, ok := shapeOf(s)
	return ok
}

// Check returns an error that wraps [ErrSize] unless s is a power of two from 256 bytes to 64 GiB, the
// sizes a graph and its labels can have. Proofs ask for more: see [NewProof].
func (s Size) Check() error {
	if s < minSize || s > maxSize || s&(s-1) != 0 {
		return fmt.Errorf("%w: got %d bytes, want a power of two from %d to %d", ErrSize, uint64(s), uint64(minSize), uint64(maxSize))
	}
	return nil
}

// Nodes returns the number of 32-byte nodes.
func (s Size) Nodes() uint64 { return uint64(s) / NodeSize }

// Unpadded returns how many bytes of data the sector carries: 127 of every 128. It cannot overflow.
func (s Size) Unpadded() uint64 { return uint64(s) / 128 * 127 }

// sizeUnits are the suffixes of String, each 1024 times the one before.
const sizeUnits = "KMGTPE"

// String returns the size with its largest exact binary unit: "512MiB", "32GiB".
func (s Size) String() string {
	if s == 0 {
		return "0B"
	}
	unit := min(bits.TrailingZeros64(uint64(s))/10, len(sizeUnits))
	if unit == 0 {
		return strconv.FormatUint(uint64(s), 10) + "B"
	}
	return strconv.FormatUint(uint64(s)>>(10*unit), 10) + sizeUnits[unit-1:unit] + "iB"
}

// ParseSize reads what [Size.String] writes, or a plain number of bytes. Any power of two that passes
// [Size.Check] is accepted; all else wraps [ErrSize].
func ParseSize(text string) (Size, error) {
	digits, shift := text, 0
	if body, ok := strings.CutSuffix(text, "iB"); ok && body != "" {
		unit := strings.IndexByte(sizeUnits, body[len(body)-1])
		if unit < 0 {
			return 0, fmt.Errorf("%w: %.40q", ErrSize, text)
		}
		digits, shift = body[:len(body)-1], 10*(unit+1)
	} else if body, ok := strings.CutSuffix(text, "B"); ok {
		digits = body
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || bits.Len64(n)+shift > 64 {
		return 0, fmt.Errorf("%w: %.40q", ErrSize, text)
	}
	s := Size(n << shift)
	return s, s.Check()
}
