package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// hang is how much processor time one input may take.
	hang = time.Second
	// deadlock is how long one input may take, also where other work holds up the machine.
	deadlock = time.Minute
	// first is how many executions a target does at first, to see how fast it is.
	first = 100
	// longest is about how long a slow target runs: the others do what it leaves.
	longest = 2 * time.Minute
)

// A target is a fuzz function and what came of it.
type target struct {
	pkg, dir, name string
	binary         string // of its package
	execs          int64  // executions done
	interesting    int64  // inputs that reached new code
	elapsed        time.Duration
	failure        string // output of the run that failed
}

// fuzz has every fuzz target of the packages do its share of n executions, prints a table and returns an error where an
// input failed, panicked or hung, where a target did nothing, and where the executions are less than n.
func fuzz(w io.Writer, n int64, packages []string, verbose bool) error {
	tmp, err := os.MkdirTemp("", "fuzz")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	targets, err := list(packages)
	if err == nil {
		err = compile(tmp, targets)
	}
	if err != nil {
		return err
	}
	var log io.Writer = io.Discard
	if verbose {
		log = os.Stderr
	}
	distribute(log, tmp, n, targets)
	return verdict(w, n, targets)
}

// distribute has the targets do n executions in all: each the same number, the fast ones what slow ones leave.
func distribute(log io.Writer, tmp string, n int64, targets []*target) {
	each := parts(n, len(targets))
	for _, t := range targets {
		for ask := int64(first); t.execs < each && t.elapsed < longest && t.failure == ""; ask *= 10 {
			t.run(log, tmp, t.next(ask, each))
		}
		fmt.Fprintf(log, "%s: %d executions in %v\n", t, t.execs, t.elapsed)
	}
	fast := slices.DeleteFunc(slices.Clone(targets), func(t *target) bool { return t.execs < each || t.failure != "" })
	for missing(n, targets) > 0 && len(fast) > 0 {
		t := slices.MinFunc(fast, func(a, b *target) int { return cmp.Compare(a.elapsed, b.elapsed) })
		before := t.execs
		t.run(log, tmp, each) // with few executions it would not get past its seeds
		if t.failure != "" || t.execs == before {
			fast = slices.DeleteFunc(fast, func(other *target) bool { return other == t })
		}
	}
}

// parts returns a k-th of n, rounded up.
func parts(n int64, k int) int64 { return (n + int64(k) - 1) / int64(k) }

// missing returns how many of n executions the targets have not done.
func missing(n int64, targets []*target) int64 {
	for _, t := range targets {
		n -= t.execs
	}
	return n
}

// verdict prints the table of the targets and says what is wrong with it.
func verdict(w io.Writer, n int64, targets []*target) error {
	var wrong []error
	var sum target
	crashes := 0
	fmt.Fprintf(w, "%-48s %10s %8s %7s %7s\n", "target", "executions", "time", "new", "crashes")
	for _, t := range targets {
		fmt.Fprintf(w, "%-48s %10d %8v %7d %7d\n", t, t.execs, t.elapsed.Round(time.Second), t.interesting, t.crashes())
		sum.execs += t.execs
		sum.interesting += t.interesting
		crashes += t.crashes()
		if t.failure != "" {
			wrong = append(wrong, fmt.Errorf("FAIL %s\n%s", t, t.failure))
		} else if t.execs == 0 {
			wrong = append(wrong, fmt.Errorf("FAIL %s: no executions", t))
		}
	}
	if sum.execs < n {
		wrong = append(wrong, fmt.Errorf("FAIL %d executions, want %d", sum.execs, n))
	}
	fmt.Fprintf(w, "%d targets, %d executions, %d new inputs, %d crashes (a failure, a panic, or over %v)\n",
		len(targets), sum.execs, sum.interesting, crashes, hang)
	return errors.Join(wrong...)
}

// list asks go test for the fuzz targets of the packages.
func list(packages []string) ([]*target, error) {
	out, err := output("go", append([]string{"test", "-vet=off", "-json", "-list", "^Fuzz"}, packages...)...)
	if err != nil {
		return nil, err
	}
	var targets []*target
	for line := range bytes.Lines(out) {
		var event struct{ Action, Package, Output string }
		if json.Unmarshal(line, &event) == nil && event.Action == "output" && strings.HasPrefix(event.Output, "Fuzz") {
			targets = append(targets, &target{pkg: event.Package, name: strings.TrimSpace(event.Output)})
		}
	}
	if len(targets) == 0 {
		return nil, errors.New("no fuzz targets")
	}
	slices.SortFunc(targets, func(a, b *target) int { return strings.Compare(a.String(), b.String()) })
	return targets, nil
}

