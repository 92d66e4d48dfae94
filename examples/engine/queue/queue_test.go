package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// beat is the heartbeat of the tests.
const beat = 100 * time.Millisecond

// backends are the queues that every test of the suite runs on.
var backends = map[string]func(t *testing.T) Backend{
	"memory":  func(*testing.T) Backend { return NewMemory(&Options{beat, 3}) },
	"gateway": gateway,
	"nats": func(t *testing.T) Backend {
		s, err := StartServer(t.TempDir(), false)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		q, err := OpenNATS(t.Context(), s.URL(), &Options{beat, 3})
		if err != nil {
			t.Fatal(err)
		}
		return q
	},
}

// remote is a queue behind a gateway, with the court of the queue itself.
type remote struct {
	*Remote
	Court
	io.Closer
}

func gateway(t *testing.T) Backend {
	m := NewMemory(&Options{beat, 3})
	s := httptest.NewServer(NewGateway(m, "secret"))
	t.Cleanup(s.Close)
	return remote{Dial(s.URL, "secret"), m, m}
}

// each runs a test on every backend.
func each(t *testing.T, test func(t *testing.T, ctx context.Context, q Backend)) {
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			q := open(t)
			defer q.Close()
			test(t, ctx, q)
		})
	}
}

// must ends the test on an error.
func must[T any](x T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

func task(i int) Task { return Task{Kind: "work", Payload: fmt.Appendf(nil, "task %d", i)} }

// none expects that nothing is to be claimed for a while.
func none(t *testing.T, ctx context.Context, q Queue, worker string, d time.Duration, kinds ...string) {
	t.Helper()
	short, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	if l, err := q.Claim(short, worker, kinds...); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("claimed %+v, %v", l, err)
	}
}

func TestSubmitOnceDoneOnce(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, q Backend) {
		var id ID
		for range 3 {
			id = must(q.Submit(ctx, task(1)))(t)
		}
		l := must(q.Claim(ctx, "a", "work"))(t)
		if l.ID != id || string(l.Payload) != "task 1" || l.Kind != "work" || l.Delivery != 1 {
			t.Fatalf("%+v", l)
		}
		none(t, ctx, q, "b", beat, "work")
		for range 2 { // the same result twice
			if err := q.Done(ctx, l, []byte("result")); err != nil && !errors.Is(err, ErrLost) {
				t.Fatal(err)
			}
		}
		p := must(q.Proposed(ctx))(t)
		if p.ID != id || p.Worker != "a" || string(p.Result) != "result" || string(p.Payload) != "task 1" {
			t.Fatalf("%+v", p)
		}
		if !must(q.Accept(ctx, p))(t) {
			t.Error("the first result did not count")
		}
		if r := must(q.Result(ctx, id))(t); r.Worker != "a" || string(r.Bytes) != "result" {
			t.Errorf("%+v", r)
		}
		must(q.Submit(ctx, task(1)))(t)
		none(t, ctx, q, "b", 4*beat, "work")
	})
}

func TestDeadWorkerLosesNoTask(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, q Backend) {
		id := must(q.Submit(ctx, task(1)))(t)
		dead := must(q.Claim(ctx, "dead", "work"))(t)
		start := time.Now()
		l := must(q.Claim(ctx, "b", "work"))(t)
		if l.ID != id || l.Delivery != 2 || time.Since(start) < 2*beat {
			t.Fatalf("%+v after %v", l, time.Since(start))
		}
		if err := q.Done(ctx, l, []byte("right")); err != nil {
			t.Fatal(err)
		}
		if err := q.Done(ctx, dead, []byte("right")); err != nil && !errors.Is(err, ErrLost) {
			t.Fatal(err)
		}
		firsts := 0
		for range 2 {
			if must(q.Accept(ctx, must(q.Proposed(ctx))(t)))(t) {
				firsts++
			}
		}
		if firsts != 1 {
			t.Errorf("took effect %d times", firsts)
		}
	})
}

func TestHeartbeatsHoldTheLease(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, q Backend) {
		must(q.Submit(ctx, task(1)))(t)
		l := must(q.Claim(ctx, "a", "work"))(t)
		for range 8 {
			none(t, ctx, q, "b", beat, "work")
			if err := q.Extend(ctx, l); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestWrongBytesAreRedoneByOthers(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, q Backend) {
		id := must(q.Submit(ctx, task(1)))(t)
		if err := q.Done(ctx, must(q.Claim(ctx, "liar", "work"))(t), []byte("wrong")); err != nil {
			t.Fatal(err)
		}
		p := must(q.Proposed(ctx))(t)
		if err := q.Refute(ctx, p); err != nil || p.Worker != "liar" {
			t.Fatal(p.Worker, err)
		}
		if _, err := q.Result(ctx, id); !errors.Is(err, ErrNone) {
			t.Fatalf("wrong bytes took effect: %v", err)
		}
		none(t, ctx, q, "liar", 2*beat, "work")
		l := must(q.Claim(ctx, "b", "work"))(t)
		if l.ID != id || l.Attempt != 1 {
			t.Fatalf("%+v", l)
		}
		if err := q.Done(ctx, l, []byte("right")); err != nil {
			t.Fatal(err)
		}
		if !must(q.Accept(ctx, must(q.Proposed(ctx))(t)))(t) {
			t.Error("the right result did not count")
		}
	})
}

