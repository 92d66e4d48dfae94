package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/zeebo/blake3"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
)

// A worker takes one sector through all phases.
type worker struct {
	kind
	in     *input
	opt    *porep.Options
	phases *phases
	out    io.Writer

	folder *folder
	st     porep.Statement
	proof  *porep.Proof
	c1     []byte
}

// run does everything and prints what came of it.
func run(ctx context.Context, s settings, out io.Writer) (err error) {
	sp, err := s.kind.proof()
	if err != nil {
		return err
	}
	free := freeMemory()
	if need := porep.LabelMemory(sp, 1); free != 0 && need > free {
		return fmt.Errorf("labelling a %v sector needs %s of memory, %s can be had", sp.Size, bytesText(need), bytesText(free))
	}
	in, err := openInput(s.in, sp.Size.Unpadded(), s.dir)
	if err != nil {
		return err
	}
	ph := newPhases()
	w := &worker{kind: s.kind, in: in, phases: ph, out: out, opt: &porep.Options{Memory: free, Progress: ph.progress}}
	if err := w.input(ctx, sp); err != nil {
		return err
	}
	dir, temporary := s.dir, s.dir == ""
	if temporary {
		if dir, err = temporaryDir(s.kind, in.blake3); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "sealing %s into a %v sector (%s profile: %d layers, %v columns and trees) in %s\n", in.name, sp.Size, s.Profile, sp.Layers, sp.Hash, dir)
	err = w.all(ctx, dir)
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("interrupted; the same command resumes in %s: %w", dir, ctx.Err())
	case err != nil && exists(dir):
		return fmt.Errorf("%w (%s is kept)", err, dir)
	case err != nil:
		return err
	case temporary:
		return os.RemoveAll(dir)
	}
	_, err = fmt.Fprintln(out, "kept in", dir)
	return err
}

// temporaryDir returns a directory that is the same for the same job and nobody else's.
func temporaryDir(k kind, digest [32]byte) (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("assay-storage-%s-%s-%x", k.Profile, k.Size, digest[:8]))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		return "", fmt.Errorf("%s is not a directory of ours alone: name one with -dir", dir)
	}
	return dir, nil
}

// input reads the input once for its digest and its commitments, from which all else of the sector follows.
func (w *worker) input(ctx context.Context, sp sector.Proof) error {
	return w.phases.run("input", w.in.size, "B", func() (string, error) {
		if err := w.in.sum(ctx); err != nil {
			return "", err
		}
		id, ticket := sectorOf(w.in)
		commD, err := piece.CommD(sp.Size, []piece.Info{w.in.piece})
		w.st.Sector = porep.Sector{Proof: sp, ID: id, Ticket: ticket, CommD: commD}
		return fmt.Sprintf("%s, %d bytes", w.in.name, w.in.size), err
	})
}

