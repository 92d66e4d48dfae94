package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	commp "github.com/filecoin-project/go-fil-commp-hashhash"

	"github.com/assaylab/assay/porep/fr32"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
)

// labelledBytes is the byte stream rule of the vectors, by which bench/rust names its inputs too.
func labelledBytes(label string, n int) []byte {
	out := make([]byte, 0, n+32)
	for i := uint64(0); len(out) < n; i++ {
		sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(label), i))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

// commPBytes is the payload of the contest commp: a piece of 8 MiB.
const commPBytes = 127 << 16

// commPContest is CommP of an 8 MiB piece in memory: one core, two cores, and the gain of the second.
func commPContest() ([]duel, func(), error) {
	payload := labelledBytes("assay/commp", commPBytes)
	var got piece.Info
	ours := func(workers int) func() error {
		h := piece.NewHasher(&piece.Options{Workers: workers})
		return func() (err error) {
			h.Reset()
			if _, err = h.Write(payload); err == nil {
				got, err = h.Sum()
			}
			return err
		}
	}
	var peer []byte
	theirs := func() (err error) {
		var c commp.Calc
		if _, err = c.Write(payload); err == nil {
			peer, _, err = c.Digest()
		}
		return err
	}
	check := func() error {
		if err := theirs(); err != nil {
			return err
		}
		if err := ours(2)(); err != nil {
			return err
		}
		if !bytes.Equal(got.CommP[:], peer) {
			return fmt.Errorf("ours %v, theirs %x", got.CommP, peer)
		}
		return nil
	}
	if err := ours(1)(); err != nil {
		return nil, nil, err
	}
	rust, err := startRust("commp", fmt.Sprint(commPBytes))
	if err != nil {
		return nil, nil, err
	}
	const work = commPBytes
	return []duel{
		{peer: "go-fil-commp-hashhash-v0.3.0", unit: "MB/s", work: work, ours: timedErr(ours(1)), theirs: timedErr(theirs), check: check},
		{peer: "go-fil-commp-hashhash-v0.3.0", unit: "MB/s", work: work, ours: timedErr(ours(2)), theirs: timedErr(theirs), check: check, cores: 2, note: "cores=2"},
		{peer: "assay-on-one-core", unit: "MB/s", work: work, ours: timedErr(ours(2)), theirs: timedErr(ours(1)), check: check, cores: 2, note: "cores=2"},
		rust.against(duel{peer: "rust-fil-proofs-19.1", unit: "MB/s", work: work, ours: timedErr(ours(1)), recorded: 176}, got.CommP[:]),
	}, rust.Close, nil
}

// fr32Contest pads and unpads 8 MiB.
func fr32Contest() ([]duel, func(), error) {
	raw := labelledBytes("assay/fr32", commPBytes)
	padded, back := make([]byte, commPBytes/127*128), make([]byte, commPBytes)
	pad := func() error { _, err := fr32.Pad(padded, raw); return err }
	unpad := func() error { _, err := fr32.Unpad(back, padded); return err }
	if err := pad(); err != nil {
		return nil, nil, err
	}
	if err := unpad(); err != nil || !bytes.Equal(back, raw) {
		return nil, nil, fmt.Errorf("the padding does not come off again: %w", err)
	}
	rust, err := startRust("fr32", fmt.Sprint(commPBytes))
	if err != nil {
		return nil, nil, err
	}
	digest := sha256.Sum256(padded)
	return []duel{
		rust.against(duel{peer: "rust-fil-proofs-19.1", unit: "GB/s", work: commPBytes, ours: timedErr(pad), recorded: 5.3, note: "pad"}, digest[:]),
		{peer: "rust-fil-proofs-19.1-pad", unit: "GB/s", work: commPBytes, ours: timedErr(unpad), recorded: 5.3, note: "unpad"},
	}, rust.Close, nil
}

// graphContest is the parents of 2^16 nodes in the middle of a 32 GiB sector, in long ranges with their tables, and of
// single nodes without.
func graphContest() ([]duel, func(), error) {
	p, err := sector.StackedDRG32GiBV1_1.Proof()
	if err != nil {
		return nil, nil, err
	}
	g, err := graph.New(p)
	if err != nil {
		return nil, nil, err
	}
	const first, count, singles = 1 << 29, 1 << 16, 1 << 10
	parents := make([]uint32, count*graph.Degree)
	// A new graph each time keeps to the few nodes that an auditor asks for: no tables are made.
	nodes := func() error {
		single, err := graph.New(p)
		if err != nil {
			return err
		}
		for i := range uint64(singles) {
			if err := single.Parents(first+i, (*[graph.Degree]uint32)(parents[i*graph.Degree:])); err != nil {
				return err
			}
		}
		return nil
	}
	ranges := func() error { return g.Range(first, parents) }
	if err := ranges(); err != nil {
		return nil, nil, err
	}
	h := sha256.New()
	if err := binary.Write(h, binary.LittleEndian, parents); err != nil {
		return nil, nil, err
	}
	rust, err := startRust("graph", fmt.Sprint(g.Nodes()), "8", fmt.Sprint(first), fmt.Sprint(count))
	if err != nil {
		return nil, nil, err
	}
	return []duel{
		rust.against(duel{peer: "rust-fil-proofs-19.1", unit: "us/node", work: count, ours: timedErr(ranges), recorded: 6.49, note: "ranges"}, h.Sum(nil)),
		{peer: "rust-fil-proofs-19.1", unit: "us/node", work: singles, ours: timedErr(nodes), recorded: 6.49, note: "single-nodes"},
	}, rust.Close, nil
}
