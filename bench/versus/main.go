// Command versus times assay against its peers, alternately in one run and on the same data.
//
//	go run ./bench/versus [-only NAME[,NAME...]] [-time 2s] [-rust] [-md FILE] [-svg FILE] [-list]
//
// Results are compared before anything is timed. A contest prints one line a peer:
//
//	NAME ours=… peer=PEER theirs=… unit=… ratio=…
//
// A ratio over 1 means that ours is better. Figures are minima of interleaved samples on one core in CPU time, user and
// system, which other work on the machine does not stretch; those of lines with cores=2 are wall time. A peer's figure that
// was not measured in this run is marked `recorded`; a missing CPU feature ends the line with cpu=no-FEATURE. -only takes
// names or prefixes.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

func main() {
	only := flag.String("only", "", "run the contests of these names or prefixes, comma-separated")
	span := flag.Duration("time", 2*time.Second, "time to measure each side of a contest")
	flag.BoolVar(&useRust, "rust", false, "build and run the Rust peers too (needs cargo)")
	md := flag.String("md", "", "write the table for README.md to this file, - for standard output")
	svg := flag.String("svg", "", "write a bar chart of the ratios to this file")
	names := flag.Bool("list", false, "print the names of the contests and stop")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: versus [-only NAME,...] [-time 2s] [-rust] [-md FILE] [-svg FILE] [-list]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 || *span <= 0 {
		flag.Usage()
		os.Exit(2)
	}
	chosen := choose(contests, *only)
	if len(chosen) == 0 {
		fmt.Fprintf(os.Stderr, "versus: no contest is named %q\n", *only)
		os.Exit(2)
	}
	if *names {
		for _, c := range chosen {
			fmt.Println(c.name)
		}
		return
	}
	var all []outcome
	ok := true
	for _, c := range chosen {
		fought, good := play(os.Stdout, c, *span)
		all, ok = append(all, fought...), ok && good
	}
	if err := publish(all, *md, *svg); err != nil {
		fmt.Fprintln(os.Stderr, "versus:", err)
		ok = false
	}
	if !ok {
		os.Exit(1)
	}
}

// choose returns the contests whose names begin with one of the comma-separated prefixes, all if there are none.
func choose(all []contest, only string) []contest {
	if only == "" {
		return all
	}
	var out []contest
	for _, c := range all {
		for _, prefix := range strings.Split(only, ",") {
			if prefix = strings.TrimSpace(prefix); prefix != "" && strings.HasPrefix(c.name, prefix) {
				out = append(out, c)
				break
			}
		}
	}
	return out
}

// play runs one contest, prints its lines and reports whether all its checks held.
func play(w io.Writer, c contest, span time.Duration) (fought []outcome, ok bool) {
	duels, closing, err := c.setup()
	if closing != nil {
		defer closing()
	}
	if err != nil {
		fmt.Fprintf(w, "%s error: %v\n", c.name, err)
		return nil, false
	}
	ok = true
	for _, d := range duels {
		o, err := d.run(c.name, span)
		if err != nil {
			fmt.Fprintf(w, "%s peer=%s error: %v\n", c.name, d.peer, err)
			ok = false
			continue
		}
		fmt.Fprintln(w, o)
		fought = append(fought, o)
	}
	return fought, ok
}
