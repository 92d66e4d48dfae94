package groth16

import (
	"strconv"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// aggregateChallenges are the challenges of one aggregate.
type aggregateChallenges struct {
	hcom, r    fr.Element
	challenges []fr.Element // of the rounds, the last first
	inverses   []fr.Element // of these; what the transcript gives is the inverse
	z          fr.Element   // where the openings of the folded keys are evaluated
}

// challenges draws all challenges from the aggregate.
//
// Source: bellperson 0.27, src/groth16/aggregate/verify.rs.
func (a *Aggregate) challenges(v Version, include []byte) (c aggregateChallenges) {
	c.hcom, c.r = commitmentChallenges(&a.comAB, &a.comC, include)
	var one, x, inverse fr.Element
	one.SetOne()
	inverse = firstChallenge(&c.hcom, &a.ipAB, &a.aggC, &c.r)
	c.challenges, c.inverses = make([]fr.Element, len(a.rounds)), make([]fr.Element, len(a.rounds))
	for i := range a.rounds {
		inverse = roundChallenge(v, i, &inverse, &a.rounds[i])
		x.Inverse(&inverse)
		at := len(a.rounds) - 1 - i
		c.challenges[at], c.inverses[at] = x, inverse
	}
	c.z = a.openingChallenge(v, &c.challenges[0])
	return c
}

// commitmentChallenges draws from the commitments the first challenge and the factor of the linear combination of proofs.
func commitmentChallenges(comAB, comC *[2]bls.GT, include []byte) (hcom, r fr.Element) {
	hcom = newTranscript("hcom").gt(&comAB[0], &comAB[1], &comC[0], &comC[1]).challenge()
	r = newTranscript("random-r").scalar(&hcom).slice(include).challenge()
	return hcom, r
}

func firstChallenge(hcom *fr.Element, ipAB *bls.GT, aggC *bls.G1Affine, r *fr.Element) fr.Element {
	return newTranscript("gipa-0").scalar(hcom).gt(ipAB).g1(aggC).scalar(r).challenge()
}

// roundChallenge returns the inverse challenge of round i from that of the round before. In V1 the first round's is drawn
// before the round's values are known.
func roundChallenge(v Version, i int, before *fr.Element, r *aggregateRoundProof) fr.Element {
	if i == 0 && v == SnarkPackV1 {
		return *before
	}
	return newTranscript("gipa-" + strconv.Itoa(i)).scalar(before).round(r).challenge()
}

// round writes the values of a round.
func (t transcript) round(r *aggregateRoundProof) transcript {
	return t.gt(&r.zAB[0], &r.zAB[1]).g1(&r.zC[0], &r.zC[1]).
		gt(&r.ab[0][0], &r.ab[0][1], &r.ab[1][0], &r.ab[1][1]).
		gt(&r.c[0][0], &r.c[0][1], &r.c[1][0], &r.c[1][1])
}

// openingChallenge draws the point of the key openings; last is the challenge of the last round.
func (a *Aggregate) openingChallenge(v Version, last *fr.Element) fr.Element {
	if v == SnarkPackV1 {
		return newTranscript("random-z").scalar(last).
			g2(&a.vkey[0], &a.vkey[1]).g1(&a.wkey[0], &a.wkey[1]).challenge()
	}
	link := newTranscript("gipa-extra-link").scalar(last).g1(&a.a).g2(&a.b).g1(&a.c).
		round(&a.rounds[len(a.rounds)-1]).challenge()
	return newTranscript("random-z").scalar(&link).
		g2(&a.vkey[0], &a.vkey[1]).g1(&a.wkey[0], &a.wkey[1]).
		g1(&a.a).g2(&a.b).g1(&a.c).challenge()
}

// productForm evaluates prod_j (1 + xs[j]·(z·shift)^(2^j)).
func productForm(xs []fr.Element, z, shift *fr.Element) (f fr.Element) {
	var one, power, t fr.Element
	one.SetOne()
	f.SetOne()
	power.Mul(z, shift)
	for i := range xs {
		if i > 0 {
			power.Square(&power)
		}
		t.Mul(&xs[i], &power).Add(&t, &one)
		f.Mul(&f, &t)
	}
	return f
}
