package erasure

import (
	"fmt"
	"slices"

	"github.com/klauspost/reedsolomon"
)

const (
	clayData   = 10
	clayParity = 4
	clayQ      = 4   // d-k+1 with d = n-1 = 13
	clayT      = 4   // columns of the node grid
	clayNodes  = 16  // q*t; nodes 10 and 11 are virtual and hold zeros
	clayPlanes = 256 // q^t sub-chunks of a shard
	clayGamma  = 2   // coupling; neither 0 nor a square root of 1
)

// A Clay is the coupled-layer code of 10+4 shards that rebuilds one lost shard from a quarter of each of the
// 13 others: 3.25 shards read instead of 10. Any 10 shards rebuild the rest. It is safe for concurrent use.
//
// Shards are cut into 256 sub-chunks, planes z with digits z_0..z_3 to base 4, z_0 first. Nodes form a grid
// of 4 columns y by 4 rows x, node 4y+x. A node's sub-chunk C(x,y;z) with z_y != x is paired with
// C(z_y,y;z with z_y replaced by x): both are mixed from uncoupled ones, C = U + 2U', and in every plane the
// uncoupled sub-chunks are a codeword of RS 12+4.
//
// Source: Vajha et al., "Clay Codes: Moulding MDS Codes to Yield an MSR Code", FAST 2018.
type Clay struct {
	workers int
	rows    matrix8
	repair  [clayT]*recipe8 // of a whole column of nodes
	pairU   byte            // 1/(1+gamma^2)
	pairV   byte            // gamma/(1+gamma^2)
	square  byte            // 1+gamma^2
	invG    byte            // 1/gamma
}

// NewClay returns the 10+4 code. Of the options only Workers counts.
func NewClay(opt *Options) (*Clay, error) {
	t := gf8()
	square := 1 ^ t.mul[clayGamma][clayGamma]
	c := &Clay{
		workers: opt.workers(), rows: vandermonde8(clayNodes-clayQ, clayQ),
		square: square, pairU: t.inv[square], pairV: t.mul[clayGamma][t.inv[square]], invG: t.inv[clayGamma],
	}
	for y := range c.repair {
		column := []int{clayQ * y, clayQ*y + 1, clayQ*y + 2, clayQ*y + 3}
		c.repair[y] = newRecipe8(c.rows, clayNodes-clayQ, column, column)
	}
	return c, nil
}

// Name returns "clay".
func (c *Clay) Name() string { return "clay" }

// Data returns 10.
func (c *Clay) Data() int { return clayData }

// Parity returns 4.
func (c *Clay) Parity() int { return clayParity }

// SizeMultiple returns 256, the number of sub-chunks.
func (c *Clay) SizeMultiple() int { return clayPlanes }

// node returns the grid's node of a shard.
func clayNode(shard int) int {
	if shard < clayData {
		return shard
	}
	return shard + clayNodes - clayData - clayParity
}

// digit returns z_y.
func digit(z, y int) int { return z >> (2 * (clayT - 1 - y)) & (clayQ - 1) }

// swapDigit returns z with z_y replaced by x.
func swapDigit(z, y, x int) int {
	s := 2 * (clayT - 1 - y)
	return z&^((clayQ-1)<<s) | x<<s
}

// Encode fills the parity shards. Errors: ErrShape, ErrShardSize.
func (c *Clay) Encode(shards [][]byte) error {
	size, err := shardSizes(shards, clayData+clayParity, clayPlanes, false)
	if err != nil {
		return err
	}
	c.decode(shards, []int{12, 13, 14, 15}, size)
	return nil
}

// Reconstruct rebuilds every lost shard, as Code.Reconstruct does. Errors: ErrShape, ErrShardSize,
// ErrTooFewShards.
func (c *Clay) Reconstruct(shards [][]byte) error {
	size, err := shardSizes(shards, clayData+clayParity, clayPlanes, true)
	if err != nil {
		return err
	}
	var erased []int
	work := append([][]byte(nil), shards...)
	for i, s := range shards {
		if len(s) != 0 {
			continue
		}
		erased = append(erased, clayNode(i))
		if cap(s) < size {
			work[i] = make([]byte, size)
		}
		work[i] = work[i][:size]
	}
	if len(erased) > clayParity {
		return fmt.Errorf("%w: %d lost, at most %d", ErrTooFewShards, len(erased), clayParity)
	}
	if len(erased) > 0 {
		c.decode(work, erased, size)
		copy(shards, work)
	}
	return nil
}

