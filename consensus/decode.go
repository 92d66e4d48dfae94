package consensus

import (
	"fmt"

	"github.com/assaylab/assay/consensus/fixed"
)

// DecodeState reads a metagraph snapshot: one JSON object in the form of the vectors' inputs (vectors/yuma/README.md,
// section 2), nothing after it.
//
// It is strict: every key but stake_i64f64 (in place of stake), commit_block and hotkeys must be there once and no other;
// numbers are plain integers within their type; the vectors have n entries, last_update excepted, which the chain keeps
// apart; columns are below n and not repeated in a row. Memory is a small multiple of the input's size.
//
// Errors: ErrDecode, ErrState or ErrDuplicateHotkey, wrapped.
func DecodeState(b []byte) (*State, error) { return decodeState(b, true) }

// DecodeStored is DecodeState for rows as the chain's storage may hold them: columns may be repeated or beyond the last neuron,
// and the epoch treats them as the chain does.
func DecodeStored(b []byte) (*State, error) { return decodeState(b, false) }

func decodeState(b []byte, strict bool) (*State, error) {
	d := stateDecoder{scanner: scanner{b: b}, n: -1, strict: strict}
	d.list('{', '}', d.member)
	if d.peek() != 0 || d.at != len(b) {
		d.fail("data after the object")
	}
	if d.err != nil {
		return nil, d.err
	}
	return d.finish()
}

type stateDecoder struct {
	scanner
	s      State
	n      int
	seen   uint64
	strict bool
}

// stateKeys are the members of a snapshot; the first required ones must be there.
var stateKeys = [...]string{
	"n", "current_block", "tempo", "last_mechanism_step_block", "activity_cutoff_factor_milli", "stake_threshold",
	"max_allowed_validators", "owner_uid", "kappa", "bonds_penalty", "bonds_moving_average", "yuma3", "liquid_alpha",
	"alpha_low", "alpha_high", "alpha_sigmoid_steepness", "commit_reveal", "rao_emission", "last_update",
	"block_at_registration", "validator_permit", "weights", "bonds", "stake", "stake_i64f64", "commit_block", "hotkeys",
}

const requiredKeys = 23 // up to bonds

func (d *stateDecoder) member() {
	key := d.text()
	d.expect(':')
	for i, k := range stateKeys {
		if k != key || d.err != nil {
			continue
		}
		if d.seen>>i&1 != 0 {
			d.fail("key %s twice", quote(key))
			return
		}
		d.seen |= 1 << i
		if !d.scalar(key) {
			d.vector(key)
		}
		return
	}
	d.fail("unknown key %s", quote(key))
}

// scalar reads the value of a member that is no vector.
func (d *stateDecoder) scalar(key string) bool {
	const top = 1<<64 - 1
	s := &d.s
	switch key {
	case "n":
		d.n = int(d.unsigned(MaxNeurons))
	case "current_block":
		s.CurrentBlock = d.unsigned(top)
	case "tempo":
		s.Tempo = uint16(d.unsigned(65535))
	case "last_mechanism_step_block":
		s.LastMechanismStepBlock = d.unsigned(top)
	case "activity_cutoff_factor_milli":
		s.ActivityCutoffFactorMilli = d.unsigned(top)
	case "stake_threshold":
		s.StakeThreshold = d.unsigned(top)
	case "max_allowed_validators":
		s.MaxAllowedValidators = uint16(d.unsigned(65535))
	case "owner_uid":
		if !d.word("null") {
			s.HasOwner, s.Owner = true, uint16(d.unsigned(65535))
		}
	case "kappa":
		s.Kappa = uint16(d.unsigned(65535))
	case "bonds_penalty":
		s.BondsPenalty = uint16(d.unsigned(65535))
	case "bonds_moving_average":
		s.BondsMovingAverage = d.unsigned(top)
	case "yuma3":
		s.Yuma3 = d.boolean()
	case "liquid_alpha":
		s.LiquidAlpha = d.boolean()
	case "alpha_low":
		s.AlphaLow = uint16(d.unsigned(65535))
	case "alpha_high":
		s.AlphaHigh = uint16(d.unsigned(65535))
	case "alpha_sigmoid_steepness":
		s.AlphaSigmoidSteepness = d.signed16()
	case "commit_reveal":
		s.CommitReveal = d.boolean()
	case "rao_emission":
		s.RaoEmission = d.unsigned(top)
	default:
		return false
	}
	return true
}

