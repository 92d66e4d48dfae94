package porep

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/assaylab/assay/porep/graph"
)

const (
	// keptParents bounds the parents that are computed once and kept for all layers, in bytes; above it
	// they are computed, or read, again for each layer, in a window ahead of the labels.
	keptParents   = 1 << 28
	parentsWindow = 16 << 20

	// blockNodes is the number of nodes labelled in one call of the kernel, between two looks at the
	// context: 6 ms, or as many with four lanes.
	blockNodes = 1 << 13
)

// A feed hands out the parents of all nodes of a graph in order, layer after layer.
type feed struct {
	src   graph.Source
	opt   *graph.Options
	table *graph.Table // of all nodes, or nil

	reader *graph.Reader
	at     uint64
}

// feedMemory is the number of bytes a feed holds.
func feedMemory(nodes uint64) uint64 {
	if n := nodes * 4 * graph.Degree; n <= keptParents {
		return n
	}
	return parentsWindow
}

// newFeed returns the parents of g, out of src where that is not nil.
func newFeed(ctx context.Context, g *graph.Graph, src graph.Source, workers int) (*feed, error) {
	f := &feed{src: g, opt: &graph.Options{Workers: workers, Window: parentsWindow}}
	if src != nil {
		if err := sameGraph(g, src); err != nil {
			return nil, err
		}
		f.src = src
	}
	if t, ok := src.(*graph.Table); ok {
		f.table = t
		return f, nil
	}
	var err error
	if 4*graph.Degree*g.Nodes() <= keptParents {
		f.table, err = graph.Load(ctx, f.src, f.opt)
	}
	return f, err
}

// ErrParents says that Options.Parents are not those of the sector's graph.
var ErrParents = errors.New("porep: parents of another graph")

// parentSamples is the number of nodes in which given parents are held against the graph.
const parentSamples = 64

// sameGraph holds src against g: a table by its origin, another source in some nodes, for what is no other
// graph's and was checked when it was opened (graph.OpenCache) is right.
func sameGraph(g *graph.Graph, src graph.Source) error {
	if t, ok := src.(*graph.Table); ok && t.Of(g) {
		return nil
	}
	if src.Nodes() != g.Nodes() {
		return fmt.Errorf("%w: %d nodes, want %d", ErrParents, src.Nodes(), g.Nodes())
	}
	for i := range uint64(parentSamples) {
		node := (g.Nodes() - 1) * i / (parentSamples - 1)
		var got, want [parentCount]uint32
		if err := errors.Join(src.Range(node, got[:]), g.Parents(node, &want)); err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%w: node %d", ErrParents, node)
		}
	}
	return nil
}

// begin starts again at a node.
func (f *feed) begin(ctx context.Context, first uint64) (err error) {
	f.at = first
	if f.table == nil {
		f.reader, err = graph.NewReader(ctx, f.src, first, f.opt)
	}
	return err
}

// next returns the parents of the next nodes and the number of the first of these; io.EOF after the last.
func (f *feed) next() (first uint64, parents []uint32, err error) {
	if f.reader != nil {
		return f.reader.Next()
	}
	all := f.table.All()[f.at*graph.Degree:]
	if len(all) == 0 {
		return 0, nil, io.EOF
	}
	parents = all[:min(len(all), blockNodes*graph.Degree)]
	first = f.at
	f.at += uint64(len(parents) / graph.Degree)
	return first, parents, nil
}

// end gives up what begin started.
func (f *feed) end() {
	if f.reader != nil {
		f.reader.Close()
		f.reader = nil
	}
}
