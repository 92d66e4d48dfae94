// Command engine carries real work over several worker processes and shows that none of it is lost, done twice in effect or
// taken on trust: three workers of which one is killed in mid-task, one runs twice, one returns wrong bytes; the server is
// restarted in the middle.
//
//	go run ./examples/engine [-engine nats|memory] [-url nats://HOST:PORT] [-dir DIR] [-sectors N] [-products N] [-epochs N] [-seed N]
//
// The queue is NATS JetStream, in this process unless -url names a server or cluster, or the in-memory twin behind HTTP.
// Tasks are sealing phases, a window PoSt, int8 matrix products and scoring epochs; every result is verified before it counts.
package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/assaylab/assay/examples/internal/carrier"
	"github.com/assaylab/assay/examples/internal/cli"
)

func main() { cli.Main("engine", command, os.Interrupt) }

const usage = `usage: engine [flags]
  -engine nats|memory   the queue (default nats)
  -url URL              a NATS server or cluster; by default one in this process
  -dir DIR              where the server in this process keeps its state; by default a temporary directory
  -sectors N            sectors to seal and prove, 1 to 64 (default 4)
  -products N           matrix products, 1 to 10000 (default 24)
  -epochs N             scoring epochs, 1 to 10000 (default 12)
  -seed N               of all random choices (default 1)`

// settings is the command line.
type settings struct {
	carrier.Settings
	sectors, products, epochs int
	seed                      uint64

	worker, cheat string // a worker's process
}

func parse(args []string) (settings, error) {
	var s settings
	set := cli.Flags("engine")
	s.Settings.Flags(set)
	set.StringVar(&s.Dir, "dir", "", "")
	set.IntVar(&s.sectors, "sectors", 4, "")
	set.IntVar(&s.products, "products", 24, "")
	set.IntVar(&s.epochs, "epochs", 12, "")
	set.Uint64Var(&s.seed, "seed", 1, "")
	set.StringVar(&s.worker, "worker", "", "")
	set.StringVar(&s.cheat, "cheat", "", "")
	if err := cli.Parse(set, args); err != nil {
		return s, err
	}
	if s.sectors < 1 || s.sectors > 64 || s.products < 1 || s.products > 10_000 || s.epochs < 1 || s.epochs > 10_000 {
		return s, errors.New("-sectors, -products or -epochs is out of range")
	}
	return s, s.Settings.Check()
}

func command(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args)
	if err != nil {
		return cli.Refused(err, usage, out)
	}
	if s.worker != "" {
		return worker(ctx, s, out)
	}
	return run(ctx, s, out)
}
