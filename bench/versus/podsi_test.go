package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/filecoin-project/go-data-segment/datasegment"
	commcid "github.com/filecoin-project/go-fil-commcid"
	"github.com/filecoin-project/go-state-types/abi"

	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
)

// TestPoDSI makes 10,000 random aggregates (500 in -short) here and with go-data-segment v0.0.1: the same are refused,
// and the others have the same commitment, index and inclusion proofs, byte for byte, and each verifies the other's.
func TestPoDSI(t *testing.T) {
	total := 10_000
	if testing.Short() {
		total = 500
	}
	r := rand.New(rand.NewPCG(58, 10_000))
	made, refused, proofs := 0, 0, 0
	for i := 0; made < total; i++ {
		deal := piece.PaddedSize(512) << r.IntN(27)
		var infos []piece.Info
		var theirs []abi.PieceInfo
		for range 1 + r.IntN(9) {
			var c sector.CommP
			for j := range c {
				c[j] = byte(r.Uint32())
			}
			c[31] &= 0x3f
			info := piece.Info{CommP: c, Size: max(128, deal>>(1+r.IntN(20)))}
			cid, err := commcid.PieceCommitmentV1ToCID(c[:])
			if err != nil || cid.String() != c.CID() {
				t.Fatalf("CID %s, %v, ours %s", cid, err, c.CID())
			}
			infos = append(infos, info)
			theirs = append(theirs, abi.PieceInfo{Size: abi.PaddedPieceSize(info.Size), PieceCID: cid})
		}
		ours, err := piece.NewAggregate(deal, infos)
		peer, perr := datasegment.NewAggregate(abi.PaddedPieceSize(deal), theirs)
		if (err == nil) != (perr == nil) {
			t.Fatalf("aggregate %d: ours %v, theirs %v", i, err, perr)
		}
		if err != nil {
			refused++
			continue
		}
		made++
		proofs += comparePoDSI(t, ours, peer)
	}
	t.Logf("aggregates=%d refused=%d proofs=%d, all equal to go-data-segment v0.0.1", made, refused, proofs)
}

// comparePoDSI compares one aggregate and returns the number of proofs compared.
func comparePoDSI(t *testing.T, ours *piece.Aggregate, peer *datasegment.Aggregate) int {
	t.Helper()
	cid, err := peer.PieceCID()
	if err != nil || cid.String() != ours.Deal().CommP.CID() {
		t.Fatalf("deal %s, %v, ours %s", cid, err, ours.Deal().CommP.CID())
	}
	index, err := peer.Index.MarshalBinary()
	if err != nil || !bytes.Equal(index, ours.Index()) {
		t.Fatalf("index %x, %v, ours %x", index, err, ours.Index())
	}
	if ours.Deal().Size < 1<<24 {
		r, err := peer.IndexReader()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		segments, faults, err := piece.ParseIndex(ours.Deal().Size, bytes.NewReader(raw))
		if err != nil || len(faults) != 0 || len(segments) != len(ours.Segments()) {
			t.Fatalf("their index: %d segments, %v, %v", len(segments), faults, err)
		}
	}
	for i, s := range ours.Segments() {
		p, err := ours.Prove(i)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := p.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := peer.ProofForIndexEntry(i)
		if err != nil {
			t.Fatal(err)
		}
		var buf bytes.Buffer
		if err := theirs.MarshalCBOR(&buf); err != nil || !bytes.Equal(buf.Bytes(), raw) {
			t.Fatalf("proof %x, %v, ours %x", buf.Bytes(), err, raw)
		}
		var back piece.InclusionProof
		if err := back.UnmarshalBinary(buf.Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := back.Verify(s.Info, ours.Deal()); err != nil {
			t.Fatal(err)
		}
		var forth datasegment.InclusionProof
		if err := forth.UnmarshalCBOR(bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
		cid, err := commcid.PieceCommitmentV1ToCID(s.CommP[:])
		if err != nil {
			t.Fatal(err)
		}
		aux, err := forth.ComputeExpectedAuxData(datasegment.InclusionVerifierData{CommPc: cid, SizePc: abi.PaddedPieceSize(s.Size)})
		if err != nil || aux.CommPa.String() != ours.Deal().CommP.CID() || uint64(aux.SizePa) != uint64(ours.Deal().Size) {
			t.Fatalf("they verify ours to %v, %v", aux, err)
		}
	}
	return len(ours.Segments())
}
