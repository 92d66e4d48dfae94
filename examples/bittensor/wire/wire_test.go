package wire_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/examples/bittensor/wire"
)

func key(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32)) }

func public(k ed25519.PrivateKey) wire.Key { return wire.Key(k.Public().(ed25519.PublicKey)) }

func echo(_ context.Context, _ wire.Key, flavour string, payload []byte) ([]byte, error) {
	return append([]byte(flavour+":"), payload...), nil
}

// patient is a deadline that no machine misses.
const patient = 50 * time.Second

func start(t *testing.T, work wire.Handler, known func(wire.Key) bool) (*wire.Server, *wire.Client) {
	t.Helper()
	s, err := wire.Serve(key(1), known, work)
	if err != nil {
		t.Fatal(err)
	}
	transport := wire.NewTransport()
	t.Cleanup(func() { s.Close(); transport.CloseIdleConnections() })
	return s, wire.NewClient(key(2), "test", transport)
}

func TestAsk(t *testing.T) {
	s, c := start(t, echo, nil)
	for range 3 {
		got, err := c.Ask(t.Context(), s.Address, s.Key, "text", []byte("payload"), patient)
		if err != nil || string(got) != "text:payload" {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

// TestRefused: requests that are stale, altered, meant for another miner or from a stranger are not served.
func TestRefused(t *testing.T) {
	served := 0
	s, c := start(t, func(context.Context, wire.Key, string, []byte) ([]byte, error) { served++; return nil, nil }, func(k wire.Key) bool { return k == public(key(2)) })
	body := []byte("payload")
	fresh := c.Envelope(s.Key, patient, body)
	if _, err := c.Send(t.Context(), s.Address, "text", fresh, body); err != nil || served != 1 {
		t.Fatal(served, err)
	}
	change := func(f func(*wire.Envelope)) *wire.Envelope {
		e := c.Envelope(s.Key, patient, body)
		f(e)
		return e
	}
	old := &wire.Envelope{Sender: public(key(2)), Receiver: s.Key, Session: "another", Nonce: time.Now().Add(-6 * time.Second).UnixNano(), Deadline: time.Second}
	old.Sign(key(2), body)
	stranger := wire.NewClient(key(3), "test", wire.NewTransport())
	for name, e := range map[string]*wire.Envelope{
		"replayed":        fresh,
		"nonce raised":    change(func(e *wire.Envelope) { e.Nonce++ }),
		"deadline":        change(func(e *wire.Envelope) { e.Deadline++ }),
		"session":         change(func(e *wire.Envelope) { e.Session = "other" }),
		"sender":          change(func(e *wire.Envelope) { e.Sender = public(key(3)) }),
		"receiver":        change(func(e *wire.Envelope) { e.Receiver = public(key(4)); e.Sign(key(2), body) }),
		"signature":       change(func(e *wire.Envelope) { e.Signature[9] ^= 1 }),
		"short":           change(func(e *wire.Envelope) { e.Signature = e.Signature[:63] }),
		"kept for later":  old,
		"stranger":        stranger.Envelope(s.Key, patient, body),
		"session of dots": change(func(e *wire.Envelope) { e.Session = "a.b"; e.Sign(key(2), body) }),
	} {
		if _, err := c.Send(t.Context(), s.Address, "text", e, body); !errors.Is(err, wire.ErrStatus) || served != 1 {
			t.Errorf("%s: %v, served %d", name, err, served)
		}
	}
	if _, err := c.Send(t.Context(), s.Address, "text", c.Envelope(s.Key, patient, body), []byte("pAyload")); !errors.Is(err, wire.ErrStatus) || served != 1 {
		t.Errorf("another body: %v", err)
	}
	big := make([]byte, wire.MaxBody+1)
	if _, err := c.Ask(t.Context(), s.Address, s.Key, "text", big, patient); err == nil || served != 1 {
		t.Errorf("a body too large: %v", err)
	}
	resp, err := http.Get(s.Address)
	if err != nil || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("unsigned: %v", err)
	} else {
		resp.Body.Close()
	}
}

// TestAnswers: a miner that hangs costs its deadline, one that is not who it says or sends too much gets nothing.
func TestAnswers(t *testing.T) {
	asked := make(chan struct{})
	s, c := start(t, func(ctx context.Context, _ wire.Key, flavour string, _ []byte) ([]byte, error) {
		switch flavour {
		case "hang":
			<-ctx.Done()
			<-asked
		case "large":
			return make([]byte, wire.MaxBody+1), nil
		case "error":
			return nil, io.ErrUnexpectedEOF
		}
		return nil, nil
	}, nil)
	from := time.Now()
	_, err := c.Ask(t.Context(), s.Address, s.Key, "hang", nil, 50*time.Millisecond)
	close(asked)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(from) > patient {
		t.Errorf("hanging: %v after %s", err, time.Since(from))
	}
	if _, err := c.Ask(t.Context(), s.Address, s.Key, "large", nil, patient); !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("large: %v", err)
	}
	if _, err := c.Ask(t.Context(), s.Address, s.Key, "error", nil, patient); !errors.Is(err, wire.ErrStatus) {
		t.Errorf("error: %v", err)
	}
	if _, err := c.Ask(t.Context(), strings.Replace(s.Address, "127.0.0.1", "127.0.0.1:1", 1), s.Key, "text", nil, patient); err == nil {
		t.Error("an address that is none was asked")
	}
}

// TestGuardClock: a first nonce is judged by the clock, later ones by those before.
func TestGuardClock(t *testing.T) {
	now := time.Unix(1000, 0)
	g := wire.Guard{Self: public(key(1)), Now: func() time.Time { return now }}
	ask := func(at time.Time) error {
		e := &wire.Envelope{Sender: public(key(2)), Receiver: g.Self, Nonce: at.UnixNano(), Deadline: time.Second}
		e.Sign(key(2), nil)
		return g.Check(e, nil)
	}
	if err := ask(now.Add(-5*time.Second - 1)); !errors.Is(err, wire.ErrStale) {
		t.Errorf("first one too old: %v", err)
	}
	if err := ask(now.Add(-5 * time.Second)); err != nil {
		t.Error(err)
	}
	now = now.Add(time.Hour)
	if err := ask(now.Add(-time.Hour - 4*time.Second)); err != nil {
		t.Errorf("rising, if old: %v", err)
	}
	if err := ask(now.Add(-time.Hour - 4*time.Second)); !errors.Is(err, wire.ErrStale) {
		t.Errorf("the same again: %v", err)
	}
}

// TestGuardDeadline: a Guard remembers sessions for MaxDeadline, so that it takes no longer deadline, whoever read the envelope.
func TestGuardDeadline(t *testing.T) {
	g := wire.Guard{Self: public(key(1))}
	for deadline, want := range map[time.Duration]error{-1: wire.ErrHeader, 0: wire.ErrHeader, 1: nil, wire.MaxDeadline: nil, wire.MaxDeadline + 1: wire.ErrHeader, math.MaxInt64: wire.ErrHeader} {
		e := &wire.Envelope{Sender: public(key(2)), Receiver: g.Self, Session: deadline.String(), Nonce: time.Now().UnixNano(), Deadline: deadline}
		e.Sign(key(2), nil)
		if err := g.Check(e, nil); !errors.Is(err, want) {
			t.Errorf("a deadline of %s: %v, want %v", deadline, err, want)
		}
	}
}

// TestStatus: a body that ends early is malformed, one that does not end is too large.
func TestStatus(t *testing.T) {
	s, c := start(t, echo, nil)
	e := c.Envelope(s.Key, patient, nil)
	for length, want := range map[int]string{10: "400 Bad Request", wire.MaxBody + 1: "413 Request Entity Too Large"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.Address, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /task/text HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nAssay-Sender: %s\r\nAssay-Receiver: %s\r\nAssay-Session: %s\r\nAssay-Nonce: %d\r\nAssay-Deadline: %d\r\nAssay-Signature: %x\r\n\r\n",
			length, e.Sender, e.Receiver, e.Session, e.Nonce, e.Deadline, e.Signature)
		if length > wire.MaxBody {
			conn.Write(make([]byte, length))
		} else {
			conn.Write([]byte("short"))
			conn.(*net.TCPConn).CloseWrite()
		}
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.Contains(line, want) {
			t.Errorf("%d bytes announced: %q, %v, want %s", length, line, err, want)
		}
	}
}

func BenchmarkAsk(b *testing.B) {
	s, err := wire.Serve(key(1), nil, echo)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	transport := wire.NewTransport()
	defer transport.CloseIdleConnections()
	c, payload := wire.NewClient(key(2), "bench", transport), bytes.Repeat([]byte{7}, 1<<10)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Ask(context.Background(), s.Address, s.Key, "text", payload, time.Minute); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleServe() {
	s, err := wire.Serve(key(1), nil, func(_ context.Context, _ wire.Key, flavour string, payload []byte) ([]byte, error) {
		return append([]byte(flavour+" of "), payload...), nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	transport := wire.NewTransport()
	defer transport.CloseIdleConnections()
	answer, err := wire.NewClient(key(2), "example", transport).Ask(context.Background(), s.Address, s.Key, "text", []byte("a request"), patient)
	fmt.Println(string(answer), err)
	// Output: text of a request <nil>
}
