package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A process is a worker that this command started from its own binary.
type process struct {
	name, cheat string
	cmd         *exec.Cmd
	stdin       io.WriteCloser
	claimed     chan struct{} // closed at the first claim
	task        string        // of the first claim, set when claimed is closed
	ended       chan struct{}
	stderr      strings.Builder
	killed      bool
}

// start runs a worker's process.
func (d *demo) start(ctx context.Context, name, cheat string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{name: name, cheat: cheat, claimed: make(chan struct{}), ended: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, self, "-worker", name, "-cheat", cheat)
	p.cmd.Env = append(os.Environ(), envQueue+"="+d.address, envBlobs+"="+strings.Join(d.bench.blobs, " "))
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("worker %s: %w", name, err)
	}
	go func() {
		var once sync.Once
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			once.Do(func() {
				p.task = strings.TrimPrefix(lines.Text(), "claimed ")
				close(p.claimed)
			})
		}
		p.cmd.Wait()
		close(p.ended)
	}()
	d.processes = append(d.processes, p)
	return p, nil
}

// working waits until the worker has a task.
func (p *process) working(ctx context.Context) error {
	select {
	case <-p.claimed:
		return nil
	case <-p.ended:
		return fmt.Errorf("worker %s ended early: %s", p.name, strings.TrimSpace(p.stderr.String()))
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer lets a stalling worker send its result, now that the task has another's.
func (p *process) answer() error {
	_, err := io.WriteString(p.stdin, "answer\n")
	return err
}

// kill ends the process at once, as a crash or a loss of power does.
func (p *process) kill() {
	p.killed = true
	p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.ended
}

// stop ends the process by closing its input.
func (p *process) stop() {
	p.stdin.Close()
	select {
	case <-p.ended:
	case <-time.After(3 * time.Second):
		p.kill()
	}
}
