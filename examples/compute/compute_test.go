package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/examples/compute/envelope"
	"github.com/assaylab/assay/examples/compute/verify"
	"github.com/assaylab/assay/examples/engine/queue"
	"github.com/assaylab/assay/examples/internal/carrier"
	"github.com/assaylab/assay/examples/internal/child"
	"github.com/assaylab/assay/examples/internal/cli/clitest"
	"github.com/assaylab/assay/porep/sector"
)

// TestMain lets the test's binary be the suppliers' processes, as the command is its own.
func TestMain(m *testing.M) { clitest.Main(m, "-node", main) }

// TestSameBook runs the market on both engines: every cheat is caught, and the books are the same. The clock is that of a machine with
// nothing else to do, on which each device solves the puzzle in the time the market needs for one: TestPace and TestTrial are of real ones.
func TestSameBook(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: a market of some ten seconds")
	}
	var roots []string
	for _, engine := range []string{"memory", "nats"} {
		t.Run(engine, func(t *testing.T) { // one after the other: each market is a process' only one, as the command's is
			dir := t.TempDir()
			file := filepath.Join(dir, "figures.json")
			var out bytes.Buffer
			args := []string{"-engine", engine, "-hours", "10", "-json", file, "-csv", filepath.Join(dir, "s.csv"), "-report", filepath.Join(dir, "r.html")}
			s, err := parse(args)
			if err != nil {
				t.Fatal(err)
			}
			s.clock = func(p *peer) int { return p.claimed / p.devices }
			if err := run(t.Context(), s, &out); err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
			if !strings.Contains(out.String(), "ledger balanced") || !strings.Contains(out.String(), "cheats caught 5 of 5") {
				t.Errorf("%s", out.String())
			}
			b, err := os.ReadFile(file)
			var f figures
			if err == nil {
				err = json.Unmarshal(b, &f)
			}
			if err != nil {
				t.Fatal(err)
			}
			roots = append(roots, f.BookRoot)
		})
	}
	if len(roots) != 2 || roots[0] != roots[1] || len(roots[0]) != 64 {
		t.Errorf("books %v differ", roots)
	}
}

// openMarket returns a market in memory, to which no supplier has come.
func openMarket(t *testing.T) *market {
	t.Helper()
	m, err := newMarket(settings{Settings: carrier.Settings{Engine: "memory"}, emission: "launch-supply"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	closing, err := m.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closing)
	return m
}

// newSupplier returns a supplier without a process.
func newSupplier(t *testing.T, cheat string) *supplier {
	t.Helper()
	key, err := envelope.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return &supplier{name: "n", cheat: cheat, devices: 1, key: key, client: http.DefaultClient, done: map[string]bool{}}
}

// TestSupplierRefusesMalformed gives a supplier payloads that are no messages for it: each is an error, none a panic.
func TestSupplierRefusesMalformed(t *testing.T) {
	n := newSupplier(t, "")
	client, err := envelope.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	box := func(context, plain string) string {
		b, err := envelope.Seal(n.key.Public(), context, []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		s, err := json.Marshal(sealed{client.Public(), b})
		if err != nil {
			t.Fatal(err)
		}
		return string(s)
	}
	for name, payload := range map[string]string{
		"empty": "", "no JSON": "{", "other fields": `{"a":1}`, "two values": `{} {}`, "a bracket more": box("task n", `{"op":"record","hour":1}`) + "}",
		"a bracket more within": box("task n", `{"op":"record","hour":1}}`), "short box": `{"client":"","box":"AAAA"}`,
		"another node's": box("task m", `{"op":"record","hour":1}`), "no operation": box("task n", `{"hour":1}`), "wrong types": box("task n", `{"op":7}`),
		"huge product": box("task n", `{"op":"product","n":100000000}`), "negative": box("task n", `{"op":"product","n":-1}`),
		"no steps": box("task n", `{"op":"trace","n":0}`), "many steps": box("task n", `{"op":"trace","n":999999999}`),
		"null puzzle": box("task n", `{"op":"puzzle","puzzles":[null]}`), "probe of nothing": box("task n", `{"op":"probe"}`),
		"no client": strings.Replace(box("task n", `{"op":"record","hour":1}`), `"client":"`, `"client":"AA`, 1),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		out, err := n.do(ctx, &queue.Lease{Task: queue.Task{Kind: "node-n", Payload: []byte(payload)}})
		cancel()
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %d bytes, %v", name, len(out), err)
		}
	}
}

func TestJudge(t *testing.T) {
	ctx := t.Context()
	for _, op := range []string{opProduct, opTrace} {
		msg := &message{Op: op, Job: "j", Hour: cheatHour, A: [32]byte{1}, B: [32]byte{2}, N: productSize}
		if op == opTrace {
			msg.N = traceSteps
		}
		r, err := newSupplier(t, "").answer(ctx, msg)
		if err != nil {
			t.Fatal(err)
		}
		if err := judge(ctx, msg, r.Result); err != nil {
			t.Errorf("%s: %v", op, err)
		}
		for _, bad := range [][]byte{nil, []byte("{}"), []byte("null"), r.Result[1:], append(r.Result[:len(r.Result):len(r.Result)], 0)} {
			if err := judge(ctx, msg, bad); !errors.Is(err, verify.ErrProof) {
				t.Errorf("%s of %d bytes: %v", op, len(bad), err)
			}
		}
		r.Result[len(r.Result)/2] ^= 1
		if err := judge(ctx, msg, r.Result); err == nil {
			t.Errorf("%s: a changed byte passed", op)
		}
	}
	lazy, err := newSupplier(t, cheatSkip).answer(ctx, &message{Op: opTrace, Hour: cheatHour, A: [32]byte{1}, B: [32]byte{2}, N: traceSteps})
	if err != nil {
		t.Fatal(err)
	}
	if err := judge(ctx, &message{Op: opTrace, A: [32]byte{1}, B: [32]byte{2}, N: traceSteps}, lazy.Result); !errors.Is(err, verify.ErrProof) {
		t.Errorf("skipped work: %v", err)
	}
}

// TestMarketRefusesMalformed sends what no supplier sends.
func TestMarketRefusesMalformed(t *testing.T) {
	m := openMarket(t)
	m.joined["n"] = make(chan []byte, 1)
	key := `"` + strings.Repeat("A", 43) + `="`
	for _, c := range []struct {
		path, body string
		want       int
	}{
		{"/join", "", 400}, {"/join", "{", 400}, {"/join", `{"name":"n"}`, 400}, {"/join", `{"name":"m","public":` + key + `}`, 403},
		{"/join", `{"name":"n","public":` + key + `}`, 200}, {"/join", `{"name":"n","public":` + key + `}`, 409},
		{"/join", strings.Repeat("x", 5000), 400}, {"/up/none", "x", 404}, {"/", "", 404},
	} {
		resp, err := http.Post(m.base+c.path, "", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != c.want || strings.Count(string(b), "\n") > 1 {
			t.Errorf("%s %.40s: %d %q, want %d", c.path, c.body, resp.StatusCode, b, c.want)
		}
	}
}

// TestStartObeysContext interrupts a market while its suppliers join: they are not waited for.
func TestStartObeysContext(t *testing.T) {
	m := openMarket(t)
	ctx, cancel := context.WithCancel(t.Context())
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}))
	defer silent.Close()
	m.base = silent.URL
	ended := make(chan error, 1)
	go func() { ended <- m.startAll(ctx) }()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it waits for suppliers after its end")
	}
}