// A grid holds the coupled (C) and uncoupled (U) shards of all 16 nodes.
type clayGrid struct {
	c, u  [clayNodes][]byte
	chunk int
}

func (g *clayGrid) cc(node, z int) []byte { return g.c[node][z*g.chunk : (z+1)*g.chunk] }
func (g *clayGrid) uu(node, z int) []byte { return g.u[node][z*g.chunk : (z+1)*g.chunk] }

func newClayGrid(shards [][]byte, size int) *clayGrid {
	g := &clayGrid{chunk: size / clayPlanes}
	zero := make([]byte, size)
	copy(g.u[:], cut(make([]byte, clayNodes*size), clayNodes, size))
	for n := range g.c {
		g.c[n] = zero
	}
	for i, s := range shards {
		g.c[clayNode(i)] = s
	}
	return g
}

// decode fills the shards of the erased nodes, at most 4, from the others.
//
// Planes are taken by their number of erased nodes with z_y = x: what a plane's pairs need of erased nodes
// was found in planes with fewer.
func (c *Clay) decode(shards [][]byte, erased []int, size int) {
	g := newClayGrid(shards, size)
	var gone [clayNodes]bool
	for _, n := range erased {
		gone[n] = true
	}
	r := newRecipe8(c.rows, clayNodes-clayQ, erased, erased)
	for score := range len(erased) + 1 {
		var planes []int
		for z := range clayPlanes {
			s := 0
			for _, n := range erased {
				if digit(z, n/clayQ) == n%clayQ {
					s++
				}
			}
			if s == score {
				planes = append(planes, z)
			}
		}
		// Planes of one score touch only their own uncoupled sub-chunks. The closure returns no error.
		_ = parallel(c.workers, len(planes), func(lo, hi int) error {
			for _, z := range planes[lo:hi] {
				for n := range clayNodes {
					if !gone[n] {
						c.uncouple(g, n, z, &gone)
					}
				}
				c.plane(g, r, z)
			}
			return nil
		})
	}
	_ = parallel(c.workers, clayPlanes, func(lo, hi int) error {
		for z := lo; z < hi; z++ {
			for _, n := range erased {
				c.couple(g, n, z, &gone)
			}
		}
		return nil
	})
}

// plane fills the uncoupled sub-chunks of the nodes that a recipe makes.
func (c *Clay) plane(g *clayGrid, r *recipe8, z int) {
	in, out := make([][]byte, len(r.inputs)), make([][]byte, len(r.lost))
	for i, n := range r.inputs {
		in[i] = g.uu(n, z)
	}
	for i, n := range r.lost {
		out[i] = g.uu(n, z)
	}
	mulRange(r.table, in, out, 0, g.chunk)
}

// uncouple sets U of a node that is there in a plane.
func (c *Clay) uncouple(g *clayGrid, n, z int, gone *[clayNodes]bool) {
	x, y := n%clayQ, n/clayQ
	zy := digit(z, y)
	u := g.uu(n, z)
	if zy == x {
		copy(u, g.cc(n, z))
		return
	}
	partner, pz := clayQ*y+zy, swapDigit(z, y, x)
	if gone[partner] {
		copy(u, g.cc(n, z)) // U = C + gamma U', found in a plane of lower score
		addMul(clayGamma, g.uu(partner, pz), u)
		return
	}
	mulTo(c.pairU, g.cc(n, z), u)
	addMul(c.pairV, g.cc(partner, pz), u)
}

// couple sets C of an erased node in a plane; all U of erased nodes are known.
func (c *Clay) couple(g *clayGrid, n, z int, gone *[clayNodes]bool) {
	x, y := n%clayQ, n/clayQ
	zy := digit(z, y)
	out := g.cc(n, z)
	if zy == x {
		copy(out, g.uu(n, z))
		return
	}
	partner, pz := clayQ*y+zy, swapDigit(z, y, x)
	if gone[partner] {
		copy(out, g.uu(n, z))
		addMul(clayGamma, g.uu(partner, pz), out)
		return
	}
	mulTo(c.square, g.uu(n, z), out) // C = (1+gamma^2) U + gamma C'
	addMul(clayGamma, g.cc(partner, pz), out)
}

