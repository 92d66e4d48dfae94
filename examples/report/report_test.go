package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func full() *Report {
	r := New("A <report>")
	r.AddFact("seed", 7)
	r.Section("Money & power")
	r.AddText("Minted %d units in %s.", 5, "<script>alert(1)</script>")
	r.AddTable("Statements", []string{"party", "fees"}, [][]string{{"p1", "1,000"}, {"p2", "-2.5 FIL"}})
	r.AddPlot(Plot{Title: "Base fee", X: "epoch", Y: "attoFIL", LogY: true, Lines: []Line{{Name: "old", X: []float64{0, 1, 2}, Y: []float64{1, 10, 100}},
		{Name: "new", X: []float64{0, 2}, Y: []float64{3, 3}, Step: true}, {Name: "seen", X: []float64{1}, Y: []float64{5}, Dots: true}}})
	r.AddPlot(Plot{Title: "Level", Lines: []Line{{X: []float64{1, 2}, Y: []float64{4, 4}}}})
	for _, stacked := range []bool{false, true} {
		r.AddBars(Bars{Title: "Income", Y: "FIL", Labels: []string{"p1", "p2"}, Stacked: stacked,
			Series: []Series{{"storage", []float64{1, 2}}, {"access", []float64{0, 1}}}})
	}
	r.AddHeatmap(Heatmap{Title: "Trust", X: "miner", Y: "validator", Columns: []string{"a", "b", "c"}, Values: [][]float64{{0, 1, 2}, {3, 4, 5}}})
	r.AddHeatmap(Heatmap{Title: "Flat", Values: [][]float64{{1, 1}}})
	return r
}

func html(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// outside finds what a browser would fetch. Names of XML spaces are no addresses to it.
var outside = regexp.MustCompile(`(?i)(src|href|url|@import|<link|<script|<iframe|<object|<!DOCTYPE svg)[^>]{0,20}(https?:)?//`)

func TestHTML(t *testing.T) {
	out := html(t, full())
	if n := strings.Count(out, "<svg"); n != 6 {
		t.Errorf("%d drawings, want 6", n)
	}
	if at := outside.FindString(out); at != "" {
		t.Errorf("the page asks for %q", at)
	}
	if strings.Contains(out, "<script") {
		t.Error("text is not escaped")
	}
	if out != html(t, full()) {
		t.Error("two runs differ")
	}
	for _, want := range []string{`<td class="n">1,000</td>`, `<td class="n">-2.5 FIL</td>`, "<td>p1</td>", "<dt>seed</dt><dd>7</dd>"} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := full().WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || len(back.Parts) != len(full().Parts) || back.Parts[3].Plot.Lines[0].Y[2] != 100 {
		t.Errorf("read back: %v, %d parts", err, len(back.Parts))
	}
}

func TestImpossibleShapes(t *testing.T) {
	for name, add := range map[string]func(*Report){
		"ragged table":   func(r *Report) { r.AddTable("t", []string{"a"}, [][]string{{"1", "2"}}) },
		"ragged line":    func(r *Report) { r.AddPlot(Plot{Lines: []Line{{X: []float64{1}, Y: nil}}}) },
		"no line":        func(r *Report) { r.AddPlot(Plot{}) },
		"no number":      func(r *Report) { r.AddPlot(Plot{Lines: []Line{{X: []float64{1}, Y: []float64{math.NaN()}}}}) },
		"log of zero":    func(r *Report) { r.AddPlot(Plot{LogY: true, Lines: []Line{{X: []float64{1}, Y: []float64{0}}}}) },
		"no bars":        func(r *Report) { r.AddBars(Bars{}) },
		"ragged bars":    func(r *Report) { r.AddBars(Bars{Labels: []string{"a"}, Series: []Series{{"s", nil}}}) },
		"no heat":        func(r *Report) { r.AddHeatmap(Heatmap{}) },
		"ragged heat":    func(r *Report) { r.AddHeatmap(Heatmap{Values: [][]float64{{1}, {1, 2}}}) },
		"infinite heat":  func(r *Report) { r.AddHeatmap(Heatmap{Values: [][]float64{{math.Inf(1)}}}) },
		"labels of heat": func(r *Report) { r.AddHeatmap(Heatmap{Values: [][]float64{{1}}, Rows: []string{"a", "b"}}) },
	} {
		r := New("")
		add(r)
		if err := r.WriteHTML(new(bytes.Buffer)); !errors.Is(err, ErrShape) {
			t.Errorf("%s: HTML: %v", name, err)
		}
		if err := r.WriteJSON(new(bytes.Buffer)); !errors.Is(err, ErrShape) {
			t.Errorf("%s: JSON: %v", name, err)
		}
	}
}

// TestDecades: the marks of a logarithmic axis lie on it, are powers of ten where there is one, and are not many.
func TestDecades(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		labels    string
	}{{1, 1000, "1e0 1e1 1e2 1e3"}, {0.5, 20, "1e0 1e1"}, {7, 10, "1e1"}, {2, 5, "2 5"}, {1e-12, 1e12, "1e-12 1e-9 1e-6 1e-3 1e0 1e3 1e6 1e9 1e12"}} {
		var labels []string
		for _, tick := range (decades{}).Ticks(c.low, c.high) {
			labels = append(labels, tick.Label)
			if tick.Value < c.low*(1-1e-8) || tick.Value > c.high*(1+1e-8) {
				t.Errorf("%g to %g: a mark at %g", c.low, c.high, tick.Value)
			}
		}
		if got := strings.Join(labels, " "); got != c.labels {
			t.Errorf("%g to %g: %s, want %s", c.low, c.high, got, c.labels)
		}
	}
}

