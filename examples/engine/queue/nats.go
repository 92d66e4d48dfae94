package queue

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Names on the server. A task is published to "assay.task.now.<kind>" if urgent, else "assay.task.any.<kind>"; its consumer is "now-<kind>"
// or "any-<kind>", so that a worker's capability is a filter of subjects, and permissions can be given by them.
const (
	tasksStream   = "ASSAY_TASKS"
	resultsStream = "ASSAY_RESULTS"
	deadStream    = "ASSAY_DEAD"
	bucket        = "assay-state" // t.<id> tasks, r.<id> results, d.<id> dead letters
	judgeName     = "judge"
	sextonName    = "sexton"
	wakeSubject   = "assay.wake"
)

// Headers of messages; Nats-Msg-Id is the server's own, by which it drops duplicates.
const (
	headerID       = "Assay-Task"
	headerDeadline = "Assay-Deadline"
	headerAttempt  = "Assay-Attempt"
	headerWorker   = "Assay-Worker"
	headerPassed   = "Assay-Passed"
)

// dedupWindow is how long the server remembers message ids. What comes later is caught by compare-and-set.
const dedupWindow = 2 * time.Minute

// callTime bounds one request to the server; requests are repeated until their context ends.
const callTime = 2 * time.Second

// pause is between a request that the server did not answer and the next.
const pause = 20 * time.Millisecond

// NATS is a queue on NATS JetStream, embedded or a cluster. It survives restarts of the server: calls in between wait.
type NATS struct {
	opt     Options
	nc      *nats.Conn
	js      jetstream.JetStream
	kv      jetstream.KeyValue
	results jetstream.Consumer
	letters jetstream.Consumer

	mu        sync.Mutex
	changed   chan struct{}
	consumers map[string]jetstream.Consumer
}

// A record is what the bucket holds of a task.
type record struct {
	Task    Task     `json:"task"`
	Attempt int      `json:"attempt"`
	Not     []string `json:"not,omitempty"`
}

// OpenNATS connects to the server at url and makes what is missing there. All that share a server must have the same options.
func OpenNATS(ctx context.Context, url string, opt *Options) (*NATS, error) {
	q := &NATS{opt: Options{opt.heartbeat(), opt.deliveries()}, changed: make(chan struct{}), consumers: map[string]jetstream.Consumer{}}
	var err error
	q.nc, err = nats.Connect(url, nats.Name("assay"), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ReconnectJitter(0, 0),
		nats.Timeout(callTime), nats.ReconnectHandler(func(*nats.Conn) { q.wake(nil) }), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		return nil, fmt.Errorf("queue: no NATS server at %s: %w", redact(url), err)
	}
	opening, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := q.open(opening); err != nil {
		q.nc.Close()
		return nil, fmt.Errorf("queue: %s: %w", redact(url), err)
	}
	return q, nil
}

// redact takes the secret out of a URL for messages.
func redact(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if at := strings.LastIndex(rest, "@"); ok && at >= 0 {
		return scheme + "://" + rest[at+1:]
	}
	return url
}

// open makes streams, bucket and the judge's consumers.
func (q *NATS) open(ctx context.Context) error {
	var err error
	if q.js, err = jetstream.New(q.nc); err != nil {
		return err
	}
	if _, err = q.nc.Subscribe(wakeSubject, q.wake); err != nil {
		return err
	}
	for _, s := range []jetstream.StreamConfig{
		{Name: tasksStream, Subjects: []string{"assay.task.>"}, Retention: jetstream.WorkQueuePolicy, Duplicates: dedupWindow},
		{Name: resultsStream, Subjects: []string{"assay.result.>"}, Retention: jetstream.WorkQueuePolicy, Duplicates: dedupWindow},
		{Name: deadStream, Subjects: []string{"$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES." + tasksStream + ".>"}, Retention: jetstream.WorkQueuePolicy},
	} {
		if err := q.try(ctx, func(ctx context.Context) error { _, err := q.js.CreateOrUpdateStream(ctx, s); return err }); err != nil {
			return fmt.Errorf("stream %s: %w", s.Name, err)
		}
	}
	err = q.try(ctx, func(ctx context.Context) error {
		q.kv, err = q.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: bucket})
		return err
	})
	if err != nil {
		return fmt.Errorf("bucket %s: %w", bucket, err)
	}
	if q.results, err = q.consumer(ctx, resultsStream, judgeName, "assay.result.>", max(30*time.Second, 3*q.opt.Heartbeat), -1); err != nil {
		return err
	}
	q.letters, err = q.consumer(ctx, deadStream, sextonName, "", 30*time.Second, -1)
	return err
}

