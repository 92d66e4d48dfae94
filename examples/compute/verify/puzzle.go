package verify

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/assaylab/assay/examples/internal/flat"
	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/sector"
)

// A Puzzle is a chain of seals' labels that a device answers within a time. Each link labels a sector that the link
// before has named, so links can only be made one after another, as can the labels within a link.
type Puzzle struct {
	Device string
	Ticket [32]byte // fresh: unknown before the hour begins
	Links  uint64
	Size   sector.Size // of a link's sector: the memory the chain walks in is twice that; 2 KiB or 8 MiB
	Layers int         // of the native profile, 2 to 64; 0 is Filecoin's profile
}

// PuzzleSamples is how many links of an answer are done again.
const PuzzleSamples = 16

// puzzleNonce is that of the puzzles' graphs.
const puzzleNonce = 1

// start returns the state before the first link: a hash of device and ticket.
func (p *Puzzle) start() []byte {
	h := sha256.New()
	h.Write([]byte("assay puzzle 1\n"))
	h.Write(p.Ticket[:])
	for _, x := range []uint64{p.Links, uint64(p.Size), uint64(p.Layers)} {
		h.Write(binary.BigEndian.AppendUint64(nil, x))
	}
	h.Write([]byte(p.Device))
	return h.Sum(nil)
}

// step returns the chain's step: it labels the sector that a state names and returns the root of the last layer. The graph's parents
// are computed once.
func (p *Puzzle) step(ctx context.Context) (Step, error) {
	proof, err := p.proof()
	if err != nil {
		return nil, err
	}
	g, err := graph.New(proof)
	if err != nil {
		return nil, err
	}
	parents, err := graph.Load(ctx, g, &graph.Options{Workers: 1})
	if err != nil {
		return nil, err
	}
	opt := &porep.Options{Workers: 1, Lanes: 1, Parents: parents}
	layers := make(flat.Buffer, uint64(proof.Layers)*uint64(proof.Size))
	return func(_ uint64, state []byte) ([]byte, error) {
		if len(state) != 32 {
			return nil, fmt.Errorf("%w: a state of %d bytes", ErrProof, len(state))
		}
		id := sector.ReplicaID(state)
		id[31] &= 0x3f // a field element
		if err := porep.Label(ctx, id, proof, layers, opt); err != nil {
			return nil, err
		}
		root := log.Root(merkle.Digests(layers[len(layers)-int(proof.Size):]))
		return root[:], nil
	}, nil
}

// proof returns the kind of sector of a link.
func (p *Puzzle) proof() (sector.Proof, error) {
	if p.Size != sector.Size2KiB && p.Size != sector.Size8MiB {
		return sector.Proof{}, fmt.Errorf("%w: puzzles have sectors of 2 KiB or 8 MiB", ErrShape)
	}
	profile, err := sector.FilecoinProfile(p.Size)
	if p.Layers != 0 {
		profile = sector.NativeProfile(p.Layers)
		err = profile.Check()
	}
	if err != nil {
		return sector.Proof{}, err
	}
	return profile.Proof(puzzleNonce, p.Size)
}

// Solve answers a puzzle: the device's side.
func (p *Puzzle) Solve(ctx context.Context) ([]byte, error) {
	step, err := p.step(ctx)
	if err != nil {
		return nil, err
	}
	t, err := Run(ctx, p.start(), p.Links, step)
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
	step, err := p.step(ctx)
	if err != nil {
		return err
	}
	_, err = CheckProof(ctx, answer, p.Ticket, PuzzleSamples, p.start(), p.Links, step)
	return err
}
