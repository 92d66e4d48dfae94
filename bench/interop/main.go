// Command interop hands sectors back and forth between assay and rust-fil-proofs: each opens what the other sealed,
// proves it, and verifies the other's proof.
//
//	go run ./bench/interop [-large]
//
// It builds bench/rust with cargo and prints a line a case, `PASS|FAIL SIZE KIND what`; without cargo it says so and
// ends well, since nothing was found wrong.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

func main() {
	large := flag.Bool("large", false, "also the synthetic proofs of an 8 MiB sector, which take 12 GB of disk and an hour")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: interop [-large]")
		os.Exit(2)
	}
	peer, err := buildPeer()
	if errors.Is(err, exec.ErrNotFound) {
		fmt.Println("SKIP cargo is not installed: rust-fil-proofs cannot be run")
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
	kinds := []sector.SealProof{sector.StackedDRG2KiBV1, sector.StackedDRG2KiBV1_1, sector.StackedDRG2KiBV1_1Synthetic,
		sector.StackedDRG2KiBV1_2NonInteractive, sector.StackedDRG8MiBV1_1}
	if *large {
		kinds = append(kinds, sector.StackedDRG8MiBV1_1Synthetic)
	}
	failed := false
	for _, k := range kinds {
		failed = !exchange(peer, k) || failed
	}
	if failed {
		os.Exit(1)
	}
}

// buildPeer builds bench/rust and returns its program.
func buildPeer() (string, error) {
	cargo, err := exec.LookPath("cargo")
	if err != nil {
		return "", err
	}
	dir := filepath.Join("bench", "rust")
	if _, err := os.Stat(dir); err != nil {
		dir = "rust"
	}
	fmt.Fprintln(os.Stderr, "interop: building the Rust peers")
	cmd := exec.Command(cargo, "build", "--release", "--locked", "--quiet")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("cargo build in %s: %w", dir, err)
	}
	target := os.Getenv("CARGO_TARGET_DIR")
	if target == "" {
		target = filepath.Join(dir, "target")
	}
	return filepath.Abs(filepath.Join(target, "release", "assay-peers"))
}

// A side is a folder with one sector in it.
type side struct {
	dir  string
	job  porep.Job
	seal sector.SealProof
	st   porep.Statement
}

// stream is the byte stream of the recorded vectors, by which bench/rust names data, ids and randomness as well.
func stream(label string, n int) []byte {
	out := make([]byte, 0, n+32)
	for i := uint64(0); len(out) < n; i++ {
		sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(label), i))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

// newSide returns the sector of bench/rust's interop in dir.
func newSide(dir string, seal sector.SealProof) (*side, error) {
	p, err := seal.Proof()
	if err != nil {
		return nil, err
	}
	cache := filepath.Join(dir, "cache")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	prover := sector.ProverID(stream("assay/prover", 32))
	prover[31] &= 0x3f
	s := &side{dir: dir, seal: seal}
	s.job = porep.Job{
		Files: porep.Files{Cache: cache, Staged: filepath.Join(dir, "staged"), Sealed: filepath.Join(dir, "sealed")},
		Proof: p, ID: sector.ID{Prover: prover, Number: 77}, Ticket: sector.Ticket(stream("assay/ticket", 32)),
		Data: bytes.NewReader(stream("assay/sector", int(p.Size.Unpadded()))),
	}
	s.st = porep.Statement{Sector: porep.Sector{Proof: p, ID: s.job.ID, Ticket: s.job.Ticket}, Seed: sector.Seed(stream("assay/seed", 32))}
	return s, nil
}

// rust runs a mode of the peer on the side's folder and returns what it prints after ok.
func (s *side) rust(peer, mode string, args ...string) (string, error) {
	all := append([]string{"interop", mode, s.dir, fmt.Sprint(uint64(s.job.Proof.Size)), fmt.Sprint(int64(s.seal))}, args...)
	cmd := exec.Command(peer, all...)
	cmd.Env = append(os.Environ(), "RUST_LOG=error")
	out, err := cmd.Output()
	text := strings.TrimSpace(string(out))
	if rest, ok := strings.CutPrefix(text, "ok"); ok && err == nil {
		return strings.TrimSpace(rest), nil
	}
	return "", fmt.Errorf("rust-fil-proofs: %s %w", text, err)
}

// exchange runs all cases of one kind and reports whether all passed.
func exchange(peer string, seal sector.SealProof) bool {
	dir, err := os.MkdirTemp("", "interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		return false
	}
	defer os.RemoveAll(dir)
	ours, err := newSide(filepath.Join(dir, "ours"), seal)
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		return false
	}
	theirs, err := newSide(filepath.Join(dir, "them"), seal)
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		return false
	}
	x := &cases{peer: peer, ours: ours, theirs: theirs}
	for _, c := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"both seal: every file alike", x.seal},
		{"ours proven by rust-fil-proofs from our files, its proof ours byte for byte", x.proveOurs},
		{"theirs proven by assay from their files, verified by rust-fil-proofs", x.proveTheirs},
		{"ours unsealed by rust-fil-proofs", x.unsealOurs},
		{"theirs unsealed by assay", x.unsealTheirs},
		{"a forged proof refused by both", x.forged},
	} {
		err := c.run(context.Background())
		if err != nil {
			fmt.Printf("FAIL %v %v: %s: %v\n", seal.Size(), seal, c.name, err)
			return false
		}
		fmt.Printf("PASS %v %v: %s\n", seal.Size(), seal, c.name)
	}
	return true
}
