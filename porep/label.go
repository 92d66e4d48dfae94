package porep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/internal/label"
	"github.com/assaylab/assay/porep/sector"
)

// usualLanes is the number of sectors side by side that fill the SHA unit of any CPU.
const usualLanes = 4

// Label computes the labels of one sector and writes layer l (from 1 on) to w at (l-1)*size, as they are
// made.
//
// Labels are 32-byte little-endian field elements, node 0 first. Memory is two layers plus a window of
// parents, see LabelMemory. Writes come from one goroutine, in growing order within a layer, and end
// before Label returns. Output does not depend on opt. Errors: ctx.Err(), sector.ErrProofType,
// sector.ErrCommitment for an id that is no field element, ErrMemory, or w's, wrapped.
//
// Source: Filecoin spec, "SDR", and rust-fil-proofs stacked/vanilla/create_label.
func Label(ctx context.Context, id sector.ReplicaID, p sector.Proof, w io.WriterAt, opt *Options) error {
	return LabelBatch(ctx, []sector.ReplicaID{id}, p, []io.WriterAt{w}, opt)
}

// LabelBatch labels several sectors of one kind: what it writes for each is byte for byte what Label
// writes. Up to opt.Lanes of them go through the graph side by side on one goroutine, which costs little
// more than one alone; where there are more, groups run on up to opt.Workers goroutines as far as
// opt.Memory lets them. ws has a writer for each id. Errors as Label.
func LabelBatch(ctx context.Context, ids []sector.ReplicaID, p sector.Proof, ws []io.WriterAt, opt *Options) error {
	if len(ids) == 0 || len(ids) != len(ws) {
		return fmt.Errorf("porep: %d sectors and %d writers to label", len(ids), len(ws))
	}
	size := int64(p.Size)
	return labelSectors(ctx, ids, p, opt, made{}, func(from, n int) sink { return writerSink{ws[from : from+n], size} })
}

// LabelMemory returns the bytes of memory that labelling so many sectors of kind p side by side takes:
// two layers of each, the parents (up to 256 MiB), two layers to be sampled (up to 16 MiB) and small change.
func LabelMemory(p sector.Proof, lanes int) uint64 {
	need := 2*uint64(lanes)*uint64(p.Size) + feedMemory(p.Nodes()) + uint64(lanes)*2*blockNodes*sector.NodeSize
	if p.Size <= wholeLayer {
		need += 2 * uint64(p.Size)
	}
	return need
}

// A sink takes labels as they are made, from one goroutine.
type sink interface {
	// write takes labels of a lane's layer (from 1 on), at that offset of the layer.
	write(lane, layer int, b []byte, off int64) error
	// end says that a layer is whole.
	end(layer int) error
	// close gives up what is not whole.
	close()
}

// A writerSink writes layer after layer into one writer a lane.
type writerSink struct {
	ws   []io.WriterAt
	size int64
}

func (s writerSink) write(lane, layer int, b []byte, off int64) error {
	_, err := s.ws[lane].WriteAt(b, int64(layer-1)*s.size+off)
	return err
}

func (writerSink) end(int) error { return nil }
func (writerSink) close()        {}

// made says what there is of the labels of some sectors, and how far they are wanted.
type made struct {
	layers int           // whole layers
	prev   []io.ReaderAt // the last of these of each sector, nil where there is none
	nodes  uint64        // of the layer behind them
	cur    []io.ReaderAt // that layer of each sector, nil where there is none
	last   int           // the last layer to make; 0 is the last of the sector
}

// of returns what there is of the n sectors from one on.
func (m made) of(from, n int) made {
	if m.prev != nil {
		m.prev = m.prev[from : from+n]
	}
	if m.cur != nil {
		m.cur = m.cur[from : from+n]
	}
	return m
}

