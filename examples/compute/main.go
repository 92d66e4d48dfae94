// Command compute runs a compute market after Io.net's rules: suppliers in processes of their own join with devices, clusters are
// reserved and released, jobs run on real CPU work and every result is verified before it is paid; hourly blocks reward
// those who answer timed puzzles; five suppliers cheat, each in its way, and are caught.
//
//	go run ./examples/compute [-engine nats|memory] [-hours N] [-emission NAME] [-seed N] [-report FILE.html] [-json FILE] [-csv FILE]
//
// Jobs and results are encrypted end to end and carried by the queue of examples/engine. The book, and everything in it,
// depends on seed and hours only, not on engine, machine or time; what was measured (bandwidth, times) is in the health records.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/assaylab/assay/examples/internal/carrier"
	"github.com/assaylab/assay/examples/internal/cli"
	"github.com/assaylab/assay/examples/ionet"
)

func main() { cli.Main("compute", command, os.Interrupt) }

const usage = `usage: compute [flags]
  -engine nats|memory   what carries the jobs (default nats, in this process)
  -url URL              a NATS server or cluster instead
  -hours N              hours to run, 10 to 720 (default 18)
  -emission NAME        launch-supply (default) or total-supply: readings of the published 8 %
  -seed N               of all random choices (default 1)
  -report FILE          write a report as HTML
  -json FILE            write the figures as JSON, - for standard output
  -csv FILE             write every party's statement as CSV
  -node NAME [-devices N]   run a supplier: the command of a container; the addresses of queue and market are in
                        ASSAY_COMPUTE_QUEUE and ASSAY_COMPUTE_MARKET`

// settings is the command line.
type settings struct {
	carrier.Settings
	emission          string
	hours             int
	seed              uint64
	report, json, csv string

	node, cheat string // a supplier's process
	devices     int

	clock func(*peer) int // in a test: the puzzles that the market solves while a peer answers, where nothing is measured
}

func parse(args []string) (settings, error) {
	var s settings
	set := cli.Flags("compute")
	s.Settings.Flags(set)
	set.StringVar(&s.emission, "emission", "launch-supply", "")
	set.IntVar(&s.hours, "hours", 18, "")
	set.Uint64Var(&s.seed, "seed", 1, "")
	set.StringVar(&s.report, "report", "", "")
	set.StringVar(&s.json, "json", "", "")
	set.StringVar(&s.csv, "csv", "", "")
	set.StringVar(&s.node, "node", "", "")
	set.StringVar(&s.cheat, "cheat", "", "")
	set.IntVar(&s.devices, "devices", 1, "")
	if err := cli.Parse(set, args); err != nil {
		return s, err
	}
	_, err := ionet.EmissionByName(s.emission)
	switch {
	case err != nil:
		return s, fmt.Errorf("-emission: %w", err)
	case s.hours < 10 || s.hours > ionet.HoursInMonth-10:
		return s, fmt.Errorf("-hours %d is out of range, 10 to %d", s.hours, ionet.HoursInMonth-10)
	case s.devices < 1 || s.devices > maxDevices:
		return s, fmt.Errorf("-devices %d is out of range, 1 to %d", s.devices, maxDevices)
	}
	return s, s.Settings.Check()
}

func command(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args)
	if err != nil {
		return cli.Refused(err, usage, out)
	}
	if s.node != "" {
		return node(ctx, s)
	}
	return run(ctx, s, out)
}
