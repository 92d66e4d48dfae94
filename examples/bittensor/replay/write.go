package replay

import (
	"encoding/hex"
	"encoding/json"
	"io"

	"github.com/assaylab/assay/consensus"
)

// A snapshot is a state in the form of the vectors' inputs.
type snapshot struct {
	N                         int           `json:"n"`
	CurrentBlock              uint64        `json:"current_block"`
	Tempo                     uint16        `json:"tempo"`
	LastMechanismStepBlock    uint64        `json:"last_mechanism_step_block"`
	ActivityCutoffFactorMilli uint64        `json:"activity_cutoff_factor_milli"`
	StakeThreshold            uint64        `json:"stake_threshold"`
	MaxAllowedValidators      uint16        `json:"max_allowed_validators"`
	Owner                     *uint16       `json:"owner_uid"`
	Kappa                     uint16        `json:"kappa"`
	BondsPenalty              uint16        `json:"bonds_penalty"`
	BondsMovingAverage        uint64        `json:"bonds_moving_average"`
	Yuma3                     bool          `json:"yuma3"`
	LiquidAlpha               bool          `json:"liquid_alpha"`
	AlphaLow                  uint16        `json:"alpha_low"`
	AlphaHigh                 uint16        `json:"alpha_high"`
	AlphaSigmoidSteepness     int16         `json:"alpha_sigmoid_steepness"`
	CommitReveal              bool          `json:"commit_reveal"`
	RaoEmission               uint64        `json:"rao_emission"`
	LastUpdate                []uint64      `json:"last_update"`
	BlockAtRegistration       []uint64      `json:"block_at_registration"`
	ValidatorPermit           []bool        `json:"validator_permit"`
	Weights                   [][][2]uint16 `json:"weights"`
	Bonds                     [][][2]uint16 `json:"bonds"`
	Stake                     []string      `json:"stake_i64f64"`
	CommitBlock               []*uint64     `json:"commit_block,omitempty"`
	Hotkeys                   []string      `json:"hotkeys,omitempty"`
}

// Write writes a snapshot that Load reads: one JSON object in the form of the vectors' inputs. BondsFixed is left out.
func Write(w io.Writer, s *consensus.State) error {
	x := snapshot{N: s.N(), CurrentBlock: s.CurrentBlock, Tempo: s.Tempo, LastMechanismStepBlock: s.LastMechanismStepBlock,
		ActivityCutoffFactorMilli: s.ActivityCutoffFactorMilli, StakeThreshold: s.StakeThreshold, MaxAllowedValidators: s.MaxAllowedValidators,
		Kappa: s.Kappa, BondsPenalty: s.BondsPenalty, BondsMovingAverage: s.BondsMovingAverage, Yuma3: s.Yuma3, LiquidAlpha: s.LiquidAlpha,
		AlphaLow: s.AlphaLow, AlphaHigh: s.AlphaHigh, AlphaSigmoidSteepness: s.AlphaSigmoidSteepness, CommitReveal: s.CommitReveal,
		RaoEmission: s.RaoEmission, LastUpdate: append([]uint64{}, s.LastUpdate...), BlockAtRegistration: append([]uint64{}, s.BlockAtRegistration...),
		ValidatorPermit: append([]bool{}, s.ValidatorPermit...), Weights: pairs(&s.Weights, s.N()), Bonds: pairs(&s.Bonds, s.N()), Stake: []string{}}
	if s.HasOwner {
		x.Owner = &s.Owner
	}
	for _, v := range s.Stake {
		x.Stake = append(x.Stake, v.String())
	}
	for _, v := range s.CommitBlock {
		if v == consensus.NoCommit {
			x.CommitBlock = append(x.CommitBlock, nil)
			continue
		}
		x.CommitBlock = append(x.CommitBlock, &v)
	}
	for _, k := range s.Hotkeys {
		x.Hotkeys = append(x.Hotkeys, hex.EncodeToString(k[:]))
	}
	return json.NewEncoder(w).Encode(&x)
}

func pairs(r *consensus.Rows, n int) [][][2]uint16 {
	out := make([][][2]uint16, n)
	for i := range out {
		col, val := r.Row(i)
		out[i] = make([][2]uint16, len(col))
		for k, j := range col {
			out[i][k] = [2]uint16{j, val[k]}
		}
	}
	return out
}

// WriteRows writes n rows in SCALE, one after the other, as Rows reads them.
func WriteRows(w io.Writer, r *consensus.Rows, n int) error {
	var b []byte
	for i := range n {
		col, val := r.Row(i)
		b = consensus.AppendScaleRow(b, col, val)
	}
	_, err := w.Write(b)
	return err
}
