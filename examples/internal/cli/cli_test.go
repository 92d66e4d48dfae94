package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
)

func TestCodes(t *testing.T) {
	bad := Refused(errors.New("no such flag"), "usage: x", nil)
	for err, want := range map[error]int{
		bad:                                Malformed,
		fmt.Errorf("parse: %w", bad):       Malformed,
		errors.New("disk"):                 Failed,
		context.DeadlineExceeded:           Failed,
		fmt.Errorf("%w", context.Canceled): Interrupted,
	} {
		if got := code(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
	var out strings.Builder
	if err := Refused(flag.ErrHelp, "usage: x", &out); err != nil || out.String() != "usage: x\n" {
		t.Errorf("help: %v, %q", err, out.String())
	}
}
