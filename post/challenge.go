package post

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/assaylab/assay/porep/sector"
)

// Randomness is what the chain draws for a PoSt: a field element, little-endian. Chain code clears the two top bits of the
// last byte before it gets here; a value that is not below the modulus is refused, as the reference refuses it.
type Randomness [32]byte

func (r Randomness) check() error {
	if !sector.Canonical(r) {
		return fmt.Errorf("%w: %x", ErrRandomness, r[:])
	}
	return nil
}

// maxPicks bounds the sectors drawn at a call.
const maxPicks = 1 << 20

// WinningSectors returns which of setSize eligible sectors a winning PoSt must prove: count indexes, which may repeat.
// Errors: ErrSectors for an empty set or an impossible count, ErrRandomness.
//
// Source: rust-fil-proofs storage-proofs-post/src/fallback/vanilla.rs, generate_sector_challenge.
func WinningSectors(r Randomness, prover sector.ProverID, setSize uint64, count int) ([]uint64, error) {
	if setSize == 0 || count < 0 || count > maxPicks {
		return nil, fmt.Errorf("%w: %d picks of %d sectors", ErrSectors, count, setSize)
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	if !sector.Canonical(prover) {
		return nil, fmt.Errorf("post: the prover id %x is not below the field's modulus: %w", prover[:], sector.ErrCommitment)
	}
	picks := make([]uint64, count)
	msg := append(append(make([]byte, 0, 72), prover[:]...), r[:]...)
	for i := range picks {
		digest := sha256.Sum256(binary.LittleEndian.AppendUint64(msg, uint64(i)))
		picks[i] = binary.LittleEndian.Uint64(digest[:]) % setSize
	}
	return picks, nil
}

// LeafChallenge returns one challenged leaf of a sector with nodes leaves. index counts the challenges as the API version
// has it; Rules.Challenge knows.
//
// Source: rust-fil-proofs storage-proofs-post/src/fallback/vanilla.rs, generate_leaf_challenge_inner.
func LeafChallenge(r Randomness, n sector.Number, index, nodes uint64) uint64 {
	var msg [48]byte
	copy(msg[:], r[:])
	binary.LittleEndian.PutUint64(msg[32:], uint64(n))
	binary.LittleEndian.PutUint64(msg[40:], index)
	digest := sha256.Sum256(msg[:])
	return binary.LittleEndian.Uint64(digest[:]) % nodes
}

// ChallengesOf appends the challenged leaves of a sector to dst. position is the sector's place in the list of all sectors
// that are proven together, counted over all partitions: before V1_2_0 the challenges depend on it.
func (r Rules) ChallengesOf(dst []uint64, rand Randomness, n sector.Number, position uint64) []uint64 {
	first := uint64(0)
	if r.Version < sector.V1_2_0 {
		first = position * uint64(r.Challenges)
	}
	for i := range uint64(r.Challenges) {
		dst = append(dst, LeafChallenge(rand, n, first+i, r.Size.Nodes()))
	}
	return dst
}
