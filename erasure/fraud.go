package erasure

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/reedsolomon"

	"github.com/assaylab/assay/merkle"
)

// A FraudProof shows, without the square, that a row or column was badly encoded: k shards of that line, each
// opened to the root of the line that crosses it, determine a codeword whose root is not the promised one.
type FraudProof struct {
	Axis   Axis
	Index  int
	Shards []FraudShard // k of them, positions ascending
}

// A FraudShard is the shard at a position of the accused line with its proof to the orthogonal root there.
type FraudShard struct {
	Position int
	Shard    []byte
	Siblings []merkle.Digest
}

// Prove makes the proof that a line was badly encoded, as Repair's ByzantineError names it. It needs k shards
// of the line that can be opened to orthogonal roots: from complete orthogonal lines that have their root, or
// set by SetSample. Errors: ErrTooFewShards if there are fewer; ErrProof if the line is honest.
func (s *Square) Prove(roots Roots, a Axis, index int) (*FraudProof, error) {
	if err := roots.check(2 * s.k); err != nil {
		return nil, err
	}
	if a > Column || index < 0 || index >= 2*s.k {
		return nil, fmt.Errorf("%w: %v %d", ErrShape, a, index)
	}
	p := &FraudProof{Axis: a, Index: index}
	for j := 0; j < 2*s.k && len(p.Shards) < s.k; j++ {
		if f, ok := s.opened(roots, a, index, j); ok {
			p.Shards = append(p.Shards, f)
		}
	}
	if len(p.Shards) < s.k {
		return nil, fmt.Errorf("%w: only %d shards of %v %d can be proven, want %d", ErrTooFewShards, len(p.Shards), a, index, s.k)
	}
	return p, roots.VerifyFraud(p, s.size)
}

// opened returns the shard at position j of a line with its proof to the orthogonal root.
func (s *Square) opened(roots Roots, a Axis, index, j int) (FraudShard, bool) {
	place := s.place(a, index, j)
	if p, ok := s.samples[place]; ok && p.Axis == a.other() {
		return FraudShard{Position: j, Shard: p.Shard, Siblings: p.Siblings}, true
	}
	row, col := place/(2*s.k), place%(2*s.k)
	p, err := s.Sample(a.other(), row, col)
	if err != nil || roots.Verify(p, s.size) != nil {
		return FraudShard{}, false
	}
	return FraudShard{Position: j, Shard: p.Shard, Siblings: p.Siblings}, true
}

// VerifyFraud judges a proof against the roots of a square with shards of size bytes: nil means that the line
// was badly encoded, so that the square must be refused; an ErrProof that the proof shows nothing. Needed
// are the roots and the proof only.
func (r Roots) VerifyFraud(p *FraudProof, size int) error {
	width := len(r.Rows)
	if err := r.check(width); err != nil {
		return err
	}
	if size < 1 || size%multiple16 != 0 {
		return fmt.Errorf("%w: %d bytes, want a multiple of %d", ErrShardSize, size, multiple16)
	}
	if p == nil || p.Axis > Column || p.Index < 0 || p.Index >= width || len(p.Shards) != width/2 {
		return fmt.Errorf("%w: no proof of a line of a square of width %d", ErrProof, width)
	}
	line := make([][]byte, width)
	last := -1
	for _, f := range p.Shards {
		if f.Position <= last || f.Position >= width {
			return fmt.Errorf("%w: position %d after %d", ErrProof, f.Position, last)
		}
		last = f.Position
		sample := Sample{Axis: p.Axis.other(), Row: p.Index, Column: f.Position, Shard: f.Shard, Siblings: f.Siblings}
		if p.Axis == Column {
			sample.Row, sample.Column = f.Position, p.Index
		}
		if err := r.Verify(sample, size); err != nil {
			return fmt.Errorf("position %d: %w", f.Position, err)
		}
		line[f.Position] = f.Shard
	}
	root, err := codewordRoot(line, width/2, size)
	if err != nil {
		return err
	}
	if root == r.of(p.Axis)[p.Index] {
		return fmt.Errorf("%w: %v %d is encoded well", ErrProof, p.Axis, p.Index)
	}
	return nil
}

