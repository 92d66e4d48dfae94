package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/assaylab/assay/examples/compute/envelope"
	"github.com/assaylab/assay/examples/engine/queue"
	"github.com/assaylab/assay/examples/internal/carrier"
	"github.com/assaylab/assay/examples/ionet"
	"github.com/assaylab/assay/examples/ledger"
)

// answerTime is how long a node may be silent while its process runs. It is far beyond what any answer takes, even on a machine with much
// else to do: an honest node is not taken for one that is down.
const answerTime = 5 * time.Minute

// errDown says that a node's process is gone or silent.
var errDown = errors.New("the node is down")

// A market is the coordinator: it keeps queue, book, log and records, and acts for the clients.
type market struct {
	settings
	out        io.Writer
	processors int // that its own puzzles may use
	params     ionet.Params
	months     []int64
	queue      *carrier.Carrier
	base       string // of the market's HTTP server
	key        *envelope.Key
	probes     probes

	nodes        []*peer
	reservations []*reservation
	renters      []*renter
	book         *ledger.Book
	epochs       []ledger.Epoch
	log          executions
	seen         map[[32]byte]string // results by their hash: where they were first
	stats        stats

	mu      sync.Mutex
	waiting map[queue.ID]chan *queue.Proposal
	joined  map[string]chan []byte
	public  map[string][]byte // what is served, by path
}

// stats are the counts that are printed.
type stats struct {
	Jobs, Bytes, Puzzles, Refuted, Reassigned, Probes int
	Nominated, Succeeded, Failed                      int
	Reserved, Released                                int
	Caught                                            []string
	Blocks                                            []int64
	Slashed, Rewards, BoughtBack                      int64
}

// open starts everything that the suppliers need.
func (m *market) open(ctx context.Context) (closing func(), err error) {
	address, stop, err := carrier.Serve(m)
	if err != nil {
		return nil, err
	}
	m.base = "http://" + address
	if m.queue, err = m.Settings.Open(ctx, &options); err != nil {
		stop()
		return nil, err
	}
	return func() {
		for _, n := range m.nodes {
			n.stop()
		}
		m.queue.Close()
		stop()
	}, nil
}

// dispatching hands out proposals until stop is called. The context that it returns ends with ctx, and with the queue where that fails.
func (m *market) dispatching(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() { cancel(m.dispatch(ctx)) }()
	return ctx, func() { cancel(nil) }
}

// dispatch hands each proposal to whoever asked for it, until ctx ends or the queue fails.
func (m *market) dispatch(ctx context.Context) error {
	for {
		p, err := m.queue.Proposed(ctx)
		if err != nil {
			return err
		}
		m.mu.Lock()
		ch := m.waiting[p.ID]
		m.mu.Unlock()
		if ch == nil { // too late, or a duplicate: nobody reads it, and it is not to come again
			if _, err := m.queue.Accept(ctx, p); err != nil {
				return err
			}
			continue
		}
		select {
		case ch <- p:
		default:
		}
	}
}

// An answer is a node's reply to a message.
type answer struct {
	reply
	proposal *queue.Proposal
	bytes    int
}

// ask sends a message to a node, sealed, and waits for the reply. Errors: errDown where none comes, errMessage where it is
// malformed; else the run cannot go on.
func (m *market) ask(ctx context.Context, n *peer, client *envelope.Key, msg *message) (*answer, error) {
	payload, err := msg.seal(n.name, n.public, client)
	if err != nil {
		return nil, err
	}
	t := queue.Task{Kind: kindOf(n.name), Payload: payload, Deadline: time.Now().Add(answerTime)}
	ch := make(chan *queue.Proposal, 1)
	m.mu.Lock()
	m.waiting[t.ID()] = ch
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		delete(m.waiting, t.ID())
		m.mu.Unlock()
	}()
	if _, err := m.queue.Submit(ctx, t); err != nil {
		return nil, err
	}
	a := &answer{}
	select {
	case a.proposal = <-ch:
	case <-n.process.Ended:
		return nil, errDown
	case <-time.After(answerTime):
		return nil, errDown
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	a.bytes = len(payload) + len(a.proposal.Result)
	plain, err := client.Open(replyContext(payload), a.proposal.Result)
	if err != nil {
		return a, fmt.Errorf("%w: %w", errMessage, err)
	}
	return a, strict(plain, &a.reply)
}

// settle tells the queue the verdict on an answer.
func (m *market) settle(ctx context.Context, a *answer, verdict error) error {
	if a == nil || a.proposal == nil {
		return nil
	}
	if verdict != nil {
		return m.queue.Refute(ctx, a.proposal)
	}
	_, err := m.queue.Accept(ctx, a.proposal)
	return err
}

// draw returns the run's randomness for a purpose.
func (m *market) draw(purpose string, hour int, node string) [32]byte {
	b := binary.BigEndian.AppendUint64([]byte("assay compute 1\n"), m.seed)
	return sha256.Sum256(fmt.Appendf(b, "%s/%d/%s", purpose, hour, node))
}

// ServeHTTP implements http.Handler: /join for suppliers' processes, /down and /up for probes, /health, /log and /head for everybody.
func (m *market) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	page := m.public[r.URL.Path]
	m.mu.Unlock()
	switch {
	case page != nil && r.Method == http.MethodGet:
		w.Header().Set("Content-Type", "application/json")
		w.Write(page)
	case r.URL.Path == "/join" && r.Method == http.MethodPost:
		m.join(w, r)
	case m.probes.serve(w, r):
	default:
		http.Error(w, "no such place", http.StatusNotFound)
	}
}

// join takes a supplier's public key.
func (m *market) join(w http.ResponseWriter, r *http.Request) {
	var j joining
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4096))
	if err == nil {
		err = strict(b, &j)
	}
	if err == nil && len(j.Public) != 32 {
		err = fmt.Errorf("%w: a public key of %d bytes, want 32", errMessage, len(j.Public))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m.mu.Lock()
	ch := m.joined[j.Name]
	m.mu.Unlock()
	if ch == nil {
		http.Error(w, "not registered", http.StatusForbidden)
		return
	}
	select {
	case ch <- j.Public:
	default:
		http.Error(w, "joined already", http.StatusConflict)
	}
}
