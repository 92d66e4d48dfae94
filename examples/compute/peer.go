package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/assaylab/assay/examples/engine/blob"
	"github.com/assaylab/assay/examples/internal/child"
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

	process *child.Process // nil before it is started
}

// listed reports whether the market deals with the peer.
func (p *peer) listed() bool { return p.caught == "" }

// up reports whether its process runs.
func (p *peer) up() bool {
	select {
	case <-p.process.Ended:
		return false
	default:
		return true
	}
}

// need returns the stake that its devices ask for.
func (p *peer) need() (int64, error) {
	return ionet.Stake(big.NewRat(p.multiplier, 1000), int64(p.claimed))
}

// joinTime is how long a supplier's process may take until it has joined.
const joinTime = 2 * time.Minute

// start runs a supplier's process and waits until it has joined. The process ends with ctx.
func (m *market) start(ctx context.Context, p *peer, hour int) (err error) {
	joined := make(chan []byte, 1)
	m.mu.Lock()
	m.joined[p.name] = joined
	m.mu.Unlock()
	p.process, err = child.Start(ctx, []string{envQueue + "=" + m.queue.Address, envMarket + "=" + m.base}, nil,
		"-node", p.name, "-devices", strconv.Itoa(p.devices), "-cheat", p.cheat)
	if err != nil {
		return fmt.Errorf("supplier %s: %w", p.name, err)
	}
	select {
	case p.public = <-joined:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.process.Ended:
		return fmt.Errorf("supplier %s %w", p.name, p.process.Early())
	case <-time.After(joinTime):
		return fmt.Errorf("supplier %s did not join within %v", p.name, joinTime)
	}
	p.since, p.asked, p.answered = hour, 0, 0
	return nil
}

// stop ends the process, if there is one.
func (p *peer) stop() {
	if p.process != nil {
		p.process.Stop()
	}
}

// probes are the bandwidth measurements that run, by name.
type probes struct {
	mu   sync.Mutex
	open map[string]*probing
}

// A probing is one of them: the blob that it moves and how long that took, zero where nothing came.
type probing struct {
	blobs    blob.Store
	down, up time.Duration
}

// begin opens a probe with a blob.
func (p *probes) begin(name string, content []byte) (blob.Ref, error) {
	x := &probing{}
	ref, err := x.blobs.Add(bytes.NewReader(content), int64(len(content)))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		p.open = map[string]*probing{}
	}
	p.open[name] = x
	return ref, err
}

// end closes a probe and returns its times.
func (p *probes) end(name string) (down, up time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.open[name]
	delete(p.open, name)
	return x.down, x.up
}

// serve answers requests of probes and takes their times, as the market sees them.
func (p *probes) serve(w http.ResponseWriter, r *http.Request) bool {
	way, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	name, _, _ := strings.Cut(rest, "/")
	p.mu.Lock()
	x := p.open[name]
	p.mu.Unlock()
	if x == nil {
		return false
	}
	took, begin := &x.down, time.Now()
	switch way {
	case "down":
		http.StripPrefix("/down/"+name, &x.blobs).ServeHTTP(w, r)
	case "up":
		took = &x.up
		if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxProbe)); err != nil {
			return true
		}
	default:
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	*took += max(time.Since(begin), 1)
	return true
}

// probe measures a peer's bandwidth both ways with a blob of random bytes.
func (m *market) probe(ctx context.Context, p *peer, hour int) error {
	content := make([]byte, 512<<10)
	rand.NewChaCha8(m.draw("probe", hour, p.name)).Read(content)
	name := fmt.Sprintf("%s-%d", p.name, hour)
	ref, err := m.probes.begin(name, content)
	if err != nil {
		return err
	}
	a, err := m.ask(ctx, p, m.key, &message{Op: opProbe, Hour: hour, Blob: &ref, Probe: name})
	down, up := m.probes.end(name)
	if errors.Is(err, errDown) || errors.Is(err, errMessage) {
		return m.settle(ctx, a, err)
	}
	if err != nil {
		return err
	}
	if size := float64(len(content)) / 1e6; down > 0 && up > 0 {
		p.tier = 1
		p.health.Down, p.health.Up = size/down.Seconds(), size/up.Seconds()
		m.stats.Probes++
	}
	return m.settle(ctx, a, nil)
}
