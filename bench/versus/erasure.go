package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"github.com/klauspost/reedsolomon"
	"github.com/zeebo/blake3"
	"storj.io/infectious"

	"github.com/assaylab/assay/erasure"
	"github.com/assaylab/assay/merkle"
)

// noise returns n bytes that depend on the seed only.
func noise(seed byte, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// shardsOf returns n shards of random bytes.
func shardsOf(n, size int) [][]byte {
	return slices.Collect(slices.Chunk(noise(byte(n), n*size), size))
}

// rsEncode races Encode of k+m shards against klauspost/reedsolomon with the given numbers of goroutines.
func rsEncode(k, m, size int, goroutines ...int) func() ([]duel, func(), error) {
	return func() ([]duel, func(), error) {
		code, err := erasure.New(k, m, &erasure.Options{Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		shards := shardsOf(k+m, size) // the same memory for both: its placement in the caches matters
		var duels []duel
		for _, g := range goroutines {
			enc, err := reedsolomon.New(k, m, reedsolomon.WithMaxGoroutines(g))
			if err != nil {
				return nil, nil, err
			}
			duels = append(duels, duel{
				peer: fmt.Sprintf("klauspost-%dg", g), unit: "GB/s", work: float64(k * size),
				ours:   timedErr(func() error { return code.Encode(shards) }),
				theirs: timedErr(func() error { return enc.Encode(shards) }),
				check: func() error {
					theirs := shardsOf(k+m, size)
					return errors.Join(code.Encode(shards), enc.Encode(theirs), sameShards(shards, theirs))
				},
			})
		}
		return duels, nil, nil
	}
}

// rsRebuild races the rebuilding of the first m shards.
func rsRebuild(k, m, size int, goroutines ...int) func() ([]duel, func(), error) {
	return func() ([]duel, func(), error) {
		code, err := erasure.New(k, m, &erasure.Options{Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		shards := shardsOf(k+m, size)
		if err := code.Encode(shards); err != nil {
			return nil, nil, err
		}
		want := cloned(shards)
		rebuild := func(shards [][]byte, f func([][]byte) error) error {
			for i := range m {
				shards[i] = shards[i][:0]
			}
			return f(shards)
		}
		var duels []duel
		for _, g := range goroutines {
			enc, err := reedsolomon.New(k, m, reedsolomon.WithMaxGoroutines(g))
			if err != nil {
				return nil, nil, err
			}
			duels = append(duels, duel{
				peer: fmt.Sprintf("klauspost-%dg", g), unit: "GB/s", work: float64(k * size),
				ours:   timedErr(func() error { return rebuild(shards, code.Reconstruct) }),
				theirs: timedErr(func() error { return rebuild(shards, enc.Reconstruct) }),
				check: func() error {
					for _, f := range []func([][]byte) error{code.Reconstruct, enc.Reconstruct} {
						for i := range m {
							clear(shards[i])
						}
						if err := errors.Join(rebuild(shards, f), sameShards(shards, want)); err != nil {
							return err
						}
					}
					return nil
				},
			})
		}
		return duels, nil, nil
	}
}

func cloned(s [][]byte) [][]byte {
	out := make([][]byte, len(s))
	for i, b := range s {
		out[i] = bytes.Clone(b)
	}
	return out
}

func sameShards(a, b [][]byte) error {
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return fmt.Errorf("shard %d", i)
		}
	}
	return nil
}

// manifest104 races EncodeShards, coding and BLAKE3 manifest in one pass, against the bare kernel followed by the bare hash
// of the same 14 shards: 1/(1/kernel + 1/hash).
func manifest104() ([]duel, func(), error) {
	const k, m, size = 10, 4, 1 << 20
	opt := &erasure.Options{Workers: 1}
	code, err := erasure.New(k, m, opt)
	if err != nil {
		return nil, nil, err
	}
	enc, err := reedsolomon.New(k, m, reedsolomon.WithMaxGoroutines(1))
	if err != nil {
		return nil, nil, err
	}
	shards := shardsOf(k+m, size)
	digests := make([]merkle.Digest, k+m)
	var manifest *erasure.Manifest
	fused := func() (err error) {
		manifest, err = erasure.EncodeShards(context.Background(), code, shards, k*size, opt)
		return err
	}
	bare := func() error {
		if err := enc.Encode(shards); err != nil {
			return err
		}
		for i, s := range shards {
			digests[i] = blake3.Sum256(s)
		}
		return nil
	}
	check := func() error {
		if err := errors.Join(fused(), bare()); err != nil {
			return err
		}
		if !slices.Equal(manifest.Blocks, digests) {
			return errors.New("digests")
		}
		return nil
	}
	return []duel{{peer: "kernel+hash", unit: "GB/s", work: k * size, ours: timedErr(fused), theirs: timedErr(bare), check: check}}, nil, nil
}

// decode2951 races the decoding of 29+51 shards by manifest against infectious, which corrects errors by Berlekamp and
// Welch: once with all shards good, its best case, and once with a wrong byte in five of them.
func decode2951() ([]duel, func(), error) {
	const k, n, size = 29, 80, 16 << 10
	opt := &erasure.Options{Workers: 1}
	code, err := erasure.New(k, n-k, opt)
	if err != nil {
		return nil, nil, err
	}
	fec, err := infectious.NewFEC(k, n)
	if err != nil {
		return nil, nil, err
	}
	shards := shardsOf(n, size)
	manifest, err := erasure.EncodeShards(context.Background(), code, shards, k*size, opt)
	if err != nil {
		return nil, nil, err
	}
	want := bytes.Join(shards[:k], nil)
	var shares []infectious.Share
	if err := fec.Encode(want, func(s infectious.Share) { shares = append(shares, s.DeepCopy()) }); err != nil {
		return nil, nil, err
	}
	duelOf := func(wrong int) duel {
		own := cloned(shards)
		readers := make([]io.ReaderAt, n)
		for i := range readers {
			if i < wrong {
				own[i][100*i] ^= 1
			}
			readers[i] = bytes.NewReader(own[i])
		}
		var got, dst []byte
		var buf bytes.Buffer
		ours := func() error {
			buf.Reset()
			_, err := erasure.Decode(context.Background(), manifest, readers, &buf, opt)
			got = buf.Bytes()
			return err
		}
		theirs := func() (err error) {
			for i := range wrong {
				shares[i].Data[100*i] ^= 1 // corrected in place by every call
			}
			dst, err = fec.Decode(dst, slices.Clone(shares))
			return err
		}
		return duel{
			peer: fmt.Sprintf("infectious-%d-wrong", wrong), unit: "MB/s", work: k * size, ours: timedErr(ours), theirs: timedErr(theirs),
			check: func() error {
				if err := errors.Join(ours(), theirs()); err != nil {
					return err
				}
				if !bytes.Equal(got, want) || !bytes.Equal(dst, want) {
					return errors.New("data")
				}
				return nil
			},
		}
	}
	return []duel{duelOf(0), duelOf(5)}, nil, nil
}
