package main

import (
	"crypto/sha256"
	"fmt"

	"github.com/assaylab/assay/erasure"
)

// alsoRust adds the Rust crate reed-solomon-simd to a contest of rsEncode or rsRebuild of the same shape, where -rust is
// given. That is another code of the same k and m: its parity shards differ from ours, so the data is compared, after
// each side has encoded it, lost its first m shards and rebuilt them. At 64+64 it is a transform over GF(2^16) where ours
// is a dense matrix over GF(2^8). Its figure includes the copy of the shards into its own memory that its API asks for.
func alsoRust(setup func() ([]duel, func(), error), mode string, k, m, size int) func() ([]duel, func(), error) {
	return func() ([]duel, func(), error) {
		duels, closing, err := setup()
		if err != nil || !useRust {
			return duels, closing, err
		}
		rust, err := startRust("erasure", mode, fmt.Sprint(k), fmt.Sprint(m), fmt.Sprint(size))
		if err != nil {
			return nil, closing, err
		}
		rebuilt, err := rebuiltDigest(k, m, size)
		d := duels[0]
		d.peer = "rust-reed-solomon-simd-3.1"
		return append(duels, rust.against(d, rebuilt)), rust.Close, err
	}
}

// rebuiltDigest is the digest of the k shards of labelledBytes("assay/erasure") after the first m of them were lost and rebuilt.
func rebuiltDigest(k, m, size int) ([]byte, error) {
	code, err := erasure.New(k, m, &erasure.Options{Workers: 1})
	if err != nil {
		return nil, err
	}
	all := append(labelledBytes("assay/erasure", k*size), make([]byte, m*size)...)
	shards := make([][]byte, k+m)
	for i := range shards {
		shards[i] = all[i*size:][:size:size]
	}
	if err := code.Encode(shards); err != nil {
		return nil, err
	}
	for i := range m {
		clear(shards[i])
		shards[i] = shards[i][:0]
	}
	if err := code.Reconstruct(shards); err != nil {
		return nil, err
	}
	h := sha256.New()
	for _, s := range shards[:k] {
		h.Write(s)
	}
	return h.Sum(nil), nil
}
