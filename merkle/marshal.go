package merkle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrEncoding says that bytes are not the one encoding of the value asked for. There is one encoding of
// each value; nothing may follow it.
var ErrEncoding = errors.New("merkle: bad encoding")

// The bytes of a proof, integers little-endian:
//
//	1  version, 1
//	1  kind: 1 inclusion, 2 multi, 3 range, 4 log inclusion, 5 log consistency
//	1  length of the hasher's name, 1..64
//	n  the hasher's name
//	   the shape: see AppendShape (kinds 1 to 3)
//	   the proof:
//	     inclusion  8 index, 32 leaf, 32 each sibling
//	     multi      8 count of leaves, 8 each index, 32 each leaf, 32 each node
//	     range      8 start, 8 count of leaves, 32 each leaf, 32 each node
//	     log        8 index or old size, 8 size, 32 each node; for inclusion 32 leaf before the nodes
//
// The number of nodes is not written: it follows from what is before them.
const (
	encodingVersion = 1

	kindProof       = 1
	kindMulti       = 2
	kindRange       = 3
	kindInclusion   = 4
	kindConsistency = 5
)

// AppendShape appends the bytes of s to b: a byte with the number of runs of equal arity, for each run its
// arity in two bytes and its levels in one, from the leaves upward; a byte with the levels of a base tree.
func (s Shape) AppendShape(b []byte) []byte {
	at := len(b)
	b = append(b, 0)
	for l := 0; l < int(s.depth); {
		run := l + 1
		for run < int(s.depth) && s.arity[run] == s.arity[l] {
			run++
		}
		b = binary.LittleEndian.AppendUint16(b, s.arity[l])
		b = append(b, byte(run-l))
		b[at]++
		l = run
	}
	return append(b, s.base)
}

// ParseShape reads the bytes of AppendShape from the start of b and returns the rest. Errors: ErrEncoding.
func ParseShape(b []byte) (Shape, []byte, error) {
	var s Shape
	s.leaves = 1
	if len(b) == 0 || b[0] == 0 || len(b) < 2+3*int(b[0]) {
		return Shape{}, nil, fmt.Errorf("%w: shape cut short", ErrEncoding)
	}
	runs, b := int(b[0]), b[1:]
	last := 0
	for range runs {
		a, n := int(binary.LittleEndian.Uint16(b)), int(b[2])
		if n == 0 || a == last {
			return Shape{}, nil, fmt.Errorf("%w: shape with a run of %d levels of arity %d", ErrEncoding, n, a)
		}
		for range n {
			if err := s.push(a); err != nil {
				return Shape{}, nil, fmt.Errorf("%w: %w", ErrEncoding, err)
			}
		}
		last, b = a, b[3:]
	}
	s.base = b[0]
	if s.base == 0 || s.base > s.depth {
		return Shape{}, nil, fmt.Errorf("%w: base trees of %d levels, the tree has %d", ErrEncoding, s.base, s.depth)
	}
	return s, b[1:], nil
}

// header returns the bytes before a proof.
func header(b []byte, kind byte, h Hasher, s Shape) []byte {
	name := h.Name()
	b = append(b, encodingVersion, kind, byte(len(name)))
	b = append(b, name...)
	if kind <= kindRange {
		b = s.AppendShape(b)
	}
	return b
}

// cutHeader checks that b begins with the header and returns the rest. The verifier knows hasher and shape;
// the bytes only show that the prover meant the same.
func cutHeader(b []byte, kind byte, h Hasher, s Shape) ([]byte, error) {
	if n := len(h.Name()); n < 1 || n > 64 {
		return nil, fmt.Errorf("merkle: hasher name of %d bytes, want 1..64", n)
	}
	rest, ok := bytes.CutPrefix(b, header(nil, kind, h, s))
	if !ok {
		return nil, fmt.Errorf("%w: not a proof of this kind, hasher (%s) and shape (%v)", ErrEncoding, h.Name(), s)
	}
	return rest, nil
}

// cutUint64s reads n integers from the start of b.
func cutUint64s(b []byte, n int) (v [2]uint64, rest []byte, err error) {
	if len(b) < 8*n {
		return v, nil, fmt.Errorf("%w: cut short", ErrEncoding)
	}
	for i := range n {
		v[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return v, b[8*n:], nil
}

// nodesOf returns a copy of b as n nodes, which it must be exactly.
func nodesOf(b []byte, n uint64) ([]Digest, error) {
	if uint64(len(b)) != 32*n || n > 1<<58 {
		return nil, fmt.Errorf("%w: %d bytes where %d nodes belong", ErrEncoding, len(b), n)
	}
	nodes := make([]Digest, n)
	copy(nodes, Digests(b))
	return nodes, nil
}

// AppendProof appends the bytes of a proof for hasher h and shape s to b. It does not verify p.
func AppendProof(b []byte, h Hasher, s Shape, p Proof) []byte {
	b = header(b, kindProof, h, s)
	b = binary.LittleEndian.AppendUint64(b, p.Index)
	b = append(b, p.Leaf[:]...)
	return append(b, Bytes(p.Siblings)...)
}

// ParseProof reads the bytes of a proof that was made for hasher h and shape s. It does not verify the proof,
// but its form is the shape's. Errors: ErrEncoding for any other bytes.
func ParseProof(b []byte, h Hasher, s Shape) (Proof, error) {
	b, err := cutHeader(b, kindProof, h, s)
	if err != nil {
		return Proof{}, err
	}
	v, b, err := cutUint64s(b, 1)
	if err != nil {
		return Proof{}, err
	}
	if v[0] >= s.leaves {
		return Proof{}, fmt.Errorf("%w: leaf %d of %d", ErrEncoding, v[0], s.leaves)
	}
	nodes, err := nodesOf(b, 1+uint64(s.Siblings()))
	if err != nil {
		return Proof{}, err
	}
	return Proof{Index: v[0], Leaf: nodes[0], Siblings: nodes[1:]}, nil
}

// AppendMulti appends the bytes of a multiproof; see AppendProof.
func AppendMulti(b []byte, h Hasher, s Shape, p MultiProof) []byte {
	b = header(b, kindMulti, h, s)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(p.Indices)))
	for _, i := range p.Indices {
		b = binary.LittleEndian.AppendUint64(b, i)
	}
	b = append(b, Bytes(p.Leaves)...)
	return append(b, Bytes(p.Nodes)...)
}

