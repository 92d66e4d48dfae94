package piece

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/assaylab/assay/porep/sector"
)

// ErrSize says that a number of bytes is no piece size, or that a payload is empty or too long.
var ErrSize = errors.New("piece: impossible size")

// A PaddedSize is the size of a piece after fr32 padding: a power of two, at least 128.
type PaddedSize uint64

// An UnpaddedSize is the size of a piece before fr32 padding: 127 times a power of two.
type UnpaddedSize uint64

// MinPaddedSize is the size of the smallest piece.
const MinPaddedSize PaddedSize = 128

// Check returns an error that wraps [ErrSize] unless s is a power of two from 128.
func (s PaddedSize) Check() error {
	if s < MinPaddedSize || s&(s-1) != 0 {
		return fmt.Errorf("%w: %d padded bytes, want a power of two from 128", ErrSize, uint64(s))
	}
	return nil
}

// Unpadded returns the size before padding; the result is meaningful for sizes that pass Check.
func (s PaddedSize) Unpadded() UnpaddedSize { return UnpaddedSize(s / 128 * 127) }

// Check returns an error that wraps [ErrSize] unless s is 127 times a power of two.
func (s UnpaddedSize) Check() error {
	if blocks := s / 127; s == 0 || s%127 != 0 || blocks&(blocks-1) != 0 || blocks > 1<<56 {
		return fmt.Errorf("%w: %d unpadded bytes, want 127 times a power of two", ErrSize, uint64(s))
	}
	return nil
}

// Padded returns the size after padding; the result is meaningful for sizes that pass Check.
func (s UnpaddedSize) Padded() PaddedSize { return PaddedSize(s / 127 * 128) }

// SizeFor returns the size of the smallest piece that holds a payload of that many bytes. Zero, and what
// no power of two below 2^64 holds, wrap [ErrSize].
func SizeFor(payload uint64) (PaddedSize, error) {
	if payload == 0 || payload > 1<<63/128*127 {
		return 0, fmt.Errorf("%w: a payload of %d bytes", ErrSize, payload)
	}
	blocks := (payload + 126) / 127
	return MinPaddedSize << bits.Len64(blocks-1), nil
}

// level is the height of a piece's subtree over its nodes of 32 bytes.
func (s PaddedSize) level() int { return bits.TrailingZeros64(uint64(s) / sector.NodeSize) }

// sizeOf is the inverse of level.
func sizeOf(level int) PaddedSize { return sector.NodeSize << level }

// An Info is a piece as the network knows it: its commitment and its padded size.
type Info struct {
	CommP sector.CommP
	Size  PaddedSize
}

// Check returns an error that wraps [ErrSize] or sector.ErrCommitment unless both parts are possible.
func (p Info) Check() error {
	if err := p.Size.Check(); err != nil {
		return err
	}
	return p.CommP.Check()
}

// Zero returns the piece of that size that holds zeros only. The error wraps [ErrSize].
func Zero(size PaddedSize) (Info, error) {
	if err := size.Check(); err != nil {
		return Info{}, err
	}
	return Info{sector.CommP(zeros()[size.level()]), size}, nil
}
