package post

import "github.com/assaylab/assay/porep/sector"

// WinningInputs returns the public inputs of the circuit of a winning PoSt of one sector: CommR and a challenged leaf, once
// for each challenge. Inputs are field elements, 32 bytes little-endian. Errors: ErrSectors, ErrRandomness.
//
// Source: rust-fil-proofs storage-proofs-post/src/fallback/compound.rs; a winning PoSt is 66 "sectors" of one challenge.
func (r Rules) WinningInputs(rand Randomness, s Public) ([][32]byte, error) {
	if err := r.checkList(rand, []Public{s}); err != nil {
		return nil, err
	}
	var in [][32]byte
	for _, leaf := range r.winningLeaves(rand, s.Number) {
		in = append(in, s.CommR, element(leaf))
	}
	return in, nil
}

// winningLeaves are the leaves that the winning circuit binds: under V1_2_0 it counts challenges within each of its 66
// "sectors" and so asks for the same leaf 66 times. The network does not register that combination.
func (r Rules) winningLeaves(rand Randomness, n sector.Number) []uint64 {
	leaves := r.ChallengesOf(nil, rand, n, 0)
	if r.Version >= sector.V1_2_0 {
		for i := range leaves {
			leaves[i] = leaves[0]
		}
	}
	return leaves
}
