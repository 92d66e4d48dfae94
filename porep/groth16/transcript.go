package groth16

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A transcript hashes what both sides know and draws challenges from it.
//
// Source: bellperson 0.27, src/groth16/aggregate/transcript.rs; values are written as bincode 1.3 writes them.
type transcript struct{ h hash.Hash }

func newTranscript(tag string) transcript {
	t := transcript{h: sha256.New()}
	t.h.Write([]byte("snarkpack-v1"))
	t.h.Write([]byte(tag))
	return t
}

// slice writes a slice of bytes, its length first.
func (t transcript) slice(b []byte) transcript {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(len(b)))
	t.h.Write(n[:])
	t.h.Write(b)
	return t
}

func (t transcript) scalar(x *fr.Element) transcript {
	var b [32]byte
	fr.LittleEndian.PutElement(&b, *x)
	t.h.Write(b[:])
	return t
}

// g1 writes points in compressed form, the identity as its encoding has it.
func (t transcript) g1(points ...*bls.G1Affine) transcript {
	for _, p := range points {
		b := p.Bytes()
		t.h.Write(b[:])
	}
	return t
}

func (t transcript) g2(points ...*bls.G2Affine) transcript {
	for _, p := range points {
		b := p.Bytes()
		t.h.Write(b[:])
	}
	return t
}

// gt writes elements of the target group as their twelve coordinates, little-endian.
func (t transcript) gt(elements ...*bls.GT) transcript {
	var b [48]byte
	for _, e := range elements {
		for _, c := range gtCoordinates(e) {
			fp.LittleEndian.PutElement(&b, *c)
			t.h.Write(b[:])
		}
	}
	return t
}

// challenge returns a scalar that is neither zero nor one. Each try adds its number to what was hashed.
func (t transcript) challenge() fr.Element {
	var one fr.Element
	one.SetOne()
	for try := uint64(1); ; try++ {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], try)
		t.h.Write(n[:])
		digest := [32]byte(t.h.Sum(nil))
		digest[31] &= 0x7f
		c, err := fr.LittleEndian.Element(&digest)
		if err == nil && !c.IsZero() && !c.Equal(&one) {
			return c
		}
	}
}

// gtCoordinates returns the coordinates of an element, in the order in which they are written.
func gtCoordinates(e *bls.GT) [12]*fp.Element {
	return [12]*fp.Element{
		&e.C0.B0.A0, &e.C0.B0.A1, &e.C0.B1.A0, &e.C0.B1.A1, &e.C0.B2.A0, &e.C0.B2.A1,
		&e.C1.B0.A0, &e.C1.B0.A1, &e.C1.B1.A0, &e.C1.B1.A1, &e.C1.B2.A0, &e.C1.B2.A1,
	}
}
