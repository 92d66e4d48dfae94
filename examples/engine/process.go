package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/assaylab/assay/examples/internal/child"
)

// A process is a worker that this command started from its own binary.
type process struct {
	*child.Process
	name, cheat string
	claimed     chan struct{} // closed at the first claim
	task        string        // of the first claim, set when claimed is closed
}

// start runs a worker's process.
func (d *demo) start(ctx context.Context, name, cheat string) (*process, error) {
	p := &process{name: name, cheat: cheat, claimed: make(chan struct{})}
	var once sync.Once
	claims := func(line string) {
		once.Do(func() {
			p.task = strings.TrimPrefix(line, "claimed ")
			close(p.claimed)
		})
	}
	var err error
	p.Process, err = child.Start(ctx, []string{envQueue + "=" + d.queue.Address, envBlobs + "=" + strings.Join(d.bench.blobs, " ")}, claims,
		"-worker", name, "-cheat", cheat)
	if err != nil {
		return nil, fmt.Errorf("worker %s: %w", name, err)
	}
	d.processes = append(d.processes, p)
	return p, nil
}

// working waits until the worker has a task.
func (p *process) working(ctx context.Context) error {
	select {
	case <-p.claimed:
		return nil
	case <-p.Ended:
		return fmt.Errorf("worker %s %w", p.name, p.Early())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer lets a stalling worker send its result, now that the task has another's.
func (p *process) answer() error {
	_, err := io.WriteString(p.Input, "answer\n")
	return err
}
