package erasure

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/assaylab/assay/merkle"
)

const (
	maxBlock    = 1 << 20
	minBlock    = 1 << 10
	stripeBytes = 64 << 20 // bytes of a default stripe at most, while blocks are above minBlock
	maxSize     = 1 << 56
	maxName     = 64
	version     = 1
)

// A Header says how an object was coded and laid out.
//
// The object is cut into stripes. A stripe is a block of every shard: data shard i holds its bytes from
// i*Block on. Of the last stripe the blocks are shorter: its bytes divided evenly by the data shards, rounded up to
// the code's SizeMultiple, the rest zero.
type Header struct {
	Code         string // Coder.Name
	Hasher       string // merkle.Hasher.Name
	Data, Parity int
	Block        int   // bytes
	Size         int64 // bytes of the object
}

// A Manifest binds an object's shards and every block of them to one root.
//
// The root is the parent of the shards' tree and the header's digest; a leaf of that tree is the parent of a
// shard's block tree and its commitment (zero where there is none). Trees are binary, filled up with zero
// digests to a power of two. A Manifest is not changed by any function here.
type Manifest struct {
	Header

	// Blocks are the digests of all blocks, shard by shard, Header.Blocks a shard.
	Blocks []merkle.Digest

	// Commitments holds one caller-made digest a shard (Options.Commit), or nothing.
	Commitments []merkle.Digest
}

// ShardSize returns the bytes of every shard, 0 for a header that is none.
func (h *Header) ShardSize() int64 {
	c, err := h.coderShape()
	if err != nil || h.Data < 1 || h.Data > maxShards || h.Block < 1 || h.Block > maxBlock || h.Size < 0 || h.Size > maxSize {
		return 0
	}
	return h.shardSize(c)
}

// shardSize returns the bytes of a shard for a code whose sizes are multiples of the given number.
func (h *Header) shardSize(multiple int) int64 {
	stripe := int64(h.Data) * int64(h.Block)
	rest := (h.Size%stripe + int64(h.Data) - 1) / int64(h.Data)
	rest = (rest + int64(multiple) - 1) / int64(multiple) * int64(multiple)
	return h.Size/stripe*int64(h.Block) + rest
}

// BlocksPerShard returns the number of blocks of a shard, 0 for a header that is none.
func (h *Header) BlocksPerShard() int64 {
	if h.Block < 1 {
		return 0
	}
	return (h.ShardSize() + int64(h.Block) - 1) / int64(h.Block)
}

// blockSize returns the bytes of block b of a shard.
func (h *Header) blockSize(b int64) int {
	return int(min(int64(h.Block), h.ShardSize()-b*int64(h.Block)))
}

// coderShape returns the size multiple of the named code without making it.
func (h *Header) coderShape() (multiple int, err error) {
	if c, ok := codeNames[codeFamily(h.Code)]; ok {
		return c, nil
	}
	return 0, fmt.Errorf("%w: unknown code %q", ErrFormat, h.Code)
}

// check refuses headers that no encoder writes.
func (h *Header) check() error {
	if _, err := h.coderShape(); err != nil {
		return err
	}
	switch {
	case h.Data < 1 || h.Parity < 1 || h.Data > maxShards || h.Parity > maxShards-h.Data:
		return fmt.Errorf("%w: %d data and %d parity shards", ErrFormat, h.Data, h.Parity)
	case h.Block < minBlock || h.Block > maxBlock || h.Block&(h.Block-1) != 0:
		return fmt.Errorf("%w: blocks of %d bytes", ErrFormat, h.Block)
	case h.Size < 0 || h.Size > maxSize:
		return fmt.Errorf("%w: object of %d bytes", ErrFormat, h.Size)
	case len(h.Hasher) == 0 || len(h.Hasher) > maxName || len(h.Code) > maxName:
		return fmt.Errorf("%w: hasher %q, code %q", ErrFormat, h.Hasher, h.Code)
	}
	return nil
}

// defaultBlock returns the block size for n shards.
func defaultBlock(n int) int {
	b := maxBlock
	for b > minBlock && b*n > stripeBytes {
		b /= 2
	}
	return b
}

