package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// CPU times of rust-fil-proofs 19.1 on one core, ms for an 8 MiB sector: PC1 963 ns a label; PC2 7.32 s for TreeC and 2.16 s for
// TreeRLast. See vectors/filecoin/BASELINES.md.
const (
	rustPC1 = 963e-6 * 2 * (8 << 20 / 32)
	rustPC2 = 7320 + 2160
)

// sealJob returns a sector of 8 MiB with the data and the names of bench/rust's pc2, to be sealed in dir.
func sealJob(dir string, number sector.Number) (porep.Job, error) {
	p, err := sector.StackedDRG8MiBV1_1.Proof()
	if err != nil {
		return porep.Job{}, err
	}
	cache := filepath.Join(dir, fmt.Sprint("cache-", number))
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return porep.Job{}, err
	}
	prover := sector.ProverID(labelledBytes("assay/prover", 32))
	prover[31] &= 0x3f
	return porep.Job{
		Files: porep.Files{Cache: cache, Staged: filepath.Join(dir, fmt.Sprint("staged-", number)), Sealed: filepath.Join(dir, fmt.Sprint("sealed-", number))},
		Proof: p, ID: sector.ID{Prover: prover, Number: number}, Ticket: sector.Ticket(labelledBytes("assay/ticket", 32)),
		Data: bytes.NewReader(labelledBytes("assay/sector", int(p.Size.Unpadded()))),
	}, nil
}

// pc2 is Commit of an 8 MiB sector, in CPU time, against seal_pre_commit_phase2. Ours includes what theirs has not: data held
// against CommD, labels against the replica id, and every file synced.
func pc2() ([]duel, func(), error) {
	dir, err := os.MkdirTemp("", "versus-pc2-")
	if err != nil {
		return nil, nil, err
	}
	closing := func() { os.RemoveAll(dir) }
	job, err := sealJob(dir, 77)
	if err != nil {
		return nil, closing, err
	}
	ctx := context.Background()
	opt := &porep.Options{Workers: 1}
	st, err := porep.Seal(ctx, []porep.Job{job}, opt)
	if err != nil {
		return nil, closing, err
	}
	rust, err := startRust("pc2", fmt.Sprint(uint64(job.Proof.Size)), "6", filepath.Join(dir, "rust"))
	if err != nil {
		return nil, closing, err
	}
	d := rust.against(duel{peer: "rust-fil-proofs-19.1", unit: "ms/sector", work: 1, recorded: rustPC2,
		ours: cpuTimed(func() error {
			_, err := porep.Commit(ctx, job.Files, &st[0].Sector, opt)
			return err
		})}, st[0].CommR[:])
	return []duel{d}, func() { rust.Close(); closing() }, nil
}

// sealFour seals four sectors of 8 MiB together, from raw bytes to CommR, in CPU time a sector, against PC1 and PC2 of one. Our time
// includes the padding and TreeD, which theirs has in another call.
func sealFour() ([]duel, func(), error) {
	dir, err := os.MkdirTemp("", "versus-seal-")
	if err != nil {
		return nil, nil, err
	}
	closing := func() { os.RemoveAll(dir) }
	const n = 4
	var last []porep.Statement
	seal := func() error {
		jobs := make([]porep.Job, n)
		for i := range jobs {
			if jobs[i], err = sealJob(dir, sector.Number(77+i)); err != nil {
				return err
			}
		}
		last, err = porep.Seal(context.Background(), jobs, &porep.Options{Workers: 1})
		return err
	}
	if err := seal(); err != nil {
		return nil, closing, err
	}
	labels, err := startRust("labels", "single", fmt.Sprint(8<<20), "6", "2", dir)
	if err != nil {
		return nil, closing, err
	}
	trees, err := startRust("pc2", fmt.Sprint(8<<20), "6", filepath.Join(dir, "rust"))
	if err != nil {
		labels.Close()
		return nil, closing, err
	}
	d := trees.against(duel{peer: "rust-fil-proofs-19.1", unit: "ms/sector", work: 1, recorded: rustPC1 + rustPC2,
		ours: scaled(cpuTimed(seal), 1.0/n)}, last[0].CommR[:])
	if trees != nil {
		d.theirs = both(labels.side, trees.side)
	}
	return []duel{d}, func() { labels.Close(); trees.Close(); closing() }, nil
}

// both is one side after the other.
func both(a, b side) side {
	return func(n int) (time.Duration, error) {
		x, err := a(n)
		if err != nil {
			return 0, err
		}
		y, err := b(n)
		return x + y, err
	}
}