// codewordRoot completes a line from its k shards and returns its root.
func codewordRoot(line [][]byte, k, size int) (merkle.Digest, error) {
	enc, err := reedsolomon.New(k, k, reedsolomon.WithLeopardGF(true), reedsolomon.WithInversionCache(false))
	if err != nil {
		return merkle.Digest{}, fmt.Errorf("%w: %w", ErrShape, err)
	}
	if err := enc.Reconstruct(line); err != nil {
		return merkle.Digest{}, coded(err)
	}
	leaves := make([]merkle.Digest, len(line))
	for j, shard := range line {
		leafDigests(leaves[j:j+1], shard, size)
	}
	return treeRoots(nil, leaves, len(leaves))[0], nil
}

// AppendBinary appends the proof's bytes: version 1, axis, index (uint32), number of shards (uint32), size of
// a shard (uint32); then for each its position (uint32), number of siblings (uint8), siblings and shard.
// Integers are little-endian. Errors: ErrFormat for a proof that is none.
func (p *FraudProof) AppendBinary(b []byte) ([]byte, error) {
	if len(p.Shards) == 0 || p.Index < 0 || p.Index >= maxShards {
		return b, fmt.Errorf("%w: fraud proof without shards", ErrFormat)
	}
	size := len(p.Shards[0].Shard)
	b = append(b, 1, byte(p.Axis))
	b = binary.LittleEndian.AppendUint32(b, uint32(p.Index))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p.Shards)))
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	for _, f := range p.Shards {
		if len(f.Shard) != size || len(f.Siblings) > maxProof(maxShards) || f.Position < 0 {
			return b, fmt.Errorf("%w: shards of a fraud proof differ", ErrFormat)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(f.Position))
		b = append(b, byte(len(f.Siblings)))
		b = append(b, merkle.Bytes(f.Siblings)...)
		b = append(b, f.Shard...)
	}
	return b, nil
}

var errShort = errors.New("cut short")

// UnmarshalBinary reads what AppendBinary wrote; b must hold nothing else. The shards alias b. Errors:
// ErrFormat.
func (p *FraudProof) UnmarshalBinary(b []byte) error {
	const head = 14
	if len(b) < head || b[0] != 1 || b[1] > 1 {
		return fmt.Errorf("%w: fraud proof", ErrFormat)
	}
	index, n := binary.LittleEndian.Uint32(b[2:]), uint64(binary.LittleEndian.Uint32(b[6:]))
	size := uint64(binary.LittleEndian.Uint32(b[10:]))
	axis := Axis(b[1])
	b = b[head:]
	if index >= maxShards || n == 0 || size == 0 || n > uint64(len(b))/(5+size) {
		return fmt.Errorf("%w: fraud proof of %d shards of %d bytes", ErrFormat, n, size)
	}
	shards := make([]FraudShard, n)
	for i := range shards {
		if len(b) < 5 {
			return fmt.Errorf("%w: %w", ErrFormat, errShort)
		}
		position, siblings := binary.LittleEndian.Uint32(b), uint64(b[4])
		b = b[5:]
		if position >= maxShards || siblings > uint64(maxProof(maxShards)) || uint64(len(b)) < 32*siblings+size {
			return fmt.Errorf("%w: %w", ErrFormat, errShort)
		}
		f := FraudShard{Position: int(position), Siblings: make([]merkle.Digest, siblings)}
		b = b[copy(merkle.Bytes(f.Siblings), b):]
		f.Shard, b = b[:size:size], b[size:]
		shards[i] = f
	}
	if len(b) != 0 {
		return fmt.Errorf("%w: %d bytes behind a fraud proof", ErrFormat, len(b))
	}
	*p = FraudProof{Axis: axis, Index: int(index), Shards: shards}
	return nil
}
