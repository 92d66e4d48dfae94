package piece

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/sector"
)

// ErrPieces says that pieces do not make up a sector or a larger piece.
var ErrPieces = errors.New("piece: pieces do not fit")

// A Placed is a piece at its place in a sector, in padded bytes; multiply by 127/128 for unpadded ones.
type Placed struct {
	Info
	Offset uint64
}

// Place puts pieces one behind the other, each at the next multiple of its own size; what lies between is
// zeros. A list that a sector of that size cannot hold wraps [ErrPieces], impossible sizes and commitments
// wrap [ErrSize], sector.ErrSize or sector.ErrCommitment. An empty list is allowed.
//
// Source: rust-fil-proofs filecoin-proofs/src/pieces.rs, get_piece_alignment.
func Place(size sector.Size, pieces []Info) ([]Placed, error) {
	if err := size.Check(); err != nil {
		return nil, err
	}
	if max := uint64(size) / 128; uint64(len(pieces)) > max {
		return nil, fmt.Errorf("%w: %d pieces, a sector of %v holds %d", ErrPieces, len(pieces), size, max)
	}
	return place(uint64(size), pieces)
}

// place is Place within the first limit padded bytes of something, limit below 2^63.
func place(limit uint64, pieces []Info) ([]Placed, error) {
	placed := make([]Placed, len(pieces))
	end := uint64(0)
	for i, p := range pieces {
		if err := p.Check(); err != nil {
			return nil, fmt.Errorf("piece %d: %w", i, err)
		}
		if uint64(p.Size) > limit {
			return nil, fmt.Errorf("%w: piece %d has %d padded bytes, there are %d", ErrPieces, i, p.Size, limit)
		}
		// All are below 2^63 here, so that no sum overflows.
		start := (end + uint64(p.Size) - 1) &^ (uint64(p.Size) - 1)
		if start > limit || uint64(p.Size) > limit-start {
			return nil, fmt.Errorf("%w: piece %d of %d padded bytes from %d on passes %d", ErrPieces, i, p.Size, start, limit)
		}
		placed[i] = Placed{p, start}
		end = start + uint64(p.Size)
	}
	return placed, nil
}

// CommD returns the commitment to a sector of that size which holds the pieces as [Place] puts them and is
// zero elsewhere: the root of the whole tree over the sector, which is what a replica is bound to. Errors
// are those of Place.
func CommD(size sector.Size, pieces []Info) (sector.CommD, error) {
	placed, err := Place(size, pieces)
	if err != nil {
		return sector.CommD{}, err
	}
	return CommDPlaced(size, placed)
}

// CommDPlaced is [CommD] for pieces at given places. Pieces that overlap, are not in order, lie at no
// multiple of their size or beyond the sector wrap [ErrPieces].
func CommDPlaced(size sector.Size, pieces []Placed) (sector.CommD, error) {
	if err := size.Check(); err != nil {
		return sector.CommD{}, err
	}
	if err := checkPlaced(size, pieces); err != nil {
		return sector.CommD{}, err
	}
	var s stack
	end := uint64(0)
	for _, p := range pieces {
		s.zeros(end, p.Offset)
		s.shift(p.Size.level(), merkle.Digest(p.CommP))
		end = p.Offset + uint64(p.Size)
	}
	return sector.CommD(s.raise(PaddedSize(size).level())), nil
}

// checkPlaced refuses pieces that do not lie in a sector of a checked size.
func checkPlaced(size sector.Size, pieces []Placed) error {
	end := uint64(0)
	for i, p := range pieces {
		if err := p.Check(); err != nil {
			return fmt.Errorf("piece %d: %w", i, err)
		}
		switch {
		case p.Offset%uint64(p.Size) != 0:
			return fmt.Errorf("%w: piece %d of %d padded bytes at %d is not aligned", ErrPieces, i, p.Size, p.Offset)
		case p.Offset < end:
			return fmt.Errorf("%w: piece %d begins at %d, the one before ends at %d", ErrPieces, i, p.Offset, end)
		case p.Offset > uint64(size) || uint64(p.Size) > uint64(size)-p.Offset:
			return fmt.Errorf("%w: piece %d at %d passes the end of %v", ErrPieces, i, p.Offset, size)
		}
		end = p.Offset + uint64(p.Size)
	}
	return nil
}

