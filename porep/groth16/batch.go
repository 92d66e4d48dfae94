package groth16

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A Statement says that a proof proves its public inputs under a key.
type Statement struct {
	Key    *PreparedKey
	Proof  *Proof
	Inputs []Scalar
}

// BatchOptions say how a batch is verified. Nil and the zero value work.
type BatchOptions struct {
	Workers int       // goroutines at most; 0 means GOMAXPROCS
	Rand    io.Reader // source of the coefficients; nil means crypto/rand

	// Progress, if set, is told the stage ("verify", then "bisect") and how many members are settled.
	Progress func(stage string, done, total uint64)
}

// VerifyBatch checks many proofs, under one key or several, in one equation with fresh random coefficients of 128 bits: a
// batch with a false member passes with probability 2^-128. Where it fails, the false members are found by bisection and
// listed in a *BatchError. Errors of another kind (an empty batch, no randomness, an ended context) judge nothing.
//
// Source: bellperson 0.27, src/groth16/verifier.rs, verify_proofs_batch; Zcash protocol specification, appendix B.2.
func VerifyBatch(ctx context.Context, batch []Statement, opt *BatchOptions) error {
	if len(batch) == 0 {
		return fmt.Errorf("%w: an empty batch", ErrInputs)
	}
	b := newBatch(batch, opt)
	if err := b.settle(ctx, b.good, true); err != nil {
		return err
	}
	for i, err := range b.errs {
		if err != nil {
			b.failed.Bad, b.failed.Errs = append(b.failed.Bad, i), append(b.failed.Errs, err)
		}
	}
	if len(b.failed.Bad) > 0 {
		return &b.failed
	}
	return nil
}

// A batcher is one call of VerifyBatch.
type batcher struct {
	batch   []Statement
	inputs  [][]limbs
	errs    []error // why a member is not proven
	good    []int   // members that take part in the equations
	failed  BatchError
	workers int
	rand    io.Reader
	tell    func(stage string, done, total uint64)
	done    uint64
}

func newBatch(batch []Statement, opt *BatchOptions) *batcher {
	if opt == nil {
		opt = new(BatchOptions)
	}
	b := &batcher{
		batch: batch, inputs: make([][]limbs, len(batch)), errs: make([]error, len(batch)),
		workers: defaultWorkers(opt.Workers), rand: opt.Rand, tell: opt.Progress,
	}
	if b.rand == nil {
		b.rand = rand.Reader
	}
	if b.tell == nil {
		b.tell = func(string, uint64, uint64) {}
	}
	for i, s := range batch {
		switch {
		case s.Key == nil:
			b.errs[i] = fmt.Errorf("%w: no key", ErrKey)
		case !s.Proof.valid():
			b.errs[i] = ErrProof
		default:
			b.inputs[i], b.errs[i] = parseInputs(s.Inputs, s.Key.Inputs())
		}
		if b.errs[i] == nil {
			b.good = append(b.good, i)
		}
	}
	b.done = uint64(len(batch) - len(b.good))
	return b
}

// settle finds the false ones among the members. Unless the caller knows that one is false, one equation clears them all.
func (b *batcher) settle(ctx context.Context, members []int, whole bool) error {
	if len(members) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	stage := "bisect"
	if whole {
		stage = "verify"
	}
	if len(members) == 1 {
		i := members[0]
		b.errs[i] = b.batch[i].Key.verify(b.batch[i].Proof, b.inputs[i], b.workers)
		b.settled(stage, 1)
		return nil
	}
	ok, err := b.check(ctx, members)
	if err != nil {
		return err
	}
	if ok {
		b.settled(stage, len(members))
		return nil
	}
	half := len(members) / 2
	if err := b.settle(ctx, members[:half], false); err != nil {
		return err
	}
	return b.settle(ctx, members[half:], false)
}

func (b *batcher) settled(stage string, n int) {
	b.done += uint64(n)
	b.tell(stage, b.done, uint64(len(b.batch)))
}

// check reports whether the equation of the members holds:
// prod e(z·A, B) · prod over keys e(-(sum z)·alpha, beta) · e(inputs, -gamma) · e(sum z·C, -delta) = 1.
func (b *batcher) check(ctx context.Context, members []int) (bool, error) {
	z, err := b.coefficients(len(members))
	if err != nil {
		return false, err
	}
	byKey := make(map[*PreparedKey][]int)
	var keys []*PreparedKey
	for at, i := range members {
		k := b.batch[i].Key
		if byKey[k] == nil {
			keys = append(keys, k)
		}
		byKey[k] = append(byKey[k], at)
	}
	pairs := b.scaled(members, z)
	for _, k := range keys {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		pairs = append(pairs, b.keyPairs(k, members, byKey[k], z)...)
	}
	f := b.product(pairs)
	f = bls.FinalExponentiation(&f)
	return f.IsOne(), nil
}

