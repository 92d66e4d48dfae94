package erasure

import (
	"fmt"
	"slices"
)

// An LRCShape names a locally repairable code of the Azure type: Data shards in Groups groups, a local
// parity shard a group, Global (1 or 2) parity shards over all data, and, with Guard 1, one more parity over the
// global ones, so that these too are repaired from few shards.
//
// The shards lie in this order: data, local parity by groups, global parity, guard.
type LRCShape struct {
	Data, Groups, Global, Guard int
}

// An LRC is a locally repairable code over GF(2^8). One lost data or local parity shard is rebuilt from its
// group. With two global parity shards every loss is decodable that any code with these groups could decode.
// It is safe for concurrent use.
//
// Local parity is the XOR of the group, global parity r the sum of c^(2^r) d over all data shards with
// coefficients c of group t from g^t GF(16)*: differences of coefficients of one group stay in that
// subspace, and the subspaces of different groups meet in zero only.
//
// Source: Huang et al., "Erasure Coding in Windows Azure Storage", USENIX ATC 2012, section 2.2.
type LRC struct {
	shape   LRCShape
	workers int
	checks  matrix8 // every row a parity check: its products with all shards add up to zero
	enc     *rowTable
}

// NewLRC returns the code of a shape: up to 17 groups of up to 15 data shards. Of the options only Workers
// counts. Errors: ErrShape.
func NewLRC(s LRCShape, opt *Options) (*LRC, error) {
	if s.Groups < 1 || s.Groups > 17 || s.Data < s.Groups || s.Global < 1 || s.Global > 2 || s.Guard < 0 || s.Guard > 1 ||
		(s.Data+s.Groups-1)/s.Groups > 15 {
		return nil, fmt.Errorf("%w: LRC of %d data shards in %d groups with %d global parity shards and guard %d",
			ErrShape, s.Data, s.Groups, s.Global, s.Guard)
	}
	l := &LRC{shape: s, workers: opt.workers()}
	rows := newMatrix8(l.Parity(), s.Data)
	t := gf8()
	for j := range s.Data {
		group := l.group(j)
		first := 0
		for l.group(first) != group {
			first++
		}
		c := byte(1)
		for range group + 17*(j-first) {
			c = t.mul[c][2] // 2 generates the field's group
		}
		rows[group][j] = 1
		for r := range s.Global {
			rows[s.Groups+r][j] = c
			if s.Guard > 0 {
				rows[s.Groups+s.Global][j] ^= c
			}
			c = t.mul[c][c]
		}
	}
	l.enc = newRowTable(rows)
	l.checks = newMatrix8(l.Parity(), l.shards())
	for r := range l.checks {
		copy(l.checks[r], rows[r])
		l.checks[r][s.Data+r] = 1
	}
	if s.Guard > 0 {
		last := l.checks[l.Parity()-1]
		clear(last)
		for i := s.Data + s.Groups; i < l.shards(); i++ {
			last[i] = 1
		}
	}
	return l, nil
}

// group returns the group of a data shard; groups differ by one shard at most.
func (l *LRC) group(j int) int { return j * l.shape.Groups / l.shape.Data }

func (l *LRC) shards() int { return l.shape.Data + l.Parity() }

// Name returns "lrc/groups/global/guard".
func (l *LRC) Name() string {
	return fmt.Sprintf("lrc/%d/%d/%d", l.shape.Groups, l.shape.Global, l.shape.Guard)
}

// Data returns the number of data shards.
func (l *LRC) Data() int { return l.shape.Data }

// Parity returns the number of parity shards: local, global and guard.
func (l *LRC) Parity() int { return l.shape.Groups + l.shape.Global + l.shape.Guard }

// SizeMultiple returns 1.
func (l *LRC) SizeMultiple() int { return 1 }

