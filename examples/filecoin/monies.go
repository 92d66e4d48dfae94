package filecoin

import "math/big"

// Projection periods, in epochs.
//
// Source: builtin-actors actors/miner/src/monies.rs.
const (
	PreCommitProjection          = 20 * EpochsInDay
	InitialPledgeProjection      = 20 * EpochsInDay
	ContinuedFaultProjection     = EpochsInDay * 351 / 100
	InvalidPoStProjection        = ContinuedFaultProjection + 2*EpochsInDay
	TerminationFeeMaxAge         = 140 * EpochsInDay
	PledgeRampStart              = 4461240
	PledgeRampDuration           = EpochsInYear
	pledgeRampPermille           = 300
	permille                     = 1000
	lockTargetNum, lockTargetDen = 3, 10
)

// Amounts of disputes, and the cap of the initial pledge.
var (
	InvalidPoStPenaltyBase = FIL(20)
	DisputeReward          = FIL(4)
	PledgeCapPerByte       = floorDiv(FIL(1), big.NewInt(32<<30))

	dailyFeeNum = big.NewInt(161817)
	dailyFeeDen = new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil)
)

// A Network is what the miner actor asks of the others to price a sector.
type Network struct {
	Reward      Estimate // of the reward of an epoch
	QAPower     Estimate // of the network's quality-adjusted power
	Baseline    *big.Int
	Circulating *big.Int // supply, attoFIL
}

// ExpectedReward returns BR: what a quality-adjusted power is expected to earn over a number of epochs.
func (n *Network) ExpectedReward(qaPower *big.Int, epochs int64) *big.Int {
	if n.QAPower.Value().Sign() == 0 {
		return n.Reward.Value()
	}
	br := shr(mul(qaPower, SumOfRatioQ128(epochs, 0, n.Reward, n.QAPower)))
	return maxOf(br, new(big.Int))
}

// atLeastOne is BR for amounts that must be positive.
func (n *Network) atLeastOne(qaPower *big.Int, epochs int64) *big.Int {
	return maxOf(n.ExpectedReward(qaPower, epochs), big.NewInt(1))
}

// PreCommitDeposit returns the deposit for a sector of that power. The actor charges every sector that of MaxQAPower.
func (n *Network) PreCommitDeposit(qaPower *big.Int) *big.Int {
	return n.atLeastOne(qaPower, PreCommitProjection)
}

// FaultFee returns FF: what a faulty sector pays for a proving period after the first.
func (n *Network) FaultFee(qaPower *big.Int) *big.Int {
	return n.ExpectedReward(qaPower, ContinuedFaultProjection)
}

// InvalidPoStPenalty returns what a disputed wrong proof costs.
func (n *Network) InvalidPoStPenalty(qaPower *big.Int) *big.Int {
	return add(n.ExpectedReward(qaPower, InvalidPoStProjection), InvalidPoStPenaltyBase)
}

// A Pledge is an initial pledge and its parts.
type Pledge struct{ Base, AdditionalBaseline, AdditionalSimple, Nominal, Cap, Pledge *big.Int }

// InitialPledge returns the pledge of a sector, rampEpochs after the start of the FIP-0081 ramp of rampDuration epochs.
func (n *Network) InitialPledge(qaPower *big.Int, rampEpochs, rampDuration int64) Pledge {
	skew := int64(pledgeRampPermille)
	switch {
	case rampEpochs < 0:
		skew = 0
	case rampDuration > 0 && rampEpochs < rampDuration:
		skew = rampEpochs * pledgeRampPermille / rampDuration
	}
	gamma := permille - skew
	share := func(permilles int64, power *big.Int) *big.Int {
		num := mul(mul(n.Circulating, big.NewInt(lockTargetNum*permilles)), qaPower)
		return floorDiv(num, mul(maxOf(power, qaPower), big.NewInt(lockTargetDen*permille)))
	}
	network := n.QAPower.Value()
	p := Pledge{Base: n.atLeastOne(qaPower, InitialPledgeProjection),
		AdditionalBaseline: share(gamma, maxOf(network, n.Baseline)), AdditionalSimple: share(permille-gamma, network),
		Cap: mul(PledgeCapPerByte, qaPower)}
	p.Nominal = add(p.Base, add(p.AdditionalBaseline, p.AdditionalSimple))
	p.Pledge = minOf(p.Nominal, p.Cap)
	return p
}

// TerminationFee returns what ending a sector early costs (FIP-0098).
func TerminationFee(initialPledge *big.Int, age int64, faultFee *big.Int) *big.Int {
	full := ratio(initialPledge, 85, 1000)
	byAge := ratio(full, age, TerminationFeeMaxAge)
	floor := maxOf(ratio(initialPledge, 2, 100), ratio(faultFee, 105, 100))
	return maxOf(minOf(full, byAge), floor)
}

// DailyFee returns the fee that a sector accrues each day (FIP-0100); PayableDailyFee what of it is charged.
func DailyFee(circulating, qaPower *big.Int) *big.Int {
	return floorDiv(mul(mul(dailyFeeNum, circulating), qaPower), dailyFeeDen)
}

// PayableDailyFee caps the daily fee at half of the day's expected reward.
func PayableDailyFee(fee, dayReward *big.Int) *big.Int {
	return minOf(floorDiv(dayReward, big.NewInt(2)), fee)
}

// ConsensusFault returns the penalty for a consensus fault, a whole epoch's reward, and the reporter's part.
func ConsensusFault(epochReward *big.Int) (penalty, reporter *big.Int) {
	return floorDiv(mul(epochReward, big.NewInt(5)), expectedLeaders), floorDiv(epochReward, big.NewInt(20))
}
