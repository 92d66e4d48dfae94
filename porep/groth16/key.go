package groth16

import (
	"encoding/binary"
	"fmt"
	"io"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"golang.org/x/crypto/blake2b"
)

// keyHead is the length of a key before its IC points: alpha G1, beta G1, beta G2, gamma G2, delta G1, delta G2, count.
const keyHead = 3*sizeG1Raw + 3*sizeG2Raw + 4

// maxInputs bounds the public inputs of a key: over four times those of the largest published circuit.
const maxInputs = 1 << 17

// A Digest names a parameter file: the first 16 bytes of the BLAKE2b-512 of all its bytes, as the published tables have it.
type Digest [16]byte

// DigestOf returns the digest of a file's bytes.
func DigestOf(file []byte) (d Digest) {
	sum := blake2b.Sum512(file)
	copy(d[:], sum[:])
	return d
}

// A VerifyingKey is the published key of one circuit. It does not change after it was made and is safe for concurrent use.
type VerifyingKey struct {
	alphaG1, betaG1, deltaG1 bls.G1Affine
	betaG2, gammaG2, deltaG2 bls.G2Affine
	ic                       []bls.G1Affine // ic[0] belongs to the constant 1
}

// Inputs returns the number of public inputs of the circuit.
func (k *VerifyingKey) Inputs() int { return max(0, len(k.ic)-1) }

// valid reports whether the key came out of a constructor.
func (k *VerifyingKey) valid() bool { return k != nil && len(k.ic) > 0 }

// ParseKey decodes the bytes of a .vk file, all of them. Every point is checked: on the curve, in the prime-order
// subgroup, not the identity. The subgroup check of the IC points is one randomised test of all that lets a bad set pass
// with probability below 2^-128. Errors wrap ErrKey; a *PointError names the point. Memory is at most 8 times the input.
//
// Source: bellperson 0.27, src/groth16/verifying_key.rs.
func ParseKey(b []byte) (*VerifyingKey, error) {
	return parseExactKey(b, true)
}

// ParseTrustedKey decodes the bytes of a .vk file whose digest the caller trusts. The digest is compared first; where it
// agrees the points are taken for good and only their form is checked, which is many times faster than ParseKey.
func ParseTrustedKey(b []byte, trusted Digest) (*VerifyingKey, error) {
	if d := DigestOf(b); d != trusted {
		return nil, fmt.Errorf("%w: got digest %x, want %x", ErrKey, d, trusted)
	}
	return parseExactKey(b, false)
}

// parseExactKey decodes a key that takes all of b.
func parseExactKey(b []byte, check bool) (*VerifyingKey, error) {
	k, n, err := parseKey(b, check)
	if err != nil {
		return nil, err
	}
	if n != len(b) {
		return nil, fmt.Errorf("%w: got %d bytes, want %d for %d inputs", ErrKey, len(b), n, k.Inputs())
	}
	return k, nil
}

// ReadKey reads the verifying key at the head of a .params file (or of any stream) and checks all its points as ParseKey
// does. It reads no byte more than the key has.
func ReadKey(r io.Reader) (*VerifyingKey, error) {
	head := make([]byte, keyHead)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, fmt.Errorf("%w: head: %w", ErrKey, err)
	}
	count := binary.BigEndian.Uint32(head[keyHead-4:])
	if count < 1 || count > maxInputs+1 {
		return nil, fmt.Errorf("%w: %d IC points", ErrKey, count)
	}
	buf := head
	for want := keyHead + int(count)*sizeG1Raw; len(buf) < want; {
		// By pieces, so that a hostile count costs no more memory than there are bytes behind it.
		piece := make([]byte, min(want-len(buf), max(1<<12, len(buf)/2)))
		n, err := io.ReadFull(r, piece)
		buf = append(buf, piece[:n]...)
		if err != nil {
			return nil, fmt.Errorf("%w: %d of %d bytes: %w", ErrKey, len(buf), want, err)
		}
	}
	return ParseKey(buf)
}

// parseKey decodes a key from the start of b and returns also the number of bytes it took.
func parseKey(b []byte, check bool) (*VerifyingKey, int, error) {
	if len(b) < keyHead {
		return nil, 0, fmt.Errorf("%w: got %d bytes, want at least %d", ErrKey, len(b), keyHead)
	}
	count := uint64(binary.BigEndian.Uint32(b[keyHead-4:]))
	if count < 1 || count > maxInputs+1 || uint64(len(b)-keyHead) < count*sizeG1Raw {
		return nil, 0, fmt.Errorf("%w: %d IC points in %d bytes", ErrKey, count, len(b)-keyHead)
	}
	k := &VerifyingKey{ic: make([]bls.G1Affine, count)}
	if err := k.parseHead(b, check); err != nil {
		return nil, 0, err
	}
	end := keyHead + int(count)*sizeG1Raw
	return k, end, k.parseIC(b[keyHead:end], check)
}

// parseHead decodes the points before the IC points.
func (k *VerifyingKey) parseHead(b []byte, check bool) error {
	for _, g := range []struct {
		name string
		p    *bls.G1Affine
		at   int
	}{{"alpha G1", &k.alphaG1, 0}, {"beta G1", &k.betaG1, 96}, {"delta G1", &k.deltaG1, 576}} {
		reason := rawG1(g.p, b[g.at:g.at+sizeG1Raw], check)
		if reason == "" && check && !g.p.IsInSubGroup() {
			reason = reasonSubgroup
		}
		if reason != "" {
			return &PointError{Point: g.name, Reason: reason, Kind: ErrKey}
		}
	}
	for _, g := range []struct {
		name string
		p    *bls.G2Affine
		at   int
	}{{"beta G2", &k.betaG2, 192}, {"gamma G2", &k.gammaG2, 384}, {"delta G2", &k.deltaG2, 672}} {
		reason := rawG2(g.p, b[g.at:g.at+sizeG2Raw], check)
		if reason == "" && check && !g.p.IsInSubGroup() {
			reason = reasonSubgroup
		}
		if reason != "" {
			return &PointError{Point: g.name, Reason: reason, Kind: ErrKey}
		}
	}
	return nil
}

func (k *VerifyingKey) parseIC(b []byte, check bool) error {
	for i := range k.ic {
		if reason := rawG1(&k.ic[i], b[i*sizeG1Raw:(i+1)*sizeG1Raw], check); reason != "" {
			return &PointError{Point: fmt.Sprintf("IC %d", i), Reason: reason, Kind: ErrKey}
		}
	}
	if !check {
		return nil
	}
	ok, err := allInSubgroup(k.ic)
	if err != nil || ok {
		return err
	}
	for i := range k.ic {
		if !k.ic[i].IsInSubGroup() {
			return &PointError{Point: fmt.Sprintf("IC %d", i), Reason: reasonSubgroup, Kind: ErrKey}
		}
	}
	return nil
}

// AppendBytes appends the bytes of the .vk file to dst.
func (k *VerifyingKey) AppendBytes(dst []byte) []byte {
	for _, p := range []*bls.G1Affine{&k.alphaG1, &k.betaG1} {
		raw := p.RawBytes()
		dst = append(dst, raw[:]...)
	}
	for _, p := range []*bls.G2Affine{&k.betaG2, &k.gammaG2} {
		raw := p.RawBytes()
		dst = append(dst, raw[:]...)
	}
	d1, d2 := k.deltaG1.RawBytes(), k.deltaG2.RawBytes()
	dst = append(append(dst, d1[:]...), d2[:]...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(k.ic)))
	for i := range k.ic {
		raw := k.ic[i].RawBytes()
		dst = append(dst, raw[:]...)
	}
	return dst
}
