package porep

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/assaylab/assay/porep/graph"
)

const (
	// blockNodes is the number of nodes labelled in one call of the kernel, between two looks at the
	// context: 13 ms, or as many with four lanes.
	blockNodes = 1 << 14

	// keptParents bounds the parents that are computed once and kept for all layers, in bytes; above it
	// they are computed again for each layer, aheadBlocks before they are needed.
	keptParents = 1 << 28
	aheadBlocks = 8

	parentBytes = 4 * graph.Degree
)

// A feed hands out the parents of all nodes of a graph in blocks, layer after layer.
type feed struct {
	g     *graph.Graph
	kept  []uint32      // of all nodes, or nil
	ahead chan []uint32 // blocks in order, where they are not kept
	spare chan []uint32 // blocks to fill again
}

// feedMemory is the number of bytes a feed holds.
func feedMemory(nodes uint64) uint64 {
	if n := nodes * parentBytes; n <= keptParents {
		return n
	}
	return aheadBlocks * blockNodes * parentBytes
}

// newFeed returns the parents of layers layers. What it starts ends with ctx or after the last block.
func newFeed(ctx context.Context, eg *errgroup.Group, g *graph.Graph, layers, workers int) (*feed, error) {
	f := &feed{g: g}
	if g.Nodes()*parentBytes <= keptParents {
		f.kept = make([]uint32, g.Nodes()*graph.Degree)
		return f, f.fill(ctx, workers)
	}
	f.ahead, f.spare = make(chan []uint32, aheadBlocks), make(chan []uint32, aheadBlocks)
	for range aheadBlocks {
		f.spare <- make([]uint32, blockNodes*graph.Degree)
	}
	eg.Go(func() error { return f.produce(ctx, layers) })
	return f, nil
}

// fill computes all parents over several goroutines.
func (f *feed) fill(ctx context.Context, workers int) error {
	return spread(ctx, workers, blocks(f.g.Nodes()), func(i uint64) error {
		lo, hi := block(i, f.g.Nodes())
		return f.g.Range(lo, f.kept[graph.Degree*lo:graph.Degree*hi])
	})
}

// produce computes the blocks of so many layers.
func (f *feed) produce(ctx context.Context, layers int) error {
	for range layers {
		for i := range blocks(f.g.Nodes()) {
			var b []uint32
			select {
			case b = <-f.spare:
			case <-ctx.Done():
				return ctx.Err()
			}
			lo, hi := block(i, f.g.Nodes())
			if err := f.g.Range(lo, b[:graph.Degree*(hi-lo)]); err != nil {
				return err
			}
			f.ahead <- b[:graph.Degree*(hi-lo)] // as much room as there are blocks
		}
	}
	return nil
}

// next returns the parents of block i; it must be given back before the next one is asked for.
func (f *feed) next(ctx context.Context, i uint64) ([]uint32, error) {
	if f.kept != nil {
		lo, hi := block(i, f.g.Nodes())
		return f.kept[graph.Degree*lo : graph.Degree*hi], nil
	}
	select {
	case b := <-f.ahead:
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// back takes a block that next handed out.
func (f *feed) back(b []uint32) {
	if f.kept == nil {
		f.spare <- b[:cap(b)]
	}
}

// blocks is the number of blocks of that many nodes, block the range of one of them.
func blocks(nodes uint64) uint64 { return (nodes + blockNodes - 1) / blockNodes }

func block(i, nodes uint64) (lo, hi uint64) {
	return i * blockNodes, min((i+1)*blockNodes, nodes)
}

// spread calls do for every number below n over up to workers goroutines until one fails or ctx ends.
func spread(ctx context.Context, workers int, n uint64, do func(i uint64) error) error {
	eg, ctx := errgroup.WithContext(ctx)
	w := max(1, min(uint64(workers), n))
	for k := range w {
		eg.Go(func() error {
			for i := k; i < n; i += w {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := do(i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return eg.Wait()
}
