package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/assaylab/assay/examples/compute/verify"
	"github.com/assaylab/assay/examples/engine/queue"
	"github.com/assaylab/assay/examples/internal/cli/clitest"
)

// TestMain lets the test's binary be the workers' processes, as the command is its own.
func TestMain(m *testing.M) { clitest.Main(m, "-worker", main) }

// TestDemonstration runs the command on each kind of queue.
func TestDemonstration(t *testing.T) {
	server, err := queue.StartServer(t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	for name, args := range map[string][]string{"nats": nil, "memory": {"-engine", "memory"}, "external": {"-url", server.URL()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := command(t.Context(), append(args, "-sectors", "2", "-products", "8", "-epochs", "4"), &out); err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
			want := []string{"effects exactly once 19,", "every task took effect exactly once; wrong worker: c", "worker a: killed in mid-task", "throughput"}
			if name == "nats" {
				want = append(want, "restart of the server: nothing lost")
			}
			for _, w := range want {
				if !strings.Contains(out.String(), w) {
					t.Errorf("%q is missing in\n%s", w, out.String())
				}
			}
		})
	}
}

// TestGoesOn runs on the state of an earlier run with one task more than that had: fewer than there are workers that do wrong.
func TestGoesOn(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ epochs, want string }{{"2", "kept from before 0"}, {"3", "kept from before 7"}, {"3", "kept from before 8"}} {
		var out bytes.Buffer
		if err := command(t.Context(), []string{"-dir", dir, "-sectors", "1", "-products", "1", "-epochs", c.epochs}, &out); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("%q is missing in\n%s", c.want, out.String())
		}
	}
}

// failing is a queue that takes no task.
type failing struct{ queue.Backend }

var errDisk = errors.New("no disk")

func (failing) Submit(context.Context, queue.Task) (queue.ID, error) { return queue.ID{}, errDisk }

// TestMeasureFails: the throughput of a queue that fails is its error, and a result that nobody judged does not count.
func TestMeasureFails(t *testing.T) {
	q, d := queue.NewMemory(nil), &demo{out: io.Discard}
	if err := d.measure(t.Context(), "failing", failing{q}, 2); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	id, err := q.Submit(t.Context(), queue.Task{Kind: "other"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := q.Claim(t.Context(), "liar", "other")
	if err == nil {
		err = q.Done(t.Context(), l, []byte("wrong"))
	}
	if err == nil {
		err = d.measure(t.Context(), "memory", q, 2)
	}
	if _, none := q.Result(t.Context(), id); err != nil || !errors.Is(none, queue.ErrNone) {
		t.Errorf("%v; the result of another task: %v", err, none)
	}
}

func TestCommandLine(t *testing.T) {
	clitest.Refuses(t, command, [][]string{{"-x"}, {"-sectors", "0"}, {"-products", "x"}, {"-engine", "foo"}, {"arg"}, {"-engine", "memory", "-dir", "x"},
		{"-url", "http://x"}, {"-url", "nats://x", "-dir", "y"}}...)
	if err := command(t.Context(), []string{"-worker", "a"}, io.Discard); err == nil {
		t.Error("a worker without addresses started")
	}
}

// TestJudgeRefutes changes each 97th byte of a product and a score: all are refuted.
func TestJudgeRefutes(t *testing.T) {
	b := &bench{}
	for kind, x := range map[string]any{kindProduct: productTask{[32]byte{1}, [32]byte{2}, 20}, kindScore: scoreTask{1, 64, 8, 8}} {
		task, err := newTask(kind, x)
		if err != nil {
			t.Fatal(err)
		}
		result, err := b.do(context.Background(), &task)
		if err != nil || b.judge(t.Context(), &task, result) != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		for i := 0; i < len(result); i += 97 {
			result[i] ^= 1
			if err := b.judge(t.Context(), &task, result); !errors.Is(err, verify.ErrProof) {
				t.Errorf("%s byte %d: %v", kind, i, err)
			}
			result[i] ^= 1
		}
		if err := b.judge(t.Context(), &task, result[1:]); !errors.Is(err, verify.ErrProof) {
			t.Errorf("%s cut: %v", kind, err)
		}
	}
	for _, task := range []queue.Task{{Kind: kindProduct, Payload: []byte("{")}, {Kind: kindProduct, Payload: []byte(`{"N":99999}`)}, {Kind: kindScore, Payload: []byte(`{"N":-1}`)},
		{Kind: kindLabel, Payload: []byte("[]")}, {Kind: kindPost, Payload: nil}, {Kind: "unknown"}} {
		if _, err := b.do(t.Context(), &task); err == nil {
			t.Errorf("%s %q was done", task.Kind, task.Payload)
		}
	}
}
