// Command models runs the AI-model marketplace: three subnets whose miners serve text, image and audio tasks over loopback HTTP,
// validators that score them, Yuma consensus every tempo, the money of it in one book, and the adversaries it has to stand.
//
//	go run ./examples/models [-seed N] [-epochs N] [-mode yuma2|yuma3|yuma3-liquid] [-workers N] [-out DIR] [-scale=false]
//	go run ./examples/models -replay SNAPSHOT [-case N] [-weights ROWS] [-bonds ROWS] [-whatif UID]
//
// The first form writes report.html, report.json and CSV files; they are the same for the same seed, whatever the workers. The second
// form reads a metagraph snapshot and prints what its coming epoch pays, and what one validator would earn with other weights.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/assaylab/assay/consensus/sim"
	"github.com/assaylab/assay/examples/internal/cli"
)

func main() { cli.Main("models", command, os.Interrupt) }

const usage = `usage: models [-seed N] [-epochs N] [-mode MODE] [-workers N] [-out DIR] [-scale=false]
       models -replay SNAPSHOT [-case N] [-weights ROWS] [-bonds ROWS] [-whatif UID]
  -seed N          decides everything but the times (default 1)
  -epochs N        of each subnet, 4 to 200 (default 12)
  -mode MODE       of the bonds: yuma2, yuma3 (default) or yuma3-liquid
  -workers N       requests at a time, 0 for four a processor; does not change any result
  -out DIR         where report and tables go (default: assay-models in the system's temporary folder)
  -scale=false     leaves out the epoch of 256 neurons and 64 validators
  -replay SNAPSHOT a metagraph as JSON in the form of the vectors' inputs, plain or gzip, or a vector file of cases
  -case N          which case of a vector file (default 0)
  -weights ROWS    SCALE rows, one a neuron (bytes or hexadecimal), in place of the snapshot's weights; -bonds ROWS likewise
  -whatif UID      a table of what that validator would earn with other weights`

// settings is the command line.
type settings struct {
	seed     uint64
	epochs   int
	mode     sim.Mode
	workers  int
	out      string
	scale    bool
	replay   string
	whatIf   int
	vector   int
	rowFiles [2]string     // weights, bonds
	deadline time.Duration // of a request; 0 is the marketplace's default
}

// defaults are the settings of an empty command line.
func defaults() settings {
	return settings{seed: 1, epochs: 12, mode: sim.Yuma3, out: filepath.Join(os.TempDir(), "assay-models"), scale: true, whatIf: -1}
}

func parse(args []string) (settings, error) {
	s := defaults()
	set := cli.Flags("models")
	set.Uint64Var(&s.seed, "seed", s.seed, "")
	set.IntVar(&s.epochs, "epochs", s.epochs, "")
	mode := set.String("mode", s.mode.String(), "")
	set.IntVar(&s.workers, "workers", 0, "")
	set.StringVar(&s.out, "out", s.out, "")
	set.BoolVar(&s.scale, "scale", s.scale, "")
	set.StringVar(&s.replay, "replay", "", "")
	set.IntVar(&s.whatIf, "whatif", s.whatIf, "")
	set.IntVar(&s.vector, "case", 0, "")
	set.StringVar(&s.rowFiles[0], "weights", "", "")
	set.StringVar(&s.rowFiles[1], "bonds", "", "")
	if err := cli.Parse(set, args); err != nil {
		return s, err
	}
	given := map[string]bool{}
	set.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for m := sim.Yuma2; ; m++ {
		if m > sim.Yuma3Liquid {
			return s, fmt.Errorf("-mode %q is none of yuma2, yuma3, yuma3-liquid", *mode)
		}
		if m.String() == *mode {
			s.mode = m
			break
		}
	}
	switch {
	case s.epochs < 4 || s.epochs > 200:
		return s, fmt.Errorf("-epochs %d is not from 4 to 200", s.epochs)
	case s.workers < 0 || s.workers > 1024:
		return s, fmt.Errorf("-workers %d is not from 0 to 1024", s.workers)
	case s.out == "":
		return s, errors.New("-out is empty")
	case s.vector < 0 || given["whatif"] && s.whatIf < 0:
		return s, errors.New("-case and -whatif take numbers from 0 on")
	case s.replay == "" && (given["replay"] || given["whatif"] || given["case"] || given["weights"] || given["bonds"]):
		return s, errors.New("-whatif, -case, -weights and -bonds go with -replay SNAPSHOT")
	case s.replay != "" && (given["seed"] || given["epochs"] || given["mode"] || given["workers"] || given["out"] || given["scale"]):
		return s, errors.New("-replay goes with -case, -weights, -bonds and -whatif only")
	}
	return s, nil
}

func command(ctx context.Context, args []string, w io.Writer) error {
	s, err := parse(args)
	if err != nil {
		return cli.Refused(err, usage, w)
	}
	if s.replay != "" {
		return replaySnapshot(ctx, s, w)
	}
	return run(ctx, s, w)
}
