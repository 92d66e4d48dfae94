package sector

import (
	"encoding/hex"
	"fmt"

	"github.com/assaylab/assay/merkle"
)

// The commitments, each 32 bytes as they lie on disk. The types keep them apart; a conversion such as
// CommD(commP) is free and says that it is meant.
type (
	// CommP commits to one piece: root of the binary SHA-256/254 tree over its padded bytes.
	CommP merkle.Digest
	// CommD commits to the data of a whole sector, in the same tree.
	CommD merkle.Digest
	// CommC is the root of the tree over the columns of labels.
	CommC merkle.Digest
	// CommRLast is the root of the tree over the replica.
	CommRLast merkle.Digest
	// CommR commits to a replica: the Poseidon hash of CommC and CommRLast.
	CommR merkle.Digest
)

// String returns the bytes in hexadecimal; see CID for the network's text form.
func (c CommP) String() string { return hex.EncodeToString(c[:]) }

// String returns the bytes in hexadecimal; see CID for the network's text form.
func (c CommD) String() string { return hex.EncodeToString(c[:]) }

// String returns the bytes in hexadecimal.
func (c CommC) String() string { return hex.EncodeToString(c[:]) }

// String returns the bytes in hexadecimal.
func (c CommRLast) String() string { return hex.EncodeToString(c[:]) }

// String returns the bytes in hexadecimal; see CID for the network's text form.
func (c CommR) String() string { return hex.EncodeToString(c[:]) }

// Check returns an error that wraps [ErrCommitment] if c is zero or has one of its two top bits set.
func (c CommP) Check() error { return check254("CommP", c) }

// Check returns an error that wraps [ErrCommitment] if c is zero or has one of its two top bits set.
func (c CommD) Check() error { return check254("CommD", c) }

// Check returns an error that wraps [ErrCommitment] if c is zero or not below the field's modulus.
func (c CommC) Check() error { return checkScalar("CommC", c) }

// Check returns an error that wraps [ErrCommitment] if c is zero or not below the field's modulus.
func (c CommRLast) Check() error { return checkScalar("CommRLast", c) }

// Check returns an error that wraps [ErrCommitment] if c is zero or not below the field's modulus.
func (c CommR) Check() error { return checkScalar("CommR", c) }

// check254 refuses what no SHA-256/254 tree over data has as its root.
func check254(kind string, c [32]byte) error {
	if c == [32]byte{} {
		return fmt.Errorf("%w: %s is zero", ErrCommitment, kind)
	}
	if c[31]&0xc0 != 0 {
		return fmt.Errorf("%w: %s has bit 254 or 255 set", ErrCommitment, kind)
	}
	return nil
}

// modulus is the order r of the BLS12-381 scalar field, little-endian.
var modulus = [32]byte{
	0x01, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0x02, 0xa4, 0xbd, 0x53,
	0x05, 0xd8, 0xa1, 0x09, 0x08, 0xd8, 0x39, 0x33, 0x48, 0x7d, 0x9d, 0x29, 0x53, 0xa7, 0xed, 0x73,
}

// Canonical reports whether 32 little-endian bytes are a reduced element of the BLS12-381 scalar field.
// It does not run in constant time.
func Canonical(element [32]byte) bool {
	for i := 31; i >= 0; i-- {
		if element[i] != modulus[i] {
			return element[i] < modulus[i]
		}
	}
	return false
}

// checkScalar refuses zero and what is no reduced field element.
func checkScalar(kind string, c [32]byte) error {
	if c == [32]byte{} {
		return fmt.Errorf("%w: %s is zero", ErrCommitment, kind)
	}
	if !Canonical(c) {
		return fmt.Errorf("%w: %s is not below the field's modulus", ErrCommitment, kind)
	}
	return nil
}