func (q *NATS) consumer(ctx context.Context, stream, name, filter string, ackWait time.Duration, deliveries int) (c jetstream.Consumer, err error) {
	err = q.try(ctx, func(ctx context.Context) error {
		c, err = q.js.CreateOrUpdateConsumer(ctx, stream, jetstream.ConsumerConfig{Durable: name, FilterSubject: filter,
			AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxDeliver: deliveries})
		return err
	})
	return c, err
}

// wake tells the claims of this process to look again.
func (q *NATS) wake(*nats.Msg) {
	q.mu.Lock()
	defer q.mu.Unlock()
	close(q.changed)
	q.changed = make(chan struct{})
}

// try repeats f while the server is away, until ctx ends.
func (q *NATS) try(ctx context.Context, f func(ctx context.Context) error) error {
	for {
		call, cancel := context.WithTimeout(ctx, callTime)
		err := f(call)
		cancel()
		if err == nil || !transient(err) {
			return err
		}
		if q.nc.IsClosed() {
			return ErrClosed
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// ackTries is how often an acknowledgement is sent. The server answers none that it cannot place, such as one of a delivery that it forgot
// in a restart: whoever waited for that would wait for ever.
const ackTries = 3

// ack acknowledges a message. One whose acknowledgement was lost comes again, which whatever is done twice here can bear.
func (q *NATS) ack(ctx context.Context, m jetstream.Msg) error {
	for range ackTries {
		call, cancel := context.WithTimeout(ctx, callTime)
		err := m.DoubleAck(call)
		cancel()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !transient(err):
			return err
		}
	}
	return nil
}

// transient reports whether an error is of a server that is away or starting.
func transient(err error) bool {
	var api *jetstream.APIError
	if errors.As(err, &api) && api.Code == 503 {
		return true
	}
	for _, e := range []error{nats.ErrTimeout, nats.ErrNoResponders, nats.ErrDisconnected, nats.ErrConnectionReconnecting, nats.ErrStaleConnection,
		nats.ErrReconnectBufExceeded, jetstream.ErrNoStreamResponse, jetstream.ErrNoHeartbeat, context.DeadlineExceeded} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// get reads a JSON value of the bucket. Errors: ErrNone.
func (q *NATS) get(ctx context.Context, key string, v any) (revision uint64, err error) {
	err = q.try(ctx, func(ctx context.Context) error {
		e, err := q.kv.Get(ctx, key)
		if err != nil {
			return err
		}
		revision = e.Revision()
		return json.Unmarshal(e.Value(), v)
	})
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		err = fmt.Errorf("%w: %s", ErrNone, key)
	}
	return revision, err
}

// set writes a JSON value of the bucket if its revision is still the given one, 0 for none. It reports whether it was.
func (q *NATS) set(ctx context.Context, key string, revision uint64, v any) (bool, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return false, err
	}
	tries := 0
	err = q.try(ctx, func(ctx context.Context) error {
		tries++
		if revision == 0 {
			_, err := q.kv.Create(ctx, key, b)
			return err
		}
		_, err := q.kv.Update(ctx, key, b, revision)
		return err
	})
	var api *jetstream.APIError
	if !errors.Is(err, jetstream.ErrKeyExists) && (!errors.As(err, &api) || api.ErrorCode != jetstream.JSErrCodeStreamWrongLastSequence) {
		return err == nil, err
	}
	if tries > 1 { // the write may be ours, its answer lost
		var have json.RawMessage
		if _, err := q.get(ctx, key, &have); err == nil && string(have) == string(b) {
			return true, nil
		}
	}
	return false, nil
}

// publish puts an attempt of a task into its stream; the server drops a second one.
func (q *NATS) publish(ctx context.Context, id ID, r *record) error {
	class := "any."
	if r.Task.Urgent {
		class = "now."
	}
	m := nats.NewMsg("assay.task." + class + r.Task.Kind)
	m.Data = r.Task.Payload
	m.Header.Set(headerID, id.String())
	m.Header.Set(headerAttempt, strconv.Itoa(r.Attempt))
	if !r.Task.Deadline.IsZero() {
		m.Header.Set(headerDeadline, r.Task.Deadline.UTC().Format(time.RFC3339Nano))
	}
	messageID := id.String()
	if r.Attempt > 0 {
		messageID += "/" + strconv.Itoa(r.Attempt)
	}
	err := q.try(ctx, func(ctx context.Context) error {
		_, err := q.js.PublishMsg(ctx, m, jetstream.WithMsgID(messageID), jetstream.WithRetryAttempts(0))
		return err
	})
	if err != nil {
		return err
	}
	return q.nc.Publish(wakeSubject, nil)
}

// Submit implements Queue.
func (q *NATS) Submit(ctx context.Context, t Task) (ID, error) {
	if err := t.Check(); err != nil {
		return ID{}, err
	}
	id, r := t.ID(), &record{Task: t}
	created, err := q.set(ctx, "t."+id.String(), 0, r)
	if err != nil {
		return id, err
	}
	if created {
		return id, q.publish(ctx, id, r)
	}
	if _, err := q.Result(ctx, id); !errors.Is(err, ErrNone) {
		return id, err
	}
	if err := q.advisories(ctx); err != nil {
		return id, err
	}
	revision, err := q.get(ctx, "t."+id.String(), r)
	if err != nil {
		return id, err
	}
	dead, err := q.dead(ctx, id)
	if err != nil {
		return id, err
	}
	if dead {
		r.Attempt++
		r.Task.Deadline = t.Deadline
		if won, err := q.set(ctx, "t."+id.String(), revision, r); err != nil || !won {
			return id, err
		}
		if err := q.unbury(ctx, id); err != nil {
			return id, err
		}
	}
	return id, q.publish(ctx, id, r)
}

// dead reports whether there is a letter of a task.
func (q *NATS) dead(ctx context.Context, id ID) (bool, error) {
	var reason string
	_, err := q.get(ctx, "d."+id.String(), &reason)
	if errors.Is(err, ErrNone) {
		return false, nil
	}
	return err == nil, err
}

// unbury takes a task's letter away.
func (q *NATS) unbury(ctx context.Context, id ID) error {
	return q.try(ctx, func(ctx context.Context) error { return q.kv.Delete(ctx, "d."+id.String()) })
}

// Claim implements Queue. A new task wakes it; it looks by itself every half heartbeat for those that come again.
func (q *NATS) Claim(ctx context.Context, worker string, kinds ...string) (*Lease, error) {
	if err := checkClaim(worker, kinds); err != nil {
		return nil, err
	}
	for {
		q.mu.Lock()
		changed := q.changed
		q.mu.Unlock()
		for _, class := range []string{"now", "any"} {
			for _, kind := range kinds {
				l, err := q.take(ctx, worker, class, kind)
				if l != nil || err != nil {
					return l, err
				}
			}
		}
		if err := wait(ctx, changed, min(q.opt.Heartbeat/2, 500*time.Millisecond)); err != nil {
			return nil, err
		}
		if q.nc.IsClosed() {
			return nil, ErrClosed
		}
	}
}

// take gives out the first message of a subject that fits; nil if there is none.
func (q *NATS) take(ctx context.Context, worker, class, kind string) (*Lease, error) {
	name := class + "-" + kind
	q.mu.Lock()
	c := q.consumers[name]
	q.mu.Unlock()
	if c == nil {
		var err error
		if c, err = q.consumer(ctx, tasksStream, name, "assay.task."+class+"."+kind, 3*q.opt.Heartbeat, q.opt.Deliveries); err != nil {
			return nil, err
		}
		q.mu.Lock()
		q.consumers[name] = c
		q.mu.Unlock()
	}
	passed := false
	for ctx.Err() == nil {
		m := fetch(c, true)
		if m == nil {
			return nil, nil
		}
		l, reason := q.lease(m, kind)
		not, err := q.not(ctx, l, worker)
		switch {
		case err != nil:
			return nil, err
		case reason != "":
			if err := q.bury(ctx, m, l, reason); err != nil {
				return nil, err
			}
		case not:
			if err := q.pass(ctx, m); err != nil || passed {
				return nil, err
			}
			passed = true
		default:
			l.Worker = worker
			return l, nil
		}
	}
	return nil, ctx.Err()
}

// not reports whether a result of this worker was refuted. Only what was given out again can be such a task, and its record knows, too, of
// refusals after it was.
func (q *NATS) not(ctx context.Context, l *Lease, worker string) (bool, error) {
	if l == nil || l.Attempt == 0 {
		return false, nil
	}
	var r record
	_, err := q.get(ctx, "t."+l.ID.String(), &r)
	if errors.Is(err, ErrNone) {
		err = nil
	}
	return slices.Contains(r.Not, worker), err
}

// pass puts a task that this worker must not do behind the others. It is stored again before it is acknowledged.
func (q *NATS) pass(ctx context.Context, m jetstream.Msg) error {
	meta, err := m.Metadata()
	if err != nil {
		return err
	}
	again := nats.NewMsg(m.Subject())
	again.Data = m.Data()
	for k, v := range m.Headers() {
		again.Header[k] = v
	}
	again.Header.Set(headerPassed, "1")
	again.Header.Set(jetstream.MsgIDHeader, "pass/"+strconv.FormatUint(meta.Sequence.Stream, 10))
	err = q.try(ctx, func(ctx context.Context) error {
		_, err := q.js.PublishMsg(ctx, again, jetstream.WithRetryAttempts(0))
		return err
	})
	if err == nil {
		err = q.ack(ctx, m)
	}
	if err != nil && !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return err
	}
	if m.Headers().Get(headerPassed) != "" {
		return nil // the others were told
	}
	return q.nc.Publish(wakeSubject, nil)
}