func (d *stateDecoder) vector(key string) {
	const top = 1<<64 - 1
	s := &d.s
	switch key {
	case "last_update":
		s.LastUpdate = d.uints(top)
	case "block_at_registration":
		s.BlockAtRegistration = d.uints(top)
	case "validator_permit":
		s.ValidatorPermit = d.bools()
	case "weights":
		s.Weights = d.rows()
	case "bonds":
		s.Bonds = d.rows()
	case "stake":
		d.stake(func() fixed.I64F64 { return fixed.I64F64FromU64(d.unsigned(top)) })
	case "stake_i64f64":
		d.stake(d.stakeBits)
	case "commit_block":
		s.CommitBlock = make([]uint64, 0, d.bounded())
		d.list('[', ']', func() {
			v := uint64(NoCommit)
			if !d.word("null") {
				v = d.unsigned(top)
			}
			s.CommitBlock = append(s.CommitBlock, v)
		})
	case "hotkeys":
		s.Hotkeys = make([][32]byte, 0, min(d.bounded(), len(d.b)/64))
		d.list('[', ']', func() { s.Hotkeys = append(s.Hotkeys, d.hotkey()) })
	}
}

func (d *stateDecoder) stake(item func() fixed.I64F64) {
	if d.s.Stake != nil {
		d.fail("stake given twice")
		return
	}
	d.s.Stake = make([]fixed.I64F64, 0, d.bounded())
	d.list('[', ']', func() { d.s.Stake = append(d.s.Stake, item()) })
}

func (d *stateDecoder) stakeBits() fixed.I64F64 {
	v, err := fixed.ParseI64F64(d.text())
	if err != nil {
		d.fail("%v", err)
	}
	return v
}

// hotkey reads 64 hexadecimal digits.
func (d *stateDecoder) hotkey() (k [32]byte) {
	t := d.text()
	if len(t) != 64 {
		d.fail("hotkey of %d digits, want 64", len(t))
		return k
	}
	for i := range 64 {
		v := hexDigit(t[i])
		if v > 15 {
			d.fail("hotkey with %q", t[i])
			return k
		}
		k[i/2] = k[i/2]<<4 | v
	}
	return k
}

func hexDigit(c byte) byte {
	switch {
	case c-'0' < 10:
		return c - '0'
	case c-'a' < 6:
		return c - 'a' + 10
	}
	return 16
}

// finish checks the parts against each other.
func (d *stateDecoder) finish() (*State, error) {
	for i, k := range stateKeys[:requiredKeys] {
		if d.seen>>i&1 == 0 {
			return nil, fmt.Errorf("consensus: %w: key %s is missing", ErrDecode, quote(k))
		}
	}
	s := &d.s
	if s.N() != d.n {
		return nil, fmt.Errorf("consensus: %w: %d stakes for n = %d", ErrDecode, s.N(), d.n)
	}
	if s.HasOwner && int(s.Owner) >= d.n {
		return nil, fmt.Errorf("consensus: %w: owner %d of %d neurons", ErrDecode, s.Owner, d.n)
	}
	for _, r := range []*Rows{&s.Weights, &s.Bonds} {
		if r.Len() != d.n {
			return nil, fmt.Errorf("consensus: %w: %d rows for n = %d", ErrDecode, r.Len(), d.n)
		}
		for i := 0; d.strict && i < r.Len(); i++ {
			col, _ := r.Row(i)
			if err := checkColumns(col, d.n); err != nil {
				return nil, fmt.Errorf("row %d: %w", i, err)
			}
		}
	}
	return s, s.Validate()
}