// labelSectors labels groups of sectors from where they stand. newSink gives the sink of the n sectors from one
// on.
func labelSectors(ctx context.Context, ids []sector.ReplicaID, p sector.Proof, opt *Options, have made, newSink func(from, n int) sink) error {
	g, err := labelGraph(p, ids...)
	if err != nil {
		return err
	}
	lanes := opt.lanes(p, len(ids))
	groups := (len(ids) + lanes - 1) / lanes
	need := LabelMemory(p, lanes)
	if err := opt.budget("labelling", need); err != nil {
		return err
	}
	together := min(opt.workers(), groups)
	if opt != nil && opt.Memory != 0 {
		together = min(together, int(min(opt.Memory/need, uint64(groups))))
	}
	m := &meter{opt: opt, stage: "label", total: uint64(p.Layers) * p.Nodes() * uint64(len(ids))}
	return spread(ctx, together, uint64(groups), func(ctx context.Context, i uint64) error {
		from := int(i) * lanes
		n := min(lanes, len(ids)-from)
		l := &labeller{p: p, g: g, ids: ids[from : from+n], sink: newSink(from, n), workers: max(1, opt.workers()/together), m: m, have: have.of(from, n)}
		if opt != nil {
			l.parents = opt.Parents
		}
		defer l.sink.close()
		last, err := l.run(ctx)
		return cmp.Or(err, last.Free())
	})
}

// labelGraph checks what labels depend on and returns the graph.
func labelGraph(p sector.Proof, ids ...sector.ReplicaID) (*graph.Graph, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if !sector.Canonical(id) {
			return nil, fmt.Errorf("%w: replica id %v is no field element", sector.ErrCommitment, id)
		}
	}
	return graph.New(p)
}

// A labeller labels one group of sectors side by side.
type labeller struct {
	p       sector.Proof
	g       *graph.Graph
	ids     []sector.ReplicaID
	sink    sink
	parents graph.Source // may be nil
	workers int
	m       *meter
	have    made // need not be made again

	lanes   *label.Lanes
	cur     *label.Buffer
	prev    *label.Buffer
	scratch []byte // of drain
}

// run makes the layers that are missing and returns the last one, interleaved, which the caller frees.
func (l *labeller) run(ctx context.Context) (*label.Buffer, error) {
	raw := make([][32]byte, len(l.ids))
	for i, id := range l.ids {
		raw[i] = id
	}
	var err error
	if l.lanes, err = newLanes(l.p, raw); err != nil {
		return nil, err
	}
	if l.cur, err = label.NewBuffer(len(l.ids) * int(l.p.Size)); err != nil {
		return nil, err
	}
	if l.prev, err = label.NewBuffer(len(l.ids) * int(l.p.Size)); err != nil {
		return nil, cmp.Or(err, l.cur.Free())
	}
	if l.have.last == 0 {
		l.have.last = l.p.Layers
	}
	err = l.load(ctx, l.prev, l.have.prev, l.p.Nodes())
	if err == nil {
		err = l.load(ctx, l.cur, l.have.cur, l.have.nodes)
	}
	if err == nil {
		l.m.add((uint64(l.have.layers)*l.p.Nodes() + l.have.nodes) * uint64(len(l.ids)))
		err = l.layers(ctx)
	}
	err = cmp.Or(err, l.cur.Free())
	if err != nil {
		return nil, cmp.Or(err, l.prev.Free())
	}
	return l.prev, nil
}

// load reads the first nodes of a layer that is already there, from rs, one for each lane, or none.
func (l *labeller) load(ctx context.Context, into *label.Buffer, rs []io.ReaderAt, nodes uint64) error {
	buf := make([]byte, blockNodes*sector.NodeSize)
	for lane, r := range rs {
		for lo := uint64(0); lo < nodes; lo += blockNodes {
			if err := ctx.Err(); err != nil {
				return err
			}
			hi := min(lo+blockNodes, nodes)
			b := buf[:(hi-lo)*sector.NodeSize]
			if err := files.ReadFull(r, b, int64(lo)*sector.NodeSize); err != nil {
				return fmt.Errorf("porep: read layers: %w", err)
			}
			label.Put(l.span(into, lo, hi), b, len(l.ids), lane)
		}
	}
	return nil
}

