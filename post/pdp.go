package post

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"math/bits"

	"golang.org/x/crypto/sha3"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// PDPChallenges is the number of leaves that a possession proof opens on the chains in use.
const PDPChallenges = 5

// PDPIndex returns leaf number i that seed challenges in a data set of leaves leaves: keccak256(seed || set as uint256 ||
// i as uint64, big-endian) as a number, mod leaves. set is 0 to 2^256-1. Errors: ErrSectors for no leaves or a set beyond.
//
// Source: the PDPVerifier contract, _drawChallenges; vectors/economics/evm_pdp.json.
func PDPIndex(seed [32]byte, set *big.Int, i, leaves uint64) (uint64, error) {
	if leaves == 0 || set == nil || set.Sign() < 0 || set.BitLen() > 256 {
		return 0, fmt.Errorf("%w: %d leaves of data set %v", ErrSectors, leaves, set)
	}
	var msg [72]byte
	copy(msg[:], seed[:])
	set.FillBytes(msg[32:64])
	binary.BigEndian.PutUint64(msg[64:], i)
	h := sha3.NewLegacyKeccak256()
	h.Write(msg[:])
	digest := h.Sum(nil)
	rem := uint64(0)
	for k := 0; k < 32; k += 8 {
		rem = bits.Rem64(rem, binary.BigEndian.Uint64(digest[k:]), leaves)
	}
	return rem, nil
}

// VerifyPDP checks a possession proof of the piece with root (its CommP), leaves leaves of 32 padded bytes: that proofs open
// the leaves that seed challenges in the data set, in order, at least one. nil is proven, errors.Is(err, ErrProof) refuted.
func VerifyPDP(root merkle.Digest, leaves uint64, seed [32]byte, set *big.Int, proofs []merkle.Proof) error {
	shape, err := pdpShape(leaves)
	if err != nil {
		return err
	}
	if len(proofs) == 0 {
		return fmt.Errorf("%w: no openings", ErrProof)
	}
	for i := range proofs {
		want, err := PDPIndex(seed, set, uint64(i), leaves)
		if err != nil {
			return err
		}
		if proofs[i].Index != want {
			return fmt.Errorf("%w: challenge %d is leaf %d, leaf %d is opened", ErrProof, i, want, proofs[i].Index)
		}
		if err := merkle.Verify(sha2.SHA254{}, shape, root, proofs[i]); err != nil {
			return fmt.Errorf("%w: challenge %d: %w", ErrProof, i, err)
		}
	}
	return nil
}

func pdpShape(leaves uint64) (merkle.Shape, error) {
	shape, err := merkle.Uniform(leaves, 2)
	if err != nil {
		return shape, fmt.Errorf("post: a piece of %d leaves: %w", leaves, err)
	}
	return shape, nil
}

// cachedRow is the most nodes that the lowest cached row of a piece has: the cache is twice that, 2 MiB.
const cachedRow = 1 << 15

// pdpLayout leaves the lowest rows out of a piece's cache: what a challenge computes again is the subtree under one node of
// the lowest row that is kept, at most 1 MiB of a piece of 32 GiB.
func pdpLayout(shape merkle.Shape) merkle.Layout {
	d := 0
	for shape.Leaves()>>(d+1) > cachedRow {
		d++
	}
	return merkle.Layout{Detached: true, Discard: d}
}

// PieceCacheSize returns the bytes that BuildPiece writes for a piece of leaves leaves, 0 where there is no such piece.
func PieceCacheSize(leaves uint64) int64 {
	shape, err := pdpShape(leaves)
	if err != nil {
		return 0
	}
	size, err := pdpLayout(shape).FileSize(shape)
	if err != nil {
		return 0
	}
	return size
}

// BuildPiece reads a piece's padded leaves (after fr32, 32 bytes each) from r, writes the rows that proofs start from to
// cache, at most 2 MiB, and returns the root, which is CommP. Memory is constant. Errors: ErrShape of package merkle where
// leaves is no power of two above one, r's and cache's, ctx's.
func BuildPiece(ctx context.Context, r io.Reader, leaves uint64, cache io.WriterAt, opt *Options) (merkle.Digest, error) {
	shape, err := pdpShape(leaves)
	if err != nil {
		return merkle.Digest{}, err
	}
	root, err := merkle.BuildFiles(ctx, sha2.SHA254{}, shape, pdpLayout(shape), merkle.FromReader(r), []io.WriterAt{cache}, opt.tree())
	if err != nil {
		return merkle.Digest{}, fmt.Errorf("post: piece: %w", err)
	}
	return root, nil
}

// ProvePDP opens the n leaves that seed challenges in a piece whose padded leaves lie in data and whose cache BuildPiece
// wrote. It reads what lies under n nodes of the cached row, whatever the size of the piece. Errors: a *merkle.NodeError
// where data is not what the cache commits to, those of the readers, ctx's.
func ProvePDP(ctx context.Context, data io.ReaderAt, leaves uint64, cache io.ReaderAt, seed [32]byte, set *big.Int, n int, opt *Options) ([]merkle.Proof, error) {
	shape, err := pdpShape(leaves)
	if err != nil {
		return nil, err
	}
	if n < 1 || n > maxChallenges {
		return nil, fmt.Errorf("%w: %d challenges", ErrSectors, n)
	}
	tree, err := merkle.OpenFiles(sha2.SHA254{}, shape, pdpLayout(shape), []io.ReaderAt{cache}, data)
	if err != nil {
		return nil, fmt.Errorf("post: piece: %w", err)
	}
	indices := make([]uint64, n)
	for i := range indices {
		if indices[i], err = PDPIndex(seed, set, uint64(i), leaves); err != nil {
			return nil, err
		}
	}
	proofs, err := tree.Open(ctx, indices, opt.tree())
	if err != nil {
		return nil, fmt.Errorf("post: piece: %w", err)
	}
	return proofs, nil
}
