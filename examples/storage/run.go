package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/zeebo/blake3"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
)

// A worker takes one job through all phases.
type worker struct {
	*job
	in     *input
	sp     sector.Proof
	opt    *porep.Options
	phases *phases
	out    io.Writer

	st    porep.Statement
	proof *porep.Proof
	c1    []byte
}

// run does everything and prints what came of it.
func run(ctx context.Context, s settings) (err error) {
	sp, err := s.seal.Proof()
	if err != nil {
		return err
	}
	if need, free := porep.LabelMemory(sp, 1), freeMemory(); free != 0 && need > free {
		return fmt.Errorf("labelling a %v sector needs %s of memory, %s can be had", sp.Size, bytesText(need), bytesText(free))
	}
	in, err := openInput(s.in, sp.Size.Unpadded(), s.dir)
	if err != nil {
		return err
	}
	ph := newPhases()
	var digest string
	if err := ph.run("input", in.size, "B", func() (string, error) {
		digest, err = in.digest(ctx)
		return fmt.Sprintf("%s, %d bytes", in.name, in.size), err
	}); err != nil {
		return err
	}
	dir, temporary := s.dir, s.dir == ""
	if temporary {
		if dir, err = temporaryDir(sp, digest); err != nil {
			return err
		}
	}
	j, err := openJob(dir, s.seal, digest, in.size, os.Stdout)
	if err != nil {
		return err
	}
	fmt.Printf("sealing %s into a %v sector (%v) in %s\n", in.name, sp.Size, s.seal, dir)
	w := &worker{job: j, in: in, sp: sp, phases: ph, out: os.Stdout,
		opt: &porep.Options{Memory: freeMemory(), Keep: j.keep, Made: j.made, Progress: ph.progress}}
	err = w.all(ctx)
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted; the same command resumes in %s: %w", dir, err)
	case err != nil:
		return fmt.Errorf("%w (%s is kept)", err, dir)
	case temporary:
		return os.RemoveAll(dir)
	}
	fmt.Println("kept in", dir)
	return nil
}

// temporaryDir returns a directory that is the same for the same job and nobody else's.
func temporaryDir(sp sector.Proof, digest string) (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("assay-storage-%v-%.16s", sp.Size, digest))
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

