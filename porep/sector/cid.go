package sector

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
)

// Multicodec numbers of the CIDs of commitments.
//
// Source: multicodec table; go-fil-commcid.
const (
	codecUnsealed     = 0xf101 // fil-commitment-unsealed
	codecSealed       = 0xf102 // fil-commitment-sealed
	hashSHA254Padded  = 0x1012 // sha2-256-trunc254-padded
	hashPoseidonA2Fc1 = 0xb401 // poseidon-bls12_381-a2-fc1
)

// base32Lower is RFC 4648 base 32 in lower case without padding, multibase 'b'.
var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// CID returns the CIDv1 text of a piece commitment, "baga6ea4seaq...".
func (c CommP) CID() string { return formatCID(codecUnsealed, hashSHA254Padded, c) }

// CID returns the CIDv1 text of a data commitment, "baga6ea4seaq...".
func (c CommD) CID() string { return formatCID(codecUnsealed, hashSHA254Padded, c) }

// CID returns the CIDv1 text of a replica commitment, "bagboea4b5abc...".
func (c CommR) CID() string { return formatCID(codecSealed, hashPoseidonA2Fc1, c) }

// ParseCommPCID reads what [CommP.CID] writes and nothing else: version, codec, hash, length and the
// spelling must all be exact. Errors wrap [ErrCID]; a commitment that fails Check wraps [ErrCommitment].
func ParseCommPCID(text string) (CommP, error) {
	d, err := parseCID(text, codecUnsealed, hashSHA254Padded)
	if err != nil {
		return CommP{}, err
	}
	return CommP(d), CommP(d).Check()
}

// ParseCommDCID reads what [CommD.CID] writes; see [ParseCommPCID].
func ParseCommDCID(text string) (CommD, error) {
	c, err := ParseCommPCID(text)
	return CommD(c), err
}

// ParseCommRCID reads what [CommR.CID] writes; see [ParseCommPCID].
func ParseCommRCID(text string) (CommR, error) {
	d, err := parseCID(text, codecSealed, hashPoseidonA2Fc1)
	if err != nil {
		return CommR{}, err
	}
	return CommR(d), CommR(d).Check()
}

// cidPrefix appends the bytes of a CIDv1 before its digest: version, codec, hash function, length.
func cidPrefix(dst []byte, codec, hash uint64) []byte {
	dst = append(dst, 1)
	dst = binary.AppendUvarint(dst, codec)
	dst = binary.AppendUvarint(dst, hash)
	return append(dst, 32)
}

// formatCID returns the multibase text of a CIDv1 with a 32-byte digest.
func formatCID(codec, hash uint64, digest [32]byte) string {
	raw := append(cidPrefix(make([]byte, 0, 48), codec, hash), digest[:]...)
	return "b" + base32Lower.EncodeToString(raw)
}

// parseCID is the strict inverse of formatCID: text that formatCID would not write is refused.
func parseCID(text string, codec, hash uint64) (d [32]byte, err error) {
	prefix := cidPrefix(nil, codec, hash)
	want := 1 + base32Lower.EncodedLen(len(prefix)+32)
	if len(text) != want || text[0] != 'b' {
		return d, fmt.Errorf("%w: got %d characters, want %d that begin with 'b'", ErrCID, len(text), want)
	}
	raw, err := base32Lower.DecodeString(text[1:])
	if err != nil {
		return d, fmt.Errorf("%w: %w", ErrCID, err)
	}
	if len(raw) != len(prefix)+32 || string(raw[:len(prefix)]) != string(prefix) {
		return d, fmt.Errorf("%w: want codec %#x and multihash %#x", ErrCID, codec, hash)
	}
	copy(d[:], raw[len(prefix):])
	if formatCID(codec, hash, d) != text {
		return [32]byte{}, fmt.Errorf("%w: not in canonical base 32", ErrCID)
	}
	return d, nil
}
