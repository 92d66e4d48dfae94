package graph

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
)

// A Source hands out the parents of any range of nodes. [*Graph] computes them, [*Cache] reads them from a
// file, [*Table] has them in memory. Range sets dst[14*i:14*i+14] to the parents of node first+i; it is
// safe for concurrent use.
type Source interface {
	Nodes() uint64
	Range(first uint64, dst []uint32) error
}

// Sizes of the blocks a Reader hands out, in nodes and bytes of memory, and bounds of its window.
const (
	blockNodes    = 1 << 13
	blockBytes    = blockNodes * Degree * 4
	defaultWindow = 16 << 20
	maxWindow     = 256 << 20
)

// Options of [NewReader], [Load] and [OpenCache]. Nil and the zero value work.
type Options struct {
	// Workers is the number of goroutines that compute or read; 0 stands for GOMAXPROCS.
	Workers int
	// Window is the memory in bytes for what is computed ahead of the reader, at most 256 MiB; 0 stands
	// for 16 MiB.
	Window int
	// Progress, if set, is told the nodes done and in all, at least once a second, on the caller's goroutine.
	Progress func(stage string, done, total uint64)
}

// normal returns the options with defaults filled in.
func (o *Options) normal() Options {
	var v Options
	if o != nil {
		v = *o
	}
	if v.Workers <= 0 {
		v.Workers = runtime.GOMAXPROCS(0)
	}
	if v.Window <= 0 {
		v.Window = defaultWindow
	}
	v.Window = min(v.Window, maxWindow)
	return v
}

// report calls Progress if set.
func (o *Options) report(stage string, done, total uint64) {
	if o.Progress != nil {
		o.Progress(stage, done, total)
	}
}

// A block is a part of the window: the parents of some nodes in a row, or the error that came instead.
type block struct {
	first   uint64
	buf     []uint32
	parents []uint32
	done    chan error
}

// A Reader hands out the parents of all nodes from some node on, in order, while goroutines compute or read
// the next ones into a bounded window. Close must be called. One goroutine at a time may use it.
type Reader struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
	free   chan *block
	order  chan *block
	last   *block
	err    error
}

// NewReader returns a Reader of src from node first on. It ends when ctx does. A first beyond the last node
// wraps [ErrRange].
func NewReader(ctx context.Context, src Source, first uint64, opt *Options) (*Reader, error) {
	if first > src.Nodes() {
		return nil, fmt.Errorf("%w: node %d of %d", ErrRange, first, src.Nodes())
	}
	if g, ok := src.(*Graph); ok {
		g.prepare()
	}
	o := opt.normal()
	left := (src.Nodes() - first + blockNodes - 1) / blockNodes
	slots := max(2, o.Window/blockBytes)
	if uint64(slots) > left {
		slots = int(left) + 1
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &Reader{cancel: cancel, free: make(chan *block, slots), order: make(chan *block, slots)}
	for range slots {
		r.free <- &block{done: make(chan error, 1)}
	}
	work := make(chan *block, slots)
	r.wg.Go(func() { r.dispatch(ctx, src.Nodes(), first, work) })
	for range min(o.Workers, slots) {
		r.wg.Go(func() {
			for b := range work {
				b.done <- src.Range(b.first, b.parents)
			}
		})
	}
	return r, nil
}

// dispatch gives out the blocks in order to the workers and to Next, until the nodes or ctx end.
func (r *Reader) dispatch(ctx context.Context, nodes, first uint64, work chan<- *block) {
	defer close(work)
	defer close(r.order)
	for ; first < nodes; first += blockNodes {
		var b *block
		select {
		case <-ctx.Done():
		case b = <-r.free:
		}
		if ctx.Err() != nil {
			r.order <- &block{done: ended(ctx.Err())}
			return
		}
		if b.buf == nil {
			b.buf = make([]uint32, min(blockNodes, nodes-first)*Degree)
		}
		b.first, b.parents = first, b.buf[:min(blockNodes, nodes-first)*Degree]
		work <- b
		r.order <- b
	}
}

// ended is a block's channel that holds an error already.
func ended(err error) chan error {
	c := make(chan error, 1)
	c <- err
	return c
}

// Next returns the next nodes' parents, fourteen each; first is the number of the first of these nodes.
// The slice is valid until the next call. After the last node it returns io.EOF, after a failure always
// the same error.
func (r *Reader) Next() (first uint64, parents []uint32, err error) {
	if r.err != nil {
		return 0, nil, r.err
	}
	if r.last != nil {
		r.free <- r.last
		r.last = nil
	}
	b, ok := <-r.order
	if !ok {
		r.err = io.EOF
		return 0, nil, r.err
	}
	if r.err = <-b.done; r.err != nil {
		return 0, nil, r.err
	}
	r.last = b
	return b.first, b.parents, nil
}

// ErrClosed says that a Reader was used after Close.
var ErrClosed = errors.New("graph: reader is closed")

// Close ends the Reader's goroutines and returns when they have. It may be called again.
func (r *Reader) Close() {
	r.cancel()
	r.wg.Wait()
	if r.err == nil {
		r.err = ErrClosed
	}
	r.last = nil
}

// A Table is a [Source] that holds all parents in memory. It is safe for concurrent use.
type Table struct {
	parents []uint32
	graph   *Graph // whose parents they are, nil where that is not known
}

// maxTable is the largest graph that Load takes, in bytes.
const maxTable = 256 << 20

// ErrTooLarge says that a graph does not fit into a [Table].
var ErrTooLarge = errors.New("graph: too large to be held in memory")

// Load returns all parents of src in memory, 56 bytes a node: 14 MiB for an 8 MiB sector. More than 256 MiB,
// that is sectors above 128 MiB, is refused with [ErrTooLarge]: those are read through a [Reader].
func Load(ctx context.Context, src Source, opt *Options) (*Table, error) {
	nodes := src.Nodes()
	if nodes > maxTable/(4*Degree) {
		return nil, fmt.Errorf("%w: %d nodes", ErrTooLarge, nodes)
	}
	r, err := NewReader(ctx, src, 0, opt)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	o := opt.normal()
	t := &Table{parents: make([]uint32, nodes*Degree)}
	switch src := src.(type) {
	case *Graph:
		t.graph = src
	case *Table:
		t.graph = src.graph
	}
	for {
		first, parents, err := r.Next()
		if err == io.EOF {
			return t, nil
		} else if err != nil {
			return nil, err
		}
		o.report("parents", first+uint64(copy(t.parents[first*Degree:], parents))/Degree, nodes)
	}
}

// Of reports whether t is known to hold the parents of g: it was loaded from g or from a graph of the same
// size, PoRep id and order of parents. A table of unknown origin is of no graph.
func (t *Table) Of(g *Graph) bool {
	h := t.graph
	return h != nil && h.nodes == g.nodes && h.proof.ID == g.proof.ID && h.order() == g.order()
}

// Nodes implements [Source].
func (t *Table) Nodes() uint64 { return uint64(len(t.parents)) / Degree }

// Range implements [Source].
func (t *Table) Range(first uint64, dst []uint32) error {
	if err := checkRange(t.Nodes(), first, len(dst)); err != nil {
		return err
	}
	copy(dst, t.parents[first*Degree:])
	return nil
}

// All returns the parents of all nodes, fourteen each. The slice is the table's: do not change it.
func (t *Table) All() []uint32 { return t.parents }
