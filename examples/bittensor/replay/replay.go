// Package replay reads a metagraph snapshot and says what its coming epoch pays, and what one of its validators would earn with
// other weights.
package replay

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/consensus/sim"
)

// ErrSnapshot marks a file that holds no snapshot.
var ErrSnapshot = errors.New("replay: no snapshot")

// maxUnpacked bounds a gzip file's content.
const maxUnpacked = 1 << 29

// Load reads a snapshot: one object in the form of the vectors' inputs (consensus.DecodeState), one case with such an input, or a
// vector file, of which it takes the input of case number n; each may be packed by gzip. Errors: ErrSnapshot and those of consensus.DecodeState, wrapped.
func Load(b []byte, n int) (*consensus.State, error) {
	if bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		var err error
		if b, err = unpack(b); err != nil {
			return nil, err
		}
	}
	var file struct {
		Input json.RawMessage `json:"input"`
		Cases []struct {
			Input json.RawMessage `json:"input"`
		} `json:"cases"`
	}
	if json.Unmarshal(b, &file) == nil && len(file.Cases) > 0 {
		if n < 0 || n >= len(file.Cases) {
			return nil, fmt.Errorf("%w: case %d of %d", ErrSnapshot, n, len(file.Cases))
		}
		if len(file.Cases[n].Input) == 0 {
			return nil, fmt.Errorf("%w: case %d has no input", ErrSnapshot, n)
		}
		return consensus.DecodeState(file.Cases[n].Input)
	}
	if len(file.Input) > 0 && n == 0 {
		return consensus.DecodeState(file.Input)
	}
	if n != 0 {
		return nil, fmt.Errorf("%w: there are no cases to choose from", ErrSnapshot)
	}
	return consensus.DecodeState(b)
}

func unpack(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	b, err = io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	if err == nil && len(b) > maxUnpacked {
		err = fmt.Errorf("over %d bytes unpacked", maxUnpacked)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	return b, nil
}

// Rows reads n rows in SCALE, one after the other as the chain stores them, with nothing behind them: the bytes themselves, or
// hexadecimal digits with white space between rows and perhaps 0x before each. Errors: those of consensus.DecodeScaleRow and
// ErrSnapshot, wrapped.
func Rows(b []byte, n int) (consensus.Rows, error) {
	rows, err := rawRows(b, n)
	if err == nil {
		return rows, nil
	}
	var plain []byte
	for _, field := range bytes.Fields(b) {
		row, herr := hex.DecodeString(string(bytes.TrimPrefix(field, []byte("0x"))))
		if herr != nil {
			return rows, err
		}
		plain = append(plain, row...)
	}
	return rawRows(plain, n)
}

func rawRows(b []byte, n int) (rows consensus.Rows, err error) {
	for i := range n {
		if b, err = consensus.DecodeScaleRow(b, n, &rows); err != nil {
			return rows, fmt.Errorf("row %d of %d: %w", i, n, err)
		}
	}
	if len(b) != 0 {
		return rows, fmt.Errorf("%w: %d bytes behind the last row of %d", ErrSnapshot, len(b), n)
	}
	return rows, nil
}

// Payouts runs the coming epoch. Errors: those of consensus.Engine.Epoch.
func Payouts(ctx context.Context, s *consensus.State) (*consensus.Output, error) {
	o := &consensus.Output{}
	if err := consensus.NewEngine(nil).Epoch(ctx, s, o); err != nil {
		return nil, err
	}
	return o, nil
}

// A Choice is a row of weights and what it would earn its validator, in rao of the coming epoch.
type Choice struct {
	Name      string
	Values    []uint16 // over the columns of WhatIf
	Dividends fixed.I32F32
	Rao       uint64
}

// maxTries bounds the search for the best row.
const maxTries = 4000

// WhatIf returns what a validator would earn with the weights it has, with equal ones, with those of consensus, for each of the three
// columns of most consensus with all on it and with the weights it has but for it, and with the best row that a climb from consensus
// finds. Col are the columns that anybody weighs, ascending. Nobody else changes anything. Errors: consensus.ErrState for a uid not on
// the subnet, those of State.Validate, and ctx.Err().
func WhatIf(ctx context.Context, s *consensus.State, uid int) (col []uint16, out []Choice, err error) {
	v, err := sim.NewVoter(ctx, s, uid)
	if err != nil {
		return nil, nil, err
	}
	base, err := Payouts(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	used := make([]bool, s.N())
	for _, j := range s.Weights.Col {
		if int(j) < len(used) && int(j) != uid {
			used[j] = true
		}
	}
	for j, ok := range used {
		if ok {
			col = append(col, uint16(j))
		}
	}
	try := func(name string, values []uint16) error {
		d, err := v.Dividends(ctx, col, values)
		if err == nil {
			out = append(out, Choice{name, values, d, v.Output().ValidatorEmission[uid]})
		}
		return err
	}
	for _, c := range rows(s, uid, col, base) {
		if err := try(c.Name, c.Values); err != nil {
			return nil, nil, err
		}
	}
	if len(col) == 0 {
		return col, out, nil
	}
	best, err := v.BestResponse(ctx, col, out[2].Values, 2048, maxTries)
	if err == nil {
		err = try(fmt.Sprintf("best found in %d tries", best.Epochs), best.Values)
	}
	return col, out, err
}

// rows are the rows to try; the third one is the consensus.
func rows(s *consensus.State, uid int, col []uint16, base *consensus.Output) []Choice {
	now, equal, agreed := make([]uint16, len(col)), make([]uint16, len(col)), make([]fixed.I32F32, len(col))
	place := map[uint16]int{}
	for k, j := range col {
		place[j], equal[k], agreed[k] = k, 65535, base.Consensus[j]
	}
	c, val := s.Weights.Row(uid)
	for k, j := range c {
		if at, ok := place[j]; ok {
			now[at] = val[k]
		}
	}
	out := []Choice{{Name: "weights as they are", Values: now}, {Name: "equal weights", Values: equal}, {Name: "the consensus", Values: consensus.MaxUpscale(agreed)}}
	taken := make([]bool, len(col))
	for range min(3, len(col)) {
		top := -1
		for k := range col {
			if !taken[k] && (top < 0 || agreed[k] > agreed[top]) {
				top = k
			}
		}
		taken[top] = true
		all, without := make([]uint16, len(col)), append([]uint16(nil), now...)
		all[top], without[top] = 65535, 0
		out = append(out, Choice{Name: fmt.Sprintf("all on uid %d", col[top]), Values: all}, Choice{Name: fmt.Sprintf("as they are, without uid %d", col[top]), Values: without})
	}
	return out
}
