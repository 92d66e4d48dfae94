package piece

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/fr32"
)

// EntrySize is the number of padded bytes of one entry of a data segment index: two nodes.
const EntrySize = 64

// ErrEntry says that an index entry describes no segment of its deal.
var ErrEntry = errors.New("piece: bad index entry")

// IndexEntries returns how many entries the data segment index of a deal of that size has room for: one per
// 128 KiB, at least four. The error wraps [ErrSize].
//
// Source: FRC-0058, "Data Segment Index".
func IndexEntries(deal PaddedSize) (uint64, error) {
	if err := deal.Check(); err != nil {
		return 0, err
	}
	return max(4, uint64(deal)/2048/EntrySize), nil
}

// IndexStart returns the padded byte of a deal at which its data segment index begins; it reaches to the
// end. Deals too small to hold an index and a segment wrap [ErrSize]. In unpadded bytes it is 127/128 of that.
func IndexStart(deal PaddedSize) (uint64, error) {
	n, err := IndexEntries(deal)
	if err != nil {
		return 0, err
	}
	if deal < 512 {
		return 0, fmt.Errorf("%w: a deal of %d padded bytes has no room for an index", ErrSize, deal)
	}
	return uint64(deal) - n*EntrySize, nil
}

// Entry returns the index entry of a segment: commitment, offset and size in padded bytes, and the first
// 126 bits of the SHA-256 of all that.
func (p Placed) Entry() [EntrySize]byte {
	var e [EntrySize]byte
	copy(e[:], p.CommP[:])
	binary.LittleEndian.PutUint64(e[32:], p.Offset)
	binary.LittleEndian.PutUint64(e[40:], uint64(p.Size))
	sum := sha256.Sum256(e[:])
	copy(e[48:], sum[:16])
	e[63] &= 0x3f
	return e
}

// nodes returns an entry as the two nodes it is in the tree.
func (p Placed) nodes() [2]merkle.Digest {
	e := p.Entry()
	return [2]merkle.Digest{merkle.Digest(e[:32]), merkle.Digest(e[32:])}
}

// ParseEntry reads an index entry of a deal. It wraps [ErrEntry] unless the checksum is right, the segment
// is a possible piece, aligned to its size, and ends where the index begins or before.
func ParseEntry(deal PaddedSize, entry [EntrySize]byte) (Placed, error) {
	start, err := IndexStart(deal)
	if err != nil {
		return Placed{}, err
	}
	p := Placed{
		Info:   Info{CommP: [32]byte(entry[:32]), Size: PaddedSize(binary.LittleEndian.Uint64(entry[40:]))},
		Offset: binary.LittleEndian.Uint64(entry[32:]),
	}
	if p.Entry() != entry {
		return Placed{}, fmt.Errorf("%w: wrong checksum", ErrEntry)
	}
	if err := p.Check(); err != nil {
		return Placed{}, fmt.Errorf("%w: %w", ErrEntry, err)
	}
	if p.Offset%uint64(p.Size) != 0 {
		return Placed{}, fmt.Errorf("%w: a segment of %d padded bytes at %d is not aligned", ErrEntry, p.Size, p.Offset)
	}
	if p.Offset > start || uint64(p.Size) > start-p.Offset {
		return Placed{}, fmt.Errorf("%w: a segment of %d padded bytes at %d reaches beyond %d", ErrEntry, p.Size, p.Offset, start)
	}
	return p, nil
}

// A Segment is a segment found in a data segment index.
type Segment struct {
	Placed
	// Entry is the number of its entry in the index.
	Entry uint64
}

// An EntryError says which entry of an index was left out. It wraps [ErrEntry].
type EntryError struct {
	Entry uint64
	Err   error
}

// Error implements error.
func (e *EntryError) Error() string {
	return fmt.Sprintf("piece: entry %d: %v", e.Entry, e.Err)
}

// Unwrap returns Err.
func (e *EntryError) Unwrap() error { return e.Err }

// ParseIndex reads the data segment index of a deal: r yields unpadded bytes from 127/128 of [IndexStart] to
// the deal's end. It returns the segments in order of their entries, and an [*EntryError] for each entry that
// is not zero and describes none, or one that overlaps another of those returned; so an aggregator's bad
// entry cannot hide a good one before it. The error is r's, or io.ErrUnexpectedEOF.
func ParseIndex(deal PaddedSize, r io.Reader) (segments []Segment, faults []*EntryError, err error) {
	start, err := IndexStart(deal)
	if err != nil {
		return nil, nil, err
	}
	length := (uint64(deal) - start) / 128 * 127
	in := bufio.NewReaderSize(io.LimitReader(r, int64(length)), 1<<12)
	var raw [fr32.UnpaddedBlock]byte
	var padded [fr32.PaddedBlock]byte
	seen := taken{}
	for i := range (uint64(deal) - start) / EntrySize {
		at := i * EntrySize % fr32.PaddedBlock
		if at == 0 {
			if _, err := io.ReadFull(in, raw[:]); err != nil {
				return nil, nil, short(err, i)
			}
			if _, err := fr32.Pad(padded[:], raw[:]); err != nil {
				return nil, nil, err
			}
		}
		entry := [EntrySize]byte(padded[at:])
		if entry == [EntrySize]byte{} {
			continue
		}
		p, err := ParseEntry(deal, entry)
		if err == nil && !seen.add(subtree{p.Size.level(), p.Offset / uint64(p.Size)}, deal.level()) {
			err = fmt.Errorf("%w: overlaps another segment", ErrEntry)
		}
		if err != nil {
			faults = append(faults, &EntryError{i, err})
			continue
		}
		segments = append(segments, Segment{p, i})
	}
	return segments, faults, nil
}

// short tells that an index ended early.
func short(err error, entry uint64) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("piece: index after %d entries: %w", entry, err)
}

// A taken set holds disjoint subtrees. The value of a subtree in it is true; that of one which contains such
// a subtree, false.
type taken map[subtree]bool

// A subtree is a level and a number within that level.
type subtree struct {
	level int
	index uint64
}

// add adds a subtree of a tree with that many levels unless it overlaps one that is there.
func (t taken) add(s subtree, top int) bool {
	if _, ok := t[s]; ok {
		return false
	}
	for a := (subtree{s.level + 1, s.index >> 1}); a.level <= top; a = (subtree{a.level + 1, a.index >> 1}) {
		if t[a] {
			return false
		}
	}
	t[s] = true
	for a := (subtree{s.level + 1, s.index >> 1}); a.level <= top; a = (subtree{a.level + 1, a.index >> 1}) {
		if _, ok := t[a]; ok {
			break
		}
		t[a] = false
	}
	return true
}
