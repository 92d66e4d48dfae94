// Command storage seals a real file into a Filecoin sector, proves it, verifies the proof in another process that
// has the public values only, takes the file back out and shows what a tampered replica leads to.
//
//	go run ./examples/storage [-profile filecoin|native] [-size 8MiB] [-in FILE] [-dir DIR]
//	go run ./examples/storage -market [-report FILE] [-json] [-seed N]
//
// Without -in the source files under the working directory are sealed, packed as tar in name order, as many as
// fit. Without -dir the work is done in a temporary directory that is removed at the end. The sector is sealed in a durable
// folder (porep.SealFolders): after Ctrl-C, a kill or a full disk it stays, and the same command goes on where it was; a file
// that was damaged in between is named and made again.
//
// -profile native seals, proves, verifies and takes out under the rules for networks that need no succinct proof, see
// sector.NativeProfile.
//
// With -market it simulates a storage market on real proofs: see package examples/filecoin/sim.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/assaylab/assay/examples/internal/cli"
)

func main() { cli.Main("storage", command, os.Interrupt, syscall.SIGTERM) }

const usage = `usage: storage [-profile filecoin|native] [-size 2KiB|8MiB|512MiB|32GiB] [-in FILE] [-dir DIR]
  -profile P   the rules: Filecoin's, or those for networks without succinct proofs (default filecoin)
  -size SIZE   the sector's size (default 8MiB)
  -in FILE     what to seal; by default a tar of the source files under the working directory
  -dir DIR     where to work, empty or new; kept, and resumed if it holds the same job
  -verify      read a statement and a proof from standard input and judge them (the second process)
usage: storage -market [-report FILE] [-json] [-seed N] [-days N] [-providers N] [-oldfees] [-deny FILE] [-statements FILE] [-dir DIR]
  -report FILE      write the result as one HTML page with plots
  -json             write the result as JSON to standard output, in place of text
  -seed N           the run that N names, bit for bit (default 1)
  -days N           the days to simulate (default 187: deals of 180 days end)
  -providers N      the number of providers (default 7)
  -oldfees          charge the base fee by the use of gas, the rule before mainnet's epoch 6,052,800
  -deny FILE        refuse deals with the addresses and piece CIDs in FILE, one a line
  -statements FILE  write every party's income, fees and burns as CSV
  -dir DIR          where the sectors lie, empty or new; kept`

// settings is the command line.
type settings struct {
	kind
	in     string
	dir    string
	verify bool
	market marketSettings
}

func parse(args []string) (settings, error) {
	var s settings
	set := cli.Flags("storage")
	set.StringVar(&s.Profile, "profile", filecoinProfile, "")
	set.StringVar(&s.Size, "size", "8MiB", "")
	set.StringVar(&s.in, "in", "", "")
	set.StringVar(&s.dir, "dir", "", "")
	set.BoolVar(&s.verify, "verify", false, "")
	s.market.flags(set)
	if err := cli.Parse(set, args); err != nil {
		return s, err
	}
	if err := s.market.check(set); err != nil {
		return s, err
	}
	if s.verify && set.NFlag() > 1 {
		return s, errors.New("-verify goes alone")
	}
	_, err := s.kind.proof()
	return s, err
}

func command(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args)
	if err != nil {
		return cli.Refused(err, usage, out)
	}
	if s.verify {
		return verifier(ctx, os.Stdin, out)
	}
	if s.market.on {
		return market(ctx, s.market, s.dir, out)
	}
	return run(ctx, s, out)
}