// compile builds the instrumented test binary of every target's package, once a package, with a fuzzer that watches for hangs.
func compile(tmp string, targets []*target) error {
	overlay, err := watched(tmp)
	if err != nil {
		return err
	}
	for i, t := range targets {
		if i > 0 && targets[i-1].pkg == t.pkg {
			t.dir, t.binary = targets[i-1].dir, targets[i-1].binary
			continue
		}
		dir, err := output("go", "list", "-f", "{{.Dir}}", t.pkg)
		if err != nil {
			return err
		}
		t.dir, t.binary = string(bytes.TrimSpace(dir)), filepath.Join(tmp, fmt.Sprintf("%d.test", i))
		if _, err := output("go", "test", "-vet=off", "-c", "-fuzz=.", "-overlay="+overlay, "-o="+t.binary, t.pkg); err != nil {
			return err
		}
	}
	return nil
}

// watcher is added to the fuzzer. Other work on the machine holds up an input's time, but not its processor time.
const watcher = `package fuzz

import (
	"sync/atomic"
	"syscall"
	"time"
)

// watch ends the process once an input takes too long, unless stop is called before.
func watch(hang, deadlock time.Duration) (stop func()) {
	var stopped atomic.Bool
	begun, spent := time.Now(), processor()
	var timer *time.Timer
	timer = time.AfterFunc(hang, func() {
		if stopped.Load() {
			return
		}
		if processor()-spent >= hang || time.Since(begun) >= deadlock {
			panic("hangs")
		}
		timer.Reset(hang / 10)
	})
	return func() {
		stopped.Store(true)
		timer.Stop()
	}
}

// processor returns the processor time of the process.
func processor() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		panic(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
`

// watched writes an overlay for go build in which the fuzzer's own limit for one input, ten seconds, is watcher's.
func watched(tmp string) (string, error) {
	root, err := output("go", "env", "GOROOT")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(string(bytes.TrimSpace(root)), "src", "internal", "fuzz")
	from, to := filepath.Join(dir, "worker.go"), filepath.Join(tmp, "worker.go")
	source, err := os.ReadFile(from)
	if err != nil {
		return "", err
	}
	own := regexp.MustCompile(`timer := time\.AfterFunc\(10\*time\.Second, func\(\) {\s+panic\(.*\n\s+}\)\s+defer timer\.Stop\(\)`)
	if len(own.FindAll(source, -1)) != 1 {
		return "", fmt.Errorf("%s has no %q: it is another release's", from, own)
	}
	source = own.ReplaceAll(source, fmt.Appendf(nil, "defer watch(%d, %d)()", hang, deadlock))
	added := filepath.Join(tmp, "watch.go")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {from: to, filepath.Join(dir, "watch.go"): added}})
	overlay := filepath.Join(tmp, "overlay.json")
	return overlay, errors.Join(err, os.WriteFile(to, source, 0o600), os.WriteFile(added, []byte(watcher), 0o600), os.WriteFile(overlay, replace, 0o600))
}

// run fuzzes with so many executions and adds up what came of it.
func (t *target) run(log io.Writer, tmp string, executions int64) {
	cmd := exec.Command(t.binary, "-test.run=^$", "-test.fuzz=^"+t.name+"$", fmt.Sprintf("-test.fuzztime=%dx", executions), "-test.parallel=2",
		"-test.fuzzminimizetime=100x", "-test.fuzzcachedir="+filepath.Join(tmp, "cache", t.pkg))
	cmd.Dir = t.dir
	var out bytes.Buffer
	cmd.Stdout = io.MultiWriter(&out, log)
	cmd.Stderr = cmd.Stdout
	start := time.Now()
	err := cmd.Run()
	t.elapsed += time.Since(start)
	execs, interesting := tally(out.String())
	t.execs += execs
	t.interesting += interesting
	if err != nil {
		t.failure = fmt.Sprintf("%s%v", out.String(), err)
	}
}

var progress = regexp.MustCompile(`execs: ([0-9]+).*new interesting: ([0-9]+)`)

// tally returns the executions and the new interesting inputs of the last line of progress in a fuzzer's output.
func tally(out string) (execs, interesting int64) {
	all := progress.FindAllStringSubmatch(out, -1)
	if len(all) == 0 {
		return 0, 0
	}
	last := all[len(all)-1]
	execs, _ = strconv.ParseInt(last[1], 10, 64)
	interesting, _ = strconv.ParseInt(last[2], 10, 64)
	return execs, interesting
}

func (t *target) String() string {
	return strings.TrimPrefix(t.pkg, "github.com/assaylab/assay/") + " " + t.name
}

// next returns how many executions of ask to do next: no more than are missing of each, or than it does in what is left of
// longest, but at least the first. One that has done nothing yet, since it has more seeds than executions, does all of ask.
func (t *target) next(ask, each int64) int64 {
	if t.execs == 0 {
		return ask
	}
	able := float64(t.execs) / t.elapsed.Seconds() * (longest - t.elapsed).Seconds()
	return min(ask, each-t.execs, max(first, int64(able)))
}

// crashes returns 1 where an input ended the fuzzing.
func (t *target) crashes() int {
	if t.failure != "" {
		return 1
	}
	return 0
}

// output runs a command and returns its standard output; the end of it, and what it says of an error, are in the error.
func output(name string, arg ...string) ([]byte, error) {
	cmd := exec.Command(name, arg...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(arg, " "), err, out[max(0, len(out)-2000):], stderr.String())
	}
	return out, nil
}