func TestUrgentFirstAndCapabilities(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, q Backend) {
		for i := range 3 {
			must(q.Submit(ctx, task(i)))(t)
		}
		gpu := Task{Kind: "gpu", Payload: []byte("x")}
		must(q.Submit(ctx, gpu))(t)
		urgent := task(9)
		urgent.Urgent = true
		id := must(q.Submit(ctx, urgent))(t)
		if l := must(q.Claim(ctx, "a", "gpu", "work"))(t); l.ID != id {
			t.Errorf("claimed %q before the urgent one", l.Payload)
		}
		if l := must(q.Claim(ctx, "a", "gpu"))(t); l.ID != gpu.ID() {
			t.Errorf("claimed %q without the capability", l.Payload)
		}
		none(t, ctx, q, "a", beat, "gpu")
	})
}

func TestDeadLetters(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, q Backend) {
		late := task(1)
		late.Deadline = time.Now().Add(-time.Second)
		must(q.Submit(ctx, late))(t)
		none(t, ctx, q, "a", beat, "work")
		failing := must(q.Submit(ctx, task(2)))(t)
		for i := range 3 {
			l := must(q.Claim(ctx, "a", "work"))(t)
			if l.Delivery != i+1 {
				t.Fatalf("delivery %d, want %d", l.Delivery, i+1)
			}
			if err := q.Fail(ctx, l, "disk full"); err != nil {
				t.Fatal(err)
			}
		}
		crashing := must(q.Submit(ctx, task(3)))(t)
		for range 3 {
			must(q.Claim(ctx, "a", "work"))(t)
		}
		none(t, ctx, q, "a", 5*beat, "work")
		letters := must(q.Dead(ctx))(t)
		reasons := map[ID]string{}
		for _, l := range letters {
			reasons[l.ID] = l.Reason
		}
		if len(letters) != 3 || reasons[late.ID()] != "deadline passed" || reasons[failing] != "disk full" || reasons[crashing] != "no heartbeat in delivery 3, the last" {
			t.Fatalf("%v", letters)
		}
		must(q.Submit(ctx, task(2)))(t)
		if l := must(q.Claim(ctx, "a", "work"))(t); l.ID != failing {
			t.Error("a dead task had no new life")
		}
		if n := len(must(q.Dead(ctx))(t)); n != 2 {
			t.Errorf("%d dead letters, want 2", n)
		}
	})
}

func TestRefusals(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, q Backend) {
		for _, bad := range []Task{{}, {Kind: "A"}, {Kind: "a.b"}, {Kind: "a>"}, {Kind: "work", Payload: make([]byte, MaxBytes+1)}} {
			if _, err := q.Submit(ctx, bad); !errors.Is(err, ErrTask) {
				t.Errorf("%.20q: %v", bad.Kind, err)
			}
		}
		if _, err := q.Claim(ctx, "a b", "work"); !errors.Is(err, ErrTask) {
			t.Error(err)
		}
		if _, err := q.Claim(ctx, "a"); !errors.Is(err, ErrTask) {
			t.Error(err)
		}
		if _, err := q.Result(ctx, ID{}); !errors.Is(err, ErrNone) {
			t.Error(err)
		}
		must(q.Submit(ctx, task(1)))(t)
		l := must(q.Claim(ctx, "a", "work"))(t)
		if err := q.Done(ctx, l, make([]byte, MaxBytes+1)); !errors.Is(err, ErrTask) {
			t.Error(err)
		}
		large := bytes.Repeat([]byte{7}, MaxBytes)
		if err := q.Done(ctx, l, large); err != nil {
			t.Error(err)
		}
		if p := must(q.Proposed(ctx))(t); !bytes.Equal(p.Result, large) || !must(q.Accept(ctx, p))(t) {
			t.Error("a large result was lost")
		}
	})
}

// TestManyWorkers does tasks with workers of which one dies now and then, one lies and one sends all twice.
func TestManyWorkers(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, q Backend) {
		const tasks = 120
		work, stop := context.WithCancel(ctx)
		var group sync.WaitGroup
		for w := range 4 {
			group.Go(func() {
				count := 0
				Work(work, q, fmt.Sprintf("w%d", w), []string{"work"}, beat, func(_ context.Context, l *Lease) ([]byte, error) {
					count++
					switch {
					case w == 0 && count%10 == 0:
						return nil, errors.New("fails")
					case w == 1 && count < 6:
						return []byte("wrong"), nil
					case w == 2:
						q.Done(work, l, append([]byte("done "), l.Payload...))
					}
					return append([]byte("done "), l.Payload...), nil
				})
			})
		}
		for i := range tasks {
			must(q.Submit(ctx, task(i)))(t)
		}
		for done := 0; done < tasks; {
			p := must(q.Proposed(ctx))(t)
			if string(p.Result) != "done "+string(p.Payload) {
				if p.Worker != "w1" {
					t.Errorf("%s named for wrong bytes", p.Worker)
				}
				if err := q.Refute(ctx, p); err != nil {
					t.Fatal(err)
				}
			} else if must(q.Accept(ctx, p))(t) {
				done++
			}
		}
		stop()
		group.Wait()
		for i := range tasks {
			x := task(i)
			if r := must(q.Result(ctx, x.ID()))(t); string(r.Bytes) != fmt.Sprintf("done task %d", i) {
				t.Errorf("task %d: %q", i, r.Bytes)
			}
		}
	})
}
