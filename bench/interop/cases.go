package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// cases are the steps of an exchange, in order.
type cases struct {
	peer         string
	ours, theirs *side
	c1           []byte // our proof
}

// seal lets both sides seal and compares all files.
func (x *cases) seal(ctx context.Context) error {
	sts, err := porep.Seal(ctx, []porep.Job{x.ours.job}, nil)
	if err != nil {
		return err
	}
	st := &x.ours.st
	st.CommD, st.CommR = sts[0].CommD, sts[0].CommR
	x.theirs.st = *st
	if x.ours.job.Proof.Features == sector.Synthetic {
		if err := porep.Synthesize(ctx, x.ours.job.Files, st, nil); err != nil {
			return err
		}
		if err := x.ours.job.Files.Prune(x.ours.job.Proof); err != nil {
			return err
		}
	}
	said, err := x.theirs.rust(x.peer, "seal")
	if err != nil {
		return err
	}
	if want := st.CommD.String() + " " + st.CommR.String(); said != want {
		return fmt.Errorf("they commit to %s, we to %s", said, want)
	}
	return x.compareFiles()
}

// compareFiles expects the same names and bytes on both sides; t_aux names its own path.
func (x *cases) compareFiles() error {
	names := func(s *side) (string, error) {
		entries, err := os.ReadDir(s.job.Files.Cache)
		var out []string
		for _, e := range entries {
			out = append(out, e.Name())
		}
		return strings.Join(out, " "), err
	}
	ours, err := names(x.ours)
	theirs, err2 := names(x.theirs)
	if ours != theirs || err != nil || err2 != nil {
		return fmt.Errorf("files %s, theirs %s: %w", ours, theirs, errors.Join(err, err2))
	}
	for _, name := range append(strings.Fields(ours), "../sealed", "../staged") {
		a, err := os.ReadFile(filepath.Join(x.ours.job.Files.Cache, name))
		b, err2 := os.ReadFile(filepath.Join(x.theirs.job.Files.Cache, name))
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		if name == sector.TAuxFile { // the paths differ, but not their lengths
			b = bytes.ReplaceAll(b, []byte(x.theirs.job.Files.Cache), []byte(x.ours.job.Files.Cache))
		}
		if !bytes.Equal(a, b) {
			return fmt.Errorf("%s differs: %d and %d bytes", name, len(a), len(b))
		}
	}
	return nil
}

// commitments are the arguments that name a sector's commitments, and a file.
func (x *cases) commitments(path string) []string {
	return []string{x.ours.st.CommD.String(), x.ours.st.CommR.String(), path}
}

// proveOurs has the reference prove from our files.
func (x *cases) proveOurs(ctx context.Context) error {
	path := filepath.Join(x.ours.dir, "c1-theirs.json")
	if _, err := x.ours.rust(x.peer, "prove", x.commitments(path)...); err != nil {
		return err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	proof, err := porep.DecodeC1(raw, x.ours.job.Proof)
	if err != nil {
		return err
	}
	if err := porep.Verify(ctx, &x.ours.st, proof, nil); err != nil {
		return err
	}
	mine, err := porep.Prove(ctx, x.ours.job.Files, &x.ours.st, nil)
	if err != nil {
		return err
	}
	if x.c1, err = mine.AppendC1(nil, x.ours.job.Proof); err != nil {
		return err
	}
	if !bytes.Equal(x.c1, raw) {
		return fmt.Errorf("their proof of %d bytes differs from ours of %d", len(raw), len(x.c1))
	}
	return nil
}

// proveTheirs proves from the reference's files.
func (x *cases) proveTheirs(ctx context.Context) error {
	proof, err := porep.Prove(ctx, x.theirs.job.Files, &x.theirs.st, nil)
	if err != nil {
		return err
	}
	c1, err := proof.AppendC1(nil, x.theirs.job.Proof)
	if err != nil {
		return err
	}
	return x.theirVerdict(c1)
}

// theirVerdict has the reference verify a proof.
func (x *cases) theirVerdict(c1 []byte) error {
	path := filepath.Join(x.theirs.dir, "c1-ours.json")
	if err := os.WriteFile(path, c1, 0o600); err != nil {
		return err
	}
	_, err := x.theirs.rust(x.peer, "verify", x.commitments(path)...)
	return err
}

// unsealOurs has the reference take the data out of our replica.
func (x *cases) unsealOurs(context.Context) error {
	_, err := x.ours.rust(x.peer, "unseal", x.ours.st.CommD.String(), filepath.Join(x.ours.dir, "unsealed"))
	return err
}

// unsealTheirs takes the data out of the reference's replica.
func (x *cases) unsealTheirs(ctx context.Context) error {
	replica, err := os.Open(x.theirs.job.Files.Sealed)
	if err != nil {
		return err
	}
	defer replica.Close()
	size := x.theirs.job.Proof.Size.Unpadded()
	var out bytes.Buffer
	if err := porep.Unseal(ctx, &x.theirs.st.Sector, replica, &out, 0, size, nil); err != nil {
		return err
	}
	if !bytes.Equal(out.Bytes(), stream("assay/sector", int(size))) {
		return errors.New("other data came back")
	}
	return nil
}

// forged changes the replica's node in the first answer.
func (x *cases) forged(ctx context.Context) error {
	proof, err := porep.DecodeC1(x.c1, x.ours.job.Proof)
	if err != nil {
		return err
	}
	proof.Partitions[0][0].Replica.Leaf[0] ^= 1
	if err := porep.Verify(ctx, &x.ours.st, proof, nil); !errors.Is(err, porep.ErrProof) {
		return fmt.Errorf("our verdict: %w", err)
	}
	c1, err := proof.AppendC1(nil, x.ours.job.Proof)
	if err != nil {
		return err
	}
	if x.theirVerdict(c1) == nil {
		return errors.New("the reference accepts it")
	}
	return nil
}
