package groth16

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// A Version is a version of the SnarkPack protocol. They differ in what the challenges are drawn from; V2 is the one that
// the network takes since version 16.
type Version int

// The versions of SnarkPack.
const (
	SnarkPackV1 Version = 1
	SnarkPackV2 Version = 2
)

func (v Version) check() error {
	if v != SnarkPackV1 && v != SnarkPackV2 {
		return fmt.Errorf("%w: no SnarkPack version %d", ErrInputs, int(v))
	}
	return nil
}

// MaxAggregate is the largest number of proofs of an aggregate.
const MaxAggregate = 1 << 19

const (
	aggregateHead   = 5*sizeGT + sizeG1 + 4
	aggregateRound  = 10*sizeGT + 2*sizeG1
	aggregateFinals = sizeG1 + sizeG2 + sizeG1 + 2*sizeG2 + 2*sizeG1 + 2*sizeG2 + 2*sizeG1
)

// An Aggregate is a SnarkPack proof that stands for n Groth16 proofs under one key, n a power of two. Its points and
// elements were checked when it was made. It does not change and is safe for concurrent use.
type Aggregate struct {
	comAB, comC [2]bls.GT // commitments to A and B, and to C
	ipAB        bls.GT    // prod e(A_i, B_i)^(r^i)
	aggC        bls.G1Affine
	n           int
	rounds      []aggregateRoundProof
	a, c        bls.G1Affine // what A, B, C fold to
	b           bls.G2Affine
	vkey, vOpen [2]bls.G2Affine // what the commitment keys fold to, and the proofs of that
	wkey, wOpen [2]bls.G1Affine
}

// An aggregateRoundProof is what the prover sends in one halving: left and right of each.
type aggregateRoundProof struct {
	ab, c [2][2]bls.GT // commitments: side, then key
	zAB   [2]bls.GT
	zC    [2]bls.G1Affine
}

// Proofs returns the number of proofs, padding included.
func (a *Aggregate) Proofs() int { return a.n }

// AggregateSize returns the length in bytes of an aggregate of n proofs, 0 unless n is a power of two in the range.
func AggregateSize(n int) int {
	if n < 2 || n > MaxAggregate || n&(n-1) != 0 {
		return 0
	}
	return aggregateHead + (bits.Len(uint(n))-1)*aggregateRound + aggregateFinals
}

// ParseAggregate decodes an aggregate, all of b. The number of proofs that it states must be a power of two from 2 and agree
// with the length; bytes behind the end, which bellperson does not look at, are refused. Refused are also unreduced
// coordinates, points off the curve, elements outside their group and identities. Errors wrap ErrProof.
//
// Source: bellperson 0.27, src/groth16/aggregate/proof.rs.
func ParseAggregate(b []byte) (*Aggregate, error) {
	if len(b) < aggregateHead {
		return nil, fmt.Errorf("%w: an aggregate of %d bytes", ErrProof, len(b))
	}
	n := binary.LittleEndian.Uint32(b[aggregateHead-4:])
	if n > MaxAggregate || AggregateSize(int(n)) != len(b) {
		return nil, fmt.Errorf("%w: an aggregate of %d proofs in %d bytes, want %d", ErrProof, n, len(b), AggregateSize(int(min(n, MaxAggregate+1))))
	}
	a := &Aggregate{n: int(n), rounds: make([]aggregateRoundProof, bits.Len32(n)-1)}
	d := aggregateDecoder{rest: b}
	d.layout(a)
	if err := d.run(); err != nil {
		return nil, err
	}
	return a, nil
}

// An aggregateDecoder lists what is to be decoded, from where, and then decodes all of it on several goroutines.
type aggregateDecoder struct {
	rest []byte
	jobs []func() error
}

// layout walks the fields of an aggregate in the order of its bytes.
func (d *aggregateDecoder) layout(a *Aggregate) {
	walkAggregate(a, d.gt, d.g1, d.g2, func() { d.take(4) })
}

