package verify

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// MaxSteps bounds a trace, MaxState the bytes of a state.
const (
	MaxSteps = 1 << 24
	MaxState = 1 << 20
)

var log = merkle.Log{Sum: sha2.SumPrefix}

// A Step computes state i+1 from state i. It must be a pure function.
type Step func(i uint64, state []byte) ([]byte, error)

// A Trace is a worker's record of a computation: its states, committed to.
type Trace struct {
	states [][]byte
	tree   *merkle.LogTree
	root   merkle.Digest
}

// A Commitment is what the worker sends before the verifier draws its samples.
type Commitment struct {
	Root  merkle.Digest
	Steps uint64
	Last  []byte // the last state: the result
}

// An Opening shows the states before and after a step.
type Opening struct {
	Step          uint64
	Before, After []byte
	Proofs        [2]Path
}

// A Path is an inclusion proof's nodes; as text they are base64.
type Path []merkle.Digest

// MarshalText implements encoding.TextMarshaler.
func (p Path) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, merkle.Bytes(p)), nil
}

// UnmarshalText implements encoding.TextUnmarshaler. Errors: ErrProof.
func (p *Path) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil || len(b)%32 != 0 {
		return fmt.Errorf("%w: a path of %d bytes (%v)", ErrProof, len(b), err)
	}
	*p = merkle.Digests(b)
	return nil
}

// Run does all steps from the start state and keeps the states.
func Run(ctx context.Context, start []byte, steps uint64, step Step) (*Trace, error) {
	if steps == 0 || steps > MaxSteps || len(start) > MaxState {
		return nil, fmt.Errorf("%w: %d steps from %d bytes", ErrShape, steps, len(start))
	}
	states := [][]byte{start}
	for i := range steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		next, err := step(i, states[i])
		if err != nil {
			return nil, fmt.Errorf("verify: step %d: %w", i, err)
		}
		states = append(states, next)
	}
	return NewTrace(states)
}

// NewTrace commits to states that are at hand. The trace keeps them.
func NewTrace(states [][]byte) (*Trace, error) {
	if len(states) < 2 || len(states) > MaxSteps+1 {
		return nil, fmt.Errorf("%w: %d states", ErrShape, len(states))
	}
	t := &Trace{states: states, tree: merkle.NewLogTree(log)}
	for _, s := range states {
		if len(s) > MaxState {
			return nil, fmt.Errorf("%w: a state of %d bytes", ErrShape, len(s))
		}
		t.tree.Append(log.Leaf(s))
	}
	var err error
	t.root, err = t.tree.Root(t.tree.Size())
	return t, err
}

// Commitment returns what is sent first.
func (t *Trace) Commitment() Commitment {
	return Commitment{t.root, uint64(len(t.states) - 1), t.states[len(t.states)-1]}
}

// Open shows steps. Errors: ErrShape for one that is not there.
func (t *Trace) Open(steps []uint64) ([]Opening, error) {
	out := make([]Opening, len(steps))
	for i, k := range steps {
		if k >= uint64(len(t.states)-1) {
			return nil, fmt.Errorf("%w: step %d of %d", ErrShape, k, len(t.states)-1)
		}
		o := Opening{Step: k, Before: t.states[k], After: t.states[k+1]}
		for j := range o.Proofs {
			p, err := t.tree.Inclusion(k+uint64(j), t.tree.Size())
			if err != nil {
				return nil, err
			}
			o.Proofs[j] = p
		}
		out[i] = o
	}
	return out, nil
}

// Samples draws so many of a commitment's steps, with repetition, and adds the first and the last, which bind start and result. The
// seed is the verifier's and drawn after the commitment.
func Samples(c *Commitment, seed [32]byte, samples int) []uint64 {
	out := make([]uint64, 0, samples+2)
	r := rand.New(rand.NewChaCha8(seed))
	for range samples {
		out = append(out, r.Uint64N(max(c.Steps, 1)))
	}
	return append(out, 0, max(c.Steps, 1)-1)
}

