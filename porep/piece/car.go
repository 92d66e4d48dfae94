package piece

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"golang.org/x/crypto/blake2b"
)

// ErrCAR says that a stream is no well-formed CAR file, or that a block is not what its CID says.
var ErrCAR = errors.New("piece: bad CAR file")

// A CAR is what [SumCAR] found in a CAR file.
type CAR struct {
	// Info is the piece of the file, byte for byte, indexes and headers included.
	Info
	// Payload is the number of bytes of the file.
	Payload uint64
	// Version is 1 or 2.
	Version int
	// Roots are the binary CIDs in the header.
	Roots [][]byte
	// Blocks is the number of blocks. All were compared with the digests in their CIDs but Unchecked,
	// whose hash function is none of SHA-256, BLAKE2b-256 and identity.
	Blocks, Unchecked uint64
}

// Limits of what is held in memory of a CAR file.
const (
	maxCARHeader = 1 << 20
	maxCIDDigest = 128
)

// SumCAR returns the piece of a CAR file (version 1 or 2) and checks the file on the way, in one pass and in
// constant memory: its structure and the digest of each block. A version 1 stream may end in zeros. A file
// that is not well-formed wraps [ErrCAR]; else errors are those of [Sum].
//
// Source: IPLD specifications, CARv1 and CARv2.
func SumCAR(ctx context.Context, r io.Reader, opt *Options) (*CAR, error) {
	h := NewHasher(opt)
	c := &carReader{
		b:      bufio.NewReaderSize(io.TeeReader(&ctxReader{ctx, r}, h), 1<<18),
		hashes: map[uint64]hash.Hash{},
		buf:    make([]byte, 1<<15),
	}
	if err := c.file(); err != nil {
		return nil, err
	}
	info, err := h.Sum()
	if err != nil {
		return nil, err
	}
	c.car.Info, c.car.Payload = info, h.Len()
	return &c.car, nil
}

// A ctxReader ends with its context.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (c *ctxReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// A carReader reads a CAR file.
type carReader struct {
	b      *bufio.Reader
	at     uint64 // bytes read
	car    CAR
	digest [maxCIDDigest]byte
	hashes map[uint64]hash.Hash
	buf    []byte
}

// bad returns an error for the place reached.
func (c *carReader) bad(format string, args ...any) error {
	return fmt.Errorf("%w: byte %d: %s", ErrCAR, c.at, fmt.Sprintf(format, args...))
}

// failed returns the error of a read: an early end is a fault of the file.
func (c *carReader) failed(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return c.bad("the file ends early")
	}
	return err
}

// carPragma is the header of a version 2 file: a version 1 header that names version 2.
var carPragma = []byte("\xa1gversion\x02")

// file reads a whole file.
func (c *carReader) file() error {
	header, err := c.header()
	if err != nil {
		return err
	}
	if bytes.Equal(header, carPragma) {
		c.car.Version = 2
		return c.version2()
	}
	c.car.Version = 1
	if err := c.roots(header); err != nil {
		return err
	}
	if err := c.blocks(1<<64 - 1); err != nil {
		return err
	}
	return c.rest(true)
}

// version2 reads what follows the pragma.
func (c *carReader) version2() error {
	var head [40]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return c.failed(err)
	}
	start, size := binary.LittleEndian.Uint64(head[16:]), binary.LittleEndian.Uint64(head[24:])
	index := binary.LittleEndian.Uint64(head[32:])
	if start < c.at || size == 0 || start+size < start || index != 0 && index < start+size {
		return c.bad("data of %d bytes at %d, index at %d", size, start, index)
	}
	if err := c.skip(start - c.at); err != nil {
		return err
	}
	header, err := c.header()
	if err != nil {
		return err
	}
	if err := c.roots(header); err != nil {
		return err
	}
	if err := c.blocks(start + size); err != nil {
		return err
	}
	if c.at > start+size {
		return c.bad("blocks go on behind the data's end at %d", start+size)
	}
	if err := c.skip(start + size - c.at); err != nil {
		return err
	}
	if err := c.rest(false); err != nil {
		return err
	}
	if index > c.at {
		return c.bad("the index at %d is not there", index)
	}
	return nil
}

// Read counts the bytes read.
func (c *carReader) Read(b []byte) (int, error) {
	n, err := c.b.Read(b)
	c.at += uint64(n)
	return n, err
}

// varint reads an unsigned LEB128 number in its shortest form. io.EOF says that nothing was left.
func (c *carReader) varint() (v uint64, err error) {
	for i := 0; ; i++ {
		b, err := c.b.ReadByte()
		if err != nil {
			if i > 0 || err != io.EOF {
				err = c.failed(err)
			}
			return 0, err
		}
		c.at++
		if i == 9 || b == 0 && i > 0 {
			return 0, c.bad("not a number")
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return v, nil
		}
	}
}

// header reads the first section, CBOR.
func (c *carReader) header() ([]byte, error) {
	n, err := c.varint()
	if err != nil {
		return nil, c.failed(err)
	}
	if n == 0 || n > maxCARHeader {
		return nil, c.bad("a header of %d bytes", n)
	}
	var b bytes.Buffer
	if m, err := io.CopyN(&b, c, int64(n)); err != nil || uint64(m) != n {
		return nil, c.failed(err)
	}
	return b.Bytes(), nil
}