func mulTo(f byte, src, dst []byte) { reedsolomon.LowLevel{}.GalMulSlice(f, src, dst) }

// repairPlanes returns the planes that rebuilding a node reads, ascending: those with z_y = x.
func repairPlanes(node int) []int {
	var out []int
	for z := range clayPlanes {
		if digit(z, node/clayQ) == node%clayQ {
			out = append(out, z)
		}
	}
	return out
}

// Plan returns a quarter of every other shard. Errors: ErrTooFewShards if one of them is dead, ErrShape,
// ErrShardSize.
func (c *Clay) Plan(lost int, dead []bool, size int) (*Plan, error) {
	if lost < 0 || lost >= clayData+clayParity || len(dead) != clayData+clayParity {
		return nil, fmt.Errorf("%w: shard %d of %d", ErrShape, lost, clayData+clayParity)
	}
	if size < 1 || size%clayPlanes != 0 {
		return nil, fmt.Errorf("%w: %d bytes, want a multiple of %d", ErrShardSize, size, clayPlanes)
	}
	chunk := size / clayPlanes
	p := &Plan{Lost: lost, Size: size}
	planes := repairPlanes(clayNode(lost))
	for i := range dead {
		if i == lost {
			continue
		}
		if dead[i] {
			return nil, fmt.Errorf("%w: shard %d is needed to rebuild %d", ErrTooFewShards, i, lost)
		}
		for lo := 0; lo < len(planes); {
			hi := lo + 1
			for hi < len(planes) && planes[hi] == planes[hi-1]+1 {
				hi++
			}
			p.Reads = append(p.Reads, Read{Shard: i, Offset: planes[lo] * chunk, Size: (hi - lo) * chunk})
			lo = hi
		}
	}
	return p, nil
}

// Rebuild fills out, the lost shard, from the parts that a plan of this code reads. Errors: ErrShape,
// ErrShardSize.
func (c *Clay) Rebuild(p *Plan, out []byte, parts [][]byte) error {
	want, err := c.Plan(p.Lost, make([]bool, clayData+clayParity), p.Size)
	if err != nil {
		return err
	}
	if !slices.Equal(want.Reads, p.Reads) {
		return fmt.Errorf("%w: no plan of this code", ErrShape)
	}
	if err := checkParts(p, out, parts); err != nil {
		return err
	}
	lost := clayNode(p.Lost)
	x0, y0 := lost%clayQ, lost/clayQ
	planes := repairPlanes(lost)
	g := newClayGrid(nil, p.Size)
	index := make([]int, clayPlanes) // the place of a plane among those that were read
	for i, z := range planes {
		index[z] = i
	}
	quarter := cut(make([]byte, clayNodes*len(planes)*g.chunk), clayNodes, len(planes)*g.chunk)
	fill := make([]int, clayNodes)
	for i, r := range p.Reads {
		n := clayNode(r.Shard)
		fill[n] += copy(quarter[n][fill[n]:], parts[i])
	}
	read := func(n, z int) []byte { return quarter[n][index[z]*g.chunk : (index[z]+1)*g.chunk] }
	for _, z := range planes {
		for n := range clayNodes {
			x, y := n%clayQ, n/clayQ
			if y == y0 {
				continue
			}
			u := g.uu(n, z)
			if zy := digit(z, y); zy != x {
				mulTo(c.pairU, read(n, z), u)
				addMul(c.pairV, read(clayQ*y+zy, swapDigit(z, y, x)), u)
				continue
			}
			copy(u, read(n, z))
		}
		c.plane(g, c.repair[y0], z)
		copy(out[z*g.chunk:], g.uu(lost, z))
		for x := range clayQ {
			if x == x0 {
				continue
			}
			// The helper (x,y0;z) is paired with the lost (x0,y0;z(y0->x)): C = U + gamma U', C' = U' + gamma U.
			n := clayQ*y0 + x
			pz := swapDigit(z, y0, x)
			dst := out[pz*g.chunk : (pz+1)*g.chunk]
			mulTo(c.invG, read(n, z), dst)
			addMul(c.invG^clayGamma, g.uu(n, z), dst)
		}
	}
	return nil
}