// TestProbes moves a blob both ways; once the probe has ended nothing of it is kept or served.
func TestProbes(t *testing.T) {
	var p probes
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.serve(w, r) {
			http.NotFound(w, r)
		}
	}))
	defer s.Close()
	n := newSupplier(t, "")
	n.market = s.URL
	content := bytes.Repeat([]byte("probe"), 30_000)
	for range 2 {
		ref, err := p.begin("n-1", content)
		if err != nil {
			t.Fatal(err)
		}
		m := &message{Op: opProbe, Blob: &ref, Probe: "n-1"}
		if _, err := n.answer(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if down, up := p.end("n-1"); down <= 0 || up <= 0 || len(p.open) != 0 {
			t.Errorf("%v down, %v up, %d open", down, up, len(p.open))
		}
		if _, err := n.answer(t.Context(), m); err == nil {
			t.Error("a probe that ended was answered")
		}
	}
}

// TestQueueFails: a market whose queue is gone says so, and takes no node for one that is down.
func TestQueueFails(t *testing.T) {
	m := openMarket(t)
	ctx, stop := m.dispatching(t.Context())
	defer stop()
	p := &peer{plan: plan{name: "n"}, process: &child.Process{}, public: m.key.Public()}
	ended := make(chan error, 1)
	go func() {
		_, err := m.ask(ctx, p, m.key, &message{Op: opRecord})
		ended <- err
	}()
	if _, err := m.queue.Claim(t.Context(), "n", kindOf(p.name)); err != nil {
		t.Fatal(err)
	}
	m.queue.Backend.Close()
	select {
	case err := <-ended:
		if !errors.Is(err, queue.ErrClosed) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it waits for an answer that cannot come")
	}
}

