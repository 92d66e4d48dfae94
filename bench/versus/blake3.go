package main

import (
	"crypto/sha256"
	"fmt"

	zeebo "github.com/zeebo/blake3"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/blake3"
)

// blake3Contest hashes messages of 1 MiB and of 16 KiB, each of them a tree of chunks, and nodes of two children, against
// zeebo/blake3 and the Rust crate.
func blake3Contest() ([]duel, func(), error) {
	var duels []duel
	var peers []*rustPeer
	closing := func() {
		for _, p := range peers {
			p.Close()
		}
	}
	for _, c := range []struct {
		length, count int
		note          string
		recorded      float64 // Rust's on Zen 4
	}{{1 << 20, 1, "message=1MiB", 6.26}, {16 << 10, 16, "message=16KiB", 5.86}, {64, 1024, "nodes", 0.8}} {
		data := labelledBytes("assay/blake3", c.length*c.count)
		dst, plain := make([]merkle.Digest, c.count), make([][32]byte, c.count)
		ours := func() {
			for i := range dst {
				dst[i] = blake3.Sum(data[c.length*i:][:c.length])
			}
		}
		if c.note == "nodes" {
			src := merkle.Digests(data)
			ours = func() { blake3.Hasher{}.Parents(dst, src, 2) }
		}
		theirs := func() {
			for i := range plain {
				plain[i] = zeebo.Sum256(data[c.length*i:][:c.length])
			}
		}
		rust, err := startRust("blake3", fmt.Sprint(c.length), fmt.Sprint(c.count))
		if err != nil {
			return nil, closing, err
		}
		peers = append(peers, rust)
		ours()
		all := sha256.New()
		for _, d := range dst {
			all.Write(d[:])
		}
		d := duel{unit: "GB/s", work: float64(len(data)), ours: timed(ours), note: c.note}
		d.peer, d.theirs, d.check = "zeebo-v0.2.4", timed(theirs), equalDigests(ours, theirs, dst, plain)
		duels = append(duels, d)
		d.peer, d.theirs, d.check, d.recorded = "rust-blake3-1.8", nil, nil, c.recorded
		duels = append(duels, rust.against(d, all.Sum(nil)))
	}
	return duels, closing, nil
}