// bytes returns the header's bytes: version, code, hasher (each with its length, uint8), data, parity and
// block (uint32), size (uint64), little-endian.
func (h *Header) bytes() []byte {
	b := append([]byte("assay/erasure"), version, byte(len(h.Code)))
	b = append(append(b, h.Code...), byte(len(h.Hasher)))
	b = append(b, h.Hasher...)
	for _, v := range []int{h.Data, h.Parity, h.Block} {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return binary.LittleEndian.AppendUint64(b, uint64(h.Size))
}

// parseHeader reads a header and returns the bytes behind it.
func parseHeader(b []byte) (h Header, rest []byte, err error) {
	const magic = "assay/erasure"
	if len(b) <= len(magic) || string(b[:len(magic)]) != magic || b[len(magic)] != version {
		return h, nil, fmt.Errorf("%w: no header of version %d", ErrFormat, version)
	}
	b = b[len(magic)+1:]
	for _, s := range []*string{&h.Code, &h.Hasher} {
		if len(b) < 1 || len(b)-1 < int(b[0]) {
			return h, nil, fmt.Errorf("%w: header cut short", ErrFormat)
		}
		end := 1 + int(b[0])
		*s, b = string(b[1:end]), b[end:]
	}
	if len(b) < 20 {
		return h, nil, fmt.Errorf("%w: header cut short", ErrFormat)
	}
	for i, v := range []*int{&h.Data, &h.Parity, &h.Block} {
		*v = int(int32(binary.LittleEndian.Uint32(b[4*i:])))
	}
	h.Size = int64(binary.LittleEndian.Uint64(b[12:]))
	return h, b[20:], h.check()
}

// shard returns the digests of a shard's blocks.
func (m *Manifest) shard(i int) []merkle.Digest {
	n := int(m.BlocksPerShard())
	return m.Blocks[i*n : (i+1)*n]
}

// Commitment returns the commitment of a shard; ok is false if the manifest has none.
func (m *Manifest) Commitment(shard int) (d merkle.Digest, ok bool) {
	if shard < 0 || shard >= len(m.Commitments) {
		return d, false
	}
	return m.Commitments[shard], true
}

// check refuses manifests whose lists do not fit the header, or are no nodes of the hasher.
func (m *Manifest) check(d digester) error {
	if err := m.Header.check(); err != nil {
		return err
	}
	n := m.Data + m.Parity
	if int64(len(m.Blocks)) != int64(n)*m.BlocksPerShard() || len(m.Commitments) != 0 && len(m.Commitments) != n {
		return fmt.Errorf("%w: %d block digests and %d commitments for %d shards of %d blocks",
			ErrFormat, len(m.Blocks), len(m.Commitments), n, m.BlocksPerShard())
	}
	if i := d.Canonical(m.Blocks); i >= 0 {
		return fmt.Errorf("%w: block digest %d is no node of hasher %s", ErrFormat, i, d.Name())
	}
	if i := d.Canonical(m.Commitments); i >= 0 {
		return fmt.Errorf("%w: commitment %d is no node of hasher %s", ErrFormat, i, d.Name())
	}
	return nil
}

// Root returns the manifest's root. Of the options only Hasher counts. Errors: ErrFormat for a manifest that is
// none, a hasher other than the manifest's.
func (m *Manifest) Root(opt *Options) (merkle.Digest, error) {
	d, err := newDigester(opt, m.Hasher)
	if err != nil {
		return merkle.Digest{}, err
	}
	if err := m.check(d); err != nil {
		return merkle.Digest{}, err
	}
	return d.pair(d.root(m.leaves(d)), d.block(m.bytes())), nil
}

// leaves returns the leaves of the shards' tree.
func (m *Manifest) leaves(d digester) []merkle.Digest {
	out := make([]merkle.Digest, m.Data+m.Parity)
	for i := range out {
		c, _ := m.Commitment(i)
		out[i] = d.pair(d.root(m.shard(i)), c)
	}
	return out
}

// AppendBinary appends the manifest's bytes: the header, a byte that is 1 if there are commitments, the
// commitments, the block digests.
func (m *Manifest) AppendBinary(b []byte) ([]byte, error) {
	if err := m.Header.check(); err != nil {
		return b, err
	}
	n := int64(m.Data + m.Parity)
	if int64(len(m.Blocks)) != n*m.BlocksPerShard() || len(m.Commitments) != 0 && int64(len(m.Commitments)) != n {
		return b, fmt.Errorf("%w: digests do not fit the header", ErrFormat)
	}
	b = append(b, m.Header.bytes()...)
	if len(m.Commitments) > 0 {
		b = append(append(b, 1), merkle.Bytes(m.Commitments)...)
	} else {
		b = append(b, 0)
	}
	return append(b, merkle.Bytes(m.Blocks)...), nil
}

// UnmarshalBinary reads what AppendBinary wrote; b must hold nothing else. It checks the form only: compare
// Root with the root you trust. Errors: ErrFormat.
func (m *Manifest) UnmarshalBinary(b []byte) error {
	h, b, err := parseHeader(b)
	if err != nil {
		return err
	}
	if len(b) < 1 || b[0] > 1 {
		return fmt.Errorf("%w: manifest cut short", ErrFormat)
	}
	n := uint64(h.Data + h.Parity)
	commitments := uint64(b[0]) * n
	b = b[1:]
	hi, blocks := bits.Mul64(n, uint64(h.BlocksPerShard()))
	if hi != 0 || blocks > uint64(len(b))/32 || uint64(len(b)) != 32*(commitments+blocks) {
		return fmt.Errorf("%w: %d bytes of digests, want %d and %d digests", ErrFormat, len(b), commitments, blocks)
	}
	*m = Manifest{Header: h, Blocks: make([]merkle.Digest, blocks)}
	if commitments > 0 {
		m.Commitments = make([]merkle.Digest, commitments)
		b = b[copy(merkle.Bytes(m.Commitments), b):]
	}
	copy(merkle.Bytes(m.Blocks), b)
	return nil
}