func (w *worker) all(ctx context.Context) error {
	for _, phase := range []func(context.Context) error{w.stage, w.label, w.commit, w.prove, w.verify, w.unseal, w.tamper} {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintln(w.out)
	if err := w.phases.table(w.out); err != nil {
		return err
	}
	p, d, r := sector.CommP(w.CommP), sector.CommD(w.CommD), sector.CommR(w.CommR)
	_, err := fmt.Fprintf(w.out, "\nCommP  %v  %s\nCommD  %v  %s\nCommR  %v  %s\n", p, p.CID(), d, d.CID(), r, r.CID())
	return err
}

// stage pads the input into the sector and makes TreeD, CommP and CommD.
func (w *worker) stage(ctx context.Context) error {
	f := w.files()
	if err := w.phases.run("stage", w.in.size, "B", func() (string, error) {
		treeD := filepath.Join(f.Cache, sector.TreeDFile)
		if w.CommD != (hex32{}) && w.keepAll(f.Staged, treeD) {
			return "kept", nil
		}
		if err := w.stageInput(ctx, f); err != nil {
			return "", err
		}
		return fmt.Sprintf("padded sector %s, TreeD %s", sizeOf(f.Staged), sizeOf(treeD)), w.save()
	}); err != nil {
		return err
	}
	w.st.Sector = porep.Sector{Proof: w.sp, ID: w.id(), Ticket: sector.Ticket(w.Ticket), CommD: sector.CommD(w.CommD)}
	return nil
}

// stageInput makes the padded sector, unless that much was done before, and TreeD.
func (w *worker) stageInput(ctx context.Context, f porep.Files) error {
	r := w.in.open(ctx)
	defer r.Close()
	if w.keep(f.Staged) {
		info, err := piece.Sum(ctx, r, nil)
		if err != nil {
			return err
		}
		commD, err := porep.StageFile(ctx, f, w.sp, w.opt)
		w.CommP, w.CommD = hex32(info.CommP), hex32(commD)
		return err
	}
	staged, err := porep.StagePieces(ctx, f, w.sp, []piece.Payload{{R: r, Len: w.in.size}}, w.opt)
	if err == nil {
		w.CommP, w.CommD = hex32(staged.Pieces[0].CommP), hex32(staged.CommD)
	}
	return err
}

// label makes the layers that are missing. A kept layer that belongs to no such replica is made again, too.
func (w *worker) label(ctx context.Context) error {
	f := w.files()
	var paths []string
	for l := range w.sp.Layers {
		paths = append(paths, filepath.Join(f.Cache, sector.LayerFile(l+1)))
	}
	return w.phases.run("label", uint64(w.sp.Layers)*w.sp.Nodes(), "nodes", func() (string, error) {
		if w.keepAll(paths...) {
			return "kept", nil
		}
		err := porep.LabelFiles(ctx, []porep.Files{f}, []porep.Sector{w.st.Sector}, w.opt)
		return fmt.Sprintf("%d layers of %s", w.sp.Layers, bytesText(uint64(w.sp.Size))), err
	})
}

// commit makes TreeC, the replica, TreeRLast and CommR.
func (w *worker) commit(ctx context.Context) error {
	f := w.files()
	paths := []string{f.Sealed}
	for _, name := range append(append(w.sp.TreeCFiles(), w.sp.TreeRLastFiles()...), sector.PAuxFile, sector.TAuxFile) {
		paths = append(paths, filepath.Join(f.Cache, name))
	}
	err := w.phases.run("commit", w.sp.Nodes(), "nodes", func() (string, error) {
		if w.CommR != (hex32{}) && w.keepAll(paths...) {
			return "kept", nil
		}
		commR, err := porep.Commit(ctx, f, &w.st.Sector, w.opt)
		if err != nil {
			return "", err
		}
		w.CommR = hex32(commR)
		return fmt.Sprintf("replica %s, TreeC %s, TreeRLast %s", sizeOf(f.Sealed), sizeOf(paths[1]), sizeOf(paths[1+len(w.sp.TreeCFiles())])), w.save()
	})
	w.st.CommR = sector.CommR(w.CommR)
	return err
}

// prove answers the challenges of a random seed.
func (w *worker) prove(ctx context.Context) error {
	return w.phases.run("prove", 0, "", func() (note string, err error) {
		rand.Read(w.st.Seed[:])
		if w.proof, err = porep.Prove(ctx, w.files(), &w.st, w.opt); err != nil {
			return "", err
		}
		w.c1, err = w.proof.AppendC1(nil, w.sp)
		return fmt.Sprintf("%d challenges, C1 JSON %s", w.sp.Partitions*w.sp.Challenges, bytesText(uint64(len(w.c1)))), err
	})
}

func (w *worker) public() public {
	return public{w.Seal, w.Miner, w.Sector, w.Ticket, w.CommD, w.CommR, hex32(w.st.Seed)}
}

// verify has another process judge the proof.
func (w *worker) verify(ctx context.Context) error {
	return w.phases.run("verify", 0, "", func() (string, error) {
		said, err := verifyElsewhere(ctx, w.public(), w.c1)
		return "second process: " + said, err
	})
}

// unseal takes the input back out of the replica and compares digests.
func (w *worker) unseal(ctx context.Context) error {
	return w.phases.run("unseal", w.in.size, "B", func() (string, error) {
		replica, err := os.Open(w.files().Sealed)
		if err != nil {
			return "", err
		}
		defer replica.Close()
		h := blake3.New()
		if err := porep.Unseal(ctx, &w.st.Sector, replica, h, 0, w.in.size, w.opt); err != nil {
			return "", err
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != w.Input {
			return "", fmt.Errorf("BLAKE3 of what came back is %s, of the input %s", got, w.Input)
		}
		return fmt.Sprintf("%d bytes, BLAKE3 %.16s... as put in", w.in.size, w.Input), nil
	})
}

// tamper flips a byte of the replica under a challenge: the prover must notice, and a proof made of it all the same
// must be refused by the verifier. The byte is put back.
func (w *worker) tamper(ctx context.Context) error {
	return w.phases.run("tamper", 0, "", func() (string, error) {
		answer := &w.proof.Partitions[0][0]
		restore, err := flip(w.files().Sealed, int64(answer.Replica.Index)*sector.NodeSize)
		if err != nil {
			return "", err
		}
		_, noticed := porep.Prove(ctx, w.files(), &w.st, w.opt)
		if err := restore(); err != nil {
			return "", err
		}
		if noticed == nil {
			return "", errors.New("a proof was made from a tampered replica")
		}
		if errors.Is(noticed, context.Canceled) {
			return "", noticed
		}
		fmt.Fprintf(w.out, "tampered replica: the prover refuses: %v\n", noticed)

		answer.Replica.Leaf[0] ^= 1
		forged, err := w.proof.AppendC1(nil, w.sp)
		if err != nil {
			return "", err
		}
		_, err = verifyElsewhere(ctx, w.public(), forged)
		if !errors.Is(err, errRefused) {
			return "", fmt.Errorf("a proof of a tampered replica was not refused: %w", err)
		}
		fmt.Fprintf(w.out, "forged proof: the verifier %v\n", err)
		return "1 byte flipped: no proof from it, and a forged one refused", nil
	})
}

// flip changes a byte of a file and returns what puts it back.
func flip(path string, off int64) (restore func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	var b [1]byte
	if _, err := f.ReadAt(b[:], off); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := f.WriteAt([]byte{b[0] ^ 1}, off); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		_, err := f.WriteAt(b[:], off)
		return errors.Join(err, f.Sync(), f.Close())
	}, nil
}

// sizeOf prints the length of a file.
func sizeOf(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "?"
	}
	return bytesText(uint64(info.Size()))
}
