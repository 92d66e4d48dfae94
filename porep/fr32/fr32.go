package fr32

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// Sizes in bytes: an element, and a block of four elements with and without padding.
const (
	ElementSize   = 32
	PaddedBlock   = 128
	UnpaddedBlock = 127
)

// ErrPadding says that bits 254 or 255 of an element to unpad are set.
var ErrPadding = errors.New("fr32: padding bits are not zero")

// ErrLength says that a length is no number of whole elements, or too large to be padded.
var ErrLength = errors.New("fr32: impossible length")

// A PaddingError says which element of the padded bytes, counted from 0, has a padding bit set. It wraps
// [ErrPadding].
type PaddingError struct{ Element uint64 }

// Error implements error.
func (e *PaddingError) Error() string {
	return fmt.Sprintf("fr32: element %d has bit 254 or 255 set", e.Element)
}

// Unwrap returns [ErrPadding].
func (e *PaddingError) Unwrap() error { return ErrPadding }

// PaddedLen returns how many bytes n bytes become: whole elements, so that 1 becomes 32, 127 become 128 and
// 128 become 160. Where that passes 64 bits the error wraps [ErrLength].
func PaddedLen(n uint64) (uint64, error) {
	blocks, rest := n/UnpaddedBlock, n%UnpaddedBlock
	if blocks > (1<<64-PaddedBlock-1)/PaddedBlock {
		return 0, fmt.Errorf("%w: %d bytes to pad", ErrLength, n)
	}
	return blocks*PaddedBlock + (rest*8+253)/254*ElementSize, nil
}

// TightLen returns how many bytes n bytes take without the zeros that fill the last element: the number
// that upstream calls to_padded_bytes. Where it passes 64 bits the error wraps [ErrLength].
func TightLen(n uint64) (uint64, error) {
	if _, err := PaddedLen(n); err != nil {
		return 0, err
	}
	rest := n % UnpaddedBlock * 8
	return n/UnpaddedBlock*PaddedBlock + (rest/254*256+rest%254+7)/8, nil
}

// UnpaddedLen returns how many whole bytes of data n padded bytes hold, the number that upstream calls
// to_unpadded_bytes: 31 for 32, 127 for 128.
func UnpaddedLen(n uint64) uint64 {
	rest := n % PaddedBlock * 8
	return n/PaddedBlock*UnpaddedBlock + (rest/256*254+rest%256)/8
}

// Pad writes src padded to dst and returns how many bytes that were, PaddedLen(len(src)). A shorter dst is
// refused with io.ErrShortBuffer before anything is written. The slices must not overlap.
//
// Source: rust-fil-proofs fr32/src/reader.rs.
func Pad(dst, src []byte) (int, error) {
	n, err := PaddedLen(uint64(len(src)))
	if err != nil {
		return 0, err
	}
	if uint64(len(dst)) < n {
		return 0, fmt.Errorf("fr32: %d bytes pad to %d, got room for %d: %w", len(src), n, len(dst), io.ErrShortBuffer)
	}
	blocks := len(src) / UnpaddedBlock
	padBlocks(dst[:blocks*PaddedBlock], src[:blocks*UnpaddedBlock])
	if rest := src[blocks*UnpaddedBlock:]; len(rest) > 0 {
		var in [UnpaddedBlock]byte
		var out [PaddedBlock]byte
		copy(in[:], rest)
		padBlock(&out, &in)
		copy(dst[blocks*PaddedBlock:n], out[:])
	}
	return int(n), nil
}

// Unpad writes the data of src, whole elements, to dst and returns how many bytes that were,
// UnpaddedLen(len(src)); bits that make no whole byte at the end are left out. A src of another length wraps
// [ErrLength], a shorter dst io.ErrShortBuffer, and nothing is written. Padding bits that are set are
// reported by a [*PaddingError] for the first such element after all has been written without them. dst
// may be src itself, or must not overlap it.
func Unpad(dst, src []byte) (int, error) {
	if len(src)%ElementSize != 0 {
		return 0, fmt.Errorf("%w: %d bytes to unpad, want a multiple of 32", ErrLength, len(src))
	}
	n := int(UnpaddedLen(uint64(len(src))))
	if len(dst) < n {
		return 0, fmt.Errorf("fr32: %d bytes unpad to %d, got room for %d: %w", len(src), n, len(dst), io.ErrShortBuffer)
	}
	blocks := len(src) / PaddedBlock
	var in [PaddedBlock]byte
	rest := copy(in[:], src[blocks*PaddedBlock:])
	dirty := unpadBlocks(dst[:blocks*UnpaddedBlock], src[:blocks*PaddedBlock])
	if rest > 0 {
		var out [UnpaddedBlock]byte
		if d := unpadBlock(&out, &in); d >= 0 && dirty < 0 {
			dirty = blocks*4 + d
		}
		copy(dst[blocks*UnpaddedBlock:n], out[:])
	}
	if dirty >= 0 {
		return n, &PaddingError{uint64(dirty)}
	}
	return n, nil
}

