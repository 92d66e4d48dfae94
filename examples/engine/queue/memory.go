package queue

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Memory is a queue in the memory of one process.
type Memory struct {
	opt Options

	mu        sync.Mutex
	changed   chan struct{} // closed and replaced at every change
	tasks     map[ID]*entry
	held      map[ID]*entry // those with a holder
	waiting   [2][]ID       // urgent ones, others
	proposals []*Proposal
	closed    bool
}

// An entry is a task and what became of it.
type entry struct {
	task     Task
	attempt  int
	delivery int
	not      []string // workers whose results were refuted
	holder   *Lease
	queued   bool
	until    time.Time // end of the holder's lease
	result   *Result
	dead     string // the reason
}

// NewMemory returns an empty queue.
func NewMemory(opt *Options) *Memory {
	return &Memory{opt: Options{opt.heartbeat(), opt.deliveries()}, changed: make(chan struct{}), tasks: map[ID]*entry{}, held: map[ID]*entry{}}
}

// wake tells all that wait to look again. It is called with the lock held.
func (m *Memory) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *Memory) push(id ID, e *entry) {
	class := 1
	if e.task.Urgent {
		class = 0
	}
	m.waiting[class] = append(m.waiting[class], id)
	e.queued = true
}

// release ends an entry's lease.
func (m *Memory) release(id ID, e *entry) {
	e.holder = nil
	delete(m.held, id)
}

// Submit implements Queue.
func (m *Memory) Submit(_ context.Context, t Task) (ID, error) {
	if err := t.Check(); err != nil {
		return ID{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(time.Now())
	id := t.ID()
	e := m.tasks[id]
	switch {
	case m.closed:
		return ID{}, ErrClosed
	case e == nil:
		e = &entry{task: t}
		e.task.Payload = slices.Clone(t.Payload)
		m.tasks[id] = e
	case e.dead == "":
		return id, nil
	default:
		e.dead, e.delivery, e.task.Deadline = "", 0, t.Deadline
	}
	m.push(id, e)
	m.wake()
	return id, nil
}

// expire takes lapsed leases back. It returns when to look again.
func (m *Memory) expire(now time.Time) time.Time {
	next := now.Add(time.Minute)
	for id, e := range m.held {
		if now.Before(e.until) {
			if e.until.Before(next) {
				next = e.until
			}
			continue
		}
		m.release(id, e)
		m.again(id, e, fmt.Sprintf("no heartbeat in delivery %d, the last", e.delivery))
	}
	return next
}

// again gives a task out once more, or buries it after its last delivery. One that has its result rests.
func (m *Memory) again(id ID, e *entry, reason string) {
	switch {
	case e.result != nil:
	case e.delivery >= m.opt.Deliveries:
		e.dead = reason
	default:
		m.push(id, e)
	}
	m.wake()
}

// Claim implements Queue.
func (m *Memory) Claim(ctx context.Context, worker string, kinds ...string) (*Lease, error) {
	if err := checkClaim(worker, kinds); err != nil {
		return nil, err
	}
	for {
		m.mu.Lock()
		now := time.Now()
		next := m.expire(now)
		l, closed, changed := m.take(worker, kinds, now), m.closed, m.changed
		m.mu.Unlock()
		if closed {
			return nil, ErrClosed
		}
		if l != nil {
			return l, nil
		}
		if err := wait(ctx, changed, next.Sub(now)); err != nil {
			return nil, err
		}
	}
}

// wait ends at a change, after a time, or with ctx and its error.
func wait(ctx context.Context, changed <-chan struct{}, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-timer.C:
	}
	return nil
}

// take gives out the first waiting task that fits, nil if there is none.
func (m *Memory) take(worker string, kinds []string, now time.Time) *Lease {
	for class := range m.waiting {
		for i := 0; i < len(m.waiting[class]); i++ {
			id := m.waiting[class][i]
			e := m.tasks[id]
			if !slices.Contains(kinds, e.task.Kind) || slices.Contains(e.not, worker) {
				continue
			}
			m.waiting[class] = slices.Delete(m.waiting[class], i, i+1)
			e.queued = false
			if !e.task.Deadline.IsZero() && now.After(e.task.Deadline) {
				e.dead = "deadline passed"
				i--
				continue
			}
			e.delivery++
			e.until = now.Add(3 * m.opt.Heartbeat)
			e.holder = &Lease{ID: id, Task: e.task, Worker: worker, Attempt: e.attempt, Delivery: e.delivery}
			m.held[id] = e
			return e.holder
		}
	}
	return nil
}

// current returns the entry of a lease, ErrLost if the lease is not the current one.
func (m *Memory) current(l *Lease) (*entry, error) {
	if m.closed {
		return nil, ErrClosed
	}
	m.expire(time.Now())
	e := m.tasks[l.ID]
	if e == nil || e.holder != l {
		return e, ErrLost
	}
	return e, nil
}

// Extend implements Queue.
func (m *Memory) Extend(_ context.Context, l *Lease) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, err := m.current(l)
	if err == nil {
		e.until = time.Now().Add(3 * m.opt.Heartbeat)
	}
	return err
}

