package durable_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/assaylab/assay/merkle/durable"
)

// The work that the fault tests interrupt is shaped as sealing is: a data file, layers that grow by segments and each
// depend on the layer before, a tree over them, a replica, and layers given up at the end. All is read back from disk,
// so that damage that goes unseen reaches the result.
const (
	workLayers   = 4
	workSegments = 3
	workSegment  = 96
)

func layerName(l int) string { return fmt.Sprintf("layer-%d", l) }

// expand makes n bytes from a seed.
func expand(n int, seed ...[]byte) []byte {
	h := sha256.New()
	for _, s := range seed {
		h.Write(s)
	}
	key := h.Sum(nil)
	var out []byte
	for i := uint64(0); len(out) < n; i++ {
		s := sha256.Sum256(binary.LittleEndian.AppendUint64(key, i))
		out = append(out, s[:]...)
	}
	return out[:n]
}

// read returns the whole file.
func read(j *durable.Job, name string) ([]byte, error) {
	f, err := j.OpenFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, size)
	_, err = io.ReadFull(io.NewSectionReader(f, 0, size), b)
	return b, err
}

// work runs the job to its end, from wherever it stands, and returns the replica.
func work(fs durable.FS, identity string, opt *durable.Options) ([]byte, error) {
	ctx := context.Background()
	j, err := durable.Open(fs, []byte(identity), opt)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	if m, ok := j.Marked(4); ok && m.Number == 1 {
		if n, err := j.Check(ctx, "replica"); err != nil {
			return nil, err
		} else if n == 200 {
			if err := giveUp(j); err != nil {
				return nil, err
			}
			return read(j, "replica")
		}
	}
	if err := create(ctx, j, 1, "data", func() ([]byte, error) { return expand(200, []byte(identity)), nil }); err != nil {
		return nil, err
	}
	prev := "data"
	for l := 1; l <= workLayers; l++ {
		if err := grow(ctx, j, layerName(l), prev); err != nil {
			return nil, err
		}
		prev = layerName(l)
	}
	if err := create(ctx, j, 3, "tree", func() ([]byte, error) { return digestOf(j, 150, layerName(1), layerName(workLayers)) }); err != nil {
		return nil, err
	}
	err = create(ctx, j, 4, "replica", func() ([]byte, error) { return digestOf(j, 200, "data", "tree", layerName(workLayers)) })
	if err != nil {
		return nil, err
	}
	if err := j.Mark(4, durable.Mark{Number: 1}); err != nil {
		return nil, err
	}
	if err := giveUp(j); err != nil {
		return nil, err
	}
	return read(j, "replica")
}

// giveUp prunes the layers that are still there.
func giveUp(j *durable.Job) error {
	for l := 1; l <= workLayers; l++ {
		if !j.Pruned(layerName(l)) {
			if err := j.Prune(layerName(l)); err != nil {
				return err
			}
		}
	}
	return nil
}

func digestOf(j *durable.Job, n int, names ...string) ([]byte, error) {
	var seeds [][]byte
	for _, name := range names {
		b, err := read(j, name)
		if err != nil {
			return nil, err
		}
		seeds = append(seeds, b)
	}
	return expand(n, seeds...), nil
}

// create makes a file unless it is there.
func create(ctx context.Context, j *durable.Job, phase uint8, name string, content func() ([]byte, error)) error {
	if n, err := j.Check(ctx, name); err != nil || n > 0 {
		return err
	}
	b, err := content()
	if err != nil {
		return err
	}
	return j.Create(ctx, phase, name, int64(len(b)), func(f durable.File) error {
		n, err := f.WriteAt(b, 0)
		if err == nil && n < len(b) {
			err = io.ErrShortWrite
		}
		return err
	})
}

// grow makes a layer from the one before, segment by segment.
func grow(ctx context.Context, j *durable.Job, name, prev string) error {
	g, err := j.Grow(ctx, 2, name, workSegments*workSegment)
	if err != nil {
		return err
	}
	defer g.Close()
	if g.Done() == workSegments*workSegment {
		return nil
	}
	below, err := read(j, prev)
	if err != nil {
		return err
	}
	for g.Done() < workSegments*workSegment {
		own := make([]byte, g.Done())
		if len(own) > 0 {
			if _, err := io.ReadFull(io.NewSectionReader(g, 0, g.Done()), own); err != nil {
				return err
			}
		}
		if err := g.Append(ctx, expand(workSegment, []byte(name), below, own)); err != nil {
			return err
		}
	}
	return nil
}
