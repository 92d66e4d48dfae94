package groth16

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"golang.org/x/crypto/blake2b"
	"golang.org/x/sync/errgroup"
)

// ReferenceFile is the name of the published reference string of SnarkPack.
const ReferenceFile = "v28-fil-inner-product-v1.srs"

// A VerifierSRS is what verifying an aggregate needs of the reference string: the generators and their multiples by the two
// secrets. It does not change and is safe for concurrent use.
type VerifierSRS struct {
	g, gAlpha, gBeta       bls.G1Affine
	h, hAlpha, hBeta       bls.G2Affine
	linesH, linesA, linesB lineTable
}

// NewVerifierSRS decodes the six points, each compressed or uncompressed, and checks them. Errors wrap ErrKey.
func NewVerifierSRS(g, gAlpha, gBeta, h, hAlpha, hBeta []byte) (*VerifierSRS, error) {
	v := new(VerifierSRS)
	for _, p := range []struct {
		name string
		p    *bls.G1Affine
		b    []byte
	}{{"g", &v.g, g}, {"g alpha", &v.gAlpha, gAlpha}, {"g beta", &v.gBeta, gBeta}} {
		if r := anyG1(p.p, p.b); r != "" {
			return nil, &PointError{Point: p.name, Reason: r, Kind: ErrKey}
		}
	}
	for _, p := range []struct {
		name string
		p    *bls.G2Affine
		b    []byte
	}{{"h", &v.h, h}, {"h alpha", &v.hAlpha, hAlpha}, {"h beta", &v.hBeta, hBeta}} {
		if r := anyG2(p.p, p.b); r != "" {
			return nil, &PointError{Point: p.name, Reason: r, Kind: ErrKey}
		}
	}
	return v.prepare(), nil
}

// valid reports whether v came out of a constructor.
func (v *VerifierSRS) valid() bool { return v != nil && !v.g.IsInfinity() }

func (v *VerifierSRS) prepare() *VerifierSRS {
	v.linesH, v.linesA, v.linesB = bls.PrecomputeLines(v.h), bls.PrecomputeLines(v.hAlpha), bls.PrecomputeLines(v.hBeta)
	return v
}

func anyG1(p *bls.G1Affine, b []byte) string {
	if len(b) == sizeG1 {
		return decodeG1(p, b)
	}
	if r := rawG1(p, b, true); r != "" {
		return r
	}
	if !p.IsInSubGroup() {
		return reasonSubgroup
	}
	return ""
}

func anyG2(p *bls.G2Affine, b []byte) string {
	if len(b) == sizeG2 {
		return decodeG2(p, b)
	}
	if r := rawG2(p, b, true); r != "" {
		return r
	}
	if !p.IsInSubGroup() {
		return reasonSubgroup
	}
	return ""
}

// An SRS is the reference string as far as it is needed to aggregate a number of proofs: powers of two secrets alpha and
// beta times the generators g and h.
type SRS struct {
	gAlpha, gBeta []bls.G1Affine // g·alpha^i, g·beta^i
	hAlpha, hBeta []bls.G2Affine
}

// MaxProofs returns the largest power of two of proofs that can be aggregated, 0 for the zero SRS.
func (s *SRS) MaxProofs() int {
	if !s.valid() {
		return 0
	}
	n := 1
	for 4*n <= len(s.gAlpha) && 4*n <= len(s.gBeta) && 2*n <= len(s.hAlpha) && 2*n <= len(s.hBeta) {
		n *= 2
	}
	return n
}

// valid reports whether the string came out of ReadSRS.
func (s *SRS) valid() bool { return s != nil && len(s.gAlpha) > 1 }

// Verifier returns the part that verification needs, nil for the zero SRS.
func (s *SRS) Verifier() *VerifierSRS {
	if !s.valid() {
		return nil
	}
	v := &VerifierSRS{g: s.gAlpha[0], gAlpha: s.gAlpha[1], gBeta: s.gBeta[1], h: s.hAlpha[0], hAlpha: s.hAlpha[1], hBeta: s.hBeta[1]}
	return v.prepare()
}

// maxReference is the largest number of powers that a reference string may state.
//
// Source: bellperson 0.27, src/groth16/aggregate/srs.rs, MAX_SRS_SIZE.
const maxReference = 2<<19 + 1

