package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/sector"
)

// labelsDRAM labels four sectors of 512 MiB together, 4 GiB of layers, and times stretches of 8 Ki nodes in the
// second half of layer 2, where parents lie all over two layers. The batch runs once; it waits between samples.
// The parent cache, 940 MB, stays in the system's folder for temporary files.
func labelsDRAM() ([]duel, func(), error) {
	p, err := sector.StackedDRG512MiBV1_1.Proof()
	if err != nil {
		return nil, nil, err
	}
	g, err := graph.New(p)
	if err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(os.TempDir(), "assay-versus-parents")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	cache, err := graph.OpenCache(ctx, dir, g, nil)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	b := &steppedBatch{p: p, cache: cache, ids: labelIDs(4), from: p.Nodes() / 2,
		ended: make(chan error, 1), step: make(chan struct{}), ready: make(chan struct{})}
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

// stretchNodes is the number of nodes of a sample, one of the portions in which the batch reports progress.
const stretchNodes = 1 << 13

// A steppedBatch is a batch of labels that waits, in its calls of Progress, at the end of each stretch from
// node from of layer 2 on, until it is told to go on.
type steppedBatch struct {
	p     sector.Proof
	cache *graph.Cache
	ids   []sector.ReplicaID
	from  uint64

	mu     sync.Mutex
	layers kept // of the first sector, as far as they are made

	step  chan struct{}
	ready chan struct{} // closed when the batch has ended
	ended chan error
	over  bool
}

// start runs the batch up to the first stretch.
func (b *steppedBatch) start(ctx context.Context) error {
	b.layers = make(kept, 2*uint64(b.p.Size))
	ws := make([]io.WriterAt, len(b.ids))
	for i := range ws {
		ws[i] = discard{}
	}
	ws[0] = b
	opt := &porep.Options{Workers: 1, Parents: b.cache, Progress: b.progress}
	go func() {
		b.ended <- porep.LabelBatch(ctx, b.ids, b.p, ws, opt)
		close(b.ready)
	}()
	return b.wait()
}

func (b *steppedBatch) progress(_ string, done, _ uint64) {
	if node := done / uint64(len(b.ids)); node >= b.p.Nodes()+b.from && node%stretchNodes == 0 {
		b.ready <- struct{}{}
		<-b.step
	}
}

// wait returns when the batch waits.
func (b *steppedBatch) wait() error {
	if _, ok := <-b.ready; !ok {
		b.over = true
		return errors.Join(errors.New("the batch ended before the measurement"), <-b.ended)
	}
	return nil
}

// side makes n stretches.
func (b *steppedBatch) side(n int) (time.Duration, error) {
	start := clock()
	for range n {
		b.step <- struct{}{}
		if err := b.wait(); err != nil {
			return 0, err
		}
	}
	return clock() - start, nil
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

// WriteAt keeps the first sector's two layers.
func (b *steppedBatch) WriteAt(l []byte, off int64) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.layers.WriteAt(l, off)
}

// check makes some labels of layer 2 of the first sector again, of nodes that are written by now.
func (b *steppedBatch) check() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	nodes := b.p.Nodes()
	for i := range uint64(2000) {
		node := (b.from - 16*stretchNodes) * i / 2000
		var parents [graph.Degree]uint32
		if err := b.cache.Range(node, parents[:]); err != nil {
			return err
		}
		want := oneLabel(b.ids[0], 2, node, parents[:], b.layers, nodes)
		if got := [32]byte(b.layers[(nodes+node)*32:]); got != want {
			return fmt.Errorf("layer 2 node %d: ours %x, crypto/sha256 %x", node, got, want)
		}
	}
	return nil
}
