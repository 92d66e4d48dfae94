package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A phase is a line of the table.
type phase struct {
	name    string
	seconds float64
	amount  float64 // of unit
	unit    string
	peak    uint64 // bytes
	note    string
}

// phases measures one phase after another and shows its progress.
type phases struct {
	list []phase
	err  io.Writer
	// every is the time between two drawings of a bar.
	every time.Duration
	bar   *progressbar.ProgressBar

	stages []stage // of the phase that runs
	mark   time.Time
}

// A stage is a part of a phase, as the library reports it.
type stage struct {
	name                string
	first, done, amount uint64
	seconds             float64
	peak                uint64
}

// newPhases returns phases whose bars go to standard error: often to a terminal, seldom to a file.
func newPhases() *phases {
	p := &phases{err: os.Stderr, every: 10 * time.Second}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		p.every = 200 * time.Millisecond
	}
	return p
}

// run does a phase. amount, in unit, is what it works through; do returns what to say of it. A phase of several stages has a
// line for each.
func (p *phases) run(name string, amount uint64, unit string, do func() (note string, err error)) error {
	resetPeak()
	start := time.Now()
	p.stages, p.mark = nil, start
	note, err := do()
	p.endBar()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	line := phase{name, time.Since(start).Seconds(), float64(amount), unit, peakMemory(), note}
	if n := len(p.stages); n > 0 {
		p.stages[n-1].peak = line.peak
	}
	for _, s := range p.stages {
		line.peak = max(line.peak, s.peak)
	}
	p.list = append(p.list, line)
	if len(p.stages) > 1 {
		for _, s := range p.stages {
			p.list = append(p.list, phase{"- " + s.name, s.seconds, float64(s.done - s.first), "nodes", s.peak, ""})
		}
	}
	return nil
}

// kept says how much of a stage an earlier run had done.
func (p *phases) kept(name string) string {
	if len(p.stages) == 0 {
		return "kept as it was found whole"
	}
	for _, s := range p.stages {
		switch {
		case s.name != name:
		case s.first == 0:
			return fmt.Sprintf("%d %s nodes made", s.amount, name)
		default:
			return fmt.Sprintf("%d of %d %s nodes kept", s.first, s.amount, name)
		}
	}
	return fmt.Sprintf("all %s nodes kept", name)
}

// count notes how far a stage is. What was there when it began is told by its first report, if it is the one of labels: other
// stages begin at zero, and their first report comes after some work.
func (p *phases) count(name string, done, total uint64) {
	if n := len(p.stages); n == 0 || p.stages[n-1].name != name {
		if n > 0 {
			p.stages[n-1].peak = peakMemory()
			resetPeak()
		}
		s := stage{name: name, amount: total}
		if name == "label" {
			s.first = done
		}
		p.stages = append(p.stages, s)
	}
	s := &p.stages[len(p.stages)-1]
	now := time.Now()
	s.done, s.seconds, p.mark = done, s.seconds+now.Sub(p.mark).Seconds(), now
}

// progress moves the bar of a stage; it is an Options.Progress.
func (p *phases) progress(stage string, done, total uint64) {
	if total == 0 {
		return
	}
	before := len(p.stages)
	p.count(stage, done, total)
	if p.bar == nil || len(p.stages) != before {
		p.endBar()
		p.bar = progressbar.NewOptions64(int64(total),
			progressbar.OptionSetWriter(p.err), progressbar.OptionSetDescription(fmt.Sprintf("%-16s", stage)),
			progressbar.OptionThrottle(p.every), progressbar.OptionSetWidth(30),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true))
	}
	_ = p.bar.Set64(int64(done)) // a bar that cannot be drawn is no fault of the work
}

func (p *phases) endBar() {
	if p.bar != nil {
		_ = p.bar.Exit()
		fmt.Fprintln(p.err)
		p.bar = nil
	}
}

// table prints what was measured.
func (p *phases) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "phase\tseconds\trate\tpeak memory\twhat")
	for _, l := range p.list {
		fmt.Fprintf(t, "%s\t%.3f\t%s\t%s\t%s\n", l.name, l.seconds, rate(l.amount, l.unit, l.seconds), bytesText(l.peak), l.note)
	}
	return t.Flush()
}

func rate(amount float64, unit string, seconds float64) string {
	if amount == 0 || seconds == 0 {
		return "-"
	}
	x, prefix := amount/seconds, ""
	for _, p := range []string{"k", "M", "G"} {
		if x < 1000 {
			break
		}
		x, prefix = x/1000, p
	}
	return fmt.Sprintf("%.1f %s%s/s", x, prefix, unit)
}

// bytesText prints a number of bytes with a binary unit.
func bytesText(n uint64) string {
	x, unit := float64(n), "B"
	for _, u := range []string{"KiB", "MiB", "GiB"} {
		if x < 1024 {
			break
		}
		x, unit = x/1024, u
	}
	return strconv.FormatFloat(x, 'f', -1+2*b2i(unit != "B"), 64) + " " + unit
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// resetPeak makes the kernel forget the peak so far, where it can.
func resetPeak() {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// peakMemory returns the most memory that was resident since resetPeak; where the system does not tell, what the Go
// runtime has from it.
func peakMemory() uint64 {
	status, err := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok && err == nil {
			if kb, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64); err == nil {
				return kb << 10
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys
}

// freeMemory returns the memory that can be had, 0 where the system does not tell.
func freeMemory() uint64 {
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(info)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kb, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err == nil {
				return kb << 10
			}
		}
	}
	return 0
}
