package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/consensys/gnark-crypto/ecc"
	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/groth16/groth16test"
)

// groth16Contest verifies proofs of n inputs, one in wide of them a full field element, under a prepared key: one alone, or
// several as a batch. The peers are bellperson, live or with its recorded figure in ms, and, as the floor, gnark-crypto's
// pairings alone, with the inputs summed beforehand.
func groth16Contest(n, wide, proofs int, recorded float64) func() ([]duel, func(), error) {
	return func() ([]duel, func(), error) {
		dir, err := os.MkdirTemp("", "assay-groth16-")
		if err != nil {
			return nil, nil, err
		}
		mode, unit := "one", "ms/proof"
		if proofs > 1 {
			mode, unit = "batch", "ms/batch"
		}
		peer, err := startRust("groth16", mode, strconv.Itoa(n), strconv.Itoa(wide), strconv.Itoa(proofs), dir)
		closing := func() {
			peer.Close()
			os.RemoveAll(dir)
		}
		if err != nil {
			return nil, closing, err
		}
		d, err := loadGroth16(dir, peer != nil, n, wide, proofs)
		if err != nil {
			return nil, closing, err
		}
		if err := d.verify(); err != nil {
			return nil, closing, err
		}
		floor, err := newPairingFloor(d)
		if err != nil {
			return nil, closing, err
		}
		return []duel{
			peer.against(duel{peer: "bellperson-0.27", unit: unit, work: 1, ours: cpuTimed(d.verify), recorded: recorded}, []byte{1}),
			{peer: "gnark-crypto-pairings-alone", unit: unit, work: 1, ours: timedErr(d.verify), theirs: timedErr(floor.check), check: floor.check},
		}, closing, nil
	}
}

// groth16Data is a key and statements under it.
type groth16Data struct {
	vk, proofs []byte
	key        *groth16.PreparedKey
	batch      []groth16.Statement
}

// loadGroth16 reads what the peer wrote into dir, or makes the like.
func loadGroth16(dir string, live bool, n, wide, proofs int) (*groth16Data, error) {
	var inputs []byte
	d := new(groth16Data)
	if live {
		var errs [3]error
		d.vk, errs[0] = os.ReadFile(filepath.Join(dir, "key.vk"))
		d.proofs, errs[1] = os.ReadFile(filepath.Join(dir, "proofs.bin"))
		inputs, errs[2] = os.ReadFile(filepath.Join(dir, "inputs.bin"))
		if err := errors.Join(errs[:]...); err != nil {
			return nil, err
		}
	} else {
		s := groth16test.New(1, n)
		d.vk = s.Key()
		for range proofs {
			in := s.Inputs(wide)
			d.proofs = append(d.proofs, s.Prove(in)...)
			for i := range in {
				inputs = append(inputs, in[i][:]...)
			}
		}
	}
	key, err := groth16.ParseKey(d.vk)
	if err != nil {
		return nil, err
	}
	d.key = key.Prepare()
	parsed, err := groth16.ParseProofs(d.proofs, proofs)
	if err != nil {
		return nil, err
	}
	all, err := scalarsOf(inputs, proofs*n)
	if err != nil {
		return nil, err
	}
	for k, p := range parsed {
		d.batch = append(d.batch, groth16.Statement{Key: d.key, Proof: p, Inputs: all[k*n : (k+1)*n]})
	}
	return d, nil
}

// scalarsOf cuts bytes into n public inputs.
func scalarsOf(b []byte, n int) ([]groth16.Scalar, error) {
	if len(b) != 32*n {
		return nil, fmt.Errorf("%d bytes of inputs, want %d", len(b), 32*n)
	}
	out := make([]groth16.Scalar, n)
	for i := range out {
		out[i] = groth16.Scalar(b[32*i:])
	}
	return out, nil
}