// UnpadRange fills dst with the data bytes that begin at data offset off of the padded bytes src, whole
// elements. A range beyond the data of src, or a src that is not whole elements, wraps [ErrLength]; padding
// bits that are set in an element of the range's blocks are reported as by [Unpad]. The slices must not
// overlap.
func UnpadRange(dst, src []byte, off uint64) error {
	total := UnpaddedLen(uint64(len(src)))
	if len(src)%ElementSize != 0 || off > total || uint64(len(dst)) > total-off {
		return fmt.Errorf("%w: %d bytes from %d of %d padded bytes", ErrLength, len(dst), off, len(src))
	}
	var first error
	var buf [UnpaddedBlock]byte
	for len(dst) > 0 {
		block, skip := off/UnpaddedBlock, int(off%UnpaddedBlock)
		part := src[block*PaddedBlock:]
		out, n := buf[:], 0
		if whole := min(len(dst)/UnpaddedBlock, len(part)/PaddedBlock); skip == 0 && whole > 0 {
			out, part = dst[:whole*UnpaddedBlock], part[:whole*PaddedBlock]
			n = len(out)
		} else {
			part = part[:min(len(part), PaddedBlock)]
		}
		m, err := Unpad(out, part)
		if err != nil && first == nil {
			first = shift(err, block*4)
		}
		if n == 0 {
			n = copy(dst, out[skip:m])
		}
		dst, off = dst[n:], off+uint64(n)
	}
	return first
}

// shift moves the element of a padding error by base.
func shift(err error, base uint64) error {
	if pe := (*PaddingError)(nil); errors.As(err, &pe) {
		return &PaddingError{pe.Element + base}
	}
	return err
}

// parallelBlocks is the least number of blocks a worker of PadParallel takes: 1 MiB.
const parallelBlocks = 1 << 13

// PadParallel is [Pad] by up to that many goroutines; one or less, and short inputs, stay on the caller's.
// The result is the same for every number.
func PadParallel(dst, src []byte, workers int) (int, error) {
	n, err := PaddedLen(uint64(len(src)))
	if err != nil {
		return 0, err
	}
	if uint64(len(dst)) < n {
		return Pad(dst, src)
	}
	each(len(src)/UnpaddedBlock, workers, func(lo, hi int) {
		s := src[lo*UnpaddedBlock : min(hi*UnpaddedBlock, len(src))]
		if hi == len(src)/UnpaddedBlock {
			s = src[lo*UnpaddedBlock:]
		}
		_, _ = Pad(dst[lo*PaddedBlock:], s)
	})
	return int(n), nil
}

// UnpadParallel is [Unpad] by up to that many goroutines; dst must not overlap src.
func UnpadParallel(dst, src []byte, workers int) (int, error) {
	n := int(UnpaddedLen(uint64(len(src))))
	if len(src)%ElementSize != 0 || len(dst) < n {
		return Unpad(dst, src)
	}
	var mu sync.Mutex
	var first *PaddingError
	blocks := len(src) / PaddedBlock
	each(blocks, workers, func(lo, hi int) {
		s := src[lo*PaddedBlock : hi*PaddedBlock]
		if hi == blocks {
			s = src[lo*PaddedBlock:]
		}
		_, err := Unpad(dst[lo*UnpaddedBlock:], s)
		if pe := (*PaddingError)(nil); errors.As(err, &pe) {
			mu.Lock()
			defer mu.Unlock()
			if at := pe.Element + uint64(lo)*4; first == nil || at < first.Element {
				first = &PaddingError{at}
			}
		}
	})
	if first != nil {
		return n, first
	}
	return n, nil
}

// each splits blocks 0 to n over workers, at least parallelBlocks each; the last part ends at n.
func each(n, workers int, work func(lo, hi int)) {
	workers = max(1, min(workers, n/parallelBlocks))
	if workers == 1 {
		work(0, n)
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { work(n/workers*w+min(w, n%workers), n/workers*(w+1)+min(w+1, n%workers)) })
	}
	wg.Wait()
}
