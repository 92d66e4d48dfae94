// Package child runs a command's own binary again as another process, which lives as long as its standard input is open.
package child

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// patience is how long Stop waits before it kills.
const patience = 3 * time.Second

// A Process is a child.
type Process struct {
	Input io.WriteCloser  // its standard input
	Ended <-chan struct{} // closed when it has ended
	cmd   *exec.Cmd
	err   strings.Builder // what it wrote to standard error
}

// Start runs this process's binary with arguments and with env added to the environment, until it ends or ctx does. line is called with
// each line of its standard output, one after another, before Ended is closed; nil drops them.
func Start(ctx context.Context, env []string, line func(string), args ...string) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &Process{cmd: exec.CommandContext(ctx, self, args...)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &p.err
	output := io.Reader(strings.NewReader(""))
	if line != nil {
		if output, err = p.cmd.StdoutPipe(); err != nil {
			return nil, err
		}
	}
	if p.Input, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	p.Ended = ended
	go func() {
		for lines := bufio.NewScanner(output); lines.Scan(); {
			line(lines.Text())
		}
		p.cmd.Wait()
		close(ended)
	}()
	return p, nil
}

// Early is the error of a process that ended before it should have: what it wrote to standard error. Ended must be closed.
func (p *Process) Early() error {
	return fmt.Errorf("ended early: %s", strings.TrimSpace(p.err.String()))
}

// Kill ends the process at once, as a crash or a loss of power does, and waits for its end.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	<-p.Ended
}

// Stop closes the process's input and waits for its end. One that does not end by itself is killed.
func (p *Process) Stop() {
	p.Input.Close()
	select {
	case <-p.Ended:
	case <-time.After(patience):
		p.Kill()
	}
}
