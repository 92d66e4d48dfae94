package main

import (
	"crypto/sha256"
	"fmt"

	"github.com/prysmaticlabs/gohashtree"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// nodeContest hashes 2048 pairs of nodes, 128 KiB, to their parents: against gohashtree's fastest kernel,
// crypto/sha256 and Rust's sha2.
func nodeContest() ([]duel, func(), error) {
	const count = 2048
	data := labelledBytes("assay/sha2", 64*count)
	src := make([]merkle.Digest, 2*count)
	chunks := make([][32]byte, 2*count)
	for i := range src {
		src[i] = merkle.Digest(data[32*i:])
		chunks[i] = src[i]
	}
	dst, peer, plain := make([]merkle.Digest, count), make([][32]byte, count), make([][32]byte, count)
	ours := func() { sha2.SHA256{}.Parents(dst, src, 2) }
	hashtree := func() { gohashtree.HashChunks(peer, chunks) }
	standard := func() {
		for i := range plain {
			plain[i] = sha256.Sum256(data[64*i : 64*i+64])
		}
	}
	rust, err := startRust("sha2", "64", fmt.Sprint(count))
	if err != nil {
		return nil, nil, err
	}
	ours()
	all := sha256.New()
	for i := range dst {
		all.Write(dst[i][:])
	}
	return []duel{
		{peer: "gohashtree-v0.0.4-beta", unit: "ns/hash", work: count, ours: timed(ours), theirs: timed(hashtree), check: equalDigests(ours, hashtree, dst, peer)},
		{peer: "crypto/sha256", unit: "ns/hash", work: count, ours: timed(ours), theirs: timed(standard), check: equalDigests(ours, standard, dst, plain)},
		rust.against(duel{peer: "rust-sha2-0.10", unit: "ns/hash", work: count, ours: timed(ours), recorded: 85}, all.Sum(nil)),
	}, rust.Close, nil
}

// equalDigests is a check that runs both sides and compares what they fill, digest by digest.
func equalDigests(ours, theirs func(), a []merkle.Digest, b [][32]byte) func() error {
	return func() error {
		ours()
		theirs()
		for i := range a {
			if a[i] != b[i] {
				return fmt.Errorf("digest %d: ours %x, theirs %x", i, a[i], b[i])
			}
		}
		return nil
	}
}

// messageContest hashes 512 equal messages with a tag before each, the leaves of RFC 6962, against crypto/sha256.
func messageContest(size int) func() ([]duel, func(), error) {
	return func() ([]duel, func(), error) {
		const count = 512
		prefix := []byte{1}
		data := labelledBytes("assay/sha2", size*count)
		dst, plain := make([]merkle.Digest, count), make([][32]byte, count)
		ours := func() { sha2.SumPrefix(dst, prefix, data, size) }
		m := append(prefix, make([]byte, size)...)
		standard := func() {
			for i := range plain {
				copy(m[1:], data[size*i:])
				plain[i] = sha256.Sum256(m)
			}
		}
		check := equalDigests(ours, standard, dst, plain)
		return []duel{{peer: "crypto/sha256", unit: "ns/hash", work: count, ours: timed(ours), theirs: timed(standard), check: check}}, nil, nil
	}
}
