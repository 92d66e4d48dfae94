package fr32

import (
	"errors"
	"io"
)

// chunkBlocks is the number of blocks the streams hold: 16 KiB.
const chunkBlocks = 128

// maxEmptyReads is how often in a row a source may return nothing and no error.
const maxEmptyReads = 100

// fill reads until buf is full or the source ends, with io.EOF, or fails. Like io.ReadFull it does not
// report an error for a full buffer; unlike it, it bears no endless empty reads.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for empty := 0; n < len(buf) && err == nil; {
		var m int
		m, err = r.Read(buf[n:])
		if m < 0 || m > len(buf)-n {
			return n, errors.New("fr32: the source returned an impossible count")
		}
		if n += m; m == 0 && err == nil {
			if empty++; empty == maxEmptyReads {
				err = io.ErrNoProgress
			}
		} else {
			empty = 0
		}
	}
	if n == len(buf) {
		err = nil
	}
	return n, err
}

// A Reader pads what it reads from a source. It emits whole elements only, the last one filled with zeros;
// after an error of the source other than io.EOF it emits the whole blocks read so far, then that error.
// It is not safe for concurrent use.
type Reader struct {
	r   io.Reader
	err error  // to be returned once out is empty
	out []byte // padded and not yet read, part of buf
	raw [chunkBlocks * UnpaddedBlock]byte
	buf [chunkBlocks * PaddedBlock]byte
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// Read implements io.Reader.
func (p *Reader) Read(dst []byte) (int, error) {
	if len(dst) == 0 {
		return 0, nil
	}
	for len(p.out) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		var n int
		n, p.err = fill(p.r, p.raw[:])
		if p.err != nil && p.err != io.EOF {
			n -= n % UnpaddedBlock
		}
		n, _ = Pad(p.buf[:], p.raw[:n])
		p.out = p.buf[:n]
	}
	n := copy(dst, p.out)
	p.out = p.out[n:]
	return n, nil
}

// An UnpadReader takes the padding out of what it reads from a source. A source that ends within an
// element yields io.ErrUnexpectedEOF, set padding bits a [*PaddingError]; the data before is emitted first.
// It is not safe for concurrent use.
type UnpadReader struct {
	r       io.Reader
	err     error
	out     []byte
	element uint64 // number of the first element of the next chunk
	raw     [chunkBlocks * UnpaddedBlock]byte
	buf     [chunkBlocks * PaddedBlock]byte
}

// NewUnpadReader returns an UnpadReader of r.
func NewUnpadReader(r io.Reader) *UnpadReader { return &UnpadReader{r: r} }

// Read implements io.Reader.
func (u *UnpadReader) Read(dst []byte) (int, error) {
	if len(dst) == 0 {
		return 0, nil
	}
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		var n int
		n, u.err = fill(u.r, u.buf[:])
		if n%ElementSize != 0 && u.err == io.EOF {
			u.err = io.ErrUnexpectedEOF
		}
		n -= n % ElementSize
		m, err := Unpad(u.raw[:], u.buf[:n])
		if pe := (*PaddingError)(nil); errors.As(err, &pe) {
			m = int(pe.Element/4) * UnpaddedBlock
			u.err = shift(err, u.element)
		}
		u.element += uint64(n / ElementSize)
		u.out = u.raw[:m]
	}
	n := copy(dst, u.out)
	u.out = u.out[n:]
	return n, nil
}

// ErrClosed says that a Writer was used after Close.
var ErrClosed = errors.New("fr32: write after Close")

// A Writer pads what is written to it and passes it on. Close emits the last element. After an error every
// call returns it. It is not safe for concurrent use.
type Writer struct {
	w   io.Writer
	n   int // bytes in raw
	err error
	raw [chunkBlocks * UnpaddedBlock]byte
	buf [chunkBlocks * PaddedBlock]byte
}

// NewWriter returns a Writer to w, which Close does not close.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write implements io.Writer. Data stays in the Writer until a chunk of 16 KiB is full.
func (p *Writer) Write(src []byte) (int, error) {
	total := len(src)
	for len(src) > 0 && p.err == nil {
		n := copy(p.raw[p.n:], src)
		src = src[n:]
		if p.n += n; p.n == len(p.raw) {
			p.flush()
		}
	}
	if p.err != nil {
		return total - len(src), p.err
	}
	return total, nil
}

// flush pads and passes on what is held.
func (p *Writer) flush() {
	n, _ := Pad(p.buf[:], p.raw[:p.n])
	p.n = 0
	_, p.err = write(p.w, p.buf[:n])
}

// write is w.Write with short writes made errors.
func write(w io.Writer, b []byte) (int, error) {
	n, err := w.Write(b)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	return n, err
}

// Close passes on the last element, filled with zeros. It returns the first error of the Writer; a second
// Close returns [ErrClosed].
func (p *Writer) Close() error {
	if p.err == nil && p.n > 0 {
		p.flush()
	}
	err := p.err
	if err == nil {
		p.err = ErrClosed
	}
	return err
}

// An UnpadWriter takes the padding out of what is written to it and passes the data on. Close emits the
// rest. After an error every call returns it. It is not safe for concurrent use.
type UnpadWriter struct {
	w       io.Writer
	n       int // bytes in buf
	element uint64
	err     error
	raw     [chunkBlocks * UnpaddedBlock]byte
	buf     [chunkBlocks * PaddedBlock]byte
}

// NewUnpadWriter returns an UnpadWriter to w, which Close does not close.
func NewUnpadWriter(w io.Writer) *UnpadWriter { return &UnpadWriter{w: w} }

// Write implements io.Writer. Data stays in the UnpadWriter until a chunk of 16 KiB is full. Set padding
// bits are a [*PaddingError]; nothing of their chunk is passed on.
func (u *UnpadWriter) Write(src []byte) (int, error) {
	total := len(src)
	for len(src) > 0 && u.err == nil {
		n := copy(u.buf[u.n:], src)
		src = src[n:]
		if u.n += n; u.n == len(u.buf) {
			u.flush()
		}
	}
	if u.err != nil {
		return total - len(src), u.err
	}
	return total, nil
}

// flush unpads and passes on what is held, whole elements.
func (u *UnpadWriter) flush() {
	n, err := Unpad(u.raw[:], u.buf[:u.n])
	if err != nil {
		u.err = shift(err, u.element)
		return
	}
	u.element += uint64(u.n / ElementSize)
	u.n = 0
	_, u.err = write(u.w, u.raw[:n])
}

// Close passes on the rest. A length that is no number of whole elements is io.ErrUnexpectedEOF. It
// returns the first error of the UnpadWriter; a second Close returns [ErrClosed].
func (u *UnpadWriter) Close() error {
	if u.err == nil && u.n%ElementSize != 0 {
		u.err = io.ErrUnexpectedEOF
	}
	if u.err == nil && u.n > 0 {
		u.flush()
	}
	err := u.err
	if err == nil {
		u.err = ErrClosed
	}
	return err
}