// fetch returns the next message, nil if there is none or the server is away.
func fetch(c jetstream.Consumer, now bool) jetstream.Msg {
	var batch jetstream.MessageBatch
	var err error
	if now {
		batch, err = c.FetchNoWait(1)
	} else {
		batch, err = c.Fetch(1, jetstream.FetchMaxWait(500*time.Millisecond))
	}
	if err != nil {
		return nil
	}
	return <-batch.Messages()
}

// lease reads a message. A reason says why it must not be worked on; the lease is nil where it is no task at all.
func (q *NATS) lease(m jetstream.Msg, kind string) (l *Lease, reason string) {
	h := m.Headers()
	t := Task{Kind: kind, Payload: m.Data(), Urgent: strings.HasPrefix(m.Subject(), "assay.task.now.")}
	id := t.ID()
	attempt, err := strconv.Atoi(h.Get(headerAttempt))
	meta, metaErr := m.Metadata()
	if err != nil || metaErr != nil || h.Get(headerID) != id.String() {
		return nil, "malformed message"
	}
	l = &Lease{ID: id, Task: t, Attempt: attempt, Delivery: int(meta.NumDelivered), handle: m}
	if text := h.Get(headerDeadline); text != "" {
		if l.Deadline, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return l, "malformed deadline"
		}
		if time.Now().After(l.Deadline) {
			return l, "deadline passed"
		}
	}
	return l, ""
}