// TestPace solves puzzles for as long as it is told to, and none after that.
func TestPace(t *testing.T) {
	m := openMarket(t)
	begin := time.Now()
	p := &verify.Puzzle{Device: "peer", Links: puzzleLinks, Size: sector.Size2KiB, Layers: puzzleLayers}
	if _, err := p.Solve(t.Context()); err != nil {
		t.Fatal(err)
	}
	alone := time.Since(begin)
	for solved := 0; solved < 2; { // on any machine there is a time that suffices
		alone *= 2
		var err error
		if solved, err = m.pace(t.Context(), 0, 2, func() { time.Sleep(alone) }); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if solved, err := m.pace(ctx, 0, 1, func() {}); err != nil || solved != 0 {
		t.Errorf("%d puzzles after the end, %v", solved, err)
	}
}

// TestTrial decides by what is seen most of the time, and at once where that is clear.
func TestTrial(t *testing.T) {
	for _, c := range []struct {
		solved []int // by the market, answer by answer
		want   string
	}{
		{[]int{0}, outcomeOK}, {[]int{2}, outcomeOK}, {[]int{9, 9, 1}, outcomeOK}, {[]int{5, 5, 5}, outcomeOK}, {[]int{9, 4, 30, 6, 3}, outcomeOK},
		{[]int{24, 25, 24}, outcomeLate}, {[]int{24, 6, 77, 9}, outcomeLate}, {[]int{3, 20, 6, 20, 7}, outcomeLate},
	} {
		var tr trial
		for i, solved := range c.solved {
			outcome := outcomeOK
			if solved > puzzleSlack {
				outcome = outcomeLate
			}
			if last := i == len(c.solved)-1; tr.decided(outcome, solved) != last || last && outcome != c.want {
				t.Errorf("%v: answer %d", c.solved, i)
				break
			}
		}
	}
	for _, outcome := range []string{outcomeDown, outcomeRefuted} {
		if tr := (trial{2, 2}); !tr.decided(outcome, 99) {
			t.Errorf("%s: asked again", outcome)
		}
	}
}

// TestAnswersFit solves puzzles for as many devices as a supplier may have: the reply is a result that the queue takes.
func TestAnswersFit(t *testing.T) {
	m := &message{Op: opPuzzle}
	for d := range maxDevices {
		m.Puzzles = append(m.Puzzles, verify.Puzzle{Device: strings.Repeat("n", 40), Ticket: [32]byte{byte(d)}, Links: puzzleLinks, Size: sector.Size2KiB, Layers: puzzleLayers})
	}
	n := newSupplier(t, "")
	n.devices = 2
	payload, err := m.seal("n", n.key.Public(), n.key)
	if err != nil {
		t.Fatal(err)
	}
	result, err := n.do(t.Context(), &queue.Lease{Task: queue.Task{Kind: "node-n", Payload: payload}})
	if err != nil || len(result) > queue.MaxBytes || len(payload) > queue.MaxBytes {
		t.Errorf("%d bytes asked, %d answered, at most %d, %v", len(payload), len(result), queue.MaxBytes, err)
	}
}

// TestStates: a node that did a job whose answer came too late states one more than the market has, and is no forger.
func TestStates(t *testing.T) {
	p := &peer{plan: plan{name: "n"}, asked: 5, answered: 3}
	for done := range 9 {
		if got, want := p.states(&record{"n", 4, done}, 4), done >= 3 && done <= 5; got != want {
			t.Errorf("%d jobs done: %v", done, got)
		}
	}
	if p.states(nil, 4) || p.states(&record{"m", 4, 4}, 4) || p.states(&record{"n", 3, 4}, 4) {
		t.Error("no record, another node's or hour's was taken")
	}
}

func TestCommandLine(t *testing.T) {
	clitest.Refuses(t, command, [][]string{{"-x"}, {"-hours", "9"}, {"-hours", "many"}, {"-engine", "foo"}, {"-emission", "all"}, {"-devices", "0"}, {"-devices", "25"},
		{"arg"}, {"-engine", "memory", "-url", "nats://x"}, {"-url", "http://x"}}...)
	if err := command(t.Context(), []string{"-node", "a"}, io.Discard); err == nil {
		t.Error("a supplier without addresses started")
	}
}

// TestAuditor sees a log that was changed.
func TestAuditor(t *testing.T) {
	var l executions
	var a auditor
	for h := range 5 {
		if err := l.append(execution{Hour: h, Job: "j", Node: "n", Op: opProduct, Outcome: outcomeOK}, execution{Hour: h, Node: "n", Op: opPuzzle, Outcome: outcomeLate}); err != nil {
			t.Fatal(err)
		}
		if err := a.observe(&l); err != nil {
			t.Fatal(err)
		}
	}
	c, err := a.recount(&l)
	if err != nil || c["n"].OK != 5 || c["n"].Missed != 5 || a.proofs != 4 {
		t.Fatalf("%+v %d %v", c["n"], a.proofs, err)
	}
	old := l.lines[3]
	l.lines[3] = bytes.Replace(old, []byte("late"), []byte("ok"), 1)
	if _, err := a.recount(&l); !errors.Is(err, verify.ErrProof) {
		t.Errorf("a changed entry: %v", err)
	}
	var other executions
	for range 12 {
		if err := other.append(execution{Node: "n", Op: opProduct, Outcome: outcomeOK}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.observe(&other); err == nil {
		t.Error("another log was taken for a longer one")
	}
}