func (d *groth16Data) verify() error {
	if len(d.batch) == 1 {
		return d.key.Verify(d.batch[0].Proof, d.batch[0].Inputs, &groth16.VerifyOptions{Workers: 1})
	}
	return groth16.VerifyBatch(context.Background(), d.batch, &groth16.BatchOptions{Workers: 1})
}

// A pairingFloor is the product of pairings that no verifier can do without: one pair a proof, and three of the key (two
// where there is one proof, e(alpha, beta) being known).
type pairingFloor struct {
	g1   []bls.G1Affine
	g2   []bls.G2Affine
	want bls.GT
}

func newPairingFloor(d *groth16Data) (*pairingFloor, error) {
	f := new(pairingFloor)
	raw1 := func(at int) (p bls.G1Affine) { f.must(p.SetBytes(d.vk[at : at+96])); return p }
	raw2 := func(at int) (p bls.G2Affine) { f.must(p.SetBytes(d.vk[at : at+192])); return p }
	alpha, beta, gamma, delta := raw1(0), raw2(192), raw2(384), raw2(672)
	n := int(binary.BigEndian.Uint32(d.vk[864:]))
	ic := make([]bls.G1Affine, n)
	for i := range ic {
		ic[i] = raw1(868 + 96*i)
	}
	var sumIn, sumC bls.G1Jac
	for k, s := range d.batch {
		var a, c bls.G1Affine
		var b bls.G2Affine
		proof := d.proofs[k*groth16.ProofSize:]
		f.must(a.SetBytes(proof[:48]))
		f.must(b.SetBytes(proof[48:144]))
		f.must(c.SetBytes(proof[144:192]))
		f.g1, f.g2 = append(f.g1, a), append(f.g2, b)
		scalars := make([]fr.Element, n)
		scalars[0].SetOne()
		for i := range s.Inputs {
			e, err := s.Inputs[i].Element()
			if err != nil {
				return nil, err
			}
			scalars[i+1] = e
		}
		var in bls.G1Jac
		if _, err := in.MultiExp(ic, scalars, ecc.MultiExpConfig{NbTasks: 1}); err != nil {
			return nil, err
		}
		sumIn.AddAssign(&in)
		sumC.AddMixed(&c)
	}
	var in, c bls.G1Affine
	in.FromJacobian(&sumIn)
	c.FromJacobian(&sumC)
	f.g1 = append(f.g1, *in.Neg(&in), *c.Neg(&c))
	f.g2 = append(f.g2, gamma, delta)
	f.want.SetOne()
	if len(d.batch) > 1 {
		for range d.batch {
			f.g1, f.g2 = append(f.g1, *new(bls.G1Affine).Neg(&alpha)), append(f.g2, beta)
		}
		// One pair with the multiple of alpha in place of one for each proof.
		var sum bls.G1Jac
		for range d.batch {
			sum.AddMixed(&f.g1[len(f.g1)-1])
		}
		at := len(f.g1) - len(d.batch)
		f.g1[at].FromJacobian(&sum)
		f.g1, f.g2 = f.g1[:at+1], f.g2[:at+1]
		return f, nil
	}
	want, err := bls.Pair([]bls.G1Affine{alpha}, []bls.G2Affine{beta})
	f.want = want
	return f, err
}

// must panics on points that the library's own strict decoding has already accepted.
func (f *pairingFloor) must(_ int, err error) {
	if err != nil {
		panic(err)
	}
}

func (f *pairingFloor) check() error {
	got, err := bls.Pair(f.g1, f.g2)
	if err == nil && !got.Equal(&f.want) {
		err = errors.New("the pairings differ")
	}
	return err
}

