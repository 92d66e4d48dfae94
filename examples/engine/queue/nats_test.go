package queue

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// TestServerRestartLosesNothing stops the server with a task in each state and goes on after it.
func TestServerRestartLosesNothing(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	s := must(StartServer(t.TempDir(), false))(t)
	defer s.Close()
	q := must(OpenNATS(ctx, s.URL(), &Options{calm, 5}))(t)
	defer q.Close()
	for i := range 4 {
		must(q.Submit(ctx, task(i)))(t)
	}
	accepted := must(q.Claim(ctx, "a", "work"))(t)
	if err := q.Done(ctx, accepted, []byte("one")); err != nil {
		t.Fatal(err)
	}
	must(q.Accept(ctx, must(q.Proposed(ctx))(t)))(t)
	if err := q.Done(ctx, must(q.Claim(ctx, "a", "work"))(t), []byte("two")); err != nil {
		t.Fatal(err)
	}
	held := must(q.Claim(ctx, "a", "work"))(t)
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	if r := must(q.Result(ctx, accepted.ID))(t); string(r.Bytes) != "one" {
		t.Errorf("%+v", r)
	}
	if p := must(q.Proposed(ctx))(t); string(p.Result) != "two" || !must(q.Accept(ctx, p))(t) {
		t.Errorf("%+v", p)
	}
	if err := q.Done(ctx, held, []byte("three")); err != nil {
		t.Fatal(err)
	}
	if p := must(q.Proposed(ctx))(t); string(p.Result) != "three" || !must(q.Accept(ctx, p))(t) {
		t.Errorf("%+v", p)
	}
	if l := must(q.Claim(ctx, "a", "work"))(t); string(l.Payload) != "task 3" {
		t.Errorf("%+v", l)
	}
}

// TestStrangeMessages puts messages that no queue sends into its streams: they are dropped, and all else goes on.
func TestStrangeMessages(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	s := must(StartServer(t.TempDir(), false))(t)
	defer s.Close()
	q := must(OpenNATS(ctx, s.URL(), &Options{calm, 3}))(t)
	defer q.Close()
	right := task(1)
	for _, m := range []*nats.Msg{
		{Subject: "assay.task.any.work", Data: []byte("no headers")},
		{Subject: "assay.task.any.work", Data: []byte("x"), Header: nats.Header{headerID: {"zz"}, headerAttempt: {"1"}}},
		{Subject: "assay.task.any.work", Data: right.Payload, Header: nats.Header{headerID: {right.ID().String()}, headerAttempt: {"many"}}},
		{Subject: "assay.task.any.work", Data: right.Payload, Header: nats.Header{headerID: {right.ID().String()}, headerAttempt: {"0"}, headerDeadline: {"soon"}}},
		{Subject: "assay.result.nothing"},
		{Subject: "assay.result." + right.ID().String(), Header: nats.Header{headerAttempt: {"0"}, headerWorker: {"Not A Worker"}}},
		{Subject: "assay.result." + strings.Repeat("00", 32), Header: nats.Header{headerAttempt: {"0"}, headerWorker: {"a"}}},
	} {
		if _, err := q.js.PublishMsg(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	id := must(q.Submit(ctx, right))(t)
	l := must(q.Claim(ctx, "a", "work"))(t)
	if l.ID != id {
		t.Fatalf("%+v", l)
	}
	if err := q.Done(ctx, l, []byte("ok")); err != nil {
		t.Fatal(err)
	}
	if p := must(q.Proposed(ctx))(t); p.ID != id || !must(q.Accept(ctx, p))(t) {
		t.Errorf("%+v", p)
	}
}

// TestUnansweredAcknowledgement: a worker whose acknowledgement nobody answers is not held up by it, nor is its result lost.
func TestUnansweredAcknowledgement(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := must(StartServer(t.TempDir(), false))(t)
	defer s.Close()
	q := must(OpenNATS(ctx, s.URL(), &Options{calm, 3}))(t)
	defer q.Close()
	id := must(q.Submit(ctx, task(1)))(t)
	l := must(q.Claim(ctx, "a", "work"))(t)
	if err := q.js.DeleteConsumer(ctx, tasksStream, "any-work"); err != nil {
		t.Fatal(err)
	}
	if err := q.Done(ctx, l, []byte("right")); err != nil {
		t.Fatal(err)
	}
	if p := must(q.Proposed(ctx))(t); p.ID != id || !must(q.Accept(ctx, p))(t) {
		t.Errorf("%+v", p)
	}
}

// TestUnansweredJudge: a judge whose consumer is gone does not flood the server with requests.
func TestUnansweredJudge(t *testing.T) {
	s := must(StartServer(t.TempDir(), false))(t)
	defer s.Close()
	q := must(OpenNATS(t.Context(), s.URL(), nil))(t)
	defer q.Close()
	if err := q.js.DeleteConsumer(t.Context(), resultsStream, judgeName); err != nil {
		t.Fatal(err)
	}
	before := must(s.srv.Varz(nil))(t).InMsgs
	const waited = 500 * time.Millisecond
	short, cancel := context.WithTimeout(t.Context(), waited)
	defer cancel()
	if p, err := q.Proposed(short); err == nil {
		t.Fatalf("%+v", p)
	}
	if asked := must(s.srv.Varz(nil))(t).InMsgs - before; asked > 4*int64(waited/pause) {
		t.Errorf("asked %d times in %v", asked, waited)
	}
}

// TestStartServerWithoutDirectory: a directory that cannot be written to is named at once.
func TestStartServerWithoutDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if _, err := StartServer(filepath.Join(file, "store"), false); err == nil || !strings.Contains(err.Error(), file) || time.Since(begin) >= startTime {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
}

func TestOpenNATSWithoutServer(t *testing.T) {
	_, err := OpenNATS(t.Context(), "nats://secret@127.0.0.1:1", nil)
	if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}
