package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	gnark "github.com/consensys/gnark-crypto/ecc/bls12-381/fr/poseidon2"
	"github.com/prysmaticlabs/gohashtree"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon2"
	"github.com/assaylab/assay/merkle/sha2"
)

// merkleTree is a tree of 2^20 leaves, built with all levels kept and ready to prove, against the bare hashing
// of the same leaves to the root by gohashtree: its fastest kernel, level by level, nothing kept. Both
// write into memory they have had before.
func merkleTree() ([]duel, func(), error) {
	const leaves = 1 << 20
	data := make([]merkle.Digest, leaves)
	for i := range data {
		for k := 0; k < 32; k += 8 {
			binary.LittleEndian.PutUint64(data[i][k:], uint64(i+1)*0x9e3779b97f4a7c15>>k)
		}
		data[i][31] &= 0x3f
	}
	shape, err := merkle.Uniform(leaves, 2)
	if err != nil {
		return nil, nil, err
	}
	ctx, one := context.Background(), &merkle.Options{Workers: 1}
	tree, err := merkle.Build(ctx, sha2.SHA256{}, shape, data, one)
	if err != nil {
		return nil, nil, err
	}
	chunks := make([][32]byte, leaves)
	for i := range data {
		chunks[i] = data[i]
	}
	rows := [2][][32]byte{make([][32]byte, leaves/2), make([][32]byte, leaves/4)}
	bare := func() [32]byte {
		row := chunks
		for k := 0; len(row) > 1; k ^= 1 {
			up := rows[k][:len(row)/2]
			gohashtree.HashChunks(up, row)
			row = up
		}
		return row[0]
	}
	return []duel{{
		peer: "gohashtree-v0.0.4-beta",
		unit: "ns/hash",
		work: leaves - 1,
		ours: timedErr(func() error {
			return tree.Reset(ctx, data, one)
		}),
		theirs: timed(func() { bare() }),
		check: func() error {
			if root := bare(); root != tree.Root() {
				return fmt.Errorf("root %x, gohashtree's %x", tree.Root(), root)
			}
			p, err := tree.Proof(leaves / 3)
			if err != nil {
				return err
			}
			return merkle.Verify(sha2.SHA256{}, shape, tree.Root(), p)
		},
	}}, nil, nil
}

// poseidon2Nodes is 1024 nodes of two children against gnark-crypto's compression, one after another.
func poseidon2Nodes() ([]duel, func(), error) {
	const nodes = 1024
	src, dst := make([]merkle.Digest, 2*nodes), make([]merkle.Digest, nodes)
	reversed := make([][]byte, len(src))
	for i := range src {
		for k := 0; k < 32; k += 8 {
			binary.LittleEndian.PutUint64(src[i][k:], uint64(i+1)*0x9e3779b97f4a7c15>>k)
		}
		src[i][31] &= 0x3f
		reversed[i] = slices.Clone(src[i][:])
		slices.Reverse(reversed[i])
	}
	p := gnark.NewDefaultPermutation()
	return []duel{{
		peer: "gnark-crypto-v0.22.0",
		unit: "ns/hash",
		work: nodes,
		ours: timed(func() { poseidon2.Hasher{}.Parents(dst, src, 2) }),
		theirs: timedErr(func() error {
			for i := 0; i < len(src); i += 2 {
				if _, err := p.Compress(reversed[i], reversed[i+1]); err != nil {
					return err
				}
			}
			return nil
		}),
		check: func() error {
			poseidon2.Hasher{}.Parents(dst, src, 2)
			for i := range dst {
				want, err := p.Compress(reversed[2*i], reversed[2*i+1])
				if err != nil {
					return err
				}
				slices.Reverse(want)
				if !bytes.Equal(want, dst[i][:]) {
					return fmt.Errorf("node %d: %x, gnark-crypto's %x", i, dst[i], want)
				}
			}
			return nil
		},
	}}, nil, nil
}