// roots reads the CIDs from the header of version 1: a map of "roots" and "version".
func (c *carReader) roots(header []byte) error {
	d := cborDecoder{rest: header}
	d.expect(cborMap, 2)
	for range 2 {
		switch string(d.take(d.head(cborText))) {
		case "roots":
			n := d.head(cborArray)
			for ; n > 0 && !d.bad; n-- {
				d.expect(cborTag, 42)
				if b := d.take(d.head(cborBytes)); len(b) > 1 && b[0] == 0 {
					c.car.Roots = append(c.car.Roots, b[1:])
				} else {
					d.bad = true
				}
			}
		case "version":
			d.expect(cborUint, 1)
		default:
			d.bad = true
		}
	}
	if d.bad || len(d.rest) != 0 {
		return c.bad("not a header of version 1")
	}
	return nil
}

// blocks reads blocks up to a byte of the file, the file's end, or a section of length zero.
func (c *carReader) blocks(end uint64) error {
	for c.at < end {
		n, err := c.varint()
		if err == io.EOF && end == 1<<64-1 {
			return nil
		} else if err != nil {
			return c.failed(err)
		}
		if n == 0 {
			return nil
		}
		if n > end-c.at {
			return c.bad("a section of %d bytes passes the data's end at %d", n, end)
		}
		if err := c.block(n); err != nil {
			return err
		}
	}
	return nil
}

// block reads a section: a CID and the data it names.
func (c *carReader) block(n uint64) error {
	start := c.at
	code, digest, err := c.cid()
	if err != nil {
		return err
	}
	if c.at-start > n {
		return c.bad("a section of %d bytes is shorter than its CID", n)
	}
	n -= c.at - start
	h := c.blockHash(code, len(digest))
	if h == nil {
		c.car.Unchecked++
		h = unchecked{}
	}
	if m, err := io.CopyBuffer(h, io.LimitReader(c, int64(min(n, 1<<62))), c.buf); err != nil {
		return err
	} else if uint64(m) != n {
		return c.bad("the file ends early")
	}
	var room [maxCIDDigest + 1]byte
	if sum := h.Sum(room[:0]); sum != nil && !bytes.Equal(sum, digest) {
		return c.bad("block %d is not what its CID says", c.car.Blocks)
	}
	c.car.Blocks++
	return nil
}

// Codes of hash functions in CIDs.
//
// Source: multicodec table.
const (
	codeIdentity = 0x00
	codeSHA256   = 0x12
	codeBLAKE2b  = 0xb220 // 256 bits
)

// blockHash returns the hash function of a CID, ready for a block, or nil for one that is not known.
func (c *carReader) blockHash(code uint64, size int) hash.Hash {
	if code != codeIdentity && size != 32 {
		return nil
	}
	h := c.hashes[code]
	if h == nil {
		switch code {
		case codeIdentity:
			h = new(identity)
		case codeSHA256:
			h = sha256.New()
		case codeBLAKE2b:
			// New256 fails only for keys that are too long.
			h, _ = blake2b.New256(nil)
		default:
			return nil
		}
		c.hashes[code] = h
	}
	h.Reset()
	return h
}

// cid reads a CID and returns its hash function and digest.
func (c *carReader) cid() (code uint64, digest []byte, err error) {
	version, err := c.varint()
	if err != nil {
		return 0, nil, c.failed(err)
	}
	code = version // a version 0 CID is a bare SHA-256 multihash
	if version != codeSHA256 {
		if version != 1 {
			return 0, nil, c.bad("a CID of version %d", version)
		}
		if _, err = c.varint(); err == nil {
			code, err = c.varint()
		}
		if err != nil {
			return 0, nil, c.failed(err)
		}
	}
	size, err := c.varint()
	if err != nil {
		return 0, nil, c.failed(err)
	}
	if size > maxCIDDigest || version == codeSHA256 && size != 32 {
		return 0, nil, c.bad("a digest of %d bytes", size)
	}
	digest = c.digest[:size]
	if _, err := io.ReadFull(c, digest); err != nil {
		return 0, nil, c.failed(err)
	}
	return code, digest, nil
}

// skip passes over n bytes.
func (c *carReader) skip(n uint64) error {
	if m, err := io.Copy(io.Discard, io.LimitReader(c, int64(min(n, 1<<62)))); err != nil {
		return err
	} else if uint64(m) != n {
		return c.bad("the file ends early")
	}
	return nil
}

// rest reads to the end of the file; what is left may have to be zeros.
func (c *carReader) rest(zeros bool) error {
	for {
		n, err := c.Read(c.buf)
		for _, b := range c.buf[:n] {
			if zeros && b != 0 {
				return c.bad("more than zeros behind the last block")
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// identity is the hash function that returns what it is given, up to one byte more than any digest.
type identity struct {
	hash.Hash
	b []byte
}

// Write implements hash.Hash.
func (i *identity) Write(p []byte) (int, error) {
	i.b = append(i.b, p[:min(len(p), maxCIDDigest+1-len(i.b))]...)
	return len(p), nil
}

// Sum implements hash.Hash.
func (i *identity) Sum(b []byte) []byte { return append(b, i.b...) }

// Reset implements hash.Hash.
func (i *identity) Reset() { i.b = i.b[:0] }

// unchecked takes any block.
type unchecked struct{ hash.Hash }

// Write implements hash.Hash.
func (unchecked) Write(p []byte) (int, error) { return len(p), nil }

// Sum implements hash.Hash.
func (unchecked) Sum([]byte) []byte { return nil }
