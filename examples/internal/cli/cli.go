// Package cli is what the marketplaces' commands share: an interrupt ends the context, an error is one line on standard error
// and an exit code, and a malformed command line is told apart from a failed run.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

// Exit codes: a failed run, a malformed command line, an interrupted run.
const (
	Failed      = 1
	Malformed   = 2
	Interrupted = 130
)

// A UsageError is a command line that cannot be understood.
type UsageError struct{ error }

// Main runs a command with the process's arguments and ends the process where it fails. The context ends with one of the signals.
func Main(name string, command func(ctx context.Context, args []string, out io.Writer) error, signals ...os.Signal) {
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	err := command(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(code(err))
	}
}

// code returns the exit code of an error.
func code(err error) int {
	var usage UsageError
	switch {
	case errors.As(err, &usage):
		return Malformed
	case errors.Is(err, context.Canceled):
		return Interrupted
	}
	return Failed
}

// Flags returns an empty set of flags for Parse. It prints nothing itself.
func Flags(name string) *flag.FlagSet {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	return set
}

// Parse reads a command line of flags only.
func Parse(set *flag.FlagSet, args []string) error {
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() > 0 {
		return fmt.Errorf("argument %q is not understood", set.Arg(0))
	}
	return nil
}

// Refused handles the error of parsing a command line: it prints the usage where that was asked for and returns nil, else a UsageError.
func Refused(err error, usage string, out io.Writer) error {
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(out, usage)
		return nil
	}
	return UsageError{fmt.Errorf("%w (-h shows the usage)", err)}
}