// layers makes all layers that are missing. When it returns without error, prev holds the last one.
func (l *labeller) layers(ctx context.Context) error {
	if l.have.layers >= l.have.last {
		return nil
	}
	eg, ctx := errgroup.WithContext(ctx)
	out := make(chan chunk, queuedChunks)
	written := make(chan struct{}, l.p.Layers) // one for each layer that is whole at the sink
	eg.Go(func() error { return l.drain(out, written) })
	eg.Go(func() error {
		defer close(out)
		f, err := newFeed(ctx, l.g, l.parents, l.workers)
		if err != nil {
			return err
		}
		from := l.have.nodes
		for layer := l.have.layers + 1; layer <= l.have.last; layer++ {
			if layer-2 > l.have.layers { // that layer lies where this one will
				select {
				case <-written:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			if err := l.layer(ctx, f, layer, from, out); err != nil {
				return err
			}
			l.cur, l.prev, from = l.prev, l.cur, 0
		}
		return nil
	})
	return eg.Wait()
}

// queuedChunks is how many chunks may wait for the sink, which now and then stops for a checkpoint: they lie in the memory of
// their layer, and 64 of them take some 0.4 s to make.
const queuedChunks = 64

// A chunk is interleaved labels of a layer, from node first on, to be written.
type chunk struct {
	layer int
	first uint64
	b     []byte
}

// layer makes one layer, from a node on.
func (l *labeller) layer(ctx context.Context, f *feed, layer int, from uint64, out chan<- chunk) error {
	if err := f.begin(ctx, from); err != nil {
		return err
	}
	defer f.end()
	for {
		first, parents, err := f.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		if err := l.lanes.Label(uint32(layer), first, parents, l.cur.Bytes(), l.prev.Bytes()); err != nil {
			return fmt.Errorf("porep: layer %d: %w", layer, err)
		}
		n := uint64(len(parents) / graph.Degree)
		select {
		case out <- chunk{layer, first, l.span(l.cur, first, first+n)}:
		case <-ctx.Done():
			return ctx.Err()
		}
		l.m.add(n * uint64(len(l.ids)))
	}
}

// span returns the memory of the nodes lo..hi-1 of all lanes.
func (l *labeller) span(b *label.Buffer, lo, hi uint64) []byte {
	row := uint64(len(l.ids)) * sector.NodeSize
	return b.Bytes()[lo*row : hi*row]
}

// drain hands labels to the sink until out is closed. Where the sink could not make them durable, it gets those of the layer once
// more: they stay in memory until the layer is whole there.
func (l *labeller) drain(out <-chan chunk, written chan<- struct{}) error {
	var given []chunk // of the layer
	again := true
	for c := range out {
		given = append(given, c)
		err := l.give(c)
		if errors.Is(err, durable.ErrSync) && again {
			again, err = false, l.giveAll(given)
		}
		if err != nil {
			return err
		}
		if l.ends(c) {
			written <- struct{}{}
			given, again = given[:0], true
		}
	}
	return nil
}

func (l *labeller) giveAll(given []chunk) error {
	for _, c := range given {
		if err := l.give(c); err != nil {
			return err
		}
	}
	return nil
}

// ends reports whether c is the last chunk of its layer.
func (l *labeller) ends(c chunk) bool {
	return c.first+uint64(len(c.b)/(len(l.ids)*sector.NodeSize)) == l.p.Nodes()
}

// give hands one chunk to the sink, and tells it the end of a layer.
func (l *labeller) give(c chunk) error {
	lanes := len(l.ids)
	for lane := range lanes {
		b := c.b
		if lanes > 1 {
			l.scratch = slices.Grow(l.scratch[:0], len(c.b)/lanes)
			b = l.scratch[:len(c.b)/lanes]
			label.Take(b, c.b, lanes, lane)
		}
		if err := l.sink.write(lane, c.layer, b, int64(c.first)*sector.NodeSize); err != nil {
			return fmt.Errorf("porep: write layer %d: %w", c.layer, err)
		}
	}
	if l.ends(c) {
		if err := l.sink.end(c.layer); err != nil {
			return fmt.Errorf("porep: finish layer %d: %w", c.layer, err)
		}
	}
	return nil
}
