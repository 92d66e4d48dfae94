package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// A Puzzle is a chain of seals' labels that a device answers within a time. Each link labels a sector that the link
// before has named, so links can only be made one after another, as can the labels within a link.
type Puzzle struct {
	Device string
	Ticket [32]byte // fresh: unknown before the hour begins
	Links  uint64
	Size   sector.Size // of a link's sector: the memory the chain walks in is twice that
}

// PuzzleSamples is how many links of an answer are done again.
const PuzzleSamples = 16

// start returns the state before the first link: a hash of device and ticket.
func (p *Puzzle) start() []byte {
	h := sha256.New()
	h.Write([]byte("assay puzzle 1\n"))
	h.Write(p.Ticket[:])
	h.Write(binary.BigEndian.AppendUint64(nil, p.Links))
	h.Write([]byte(p.Device))
	return h.Sum(nil)
}

// link labels the sector that a state names and returns the root of the last layer.
func (p *Puzzle) link(ctx context.Context, state []byte) ([]byte, error) {
	proof, err := p.proof()
	if err != nil {
		return nil, err
	}
	if len(state) != 32 {
		return nil, fmt.Errorf("%w: a state of %d bytes", ErrProof, len(state))
	}
	id := sector.ReplicaID(state)
	id[31] &= 0x3f // a field element
	layers := buffer(make([]byte, uint64(proof.Layers)*uint64(proof.Size)))
	if err := porep.Label(ctx, id, proof, layers, &porep.Options{Workers: 1}); err != nil {
		return nil, err
	}
	last := merkle.Digests(layers[len(layers)-int(proof.Size):])
	root := merkle.Log{Sum: sha2.SumPrefix}.Root(last)
	return bytes.Clone(root[:]), nil
}

// proof returns the kind of sector of a link.
func (p *Puzzle) proof() (sector.Proof, error) {
	switch p.Size {
	case sector.Size2KiB:
		return sector.StackedDRG2KiBV1_1.Proof()
	case sector.Size8MiB:
		return sector.StackedDRG8MiBV1_1.Proof()
	}
	return sector.Proof{}, fmt.Errorf("%w: puzzles have sectors of 2 KiB or 8 MiB", ErrShape)
}

// buffer is an io.WriterAt of fixed size.
type buffer []byte

func (b buffer) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > int64(len(b)) {
		return 0, fmt.Errorf("verify: %d bytes at %d of %d", len(p), off, len(b))
	}
	return copy(b[off:], p), nil
}

// Solve answers a puzzle: the device's side.
func (p *Puzzle) Solve(ctx context.Context) ([]byte, error) {
	t, err := Run(ctx, p.start(), p.Links, func(_ uint64, state []byte) ([]byte, error) { return p.link(ctx, state) })
	if err != nil {
		return nil, err
	}
	return t.Prove(p.Ticket, PuzzleSamples)
}

// Check judges an answer that took a time, as the verifier measured it, against the puzzle's limit. Errors: ErrProof.
func (p *Puzzle) Check(ctx context.Context, answer []byte, took, limit time.Duration) error {
	if took > limit {
		return fmt.Errorf("%w: answered after %v, within %v was asked", ErrProof, took.Round(time.Millisecond), limit.Round(time.Millisecond))
	}
	_, err := CheckProof(ctx, answer, p.Ticket, PuzzleSamples, p.start(), p.Links, func(_ uint64, state []byte) ([]byte, error) { return p.link(ctx, state) })
	return err
}
