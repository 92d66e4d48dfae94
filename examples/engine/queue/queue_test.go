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

// Heartbeats of the tests: one whose leases lapse while a test waits, one whose leases hold however busy the machine is.
const (
	beat = 100 * time.Millisecond
	calm = time.Minute
)

// backends are the queues that every test of the suite runs on.
var backends = map[string]func(t *testing.T, opt *Options) Backend{
	"memory":  func(_ *testing.T, opt *Options) Backend { return NewMemory(opt) },
	"gateway": gateway,
	"nats": func(t *testing.T, opt *Options) Backend {
		s, err := StartServer(t.TempDir(), false)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		q, err := OpenNATS(t.Context(), s.URL(), opt)
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

func gateway(t *testing.T, opt *Options) Backend {
	m := NewMemory(opt)
	s := httptest.NewServer(NewGateway(m, "secret"))
	t.Cleanup(s.Close)
	return remote{Dial(s.URL, "secret"), m, m}
}

// each runs a test on every backend, with a heartbeat and three deliveries.
func each(t *testing.T, heartbeat time.Duration, test func(t *testing.T, ctx context.Context, q Backend)) {
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			q := open(t, &Options{heartbeat, 3})
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
	each(t, calm, func(t *testing.T, ctx context.Context, q Backend) {
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
	each(t, beat, func(t *testing.T, ctx context.Context, q Backend) {
		id := must(q.Submit(ctx, task(1)))(t)
		start := time.Now()
		dead := must(q.Claim(ctx, "dead", "work"))(t)
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

// TestHeartbeatsHoldTheLease holds a lease for longer than one lasts. A machine that stops this test for so long that the lease may have
// lapsed makes it begin again.
func TestHeartbeatsHoldTheLease(t *testing.T) {
	const beat = 300 * time.Millisecond
	each(t, beat, func(t *testing.T, ctx context.Context, q Backend) {
		for try := 0; ctx.Err() == nil; try++ {
			kind := fmt.Sprint("work-", try)
			must(q.Submit(ctx, Task{Kind: kind}))(t)
			if holds(t, ctx, q, kind, beat) {
				return
			}
		}
		t.Fatal(ctx.Err())
	})
}

// holds extends a lease again and again; it is false where it was not fast enough to tell.
func holds(t *testing.T, ctx context.Context, q Backend, kind string, beat time.Duration) bool {
	t.Helper()
	last := time.Now()
	l := must(q.Claim(ctx, "a", kind))(t)
	for range 16 {
		short, cancel := context.WithTimeout(ctx, beat/2)
		other, err := q.Claim(short, "b", kind)
		cancel()
		if err == nil {
			if held := time.Since(last); held < 2*beat {
				t.Fatalf("claimed %+v, %v after a heartbeat", other, held)
			}
			return false
		}
		next := time.Now()
		if err := q.Extend(ctx, l); err != nil {
			if time.Since(last) < 2*beat {
				t.Fatal(err)
			}
			return false
		}
		last = next
	}
	return true
}

func TestWrongBytesAreRedoneByOthers(t *testing.T) {
	each(t, calm, func(t *testing.T, ctx context.Context, q Backend) {
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

// TestRefutedTogether refutes the results of two workers that had the same attempt: neither gets the next one.
func TestRefutedTogether(t *testing.T) {
	each(t, beat, func(t *testing.T, ctx context.Context, q Backend) {
		id := must(q.Submit(ctx, task(1)))(t)
		a := must(q.Claim(ctx, "a", "work"))(t)
		b := must(q.Claim(ctx, "b", "work"))(t)
		for _, l := range []*Lease{a, b} {
			if err := q.Done(ctx, l, []byte("wrong")); err != nil && !errors.Is(err, ErrLost) {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := q.Refute(ctx, must(q.Proposed(ctx))(t)); err != nil {
				t.Fatal(err)
			}
		}
		none(t, ctx, q, "a", 2*beat, "work")
		none(t, ctx, q, "b", 2*beat, "work")
		if l := must(q.Claim(ctx, "c", "work"))(t); l.ID != id || l.Attempt != 1 {
			t.Fatalf("%+v", l)
		}
	})
}

func TestUrgentFirstAndCapabilities(t *testing.T) {
	each(t, calm, func(t *testing.T, ctx context.Context, q Backend) {
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
	each(t, calm, func(t *testing.T, ctx context.Context, q Backend) {
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
		none(t, ctx, q, "a", beat, "work")
		letters := must(q.Dead(ctx))(t)
		reasons := map[ID]string{}
		for _, l := range letters {
			reasons[l.ID] = l.Reason
		}
		if len(letters) != 2 || reasons[late.ID()] != "deadline passed" || reasons[failing] != "disk full" {
			t.Fatalf("%v", letters)
		}
		must(q.Submit(ctx, task(2)))(t)
		if l := must(q.Claim(ctx, "a", "work"))(t); l.ID != failing {
			t.Error("a dead task had no new life")
		}
		if n := len(must(q.Dead(ctx))(t)); n != 1 {
			t.Errorf("%d dead letters, want 1", n)
		}
	})
}

// TestCrashesEndInALetter lets every delivery's lease lapse. Submitted again, the task has a new life; with a result it is dead no more.
func TestCrashesEndInALetter(t *testing.T) {
	each(t, beat, func(t *testing.T, ctx context.Context, q Backend) {
		crash := func() *Lease {
			var l *Lease
			for i := range 3 {
				if l = must(q.Claim(ctx, "a", "work"))(t); l.Delivery != i+1 {
					t.Fatalf("delivery %d, want %d", l.Delivery, i+1)
				}
			}
			return l
		}
		id := must(q.Submit(ctx, task(1)))(t)
		crash()
		var letters []Letter
		for len(letters) == 0 {
			short, cancel := context.WithTimeout(ctx, beat)
			if l, err := q.Claim(short, "a", "work"); err == nil {
				t.Fatalf("claimed %+v after the last delivery", l)
			}
			cancel()
			letters = must(q.Dead(ctx))(t)
		}
		if len(letters) != 1 || letters[0].ID != id || letters[0].Reason != "no heartbeat in delivery 3, the last" {
			t.Fatalf("%v", letters)
		}
		must(q.Submit(ctx, task(1)))(t)
		last := crash()
		for claimed := false; !claimed; { // nobody asks for the letters before it is submitted again
			must(q.Submit(ctx, task(1)))(t)
			short, cancel := context.WithTimeout(ctx, beat)
			_, err := q.Claim(short, "b", "work")
			cancel()
			if claimed = err == nil; !claimed && ctx.Err() != nil {
				t.Fatal("a dead task had no new life")
			}
		}
		if err := q.Done(ctx, last, []byte("right")); err != nil && !errors.Is(err, ErrLost) {
			t.Fatal(err)
		}
		if !must(q.Accept(ctx, must(q.Proposed(ctx))(t)))(t) {
			t.Error("the result did not count")
		}
		for range 3 { // whatever became of the other leases
			none(t, ctx, q, "other", 2*beat, "other")
			if letters := must(q.Dead(ctx))(t); len(letters) != 0 {
				t.Fatalf("%v", letters)
			}
		}
	})
}

// TestResultTooLarge: a result that no queue carries fails its task and leaves the worker at work.
func TestResultTooLarge(t *testing.T) {
	each(t, calm, func(t *testing.T, ctx context.Context, q Backend) {
		large := must(q.Submit(ctx, task(1)))(t)
		must(q.Submit(ctx, task(2)))(t)
		work, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() {
			ended <- Work(work, q, "a", []string{"work"}, calm, func(_ context.Context, l *Lease) ([]byte, error) {
				if l.ID == large {
					return make([]byte, MaxBytes+1), nil
				}
				return []byte("right"), nil
			})
		}()
		p := must(q.Proposed(ctx))(t)
		if string(p.Payload) != "task 2" || !must(q.Accept(ctx, p))(t) {
			t.Errorf("%+v", p)
		}
		for letters := []Letter(nil); len(letters) == 0; {
			select {
			case err := <-ended:
				t.Fatalf("the worker ended: %v", err)
			case <-time.After(beat):
			}
			letters = must(q.Dead(ctx))(t)
		}
		stop()
		<-ended
	})
}

func TestRefusals(t *testing.T) {
	each(t, calm, func(t *testing.T, ctx context.Context, q Backend) {
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
	each(t, calm, func(t *testing.T, ctx context.Context, q Backend) {
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