// ParseMulti reads the bytes of a multiproof; see ParseProof.
func ParseMulti(b []byte, h Hasher, s Shape) (MultiProof, error) {
	b, err := cutHeader(b, kindMulti, h, s)
	if err != nil {
		return MultiProof{}, err
	}
	v, b, err := cutUint64s(b, 1)
	if err != nil {
		return MultiProof{}, err
	}
	n := v[0]
	if n > uint64(len(b))/40 {
		return MultiProof{}, fmt.Errorf("%w: %d leaves in %d bytes", ErrEncoding, n, len(b))
	}
	p := MultiProof{Indices: make([]uint64, n)}
	for i := range p.Indices {
		p.Indices[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	want, err := s.multiNodes(p.Indices)
	if err != nil {
		return MultiProof{}, fmt.Errorf("%w: %w", ErrEncoding, err)
	}
	nodes, err := nodesOf(b[8*n:], n+want)
	if err != nil {
		return MultiProof{}, err
	}
	p.Leaves, p.Nodes = nodes[:n:n], nodes[n:]
	return p, nil
}

// AppendRange appends the bytes of a range proof; see AppendProof.
func AppendRange(b []byte, h Hasher, s Shape, p RangeProof) []byte {
	b = header(b, kindRange, h, s)
	b = binary.LittleEndian.AppendUint64(b, p.Start)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(p.Leaves)))
	b = append(b, Bytes(p.Leaves)...)
	return append(b, Bytes(p.Nodes)...)
}

// ParseRange reads the bytes of a range proof; see ParseProof.
func ParseRange(b []byte, h Hasher, s Shape) (RangeProof, error) {
	b, err := cutHeader(b, kindRange, h, s)
	if err != nil {
		return RangeProof{}, err
	}
	v, b, err := cutUint64s(b, 2)
	if err != nil {
		return RangeProof{}, err
	}
	want, err := s.rangeNodes(v[0], v[1])
	if err != nil {
		return RangeProof{}, fmt.Errorf("%w: %w", ErrEncoding, err)
	}
	nodes, err := nodesOf(b, v[1]+want)
	if err != nil {
		return RangeProof{}, err
	}
	n := v[1]
	return RangeProof{Start: v[0], Leaves: nodes[:n:n], Nodes: nodes[n:]}, nil
}

// A LogProof is the proof of LogTree.Inclusion with what it is about.
type LogProof struct {
	Index, Size uint64
	Leaf        Digest // the leaf hash
	Nodes       []Digest
}

// AppendProof appends the bytes of an inclusion proof to b.
func (l Log) AppendProof(b []byte, p LogProof) []byte {
	b = header(b, kindInclusion, l, Shape{})
	b = binary.LittleEndian.AppendUint64(b, p.Index)
	b = binary.LittleEndian.AppendUint64(b, p.Size)
	b = append(b, p.Leaf[:]...)
	return append(b, Bytes(p.Nodes)...)
}

// ParseProof reads the bytes of an inclusion proof. Errors: ErrEncoding.
func (l Log) ParseProof(b []byte) (LogProof, error) {
	v, b, err := l.cut(b, kindInclusion)
	if err != nil {
		return LogProof{}, err
	}
	if v[0] >= v[1] {
		return LogProof{}, fmt.Errorf("%w: leaf %d of a log of %d", ErrEncoding, v[0], v[1])
	}
	inner, border := decompose(v[0], v[1])
	nodes, err := nodesOf(b, uint64(1+inner+border))
	if err != nil {
		return LogProof{}, err
	}
	return LogProof{Index: v[0], Size: v[1], Leaf: nodes[0], Nodes: nodes[1:]}, nil
}

// AppendConsistency appends the bytes of a consistency proof to b.
func (l Log) AppendConsistency(b []byte, size1, size2 uint64, proof []Digest) []byte {
	b = header(b, kindConsistency, l, Shape{})
	b = binary.LittleEndian.AppendUint64(b, size1)
	b = binary.LittleEndian.AppendUint64(b, size2)
	return append(b, Bytes(proof)...)
}

// ParseConsistency reads the bytes of a consistency proof. Errors: ErrEncoding.
func (l Log) ParseConsistency(b []byte) (size1, size2 uint64, proof []Digest, err error) {
	v, b, err := l.cut(b, kindConsistency)
	if err != nil {
		return 0, 0, nil, err
	}
	if v[0] > v[1] {
		return 0, 0, nil, fmt.Errorf("%w: sizes %d and %d", ErrEncoding, v[0], v[1])
	}
	proof, err = nodesOf(b, uint64(consistencyNodes(v[0], v[1])))
	return v[0], v[1], proof, err
}

func (l Log) cut(b []byte, kind byte) ([2]uint64, []byte, error) {
	b, err := cutHeader(b, kind, l, Shape{})
	if err != nil {
		return [2]uint64{}, nil, err
	}
	return cutUint64s(b, 2)
}