// walkAggregate calls back for each field in the order of the encoding.
func walkAggregate(a *Aggregate, gt func(string, *bls.GT), g1 func(string, *bls.G1Affine), g2 func(string, *bls.G2Affine), count func()) {
	gt("com_ab", &a.comAB[0])
	gt("com_ab", &a.comAB[1])
	gt("com_c", &a.comC[0])
	gt("com_c", &a.comC[1])
	gt("ip_ab", &a.ipAB)
	g1("agg_c", &a.aggC)
	count()
	for i := range a.rounds {
		for side := range 2 {
			gt("comms_ab", &a.rounds[i].ab[side][0])
			gt("comms_ab", &a.rounds[i].ab[side][1])
		}
	}
	for i := range a.rounds {
		for side := range 2 {
			gt("comms_c", &a.rounds[i].c[side][0])
			gt("comms_c", &a.rounds[i].c[side][1])
		}
	}
	for i := range a.rounds {
		gt("z_ab", &a.rounds[i].zAB[0])
		gt("z_ab", &a.rounds[i].zAB[1])
	}
	for i := range a.rounds {
		g1("z_c", &a.rounds[i].zC[0])
		g1("z_c", &a.rounds[i].zC[1])
	}
	g1("final_a", &a.a)
	g2("final_b", &a.b)
	g1("final_c", &a.c)
	g2("final_vkey", &a.vkey[0])
	g2("final_vkey", &a.vkey[1])
	g1("final_wkey", &a.wkey[0])
	g1("final_wkey", &a.wkey[1])
	g2("vkey_opening", &a.vOpen[0])
	g2("vkey_opening", &a.vOpen[1])
	g1("wkey_opening", &a.wOpen[0])
	g1("wkey_opening", &a.wOpen[1])
}

func (d *aggregateDecoder) take(n int) []byte {
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *aggregateDecoder) job(name string, decode func() string) {
	d.jobs = append(d.jobs, func() error {
		if reason := decode(); reason != "" {
			return &PointError{Point: name, Reason: reason, Kind: ErrProof}
		}
		return nil
	})
}

func (d *aggregateDecoder) gt(name string, e *bls.GT) {
	b := d.take(sizeGT)
	d.job(name, func() string { return decodeGT(e, b) })
}

func (d *aggregateDecoder) g1(name string, p *bls.G1Affine) {
	b := d.take(sizeG1)
	d.job(name, func() string { return decodeG1(p, b) })
}

func (d *aggregateDecoder) g2(name string, p *bls.G2Affine) {
	b := d.take(sizeG2)
	d.job(name, func() string { return decodeG2(p, b) })
}

// run decodes on all processors and returns the error of the first field that is refused.
func (d *aggregateDecoder) run() error {
	errs := make([]error, len(d.jobs))
	parallel(defaultWorkers(0), len(d.jobs), func(i int) { errs[i] = d.jobs[i]() })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// AppendBytes appends the aggregate's bytes to dst; a zero Aggregate has none.
func (a *Aggregate) AppendBytes(dst []byte) []byte {
	if a.n < 2 {
		return dst
	}
	walkAggregate(a,
		func(_ string, e *bls.GT) { dst = appendGT(dst, e) },
		func(_ string, p *bls.G1Affine) { b := p.Bytes(); dst = append(dst, b[:]...) },
		func(_ string, p *bls.G2Affine) { b := p.Bytes(); dst = append(dst, b[:]...) },
		func() { dst = binary.LittleEndian.AppendUint32(dst, uint32(a.n)) })
	return dst
}

// PaddedProofs returns the number of proofs in an aggregate of k: the next power of two, at least two; 0 if k is not
// positive or too large.
func PaddedProofs(k int) int {
	if k < 1 || k > MaxAggregate {
		return 0
	}
	return max(2, 1<<bits.Len(uint(k-1)))
}
