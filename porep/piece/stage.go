package piece

import (
	"context"
	"fmt"
	"io"

	"github.com/assaylab/assay/porep/fr32"
	"github.com/assaylab/assay/porep/sector"
)

// A Staged is a sector's data as it was written for sealing.
type Staged struct {
	CommD  sector.CommD
	Pieces []Placed
	// Payloads holds the number of payload bytes of each piece.
	Payloads []uint64
}

// A Payload is the content of one piece to be staged: the first Len bytes of R.
type Payload struct {
	R   io.Reader
	Len uint64
}

// Stage writes the data of a sector to w, padded and from its first to its last byte: each payload, filled
// with zeros, in a piece of the smallest size that holds it, at the next multiple of that size, and zeros
// elsewhere. It returns the pieces' commitments and places and CommD. The lengths are checked before the
// first byte is read, and that every payload has a reader; a payload that ends early is io.ErrUnexpectedEOF.
func Stage(ctx context.Context, w io.Writer, size sector.Size, payloads []Payload, opt *Options) (*Staged, error) {
	sizes, err := stageSizes(size, payloads)
	if err != nil {
		return nil, err
	}
	s := &Staged{Pieces: sizes, Payloads: make([]uint64, len(payloads))}
	out := &stager{w: w, ctx: ctx, opt: opt, total: uint64(size)}
	h := NewHasher(&Options{Workers: opt.workers()})
	for i, p := range payloads {
		if err := out.zeros(s.Pieces[i].Offset); err != nil {
			return nil, err
		}
		if err := out.payload(h, p); err != nil {
			return nil, fmt.Errorf("piece %d: %w", i, err)
		}
		if s.Pieces[i].Info, err = h.Sum(); err != nil {
			return nil, err
		}
		h.Reset()
		s.Payloads[i] = p.Len
	}
	if err := out.zeros(uint64(size)); err != nil {
		return nil, err
	}
	s.CommD, err = CommDPlaced(size, s.Pieces)
	return s, err
}

// stageSizes places payloads by their lengths alone.
func stageSizes(size sector.Size, payloads []Payload) ([]Placed, error) {
	if uint64(len(payloads)) > uint64(size)/128 {
		return nil, fmt.Errorf("%w: %d pieces in %v", ErrPieces, len(payloads), size)
	}
	infos := make([]Info, len(payloads))
	for i := range infos {
		s, err := SizeFor(payloads[i].Len)
		if err != nil {
			return nil, fmt.Errorf("piece %d: %w", i, err)
		}
		if payloads[i].R == nil {
			return nil, fmt.Errorf("piece %d: %w", i, errNoReader)
		}
		// The commitments come later; any possible one passes Place's check.
		infos[i] = Info{sector.CommP{1}, s}
	}
	return Place(size, infos)
}

// A stager writes a sector in order.
type stager struct {
	ctx   context.Context
	w     io.Writer
	opt   *Options
	at    uint64 // padded bytes written
	total uint64
}

// Write passes on to the sector.
func (s *stager) Write(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.w.Write(b)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	s.at += uint64(max(n, 0))
	s.opt.report("stage", s.at, s.total)
	return n, err
}

// zeros writes zeros up to a padded offset.
func (s *stager) zeros(end uint64) error {
	buf := make([]byte, min(end-s.at, 1<<18))
	for s.at < end {
		if _, err := s.Write(buf[:min(uint64(len(buf)), end-s.at)]); err != nil {
			return err
		}
	}
	return nil
}

// payload writes a payload padded and hashes it.
func (s *stager) payload(h *Hasher, p Payload) error {
	pad := fr32.NewWriter(s)
	n, err := h.readFrom(s.ctx, io.TeeReader(io.LimitReader(p.R, int64(p.Len)), pad))
	if err == nil && uint64(n) != p.Len {
		err = fmt.Errorf("%d of %d bytes: %w", n, p.Len, io.ErrUnexpectedEOF)
	}
	if err != nil {
		return err
	}
	return pad.Close()
}
