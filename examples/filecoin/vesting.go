package filecoin

import (
	"fmt"
	"math/big"
)

// A VestSpec says how locked funds become free.
type VestSpec struct{ InitialDelay, Period, Step, Quantization int64 }

// RewardVesting is that of block rewards: linear over 180 days.
var RewardVesting = VestSpec{Period: 180 * EpochsInDay, Step: EpochsInDay, Quantization: 12 * 60 * 2}

// A VestingEntry is an amount that is free once its epoch has passed.
type VestingEntry struct {
	Epoch  int64
	Amount *big.Int
}

// LockedReward returns the part of a reward that vests: three quarters.
func LockedReward(reward *big.Int) *big.Int { return ratio(reward, 3, 4) }

// Schedule returns how an amount locked at an epoch vests, quantized to offset. Errors: a spec whose steps do not advance.
//
// Source: builtin-actors actors/miner/src/vesting_state.rs, add_locked_funds.
func (s VestSpec) Schedule(amount *big.Int, epoch, offset int64) ([]VestingEntry, error) {
	if s.Step < 1 || s.Quantization < 1 || s.Period < 1 || s.InitialDelay < 0 {
		return nil, fmt.Errorf("filecoin: vesting by %+v never ends", s)
	}
	begin := epoch + s.InitialDelay
	var out []VestingEntry
	vested := new(big.Int)
	for at := begin + s.Step; vested.Cmp(amount) < 0; at += s.Step {
		free := QuantizeUp(at, s.Quantization, offset)
		target := amount
		if elapsed := free - begin; elapsed < s.Period {
			target = ratio(amount, elapsed, s.Period)
		}
		out = append(out, VestingEntry{free, sub(target, vested)})
		vested = target
	}
	return out, nil
}

// QuantizeUp rounds an epoch up to a multiple of unit, counted from offset.
func QuantizeUp(epoch, unit, offset int64) int64 {
	offset %= unit
	quotient, remainder := (epoch-offset)/unit, (epoch-offset)%unit
	if remainder == 0 || epoch-offset < 0 {
		return unit*quotient + offset
	}
	return unit*(quotient+1) + offset
}

// Released reports whether an entry is free at an epoch.
func (e VestingEntry) Released(epoch int64) bool { return e.Epoch < epoch }
