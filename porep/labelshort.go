package porep

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/internal/label"
	"github.com/assaylab/assay/porep/sector"
)

// A kernel labels nodes of sectors side by side, as label.Lanes does.
type kernel interface {
	Label(layer uint32, start uint64, parents []uint32, cur, prev []byte) error
}

// newKernel returns the kernel of a kind of sector.
func newKernel(p sector.Proof, ids [][32]byte) (kernel, error) {
	if !p.ShortLabels {
		return label.New(ids...)
	}
	return newShortLanes(ids), nil
}

// shortMessage is the length of a message of short labels: the prefix, and each parent once.
const shortMessage = labelPrefix + parentCount*sector.NodeSize

// labelPrefix is the length of what comes before the parents.
const labelPrefix = 64

// shortLanes is the kernel of short labels, for up to usualLanes sectors: it lays the messages of a node side by side and gives
// them to the lanes of package sha2. label.Lanes is its twin for labels of 37 parents.
type shortLanes struct {
	n   int
	src []byte
}

func newShortLanes(ids [][32]byte) *shortLanes {
	s := &shortLanes{n: len(ids), src: make([]byte, len(ids)*shortMessage)}
	for i, id := range ids {
		copy(s.src[i*shortMessage:], id[:])
	}
	return s
}

// Label computes the labels of the nodes from start on; see label.Lanes.Label.
func (s *shortLanes) Label(layer uint32, start uint64, parents []uint32, cur, prev []byte) error {
	row := s.n * sector.NodeSize
	nodes := uint64(len(cur) / row)
	if layer > 1 && len(prev) != len(cur) || start > nodes || uint64(len(parents)/parentCount) > nodes-start {
		return fmt.Errorf("porep: nodes from %d on of a layer of %d", start, nodes)
	}
	for i := range s.n {
		binary.BigEndian.PutUint32(s.src[i*shortMessage+32:], layer)
	}
	for node := start; len(parents) > 0; node, parents = node+1, parents[parentCount:] {
		list := (*[parentCount]uint32)(parents)
		for i := range s.n {
			binary.BigEndian.PutUint64(s.src[i*shortMessage+36:], node)
		}
		out := merkle.Digests(cur[node*uint64(row):][:row])
		if node == 0 {
			for i := range out {
				out[i] = sha256.Sum256(s.src[i*shortMessage:][:labelPrefix])
				out[i][31] &= 0x3f
			}
			continue
		}
		if err := s.gather(layer, node, nodes, list, cur, prev); err != nil {
			return err
		}
		sha2.Sum(out, s.src, shortMessage)
		for i := range out {
			out[i][31] &= 0x3f
		}
	}
	return nil
}

// gather puts the labels of a node's parents into the messages; in layer 1, which has DRG parents only, they are repeated.
func (s *shortLanes) gather(layer uint32, node, nodes uint64, list *[parentCount]uint32, cur, prev []byte) error {
	row := uint64(s.n * sector.NodeSize)
	for k := range list {
		from, parent, end := cur, uint64(list[k]), node
		if layer == 1 {
			parent = uint64(list[k%graph.BaseDegree])
		} else if k >= graph.BaseDegree {
			from, end = prev, nodes
		}
		if parent >= end {
			return fmt.Errorf("%w: node %d of layer %d", label.ErrParents, node, layer)
		}
		labels := from[parent*row:][:row]
		at := labelPrefix + k*sector.NodeSize
		for i := 0; i < s.n; i++ {
			*(*[32]byte)(s.src[i*shortMessage+at:]) = [32]byte(labels[32*i:])
		}
	}
	return nil
}
