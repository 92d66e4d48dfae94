package label

import (
	"errors"
	"fmt"
	"math"
)

const (
	// MaxLanes is the number of sectors that can be labelled side by side. Up to four go through the SHA unit;
	// more pay only where [Best] says so.
	MaxLanes = 16

	// Degree is the number of parents of a node in the parent cache: six of the DRG, then eight expander parents.
	Degree = 14

	// Base is the number of DRG parents, which lie in the node's own layer.
	Base = 6

	// Size is the length of a label in bytes.
	Size = 32
)

// ErrParents says that a parent cache names a node that cannot be a parent: a DRG parent that is not before its
// node, or an expander parent beyond the layer.
var ErrParents = errors.New("label: parent out of range")

// Lanes labels one to sixteen sectors of one graph. It holds scratch memory (up to 40 KiB): one goroutine at a
// time may use it.
type Lanes struct {
	ids   []([Size]byte)
	short bool
	scratch
}

// New returns Lanes for the sectors with the given replica ids, one to [MaxLanes]. Lane k is the sector of ids[k].
func New(ids ...[Size]byte) (*Lanes, error) {
	if len(ids) < 1 || len(ids) > MaxLanes {
		return nil, fmt.Errorf("label: got %d sectors, want 1 to %d", len(ids), MaxLanes)
	}
	l := &Lanes{ids: append([][Size]byte(nil), ids...)}
	l.init(l.ids, false)
	return l, nil
}

// NewShort returns Lanes of short messages (see [Parents]) for one to four sectors. No registered proof has such labels; see
// sector.Proof.ShortLabels.
func NewShort(ids ...[Size]byte) (*Lanes, error) {
	if len(ids) < 1 || len(ids) > interleaved {
		return nil, fmt.Errorf("label: got %d sectors, want 1 to %d", len(ids), interleaved)
	}
	l := &Lanes{ids: append([][Size]byte(nil), ids...), short: true}
	l.init(l.ids, true)
	return l, nil
}

// Label computes the labels of the nodes from start on, len(parents)/Degree of them, of one layer.
//
// layer counts from 1. parents holds the parents of node start first, Degree to a node in the order in which
// labels hash them (that of the parent cache: six DRG parents, then eight expander parents; layer 1 uses the
// first six only). cur is the layer being made, prev the one below it (ignored in layer 1, may be nil). Both
// hold Size*len(ids) bytes a node, node-major. A buffer of one lane is the layer file itself; of up to four
// lanes, lane k of node i lies at Size*(i*len(ids)+k), as the bytes that go to disk (SHA-256 output, two top
// bits of byte 31 clear); of more, a node is the first word of all lanes, then the second and so on. [Take] and
// [Put] know the forms.
//
// Labels of nodes before start must be in cur already, so a layer can be resumed at any node. Long runs of
// nodes are best: parents are prefetched within one call. A call takes about 1 us a node with four lanes and
// cannot be cancelled: the caller looks at its context between calls of some ten thousand nodes.
//
// Errors: [ErrParents] (nodes from the bad one on are not made), or sizes that do not fit. cur, prev and
// parents must not overlap. Nothing is kept after the call.
//
// Source: rust-fil-proofs 19.1, storage-proofs-porep/src/stacked/vanilla/create_label/single.rs, graph.rs; sha2raw.
func (l *Lanes) Label(layer uint32, start uint64, parents []uint32, cur, prev []byte) error {
	row := Size * len(l.ids)
	nodes := uint64(len(cur) / row)
	count := uint64(len(parents) / Degree)
	switch {
	case layer == 0:
		return errors.New("label: layers count from 1")
	case len(cur)%row != 0 || nodes > math.MaxUint32:
		return fmt.Errorf("label: got a layer of %d bytes, want a multiple of %d", len(cur), row)
	case layer > 1 && len(prev) != len(cur):
		return fmt.Errorf("label: got a previous layer of %d bytes, want %d", len(prev), len(cur))
	case len(parents)%Degree != 0:
		return fmt.Errorf("label: got %d parents, want a multiple of %d", len(parents), Degree)
	case start > nodes || count > nodes-start:
		return fmt.Errorf("label: nodes %d to %d, want at most %d", start, start+count, nodes)
	}
	if layer == 1 {
		prev = nil
	}
	if start == 0 && count > 0 {
		l.first(layer, cur)
		start, count, parents = 1, count-1, parents[Degree:]
	}
	if count == 0 {
		return nil
	}
	done := l.label(layer, start, parents, cur, prev)
	if done < count {
		return fmt.Errorf("%w: node %d of layer %d", ErrParents, start+done, layer)
	}
	return nil
}
