package merkle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A Source fills dst with the leaves from index first on: len(dst) of them, which may be read or
// computed on the spot. It is called from several goroutines at once, for ranges that do not overlap and
// cover every leaf once, and for each base tree within it alone. first grows from call to call of one
// build, but calls may end in any order. dst is the caller's again when Source returns.
type Source func(ctx context.Context, dst []Digest, first uint64) error

// FromReaderAt returns the leaves that lie in r, leaf i at byte 32*i.
func FromReaderAt(r io.ReaderAt) Source {
	return func(_ context.Context, dst []Digest, first uint64) error {
		if err := readFull(r, Bytes(dst), 32*int64(first)); err != nil {
			return fmt.Errorf("merkle: leaves %d..%d: %w", first, first+uint64(len(dst))-1, err)
		}
		return nil
	}
}

// FromSlice returns the leaves of a slice. A range beyond it is an error.
func FromSlice(leaves []Digest) Source {
	return func(_ context.Context, dst []Digest, first uint64) error {
		if first > uint64(len(leaves)) || copy(dst, leaves[first:]) != len(dst) {
			return fmt.Errorf("merkle: leaves %d..%d: %w", first, first+uint64(len(dst))-1, io.ErrUnexpectedEOF)
		}
		return nil
	}
}

// FromReader returns the leaves that r yields one after another, for one build: workers take turns.
func FromReader(r io.Reader) Source {
	q := &queue{r: r}
	q.turn.L = &q.mu
	return q.fill
}

// A queue lets the callers of fill through in the order of their first leaf.
type queue struct {
	r    io.Reader
	mu   sync.Mutex
	turn sync.Cond
	next uint64
	err  error
}

func (q *queue) fill(ctx context.Context, dst []Digest, first uint64) error {
	stop := context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.turn.Broadcast()
	})
	defer stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.next != first && q.err == nil && ctx.Err() == nil {
		q.turn.Wait()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if q.err != nil {
		return q.err
	}
	n, err := io.ReadFull(q.r, Bytes(dst))
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		q.err = fmt.Errorf("merkle: leaf %d: %w", first+uint64(n)/32, err)
	}
	q.next += uint64(len(dst))
	q.turn.Broadcast()
	return q.err
}

// readFull fills b from offset off on. A reader that ends early gives io.ErrUnexpectedEOF.
func readFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
