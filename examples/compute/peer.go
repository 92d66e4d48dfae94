package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/assaylab/assay/examples/engine/blob"
	"github.com/assaylab/assay/examples/ionet"
)

// A plan is a supplier of the demonstration.
type plan struct {
	name, cheat string
	devices     int
	multiplier  int64 // of each device, in thousandths
	coStakes    []ionet.CoStake
}

// phantomDevices are those that the phantom claims beyond the one it has.
const phantomDevices = maxDevices - 1

// plans are the suppliers: three honest ones and five that cheat from cheatHour on.
func plans() []plan {
	dana, eli := ionet.CoStake{By: "dana", Amount: 150 * ionet.Nano, Since: -400}, ionet.CoStake{By: "eli", Amount: 100 * ionet.Nano, Since: -200}
	late := ionet.CoStake{By: "eli", Amount: 50 * ionet.Nano, Since: -24}
	return []plan{
		{name: "aurora", devices: 2, multiplier: 1000, coStakes: []ionet.CoStake{late}},
		{name: "borealis", devices: 1, multiplier: 2500, coStakes: []ionet.CoStake{dana, eli}},
		{name: "cirrus", devices: 1, multiplier: 500},
		{name: "skipper", cheat: cheatSkip, devices: 1, multiplier: 1000},
		{name: "stale", cheat: cheatStale, devices: 1, multiplier: 1000},
		{name: "phantom", cheat: cheatPhantom, devices: 1, multiplier: 1000},
		{name: "forger", cheat: cheatForge, devices: 1, multiplier: 1000},
		{name: "replayer", cheat: cheatReplay, devices: 1, multiplier: 1000},
	}
}

// A peer is the market's view of a supplier, and its process.
type peer struct {
	plan
	claimed  int // devices it says it has
	public   []byte
	stake    int64
	since    int // hour it came up last
	tested   bool
	tier     int // of connectivity: 1 once a probe came back
	caught   string
	busy     *reservation
	health   health
	asked    int // jobs since it joined
	answered int // of them

	cmd    *exec.Cmd
	stdin  io.Closer
	ended  chan struct{}
	stderr bytes.Buffer
}

// listed reports whether the market deals with the peer.
func (p *peer) listed() bool { return p.caught == "" }

// up reports whether its process runs.
func (p *peer) up() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// need returns the stake that its devices ask for.
func (p *peer) need() (int64, error) {
	return ionet.Stake(big.NewRat(p.multiplier, 1000), int64(p.claimed))
}

// start runs a supplier's process and waits until it has joined.
func (m *market) start(ctx context.Context, p *peer, hour int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	joined := make(chan []byte, 1)
	m.mu.Lock()
	m.joined[p.name] = joined
	m.mu.Unlock()
	p.cmd = exec.CommandContext(ctx, self, "-node", p.name, "-devices", strconv.Itoa(p.devices), "-cheat", p.cheat)
	p.cmd.Env = append(os.Environ(), envQueue+"="+m.address, envMarket+"="+m.base)
	p.stderr.Reset()
	p.cmd.Stderr = &p.stderr
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("supplier %s: %w", p.name, err)
	}
	ended := make(chan struct{})
	p.ended = ended
	go func() {
		p.cmd.Wait()
		close(ended)
	}()
	select {
	case p.public = <-joined:
	case <-ended:
		return fmt.Errorf("supplier %s ended early: %s", p.name, strings.TrimSpace(p.stderr.String()))
	case <-ctx.Done():
		return ctx.Err()
	}
	p.since, p.asked, p.answered = hour, 0, 0
	return nil
}

// kill ends the process at once.
func (p *peer) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// stop ends the process by closing its input.
func (p *peer) stop() {
	if p.cmd == nil || p.ended == nil {
		return
	}
	p.stdin.Close()
	select {
	case <-p.ended:
	case <-time.After(3 * time.Second):
		p.kill()
	}
}

// probes are the bandwidth measurements that run.
type probes struct {
	mu   sync.Mutex
	down map[string]time.Duration
	up   map[string]time.Duration
}

// begin opens a probe.
func (p *probes) begin(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down == nil {
		p.down, p.up = map[string]time.Duration{}, map[string]time.Duration{}
	}
	p.down[name], p.up[name] = 0, 0
}

// end closes a probe and returns its times, zero where nothing came.
func (p *probes) end(name string) (down, up time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	down, up = p.down[name], p.up[name]
	delete(p.down, name)
	delete(p.up, name)
	return down, up
}

// serve answers requests of probes and takes their times, as the market sees them.
func (p *probes) serve(w http.ResponseWriter, r *http.Request, blobs *blob.Store) bool {
	way, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	name, _, _ := strings.Cut(rest, "/")
	p.mu.Lock()
	_, open := p.down[name]
	p.mu.Unlock()
	if !open {
		return false
	}
	times, begin := p.down, time.Now()
	switch way {
	case "down":
		http.StripPrefix("/down/"+name, blobs).ServeHTTP(w, r)
	case "up":
		times = p.up
		if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxProbe)); err != nil {
			return true
		}
	default:
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	times[name] += max(time.Since(begin), 1)
	return true
}

// probe measures a peer's bandwidth both ways with a blob of random bytes.
func (m *market) probe(ctx context.Context, p *peer, hour int) error {
	const size = 512 << 10
	seed := m.draw("probe", hour, p.name)
	content := bytes.Repeat(seed[:], size/len(seed))
	ref, err := m.blobs.Add(bytes.NewReader(content), size)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%d", p.name, hour)
	m.probes.begin(name)
	a, err := m.ask(ctx, p, m.key, &message{Op: opProbe, Hour: hour, Blob: &ref, Probe: name})
	down, up := m.probes.end(name)
	if errors.Is(err, errDown) || errors.Is(err, errMessage) {
		return m.settle(ctx, a, err)
	}
	if err != nil {
		return err
	}
	if down > 0 && up > 0 {
		p.tier = 1
		p.health.Down, p.health.Up = size/down.Seconds()/1e6, size/up.Seconds()/1e6
		m.stats.Probes++
	}
	return m.settle(ctx, a, nil)
}