// zeros appends the zeros from byte start to end, both multiples of 32, in subtrees aligned as they lie.
func (s *stack) zeros(start, end uint64) {
	for start < end {
		level := bits.Len64((end-start)/sector.NodeSize) - 1
		if start != 0 {
			level = min(level, PaddedSize(start).level())
		}
		s.shift(level, zeros()[level])
		start += uint64(sizeOf(level))
	}
}

// Join returns the smallest piece that holds the pieces as [Place] puts them: the commitment of a piece made
// of smaller ones. For one piece that is the piece itself. This is what the library's compute_comm_d
// returns, which therefore does not cover the whole sector unless the pieces reach into its second half: to
// seal, use [CommD]. An empty list, and pieces that reach beyond 2^63 padded bytes, wrap [ErrPieces].
//
// Source: rust-fil-proofs filecoin-proofs/src/pieces.rs, compute_comm_d.
func Join(pieces []Info) (Info, error) {
	if len(pieces) == 0 {
		return Info{}, fmt.Errorf("%w: none given", ErrPieces)
	}
	var s stack
	end := uint64(0)
	for i, p := range pieces {
		if err := p.Check(); err != nil {
			return Info{}, fmt.Errorf("piece %d: %w", i, err)
		}
		gap := -end & (uint64(p.Size) - 1)
		if end > maxJoined || gap > maxJoined-end || uint64(p.Size) > maxJoined-end-gap {
			return Info{}, fmt.Errorf("%w: piece %d ends beyond 2^63 bytes", ErrPieces, i)
		}
		end += gap + uint64(p.Size)
		s.push(p.Size.level(), merkle.Digest(p.CommP))
	}
	level, root := s.close()
	return Info{sector.CommP(root), sizeOf(level)}, nil
}

// maxJoined is the largest padded size whose tree has less than levels levels.
const maxJoined = 1 << 63

// ComputeCommD is upstream's compute_comm_d: the commitment of a sector without pieces, else [Join] of the
// pieces, whatever the size of the sector, after the checks of upstream. Use [CommD] to seal and this one to
// check what rust-fil-proofs says about a list of pieces. Errors wrap [ErrPieces], [ErrSize], sector.ErrSize
// or sector.ErrCommitment.
func ComputeCommD(size sector.Size, pieces []Info) (sector.CommD, error) {
	if len(pieces) == 0 {
		return CommD(size, nil)
	}
	if err := size.Check(); err != nil {
		return sector.CommD{}, err
	}
	sum := uint64(0)
	for i, p := range pieces {
		if err := p.Check(); err != nil {
			return sector.CommD{}, fmt.Errorf("piece %d: %w", i, err)
		}
		if uint64(p.Size) > uint64(size)-sum {
			return sector.CommD{}, fmt.Errorf("%w: %d pieces are larger than %v", ErrPieces, i+1, size)
		}
		sum += uint64(p.Size)
	}
	joined, err := Join(pieces)
	return sector.CommD(joined.CommP), err
}

// An Alignment tells how much of a sector a payload takes besides itself, in unpadded bytes.
type Alignment struct {
	// Left is the number of zeros before the payload, Right that behind it up to the size of its piece.
	Left, Right UnpaddedSize
}

// Align returns the alignment of a payload that is added after written unpadded bytes. Payloads that are
// empty or larger than any piece, and sums beyond 64 bits, wrap [ErrSize].
//
// Source: rust-fil-proofs filecoin-proofs/src/pieces.rs, get_piece_alignment.
func Align(written UnpaddedSize, payload uint64) (Alignment, error) {
	size, err := SizeFor(payload)
	if err != nil {
		return Alignment{}, err
	}
	need := size.Unpadded()
	a := Alignment{Right: need - UnpaddedSize(payload)}
	if over := written % need; over > 0 {
		a.Left = need - over
	}
	if end := written + a.Left; end < written || end+need < end {
		return Alignment{}, fmt.Errorf("%w: %d bytes after %d", ErrSize, payload, written)
	}
	return a, nil
}
