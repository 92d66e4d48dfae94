package main

import (
	"encoding/json"
	"fmt"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// yumaSequence is one simulation case: many epochs with the bonds carried.
type yumaSequence struct {
	Name       string          `json:"name"`
	Validators int             `json:"validators"`
	Servers    int             `json:"servers"`
	Params     json.RawMessage `json:"params"`
	Epochs     []struct {
		Block             uint64          `json:"block"`
		Stake             []uint64        `json:"stake"`
		Weights           [][][2]uint16   `json:"weights"`
		Same              *bool           `json:"same_stake_weights"`
		ResetBondsUID     *uint16         `json:"reset_bonds_uid"`
		DenseAgrees       bool            `json:"dense_agrees"`
		BondsOut          json.RawMessage `json:"bonds_out"`
		Consensus         json.RawMessage `json:"consensus"`
		Incentive         json.RawMessage `json:"incentive"`
		Dividends         json.RawMessage `json:"dividends"`
		ValidatorTrust    json.RawMessage `json:"validator_trust"`
		ServerEmission    json.RawMessage `json:"server_emission"`
		ValidatorEmission json.RawMessage `json:"validator_emission"`
	} `json:"epochs"`
}

func simulationCases(v *vector) (int, error) {
	var f yumaFile[yumaSequence]
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	if err := f.of("yuma-sequence/1"); err != nil {
		return 0, err
	}
	cases := 0
	for i := range f.Cases {
		n, err := f.Cases[i].run()
		if cases += n; err != nil {
			return cases, fmt.Errorf("%s: epoch %d: %w", f.Cases[i].Name, n, err)
		}
	}
	return cases, nil
}

// start returns the state before the first epoch.
func (q *yumaSequence) start() (*consensus.State, error) {
	s, err := consensus.DecodeState(q.Params)
	if err != nil {
		return nil, err
	}
	if s.N() != q.Validators+q.Servers {
		return nil, fmt.Errorf("n = %d for %d validators and %d servers", s.N(), q.Validators, q.Servers)
	}
	s.LastMechanismStepBlock = 0
	for i := range s.BlockAtRegistration {
		s.BlockAtRegistration[i] = 1
		s.ValidatorPermit[i] = i < q.Validators
	}
	return s, nil
}

func (q *yumaSequence) run() (int, error) {
	s, err := q.start()
	if err != nil {
		return 0, err
	}
	for e := range q.Epochs {
		if err := q.prepare(s, e); err != nil {
			return e, err
		}
		sparse, dense := yumaForms{}, yumaForms{dense: true}
		if err := sparse.run(s); err != nil {
			return e, err
		}
		if err := dense.run(s); err != nil {
			return e, err
		}
		if err := q.compare(&sparse, e); err != nil {
			return e, err
		}
		if agrees := sameOutcome(&sparse.plain, &dense.plain); agrees != q.Epochs[e].DenseAgrees {
			return e, fmt.Errorf("dense_agrees: got %v, want %v", agrees, q.Epochs[e].DenseAgrees)
		}
		s.Advance(&sparse.plain, 0)
	}
	return len(q.Epochs), nil
}

// prepare sets block, stake, weights and resets of epoch e.
func (q *yumaSequence) prepare(s *consensus.State, e int) error {
	x := &q.Epochs[e]
	if want := uint64(1000 + 360*(e+1)); x.Block != want {
		return fmt.Errorf("block %d, want %d", x.Block, want)
	}
	s.CurrentBlock = x.Block
	for i := range s.LastUpdate {
		s.LastUpdate[i] = 0
		if i < q.Validators {
			s.LastUpdate[i] = x.Block - 1
		}
	}
	if same := x.Same != nil && *x.Same; same == (x.Stake != nil) || same == (x.Weights != nil) {
		return fmt.Errorf("stake and weights neither given nor the same")
	}
	if x.Stake != nil {
		if len(x.Stake) != s.N() || len(x.Weights) != q.Validators {
			return fmt.Errorf("%d stakes and %d rows of weights", len(x.Stake), len(x.Weights))
		}
		for i, v := range x.Stake {
			s.Stake[i] = fixed.I64F64FromU64(v)
		}
		s.Weights = pairRows(x.Weights, s.N())
	}
	if x.ResetBondsUID != nil {
		s.Bonds.DropColumn(*x.ResetBondsUID)
	}
	return nil
}

func pairRows(rows [][][2]uint16, n int) (r consensus.Rows) {
	for i := range n {
		var col, val []uint16
		if i < len(rows) {
			for _, p := range rows[i] {
				col, val = append(col, p[0]), append(val, p[1])
			}
		}
		r.Append(col, val)
	}
	return r
}

func (q *yumaSequence) compare(form *yumaForms, e int) error {
	x := &q.Epochs[e]
	for _, o := range []*consensus.Output{&form.plain, &form.fast} {
		rows := consensus.Rows{Start: o.Bonds.Start[:q.Validators+1], Col: o.Bonds.Col, Val: o.Bonds.Val}
		for _, p := range []struct {
			name string
			got  any
			want json.RawMessage
		}{
			{"bonds_out", &rows, x.BondsOut}, {"consensus", o.Consensus, x.Consensus}, {"incentive", o.Incentive, x.Incentive},
			{"dividends", o.Dividends, x.Dividends}, {"validator_trust", o.ValidatorTrust, x.ValidatorTrust},
			{"server_emission", o.ServerEmission, x.ServerEmission}, {"validator_emission", o.ValidatorEmission, x.ValidatorEmission},
		} {
			if err := sameJSON(p.got, p.want, false); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	return nil
}

// sameOutcome compares what the two forms pay and think.
func sameOutcome(a, b *consensus.Output) bool {
	for _, name := range []string{"consensus", "incentive", "dividends", "validator_trust", "server_emission", "validator_emission"} {
		x, _ := yumaVector(a, name)
		y, _ := yumaVector(b, name)
		if string(yumaText(x)) != string(yumaText(y)) {
			return false
		}
	}
	return true
}
