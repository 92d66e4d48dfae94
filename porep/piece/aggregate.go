package piece

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/fr32"
	"github.com/assaylab/assay/porep/sector"
)

// An Aggregate is a deal made of clients' pieces, its data segments, with a data segment index at its end. It
// does not hold the data. It is safe for concurrent use.
//
// Source: FRC-0058, "Verifiable Data Aggregation".
type Aggregate struct {
	deal     PaddedSize
	start    uint64 // of the index, in padded bytes
	segments []Placed
	tree     sparse
}

// NewAggregate places pieces in a deal of that size, each at the next multiple of its size, and describes
// them in the index in the same order. Pieces that do not fit before the index, more than it has entries for,
// and none at all wrap [ErrPieces]; impossible sizes and commitments [ErrSize] or sector.ErrCommitment.
func NewAggregate(deal PaddedSize, pieces []Info) (*Aggregate, error) {
	start, err := IndexStart(deal)
	if err != nil {
		return nil, err
	}
	if room := (uint64(deal) - start) / EntrySize; len(pieces) == 0 || uint64(len(pieces)) > room {
		return nil, fmt.Errorf("%w: %d pieces in a deal of %d padded bytes, want 1 to %d", ErrPieces, len(pieces), deal, room)
	}
	segments, err := place(start, pieces)
	if err != nil {
		return nil, err
	}
	a := &Aggregate{deal: deal, start: start, segments: segments}
	a.tree.init(deal.level())
	for i, p := range segments {
		l := p.Size.level()
		a.tree.put(l, p.Offset/uint64(p.Size), merkle.Digest(p.CommP))
		for j, n := range p.nodes() {
			a.tree.put(0, (start+uint64(i)*EntrySize)/sector.NodeSize+uint64(j), n)
		}
	}
	a.tree.build()
	return a, nil
}

// Deal returns the piece that the whole deal is.
func (a *Aggregate) Deal() Info { return Info{sector.CommP(a.tree.node(a.deal.level(), 0)), a.deal} }

// Segments returns the clients' pieces at their places, in padded bytes. The slice is the aggregate's.
func (a *Aggregate) Segments() []Placed { return a.segments }

// Index returns the used part of the data segment index as it lies in the padded deal from [IndexStart] on;
// the rest is zeros.
func (a *Aggregate) Index() []byte {
	b := make([]byte, 0, len(a.segments)*EntrySize)
	for _, p := range a.segments {
		e := p.Entry()
		b = append(b, e[:]...)
	}
	return b
}

// ErrPayloads says that the readers for an aggregate's data do not fit its segments.
var ErrPayloads = errors.New("piece: payloads do not fit the segments")

// Reader returns the unpadded data of the whole deal: the payloads, one a segment and filled with zeros to
// its size, and the index. Payloads are read one after the other; what is longer than its segment is
// [ErrPayloads]. That their commitments are those of the segments is for the caller to see to, by [Sum] of
// the result against [Aggregate.Deal] if not before.
func (a *Aggregate) Reader(payloads []io.Reader) (io.Reader, error) {
	if len(payloads) != len(a.segments) {
		return nil, fmt.Errorf("%w: %d payloads, %d segments", ErrPayloads, len(payloads), len(a.segments))
	}
	parts := make([]io.Reader, 0, 2*len(payloads)+2)
	end := uint64(0)
	for i, p := range a.segments {
		parts = append(parts, &filled{left: (p.Offset - end) / 128 * 127})
		parts = append(parts, &filled{r: payloads[i], left: uint64(p.Size.Unpadded()), segment: i})
		end = p.Offset + uint64(p.Size)
	}
	index := a.Index()
	index = append(index, make([]byte, -len(index)&127)...)
	// Entries are nodes: their padding bits are clear.
	n, _ := fr32.Unpad(index, index)
	parts = append(parts,
		&filled{left: (a.start - end) / 128 * 127},
		&filled{r: bytesReader(index[:n]), left: (uint64(a.deal) - a.start) / 128 * 127})
	return io.MultiReader(parts...), nil
}

