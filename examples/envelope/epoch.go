package envelope

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// EpochDomain is the domain of proofs out of an Epoch.
const EpochDomain = "assay/epoch"

// Tags that keep apart what is hashed for an epoch.
const (
	epochTag    = "assay/epoch/v1"
	responseTag = "assay/epoch/response/v1"
)

// maxSectors bounds the sectors of an epoch.
const maxSectors = 1 << 40

// A Response is what one sector's PoSt sends in an epoch: the bytes of its proof, as the provider published them.
type Response struct {
	Provider, Sector uint64
	Proof            []byte
}

// Leaf returns the leaf that commits to the response: SHA-256 of a tag, epoch, provider and sector as uint64 big-endian, and
// the SHA-256 of the proof.
func (r Response) Leaf(epoch uint64) merkle.Digest {
	b := []byte(responseTag)
	for _, v := range []uint64{epoch, r.Provider, r.Sector} {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	proof := sha256.Sum256(r.Proof)
	return sha256.Sum256(append(b, proof[:]...))
}

// An Epoch is the tree over all PoSt responses of an epoch, in the order given; leaves that only fill it up to a power of two
// are zero. It keeps 64 bytes a sector and no proof.
type Epoch struct {
	Number, Sectors uint64
	tree            *merkle.Tree
}

// CommitEpoch makes the tree over the responses' leaves (Response.Leaf), whose order is part of what is committed to: sort by
// provider and sector. Leaves are copied. Errors: ErrFormat for no leaves or over 2^40, ctx.Err().
func CommitEpoch(ctx context.Context, epoch uint64, leaves []merkle.Digest) (*Epoch, error) {
	shape, err := EpochShape(uint64(len(leaves)))
	if err != nil {
		return nil, err
	}
	row := make([]merkle.Digest, shape.Leaves())
	copy(row, leaves)
	tree, err := merkle.Build(ctx, sha2.SHA256{}, shape, row, nil)
	if err != nil {
		return nil, fmt.Errorf("envelope: epoch %d: %w", epoch, err)
	}
	return &Epoch{epoch, uint64(len(leaves)), tree}, nil
}

// EpochShape returns the shape of the tree over that many sectors: binary, the next power of two from 2 on. Errors: ErrFormat.
func EpochShape(sectors uint64) (merkle.Shape, error) {
	if sectors == 0 || sectors > maxSectors {
		return merkle.Shape{}, fmt.Errorf("%w: an epoch of %d sectors", ErrFormat, sectors)
	}
	leaves := uint64(2)
	for leaves < sectors {
		leaves *= 2
	}
	return merkle.Uniform(leaves, 2)
}

// Root returns the root of the tree.
func (e *Epoch) Root() merkle.Digest { return e.tree.Root() }

// Commitment returns what a chain carries: 32 bytes, whatever the number of sectors.
func (e *Epoch) Commitment() merkle.Digest { return EpochCommitment(e.Number, e.Sectors, e.Root()) }

// EpochCommitment binds the root of an epoch to its number and its count of sectors, and so to the depth of its tree: SHA-256
// of a tag, both as uint64 big-endian, and the root.
func EpochCommitment(epoch, sectors uint64, root merkle.Digest) merkle.Digest {
	b := binary.BigEndian.AppendUint64([]byte(epochTag), epoch)
	b = binary.BigEndian.AppendUint64(b, sectors)
	return sha256.Sum256(append(b, root[:]...))
}

// Prove returns one proof of the responses at these positions, strictly growing. Errors: ErrShape of package merkle, ErrFormat.
func (e *Epoch) Prove(ctx context.Context, positions []uint64) (*Envelope, error) {
	for _, at := range positions {
		if at >= e.Sectors {
			return nil, fmt.Errorf("%w: position %d of %d sectors", ErrFormat, at, e.Sectors)
		}
	}
	p, err := e.tree.OpenMulti(ctx, positions, nil)
	if err != nil {
		return nil, fmt.Errorf("envelope: epoch %d: %w", e.Number, err)
	}
	return NewMulti(epochClaim(e.tree.Shape(), e.Root()), p)
}

func epochClaim(s merkle.Shape, root merkle.Digest) Claim {
	return Claim{Kind: Multi, Hash: (sha2.SHA256{}).Name(), Domain: EpochDomain, Shape: s, Root: root}
}

// VerifyEpoch checks that the leaves of p are those of the responses at their positions in the epoch that commitment is of.
// The chain gives commitment; epoch, sectors and root may come from anyone. Errors: as Verify.
func VerifyEpoch(commitment merkle.Digest, epoch, sectors uint64, root merkle.Digest, p *Envelope) error {
	shape, err := EpochShape(sectors)
	if err != nil {
		return err
	}
	if got := EpochCommitment(epoch, sectors, root); got != commitment {
		return fmt.Errorf("%w: commitment %x, want %x", ErrProof, got, commitment)
	}
	if n := len(p.Index); n == 0 || p.Index[n-1] >= sectors {
		return fmt.Errorf("%w: positions beyond %d sectors", ErrProof, sectors)
	}
	return p.Verify(epochClaim(shape, root))
}