// all does the phases behind the input in dir.
func (w *worker) all(ctx context.Context, dir string) (err error) {
	if w.folder, err = openFolder(dir, w.st.Sector, w.in, w.out); err != nil {
		return err
	}
	defer func() {
		if w.folder != nil {
			err = errors.Join(err, w.folder.Close())
		}
	}()
	for _, phase := range []func(context.Context) error{w.seal, w.prove, w.verify, w.retrieve, w.tamper, w.mend} {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintln(w.out)
	if err := w.phases.table(w.out); err != nil {
		return err
	}
	p, d := w.in.piece.CommP, w.st.CommD
	_, err = fmt.Fprintf(w.out, "\nCommP  %v  %s\nCommD  %v  %s\nCommR  %s\n", p, p.CID(), d, d.CID(), commRText(w.st.Proof, w.st.CommR))
	return err
}

// seal makes the replica, from where an earlier run left it.
func (w *worker) seal(ctx context.Context) error {
	return w.phases.run("seal", uint64(w.st.Proof.Size), "B", func() (string, error) {
		st, err := porep.SealFolders(ctx, []*porep.Folder{w.folder.Folder}, w.opt)
		if err != nil {
			return "", err
		}
		w.st.CommR = st[0].CommR
		return fmt.Sprintf("replica %s, %s", sizeOf(w.folder.path("sealed")), w.phases.kept("label")), nil
	})
}

// prove answers the challenges of a random seed.
func (w *worker) prove(ctx context.Context) error {
	return w.phases.run("prove", 0, "", func() (note string, err error) {
		rand.Read(w.st.Seed[:])
		if w.proof, err = w.folder.Prove(ctx, &w.st, w.opt); err != nil {
			return "", err
		}
		w.c1, err = w.proof.AppendC1(nil, w.st.Proof)
		n := w.st.Proof.Partitions * w.st.Proof.Challenges
		return fmt.Sprintf("%d challenges, C1 JSON %s; %.1f %% missing would be seen with 99 %%", n, bytesText(uint64(len(w.c1))), 100*seenShare(n)), err
	})
}

// seenShare returns the share of a replica that a prover may lack at most, if one of n challenges is to fall on it with 99 %.
func seenShare(n int) float64 { return 1 - math.Pow(0.01, 1/float64(n)) }

// verify has another process judge the proof.
func (w *worker) verify(ctx context.Context) error {
	return w.phases.run("verify", 0, "", func() (string, error) {
		said, err := verifyElsewhere(ctx, publicOf(w.kind, &w.st), w.c1)
		return "second process: " + said, err
	})
}

// retrieve takes the input back out of the replica and compares digests.
func (w *worker) retrieve(ctx context.Context) error {
	return w.phases.run("unseal", w.in.size, "B", func() (string, error) {
		replica, err := os.Open(w.folder.path("sealed"))
		if err != nil {
			return "", err
		}
		defer replica.Close()
		h := blake3.New()
		if err := porep.Unseal(ctx, &w.st.Sector, replica, h, 0, w.in.size, w.opt); err != nil {
			return "", err
		}
		if got := [32]byte(h.Sum(nil)); got != w.in.blake3 {
			return "", fmt.Errorf("BLAKE3 of what came back is %x, of the input %x", got, w.in.blake3)
		}
		return fmt.Sprintf("%d bytes, BLAKE3 %x... as put in", w.in.size, w.in.blake3[:8]), nil
	})
}

// tamper flips a byte of the replica under a challenge: the folder must name file and block, the prover must notice, too, and a
// proof made of it all the same must be refused by the verifier.
func (w *worker) tamper(ctx context.Context) error {
	return w.phases.run("tamper", 0, "", func() (string, error) {
		answer := &w.proof.Partitions[0][0]
		if err := flip(w.folder.path("sealed"), int64(answer.Replica.Index)*sector.NodeSize); err != nil {
			return "", err
		}
		if err := w.reopen(); err != nil { // what was read in this run is read again
			return "", err
		}
		var named *porep.FileError
		if err := w.folder.Check(ctx); !errors.As(err, &named) || named.Name != "sealed" {
			return "", fmt.Errorf("the folder says of a tampered replica: %w", orElse(err, "nothing"))
		}
		_, err := porep.Prove(ctx, w.folder.Files(), &w.st, w.opt)
		if err == nil || ctx.Err() != nil {
			return "", orElse(ctx.Err(), "a proof was made from a tampered replica")
		}
		fmt.Fprintf(w.out, "tampered replica: the folder names it: %v\n", named)
		fmt.Fprintf(w.out, "tampered replica: the prover refuses: %v\n", err)
		return "1 byte flipped: named, no proof from it, and a forged one refused", w.forge(ctx, answer)
	})
}

// forge passes a proof of the tampered replica off as a good one.
func (w *worker) forge(ctx context.Context, answer *porep.ChallengeProof) error {
	answer.Replica.Leaf[0] ^= 1
	forged, err := w.proof.AppendC1(nil, w.st.Proof)
	if err != nil {
		return err
	}
	if _, err = verifyElsewhere(ctx, publicOf(w.kind, &w.st), forged); !errors.Is(err, errRefused) {
		return fmt.Errorf("a proof of a tampered replica was not refused: %w", orElse(err, "it was accepted"))
	}
	fmt.Fprintf(w.out, "forged proof: the verifier %v\n", err)
	return nil
}

// mend has the folder make the tampered replica again.
func (w *worker) mend(ctx context.Context) error {
	return w.phases.run("mend", w.st.Proof.Nodes(), "nodes", func() (string, error) {
		st, err := porep.SealFolders(ctx, []*porep.Folder{w.folder.Folder}, w.opt)
		if err != nil {
			return "", err
		}
		if st[0].CommR != w.st.CommR {
			return "", fmt.Errorf("the mended replica has CommR %v, want %v", st[0].CommR, w.st.CommR)
		}
		if err := w.reopen(); err != nil {
			return "", err
		}
		return "the replica made again from data and labels, CommR as before", w.folder.Check(ctx)
	})
}

// reopen opens the folder as another process would.
func (w *worker) reopen() error {
	dir := w.folder.dir
	if err := w.folder.Close(); err != nil {
		return err
	}
	w.folder = nil
	f, err := openFolder(dir, w.st.Sector, w.in, w.out)
	if err == nil {
		w.folder = f
	}
	return err
}

// orElse returns err, or an error of that text where there is none.
func orElse(err error, text string) error {
	if err == nil {
		return errors.New(text)
	}
	return err
}

// flip changes a byte of a file.
func flip(path string, off int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	var b [1]byte
	if _, err = f.ReadAt(b[:], off); err == nil {
		_, err = f.WriteAt([]byte{b[0] ^ 1}, off)
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// exists reports whether there is a directory of that name.
func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// sizeOf prints the length of a file.
func sizeOf(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "?"
	}
	return bytesText(uint64(info.Size()))
}