// bury ends a message's life, with a letter where it is a task.
func (q *NATS) bury(ctx context.Context, m jetstream.Msg, l *Lease, reason string) error {
	if l != nil {
		b, err := json.Marshal(reason)
		if err != nil {
			return err
		}
		err = q.try(ctx, func(ctx context.Context) error { _, err := q.kv.Put(ctx, "d."+l.ID.String(), b); return err })
		if err != nil {
			return err
		}
	}
	return m.TermWithReason(reason)
}

// message returns the message behind a lease.
func message(l *Lease) (jetstream.Msg, error) {
	if m, ok := l.handle.(jetstream.Msg); ok {
		return m, nil
	}
	return nil, fmt.Errorf("%w: not of this queue", ErrLost)
}

// Extend implements Queue. The server does not say whether the lease was still held.
func (q *NATS) Extend(_ context.Context, l *Lease) error {
	m, err := message(l)
	if err != nil {
		return err
	}
	if err = m.InProgress(); errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		err = ErrLost
	}
	return err
}

// Done implements Queue: the result is stored before the task is acknowledged.
func (q *NATS) Done(ctx context.Context, l *Lease, result []byte) error {
	m, err := message(l)
	if err != nil {
		return err
	}
	if err := checkResult(result); err != nil {
		return err
	}
	out := nats.NewMsg("assay.result." + l.ID.String())
	out.Data = result
	out.Header.Set(headerWorker, l.Worker)
	out.Header.Set(headerAttempt, strconv.Itoa(l.Attempt))
	sum := (&Task{Kind: l.Worker, Payload: result}).ID()
	once := l.ID.String() + "/" + strconv.Itoa(l.Attempt) + "/" + strconv.Itoa(l.Delivery) + "/" + hex.EncodeToString(sum[:16])
	err = q.try(ctx, func(ctx context.Context) error {
		_, err := q.js.PublishMsg(ctx, out, jetstream.WithMsgID(once), jetstream.WithRetryAttempts(0))
		return err
	})
	if err != nil {
		return err
	}
	err = q.ack(ctx, m)
	if errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return ErrLost
	}
	return err
}

// Fail implements Queue.
func (q *NATS) Fail(ctx context.Context, l *Lease, reason string) error {
	m, err := message(l)
	if err != nil {
		return err
	}
	if l.Delivery >= q.opt.Deliveries {
		err = q.bury(ctx, m, l, reason)
	} else {
		err = m.Nak()
	}
	if errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return ErrLost
	}
	if err == nil {
		err = q.nc.Publish(wakeSubject, nil)
	}
	return err
}

// Close closes the connection; the server keeps everything.
func (q *NATS) Close() error {
	q.nc.Close()
	q.wake(nil)
	return nil
}
