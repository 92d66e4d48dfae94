package filecoin

import (
	"fmt"
	"math/big"
)

// Constants of the reward: 330 M FIL by simple exponential decay, 770 M as the network keeps up with its baseline, both with a
// half-life of six years.
//
// Source: builtin-actors actors/reward/src/logic.rs.
var (
	SimpleTotal   = FIL(330_000_000)
	BaselineTotal = FIL(770_000_000)

	LambdaQ128            = parse("37396271439864487274534522888786")
	ExpLambdaMinusOneQ128 = parse("37396273494747879394193016954629")
	BaselineExponentQ128  = parse("340282591298641078465964189926313473653")
	BaselineInitialValue  = parse("2888888880000000000")
	InitBaselinePower     = shr(floorDiv(shl(shl(BaselineInitialValue)), BaselineExponentQ128))
	InitialRewardEstimate = Estimate{PositionQ128: shl(parse("36266260308195979333")), VelocityQ128: shl(parse("-109897758509"))}
	expectedLeaders       = big.NewInt(ExpectedLeaders)
	one                   = new(big.Int).Lsh(big.NewInt(1), precision)
)

// HalfLifeYears is the half-life of both parts of the reward.
const HalfLifeYears = 6

// A Reward is the state of the reward actor.
type Reward struct {
	Epoch                  int64
	ThisEpochReward        *big.Int // attoFIL for all expected leaders together
	ThisEpochBaselinePower *big.Int
	EffectiveNetworkTime   int64
	EffectiveBaselinePower *big.Int
	CumsumRealized         *big.Int
	CumsumBaseline         *big.Int
	Smoothed               Estimate

	thetaQ128  *big.Int // of the state, for the next reward
	supplyQ128 *big.Int // baseline supply at theta
}

// NewReward returns the state at epoch 0 of a network with raw power rawPower.
func NewReward(rawPower *big.Int) *Reward {
	r := &Reward{Epoch: -1, ThisEpochReward: new(big.Int), ThisEpochBaselinePower: InitBaselinePower,
		EffectiveBaselinePower: BaselineInitialValue, CumsumRealized: new(big.Int), CumsumBaseline: new(big.Int),
		Smoothed: InitialRewardEstimate, thetaQ128: new(big.Int), supplyQ128: new(big.Int)}
	r.step(rawPower)
	r.settle()
	return r
}

// Next brings the state to a later epoch. powers are the raw powers of the epochs in between and of that epoch, at least
// one: all but the last are null rounds, which advance the sums and mint nothing.
func (r *Reward) Next(rawPowers ...*big.Int) error {
	if len(rawPowers) == 0 {
		return fmt.Errorf("filecoin: no epoch to go to")
	}
	for _, p := range rawPowers[:len(rawPowers)-1] {
		r.step(p)
	}
	if len(rawPowers) > 1 {
		r.thetaQ128 = r.ThetaQ128()
		r.supplyQ128 = baselineSupply(r.thetaQ128)
	}
	r.step(rawPowers[len(rawPowers)-1])
	r.settle()
	r.Smoothed = r.Smoothed.Next(r.ThisEpochReward, int64(len(rawPowers)))
	return nil
}

// step advances the power sums by one epoch.
func (r *Reward) step(rawPower *big.Int) {
	r.Epoch++
	r.ThisEpochBaselinePower = NextBaselinePower(r.ThisEpochBaselinePower)
	r.CumsumRealized = add(r.CumsumRealized, minOf(r.ThisEpochBaselinePower, rawPower))
	for r.CumsumRealized.Cmp(r.CumsumBaseline) > 0 {
		r.EffectiveNetworkTime++
		r.EffectiveBaselinePower = NextBaselinePower(r.EffectiveBaselinePower)
		r.CumsumBaseline = add(r.CumsumBaseline, r.EffectiveBaselinePower)
	}
}

// settle computes the reward of the epoch that step reached.
func (r *Reward) settle() {
	theta := r.ThetaQ128()
	supply := r.supplyQ128
	if theta.Cmp(r.thetaQ128) != 0 {
		supply = baselineSupply(theta)
	}
	r.ThisEpochReward = shr(add(simpleQ128(r.Epoch), sub(supply, r.supplyQ128)))
	r.thetaQ128, r.supplyQ128 = theta, supply
}

// ThetaQ128 is the effective network time with its fraction, interpolated between two epochs of the baseline.
func (r *Reward) ThetaQ128() *big.Int {
	if r.EffectiveNetworkTime == 0 {
		return new(big.Int)
	}
	behind := floorDiv(shl(sub(r.CumsumBaseline, r.CumsumRealized)), r.EffectiveBaselinePower)
	return sub(shl(big.NewInt(r.EffectiveNetworkTime)), behind)
}

// NextBaselinePower returns the baseline of the next epoch: it doubles in a year.
func NextBaselinePower(power *big.Int) *big.Int { return shr(mul(power, BaselineExponentQ128)) }

// simpleQ128 is the reward of simple minting at an epoch.
func simpleQ128(epoch int64) *big.Int {
	e := ExpNeg(mul(LambdaQ128, big.NewInt(epoch)))
	return shr(mul(mul(SimpleTotal, ExpLambdaMinusOneQ128), e))
}

// SimpleReward returns what simple minting gives at an epoch.
func SimpleReward(epoch int64) *big.Int { return shr(simpleQ128(epoch)) }

// baselineSupply is what baseline minting has given at theta.
func baselineSupply(thetaQ128 *big.Int) *big.Int {
	return mul(sub(one, ExpNeg(shr(mul(thetaQ128, LambdaQ128)))), BaselineTotal)
}

// BaselineReward returns what baseline minting gives as theta advances.
func BaselineReward(fromQ128, toQ128 *big.Int) *big.Int {
	simple := simpleQ128(0)
	all := shr(add(simple, sub(baselineSupply(toQ128), baselineSupply(fromQ128))))
	return sub(all, shr(simple))
}
