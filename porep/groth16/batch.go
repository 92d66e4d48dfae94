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

	// Progress, if set, is told the stage ("verify", then "bisect") and how many members are settled: between the pieces of
	// a long equation too, where none is settled yet.
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

	stage       string
	done, total uint64
}

// pieceEach is how many proofs a worker takes between two looks at the context: some 100 ms.
const pieceEach = 128

// pieces calls do for pieces of 0 ... n-1, a worker's share of each being pieceEach, until ctx ends.
func (b *batcher) pieces(ctx context.Context, n int, do func(from, to int)) error {
	for from := 0; from < n; from += pieceEach * b.workers {
		if err := ctx.Err(); err != nil {
			return err
		}
		if from > 0 {
			b.tell(b.stage, b.done, b.total)
		}
		do(from, min(n, from+pieceEach*b.workers))
	}
	return ctx.Err()
}

func newBatch(batch []Statement, opt *BatchOptions) *batcher {
	if opt == nil {
		opt = new(BatchOptions)
	}
	b := &batcher{
		batch: batch, inputs: make([][]limbs, len(batch)), errs: make([]error, len(batch)),
		workers: defaultWorkers(opt.Workers), rand: opt.Rand, tell: opt.Progress, total: uint64(len(batch)),
	}
	if b.rand == nil {
		b.rand = rand.Reader
	}
	if b.tell == nil {
		b.tell = func(string, uint64, uint64) {}
	}
	for i, s := range batch {
		switch {
		case !s.Key.valid():
			b.errs[i] = errNoKey
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
	b.stage = "bisect"
	if whole {
		b.stage = "verify"
	}
	if len(members) == 1 {
		i := members[0]
		b.errs[i] = b.batch[i].Key.verify(b.batch[i].Proof, b.inputs[i], b.workers)
		b.settled(1)
		return nil
	}
	ok, err := b.check(ctx, members)
	if err != nil {
		return err
	}
	if ok {
		b.settled(len(members))
		return nil
	}
	half := len(members) / 2
	if err := b.settle(ctx, members[:half], false); err != nil {
		return err
	}
	return b.settle(ctx, members[half:], false)
}

func (b *batcher) settled(n int) {
	b.done += uint64(n)
	b.tell(b.stage, b.done, b.total)
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
	pairs, err := b.scaled(ctx, members, z)
	if err != nil {
		return false, err
	}
	for _, k := range keys {
		three, err := b.keyPairs(ctx, k, members, byKey[k], z)
		if err != nil {
			return false, err
		}
		pairs = append(pairs, three...)
	}
	f, err := b.product(ctx, pairs)
	if err != nil {
		return false, err
	}
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
func (b *batcher) scaled(ctx context.Context, members []int, z []limbs) ([]millerPair, error) {
	pairs, jac := make([]millerPair, len(members)), make([]bls.G1Jac, len(members))
	if err := b.pieces(ctx, len(members), func(from, to int) {
		parallel(b.workers, to-from, func(i int) {
			p := b.batch[members[from+i]].Proof
			jac[from+i] = multiply(&p.a, &z[from+i])
			pairs[from+i].q = p.b
		})
	}); err != nil {
		return nil, err
	}
	for at, a := range bls.BatchJacobianToAffineG1(jac) {
		pairs[at].p = a
	}
	return pairs, nil
}

// keyPairs returns the three pairs with the points of a key; at lists the places of its proofs among the members.
func (b *batcher) keyPairs(ctx context.Context, k *PreparedKey, members, at []int, z []limbs) ([]millerPair, error) {
	points, factors := make([]bls.G1Affine, len(at)), make([]limbs, len(at))
	var sum fr.Element
	for j, m := range at {
		points[j], factors[j] = b.batch[members[m]].Proof.c, z[m]
		e := fr.Element(z[m]) // plain, not in Montgomery form: addition does not mind
		sum.Add(&sum, &e)
	}
	total := limbs(sum)
	c, alpha := multiExp(points, factors, b.workers), multiply(&k.alphaNeg, &total)
	in, err := b.inputSum(ctx, k, members, at, z, total)
	if err != nil {
		return nil, err
	}
	p := bls.BatchJacobianToAffineG1([]bls.G1Jac{alpha, in, c})
	return []millerPair{{p: p[0], lines: &k.beta}, {p: p[1], lines: &k.negGamma}, {p: p[2], lines: &k.negDelta}}, nil
}

// inputSum returns the sum over the proofs of z·(ic[0] + sum of inputs[i]·ic[i+1]). A few proofs with short inputs are
// cheaper one by one; many share one multiple of each IC point.
func (b *batcher) inputSum(ctx context.Context, k *PreparedKey, members, at []int, z []limbs, total limbs) (bls.G1Jac, error) {
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
		return sum, ctx.Err()
	}
	scalars := make([]limbs, k.Inputs()+1)
	scalars[0] = total
	if err := b.pieces(ctx, len(at), func(from, to int) {
		stretches(b.workers, k.Inputs(), func(lo, hi int) {
			for _, m := range at[from:to] {
				// A factor in Montgomery form times a plain number is a plain number.
				factor := montgomery(&z[m])
				in := b.inputs[members[m]]
				for i := lo; i < hi; i++ {
					e := fr.Element(in[i])
					e.Mul(&e, &factor)
					s := (*fr.Element)(&scalars[i+1])
					s.Add(s, &e)
				}
			}
		})
	}); err != nil {
		return bls.G1Jac{}, err
	}
	if k.shifted != nil {
		return k.shifted.multiExp(scalars), nil
	}
	return multiExp(k.key.ic, scalars, b.workers), ctx.Err()
}

// montgomerySquare is 2^512 mod r: a plain number times it, multiplied as Montgomery forms are, is that number's
// Montgomery form.
var montgomerySquare = fr.Element{0xc999e990f3f29c6d, 0x2b6cedcb87925c23, 0x05d314967254398f, 0x0748d9d99f59ff11}

// product returns the Miller loops of all pairs, shared out to the workers.
func (b *batcher) product(ctx context.Context, all []millerPair) (f bls.GT, err error) {
	f.SetOne()
	err = b.pieces(ctx, len(all), func(from, to int) {
		pairs := all[from:to]
		size := (len(pairs) + b.workers - 1) / b.workers
		parts := make([]bls.GT, (len(pairs)+size-1)/size)
		parallel(b.workers, len(parts), func(i int) { parts[i] = miller(pairs[i*size : min((i+1)*size, len(pairs))]) })
		for i := range parts {
			f.Mul(&f, &parts[i])
		}
	})
	return f, err
}
