package update

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/sector"
)

// ErrFormat says that bytes are not the one encoding of the value asked for. There is one encoding of each value; nothing may
// follow it.
var ErrFormat = errors.New("update: bad encoding")

// The bytes of a partition's proof, integers little-endian:
//
//	1   version, 1
//	8   size of the sector in bytes
//	32  CommC
//	32  CommRLast before, 32 CommRLast after
//	32  each apex leaf
//	    the answers, each:
//	      8   challenged node
//	      32  leaf, 32 each sibling: TreeR before
//	      the same: TreeD
//	      the same: TreeR after
//
// How many there are of what follows from the size. Shapes are not written.
const (
	encodingVersion = 1
	headLen         = 1 + 8 + 3*sector.NodeSize
)

// A form is how many nodes the parts of a partition's proof have.
type form struct {
	p      *Params
	d, r   int // siblings in TreeD and TreeR
	answer int // bytes
}

func (p *Params) form() (form, error) {
	if err := p.check(); err != nil {
		return form{}, err
	}
	d, r, err := p.shapes()
	if err != nil {
		return form{}, err
	}
	f := form{p: p, d: d.Siblings(), r: r.Siblings()}
	f.answer = 8 + sector.NodeSize*f.nodes()
	return f, nil
}

// nodes is the number of nodes in an answer.
func (f *form) nodes() int { return 3 + f.d + 2*f.r }

// size is the length of a partition's proof in bytes.
func (f *form) size() int {
	return headLen + sector.NodeSize*f.p.ApexLeaves + f.p.Challenges*f.answer
}

// AppendPartition appends the bytes of a partition's proof under p to b; it keeps no part of either. The proof is not verified, but it must
// have the form of proofs under p, with one node opened by all three paths of an answer. Errors: ErrFormat, sector.ErrSize.
func AppendPartition(b []byte, p Params, proof *PartitionProof) ([]byte, error) {
	f, err := p.form()
	if err != nil {
		return nil, err
	}
	if len(proof.Apex) != p.ApexLeaves || len(proof.Challenges) != p.Challenges {
		return nil, fmt.Errorf("%w: %d apex leaves and %d answers, want %d and %d", ErrFormat, len(proof.Apex), len(proof.Challenges),
			p.ApexLeaves, p.Challenges)
	}
	b = binary.LittleEndian.AppendUint64(append(b, encodingVersion), uint64(p.Size))
	b = append(append(append(b, proof.CommC[:]...), proof.CommRLastOld[:]...), proof.CommRLastNew[:]...)
	b = append(b, merkle.Bytes(proof.Apex)...)
	for i := range proof.Challenges {
		c := &proof.Challenges[i]
		if err := f.check(c); err != nil {
			return nil, fmt.Errorf("answer %d: %w", i, err)
		}
		b = binary.LittleEndian.AppendUint64(b, c.Data.Index)
		for _, m := range c.paths() {
			b = append(append(b, m.Leaf[:]...), merkle.Bytes(m.Siblings)...)
		}
	}
	return b, nil
}

// check refuses an answer that has another form.
func (f *form) check(c *ChallengeProof) error {
	switch {
	case c.Old.Index != c.Data.Index || c.New.Index != c.Data.Index:
		return fmt.Errorf("%w: nodes %d, %d and %d opened, want one", ErrFormat, c.Old.Index, c.Data.Index, c.New.Index)
	case c.Data.Index >= f.p.Size.Nodes():
		return fmt.Errorf("%w: node %d of %d", ErrFormat, c.Data.Index, f.p.Size.Nodes())
	case len(c.Old.Siblings) != f.r || len(c.Data.Siblings) != f.d || len(c.New.Siblings) != f.r:
		return fmt.Errorf("%w: paths of %d, %d and %d siblings, want %d, %d and %d", ErrFormat, len(c.Old.Siblings), len(c.Data.Siblings),
			len(c.New.Siblings), f.r, f.d, f.r)
	}
	return nil
}

// ParsePartition reads the bytes of a partition's proof under p. It does not verify the proof, but its form is right. The length is
// looked at before anything is allocated; the proof takes about as much memory as its bytes, of which it keeps none. p.H
// has no part in it. Errors: ErrFormat for any other bytes, sector.ErrSize.
func ParsePartition(b []byte, p Params) (*PartitionProof, error) {
	f, err := p.form()
	if err != nil {
		return nil, err
	}
	if len(b) != f.size() {
		return nil, fmt.Errorf("%w: %d bytes, want %d", ErrFormat, len(b), f.size())
	}
	if size := binary.LittleEndian.Uint64(b[1:]); b[0] != encodingVersion || size != uint64(p.Size) {
		return nil, fmt.Errorf("%w: version %d of a proof of %d bytes, want %d and %d", ErrFormat, b[0], size, encodingVersion, uint64(p.Size))
	}
	b = b[1+8:]
	out := &PartitionProof{Challenges: make([]ChallengeProof, p.Challenges)}
	slab := make([]merkle.Digest, p.ApexLeaves+p.Challenges*(f.d+2*f.r))
	node := func(dst []byte) { b = b[copy(dst, b):] }
	nodes := func(n int) []merkle.Digest {
		part := slab[:n:n]
		slab = slab[n:]
		node(merkle.Bytes(part))
		return part
	}
	node(out.CommC[:])
	node(out.CommRLastOld[:])
	node(out.CommRLastNew[:])
	out.Apex = nodes(p.ApexLeaves)
	for i := range out.Challenges {
		index := binary.LittleEndian.Uint64(b)
		if b = b[8:]; index >= p.Size.Nodes() {
			return nil, fmt.Errorf("%w: answer %d: node %d of %d", ErrFormat, i, index, p.Size.Nodes())
		}
		for k, m := range out.Challenges[i].paths() {
			m.Index = index
			node(m.Leaf[:])
			m.Siblings = nodes([]int{f.r, f.d, f.r}[k])
		}
	}
	return out, nil
}