// ReadSRS reads a reference string to its end and keeps what aggregating n proofs needs (n = 1: what verifying needs). The
// points kept are checked one by one; where trusted is not nil, the digest of the whole string must be that, else nothing
// but the points themselves vouches for it. Errors wrap ErrKey or are the reader's. Memory is bounded by n and by what is read.
//
// Source: bellperson 0.27, src/groth16/aggregate/srs.rs: four lists (g·alpha^i, g·beta^i, h·alpha^i, h·beta^i), each a
// big-endian uint32 and compressed points.
func ReadSRS(ctx context.Context, r io.Reader, n int, trusted *Digest) (*SRS, error) {
	if n < 1 || n > MaxAggregate || n&(n-1) != 0 {
		return nil, fmt.Errorf("%w: no reference string for %d proofs", ErrKey, n)
	}
	sum, err := blake2b.New512(nil)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReader(io.TeeReader(&contextReader{ctx, r}, sum))
	var lists [4][]byte
	for i := range lists {
		size, keep := sizeG1, 2*n
		if i >= 2 {
			size, keep = sizeG2, max(n, 2)
		}
		if lists[i], err = readList(in, size, keep); err != nil {
			return nil, fmt.Errorf("%w: list %d of the reference string: %w", ErrKey, i, err)
		}
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return nil, fmt.Errorf("%w: bytes behind the reference string", ErrKey)
	}
	if got := Digest(sum.Sum(nil)[:16]); trusted != nil && got != *trusted {
		return nil, fmt.Errorf("%w: got digest %x, want %x", ErrKey, got, *trusted)
	}
	return decodeSRS(ctx, lists)
}

// A contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// readList reads one list and returns the bytes of its first keep points.
func readList(r io.Reader, size, keep int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	count := int64(binary.BigEndian.Uint32(head[:]))
	if count > maxReference || count < int64(keep) {
		return nil, fmt.Errorf("%d powers, want from %d to %d", count, keep, maxReference)
	}
	var kept []byte
	for want := keep * size; len(kept) < want; {
		// By pieces: memory follows what is really there.
		piece := make([]byte, min(want-len(kept), max(1<<12, len(kept))))
		if _, err := io.ReadFull(r, piece); err != nil {
			return nil, err
		}
		kept = append(kept, piece...)
	}
	_, err := io.CopyN(io.Discard, r, (count-int64(keep))*int64(size))
	return kept, err
}

func decodeSRS(ctx context.Context, lists [4][]byte) (*SRS, error) {
	s := &SRS{
		gAlpha: make([]bls.G1Affine, len(lists[0])/sizeG1), gBeta: make([]bls.G1Affine, len(lists[1])/sizeG1),
		hAlpha: make([]bls.G2Affine, len(lists[2])/sizeG2), hBeta: make([]bls.G2Affine, len(lists[3])/sizeG2),
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(defaultWorkers(0))
	for i, points := range [][]bls.G1Affine{s.gAlpha, s.gBeta} {
		for j := range points {
			g.Go(func() error {
				if err := ctx.Err(); err != nil {
					return err
				}
				if r := decodeG1(&points[j], lists[i][j*sizeG1:(j+1)*sizeG1]); r != "" {
					return &PointError{Point: fmt.Sprintf("g power %d of list %d", j, i), Reason: r, Kind: ErrKey}
				}
				return nil
			})
		}
	}
	for i, points := range [][]bls.G2Affine{s.hAlpha, s.hBeta} {
		for j := range points {
			g.Go(func() error {
				if err := ctx.Err(); err != nil {
					return err
				}
				if r := decodeG2(&points[j], lists[i+2][j*sizeG2:(j+1)*sizeG2]); r != "" {
					return &PointError{Point: fmt.Sprintf("h power %d of list %d", j, i+2), Reason: r, Kind: ErrKey}
				}
				return nil
			})
		}
	}
	return s, g.Wait()
}

// SRS returns the published reference string as far as aggregating n proofs needs it. It is read anew at every call.
func (k *Keys) SRS(ctx context.Context, n int) (*SRS, error) {
	if k == nil {
		return nil, &KeyError{File: ReferenceFile, Err: errNoKeys}
	}
	s, err := k.readSRS(ctx, n)
	if err != nil {
		return nil, &KeyError{File: ReferenceFile, Err: err}
	}
	return s, nil
}

func (k *Keys) readSRS(ctx context.Context, n int) (*SRS, error) {
	f, want, err := k.open(ReferenceFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadSRS(ctx, f, n, &want)
}

// VerifierSRS returns what verification needs of the published reference string. The file is read once, all of it, to
// compare its digest.
func (k *Keys) VerifierSRS(ctx context.Context) (*VerifierSRS, error) {
	if k == nil {
		return nil, &KeyError{File: ReferenceFile, Err: errNoKeys}
	}
	for {
		slot := k.slot(ReferenceFile)
		slot.once.Do(func() {
			var s *SRS
			if s, slot.err = k.readSRS(ctx, 1); slot.err == nil {
				slot.srs = s.Verifier()
			}
		})
		if slot.err == nil {
			return slot.srs, nil
		}
		k.forget(ReferenceFile, slot)
		ended := errors.Is(slot.err, context.Canceled) || errors.Is(slot.err, context.DeadlineExceeded)
		if !ended || ctx.Err() != nil {
			return nil, &KeyError{File: ReferenceFile, Err: slot.err}
		}
		// It was another caller's context that ended.
	}
}
