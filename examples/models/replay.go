package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/examples/bittensor/replay"
)

// maxFile bounds a snapshot's file.
const maxFile = 1 << 28

// replaySnapshot prints what a snapshot's coming epoch pays.
func replaySnapshot(ctx context.Context, s settings, w io.Writer) error {
	b, err := readFile(s.replay)
	if err != nil {
		return err
	}
	state, err := replay.Load(b, s.vector)
	if err != nil {
		return fmt.Errorf("%s: %w", s.replay, err)
	}
	for i, rows := range []*consensus.Rows{&state.Weights, &state.Bonds} {
		if s.rowFiles[i] == "" {
			continue
		}
		if b, err = readFile(s.rowFiles[i]); err != nil {
			return err
		}
		if *rows, err = replay.Rows(b, state.N()); err != nil {
			return fmt.Errorf("%s: %w", s.rowFiles[i], err)
		}
	}
	if s.whatIf >= state.N() {
		return fmt.Errorf("-whatif %d: the snapshot has %d neurons", s.whatIf, state.N())
	}
	o, err := replay.Payouts(ctx, state)
	if err != nil {
		return fmt.Errorf("%s: %w", s.replay, err)
	}
	printPayouts(w, state, o)
	if s.whatIf < 0 {
		return nil
	}
	return printWhatIf(ctx, w, state, s.whatIf)
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%s: over %d bytes", name, maxFile)
	}
	return b, err
}

func printPayouts(w io.Writer, s *consensus.State, o *consensus.Output) {
	fmt.Fprintf(w, "%d neurons at block %d, %d rao to pay in the coming epoch\n\n", s.N(), s.CurrentBlock, s.RaoEmission)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "uid\tpermit\tstake\ttrust\tconsensus\tincentive\tdividends\tminer rao\tvalidator rao\tsum rao\t")
	var sum uint64
	for i := range s.N() {
		sum += o.Emission[i]
		fmt.Fprintf(t, "%d\t%t\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", i, o.NewValidatorPermit[i], o.StakeWeightU16[i], o.ValidatorTrustU16[i], o.ConsensusU16[i],
			o.IncentiveU16[i], o.DividendsU16[i], o.ServerEmission[i], o.ValidatorEmission[i], o.Emission[i])
	}
	t.Flush()
	fmt.Fprintf(w, "\nall neurons: %d rao, %d rao lost to rounding; scores are of 65535\n", sum, int64(s.RaoEmission)-int64(sum))
}

func printWhatIf(ctx context.Context, w io.Writer, s *consensus.State, uid int) error {
	col, choices, err := replay.WhatIf(ctx, s, uid)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nwhat if uid %d voted otherwise on the %d uids that anybody weighs:\n\n", uid, len(col))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "weights\tdividends\trao\tchange\t")
	for _, c := range choices {
		fmt.Fprintf(t, "%s\t%.6f\t%d\t%+d\t\n", c.Name, c.Dividends.Float64(), c.Rao, int64(c.Rao)-int64(choices[0].Rao))
	}
	return t.Flush()
}
