// Command pc2 is the external command that a lotus worker calls for pre-commit phase 2 (--external-pc2): it makes TreeC, the
// replica in place of the data, TreeRLast, p_aux and t_aux, on the CPU alone.
//
//	lotus-worker run --external-pc2 pc2
//
// The worker passes everything in the environment: EXTSEAL_PC2_SECTOR_NUM, _SECTOR_MINER, _PROOF_TYPE, _SECTOR_SIZE, _CACHE,
// _SEALED (which holds the padded data) and _PC1OUT (the output of phase 1, base64 of JSON). The ticket is not among
// them, so the layers cannot be held against the replica id: they are taken as phase 1 left them.
//
// Source: lotus b835fab, storage/sealer/ffiwrapper/extern_pc2.go.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strconv"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "pc2:", err)
		os.Exit(1)
	}
}

// run does the work that the environment describes.
func run(ctx context.Context, env func(string) string) error {
	job, err := readJob(env)
	if err != nil {
		return err
	}
	commR, err := porep.Commit(ctx, job.files, &job.sector, &porep.Options{TrustLayers: true})
	if err != nil {
		return err
	}
	fmt.Println("comm_d", job.sector.CommD.CID())
	fmt.Println("comm_r", commR.CID())
	return nil
}

type job struct {
	files  porep.Files
	sector porep.Sector
}

// readJob checks the environment before any work.
func readJob(env func(string) string) (*job, error) {
	number := func(name string) (uint64, error) {
		x, err := strconv.ParseUint(env("EXTSEAL_PC2_"+name), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("EXTSEAL_PC2_%s is %q, want a number", name, env("EXTSEAL_PC2_"+name))
		}
		return x, nil
	}
	var values [4]uint64
	for i, name := range []string{"SECTOR_NUM", "SECTOR_MINER", "PROOF_TYPE", "SECTOR_SIZE"} {
		var err error
		if values[i], err = number(name); err != nil {
			return nil, err
		}
	}
	p, err := sector.SealProof(values[2]).Proof()
	if err != nil {
		return nil, err
	}
	if uint64(p.Size) != values[3] {
		return nil, fmt.Errorf("EXTSEAL_PC2_SECTOR_SIZE is %d, proof type %d is of %s", values[3], values[2], p.Size)
	}
	commD, err := readCommD(env("EXTSEAL_PC2_PC1OUT"))
	if err != nil {
		return nil, err
	}
	cache, sealed := env("EXTSEAL_PC2_CACHE"), env("EXTSEAL_PC2_SEALED")
	for name, path := range map[string]string{"CACHE": cache, "SEALED": sealed} {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("EXTSEAL_PC2_%s: %w", name, err)
		}
	}
	return &job{porep.Files{Cache: cache, Staged: sealed, Sealed: sealed}, porep.Sector{Proof: p, CommD: commD,
		ID: sector.ID{Prover: sector.NewProverID(values[1]), Number: sector.Number(values[0])}}}, nil
}

// readCommD takes CommD out of the output of phase 1.
func readCommD(pc1out string) (sector.CommD, error) {
	text, err := base64.StdEncoding.DecodeString(pc1out)
	if err != nil {
		return sector.CommD{}, fmt.Errorf("EXTSEAL_PC2_PC1OUT: %w", err)
	}
	var out struct {
		CommD []int `json:"comm_d"`
	}
	if err := json.Unmarshal(text, &out); err != nil {
		return sector.CommD{}, fmt.Errorf("EXTSEAL_PC2_PC1OUT: %w", err)
	}
	var commD sector.CommD
	if len(out.CommD) != len(commD) {
		return sector.CommD{}, fmt.Errorf("EXTSEAL_PC2_PC1OUT: comm_d has %d bytes, want %d", len(out.CommD), len(commD))
	}
	for i, x := range out.CommD {
		if x < 0 || x > 255 {
			return sector.CommD{}, fmt.Errorf("EXTSEAL_PC2_PC1OUT: comm_d has the byte %d", x)
		}
		commD[i] = byte(x)
	}
	return commD, commD.Check()
}
