package queue

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestGatewayRefuses sends malformed requests: each gets a status and one line.
func TestGatewayRefuses(t *testing.T) {
	s := httptest.NewServer(NewGateway(NewMemory(nil), "secret"))
	defer s.Close()
	for _, c := range []struct {
		method, path, secret, body string
		want                       int
	}{
		{"POST", "/claim", "wrong", "{}", 401}, {"GET", "/claim", "secret", "", 405}, {"POST", "/claim", "secret", "", 400},
		{"POST", "/claim", "secret", "{", 400}, {"POST", "/claim", "secret", `{"worker":7}`, 400}, {"POST", "/claim", "secret", `{"other":7}`, 400},
		{"POST", "/claim", "secret", `{"worker":"a"}}`, 400},
		{"POST", "/claim", "secret", `{"worker":"a"}`, 400}, {"POST", "/submit", "secret", `{}`, 400}, {"POST", "/submit", "secret", `{"task":{"kind":"A"}}`, 400},
		{"POST", "/done", "secret", `{"lease":9}`, 410}, {"POST", "/none", "secret", `{"lease":9}`, 410},
		{"POST", "/submit", "secret", `{"reason":"` + strings.Repeat("x", maxBody) + `"}`, 400},
	} {
		req, _ := http.NewRequest(c.method, s.URL+c.path, strings.NewReader(c.body))
		req.Header.Set("Authorization", "Bearer "+c.secret)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != c.want || strings.Count(string(b), "\n") != 1 {
			t.Errorf("%s %s %.40s: %d %q", c.method, c.path, c.body, resp.StatusCode, b)
		}
	}
}

// late is a queue whose Done does not end in time.
type late struct{ Queue }

func (late) Done(context.Context, *Lease, []byte) error { return context.DeadlineExceeded }

// TestGatewayTellsErrors: what the queue did not do is an error to the worker, too, and one that is worded as the queue's own.
func TestGatewayTellsErrors(t *testing.T) {
	q := NewMemory(nil)
	s := httptest.NewServer(NewGateway(late{q}, "secret"))
	defer s.Close()
	remote := Dial(s.URL, "secret")
	must(remote.Submit(t.Context(), task(1)))(t)
	l := must(remote.Claim(t.Context(), "a", "work"))(t)
	if err := remote.Done(t.Context(), l, []byte("result")); err == nil {
		t.Error("a result that was not stored was taken for stored")
	}
	err := remote.Done(t.Context(), l, make([]byte, maxBody))
	if !errors.Is(err, ErrTask) || !strings.HasPrefix(err.Error(), ErrTask.Error()+": ") {
		t.Errorf("too large a request: %v", err)
	}
}
