package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

// CPU time of rust-fil-proofs 19.1 for a challenge of a vanilla window proof over an 8 MiB sector, one thread, in us. Proving:
// 272 ms for 66, see vectors/filecoin/BASELINES.md. Verifying is not there: this is bench/rust's own figure on a Zen 5.
const (
	rustPoStProve  = 272.0 * 1000 / 66
	rustPoStVerify = 225.4
)

// postSector seals an 8 MiB sector in dir and returns what PoSt needs of it.
func postSector(dir string) (*porep.Statement, post.Opener, porep.Files, error) {
	job, err := sealJob(dir, 77)
	if err != nil {
		return nil, nil, porep.Files{}, err
	}
	st, err := porep.Seal(context.Background(), []porep.Job{job}, nil)
	if err != nil {
		return nil, nil, porep.Files{}, err
	}
	open := func(context.Context, sector.Number) (*post.Replica, error) {
		rep := &post.Replica{Discard: job.Proof.RowsToDiscard}
		aux, err := os.ReadFile(filepath.Join(job.Files.Cache, sector.PAuxFile))
		if err != nil {
			return nil, err
		}
		if err := rep.Aux.UnmarshalBinary(aux); err != nil {
			return nil, err
		}
		sealed, err := os.Open(job.Files.Sealed)
		if err != nil {
			return nil, err
		}
		tree, err := os.Open(filepath.Join(job.Files.Cache, job.Proof.TreeRLastFiles()[0]))
		if err != nil {
			return nil, errors.Join(err, sealed.Close())
		}
		rep.Sealed, rep.TreeRLast = sealed, []io.ReaderAt{tree}
		rep.Close = func() error { return errors.Join(sealed.Close(), tree.Close()) }
		return rep, nil
	}
	return &st[0], open, job.Files, nil
}

// postProve and postVerify are ten challenges of an 8 MiB sector whose files lie in the page cache. The proofs are equal byte
// for byte. Our proving includes the verification of what was read.
func postProve() ([]duel, func(), error)  { return postContest("prove", rustPoStProve) }
func postVerify() ([]duel, func(), error) { return postContest("verify", rustPoStVerify) }

func postContest(mode string, recorded float64) ([]duel, func(), error) {
	dir, err := os.MkdirTemp("", "versus-post-")
	if err != nil {
		return nil, nil, err
	}
	closing := func() { os.RemoveAll(dir) }
	st, open, files, err := postSector(dir)
	if err != nil {
		return nil, closing, err
	}
	rules, err := post.NewRules(true, st.Proof.Size, sector.V1_2_0)
	if err != nil {
		return nil, closing, err
	}
	rand := post.Randomness(labelledBytes("assay/randomness", 32))
	rand[31] &= 0x3f
	list := []post.Public{{Number: st.ID.Number, CommR: st.CommR}}
	opt := &post.Options{Workers: 1, Reading: post.Reading{Parallel: 1}}
	ctx := context.Background()
	pass, err := rules.Prove(ctx, rand, list, open, opt)
	if err != nil {
		return nil, closing, err
	}
	if len(pass.Faults) > 0 {
		return nil, closing, pass.Faults[0]
	}
	text, err := rules.EncodeJSON(&pass.Proofs[0])
	if err != nil {
		return nil, closing, err
	}
	digest := sha256.Sum256(text)
	rust, err := startRust("post", mode, fmt.Sprint(uint64(st.Proof.Size)), files.Sealed, files.Cache, fmt.Sprint(st.ID.Number), hex.EncodeToString(st.CommR[:]))
	if err != nil {
		return nil, closing, err
	}
	d := duel{peer: "rust-fil-proofs-19.1", unit: "us/challenge", work: float64(rules.Challenges), recorded: recorded}
	d.note = fmt.Sprintf("read=%d-bytes/challenge", pass.Read/int64(rules.Challenges))
	d.ours = timedErr(func() error {
		pass, err := rules.Prove(ctx, rand, list, open, opt)
		if err == nil && len(pass.Faults) > 0 {
			err = pass.Faults[0]
		}
		return err
	})
	if rust != nil {
		if n, ok := rust.bytesRead(); ok {
			d.note += fmt.Sprintf(" theirs-read=%d", n/int64(rules.Challenges))
		}
	}
	if mode == "verify" {
		d.note = ""
		d.ours = timedErr(func() error { return rules.Verify(ctx, rand, list, pass.Proofs, opt) })
	}
	return []duel{rust.against(d, digest[:])}, func() { rust.Close(); closing() }, nil
}