func TestSave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.html")
	if err := full().Save(path); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != html(t, full()) {
		t.Errorf("saved: %v", err)
	}
	if err := full().Save(filepath.Join(path, "beneath a file")); err == nil {
		t.Error("saved under a file")
	}
}

// TestReportChromium opens the page in headless Chromium, where it is installed, and reads the log of its network stack.
func TestReportChromium(t *testing.T) {
	var browser string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Skip("chromium: not installed")
	}
	dir, err := os.MkdirTemp("", "assay-report-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // the browser's helpers may outlive it and write there
	path, log := filepath.Join(dir, "out.html"), filepath.Join(dir, "net.json")
	if err := full().Save(path); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 4*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-features=NetworkTimeServiceQuerying,OptimizationHints", "--no-first-run", "--user-data-dir="+filepath.Join(dir, "profile"), "--log-net-log="+log, "--dump-dom", "file://"+path)
	cmd.WaitDelay = 10 * time.Second
	dom, err := cmd.Output()
	if err != nil {
		t.Skipf("chromium: does not start here: %v", err)
	}
	if n := bytes.Count(dom, []byte("<svg")); n != 6 {
		t.Errorf("%d drawings in the page, want 6", n)
	}
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	// The browser's maker is asked by the browser itself, about clocks and updates; no page of ours names it.
	own := regexp.MustCompile(`^"url":"https?://[a-z0-9.-]*\.(google|googleapis|gstatic)\.com/`)
	if bytes.Contains(dom, []byte("google")) || bytes.Contains(dom, []byte("gstatic")) {
		t.Error("the page names the browser's maker")
	}
	for _, at := range regexp.MustCompile(`"url":"https?://[^"]*"`).FindAll(b, -1) {
		if !own.Match(at) {
			t.Errorf("the browser asked for %s", at)
		}
	}
}

func ExampleReport() {
	r := New("Storage market")
	r.AddFact("seed", 1)
	r.Section("Income")
	r.AddTable("FIL", []string{"provider", "storage"}, [][]string{{"f01000", "1.5"}})
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		panic(err)
	}
	// Output:
}
