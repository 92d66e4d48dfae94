package post

import (
	"encoding/binary"
	"fmt"
)

// Partitions returns the number of partitions that n sectors need.
func (r Rules) Partitions(n int) int { return (n + r.Sectors - 1) / r.Sectors }

// Partition returns the proofs of partition k, exactly Rules.Sectors of them: a short last partition repeats its last
// sector. proofs are those of the whole list; the result aliases it where the partition is full. Errors: ErrSectors.
//
// Source: rust-fil-proofs filecoin-proofs/src/api/post_util.rs, partition_vanilla_proofs.
func (r Rules) Partition(proofs []SectorProof, k int) ([]SectorProof, error) {
	return padded(r, proofs, k)
}

// padded returns partition k of a list, its last element repeated until it is full.
func padded[T any](r Rules, list []T, k int) ([]T, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if k < 0 || k >= r.Partitions(len(list)) {
		return nil, fmt.Errorf("%w: partition %d of %d", ErrSectors, k, r.Partitions(len(list)))
	}
	part := list[k*r.Sectors : min(len(list), (k+1)*r.Sectors)]
	if len(part) == r.Sectors {
		return part, nil
	}
	full := make([]T, r.Sectors)
	for i := copy(full, part); i < len(full); i++ {
		full[i] = part[len(part)-1]
	}
	return full, nil
}

// WindowInputs returns the public inputs of the circuit for each partition of a window PoSt over sectors, the whole list that
// is proven together: for each of Rules.Sectors sectors CommR and its challenged leaves. Inputs are field elements, 32
// bytes little-endian. Errors: ErrSectors, ErrRandomness.
//
// Source: rust-fil-proofs storage-proofs-post/src/fallback/compound.rs, generate_public_inputs.
func (r Rules) WindowInputs(rand Randomness, sectors []Public) ([][][32]byte, error) {
	if err := r.checkList(rand, sectors); err != nil {
		return nil, err
	}
	type place struct {
		Public
		position int
	}
	list := make([]place, len(sectors))
	for i, s := range sectors {
		list[i] = place{s, i}
	}
	out := make([][][32]byte, r.Partitions(len(sectors)))
	var leaves []uint64
	for k := range out {
		part, err := padded(r, list, k)
		if err != nil {
			return nil, err
		}
		in := make([][32]byte, 0, r.Sectors*(1+r.Challenges))
		for _, s := range part {
			leaves = r.ChallengesOf(leaves[:0], rand, s.Number, uint64(s.position))
			in = append(in, s.CommR)
			for _, leaf := range leaves {
				in = append(in, element(leaf))
			}
		}
		out[k] = in
	}
	return out, nil
}

// element returns a small number as a field element.
func element(x uint64) (e [32]byte) {
	binary.LittleEndian.PutUint64(e[:], x)
	return e
}
