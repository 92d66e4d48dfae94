package merkle

import (
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	// windowLeaves is the number of leaves that a goroutine holds at a time when leaves stream.
	windowLeaves = 1 << 16

	// maxTops bounds the nodes above the windows, which are held in memory: 512 MiB.
	maxTops = 1 << 24
)

// BuildFiles makes a tree from leaves that stream, and writes the rows that l keeps to dst, one writer a
// base tree; with dst nil it only computes the root, which it returns. Writers take WriteAt calls from
// several goroutines, for ranges that do not overlap; syncing and closing them is the caller's.
//
// A goroutine holds 2^16 leaves (4 MiB with the rows over them) and in all 64 bytes for each such
// window are kept: 4 MiB for the 2^31 leaves of 64 GiB. Errors: ErrShape (also for a tree over 2^39
// leaves), those of src and dst, a NodeError for a leaf that is no node of h, ctx.Err().
func BuildFiles(ctx context.Context, h Hasher, s Shape, l Layout, src Source, dst []io.WriterAt, opt *Options) (Digest, error) {
	if err := s.check(h); err != nil {
		return Digest{}, err
	}
	off, err := l.offsets(s)
	if err != nil {
		return Digest{}, err
	}
	if dst != nil && len(dst) != s.Trees() {
		return Digest{}, fmt.Errorf("%w: %d files, the shape has %d base trees", ErrShape, len(dst), s.Trees())
	}
	w := &writer{h: h, s: s, off: off, src: src, dst: dst}
	w.top, w.span = sharedLevels(s, 0, int(s.base), windowLeaves/uint64(s.arity[0]), s.leaves, opt.workers())
	tops := s.leaves / w.span
	if tops > maxTops {
		return Digest{}, fmt.Errorf("%w: %d leaves are too many to build", ErrShape, s.leaves)
	}
	w.rows = make([][]Digest, s.depth+1)
	for level := w.top; level <= int(s.depth); level++ {
		w.rows[level] = make([]Digest, s.Width(level))
	}
	m := opt.meter("tree", s.leaves)
	err = spread(ctx, opt.workers(), tops, w.scratch, func(ctx context.Context, rows [][]Digest, i uint64) error {
		err := w.window(ctx, rows, i)
		m.add(w.span)
		return err
	})
	if err != nil {
		return Digest{}, err
	}
	if err := raise(ctx, h, s, w.rows, w.top, int(s.depth), false, opt.workers(), nil); err != nil {
		return Digest{}, err
	}
	for level := w.top; level <= int(s.base); level++ {
		if err := w.write(level, 0, w.rows[level]); err != nil {
			return Digest{}, err
		}
	}
	return w.rows[s.depth][0], nil
}

// A writer is one run of BuildFiles.
type writer struct {
	h    Hasher
	s    Shape
	off  []int64
	src  Source
	dst  []io.WriterAt
	top  int        // level of the node over a window
	span uint64     // leaves of a window
	rows [][]Digest // rows[top:], whole
}

// scratch returns the rows of one window.
func (w *writer) scratch() [][]Digest {
	rows := make([][]Digest, w.top+1)
	n := w.span
	for l := range rows {
		rows[l] = make([]Digest, n)
		if l < w.top {
			n /= uint64(w.s.arity[l])
		}
	}
	return rows
}

// window makes and writes the rows of one window and keeps its top node.
func (w *writer) window(ctx context.Context, rows [][]Digest, i uint64) error {
	first := i * w.span
	if err := w.src(ctx, rows[0], first); err != nil {
		return err
	}
	if err := raise(ctx, w.h, w.s, rows, 0, w.top, true, 1, nil); err != nil {
		if bad := (*NodeError)(nil); errors.As(err, &bad) {
			bad.Index += first
		}
		return err
	}
	for l := range w.top {
		if err := w.write(l, first, rows[l]); err != nil {
			return err
		}
		first /= uint64(w.s.arity[l])
	}
	w.rows[w.top][i] = rows[w.top][0]
	return nil
}

// write puts nodes of a level into the files, if the layout keeps the level.
func (w *writer) write(level int, first uint64, nodes []Digest) error {
	if w.dst == nil || w.off[level] < 0 {
		return nil
	}
	width := w.s.Width(level) / uint64(len(w.dst))
	for len(nodes) > 0 {
		tree, at := first/width, first%width
		n := min(uint64(len(nodes)), width-at)
		if _, err := w.dst[tree].WriteAt(Bytes(nodes[:n]), w.off[level]+32*int64(at)); err != nil {
			return fmt.Errorf("merkle: base tree %d, level %d: %w", tree, level, err)
		}
		nodes, first = nodes[n:], first+n
	}
	return nil
}

// OpenFiles opens a tree whose rows lie in files, one a base tree, as l says. Detached leaves are read from
// leaves, those of all base trees in a row (a sealed replica, say); else leaves is not used and may be
// nil. It reads the root of each base tree, joins them, and refuses files that are shorter or longer
// than the layout; nothing else is checked before it is used: compare Root with the recorded root,
// and see Check. The readers stay the caller's to close. Errors: ErrShape, ErrCorrupt, those of files.
func OpenFiles(h Hasher, s Shape, l Layout, files []io.ReaderAt, leaves io.ReaderAt) (*Tree, error) {
	if err := s.check(h); err != nil {
		return nil, err
	}
	off, err := l.offsets(s)
	if err != nil {
		return nil, err
	}
	if uint64(len(files)) != s.Width(int(s.base)) {
		return nil, fmt.Errorf("%w: %d files, the shape has %d base trees", ErrShape, len(files), s.Trees())
	}
	if l.Detached && leaves == nil {
		return nil, fmt.Errorf("%w: detached leaves, and no reader of them", ErrShape)
	}
	t := &Tree{h: h, s: s, files: files, off: make([]int64, s.depth+1), rows: make([][]Digest, s.depth+1)}
	copy(t.off, off)
	if l.Detached {
		t.leaves = leaves
	}
	for level := int(s.base); level <= int(s.depth); level++ {
		t.rows[level] = make([]Digest, s.Width(level))
	}
	for i, f := range files {
		if err := readRoot(&t.rows[s.base][i], f, off[s.base]); err != nil {
			return nil, fmt.Errorf("merkle: base tree %d: %w", i, err)
		}
	}
	if i := h.Canonical(t.rows[s.base]); i >= 0 {
		return nil, &NodeError{Level: int(s.base), Index: uint64(i), Err: ErrCorrupt}
	}
	if err := raise(context.Background(), h, s, t.rows, int(s.base), int(s.depth), false, 1, nil); err != nil {
		return nil, err
	}
	t.root = t.rows[s.depth][0]
	return t, nil
}

// readRoot reads the node at off, which must end the file.
func readRoot(d *Digest, f io.ReaderAt, off int64) error {
	var b [33]byte
	n, err := f.ReadAt(b[:], off)
	switch {
	case n == 32 && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		*d = Digest(b[:32])
		return nil
	case n == 33:
		return fmt.Errorf("%w: more than %d bytes", ErrCorrupt, off+32)
	case err == nil || errors.Is(err, io.EOF):
		return fmt.Errorf("%w: fewer than %d bytes", ErrCorrupt, off+32)
	}
	return err
}
