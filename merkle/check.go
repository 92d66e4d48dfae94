package merkle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// CheckRows computes every stored row of the files again from the row below it, down to the lowest stored
// one, and compares. With Root equal to the recorded root it shows that no byte of the files differs
// from those of the tree; it reads each byte once and no detached leaves. A tree in memory has nothing
// to check. Errors: a NodeError for the first difference found, ErrCorrupt, those of the files, ctx.Err().
func (t *Tree) CheckRows(ctx context.Context, opt *Options) error {
	if t.files == nil {
		return nil
	}
	low := 0
	for t.off[low] < 0 {
		low++
	}
	return t.check(ctx, low, opt)
}

// Check is CheckRows from the leaves upward, detached ones too: it shows that leaves and rows belong
// together, at the price of building the tree.
func (t *Tree) Check(ctx context.Context, opt *Options) error {
	if t.files == nil {
		return nil
	}
	return t.check(ctx, 0, opt)
}

// check builds the tree over the nodes of a level again, into writers that compare.
func (t *Tree) check(ctx context.Context, low int, opt *Options) error {
	if low == int(t.s.base) {
		return nil // only roots are stored, and OpenFiles has joined them
	}
	up := t.s.above(low)
	layout := Layout{Detached: true, Discard: max(0, t.discarded()-low)}
	off, err := layout.offsets(up)
	if err != nil {
		return err
	}
	dst := make([]io.WriterAt, len(t.files))
	for i, f := range t.files {
		dst[i] = &comparer{f: f, shift: t.off[t.s.base] - off[up.base]}
	}
	src := func(_ context.Context, dst []Digest, first uint64) error { return t.read(dst, low, first) }
	root, err := BuildFiles(ctx, t.h, up, layout, src, dst, opt)
	var differ *differError
	switch {
	case errors.As(err, &differ):
		return t.differing(dst, differ)
	case err != nil:
		if node := (*NodeError)(nil); errors.As(err, &node) {
			node.Level += low
			if t.off[low] >= 0 {
				node.Err = ErrCorrupt
			}
		}
		return err
	case root != t.root:
		return fmt.Errorf("%w: rows lead to root %x, want %x", ErrCorrupt, root, t.root)
	}
	return nil
}

// above returns the shape of the tree whose leaves are the nodes of a level below the base roots.
func (s Shape) above(level int) Shape {
	up := Shape{leaves: s.Width(level), depth: s.depth - uint8(level), base: s.base - uint8(level)}
	copy(up.arity[:], s.arity[level:s.depth])
	return up
}

// A comparer is a file that takes writes by comparing them with what is there.
type comparer struct {
	f     io.ReaderAt
	shift int64 // of offsets written to offsets in the file
}

// A differError says where in a file a stored node differs.
type differError struct {
	file *comparer
	off  int64 // of the node, in bytes
}

func (e *differError) Error() string { return ErrCorrupt.Error() }

var pages = sync.Pool{New: func() any { b := make([]byte, 1<<16); return &b }}

// WriteAt compares b with the bytes from off on.
func (c *comparer) WriteAt(b []byte, off int64) (int, error) {
	page := pages.Get().(*[]byte)
	defer pages.Put(page)
	off += c.shift
	for done := 0; done < len(b); {
		have := (*page)[:min(len(*page), len(b)-done)]
		if err := readFull(c.f, have, off+int64(done)); err != nil {
			return done, err
		}
		if want := b[done : done+len(have)]; !bytes.Equal(have, want) {
			i := 0
			for have[i] == want[i] {
				i++
			}
			return done, &differError{file: c, off: (off + int64(done+i)) &^ 31}
		}
		done += len(have)
	}
	return len(b), nil
}

// differing names the node of a differError.
func (t *Tree) differing(files []io.WriterAt, e *differError) error {
	tree := 0
	for files[tree] != io.WriterAt(e.file) {
		tree++
	}
	level := int(t.s.base)
	for t.off[level] < 0 || t.off[level] > e.off {
		level--
	}
	width := t.s.Width(level) / uint64(len(t.files))
	return &NodeError{Level: level, Index: uint64(tree)*width + uint64(e.off-t.off[level])/32, Err: ErrCorrupt}
}

// A File is what a tree is restored into: an *os.File is one.
type File interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
}

// RestoreFiles opens a tree whose recorded root is known (see OpenFiles), checks the files with CheckRows,
// and if they are not those of that tree builds them again from the leaves, in place: a flipped byte,
// a file that is too short or too long, files of other sectors or in another order are all healed alike. It
// returns the tree and whether the files were written again. leaves are all leaves in a row; nil where they
// lie in the files, which then can be checked, but not healed. Errors: ErrCorrupt where the leaves do not
// lead to root, and those of BuildFiles and OpenFiles. Syncing the files is the caller's.
func RestoreFiles(ctx context.Context, h Hasher, s Shape, l Layout, root Digest, files []File, leaves io.ReaderAt, opt *Options) (*Tree, bool, error) {
	readers, writers := make([]io.ReaderAt, len(files)), make([]io.WriterAt, len(files))
	for i, f := range files {
		readers[i], writers[i] = f, f
	}
	open := func() (*Tree, error) {
		t, err := OpenFiles(h, s, l, readers, leaves)
		if err == nil && t.root != root {
			err = fmt.Errorf("%w: root %x, recorded %x", ErrCorrupt, t.root, root)
		}
		return t, err
	}
	t, err := open()
	if err == nil {
		err = t.CheckRows(ctx, opt)
	}
	if err == nil {
		return t, false, nil
	}
	if !errors.Is(err, ErrCorrupt) || leaves == nil {
		return nil, false, err
	}
	size, err := l.FileSize(s)
	if err != nil {
		return nil, false, err
	}
	for _, f := range files {
		if err := f.Truncate(size); err != nil {
			return nil, false, err
		}
	}
	if _, err := BuildFiles(ctx, h, s, l, FromReaderAt(leaves), writers, opt); err != nil {
		return nil, false, err
	}
	if t, err = open(); err != nil {
		return nil, true, err
	}
	return t, true, nil
}
