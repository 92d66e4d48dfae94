package merkle

import (
	"context"
	"fmt"
	"io"

	"github.com/assaylab/assay/merkle/durable"
)

// BuildDurable is BuildFiles into files of a durable job, one a base tree: it makes them, in phase, unless they are recorded
// whole and still are what was recorded, and returns the root. A crash at any moment leaves them whole or to be made anew. open
// returns the leaves; it is asked again where making the files durable fails, and not at all where they are there. Errors: as
// BuildFiles and OpenFiles; those of package durable.
func BuildDurable(ctx context.Context, j *durable.Job, phase uint8, names []string, h Hasher, s Shape, l Layout, open func() (Source, error), opt *Options) (Digest, error) {
	if err := s.check(h); err != nil {
		return Digest{}, err
	}
	size, err := l.FileSize(s)
	if err != nil {
		return Digest{}, err
	}
	if len(names) != s.Trees() {
		return Digest{}, fmt.Errorf("%w: %d files, the shape has %d base trees", ErrShape, len(names), s.Trees())
	}
	whole := true
	for _, name := range names {
		n, err := j.Check(ctx, name)
		if err != nil {
			return Digest{}, err
		}
		whole = whole && n == size
	}
	if whole {
		return rootOf(j, names, h, s, l)
	}
	var root Digest
	err = createAll(ctx, j, phase, names, size, nil, func(ws []io.WriterAt) error {
		src, err := open()
		if err == nil {
			root, err = BuildFiles(ctx, h, s, l, src, ws, opt)
		}
		return err
	})
	return root, err
}

// createAll makes files of one size side by side.
func createAll(ctx context.Context, j *durable.Job, phase uint8, names []string, size int64, ws []io.WriterAt, fill func([]io.WriterAt) error) error {
	if len(ws) == len(names) {
		return fill(ws)
	}
	return j.Create(ctx, phase, names[len(ws)], size, func(w durable.File) error {
		return createAll(ctx, j, phase, names, size, append(ws[:len(ws):len(ws)], w), fill)
	})
}

// rootOf reads the root of a tree in files of a job.
func rootOf(j *durable.Job, names []string, h Hasher, s Shape, l Layout) (Digest, error) {
	files := make([]io.ReaderAt, len(names))
	for i, name := range names {
		f, err := j.OpenFile(name)
		if err != nil {
			return Digest{}, fmt.Errorf("merkle: %w", err)
		}
		defer f.Close()
		files[i] = f
	}
	t, err := OpenFiles(h, s, l, files, files[0]) // no leaf is read
	if err != nil {
		return Digest{}, err
	}
	return t.Root(), nil
}
