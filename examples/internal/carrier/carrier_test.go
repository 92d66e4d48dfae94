package carrier

import (
	"errors"
	"os"
	"testing"

	"github.com/assaylab/assay/examples/engine/queue"
)

// TestOpen sends a task through each kind of queue, as another process does, and closes it.
func TestOpen(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	server, err := queue.StartServer(t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	for _, s := range []Settings{{Engine: "memory"}, {Engine: "nats"}, {Engine: "nats", Dir: t.TempDir()}, {Engine: "nats", URL: server.URL()}} {
		c, err := s.Open(t.Context(), nil)
		if err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
		if own := s.Engine == "nats" && s.URL == ""; own != (c.Server != nil) {
			t.Errorf("%+v: server %v", s, c.Server)
		}
		remote, err := Dial(t.Context(), c.Address, nil)
		if err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
		id, err := c.Submit(t.Context(), queue.Task{Kind: "work"})
		if err != nil {
			t.Fatal(err)
		}
		if l, err := remote.Claim(t.Context(), "a", "work"); err != nil || l.ID != id {
			t.Errorf("%+v: %+v, %v", s, l, err)
		}
		c.Close()
		if _, err := c.Submit(t.Context(), queue.Task{Kind: "more"}); err == nil {
			t.Errorf("%+v: open after Close", s)
		}
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("%v are left, %v", left, err)
	}
}

// TestOpenFails leaves nothing behind either.
func TestOpenFails(t *testing.T) {
	if _, err := (&Settings{Engine: "nats", URL: "nats://127.0.0.1:1"}).Open(t.Context(), nil); err == nil {
		t.Error("no server, and no error")
	}
	if _, err := (&Settings{Engine: "nats", Dir: "/dev/null/x"}).Open(t.Context(), nil); err == nil {
		t.Error("no directory, and no error")
	}
	for _, address := range []string{"", "http://127.0.0.1:1", "nats://127.0.0.1:1"} {
		if _, err := Dial(t.Context(), address, nil); err == nil || errors.Is(err, queue.ErrLost) {
			t.Errorf("%q: %v", address, err)
		}
	}
}