// snarkpackContest verifies an aggregate (version 2) of n proofs of 327 inputs.
func snarkpackContest(n int, recorded float64) func() ([]duel, func(), error) {
	return func() ([]duel, func(), error) {
		dir, err := os.MkdirTemp("", "assay-snarkpack-")
		if err != nil {
			return nil, nil, err
		}
		peer, err := startRust("snarkpack", strconv.Itoa(n), "2", dir)
		closing := func() {
			peer.Close()
			os.RemoveAll(dir)
		}
		if err != nil {
			return nil, closing, err
		}
		verify, err := loadSnarkpack(dir, peer != nil, n)
		if err == nil {
			err = verify()
		}
		if err != nil {
			return nil, closing, err
		}
		d := duel{peer: "bellperson-0.27", unit: "ms/aggregate", work: 1, ours: cpuTimed(verify), recorded: recorded}
		return []duel{peer.against(d, []byte{1})}, closing, nil
	}
}

// A snarkpack is an aggregate with what verifies it: the public inputs of its proofs, and of the reference string the points
// g·alpha, g·beta, h·alpha and h·beta.
type snarkpack struct{ vk, in, aggregate, points []byte }

const snarkpackInputs = 327 // public inputs of a proof

var snarkpackInclude = []byte("assay/snarkpack")

// readSnarkpack reads what the peer wrote into dir.
func readSnarkpack(dir string) (p snarkpack, err error) {
	for name, b := range map[string]*[]byte{"key.vk": &p.vk, "inputs.bin": &p.in, "aggregate.bin": &p.aggregate, "srs.bin": &p.points} {
		if *b, err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return p, err
		}
	}
	return p, nil
}

// makeSnarkpack aggregates n proofs of made-up inputs.
func makeSnarkpack(n int) (p snarkpack, err error) {
	const wide = 110
	s := groth16test.New(1, snarkpackInputs)
	p.vk = s.Key()
	var proofs []*groth16.Proof
	for range n {
		x := s.Inputs(wide)
		proof, err := groth16.ParseProof(s.Prove(x))
		if err != nil {
			return p, err
		}
		proofs = append(proofs, proof)
		for i := range x {
			p.in = append(p.in, x[i][:]...)
		}
	}
	raw := groth16test.SRS(1, n)
	srs, err := groth16.ReadSRS(context.Background(), bytes.NewReader(raw), n, nil)
	if err != nil {
		return p, err
	}
	a, err := srs.Aggregate(context.Background(), proofs, groth16.SnarkPackV2, snarkpackInclude, nil)
	if err != nil {
		return p, err
	}
	p.aggregate = a.AppendBytes(nil)
	for at, i := 0, 0; i < 4; i++ { // the second power of each list
		size := []int{48, 48, 96, 96}[i]
		p.points = append(p.points, raw[at+4+size:at+4+2*size]...)
		at += 4 + size*2*n
	}
	return p, nil
}

// loadSnarkpack reads what the peer wrote into dir, or makes the like, and returns the verification of it.
func loadSnarkpack(dir string, live bool, n int) (func() error, error) {
	load := func() (snarkpack, error) { return makeSnarkpack(n) }
	if live {
		load = func() (snarkpack, error) { return readSnarkpack(dir) }
	}
	pack, err := load()
	if err != nil {
		return nil, err
	}
	_, _, g, h := bls.Generators()
	gb, hb := g.Bytes(), h.Bytes()
	srs, err := groth16.NewVerifierSRS(gb[:], pack.points[:48], pack.points[48:96], hb[:], pack.points[96:192], pack.points[192:])
	if err != nil {
		return nil, err
	}
	key, err := groth16.ParseKey(pack.vk)
	if err != nil {
		return nil, err
	}
	a, err := groth16.ParseAggregate(pack.aggregate)
	if err != nil {
		return nil, err
	}
	all, err := scalarsOf(pack.in, n*snarkpackInputs)
	if err != nil {
		return nil, err
	}
	p, opt := key.Prepare(), &groth16.BatchOptions{Workers: 1}
	return func() error {
		return p.VerifyAggregate(context.Background(), srs, a, groth16.SnarkPackV2, snarkpackInclude, all, opt)
	}, nil
}
