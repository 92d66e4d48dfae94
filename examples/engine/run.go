package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/assaylab/assay/examples/compute/verify"
	"github.com/assaylab/assay/examples/engine/blob"
	"github.com/assaylab/assay/examples/engine/queue"
	"github.com/assaylab/assay/examples/internal/carrier"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

// strikes is how many refuted results a worker may send before it is sent away.
const strikes = 3

// limit is how long a run may take.
const limit = 110 * time.Second

// A demo is one run: the coordinator's side of it.
type demo struct {
	settings
	out       io.Writer
	random    *mathrand.ChaCha8
	queue     *carrier.Carrier
	bench     bench
	blobs     blob.Store
	processes []*process

	tasks      map[queue.ID]*queue.Task
	effects    map[queue.ID]int
	results    map[queue.ID][]byte
	proven     []sealTask
	kept       int // results of an earlier run
	duplicates int
	strikes    map[string]int
	restarted  int // results accepted before the server's restart
}

func run(ctx context.Context, s settings, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], s.seed)
	d := &demo{settings: s, out: out, random: mathrand.NewChaCha8(seed), tasks: map[queue.ID]*queue.Task{}, effects: map[queue.ID]int{},
		results: map[queue.ID][]byte{}, strikes: map[string]int{}, restarted: -1}
	closing, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer closing()
	if err := d.submitAll(ctx); err != nil {
		return err
	}
	begin := time.Now()
	if err := d.workers(ctx); err != nil {
		return err
	}
	if err := d.judgeAll(ctx); err != nil {
		return err
	}
	took := time.Since(begin)
	for _, p := range d.processes {
		p.Stop()
	}
	if err := d.report(ctx, took); err != nil {
		return err
	}
	return d.throughput(ctx)
}

// open starts blob server and queue.
func (d *demo) open(ctx context.Context) (closing func(), err error) {
	address, stop, err := carrier.Serve(&d.blobs)
	if err != nil {
		return nil, err
	}
	d.bench.blobs = []string{"http://" + address}
	start := time.Now()
	if d.queue, err = d.Settings.Open(ctx, &options); err != nil {
		stop()
		return nil, err
	}
	switch {
	case d.Engine == "memory":
		fmt.Fprintln(d.out, "queue: in memory, to the workers over HTTP")
	case d.queue.Server != nil:
		fmt.Fprintf(d.out, "queue: NATS JetStream in this process, started in %v\n", time.Since(start).Round(time.Millisecond))
	}
	return func() {
		for _, p := range d.processes {
			p.Stop()
		}
		d.queue.Close()
		stop()
	}, nil
}

// draw returns the next 32 bytes of the run's randomness, as a field element.
func (d *demo) draw() (x [32]byte) {
	d.random.Read(x[:])
	x[31] &= 0x3f
	return x
}

