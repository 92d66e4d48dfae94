// Command adversaries runs every hostile case and prints what came of it.
//
//	go run ./bench/adversaries [-v] [PACKAGE...]
//	go run ./bench/adversaries -fuzz 5000000 [-v] [PACKAGE...]
//
// It runs `go test -json -run Adversary` over the packages (by default all of the three modules, from the repository's root),
// in which every case is a subtest named by its id that logs `adversary ID tried=N accepted=N panics=N`. It prints a table
// id, cases tried, accepted wrongly, panics, and exits 1 where one of the 126 ids is missing, was tried on nothing,
// accepted anything or panicked, and where a test failed.
//
// With -fuzz it runs every fuzz target of the packages instead, with so many executions in all: each target the same number,
// slow ones about two minutes. It prints a table and exits 1 where an input fails, panics or takes over a second of processor
// time (or a minute), where a target does nothing, and where the executions are fewer. The input lies in the package's
// testdata/fuzz then, as go test -fuzz leaves it. It needs Unix.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// groups are the letters of the ids and how many of each there are: 126 in all.
var groups = []struct {
	letter string
	about  string
	count  int
}{
	{"M", "merkle", 22}, {"G", "groth16 and encodings", 16}, {"P", "porep", 20}, {"W", "post", 14},
	{"E", "erasure", 16}, {"C", "consensus", 18}, {"S", "storage, bench, examples", 20},
}

func main() {
	verbose := flag.Bool("v", false, "print the output of the tests")
	executions := flag.Int64("fuzz", 0, "run the fuzz targets, with so many executions in all")
	flag.Parse()
	packages := flag.Args()
	if len(packages) == 0 {
		packages = []string{"./...", "./bench/...", "./examples/..."}
	}
	if *executions > 0 {
		if err := fuzz(os.Stdout, *executions, packages, *verbose); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	cmd := exec.Command("go", append([]string{"test", "-json", "-count=1", "-timeout=60m", "-run", "Adversary"}, packages...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "adversaries:", err)
		os.Exit(2)
	}
	results, failed := collect(out, *verbose)
	err = cmd.Wait()
	ok := report(os.Stdout, results)
	for _, name := range failed {
		fmt.Println("FAIL", name)
	}
	if !ok || err != nil || len(failed) > 0 {
		os.Exit(1)
	}
}

// A result is what the tests of an id logged, summed up.
type result struct{ tried, accepted, panics int }

var line = regexp.MustCompile(`adversary ([A-Z][0-9]+) tried=([0-9]+) accepted=([0-9]+) panics=([0-9]+)`)

// collect reads the events of go test and returns the results by id and the names of failed tests.
func collect(r io.Reader, verbose bool) (map[string]*result, []string) {
	results := map[string]*result{}
	var failed []string
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event struct{ Action, Package, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &event) != nil {
			continue
		}
		switch event.Action {
		case "fail":
			failed = append(failed, event.Package+" "+event.Test)
		case "output":
			if verbose && !strings.HasPrefix(event.Output, "=== ") {
				fmt.Fprint(os.Stderr, event.Output)
			}
			if m := line.FindStringSubmatch(event.Output); m != nil {
				res := results[m[1]]
				if res == nil {
					res = &result{}
					results[m[1]] = res
				}
				for i, n := range []*int{&res.tried, &res.accepted, &res.panics} {
					x, _ := strconv.Atoi(m[2+i])
					*n += x
				}
			}
		}
	}
	return results, failed
}

// report prints the table and reports whether all is well.
func report(w io.Writer, results map[string]*result) bool {
	ok := true
	var total result
	ids, missing := 0, 0
	fmt.Fprintf(w, "%-4s %12s %9s %7s\n", "id", "tried", "accepted", "panics")
	for _, g := range groups {
		for i := 1; i <= g.count; i++ {
			id := g.letter + strconv.Itoa(i)
			ids++
			r := results[id]
			if r == nil {
				fmt.Fprintf(w, "%-4s %12s\n", id, "missing")
				missing, ok = missing+1, false
				continue
			}
			mark := ""
			if r.tried == 0 || r.accepted != 0 || r.panics != 0 {
				mark, ok = "  FAIL", false
			}
			fmt.Fprintf(w, "%-4s %12d %9d %7d%s\n", id, r.tried, r.accepted, r.panics, mark)
			total.tried += r.tried
			total.accepted += r.accepted
			total.panics += r.panics
		}
	}
	fmt.Fprintf(w, "%d ids, %d missing; %d cases tried, %d accepted wrongly, %d panics\n", ids, missing, total.tried, total.accepted, total.panics)
	return ok
}
