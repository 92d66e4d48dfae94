package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/celestiaorg/rsmt2d"

	"github.com/assaylab/assay/erasure"
	"github.com/assaylab/assay/merkle"
)

const (
	squareK    = 128
	squareSize = 512
)

// squarePair is the same square made by both sides.
type squarePair struct {
	data         []byte
	ours         *erasure.Square
	roots        erasure.Roots
	theirs       *rsmt2d.ExtendedDataSquare
	rows, cols   [][]byte
	codec        rsmt2d.Codec
	lost         []bool
	lastRepaired *erasure.Square
}

func newSquarePair() *squarePair {
	p := &squarePair{data: noise(128, squareK*squareK*squareSize), codec: rsmt2d.NewLeoRSCodec()}
	r := rand.New(rand.NewPCG(30, 100))
	for range 4 * squareK * squareK {
		p.lost = append(p.lost, r.Float64() < 0.3)
	}
	return p
}

func (p *squarePair) extendOurs() (err error) {
	opt := &erasure.Options{Workers: 1}
	if p.ours, err = erasure.Extend(p.data, squareSize, opt); err != nil {
		return err
	}
	p.roots, err = p.ours.Roots(context.Background(), opt)
	return err
}

func (p *squarePair) extendTheirs() (err error) {
	shards := slices.Collect(slices.Chunk(p.data, squareSize))
	if p.theirs, err = rsmt2d.ComputeExtendedDataSquare(shards, p.codec, rsmt2d.NewDefaultTree); err != nil {
		return err
	}
	if p.rows, err = p.theirs.RowRoots(); err != nil {
		return err
	}
	p.cols, err = p.theirs.ColRoots()
	return err
}

// check extends on both sides and compares all roots and shards.
func (p *squarePair) check() error {
	if err := errors.Join(p.extendOurs(), p.extendTheirs()); err != nil {
		return err
	}
	if !sameRoots(p.roots.Rows, p.rows) || !sameRoots(p.roots.Columns, p.cols) {
		return errors.New("roots")
	}
	return p.sameSquare(p.ours, p.theirs)
}

func (p *squarePair) sameSquare(a *erasure.Square, b *rsmt2d.ExtendedDataSquare) error {
	for i := range 4 * squareK * squareK {
		row, col := i/(2*squareK), i%(2*squareK)
		if !bytes.Equal(a.Shard(row, col), b.GetCell(uint(row), uint(col))) {
			return fmt.Errorf("row %d column %d", row, col)
		}
	}
	return nil
}

func sameRoots(a []merkle.Digest, b [][]byte) bool {
	return slices.EqualFunc(a, b, func(a merkle.Digest, b []byte) bool { return bytes.Equal(a[:], b) })
}

// square128 races extension and all roots of a square of 128 x 128 shards of 512 bytes against rsmt2d.
func square128() ([]duel, func(), error) {
	p := newSquarePair()
	return []duel{{
		peer: "rsmt2d", unit: "ms/square", work: 1,
		ours: timedErr(p.extendOurs), theirs: timedErr(p.extendTheirs), check: p.check,
	}}, nil, nil
}

// square128Repair races the repair of that square with 30 % of its shards lost; setting it up is not timed.
func square128Repair() ([]duel, func(), error) {
	p := newSquarePair()
	if err := p.check(); err != nil {
		return nil, nil, err
	}
	ours := func(n int) (took time.Duration, err error) {
		for range n {
			if took, err = p.repairOurs(took); err != nil {
				return 0, err
			}
		}
		return took, nil
	}
	var repaired *rsmt2d.ExtendedDataSquare
	theirs := func(n int) (took time.Duration, err error) {
		flat := p.theirs.Flattened()
		for range n {
			shards := make([][]byte, len(flat))
			for i, s := range flat {
				if !p.lost[i] {
					shards[i] = bytes.Clone(s)
				}
			}
			if repaired, err = rsmt2d.ImportExtendedDataSquare(shards, p.codec, rsmt2d.NewDefaultTree); err != nil {
				return 0, err
			}
			start := clock()
			if err := repaired.Repair(p.rows, p.cols); err != nil {
				return 0, err
			}
			took += clock() - start
		}
		return took, nil
	}
	check := func() error {
		if _, err := ours(1); err != nil {
			return err
		}
		if _, err := theirs(1); err != nil {
			return err
		}
		return errors.Join(p.sameSquare(p.lastRepaired, p.theirs), p.sameSquare(p.ours, repaired))
	}
	return []duel{{peer: "rsmt2d", unit: "ms/square", work: 1, ours: ours, theirs: theirs, check: check}}, nil, nil
}

// repairOurs adds the time of one repair.
func (p *squarePair) repairOurs(took time.Duration) (time.Duration, error) {
	part, err := erasure.NewSquare(squareK, squareSize)
	if err != nil {
		return 0, err
	}
	for i, lost := range p.lost {
		row, col := i/(2*squareK), i%(2*squareK)
		if lost {
			continue
		}
		if err := part.Set(row, col, p.ours.Shard(row, col)); err != nil {
			return 0, err
		}
	}
	start := clock()
	if err := part.Repair(context.Background(), p.roots, &erasure.Options{Workers: 1}); err != nil {
		return 0, err
	}
	p.lastRepaired = part
	return took + clock() - start, nil
}
