package envelope

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/blake3"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/merkle/poseidon2"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/post"
)

// Version is the version of the envelopes that this package writes and reads.
const Version = 1

// A Kind says what sort of proof an envelope carries.
type Kind string

// The kinds of version 1.
const (
	Inclusion Kind = "inclusion" // one leaf: a merkle.Proof
	Multi     Kind = "multi"     // several leaves of one tree: a merkle.MultiProof
	PDP       Kind = "pdp"       // possession: the openings that a seed challenges
)

// Errors of this package.
var (
	// ErrProof says that a proof was judged and is refuted.
	ErrProof = errors.New("envelope: proof refuted")
	// ErrFormat says that bytes, or the fields of an envelope, are no envelope of this version.
	ErrFormat = errors.New("envelope: malformed envelope")
)

// A Claim is what a proof is about. Claims are comparable: a verifier builds the one it wants shown.
type Claim struct {
	Kind Kind
	// Hash is the Name of the tree's hasher: "sha256", "sha254", "rfc6962-sha256", "blake3", "poseidon-bls12-381" or
	// "poseidon2-bls12-381".
	Hash string
	// Domain says what the root commits to, in 1 to 64 of the characters a-z 0-9 / . -, such as "filecoin/commp": a root of
	// one use must not pass for that of another.
	Domain string
	Shape  merkle.Shape
	Root   merkle.Digest
	// Seed and Set are the challenge of a PDP, Set as a uint256, big-endian; zero in the other kinds.
	Seed, Set [32]byte
}

// An Envelope is a claim with its proof. Index, Leaf and Path belong to whoever made the envelope; what is decoded aliases
// nothing.
type Envelope struct {
	Claim
	Index []uint64
	Leaf  []merkle.Digest // one for each index
	Path  []merkle.Digest // siblings; of a PDP those of all openings, one after another
}

// NewInclusion returns the envelope of a proof of one leaf. c.Kind is set. Errors: ErrFormat.
func NewInclusion(c Claim, p merkle.Proof) (*Envelope, error) {
	c.Kind = Inclusion
	e := &Envelope{c, []uint64{p.Index}, []merkle.Digest{p.Leaf}, p.Siblings}
	return e.checked()
}

// NewMulti returns the envelope of a proof of several leaves. c.Kind is set. Errors: ErrFormat.
func NewMulti(c Claim, p merkle.MultiProof) (*Envelope, error) {
	c.Kind = Multi
	e := &Envelope{c, p.Indices, p.Leaves, p.Nodes}
	return e.checked()
}

// NewPDP returns the envelope of a possession proof of post.ProvePDP. c.Kind is set; c needs Seed and Set. Errors: ErrFormat.
func NewPDP(c Claim, proofs []merkle.Proof) (*Envelope, error) {
	c.Kind = PDP
	e := &Envelope{Claim: c}
	for _, p := range proofs {
		if len(p.Siblings) != c.Shape.Siblings() {
			return nil, fmt.Errorf("%w: an opening of %d nodes, want %d", ErrFormat, len(p.Siblings), c.Shape.Siblings())
		}
		e.Index = append(e.Index, p.Index)
		e.Leaf = append(e.Leaf, p.Leaf)
		e.Path = append(e.Path, p.Siblings...)
	}
	return e.checked()
}

