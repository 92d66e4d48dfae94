// Package clitest is what the tests of the marketplaces' commands share.
package clitest

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/assaylab/assay/examples/internal/cli"
)

// Main runs a package's tests, or command where first is the process's first argument: the test's binary is the command's processes, too.
func Main(m *testing.M, first string, command func()) {
	if len(os.Args) > 1 && os.Args[1] == first {
		command()
		return
	}
	os.Exit(m.Run())
}

// Refuses expects a command to take none of the command lines and to say why in one line.
func Refuses(t *testing.T, command func(ctx context.Context, args []string, out io.Writer) error, lines ...[]string) {
	t.Helper()
	for _, args := range lines {
		err := command(t.Context(), args, io.Discard)
		if usage := (cli.UsageError{}); !errors.As(err, &usage) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", args, err)
		}
	}
}
