package erasure

import (
	"context"
	"errors"
	"fmt"

	"github.com/assaylab/assay/merkle"
)

// A ByzantineError says that a row or column of a square is no codeword or has another root than promised, though
// the shards it was checked with are right: whoever made the roots lied. Square.Prove turns it into a proof.
type ByzantineError struct {
	Axis  Axis
	Index int
}

// Error names the line.
func (e *ByzantineError) Error() string {
	return fmt.Sprintf("erasure: %v %d is not what its root promises", e.Axis, e.Index)
}

// Unwrap makes the error an ErrProof.
func (e *ByzantineError) Unwrap() error { return ErrProof }

// Repair rebuilds all missing shards and checks every row and column against its root and its code.
//
// A row or column is rebuilt once k of its shards are there, and must then have its root; rows and columns
// take turns until nothing is missing. The shards that were set are taken for right: sets of doubtful
// origin come by SetSample. Errors: ErrTooFewShards if the shards do not suffice, a ByzantineError for a
// line that breaks its promise, ErrShape, ctx.Err(). A failed call leaves the square as it was.
func (s *Square) Repair(ctx context.Context, roots Roots, opt *Options) error {
	if err := roots.check(2 * s.k); err != nil {
		return err
	}
	before, missing := append([]bool(nil), s.have...), s.missing
	err := s.repair(ctx, roots, opt)
	if err == nil {
		return nil
	}
	for i, had := range before {
		if !had && s.have[i] {
			clear(s.at(i))
			s.have[i], s.hashed[i] = false, false
		}
	}
	s.missing = missing
	return err
}

func (s *Square) repair(ctx context.Context, roots Roots, opt *Options) error {
	workers := opt.workers()
	total := uint64(len(s.have))
	var done [2][]bool
	for a := range done {
		done[a] = make([]bool, 2*s.k)
	}
	for stuck := 0; s.missing > 0 || stuck == 0; {
		progress := false
		for _, a := range []Axis{Row, Column} {
			swept, err := s.sweep(ctx, a, roots, done[a], workers)
			if err != nil {
				return err
			}
			progress = progress || swept
			if opt != nil && opt.Progress != nil {
				opt.Progress("repair", total-uint64(s.missing), total)
			}
		}
		if s.missing == 0 {
			break
		}
		if !progress {
			return fmt.Errorf("%w: %d shards cannot be rebuilt", ErrTooFewShards, s.missing)
		}
	}
	for _, a := range []Axis{Row, Column} {
		if _, err := s.sweep(ctx, a, roots, done[a], workers); err != nil {
			return err
		}
	}
	return s.checkCode(workers)
}

// sweep rebuilds all lines of an axis that have enough shards, then holds every complete line that is not done yet against
// its root. It reports whether a shard was found.
func (s *Square) sweep(ctx context.Context, a Axis, roots Roots, done []bool, workers int) (bool, error) {
	width := 2 * s.k
	var ready, built []int
	for i := range done {
		if done[i] {
			continue
		}
		have := 0
		for j := range width {
			if s.have[s.place(a, i, j)] {
				have++
			}
		}
		if have < s.k {
			continue
		}
		ready = append(ready, i)
		if have < width {
			built = append(built, i)
		}
	}
	err := parallel(workers, len(built), func(lo, hi int) error {
		for _, i := range built[lo:hi] {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := s.decodeLine(a, i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	before := s.missing
	for _, i := range built {
		for j := range width {
			if p := s.place(a, i, j); !s.have[p] {
				s.have[p], s.hashed[p] = true, false
				s.missing--
			}
		}
	}
	if err := s.hash(ctx, workers); err != nil {
		return false, err
	}
	return s.missing < before, s.checkRoots(a, ready, roots.of(a), done, workers)
}

// decodeLine fills the missing shards of a line, whose flags stay as they are. Lines of one axis do not
// touch one another.
func (s *Square) decodeLine(a Axis, i int) error {
	line := make([][]byte, 2*s.k)
	for j := range line {
		p := s.place(a, i, j)
		line[j] = s.at(p)
		if !s.have[p] {
			line[j] = line[j][:0]
		}
	}
	return coded(s.enc.Reconstruct(line))
}

// checkRoots compares the roots of the lines of an axis and marks them done.
func (s *Square) checkRoots(a Axis, lines []int, roots []merkle.Digest, done []bool, workers int) error {
	width := 2 * s.k
	got := make([]merkle.Digest, len(lines))
	// The closure returns no error.
	_ = parallel(workers, len(lines), func(lo, hi int) error {
		var leaves []merkle.Digest
		switch whole := len(lines) == width; {
		case whole && a == Row:
			leaves = s.leaves[lo*width : hi*width]
		case whole:
			leaves = s.columnLeaves(lo, hi)
		default:
			for _, i := range lines[lo:hi] {
				leaves = append(leaves, s.axisLeaves(a, i)...)
			}
		}
		treeRoots(got[lo:lo:hi], leaves, width)
		return nil
	})
	for n, i := range lines {
		if got[n] != roots[i] {
			return &ByzantineError{Axis: a, Index: i}
		}
		done[i] = true
	}
	return nil
}

// checkCode decides for all lines at once whether they are codewords: the upper rows and then all columns of the
// square are coded anew, a strip at a time, and compared. Only where that fails are lines looked at one by one.
func (s *Square) checkCode(workers int) error {
	same, err := s.coded(workers)
	if err != nil || same {
		return err
	}
	for _, a := range []Axis{Row, Column} {
		for i := range 2 * s.k {
			whole := make([][]byte, 2*s.k)
			for j := range whole {
				whole[j] = s.at(s.place(a, i, j))
			}
			ok, err := s.enc.Verify(whole)
			if err != nil {
				return coded(err)
			}
			if !ok {
				return &ByzantineError{Axis: a, Index: i}
			}
		}
	}
	return nil
}

// coded reports whether the parity quadrants are those of the data quadrant.
func (s *Square) coded(workers int) (bool, error) {
	const strip = 4 << 10 // bytes of a row
	width, line := 2*s.k, 2*s.k*s.size
	wrong := errors.New("not coded")
	check := func(shards [][]byte, parity []byte) error {
		n := len(shards[0])
		again := append(append(make([][]byte, 0, width), shards[:s.k]...), cut(parity[:s.k*n], s.k, n)...)
		if err := s.enc.Encode(again); err != nil {
			return coded(err)
		}
		if !equalShards(again[s.k:], shards[s.k:]) {
			return wrong
		}
		return nil
	}
	err := parallel(workers, s.k, func(lo, hi int) error {
		parity := make([]byte, s.k*s.size)
		for r := lo; r < hi; r++ {
			if err := check(cut(s.flat[r*line:(r+1)*line], width, s.size), parity); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = parallel(workers, (line+strip-1)/strip, func(lo, hi int) error {
			parity := make([]byte, s.k*strip)
			rows := make([][]byte, width)
			for at := lo * strip; at < min(hi*strip, line); at += strip {
				for r := range rows {
					rows[r] = s.flat[r*line+at : r*line+min(at+strip, line)]
				}
				if err := check(rows, parity); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if errors.Is(err, wrong) {
		return false, nil
	}
	return err == nil, err
}