// Verify checks that e shows the claim. nil is proven, errors.Is(err, ErrProof) refuted (another claim or a wrong proof);
// ErrFormat says that e has fields that no encoding has. What is proven of e.Index and e.Leaf is that they belong to
// want.Root; which ones they are is the caller's to look at, but for a PDP, whose indexes follow from the claim.
func (e *Envelope) Verify(want Claim) error {
	if err := e.check(); err != nil {
		return err
	}
	if e.Claim != want {
		return fmt.Errorf("%w: it is about another claim", ErrProof)
	}
	h, err := hasher(want.Hash)
	if err != nil {
		return err
	}
	switch want.Kind {
	case Inclusion:
		err = merkle.Verify(h, want.Shape, want.Root, merkle.Proof{Index: e.Index[0], Leaf: e.Leaf[0], Siblings: e.Path})
	case Multi:
		err = merkle.VerifyMulti(h, want.Shape, want.Root, merkle.MultiProof{Indices: e.Index, Leaves: e.Leaf, Nodes: e.Path})
	case PDP:
		err = post.VerifyPDP(want.Root, want.Shape.Leaves(), want.Seed, new(big.Int).SetBytes(want.Set[:]), e.openings())
	}
	if errors.Is(err, merkle.ErrProof) || errors.Is(err, post.ErrProof) {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	return err
}

// openings returns the proofs of a PDP, which alias e.Path.
func (e *Envelope) openings() []merkle.Proof {
	d := e.Shape.Siblings()
	proofs := make([]merkle.Proof, len(e.Index))
	for i := range proofs {
		proofs[i] = merkle.Proof{Index: e.Index[i], Leaf: e.Leaf[i], Siblings: e.Path[i*d : (i+1)*d]}
	}
	return proofs
}

// check says whether e has the form of its kind; it hashes nothing.
func (e *Envelope) check() error {
	if err := e.Claim.check(); err != nil {
		return err
	}
	n, d := len(e.Index), e.Shape.Siblings()
	if n == 0 || len(e.Leaf) != n {
		return fmt.Errorf("%w: %d leaves for %d indexes", ErrFormat, len(e.Leaf), n)
	}
	for i, index := range e.Index {
		if index >= e.Shape.Leaves() {
			return fmt.Errorf("%w: index %d of %d leaves", ErrFormat, index, e.Shape.Leaves())
		}
		if e.Kind == Multi && i > 0 && index <= e.Index[i-1] {
			return fmt.Errorf("%w: index %d is not above the one before", ErrFormat, index)
		}
	}
	if e.Kind == Inclusion && n != 1 {
		return fmt.Errorf("%w: %d leaves in a proof of one", ErrFormat, n)
	}
	if e.Kind != Multi && len(e.Path) != n*d || e.Kind == Multi && len(e.Path) > n*d {
		return fmt.Errorf("%w: a path of %d nodes for %d leaves of depth %d", ErrFormat, len(e.Path), n, d)
	}
	return nil
}

func (c *Claim) check() error {
	if c.Kind != Inclusion && c.Kind != Multi && c.Kind != PDP {
		return fmt.Errorf("%w: kind %.20q", ErrFormat, string(c.Kind))
	}
	h, err := hasher(c.Hash)
	if err != nil {
		return err
	}
	if !validDomain(c.Domain) {
		return fmt.Errorf("%w: domain %.20q", ErrFormat, c.Domain)
	}
	if c.Shape == (merkle.Shape{}) {
		return fmt.Errorf("%w: no shape", ErrFormat)
	}
	for level := range c.Shape.Depth() {
		if !h.Supports(c.Shape.Arity(level)) {
			return fmt.Errorf("%w: %s has no arity %d", ErrFormat, c.Hash, c.Shape.Arity(level))
		}
	}
	if c.Kind != PDP {
		if c.Seed != [32]byte{} || c.Set != [32]byte{} {
			return fmt.Errorf("%w: a challenge in a proof of kind %s", ErrFormat, c.Kind)
		}
		return nil
	}
	binary, err := merkle.Uniform(c.Shape.Leaves(), 2)
	if err != nil || binary != c.Shape || c.Hash != (sha2.SHA254{}).Name() {
		return fmt.Errorf("%w: possession is shown in binary trees of sha254", ErrFormat)
	}
	return nil
}

func validDomain(s string) bool {
	for _, r := range s {
		if !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '/' || r == '.' || r == '-') {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 64
}

func hasher(name string) (merkle.Hasher, error) {
	for _, h := range []merkle.Hasher{
		sha2.SHA254{}, sha2.SHA256{}, merkle.Log{}, poseidon.Hasher{}, poseidon2.Hasher{}, blake3.Hasher{},
	} {
		if h.Name() == name {
			return h, nil
		}
	}
	return nil, fmt.Errorf("%w: hash %.20q", ErrFormat, name)
}

// checked returns e, or why it is none.
func (e *Envelope) checked() (*Envelope, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	return e, nil
}