// bytesReader reads a slice once.
func bytesReader(b []byte) io.Reader { return (*sliceReader)(&b) }

// A sliceReader reads what is left of a slice.
type sliceReader []byte

// Read implements io.Reader.
func (s *sliceReader) Read(b []byte) (int, error) {
	if len(*s) == 0 {
		return 0, io.EOF
	}
	n := copy(b, *s)
	*s = (*s)[n:]
	return n, nil
}

// filled reads a payload and then zeros up to a length; without a payload, zeros.
type filled struct {
	r       io.Reader
	left    uint64
	segment int
	ended   bool
}

// Read implements io.Reader.
func (f *filled) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if f.left == 0 {
		return 0, f.end()
	}
	b = b[:min(uint64(len(b)), f.left)]
	if f.r == nil || f.ended {
		clear(b)
		f.left -= uint64(len(b))
		return len(b), nil
	}
	n, err := f.r.Read(b)
	if n < 0 || n > len(b) {
		return 0, errors.New("piece: the source returned an impossible count")
	}
	f.left -= uint64(n)
	if err == io.EOF {
		f.ended, err = true, nil
	}
	return n, err
}

// end returns io.EOF, or an error if the payload goes on behind its segment.
func (f *filled) end() error {
	if f.r == nil || f.ended {
		return io.EOF
	}
	var one [1]byte
	n, err := io.ReadFull(f.r, one[:])
	if n != 0 {
		return fmt.Errorf("%w: payload %d is longer than its segment", ErrPayloads, f.segment)
	}
	return err
}

// sparse is a tree that is zeros but for some subtrees. It keeps the nodes that are not zeros, level by
// level in ascending order.
type sparse struct{ levels [][]sparseNode }

// A sparseNode is a node and its place within its level.
type sparseNode struct {
	index uint64
	node  merkle.Digest
}

// init makes an empty tree with that many levels above its nodes.
func (s *sparse) init(top int) { s.levels = make([][]sparseNode, top+1) }

// put sets a subtree; none overlap.
func (s *sparse) put(level int, index uint64, node merkle.Digest) {
	s.levels[level] = append(s.levels[level], sparseNode{index, node})
}

// build computes all levels above the subtrees.
func (s *sparse) build() {
	byIndex := func(a, b sparseNode) int {
		if a.index < b.index {
			return -1
		} else if a.index > b.index {
			return 1
		}
		return 0
	}
	var src, dst []merkle.Digest
	for l := range s.levels {
		row := s.levels[l]
		slices.SortFunc(row, byIndex)
		if l+1 == len(s.levels) {
			return
		}
		src = src[:0]
		var parents []uint64
		for i := 0; i < len(row); i++ {
			pair := [2]merkle.Digest{zeros()[l], zeros()[l]}
			pair[row[i].index&1] = row[i].node
			if i+1 < len(row) && row[i+1].index == row[i].index|1 && row[i].index&1 == 0 {
				i++
				pair[1] = row[i].node
			}
			src = append(src, pair[:]...)
			parents = append(parents, row[i].index>>1)
		}
		dst = slices.Grow(dst[:0], len(parents))[:len(parents)]
		sha2.SHA254{}.Parents(dst, src, 2)
		for i, index := range parents {
			s.levels[l+1] = append(s.levels[l+1], sparseNode{index, dst[i]})
		}
	}
}

// node returns a node that lies in no subtree but at its root.
func (s *sparse) node(level int, index uint64) merkle.Digest {
	at, ok := slices.BinarySearchFunc(s.levels[level], index, func(n sparseNode, v uint64) int {
		if n.index < v {
			return -1
		} else if n.index > v {
			return 1
		}
		return 0
	})
	if ok {
		return s.levels[level][at].node
	}
	return zeros()[level]
}

// path returns the siblings of a node up to the root.
func (s *sparse) path(level int, index uint64) Path {
	p := Path{Index: index}
	for l := level; l < len(s.levels)-1; l++ {
		p.Siblings = append(p.Siblings, s.node(l, index^1))
		index >>= 1
	}
	return p
}
