package main

import (
	"crypto/sha256"
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
)

// poseidonContest is a batch of hashes, and the same hashes one call each, against neptune, which hashes one by one, and
// against the plain permutation on gnark-crypto. recorded is neptune's figure on a Zen 4 core.
func poseidonContest(arity int, recorded float64) func() ([]duel, func(), error) {
	return func() ([]duel, func(), error) {
		const count = 64
		src := make([]merkle.Digest, count*arity)
		for i := range src {
			label := fmt.Sprintf("assay/poseidon/%d/%d/%d", arity, i/arity, i%arity)
			src[i] = merkle.Digest(labelledBytes(label, 32))
			src[i][31] &= 0x3f
		}
		hash := func(dst []merkle.Digest, calls int) error {
			n := len(dst) / calls
			for i := 0; i < len(dst); i += n {
				if err := poseidon.Hash(dst[i:i+n], src[i*arity:(i+n)*arity], arity, poseidon.Tag(arity)); err != nil {
					return err
				}
			}
			return nil
		}
		batch, single, plain := make([]merkle.Digest, count), make([]merkle.Digest, count), make([]merkle.Digest, count)
		peer, err := newPlainPoseidon(arity)
		if err != nil {
			return nil, nil, err
		}
		peer.hash(plain, src)
		if err := hash(batch, 1); err != nil {
			return nil, nil, err
		}
		check := func() error {
			if err := hash(single, count); err != nil {
				return err
			}
			for i := range plain {
				if batch[i] != plain[i] || single[i] != plain[i] {
					return fmt.Errorf("hash %d: batch %x, single %x, plain %x", i, batch[i], single[i], plain[i])
				}
			}
			return nil
		}
		rust, err := startRust("poseidon", fmt.Sprint(arity), fmt.Sprint(count))
		if err != nil {
			return nil, nil, err
		}
		digest := sha256.Sum256(merkle.Bytes(batch))
		note := ""
		if poseidon.Kernel() != "ifma" {
			note = "cpu=no-ifma"
		}
		many, one := timedErr(func() error { return hash(batch, 1) }), timedErr(func() error { return hash(single, count) })
		return []duel{
			rust.against(duel{peer: "neptune-13", unit: "us/hash", work: count, ours: many, recorded: recorded, check: check, note: note}, digest[:]),
			rust.against(duel{peer: "neptune-13", unit: "us/hash", work: count, ours: one, recorded: recorded, check: check, note: "one-hash-a-call"}, digest[:]),
			{peer: "plain-gnark-crypto", unit: "us/hash", work: count, ours: many, theirs: timed(func() { peer.hash(plain, src) }), check: check, note: note},
		}, rust.Close, nil
	}
}

// A plainPoseidon is the textbook permutation on fr.Element, with the dense matrix: a peer for its results, not for its speed.
type plainPoseidon struct{ *poseidon.Constants }

func newPlainPoseidon(arity int) (*plainPoseidon, error) {
	c, err := poseidon.ConstantsOf(arity)
	return &plainPoseidon{c}, err
}

func (p *plainPoseidon) hash(dst, src []merkle.Digest) {
	state, next := make([]fr.Element, p.Width), make([]fr.Element, p.Width)
	for i := range dst {
		state[0].SetUint64(poseidon.Tag(p.Arity))
		for j := range p.Arity {
			e, err := fr.LittleEndian.Element((*[32]byte)(&src[i*p.Arity+j]))
			if err != nil {
				panic(err) // the contest's data is canonical
			}
			state[1+j] = e
		}
		rounds := poseidon.FullRounds + p.PartialRounds
		for r := range rounds {
			p.round(state, next, r, r < poseidon.FullRounds/2 || r >= rounds-poseidon.FullRounds/2)
		}
		fr.LittleEndian.PutElement((*[32]byte)(&dst[i]), state[1])
	}
}

func (p *plainPoseidon) round(state, next []fr.Element, r int, full bool) {
	for i := range state {
		state[i].Add(&state[i], &p.Round[r*p.Width+i])
		if full || i == 0 {
			var x4 fr.Element
			x4.Square(&state[i])
			x4.Square(&x4)
			state[i].Mul(&state[i], &x4)
		}
	}
	for i := range next {
		next[i].SetZero()
		for j := range state {
			var term fr.Element
			next[i].Add(&next[i], term.Mul(&p.MDS[i*p.Width+j], &state[j]))
		}
	}
	copy(state, next)
}