// Done implements Queue. A result whose lease was lost is proposed all the same.
func (m *Memory) Done(_ context.Context, l *Lease, result []byte) error {
	if err := checkResult(result); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e, err := m.current(l)
	if e == nil {
		return err
	}
	if err == nil {
		m.release(l.ID, e)
	}
	m.proposals = append(m.proposals, &Proposal{ID: l.ID, Task: e.task, Worker: l.Worker, Result: slices.Clone(result), handle: l.Attempt})
	m.wake()
	return nil
}

// Fail implements Queue.
func (m *Memory) Fail(_ context.Context, l *Lease, reason string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, err := m.current(l)
	if err != nil {
		return err
	}
	m.release(l.ID, e)
	m.again(l.ID, e, reason)
	return nil
}

// Proposed implements Court. What is not judged does not come again here: queue and judge end together.
func (m *Memory) Proposed(ctx context.Context) (*Proposal, error) {
	for {
		m.mu.Lock()
		changed, closed := m.changed, m.closed
		var p *Proposal
		if len(m.proposals) > 0 {
			p, m.proposals = m.proposals[0], m.proposals[1:]
		}
		m.mu.Unlock()
		if closed {
			return nil, ErrClosed
		}
		if p != nil {
			return p, nil
		}
		if err := wait(ctx, changed, time.Minute); err != nil {
			return nil, err
		}
	}
}

// Accept implements Court.
func (m *Memory) Accept(_ context.Context, p *Proposal) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.tasks[p.ID]
	if e == nil {
		return false, ErrNone
	}
	if e.result != nil {
		return false, nil
	}
	e.result = &Result{p.Worker, p.Result}
	e.dead = ""
	m.drop(p.ID)
	m.wake()
	return true, nil
}

// drop takes a task from those that wait.
func (m *Memory) drop(id ID) {
	e := m.tasks[id]
	if !e.queued {
		return
	}
	e.queued = false
	for class := range m.waiting {
		m.waiting[class] = slices.DeleteFunc(m.waiting[class], func(x ID) bool { return x == id })
	}
}

// Refute implements Court.
func (m *Memory) Refute(_ context.Context, p *Proposal) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.tasks[p.ID]
	if e == nil {
		return ErrNone
	}
	if !slices.Contains(e.not, p.Worker) {
		e.not = append(e.not, p.Worker)
	}
	if p.handle == e.attempt {
		e.attempt++
	}
	if e.result == nil && e.holder == nil {
		m.drop(p.ID)
		e.delivery, e.dead = 0, ""
		m.push(p.ID, e)
	}
	m.wake()
	return nil
}

// Result implements Court.
func (m *Memory) Result(_ context.Context, id ID) (Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.tasks[id]; e != nil && e.result != nil {
		return *e.result, nil
	}
	return Result{}, fmt.Errorf("%w: %s", ErrNone, id)
}

// Dead implements Court.
func (m *Memory) Dead(context.Context) ([]Letter, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(time.Now())
	var out []Letter
	for id, e := range m.tasks {
		if e.dead != "" {
			out = append(out, Letter{id, e.task, e.dead})
		}
	}
	return sortLetters(out), nil
}

// Close ends the queue: whoever submits, works or waits gets ErrClosed. Results can still be read.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.wake()
	return nil
}
