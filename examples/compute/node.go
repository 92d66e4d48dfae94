package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/assaylab/assay/examples/compute/envelope"
	"github.com/assaylab/assay/examples/compute/verify"
	"github.com/assaylab/assay/examples/engine/blob"
	"github.com/assaylab/assay/examples/engine/queue"
	"github.com/assaylab/assay/examples/internal/carrier"
)

// gcPercent makes collections rare. Each stops all devices of a process, which takes long where other processes have the processors.
const gcPercent = 800

// heartbeat of suppliers.
const heartbeat = time.Second

// options are the queue's, the same in every process.
var options = queue.Options{Heartbeat: heartbeat}

// maxProbe bounds the blob of a bandwidth probe.
const maxProbe = 4 << 20

// What a supplier's process can do wrong, from the hour cheatHour on.
const (
	cheatSkip    = "skip"    // makes half of a trace's states up
	cheatStale   = "stale"   // answers a product with an older one's result
	cheatPhantom = "phantom" // claims devices that it lacks
	cheatForge   = "forge"   // states more work in its health record than it did
	cheatReplay  = "replay"  // answers a puzzle with an earlier answer
	cheatHour    = 7
)

// A supplier is a node's process. It does one task after another.
type supplier struct {
	name, cheat, market string
	devices             int // that it really has
	key                 *envelope.Key
	client              *http.Client
	done                map[string]bool // jobs answered
	product             []byte          // the last one
	answers             [][]byte        // to the last puzzle
}

// node runs a supplier's process until its input ends: it joins the market and does what is sealed to it.
func node(ctx context.Context, s settings) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		io.Copy(io.Discard, os.Stdin) // the market holds it open as long as it lives
		cancel()
	}()
	debug.SetGCPercent(gcPercent)
	address, base := os.Getenv(envQueue), os.Getenv(envMarket)
	if address == "" || base == "" {
		return fmt.Errorf("a supplier needs %s and %s", envQueue, envMarket)
	}
	q, err := carrier.Dial(ctx, address, &options)
	if err != nil {
		return err
	}
	n := &supplier{name: s.node, cheat: s.cheat, market: base, devices: s.devices, client: &http.Client{Timeout: answerTime},
		done: map[string]bool{}}
	if n.key, err = envelope.NewKey(); err != nil {
		return err
	}
	if err := n.join(ctx); err != nil {
		return err
	}
	err = queue.Work(ctx, q, n.name, []string{kindOf(n.name)}, heartbeat, n.do)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// join announces the node and its public key.
func (n *supplier) join(ctx context.Context) error {
	b, err := json.Marshal(joining{n.name, n.key.Public()})
	if err != nil {
		return err
	}
	return n.send(ctx, "/join", b)
}

// send posts bytes to the market.
func (n *supplier) send(ctx context.Context, path string, b []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.market+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	resp, err := n.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
		return fmt.Errorf("%s: %s: %s", path, resp.Status, strings.TrimSpace(string(text)))
	}
	return nil
}

// do opens a task, does it and seals the reply.
func (n *supplier) do(ctx context.Context, l *queue.Lease) ([]byte, error) {
	var s sealed
	if err := strict(l.Payload, &s); err != nil {
		return nil, err
	}
	plain, err := n.key.Open("task "+n.name, s.Box)
	if err != nil {
		return nil, err
	}
	var m message
	if err := strict(plain, &m); err != nil {
		return nil, err
	}
	r, err := n.answer(ctx, &m)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return envelope.Seal(s.Client, replyContext(l.Payload), b)
}

// cheats reports whether the node does this wrong at an hour.
func (n *supplier) cheats(how string, hour int) bool { return n.cheat == how && hour >= cheatHour }

func (n *supplier) answer(ctx context.Context, m *message) (*reply, error) {
	switch m.Op {
	case opPuzzle:
		return n.puzzles(ctx, m)
	case opProduct:
		return n.multiply(m)
	case opTrace:
		return n.trace(ctx, m)
	case opRecord:
		return n.state(m), nil
	case opProbe:
		return n.probe(ctx, m)
	}
	return nil, fmt.Errorf("%w: operation %q", errMessage, m.Op)
}

// puzzles solves a puzzle for each device, on as many devices as there are.
func (n *supplier) puzzles(ctx context.Context, m *message) (*reply, error) {
	if n.cheats(cheatReplay, m.Hour) && n.answers != nil {
		return &reply{Answers: n.answers}, nil
	}
	answers, errs := make([][]byte, len(m.Puzzles)), make([]error, len(m.Puzzles))
	next := make(chan int)
	var group sync.WaitGroup
	for range n.devices {
		group.Go(func() {
			for i := range next {
				answers[i], errs[i] = m.Puzzles[i].Solve(ctx)
			}
		})
	}
	for i := range m.Puzzles {
		next <- i
	}
	close(next)
	group.Wait()
	n.answers = answers
	return &reply{Answers: answers}, errors.Join(errs...)
}

func (n *supplier) multiply(m *message) (*reply, error) {
	n.done[m.Job] = true
	if n.cheats(cheatStale, m.Hour) && n.product != nil {
		return &reply{Result: n.product}, nil
	}
	a, err := verify.RandomMatrix(m.A, m.N, m.N)
	if err != nil {
		return nil, err
	}
	b, err := verify.RandomMatrix(m.B, m.N, m.N)
	if err != nil {
		return nil, err
	}
	c, err := verify.Multiply(a, b)
	if err != nil {
		return nil, err
	}
	n.product = verify.AppendProduct(nil, c)
	return &reply{Result: n.product}, nil
}

func (n *supplier) trace(ctx context.Context, m *message) (*reply, error) {
	n.done[m.Job] = true
	step := layers(ctx, m.A)
	if n.cheats(cheatSkip, m.Hour) {
		honest := step
		step = func(i uint64, state []byte) ([]byte, error) {
			if i%2 == 0 {
				return honest(i, state)
			}
			up := sha256.Sum256(state)
			return append(state[32:len(state):len(state)], up[:]...), nil
		}
	}
	t, err := verify.Run(ctx, firstState(m.A), uint64(m.N), step)
	if err != nil {
		return nil, err
	}
	proof, err := t.Prove(m.B, samples)
	return &reply{Result: proof}, err
}

// state is the node's own account of itself.
func (n *supplier) state(m *message) *reply {
	r := record{n.name, m.Hour, len(n.done)}
	if n.cheats(cheatForge, m.Hour) {
		r.Done += 12
	}
	return &reply{Record: &r}
}

// probe fetches a blob, verified, and sends it back.
func (n *supplier) probe(ctx context.Context, m *message) (*reply, error) {
	if m.Blob == nil {
		return nil, fmt.Errorf("%w: a probe without a blob", errMessage)
	}
	b, err := blob.Fetch(ctx, n.client, *m.Blob, maxProbe, n.market+"/down/"+m.Probe)
	if err != nil {
		return nil, err
	}
	return &reply{}, n.send(ctx, "/up/"+m.Probe, b)
}
