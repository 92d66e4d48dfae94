package porep

import (
	"errors"
	"fmt"
	"math"
	"runtime"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/internal/label"
	"github.com/assaylab/assay/porep/sector"
)

// Options are the knobs of the stages. nil and the zero value are fine; no result depends on them, except
// that a budget too small is an error.
type Options struct {
	// Workers is the number of goroutines that compute; 0 is runtime.GOMAXPROCS(0).
	Workers int

	// Lanes is the number of sectors that one goroutine labels side by side, 1 to 16; 0 is as many as
	// there are and Memory holds, up to 4. More than four are taken only where AVX-512 outruns the CPU's SHA
	// unit with so many (it is measured once): sixteen may take half the time a sector that four do, with four
	// times their memory.
	Lanes int

	// Memory is the budget in bytes for the buffers of a stage; 0 is no limit. A stage that needs more
	// returns a MemoryError before it allocates.
	Memory uint64

	// Parents are the parents of the sector's graph where they are at hand: a graph.Table or a
	// graph.Cache. nil computes them ahead of the labels, in a window of 16 MiB, or once and for all layers
	// where they take 256 MiB at most.
	Parents graph.Source

	// Keep tells, by path, which finished files of an earlier run may stand, when a stage would make them
	// again; nil lets none. Layers above one that is made anew are made anew as well, and kept layers are
	// still held against the replica id and against each other by samples.
	Keep func(path string) bool

	// TrustLayers lets Commit take the layers as they are. It is for callers that do not know the ticket, without which
	// layers cannot be told from another sector's.
	TrustLayers bool

	// Made, if not nil, is called with the path of each file once it is whole and synced under its name, by
	// one goroutine at a time for each sector. An error ends the stage.
	Made func(path string) error

	// Progress, if not nil, is called between batches, by one goroutine at a time, with the nodes that
	// are done. It must return soon.
	Progress func(stage string, done, total uint64)
}

// ErrMemory says that a budget does not suffice.
var ErrMemory = errors.New("porep: memory budget too small")

// A MemoryError tells how much memory a stage needs. It is an ErrMemory.
type MemoryError struct {
	Stage        string
	Need, Budget uint64
}

// Error states both figures in bytes.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("porep: %s needs %d bytes of memory, the budget is %d", e.Stage, e.Need, e.Budget)
}

// Is reports that e is an ErrMemory.
func (e *MemoryError) Is(target error) bool { return target == ErrMemory }

func (o *Options) workers() int {
	if o == nil || o.Workers <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return o.Workers
}

// lanes returns how many of n sectors of kind p are labelled side by side: as many as asked for, or else as
// many of the usual number as the budget holds, one at least.
func (o *Options) lanes(p sector.Proof, n int) int {
	most := usualLanes
	if o != nil && o.Lanes > 0 {
		most = o.Lanes
	}
	if n = min(n, most); p.ShortLabels {
		n = min(n, usualLanes)
	} else {
		n = label.Best(n)
	}
	if o == nil || o.Lanes > 0 || o.Memory == 0 {
		return n
	}
	for n > 1 && LabelMemory(p, n) > o.Memory {
		n--
	}
	return n
}

// budget refuses a stage that needs more memory than there may be, or than a process can address.
func (o *Options) budget(stage string, need uint64) error {
	most := uint64(math.MaxInt)
	if o != nil && o.Memory != 0 {
		most = min(most, o.Memory)
	}
	if need <= most {
		return nil
	}
	return &MemoryError{Stage: stage, Need: need, Budget: most}
}

// progress returns Progress, which may be nil.
func (o *Options) progress() func(stage string, done, total uint64) {
	if o == nil {
		return nil
	}
	return o.Progress
}

// report calls Progress.
func (o *Options) report(stage string, done, total uint64) {
	if o != nil && o.Progress != nil {
		o.Progress(stage, done, total)
	}
}

// merkle returns the options of work on a tree that is called stage in reports.
func (o *Options) merkle(stage string) *merkle.Options {
	m := &merkle.Options{Workers: o.workers()}
	if o != nil && o.Progress != nil && stage != "" {
		m.Progress = func(_ string, done, total uint64) { o.Progress(stage, done, total) }
	}
	return m
}
