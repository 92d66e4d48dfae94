package piece

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/sector"
)

// ErrProof says that a proof does not prove what it should.
var ErrProof = errors.New("piece: not proven")

// ErrEncoding says that bytes are no inclusion proof.
var ErrEncoding = errors.New("piece: malformed inclusion proof")

// maxPath is the largest number of siblings: that of a tree over less than 2^64 bytes.
const maxPath = levels - 1

// A Path leads from a subtree to the root of a binary tree: the subtree's number within its level, and the
// siblings from there upward.
type Path struct {
	Index    uint64
	Siblings []merkle.Digest
}

// root returns the root that the path leads to from a subtree. The error wraps ErrProof.
func (p Path) root(subtree merkle.Digest) (merkle.Digest, error) {
	if len(p.Siblings) > maxPath {
		return merkle.Digest{}, fmt.Errorf("%w: a path of %d nodes, at most %d", ErrProof, len(p.Siblings), maxPath)
	}
	if p.Index>>len(p.Siblings) != 0 {
		return merkle.Digest{}, fmt.Errorf("%w: subtree %d beyond a path of %d nodes", ErrProof, p.Index, len(p.Siblings))
	}
	if bad := (sha2.SHA254{}).Canonical(p.Siblings); bad >= 0 {
		return merkle.Digest{}, fmt.Errorf("%w: node %d of the path has bit 254 or 255 set", ErrProof, bad)
	}
	for i, s := range p.Siblings {
		if p.Index>>i&1 == 0 {
			subtree = node(subtree, s)
		} else {
			subtree = node(s, subtree)
		}
	}
	return subtree, nil
}

// An InclusionProof is a proof of data segment inclusion (PoDSI): that a client's piece lies in a deal, and
// that the deal's index describes it, so that it can be found there.
//
// Source: FRC-0058, "Proof of Data Segment Inclusion".
type InclusionProof struct {
	// Segment leads from the client's piece to the root of the deal.
	Segment Path
	// Entry leads from the piece's index entry, a subtree of two nodes, to the root of the deal.
	Entry Path
}

// Prove returns the proof for segment i of the aggregate. An i outside of it wraps [ErrPieces].
func (a *Aggregate) Prove(i int) (*InclusionProof, error) {
	if i < 0 || i >= len(a.segments) {
		return nil, fmt.Errorf("%w: segment %d of %d", ErrPieces, i, len(a.segments))
	}
	p := a.segments[i]
	return &InclusionProof{
		Segment: a.tree.path(p.Size.level(), p.Offset/uint64(p.Size)),
		Entry:   a.tree.path(1, a.start/EntrySize+uint64(i)),
	}, nil
}

// Deal returns the deal that the proof proves the client's piece to be part of, for comparison with what the
// chain knows, and the piece's place in it. A proof that proves nothing wraps [ErrProof]: paths to different
// roots or of different sizes, an entry outside of the index, a segment within it. An impossible piece wraps
// [ErrSize] or sector.ErrCommitment.
func (p *InclusionProof) Deal(segment Info) (deal Info, placed Placed, err error) {
	if err := segment.Check(); err != nil {
		return Info{}, Placed{}, err
	}
	root, err := p.Segment.root(merkle.Digest(segment.CommP))
	if err != nil {
		return Info{}, Placed{}, err
	}
	high, size := bits.Mul64(uint64(segment.Size), 1<<len(p.Segment.Siblings))
	if high != 0 {
		return Info{}, Placed{}, fmt.Errorf("%w: a deal beyond 2^64 bytes", ErrProof)
	}
	// The index is below 2^siblings, so that the offset is below the deal's size.
	placed = Placed{segment, p.Segment.Index * uint64(segment.Size)}
	deal = Info{sector.CommP(root), PaddedSize(size)}
	if err := p.checkEntry(deal, placed); err != nil {
		return Info{}, Placed{}, err
	}
	return deal, placed, nil
}

// checkEntry checks that the index of the deal describes the segment.
func (p *InclusionProof) checkEntry(deal Info, placed Placed) error {
	start, err := IndexStart(deal.Size)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	nodes := placed.nodes()
	root, err := p.Entry.root(node(nodes[0], nodes[1]))
	if err != nil {
		return err
	}
	if uint64(len(p.Entry.Siblings)) != uint64(deal.Size.level()-1) {
		return fmt.Errorf("%w: the entry lies in a tree of another size", ErrProof)
	}
	if sector.CommP(root) != deal.CommP {
		return fmt.Errorf("%w: segment and entry lead to different roots", ErrProof)
	}
	if p.Entry.Index < start/EntrySize {
		return fmt.Errorf("%w: entry at %d, the index begins at %d", ErrProof, p.Entry.Index*EntrySize, start)
	}
	if placed.Offset > start || uint64(placed.Size) > start-placed.Offset {
		return fmt.Errorf("%w: the segment reaches into the index", ErrProof)
	}
	return nil
}

