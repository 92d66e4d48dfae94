package erasure

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/assaylab/assay/merkle"
)

// A ShardProof is what a shard carries: with the manifest's root alone it shows that the shard belongs to the
// object, and which of its blocks are good.
type ShardProof struct {
	Header
	Shard      int
	Blocks     []merkle.Digest
	Commitment merkle.Digest
	Siblings   []merkle.Digest // in the shards' tree
	Tree       merkle.Digest   // root of the shards' tree
}

// Prove returns the proof that a shard carries. Errors: as Root, ErrShape for a shard that is none.
func (m *Manifest) Prove(shard int, opt *Options) (*ShardProof, error) {
	proofs, err := m.ProveAll(opt, shard)
	if err != nil {
		return nil, err
	}
	return proofs[0], nil
}

// ProveAll returns the proofs of the given shards, of all if none is given. Errors: as Prove.
func (m *Manifest) ProveAll(opt *Options, shards ...int) ([]*ShardProof, error) {
	d, err := newDigester(opt, m.Hasher)
	if err != nil {
		return nil, err
	}
	if err := m.check(d); err != nil {
		return nil, err
	}
	if len(shards) == 0 {
		for i := range m.Data + m.Parity {
			shards = append(shards, i)
		}
	}
	leaves := m.leaves(d)
	tree := d.root(leaves)
	var out []*ShardProof
	for _, i := range shards {
		if i < 0 || i >= len(leaves) {
			return nil, fmt.Errorf("%w: shard %d of %d", ErrShape, i, len(leaves))
		}
		c, _ := m.Commitment(i)
		out = append(out, &ShardProof{Header: m.Header, Shard: i, Blocks: append([]merkle.Digest(nil), m.shard(i)...),
			Commitment: c, Siblings: d.siblings(leaves, i), Tree: tree})
	}
	return out, nil
}

// Verify checks the proof against the manifest's root. nil is proven, an ErrProof refuted; another error
// means that the options' hasher cannot judge it.
func (p *ShardProof) Verify(root merkle.Digest, opt *Options) error {
	d, err := newDigester(opt, p.Hasher)
	if err != nil {
		return err
	}
	if err := p.Header.check(); err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	n := p.Data + p.Parity
	if p.Shard < 0 || p.Shard >= n || int64(len(p.Blocks)) != p.BlocksPerShard() {
		return fmt.Errorf("%w: shard %d of %d with %d block digests", ErrProof, p.Shard, n, len(p.Blocks))
	}
	if d.Canonical(p.Blocks) >= 0 || d.Canonical([]merkle.Digest{p.Commitment, p.Tree}) >= 0 {
		return fmt.Errorf("%w: a digest is no node of hasher %s", ErrProof, d.Name())
	}
	shape, err := merkle.Uniform(1<<bits.Len(uint(n-1)), 2)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	leaf := d.pair(d.root(p.Blocks), p.Commitment)
	err = merkle.Verify(d, shape, p.Tree, merkle.Proof{Index: uint64(p.Shard), Leaf: leaf, Siblings: p.Siblings})
	if errors.Is(err, merkle.ErrProof) {
		return fmt.Errorf("%w: shard %d: %w", ErrProof, p.Shard, err)
	}
	if err != nil {
		return err
	}
	if got := d.pair(p.Tree, d.block(p.bytes())); got != root {
		return fmt.Errorf("%w: shard %d leads to root %x, want %x", ErrProof, p.Shard, got, root)
	}
	return nil
}

// CheckBlock holds the bytes of a block of the shard against a proof that was verified: nil if they are right, an
// ErrProof in a ShardError that names the block if not. Of the options only Hasher counts.
func (p *ShardProof) CheckBlock(block int64, data []byte, opt *Options) error {
	d, err := newDigester(opt, p.Hasher)
	if err != nil {
		return err
	}
	if block < 0 || block >= int64(len(p.Blocks)) || len(data) != p.blockSize(block) || d.block(data) != p.Blocks[block] {
		return &ShardError{Shard: p.Shard, Block: block, Err: ErrProof}
	}
	return nil
}

// AppendBinary appends the proof's bytes: header, shard (uint32), commitment, tree, number of siblings
// (uint8), siblings, block digests.
func (p *ShardProof) AppendBinary(b []byte) ([]byte, error) {
	if err := p.Header.check(); err != nil {
		return b, err
	}
	if p.Shard < 0 || p.Shard >= maxShards || len(p.Siblings) > 16 || int64(len(p.Blocks)) != p.BlocksPerShard() {
		return b, fmt.Errorf("%w: digests do not fit the header", ErrFormat)
	}
	b = append(b, p.Header.bytes()...)
	b = binary.LittleEndian.AppendUint32(b, uint32(p.Shard))
	b = append(append(b, p.Commitment[:]...), p.Tree[:]...)
	b = append(b, byte(len(p.Siblings)))
	return append(append(b, merkle.Bytes(p.Siblings)...), merkle.Bytes(p.Blocks)...), nil
}

// UnmarshalBinary reads what AppendBinary wrote; b must hold nothing else. Errors: ErrFormat.
func (p *ShardProof) UnmarshalBinary(b []byte) error {
	h, b, err := parseHeader(b)
	if err != nil {
		return err
	}
	const fixed = 4 + 32 + 32 + 1
	blocks := uint64(h.BlocksPerShard())
	if len(b) < fixed || b[fixed-1] > 16 || blocks > uint64(len(b))/32 || uint64(len(b)) != fixed+32*(uint64(b[fixed-1])+blocks) {
		return fmt.Errorf("%w: shard proof of %d bytes", ErrFormat, len(b))
	}
	shard := binary.LittleEndian.Uint32(b)
	if shard >= uint32(h.Data+h.Parity) {
		return fmt.Errorf("%w: shard %d of %d", ErrFormat, shard, h.Data+h.Parity)
	}
	*p = ShardProof{Header: h, Shard: int(shard), Siblings: make([]merkle.Digest, b[fixed-1]), Blocks: make([]merkle.Digest, blocks)}
	copy(p.Commitment[:], b[4:])
	copy(p.Tree[:], b[36:])
	b = b[fixed:]
	b = b[copy(merkle.Bytes(p.Siblings), b):]
	copy(merkle.Bytes(p.Blocks), b)
	return nil
}
