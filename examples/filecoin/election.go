package filecoin

import (
	"errors"
	"math/big"

	"golang.org/x/crypto/blake2b"
)

// Constants of leader election.
const (
	ExpectedLeaders = 5
	MaxWinCount     = 15
)

const electionPrecision = 256

var (
	expNumerator256   = widen(expNumerator)
	expDenominator256 = widen(expDenominator)
)

// widen turns coefficients of Q.128 into those of Q.256.
func widen(coefficients []*big.Int) []*big.Int {
	out := make([]*big.Int, len(coefficients))
	for i, c := range coefficients {
		out[i] = new(big.Int).Lsh(c, electionPrecision-precision)
	}
	return out
}

// ErrPower says that a share of power is impossible.
var ErrPower = errors.New("filecoin: impossible power")

// expNeg256 returns e^-x for x in Q.256, by the same rational function as ExpNeg with coefficients of 256 fraction bits.
//
// Source: lotus chain/types/electionproof.go.
func expNeg256(x *big.Int) *big.Int {
	eval := func(coefficients []*big.Int) *big.Int {
		out, t := new(big.Int), new(big.Int)
		for _, c := range coefficients {
			out.Add(t.Rsh(t.Mul(out, x), electionPrecision), c)
		}
		return out
	}
	num := eval(expNumerator256)
	return num.Div(num.Lsh(num, electionPrecision), eval(expDenominator256))
}

// LambdaQ256 returns the expected number of wins of a share of power: 5*power/total. Errors: ErrPower.
func LambdaQ256(power, total *big.Int) (*big.Int, error) {
	if power.Sign() < 0 || total.Sign() <= 0 || power.Cmp(total) > 0 {
		return nil, ErrPower
	}
	lambda := mul(power, expectedLeaders)
	return lambda.Div(lambda.Lsh(lambda, electionPrecision), total), nil
}

// PoissonTailsQ256 returns 1 - P(X <= k) for k = 0 to MaxWinCount of a Poisson distribution, in the chain's arithmetic.
func PoissonTailsQ256(lambdaQ256 *big.Int) []*big.Int {
	pmf := expNeg256(lambdaQ256)
	icdf := sub(new(big.Int).Lsh(big.NewInt(1), electionPrecision), pmf)
	tails := []*big.Int{icdf}
	for k := int64(1); k <= MaxWinCount; k++ {
		pmf = floorDiv(pmf, big.NewInt(k))
		pmf.Rsh(pmf.Mul(pmf, lambdaQ256), electionPrecision)
		icdf = sub(icdf, pmf)
		tails = append(tails, icdf)
	}
	return tails
}

// WinCount returns how many times a VRF proof wins for a share of power: the number of Poisson tails above its hash, at most
// MaxWinCount. Errors: ErrPower.
func WinCount(vrf []byte, power, total *big.Int) (int, error) {
	lambda, err := LambdaQ256(power, total)
	if err != nil {
		return 0, err
	}
	digest := blake2b.Sum256(vrf)
	return wins(new(big.Int).SetBytes(digest[:]), PoissonTailsQ256(lambda)), nil
}

// wins counts the tails above h.
func wins(h *big.Int, tails []*big.Int) int {
	n := 0
	for n < MaxWinCount && h.Cmp(tails[n]) < 0 {
		n++
	}
	return n
}