// Encode fills the parity shards. Errors: ErrShape, ErrShardSize.
func (l *LRC) Encode(shards [][]byte) error {
	if _, err := shardSizes(shards, l.shards(), 1, false); err != nil {
		return err
	}
	mulRows(l.enc, shards[:l.shape.Data], shards[l.shape.Data:], l.workers)
	return nil
}

// Reconstruct rebuilds every lost shard, as Code.Reconstruct does. Errors: ErrShape, ErrShardSize, and
// ErrTooFewShards for a loss that these groups cannot decode.
func (l *LRC) Reconstruct(shards [][]byte) error { return l.ReconstructSome(shards, nil) }

// ReconstructSome is Reconstruct for the lost shards i with required[i] only; nil means all of them.
func (l *LRC) ReconstructSome(shards [][]byte, required []bool) error {
	size, err := shardSizes(shards, l.shards(), 1, true)
	if err != nil {
		return err
	}
	if required != nil && len(required) != len(shards) {
		return fmt.Errorf("%w: %d marks for %d shards", ErrShape, len(required), len(shards))
	}
	var lost, present []int
	var in [][]byte
	for i, s := range shards {
		if len(s) == 0 {
			lost = append(lost, i)
		} else {
			present, in = append(present, i), append(in, s)
		}
	}
	want := func(i int) bool { return required == nil || required[i] }
	if !slices.ContainsFunc(lost, want) {
		return nil
	}
	rows, ok := l.solve(lost, present, want)
	if !ok {
		return fmt.Errorf("%w: shards %v are lost", ErrTooFewShards, lost)
	}
	var made []int
	var out [][]byte
	var coefs matrix8
	for n, i := range lost {
		if want(i) {
			b := shards[i]
			if cap(b) < size {
				b = make([]byte, size)
			}
			made, out, coefs = append(made, i), append(out, b[:size]), append(coefs, rows[n])
		}
	}
	mulRows(newRowTable(coefs), in, out, l.workers)
	for n, i := range made {
		shards[i] = out[n]
	}
	return nil
}

// solve returns a row of coefficients of the present shards for each lost one; ok is false if a wanted one
// does not follow from them.
func (l *LRC) solve(lost, present []int, want func(int) bool) (rows matrix8, ok bool) {
	aug := newMatrix8(len(l.checks), len(lost)+len(present))
	for r, check := range l.checks {
		for j, i := range lost {
			aug[r][j] = check[i]
		}
		for j, i := range present {
			aug[r][len(lost)+j] = check[i]
		}
	}
	pivots := aug.echelon(len(lost))
	rows = make(matrix8, len(lost))
	for j, i := range lost {
		if !want(i) {
			continue
		}
		r := pivots[j]
		if r < 0 {
			return nil, false
		}
		for other := range lost {
			if other != j && aug[r][other] != 0 {
				return nil, false // still tied to another lost shard
			}
		}
		rows[j] = aug[r][len(lost):]
	}
	return rows, true
}

// echelon brings the left n columns to reduced row echelon form and returns the pivot row of each, or -1.
func (m matrix8) echelon(n int) []int {
	t := gf8()
	pivots := make([]int, n)
	top := 0
	for c := range n {
		p := top
		for p < len(m) && m[p][c] == 0 {
			p++
		}
		if pivots[c] = -1; p == len(m) {
			continue
		}
		m[top], m[p] = m[p], m[top]
		inv := &t.mul[t.inv[m[top][c]]]
		for j, v := range m[top] {
			m[top][j] = inv[v]
		}
		for r := range m {
			if f := m[r][c]; r != top && f != 0 {
				addMul(f, m[top], m[r])
			}
		}
		pivots[c] = top
		top++
	}
	return pivots
}