// submit puts a task of a payload in.
func (d *demo) submit(ctx context.Context, kind string, x any, urgent bool) error {
	t, err := newTask(kind, x)
	if err != nil {
		return err
	}
	t.Urgent, t.Deadline = urgent, time.Now().Add(limit)
	id, err := d.queue.Submit(ctx, t)
	if err != nil {
		return err
	}
	d.tasks[id] = &t
	r, err := d.queue.Result(ctx, id)
	if errors.Is(err, queue.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	d.kept++
	return d.take(ctx, id, r.Bytes)
}

// submitAll puts in all tasks that wait for no other.
func (d *demo) submitAll(ctx context.Context) error {
	for i := range d.sectors {
		data := make([]byte, 2032)
		d.random.Read(data)
		ref, err := d.blobs.Add(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return err
		}
		commP, err := piece.Sum(ctx, bytes.NewReader(data), nil)
		if err != nil {
			return err
		}
		s := sealTask{Number: sector.Number(i + 1), Ticket: d.draw(), Data: ref, CommD: sector.CommD(commP.CommP)}
		if err := d.submit(ctx, kindLabel, s, false); err != nil {
			return err
		}
	}
	for range d.products {
		if err := d.submit(ctx, kindProduct, productTask{d.draw(), d.draw(), 192}, false); err != nil {
			return err
		}
	}
	for range d.epochs {
		if err := d.submit(ctx, kindScore, scoreTask{d.random.Uint64(), 256, 64, 48}, false); err != nil {
			return err
		}
	}
	return nil
}

// total is the number of tasks of the run.
func (d *demo) total() int { return 3*d.sectors + 1 + d.products + d.epochs }

// workers starts the processes: those that do wrong first, so that each of them has a task. What an earlier run left to do, which may be
// less than a task for each, is for two that do right.
func (d *demo) workers(ctx context.Context) error {
	if d.kept > 0 {
		for _, name := range []string{"a", "b"} {
			if _, err := d.start(ctx, name, ""); err != nil {
				return err
			}
		}
		return nil
	}
	var starting []*process
	for _, w := range [][2]string{{"a", cheatHang}, {"b", cheatStall}, {"c", cheatWrong}} {
		p, err := d.start(ctx, w[0], w[1])
		if err != nil {
			return err
		}
		starting = append(starting, p)
	}
	for _, p := range starting {
		if err := p.working(ctx); err != nil {
			return err
		}
	}
	starting[0].Kill()
	fmt.Fprintln(d.out, "worker a: killed in mid-task")
	if _, err := d.start(ctx, "b", ""); err != nil {
		return err
	}
	fmt.Fprintln(d.out, "worker b: runs twice; one of the two sends no heartbeats and answers when its task has another's result")
	return nil
}

// judgeAll verifies results until every task has one and the late answer has come, too.
func (d *demo) judgeAll(ctx context.Context) error {
	for len(d.results) < d.total() || d.duplicates == 0 && d.kept == 0 {
		p, err := d.queue.Proposed(ctx)
		if err != nil {
			letters, _ := d.queue.Dead(context.WithoutCancel(ctx))
			return fmt.Errorf("%d of %d tasks done, %d dead: %w", len(d.results), d.total(), len(letters), err)
		}
		err = d.bench.judge(ctx, &p.Task, p.Result)
		switch {
		case errors.Is(err, verify.ErrProof):
			err = d.refute(ctx, p, err)
		case err == nil:
			err = d.accept(ctx, p)
		}
		if err != nil {
			return err
		}
		if d.queue.Server != nil && d.restarted < 0 && len(d.results) >= d.total()/2 {
			d.restarted = len(d.results)
			start := time.Now()
			if err := d.queue.Server.Restart(); err != nil {
				return err
			}
			fmt.Fprintf(d.out, "server: restarted after %d of %d results, away for %v\n", d.restarted, d.total(), time.Since(start).Round(time.Millisecond))
		}
	}
	return nil
}

// refute names the worker of wrong bytes, and sends it away when it has done so too often.
func (d *demo) refute(ctx context.Context, p *queue.Proposal, reason error) error {
	d.strikes[p.Worker]++
	fmt.Fprintf(d.out, "worker %s: wrong bytes for %s %.8s (%v)\n", p.Worker, p.Kind, p.ID.String(), reason)
	if d.strikes[p.Worker] == strikes {
		for _, w := range d.processes {
			if w.name == p.Worker {
				w.Kill()
			}
		}
		fmt.Fprintf(d.out, "worker %s: sent away after %d wrong results\n", p.Worker, strikes)
	}
	return d.queue.Refute(ctx, p)
}

// accept lets a result take effect, if it is the first.
func (d *demo) accept(ctx context.Context, p *queue.Proposal) error {
	first, err := d.queue.Accept(ctx, p)
	if err != nil {
		return err
	}
	if !first {
		d.duplicates++
		return nil
	}
	for _, w := range d.processes {
		if w.cheat == cheatStall && w.task == p.ID.String() {
			if err := w.answer(); err != nil {
				return fmt.Errorf("worker %s: %w", w.name, err)
			}
		}
	}
	if d.tasks[p.ID] == nil {
		return nil // of an earlier run
	}
	return d.take(ctx, p.ID, p.Result)
}

// take is the effect of a result: the next phase.
func (d *demo) take(ctx context.Context, id queue.ID, result []byte) error {
	d.effects[id]++
	d.results[id] = result
	t := d.tasks[id]
	if t.Kind != kindLabel && t.Kind != kindCommit && t.Kind != kindProve {
		return nil
	}
	s, err := payload[sealTask](t)
	if err != nil {
		return err
	}
	switch t.Kind {
	case kindLabel:
		if s.Layers, err = d.blobs.Add(bytes.NewReader(result), int64(len(result))); err != nil {
			return err
		}
		return d.submit(ctx, kindCommit, s, false)
	case kindCommit:
		s.CommR, s.Seed = sector.CommR(result), sector.Seed(sha(result))
		return d.submit(ctx, kindProve, s, false)
	}
	d.proven = append(d.proven, s)
	if len(d.proven) < d.sectors {
		return nil
	}
	p := postTask{Randomness: post.Randomness(sha([]byte("window post"))), Sectors: sorted(d.proven)}
	return d.submit(ctx, kindPost, p, true)
}

// throughput measures tasks that do nothing, so that all their time is the queue's.
func (d *demo) throughput(ctx context.Context) error {
	m := queue.NewMemory(nil)
	defer m.Close()
	if err := d.measure(ctx, "memory", m, 5000); err != nil || d.Engine == "memory" {
		return err
	}
	return d.measure(ctx, "nats", d.queue, 500)
}

func (d *demo) measure(ctx context.Context, name string, q queue.Backend, n int) error {
	const kind = "nothing"
	nonce := rand.Text()
	work, stop := context.WithCancelCause(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop(nil)
	start := time.Now()
	for w := range 2 {
		group.Go(func() {
			stop(queue.Work(work, q, fmt.Sprintf("w%d", w), []string{kind}, heartbeat, func(context.Context, *queue.Lease) ([]byte, error) { return []byte{1}, nil }))
		})
	}
	group.Go(func() {
		for i := range n {
			if _, err := q.Submit(work, queue.Task{Kind: kind, Payload: fmt.Append(nil, nonce, i)}); err != nil {
				stop(err)
				return
			}
		}
	})
	for done := 0; done < n; {
		p, err := q.Proposed(work)
		if err != nil {
			return cmp.Or(context.Cause(work), err)
		}
		if p.Kind != kind {
			continue // it was not judged, and comes again
		}
		first, err := q.Accept(ctx, p)
		if err != nil {
			return err
		}
		if first {
			done++
		}
	}
	took := time.Since(start)
	fmt.Fprintf(d.out, "throughput %s: %.0f tasks/s, overhead %.1f us a task (submit, claim, done, accept; 2 workers)\n",
		name, float64(n)/took.Seconds(), took.Seconds()*1e6/float64(n))
	return nil
}