// Verify returns nil if the proof proves that segment is part of deal. Anything refuted wraps [ErrProof]; an
// impossible piece or deal wraps [ErrSize] or sector.ErrCommitment.
func (p *InclusionProof) Verify(segment, deal Info) error {
	if err := deal.Check(); err != nil {
		return err
	}
	got, _, err := p.Deal(segment)
	if err != nil {
		return err
	}
	if got != deal {
		return fmt.Errorf("%w: the proof is for %v of %d bytes, not for %v of %d", ErrProof, got.CommP, got.Size, deal.CommP, deal.Size)
	}
	return nil
}

// MarshalBinary returns the CBOR form of go-data-segment: an array of the two paths, each an array of the
// index and an array of byte strings. A path that is too long wraps [ErrEncoding].
func (p *InclusionProof) MarshalBinary() ([]byte, error) {
	b := []byte{cborArray | 2}
	for _, path := range []Path{p.Segment, p.Entry} {
		if len(path.Siblings) > maxPath {
			return nil, fmt.Errorf("%w: a path of %d nodes", ErrEncoding, len(path.Siblings))
		}
		b = append(b, cborArray|2)
		b = appendCBOR(b, cborUint, path.Index)
		b = appendCBOR(b, cborArray, uint64(len(path.Siblings)))
		for _, s := range path.Siblings {
			b = append(appendCBOR(b, cborBytes, 32), s[:]...)
		}
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary writes, byte for byte: anything else, also another spelling of
// the same numbers, wraps [ErrEncoding] and leaves p as it is. Memory is bounded by len(b).
func (p *InclusionProof) UnmarshalBinary(b []byte) error {
	d := cborDecoder{rest: b}
	var v InclusionProof
	d.expect(cborArray, 2)
	for _, path := range []*Path{&v.Segment, &v.Entry} {
		d.expect(cborArray, 2)
		path.Index = d.head(cborUint)
		n := d.head(cborArray)
		if n > maxPath || n > uint64(len(d.rest))/34 {
			return fmt.Errorf("%w: a path of %d nodes in %d bytes", ErrEncoding, n, len(b))
		}
		for range n {
			d.expect(cborBytes, 32)
			path.Siblings = append(path.Siblings, d.digest())
		}
	}
	if d.bad || len(d.rest) != 0 {
		return fmt.Errorf("%w: %d bytes, %d left", ErrEncoding, len(b), len(d.rest))
	}
	*p = v
	return nil
}

// Major types of CBOR.
//
// Source: RFC 8949.
const (
	cborUint  = 0 << 5
	cborBytes = 2 << 5
	cborText  = 3 << 5
	cborArray = 4 << 5
	cborMap   = 5 << 5
	cborTag   = 6 << 5
)

// appendCBOR appends the head of an item in its shortest form.
func appendCBOR(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n < 1<<8:
		return append(b, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}

// A cborDecoder reads definite items in shortest form; after a fault it returns zeros and stays bad.
type cborDecoder struct {
	rest []byte
	bad  bool
}

// head returns the number in the head of an item of the given type.
func (d *cborDecoder) head(major byte) uint64 {
	if d.bad || len(d.rest) == 0 || d.rest[0]&0xe0 != major || d.rest[0]&0x1f > 27 {
		d.bad = true
		return 0
	}
	n, size := uint64(d.rest[0]&0x1f), 0
	if n >= 24 {
		size = 1 << (n - 24)
		n = 0
	}
	if len(d.rest) < 1+size {
		d.bad = true
		return 0
	}
	for _, b := range d.rest[1 : 1+size] {
		n = n<<8 | uint64(b)
	}
	if size == 1 && n < 24 || size > 1 && n>>(8*size/2) == 0 {
		d.bad = true
	}
	d.rest = d.rest[1+size:]
	return n
}

// expect reads a head that has to be the given one.
func (d *cborDecoder) expect(major byte, n uint64) {
	if d.head(major) != n {
		d.bad = true
	}
}

// take returns the next n bytes.
func (d *cborDecoder) take(n uint64) []byte {
	if d.bad || n > uint64(len(d.rest)) {
		d.bad = true
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// digest returns the next 32 bytes.
func (d *cborDecoder) digest() (v merkle.Digest) {
	copy(v[:], d.take(32))
	return v
}
