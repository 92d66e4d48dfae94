package main

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// useRust is the flag -rust: contests start their peers on published crates (bench/rust) where cargo is present.
var useRust bool

// rustBinary builds the peers once and returns the program's path.
var rustBinary = sync.OnceValues(func() (string, error) {
	cargo, err := exec.LookPath("cargo")
	if err != nil {
		return "", errors.New("cargo is not installed: Rust peers are not run")
	}
	dir, err := moduleFolder("rust")
	if err != nil {
		return "", err
	}
	fmt.Fprintln(os.Stderr, "versus: building the Rust peers")
	cmd := exec.Command(cargo, "build", "--release", "--locked", "--quiet")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("cargo build: %w", err)
	}
	target := os.Getenv("CARGO_TARGET_DIR")
	if target == "" {
		target = filepath.Join(dir, "target")
	}
	return filepath.Join(target, "release", "assay-peers"), nil
})

// moduleFolder returns the path of a folder of the bench module, wherever below the repository the program was started.
func moduleFolder(name string) (string, error) {
	for dir, _ := os.Getwd(); ; dir = filepath.Dir(dir) {
		for _, try := range []string{filepath.Join(dir, "bench", name), filepath.Join(dir, name)} {
			if _, err := os.Stat(filepath.Join(try, "Cargo.toml")); err == nil {
				return try, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("the folder bench/%s was not found from here", name)
		}
	}
}

// A rustPeer is a running contest of bench/rust, on one rayon thread.
type rustPeer struct {
	digest []byte // of its result
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
}

// startRust starts a contest of bench/rust and waits until it is prepared. It returns nil without an error where -rust was not
// given; the contest then falls back on a recorded figure. Close it after use.
func startRust(args ...string) (*rustPeer, error) {
	if !useRust {
		return nil, nil
	}
	program, err := rustBinary()
	if err != nil {
		return nil, err
	}
	p := &rustPeer{cmd: exec.Command(program, args...)}
	p.cmd.Env = append(os.Environ(), "RAYON_NUM_THREADS=1", "RUST_LOG=error")
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := p.line()
	if err == nil {
		p.digest, err = hex.DecodeString(strings.TrimPrefix(line, "ready "))
	}
	if err != nil {
		p.Close()
		return nil, fmt.Errorf("rust %s: %w", strings.Join(args, " "), err)
	}
	return p, nil
}

func (p *rustPeer) line() (string, error) {
	line, err := p.out.ReadString('\n')
	line = strings.TrimSpace(line)
	if msg, bad := strings.CutPrefix(line, "error "); bad {
		return "", errors.New(msg)
	}
	return line, err
}

// side lets the peer do its work n times and returns the CPU time this took it.
func (p *rustPeer) side(n int) (time.Duration, error) {
	if _, err := fmt.Fprintln(p.in, n); err != nil {
		return 0, err
	}
	line, err := p.line()
	if err != nil {
		return 0, err
	}
	cpu, _, _ := strings.Cut(line, " ")
	ns, err := strconv.ParseInt(cpu, 10, 64)
	return time.Duration(ns), err
}

// bytesRead returns how many bytes the peer reads from files in one iteration, by the kernel's count; what it maps into memory
// is not in it. ok is false where the system does not tell.
func (p *rustPeer) bytesRead() (n int64, ok bool) {
	count := func() (n int64, ok bool) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", p.cmd.Process.Pid))
		if err != nil {
			return 0, false
		}
		_, err = fmt.Sscanf(string(b), "rchar: %d", &n)
		return n, err == nil
	}
	before, ok := count()
	if !ok {
		return 0, false
	}
	if _, err := p.side(1); err != nil {
		return 0, false
	}
	after, ok := count()
	return after - before, ok
}

// Close ends the peer.
func (p *rustPeer) Close() {
	if p == nil {
		return
	}
	p.in.Close()
	p.cmd.Wait()
}

// against makes d a duel against the peer: live with its result compared to ours, or recorded where p is nil.
func (p *rustPeer) against(d duel, ours []byte) duel {
	if p == nil {
		return d
	}
	d.theirs = p.side
	d.check = func() error {
		if hex.EncodeToString(ours) != hex.EncodeToString(p.digest) {
			return fmt.Errorf("ours %x, theirs %x", ours, p.digest)
		}
		return nil
	}
	return d
}