// CheckTrace judges the openings of the steps that Samples drew: each must be in the commitment, the first state must be start,
// the last must be the result, and each step, done again, must give the state that follows.
// Errors: ErrProof, ErrShape for what cannot be judged, or step's own.
func CheckTrace(ctx context.Context, c *Commitment, start []byte, steps uint64, drawn []uint64, openings []Opening, step Step) error {
	if c.Steps != steps || steps == 0 || steps > MaxSteps {
		return fmt.Errorf("%w: a trace of %d steps, want %d", ErrProof, c.Steps, steps)
	}
	if len(openings) != len(drawn) {
		return fmt.Errorf("%w: %d openings, want %d", ErrProof, len(openings), len(drawn))
	}
	for i := range openings {
		if err := ctx.Err(); err != nil {
			return err
		}
		o := &openings[i]
		if o.Step != drawn[i] || len(o.Before) > MaxState || len(o.After) > MaxState {
			return fmt.Errorf("%w: opening %d is of step %d, want %d", ErrProof, i, o.Step, drawn[i])
		}
		if err := c.checkOpening(o, start); err != nil {
			return err
		}
		again, err := step(o.Step, o.Before)
		if err != nil {
			return fmt.Errorf("verify: step %d: %w", o.Step, err)
		}
		if string(again) != string(o.After) {
			return fmt.Errorf("%w: step %d, done again, gives another state", ErrProof, o.Step)
		}
	}
	return nil
}

// checkOpening holds the states of an opening against the commitment.
func (c *Commitment) checkOpening(o *Opening, start []byte) error {
	if o.Step >= c.Steps {
		return fmt.Errorf("%w: step %d of %d", ErrProof, o.Step, c.Steps)
	}
	for j, state := range [][]byte{o.Before, o.After} {
		if err := log.VerifyInclusion(c.Root, c.Steps+1, o.Step+uint64(j), log.Leaf(state), o.Proofs[j]); err != nil {
			if errors.Is(err, merkle.ErrProof) {
				err = fmt.Errorf("%w: state %d is not in the commitment", ErrProof, o.Step+uint64(j))
			}
			return err
		}
	}
	if o.Step == 0 && string(o.Before) != string(start) {
		return fmt.Errorf("%w: the trace starts from another state", ErrProof)
	}
	if o.Step == c.Steps-1 && string(o.After) != string(c.Last) {
		return fmt.Errorf("%w: the result is not the trace's last state", ErrProof)
	}
	return nil
}

// NonInteractive returns the seed that stands for the verifier's where worker and verifier cannot talk twice: a hash of the commitment and a
// nonce of the verifier that the task carries. A worker can then try commitments until the samples suit it, so samples
// must be as many as that work is worth: each try costs it the steps it did do.
func NonInteractive(c *Commitment, nonce [32]byte) [32]byte {
	b := append([]byte("assay trace 1\n"), nonce[:]...)
	b = append(b, c.Root[:]...)
	b = binary.BigEndian.AppendUint64(b, c.Steps)
	return log.Leaf(append(b, c.Last...))
}

// A TraceProof is a commitment with the openings under NonInteractive.
type TraceProof struct {
	Commitment
	Openings []Opening
}

// Prove returns the trace's proof as JSON.
func (t *Trace) Prove(nonce [32]byte, samples int) ([]byte, error) {
	p := TraceProof{Commitment: t.Commitment()}
	var err error
	p.Openings, err = t.Open(Samples(&p.Commitment, NonInteractive(&p.Commitment, nonce), samples))
	if err != nil {
		return nil, err
	}
	return json.Marshal(p)
}

// CheckProof judges what Prove returned, and returns the result. Errors: as CheckTrace.
func CheckProof(ctx context.Context, proof []byte, nonce [32]byte, samples int, start []byte, steps uint64, step Step) ([]byte, error) {
	var p TraceProof
	if err := json.Unmarshal(proof, &p); err != nil {
		return nil, fmt.Errorf("%w: malformed: %w", ErrProof, err)
	}
	drawn := Samples(&p.Commitment, NonInteractive(&p.Commitment, nonce), samples)
	return p.Last, CheckTrace(ctx, &p.Commitment, start, steps, drawn, p.Openings, step)
}
