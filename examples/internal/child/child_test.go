package child

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/assaylab/assay/examples/internal/cli/clitest"
)

// TestMain lets the test's binary be the child: it says what it was told, and repeats its input.
func TestMain(m *testing.M) {
	clitest.Main(m, "-child", func() {
		fmt.Println(os.Args[2], os.Getenv("ASSAY_CHILD"))
		if os.Args[2] == "fails" {
			fmt.Fprintln(os.Stderr, "no disk")
			os.Exit(1)
		}
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			fmt.Println("heard", in.Text())
		}
	})
}

func TestChild(t *testing.T) {
	var heard []string
	start := func(ctx context.Context, arg string) (*Process, <-chan string) {
		heard = nil
		first := make(chan string, 1)
		p, err := Start(ctx, []string{"ASSAY_CHILD=told"}, func(line string) {
			if heard = append(heard, line); len(heard) == 1 {
				first <- line
			}
		}, "-child", arg)
		if err != nil {
			t.Fatal(err)
		}
		return p, first
	}
	p, first := start(t.Context(), "works")
	if line := <-first; line != "works told" {
		t.Errorf("it was %s", line)
	}
	fmt.Fprintln(p.Input, "a word")
	p.Stop()
	if strings.Join(heard, ",") != "works told,heard a word" {
		t.Errorf("%q", heard)
	}
	p, _ = start(t.Context(), "fails")
	<-p.Ended
	if err := p.Early(); err.Error() != "ended early: no disk" {
		t.Error(err)
	}
	p, first = start(t.Context(), "killed")
	<-first
	p.Kill()
	ctx, cancel := context.WithCancel(t.Context())
	p, first = start(ctx, "with its context")
	<-first
	cancel()
	<-p.Ended
	p.Stop()
	quiet, err := Start(t.Context(), nil, nil, "-child", "quiet")
	if err != nil {
		t.Fatal(err)
	}
	quiet.Stop()
}
