package merkle

import "fmt"

// A Layout says which rows of a base tree lie in its file. What is there is in order of levels, lowest
// first, root last, 32 bytes a node, without header or gap. The zero Layout keeps everything.
//
// Filecoin's level-cache store (tree-r-last) is Layout{Detached: true, Discard: rowsToDiscard}: its
// leaves are the sealed replica. Source: merkletree store/level_cache.rs.
type Layout struct {
	// Detached: the leaves are not in the file; whoever opens it brings them.
	Detached bool

	// Discard is the number of rows directly above the leaves that are missing, too. They are
	// computed again from the leaves when they are read. At least the root is kept.
	Discard int
}

// FileSize returns the bytes of the file of each base tree of shape s under layout l. Errors: ErrShape
// where l discards more rows than lie between leaves and root.
func (l Layout) FileSize(s Shape) (int64, error) {
	off, err := l.offsets(s)
	if err != nil {
		return 0, err
	}
	return off[s.base] + 32, nil
}

// offsets returns where each level of a base tree begins in its file, in bytes; -1 where it is missing.
func (l Layout) offsets(s Shape) ([]int64, error) {
	if s.depth == 0 {
		return nil, fmt.Errorf("%w: the zero Shape", ErrShape)
	}
	if l.Discard < 0 || l.Discard >= int(s.base) {
		return nil, fmt.Errorf("%w: %d rows to discard of %d between leaves and root", ErrShape, l.Discard, s.base-1)
	}
	off := make([]int64, s.base+1)
	at, trees := int64(0), s.Width(int(s.base))
	for level := range off {
		if (level == 0 && l.Detached) || (level > 0 && level <= l.Discard) {
			off[level] = -1
			continue
		}
		off[level] = at
		at += 32 * int64(s.Width(level)/trees)
	}
	return off, nil
}
