package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// A pending proposal is a message of the results' stream.
type pending struct {
	msg     jetstream.Msg
	attempt int
}

// Proposed implements Court. Messages that are no result of a task that was submitted are dropped.
func (q *NATS) Proposed(ctx context.Context) (*Proposal, error) {
	for ctx.Err() == nil {
		if q.nc.IsClosed() {
			return nil, ErrClosed
		}
		m := fetch(q.results, false)
		if m == nil { // at once, where the server has no such consumer
			if err := wait(ctx, nil, pause); err != nil {
				return nil, err
			}
			continue
		}
		p, err := q.proposal(ctx, m)
		switch {
		case err == nil:
			return p, nil
		case !errors.Is(err, ErrTask) && !errors.Is(err, ErrNone):
			return nil, err
		}
		if err := m.TermWithReason(err.Error()); err != nil {
			return nil, err
		}
	}
	return nil, ctx.Err()
}

// proposal reads a message. Errors: ErrTask or ErrNone for one that is no result.
func (q *NATS) proposal(ctx context.Context, m jetstream.Msg) (*Proposal, error) {
	p := &Proposal{Worker: m.Headers().Get(headerWorker), Result: m.Data()}
	if err := p.ID.UnmarshalText([]byte(strings.TrimPrefix(m.Subject(), "assay.result."))); err != nil {
		return nil, err
	}
	attempt, err := strconv.Atoi(m.Headers().Get(headerAttempt))
	if err != nil {
		return nil, fmt.Errorf("%w: attempt: %w", ErrTask, err)
	}
	if err := errors.Join(checkName("worker", p.Worker), checkResult(p.Result)); err != nil {
		return nil, err
	}
	var r record
	if _, err := q.get(ctx, "t."+p.ID.String(), &r); err != nil {
		return nil, err
	}
	p.Task, p.handle = r.Task, pending{m, attempt}
	return p, nil
}

func unjudged(p *Proposal) (pending, error) {
	if h, ok := p.handle.(pending); ok {
		return h, nil
	}
	return pending{}, fmt.Errorf("%w: proposal not of this queue", ErrNone)
}

// Accept implements Court.
func (q *NATS) Accept(ctx context.Context, p *Proposal) (bool, error) {
	h, err := unjudged(p)
	if err != nil {
		return false, err
	}
	first, err := q.set(ctx, "r."+p.ID.String(), 0, Result{p.Worker, p.Result})
	if err != nil {
		return false, err
	}
	return first, q.settle(ctx, h)
}

// settle acknowledges a judged proposal.
func (q *NATS) settle(ctx context.Context, h pending) error {
	err := q.ack(ctx, h.msg)
	if errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return nil
	}
	return err
}

// Refute implements Court. The record is changed before the task is published again and both before the proposal is
// settled, so that a judge that dies in between is followed by one that does the rest.
func (q *NATS) Refute(ctx context.Context, p *Proposal) error {
	h, err := unjudged(p)
	if err != nil {
		return err
	}
	for {
		var r record
		revision, err := q.get(ctx, "t."+p.ID.String(), &r)
		if err != nil {
			return err
		}
		if !slices.Contains(r.Not, p.Worker) {
			r.Not = append(r.Not, p.Worker)
		}
		if h.attempt == r.Attempt {
			r.Attempt++
		}
		won, err := q.set(ctx, "t."+p.ID.String(), revision, &r)
		if err != nil {
			return err
		}
		if !won {
			continue
		}
		if _, err := q.Result(ctx, p.ID); errors.Is(err, ErrNone) {
			if err = q.revive(ctx, p.ID, &r); err != nil {
				return err
			}
		} else if err != nil {
			return err
		}
		return q.settle(ctx, h)
	}
}

// revive gives the next attempt of a task out.
func (q *NATS) revive(ctx context.Context, id ID, r *record) error {
	dead, err := q.dead(ctx, id)
	if err == nil && dead {
		err = q.unbury(ctx, id)
	}
	if err != nil {
		return err
	}
	return q.publish(ctx, id, r)
}

// Result implements Court.
func (q *NATS) Result(ctx context.Context, id ID) (Result, error) {
	var r Result
	_, err := q.get(ctx, "r."+id.String(), &r)
	return r, err
}

// Dead implements Court. Tasks whose last worker died are known from the server's advisories, which a stream keeps.
func (q *NATS) Dead(ctx context.Context) ([]Letter, error) {
	if err := q.advisories(ctx); err != nil {
		return nil, err
	}
	var keys []string
	err := q.try(ctx, func(ctx context.Context) error {
		keys = keys[:0]
		l, err := q.kv.ListKeysFiltered(ctx, "d.*")
		if err != nil {
			return err
		}
		for k := range l.Keys() {
			keys = append(keys, k)
		}
		return nil
	})
	if err != nil && !errors.Is(err, jetstream.ErrNoKeysFound) {
		return nil, err
	}
	var out []Letter
	for _, k := range keys {
		var l Letter
		var r record
		if err := l.ID.UnmarshalText([]byte(strings.TrimPrefix(k, "d."))); err != nil {
			continue
		}
		if _, err := q.Result(ctx, l.ID); err == nil {
			continue
		}
		_, err := q.get(ctx, k, &l.Reason)
		if err == nil {
			_, err = q.get(ctx, "t."+l.ID.String(), &r)
		}
		if errors.Is(err, ErrNone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		l.Task = r.Task
		out = append(out, l)
	}
	return sortLetters(out), nil
}

// advisories turns the server's notices of tasks delivered for the last time into dead letters.
func (q *NATS) advisories(ctx context.Context) error {
	for m := fetch(q.letters, true); m != nil; m = fetch(q.letters, true) {
		var a struct {
			Sequence   uint64 `json:"stream_seq"`
			Deliveries int    `json:"deliveries"`
		}
		if err := json.Unmarshal(m.Data(), &a); err != nil {
			return fmt.Errorf("queue: advisory: %w", err)
		}
		b, err := json.Marshal(fmt.Sprintf("no heartbeat in delivery %d, the last", a.Deliveries))
		if err != nil {
			return err
		}
		if err := q.try(ctx, func(ctx context.Context) error { return q.letter(ctx, a.Sequence, b) }); err != nil {
			return err
		}
		if err := q.ack(ctx, m); err != nil && !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
			return err
		}
	}
	return nil
}

// letter puts a message's task among the dead and takes the message out of its stream. One that is gone needs no letter.
func (q *NATS) letter(ctx context.Context, sequence uint64, reason []byte) error {
	stream, err := q.js.Stream(ctx, tasksStream)
	if err != nil {
		return err
	}
	raw, err := stream.GetMsg(ctx, sequence)
	if err == nil {
		if _, err = q.kv.Put(ctx, "d."+raw.Header.Get(headerID), reason); err == nil {
			err = stream.DeleteMsg(ctx, sequence)
		}
	}
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	return err
}
