package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/assaylab/assay/examples/internal/cli"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// public is what the verifying process is told: public values, as a chain has them.
type public struct {
	kind
	Miner  uint64        `json:"miner"`
	Sector sector.Number `json:"sector"`
	Ticket hex32         `json:"ticket"`
	CommD  hex32         `json:"comm_d"`
	CommR  hex32         `json:"comm_r"`
	Seed   hex32         `json:"seed"`
}

// publicOf returns the public values of a statement.
func publicOf(k kind, st *porep.Statement) public {
	return public{k, minerID, st.ID.Number, hex32(st.Ticket), hex32(st.CommD), hex32(st.CommR), hex32(st.Seed)}
}

func (p *public) statement() (*porep.Statement, error) {
	sp, err := p.proof()
	if err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	return &porep.Statement{
		Sector: porep.Sector{Proof: sp, ID: sector.ID{Prover: sector.NewProverID(p.Miner), Number: p.Sector},
			Ticket: sector.Ticket(p.Ticket), CommD: sector.CommD(p.CommD)},
		CommR: sector.CommR(p.CommR), Seed: sector.Seed(p.Seed),
	}, nil
}

// maxProof bounds what the verifier reads: proofs of 32 GiB sectors take some 40 MB.
const maxProof = 256 << 20

// verifier is the second process: a line of public values, then the proof as C1 JSON, come from r.
func verifier(ctx context.Context, r io.Reader, w io.Writer) error {
	in := bufio.NewReader(io.LimitReader(r, maxProof))
	line, err := in.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("statement: %w", err)
	}
	var p public
	if err := json.Unmarshal(line, &p); err != nil {
		return fmt.Errorf("statement: %w", err)
	}
	st, err := p.statement()
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	proof, err := porep.DecodeC1(raw, st.Proof)
	if err != nil {
		return err
	}
	if err := porep.Verify(ctx, st, proof, nil); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "verified %d challenges\n", st.Proof.Partitions*st.Proof.Challenges)
	return err
}

// errRefused is the verdict of a verifier that refuses.
var errRefused = errors.New("refused")

// verifyElsewhere has another process judge a proof. It gets the public values and the proof through a pipe, no path.
func verifyElsewhere(ctx context.Context, p public, c1 []byte) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	line, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, self, "-verify")
	cmd.Stdin = io.MultiReader(bytes.NewReader(line), strings.NewReader("\n"), bytes.NewReader(c1))
	cmd.Dir = os.TempDir()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == cli.Failed {
		return "", fmt.Errorf("%w: %s", errRefused, strings.TrimSpace(strings.TrimPrefix(stderr.String(), "storage:")))
	}
	if err != nil {
		return "", fmt.Errorf("the verifying process: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}
