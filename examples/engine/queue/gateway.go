package queue

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/assaylab/assay/examples/internal/strictjson"
)

// maxBody bounds a request of the gateway: a payload in base64, and some.
const maxBody = 2*MaxBytes + 1<<12

// claimTime is how long the gateway lets a claim wait before the client asks again.
const claimTime = 5 * time.Second

// A Gateway is an http.Handler that lets workers in other processes use a queue: POST /submit, /claim, /extend, /done and /fail with JSON,
// and the secret as bearer token. A lease is a number there.
type Gateway struct {
	queue  Queue
	secret string

	mu     sync.Mutex
	next   uint64
	leases map[uint64]*Lease
}

// NewGateway returns the handler for a queue. An empty secret lets everybody in.
func NewGateway(q Queue, secret string) *Gateway {
	return &Gateway{queue: q, secret: secret, leases: map[uint64]*Lease{}}
}

// A request is the body of any call; an answer that of any reply.
type request struct {
	Task   *Task    `json:"task,omitempty"`
	Worker string   `json:"worker,omitempty"`
	Kinds  []string `json:"kinds,omitempty"`
	Lease  uint64   `json:"lease,omitempty"`
	Result []byte   `json:"result,omitempty"`
	Reason string   `json:"reason,omitempty"`
}

type answer struct {
	ID       ID     `json:"id,omitzero"`
	Task     *Task  `json:"task,omitempty"`
	Lease    uint64 `json:"lease,omitempty"`
	Attempt  int    `json:"attempt,omitempty"`
	Delivery int    `json:"delivery,omitempty"`
}

// status are the HTTP statuses of a queue's errors; the client turns them back.
var status = map[int]error{http.StatusBadRequest: ErrTask, http.StatusGone: ErrLost, http.StatusNotFound: ErrNone, http.StatusServiceUnavailable: ErrClosed}

// ServeHTTP implements http.Handler.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if subtle.ConstantTimeCompare([]byte(token), []byte(g.secret)) != 1 {
		http.Error(w, "wrong secret", http.StatusUnauthorized)
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "only POST", http.StatusMethodNotAllowed)
		return
	}
	a, err := g.answer(w, r)
	if err == nil {
		json.NewEncoder(w).Encode(a)
		return
	}
	code := http.StatusInternalServerError
	for c, e := range status {
		if errors.Is(err, e) {
			code = c
		}
	}
	http.Error(w, err.Error(), code)
}

// answer reads a request and does it.
func (g *Gateway) answer(w http.ResponseWriter, r *http.Request) (a answer, err error) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var req request
	if err == nil {
		err = strictjson.Unmarshal(b, &req)
	}
	if err != nil {
		return a, fmt.Errorf("%w: malformed request: %w", ErrTask, err)
	}
	return g.call(r.Context(), strings.TrimPrefix(r.URL.Path, "/"), &req)
}

// call does one request.
func (g *Gateway) call(ctx context.Context, what string, r *request) (a answer, err error) {
	switch what {
	case "submit":
		if r.Task == nil {
			return a, fmt.Errorf("%w: none given", ErrTask)
		}
		a.ID, err = g.queue.Submit(ctx, *r.Task)
		return a, err
	case "claim":
		return g.claim(ctx, r)
	}
	g.mu.Lock()
	l := g.leases[r.Lease]
	g.mu.Unlock()
	switch {
	case l == nil:
		return a, fmt.Errorf("%w: number %d", ErrLost, r.Lease)
	case what == "extend":
		return a, g.queue.Extend(ctx, l)
	case what == "done":
		err = g.queue.Done(ctx, l, r.Result)
	case what == "fail":
		err = g.queue.Fail(ctx, l, r.Reason)
	default:
		return a, fmt.Errorf("%w: no call %q", ErrNone, what)
	}
	if err == nil || errors.Is(err, ErrLost) {
		g.mu.Lock()
		delete(g.leases, r.Lease)
		g.mu.Unlock()
	}
	return a, err
}

// claim waits for a task for claimTime. The answer is empty where none came.
func (g *Gateway) claim(ctx context.Context, r *request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, claimTime)
	defer cancel()
	l, err := g.queue.Claim(ctx, r.Worker, r.Kinds...)
	if errors.Is(err, context.DeadlineExceeded) {
		return answer{}, nil
	}
	if err != nil {
		return answer{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next++
	g.leases[g.next] = l
	return answer{ID: l.ID, Task: &l.Task, Lease: g.next, Attempt: l.Attempt, Delivery: l.Delivery}, nil
}

// A Remote is a queue behind a gateway.
type Remote struct {
	base, secret string
	client       *http.Client
}

// Dial returns the queue behind a gateway at base, "http://host:port". It does not connect yet.
func Dial(base, secret string) *Remote { return &Remote{base, secret, &http.Client{}} }

// post does one call.
func (q *Remote) post(ctx context.Context, what string, r *request) (a answer, err error) {
	body, err := json.Marshal(r)
	if err != nil {
		return a, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, q.base+"/"+what, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	req.Header.Set("Authorization", "Bearer "+q.secret)
	resp, err := q.client.Do(req)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	switch {
	case err != nil:
		return a, err
	case resp.StatusCode == http.StatusOK:
		return a, json.Unmarshal(b, &a)
	}
	text := strings.TrimSpace(string(b))
	if known := status[resp.StatusCode]; known != nil {
		return a, fmt.Errorf("%w%s", known, strings.TrimPrefix(text, known.Error()))
	}
	return a, fmt.Errorf("queue: gateway: %s: %s", resp.Status, text)
}

// Submit implements Queue.
func (q *Remote) Submit(ctx context.Context, t Task) (ID, error) {
	a, err := q.post(ctx, "submit", &request{Task: &t})
	return a.ID, err
}

// Claim implements Queue.
func (q *Remote) Claim(ctx context.Context, worker string, kinds ...string) (*Lease, error) {
	for {
		a, err := q.post(ctx, "claim", &request{Worker: worker, Kinds: kinds})
		if err != nil {
			return nil, err
		}
		if a.Task != nil {
			return &Lease{ID: a.ID, Task: *a.Task, Worker: worker, Attempt: a.Attempt, Delivery: a.Delivery, handle: a.Lease}, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

func (q *Remote) held(ctx context.Context, what string, l *Lease, r request) error {
	n, ok := l.handle.(uint64)
	if !ok {
		return fmt.Errorf("%w: not of this queue", ErrLost)
	}
	r.Lease = n
	_, err := q.post(ctx, what, &r)
	return err
}

// Extend implements Queue.
func (q *Remote) Extend(ctx context.Context, l *Lease) error {
	return q.held(ctx, "extend", l, request{})
}

// Done implements Queue.
func (q *Remote) Done(ctx context.Context, l *Lease, result []byte) error {
	return q.held(ctx, "done", l, request{Result: result})
}

// Fail implements Queue.
func (q *Remote) Fail(ctx context.Context, l *Lease, reason string) error {
	return q.held(ctx, "fail", l, request{Reason: reason})
}