// Plan returns the smallest parity check around the lost shard whose other shards can all be read.
// Errors: ErrTooFewShards if there is none, ErrShape.
func (l *LRC) Plan(lost int, dead []bool, size int) (*Plan, error) {
	if lost < 0 || lost >= l.shards() || len(dead) != l.shards() {
		return nil, fmt.Errorf("%w: shard %d of %d", ErrShape, lost, l.shards())
	}
	best := &Plan{}
	for _, check := range l.checks {
		if check[lost] == 0 {
			continue
		}
		p := &Plan{Lost: lost, Size: size}
		usable := true
		for i, c := range check {
			if c != 0 && i != lost {
				usable = usable && !dead[i]
				p.Reads = append(p.Reads, Read{Shard: i, Size: size})
			}
		}
		if usable && (best.Reads == nil || len(p.Reads) < len(best.Reads)) {
			best = p
		}
	}
	if best.Reads == nil {
		return nil, fmt.Errorf("%w: no parity check rebuilds shard %d", ErrTooFewShards, lost)
	}
	return best, nil
}

// Rebuild fills out from the shards of the plan. Errors: ErrShape, ErrShardSize.
func (l *LRC) Rebuild(p *Plan, out []byte, parts [][]byte) error {
	if err := checkParts(p, out, parts); err != nil {
		return err
	}
	t := gf8()
	for _, check := range l.checks {
		fits := check[p.Lost] != 0
		members := 0
		for i, c := range check {
			if c != 0 && i != p.Lost {
				fits = fits && members < len(p.Reads) && p.Reads[members].Shard == i
				members++
			}
		}
		if !fits || members != len(p.Reads) {
			continue
		}
		row := newMatrix8(1, len(parts))
		inv := t.inv[check[p.Lost]]
		for n, r := range p.Reads {
			row[0][n] = t.mul[inv][check[r.Shard]]
		}
		mulRows(newRowTable(row), parts, [][]byte{out}, 1)
		return nil
	}
	return fmt.Errorf("%w: no parity check reads these shards", ErrShape)
}

// checkParts refuses parts that do not fit a plan.
func checkParts(p *Plan, out []byte, parts [][]byte) error {
	if len(parts) != len(p.Reads) {
		return fmt.Errorf("%w: %d parts for %d reads", ErrShape, len(parts), len(p.Reads))
	}
	if len(out) != p.Size {
		return fmt.Errorf("%w: %d bytes, want %d", ErrShardSize, len(out), p.Size)
	}
	for i, b := range parts {
		if len(b) != p.Reads[i].Size {
			return fmt.Errorf("%w: part %d of %d bytes, want %d", ErrShardSize, i, len(b), p.Reads[i].Size)
		}
	}
	return nil
}

// Decodable reports whether the loss of these shards can be rebuilt.
func (l *LRC) Decodable(lost []int) bool {
	var present []int
	for i := range l.shards() {
		if !slices.Contains(lost, i) {
			present = append(present, i)
		}
	}
	_, ok := l.solve(lost, present, func(int) bool { return true })
	return ok
}

// Fatal returns, for i = 0, 1, ..., the exact probability that one more random failure loses data when i
// shards have failed without that, by counting all sets of lost shards; see Model.Years. Codes of more than 24
// shards have too many sets: their result is nil.
func (l *LRC) Fatal() []float64 {
	n := l.shards()
	if n > 24 {
		return nil
	}
	fine := make([]float64, l.Parity()+2)
	for mask := range 1 << n {
		var lost []int
		for i := range n {
			if mask>>i&1 != 0 {
				lost = append(lost, i)
			}
			if len(lost) > l.Parity() {
				break
			}
		}
		if len(lost) <= l.Parity() && l.Decodable(lost) {
			fine[len(lost)]++
		}
	}
	var out []float64
	for i := range l.Parity() + 1 {
		// Of a decodable set of i, (n-i) larger sets each are reached; each set of i+1 is reached i+1 times.
		p := 1 - fine[i+1]*float64(i+1)/(fine[i]*float64(n-i))
		out = append(out, p)
		if fine[i+1] == 0 {
			break
		}
	}
	return out
}