// coefficients draws n numbers of 128 bits. One that is zero would let its member pass unchecked; it comes, but for a chance of
// 2^-128, from a broken source, and ends the batch without a verdict.
func (b *batcher) coefficients(n int) ([]limbs, error) {
	z, buf := make([]limbs, n), make([]byte, 16*n)
	if _, err := io.ReadFull(b.rand, buf); err != nil {
		return nil, fmt.Errorf("groth16: no randomness for the coefficients of a batch: %w", err)
	}
	for i := range z {
		z[i][0], z[i][1] = binary.LittleEndian.Uint64(buf[16*i:]), binary.LittleEndian.Uint64(buf[16*i+8:])
		if z[i][0]|z[i][1] == 0 {
			return nil, errors.New("groth16: the randomness for the coefficients of a batch is zero")
		}
	}
	return z, nil
}

// scaled returns the pairs (z·A, B) of the members.
func (b *batcher) scaled(members []int, z []limbs) []millerPair {
	pairs, jac := make([]millerPair, len(members)), make([]bls.G1Jac, len(members))
	parallel(b.workers, len(members), func(at int) {
		p := b.batch[members[at]].Proof
		jac[at] = multiply(&p.a, &z[at])
		pairs[at].q = p.b
	})
	for at, a := range bls.BatchJacobianToAffineG1(jac) {
		pairs[at].p = a
	}
	return pairs
}

// keyPairs returns the three pairs with the points of a key; at lists the places of its proofs among the members.
func (b *batcher) keyPairs(k *PreparedKey, members, at []int, z []limbs) []millerPair {
	points, factors := make([]bls.G1Affine, len(at)), make([]limbs, len(at))
	var sum fr.Element
	for j, m := range at {
		points[j], factors[j] = b.batch[members[m]].Proof.c, z[m]
		e := fr.Element(z[m]) // plain, not in Montgomery form: addition does not mind
		sum.Add(&sum, &e)
	}
	total := limbs(sum)
	c, alpha := multiExp(points, factors, b.workers), multiply(&k.alphaNeg, &total)
	in := b.inputSum(k, members, at, z, total)
	p := bls.BatchJacobianToAffineG1([]bls.G1Jac{alpha, in, c})
	return []millerPair{{p: p[0], lines: &k.beta}, {p: p[1], lines: &k.negGamma}, {p: p[2], lines: &k.negDelta}}
}

// inputSum returns the sum over the proofs of z·(ic[0] + sum of inputs[i]·ic[i+1]). A few proofs with short inputs are
// cheaper one by one; many share one multiple of each IC point.
func (b *batcher) inputSum(k *PreparedKey, members, at []int, z []limbs, total limbs) bls.G1Jac {
	alone := 0
	for _, m := range at {
		for i := range b.inputs[members[m]] {
			alone += b.inputs[members[m]][i].bitLen() + 8
		}
	}
	if alone < k.Inputs()*(128+32) {
		sum := g1Identity()
		for _, m := range at {
			one := append([]limbs{{1}}, b.inputs[members[m]]...)
			p := k.combine(one, b.workers)
			j := multiply(&p, &z[m])
			sum.AddAssign(&j)
		}
		return sum
	}
	scalars := make([]limbs, k.Inputs()+1)
	scalars[0] = total
	for _, m := range at {
		// A factor in Montgomery form times a plain number is a plain number.
		factor := fr.Element(z[m])
		factor.Mul(&factor, &montgomerySquare)
		for i, x := range b.inputs[members[m]] {
			e := fr.Element(x)
			e.Mul(&e, &factor)
			s := (*fr.Element)(&scalars[i+1])
			s.Add(s, &e)
		}
	}
	if k.shifted != nil {
		return k.shifted.multiExp(scalars)
	}
	return multiExp(k.key.ic, scalars, b.workers)
}

// montgomerySquare is 2^512 mod r: a plain number times it, multiplied as Montgomery forms are, is that number's
// Montgomery form.
var montgomerySquare = fr.Element{0xc999e990f3f29c6d, 0x2b6cedcb87925c23, 0x05d314967254398f, 0x0748d9d99f59ff11}

// product returns the Miller loops of all pairs, shared out to the workers.
func (b *batcher) product(pairs []millerPair) bls.GT {
	size := (len(pairs) + b.workers - 1) / b.workers
	parts := make([]bls.GT, (len(pairs)+size-1)/size)
	parallel(b.workers, len(parts), func(i int) { parts[i] = miller(pairs[i*size : min((i+1)*size, len(pairs))]) })
	f := parts[0]
	for i := range parts[1:] {
		f.Mul(&f, &parts[i+1])
	}
	return f
}
