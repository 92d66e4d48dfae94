package update

import (
	"cmp"
	"encoding/binary"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/porep/sector"
)

// Phi returns the seed of the factors of an update: the hash of the new data's CommD and the old replica's CommR. Errors wrap
// sector.ErrCommitment.
//
// Source: rust-fil-proofs storage-proofs-update/src/vanilla.rs, phi.
func Phi(d sector.CommD, old sector.CommR) (merkle.Digest, error) {
	if err := cmp.Or(d.Check(), old.Check()); err != nil {
		return merkle.Digest{}, err
	}
	return hashTwo(merkle.Digest(d), merkle.Digest(old))
}

// Rhos sets dst[i] to factor number first+i of an update with that Phi. The factor of a node is that of the H highest bits of
// the node's number. Errors: a phi that is no field element.
//
// Source: rust-fil-proofs storage-proofs-update/src/vanilla.rs, rho.
func Rhos(dst []merkle.Digest, phi merkle.Digest, first uint64) error {
	src := make([]merkle.Digest, 2*len(dst))
	for i := range dst {
		src[2*i] = phi
		binary.LittleEndian.PutUint64(src[2*i+1][:], first+uint64(i))
	}
	if err := poseidon.Hash(dst, src, 2, poseidon.TagUpdate); err != nil {
		return fmt.Errorf("update: phi: %w", err)
	}
	return nil
}

// hashTwo is the hash of updates.
func hashTwo(a, b merkle.Digest) (merkle.Digest, error) {
	var dst [1]merkle.Digest
	err := poseidon.Hash(dst[:], []merkle.Digest{a, b}, 2, poseidon.TagUpdate)
	return dst[0], err
}

// capacity is the number of bits of a digest that challenges are taken from.
const capacity = 254

// Challenges returns the nodes that partition k must open, in order. Errors: sector.ErrCommitment, sector.ErrSize, a partition
// that is none.
//
// Source: rust-fil-proofs storage-proofs-update/src/challenges.rs.
func Challenges(p Params, commR sector.CommR, k int) ([]uint64, error) {
	if err := cmp.Or(p.check(), commR.Check()); err != nil {
		return nil, err
	}
	if k < 0 || k >= p.Partitions {
		return nil, fmt.Errorf("update: partition %d of %d", k, p.Partitions)
	}
	width := p.nodeBits() - p.partitionBits()
	each := capacity / width
	digests := make([]merkle.Digest, (p.Challenges+each-1)/each)
	if err := Rhos(digests, merkle.Digest(commR), uint64(k*len(digests))); err != nil {
		return nil, err
	}
	out := make([]uint64, p.Challenges)
	for i := range out {
		out[i] = takeBits(&digests[i/each], i%each*width, width) | uint64(k)<<width
	}
	return out, nil
}

// takeBits returns n bits of a little-endian number from bit at on.
func takeBits(d *merkle.Digest, at, n int) uint64 {
	v := uint64(0)
	for i := range n {
		bit := at + i
		v |= uint64(d[bit/8]>>(bit%8)&1) << i
	}
	return v
}
