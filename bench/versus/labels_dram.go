package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/sector"
)

// labelsDRAM labels four sectors of 512 MiB together, 4 GiB of layers, and times stretches of 16 Ki nodes in the second half of
// layer 2, where parents lie all over two layers. The batch runs once; it waits between samples.
func labelsDRAM() ([]duel, func(), error) {
	p, err := sector.StackedDRG512MiBV1_1.Proof()
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	g, err := graph.New(p)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	cache, err := graph.OpenCache(ctx, filepath.Join(os.TempDir(), "assay-versus-parents"), g, nil)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	b := &steppedBatch{p: p, cache: cache, ids: labelIDs(4), from: p.Nodes() / 2, ended: make(chan error, 1), step: make(chan struct{}), ready: make(chan struct{})}
	closing := func() {
		cancel()
		b.stop()
		cache.Close()
	}
	if err := b.start(ctx); err != nil {
		return nil, closing, err
	}
	duels, end, err := againstMessages(float64(stretchNodes*len(b.ids)), b.side, b.check)
	if err != nil {
		return nil, closing, err
	}
	return duels, func() { closing(); end() }, nil
}

// stretchNodes is the number of nodes of a sample, two of the batch's own portions.
const stretchNodes = 1 << 14

// A steppedBatch is a batch of labels that stops at the end of each stretch, from node from of layer 2 on, until it is told to go on.
type steppedBatch struct {
	p     sector.Proof
	cache *graph.Cache
	ids   []sector.ReplicaID
	from  uint64

	layers kept // of the first sector, as far as they are made
	made   uint64
	step   chan struct{}
	ready  chan struct{}
	ended  chan error
	over   bool
}

func (b *steppedBatch) start(ctx context.Context) error {
	b.layers = make(kept, 2*uint64(b.p.Size))
	ws := make([]io.WriterAt, len(b.ids))
	for i := range ws {
		ws[i] = discard{}
	}
	ws[0] = keeper{b}
	ws[len(ws)-1] = &gate{b}
	go func() {
		b.ended <- porep.LabelBatch(ctx, b.ids, b.p, ws, &porep.Options{Workers: 1, Parents: b.cache})
		close(b.ready)
	}()
	if _, ok := <-b.ready; !ok {
		b.over = true
		return <-b.ended
	}
	return nil
}

// side makes n stretches.
func (b *steppedBatch) side(n int) (time.Duration, error) {
	start := time.Now()
	for range n {
		b.step <- struct{}{}
		if _, ok := <-b.ready; !ok {
			b.over = true
			return 0, errors.Join(errors.New("the batch ended before the measurement"), <-b.ended)
		}
	}
	return time.Since(start), nil
}

// stop lets the cancelled batch end.
func (b *steppedBatch) stop() {
	for !b.over {
		select {
		case b.step <- struct{}{}:
		case _, ok := <-b.ready:
			b.over = !ok
		}
	}
}

// keeper keeps the first sector's two layers.
type keeper struct{ b *steppedBatch }

func (k keeper) WriteAt(l []byte, off int64) (int, error) {
	if off < int64(len(k.b.layers)) {
		copy(k.b.layers[off:], l)
	}
	return len(l), nil
}

// gate, the last writer of the batch, waits at the end of every stretch.
type gate struct{ b *steppedBatch }

func (g *gate) WriteAt(l []byte, off int64) (int, error) {
	b := g.b
	b.made = uint64(off+int64(len(l))) / 32
	if at := b.made; at >= b.p.Nodes()+b.from && at%stretchNodes == 0 {
		b.ready <- struct{}{}
		<-b.step
	}
	return len(l), nil
}

// check makes some labels of layer 2 of the first sector again.
func (b *steppedBatch) check() error {
	nodes := b.p.Nodes()
	for i := range uint64(2000) {
		node := b.from * (i + 1) / 2000
		var parents [graph.Degree]uint32
		if err := b.cache.Range(node, parents[:]); err != nil {
			return err
		}
		want := oneLabel(b.ids[0], 2, node, parents[:], b.layers, nodes)
		off := (nodes + node) * 32
		if got := [32]byte(b.layers[off:]); node < b.made-nodes && got != want {
			return fmt.Errorf("layer 2 node %d: ours %x, crypto/sha256 %x", node, got, want)
		}
	}
	return nil
}
