package piece

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/assaylab/assay/merkle"
)

// errNoReader says that a payload has no reader.
var errNoReader = errors.New("piece: no reader of the payload")

// maxEmptyReads is how often in a row a source may return nothing and no error.
const maxEmptyReads = 100

// ReadFrom implements io.ReaderFrom: it folds what r yields while it reads on. A failure stays with the
// Hasher until Reset.
func (h *Hasher) ReadFrom(r io.Reader) (int64, error) { return h.readFrom(context.Background(), r) }

// A slot is a chunk on its way through the workers.
type slot struct {
	raw  []byte
	root merkle.Digest
	done chan struct{}
}

// readFrom is ReadFrom under a context.
func (h *Hasher) readFrom(ctx context.Context, r io.Reader) (total int64, err error) {
	if err := h.refuse(); err != nil {
		return 0, err
	}
	if r == nil {
		return 0, errNoReader
	}
	defer func() {
		if err != nil {
			h.err = err
		}
	}()
	if len(h.buf)%chunkRaw != 0 || cap(h.buf) == 0 {
		n, err := h.readRest(ctx, r)
		total += int64(n)
		if err != nil {
			return total, eof(err)
		}
	}
	whole := len(h.buf) / chunkRaw * chunkRaw
	h.fold(h.buf[:whole])
	h.buf = h.buf[:copy(h.buf, h.buf[whole:])]
	n, err := h.pipe(ctx, r)
	return total + n, eof(err)
}

// eof takes the end of the source for success.
func eof(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// readRest fills the buffer up to a whole chunk, or makes it.
func (h *Hasher) readRest(ctx context.Context, r io.Reader) (int, error) {
	if h.buf == nil {
		h.buf = make([]byte, 0, h.batch()*chunkRaw)
	}
	at := len(h.buf)
	want := (chunkRaw - at%chunkRaw) % chunkRaw
	n, err := fill(ctx, r, h.buf[at:at+want])
	h.buf = h.buf[:at+n]
	h.total += uint64(n)
	return n, err
}

// pipe reads chunk by chunk; workers fold them while the next ones are read. It returns when all is folded
// and the workers have ended. What remains at the end is left in h.buf, which is empty before.
func (h *Hasher) pipe(ctx context.Context, r io.Reader) (total int64, err error) {
	workers := h.workers
	if workers == 1 {
		return h.readAlone(ctx, r)
	}
	h.grow(workers)
	ring := make([]slot, 2*workers)
	work := make(chan *slot, len(ring))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for s := range work {
				_, s.root = h.folders[w].fold(s.raw)
				s.done <- struct{}{}
			}
		})
	}
	sent, taken := 0, 0
	take := func() {
		s := &ring[taken%len(ring)]
		<-s.done
		h.stack.push(chunkLevel, s.root)
		taken++
	}
	for err == nil {
		if sent-taken == len(ring) {
			take()
		}
		s := &ring[sent%len(ring)]
		if s.raw == nil {
			s.raw, s.done = h.buf[:cap(h.buf)][sent*chunkRaw:][:chunkRaw], make(chan struct{}, 1)
		}
		var n int
		n, err = fill(ctx, r, s.raw)
		total += int64(n)
		h.total += uint64(n)
		if n == chunkRaw {
			work <- s
			sent++
			h.opt.report("CommP", h.total, 0)
			continue
		}
		// The rest moves to the front of the buffer once no worker reads there any more.
		defer func() { h.buf = append(h.buf[:0], s.raw[:n]...) }()
	}
	close(work)
	for taken < sent {
		take()
	}
	wg.Wait()
	return total, err
}

// readAlone is pipe on the caller's goroutine.
func (h *Hasher) readAlone(ctx context.Context, r io.Reader) (total int64, err error) {
	for {
		raw := h.buf[:chunkRaw]
		n, err := fill(ctx, r, raw)
		total += int64(n)
		h.total += uint64(n)
		if n < chunkRaw {
			h.buf = raw[:n]
			return total, err
		}
		h.fold(raw)
		h.opt.report("CommP", h.total, 0)
		if err != nil {
			return total, err
		}
	}
}

// fill reads until buf is full or the source ends, with io.EOF, or fails; a full buffer is no error. It
// looks at ctx between reads and bears no endless empty reads.
func fill(ctx context.Context, r io.Reader, buf []byte) (n int, err error) {
	for empty := 0; n < len(buf) && err == nil; {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		var m int
		m, err = r.Read(buf[n:])
		if m < 0 || m > len(buf)-n {
			return n, errors.New("piece: the source returned an impossible count")
		}
		if n += m; m != 0 || err != nil {
			empty = 0
		} else if empty++; empty == maxEmptyReads {
			err = io.ErrNoProgress
		}
	}
	if n == len(buf) && err == io.EOF {
		err = nil
	}
	return n, err
}
