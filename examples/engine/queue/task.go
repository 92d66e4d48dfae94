package queue

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// MaxBytes bounds the payload of a task and the bytes of a result.
const MaxBytes = 512 << 10

// Errors of a queue.
var (
	ErrTask   = errors.New("queue: impossible task")
	ErrLost   = errors.New("queue: the lease is lost")
	ErrNone   = errors.New("queue: no such task or result")
	ErrClosed = errors.New("queue: closed")
)

// A Task is what is to be done. Kind names the capability a worker needs, and the function; Payload is all that the
// function depends on.
type Task struct {
	Kind     string    `json:"kind"` // 1 to 32 of a-z, 0-9 and '-'
	Payload  []byte    `json:"payload"`
	Deadline time.Time `json:"deadline,omitzero"` // after it the task is dropped; zero for none
	Urgent   bool      `json:"urgent,omitempty"`  // taken before all that are not
}

// An ID is the hash of a task's kind and payload. Deadline and urgency are not part of it.
type ID [32]byte

// String returns the id in hexadecimal.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText returns the id in hexadecimal.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText returns. Errors: ErrTask.
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) != 64 {
		return fmt.Errorf("%w: an id of %d digits, want 64", ErrTask, len(text))
	}
	if _, err := hex.Decode(id[:], text); err != nil {
		return fmt.Errorf("%w: id: %w", ErrTask, err)
	}
	return nil
}

// ID returns the task's name: SHA-256 of "assay task 1\n", the kind's length in 4 bytes big-endian, the kind and the payload.
func (t *Task) ID() ID {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint32([]byte("assay task 1\n"), uint32(len(t.Kind))))
	h.Write([]byte(t.Kind))
	h.Write(t.Payload)
	return ID(h.Sum(nil))
}

// Check refuses tasks that no queue carries. Errors: ErrTask.
func (t *Task) Check() error {
	if err := checkName("kind", t.Kind); err != nil {
		return err
	}
	if len(t.Payload) > MaxBytes {
		return fmt.Errorf("%w: a payload of %d bytes, at most %d", ErrTask, len(t.Payload), MaxBytes)
	}
	return nil
}

// checkName refuses names of kinds and workers that are no token of a subject.
func checkName(what, s string) error {
	if len(s) < 1 || len(s) > 32 {
		return fmt.Errorf("%w: a %s of %d letters, want 1 to 32", ErrTask, what, len(s))
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return fmt.Errorf("%w: %s %q has other letters than a-z, 0-9 and '-'", ErrTask, what, s)
		}
	}
	return nil
}

// A Lease is a task in a worker's hands. Its fields are for reading.
type Lease struct {
	ID
	Task
	Worker   string
	Attempt  int // how often the task was given out anew because a result was refuted
	Delivery int // how often this attempt was given out, from 1
	handle   any
}

// A Proposal is a result that waits for judgement. Its fields are for reading.
type Proposal struct {
	ID
	Task
	Worker string
	Result []byte
	handle any
}

// A Result is one that was judged right.
type Result struct {
	Worker string `json:"worker"`
	Bytes  []byte `json:"bytes"`
}

// A Letter is a task that was given up.
type Letter struct {
	ID
	Task
	Reason string
}

// Queue is a worker's and a submitter's view. All methods may be called from several goroutines and processes.
type Queue interface {
	// Submit puts a task in, once: a task that is there, or has a result, is left as it is. A dead one gets a new life.
	Submit(ctx context.Context, t Task) (ID, error)

	// Claim waits for a task of one of the kinds, urgent ones first. Tasks whose deadline has passed, and those of which a result
	// of this worker was refuted, are not given. It ends with ctx.
	Claim(ctx context.Context, worker string, kinds ...string) (*Lease, error)

	// Extend is the heartbeat: it holds the lease for three more of Options.Heartbeat. Errors: ErrLost, where it is known.
	Extend(ctx context.Context, l *Lease) error

	// Done proposes a result and gives the lease back.
	Done(ctx context.Context, l *Lease, result []byte) error

	// Fail gives the lease back without a result; the task is given out again, or is dead after its last delivery.
	Fail(ctx context.Context, l *Lease, reason string) error
}

// Court is the judge's view of a queue.
type Court interface {
	// Proposed waits for a result to judge. One that is not judged comes again.
	Proposed(ctx context.Context) (*Proposal, error)

	// Accept sets the result by compare-and-set. It reports whether it was the first; a later one has no effect.
	Accept(ctx context.Context, p *Proposal) (first bool, err error)

	// Refute drops the result and, if the task has none, gives the task out again, never to the same worker.
	Refute(ctx context.Context, p *Proposal) error

	// Result returns the result of a task. Errors: ErrNone while there is none.
	Result(ctx context.Context, id ID) (Result, error)

	// Dead returns the dead letters, by id.
	Dead(ctx context.Context) ([]Letter, error)
}

// A Backend is a whole queue.
type Backend interface {
	Queue
	Court
	Close() error
}

// Options are the knobs of a queue. nil and the zero value are fine.
type Options struct {
	Heartbeat  time.Duration // of a worker, three lost ones lose the lease; default 1 s
	Deliveries int           // of a task before it is dead; default 10
}

func (o *Options) heartbeat() time.Duration {
	if o == nil || o.Heartbeat <= 0 {
		return time.Second
	}
	return o.Heartbeat
}

func (o *Options) deliveries() int {
	if o == nil || o.Deliveries <= 0 {
		return 10
	}
	return o.Deliveries
}

func checkClaim(worker string, kinds []string) error {
	if err := checkName("worker", worker); err != nil {
		return err
	}
	if len(kinds) == 0 {
		return fmt.Errorf("%w: a claim of no kinds", ErrTask)
	}
	for _, k := range kinds {
		if err := checkName("kind", k); err != nil {
			return err
		}
	}
	return nil
}

func checkResult(result []byte) error {
	if len(result) > MaxBytes {
		return fmt.Errorf("%w: a result of %d bytes, at most %d", ErrTask, len(result), MaxBytes)
	}
	return nil
}

// Work claims tasks and does them until ctx ends: it sends heartbeats while do runs, proposes what do returns and fails the
// lease on do's error. It returns ctx.Err(), or the error that made the queue unusable.
func Work(ctx context.Context, q Queue, worker string, kinds []string, heartbeat time.Duration, do func(ctx context.Context, l *Lease) ([]byte, error)) error {
	for {
		l, err := q.Claim(ctx, worker, kinds...)
		if err != nil {
			return err
		}
		if err := one(ctx, q, l, heartbeat, do); err != nil && !errors.Is(err, ErrLost) {
			return err
		}
	}
}

// one does one task.
func one(ctx context.Context, q Queue, l *Lease, heartbeat time.Duration, do func(ctx context.Context, l *Lease) ([]byte, error)) error {
	work, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(heartbeat)
		defer tick.Stop()
		for {
			select {
			case <-work.Done():
				return
			case <-tick.C:
				if errors.Is(q.Extend(work, l), ErrLost) {
					cancel()
				}
			}
		}
	}()
	result, err := do(work, l)
	cancel()
	<-stopped
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		if err = q.Done(ctx, l, result); !errors.Is(err, ErrTask) {
			return err
		}
		// A result that no queue carries fails the task, not the worker.
	}
	return q.Fail(ctx, l, err.Error())
}

// sortLetters puts letters in order of their ids.
func sortLetters(letters []Letter) []Letter {
	slices.SortFunc(letters, func(a, b Letter) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return letters
}
