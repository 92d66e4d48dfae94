package durable

import (
	"context"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"
)

// A watched file digests each block as soon as it is written, by the goroutine that wrote the last of it: the bytes are
// still in the cache then, and many writers digest side by side.
//
// A digest is that of the file's bytes whatever the order of the writes, also of such that overlap: one counts only if no
// other write to its block was under way or began since. What has none when the work is done is read back.
type watched struct {
	File
	size int64

	mu     sync.Mutex
	blocks []watchedBlock
}

type watchedBlock struct {
	open    int    // writes under way
	begun   uint64 // writes so far
	covered int64  // bytes written since the last digest; more than once where writes overlap
	known   bool
	digest  Digest
}

func watch(f File, size int64) *watched {
	return &watched{File: f, size: size, blocks: make([]watchedBlock, blocks(size))}
}

// WriteAt writes and tells short writes.
func (w *watched) WriteAt(b []byte, off int64) (int, error) {
	lo, hi := w.span(off, len(b))
	w.mu.Lock()
	for i := lo; i < hi; i++ {
		s := &w.blocks[i]
		s.open++
		s.begun++
		s.known = false
	}
	w.mu.Unlock()
	n, err := w.File.WriteAt(b, off)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return n, err // the write stays under way: its blocks are read back in the end
	}
	for i := lo; i < hi; i++ {
		w.wrote(i, b, off)
	}
	return n, nil
}

// span returns the blocks of the file that n bytes at off touch.
func (w *watched) span(off int64, n int) (lo, hi int) {
	if off < 0 || off >= w.size || n == 0 {
		return 0, 0
	}
	end := min(off+int64(n), w.size)
	return int(off / BlockSize), int(blocks(end))
}

// wrote ends a write of b at off to block i, and digests the block if that made it whole.
func (w *watched) wrote(i int, b []byte, off int64) {
	start := int64(i) * BlockSize
	n := min(BlockSize, w.size-start)
	from, to := max(off, start), min(off+int64(len(b)), start+n)

	w.mu.Lock()
	s := &w.blocks[i]
	alone := s.open == 1 && s.covered == 0 && from == start && to == start+n
	s.open--
	s.covered += max(0, to-from)
	whole, begun := s.open == 0 && s.covered >= n, s.begun
	if whole {
		s.covered = 0
	}
	w.mu.Unlock()
	if !whole {
		return
	}
	var d Digest
	if alone {
		d = sum(b[from-off : to-off])
	} else {
		var err error
		if d, err = digestBlock(w.File, 0, w.size, int64(i)); err != nil {
			return // digests reads it again and says why not
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.begun == begun {
		s.known, s.digest = true, d
	}
}

// Truncate changes the length. It counts as a write of every block that stays under way: they are read back in the end.
func (w *watched) Truncate(size int64) error {
	err := w.File.Truncate(size)
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.blocks {
		s := &w.blocks[i]
		s.open++
		s.begun++
		s.known = false
	}
	return err
}

// digests returns the digests of all blocks, after the last write.
func (w *watched) digests(ctx context.Context, workers int) ([]Digest, error) {
	out := make([]Digest, len(w.blocks))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i := range w.blocks {
		if inner.Err() != nil {
			break
		}
		if w.blocks[i].known {
			out[i] = w.blocks[i].digest
			continue
		}
		group.Go(func() (err error) {
			out[i], err = digestBlock(w.File, 0, w.size, int64(i))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return out, context.Cause(ctx)
}
