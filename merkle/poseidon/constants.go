package poseidon

import (
	"fmt"
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// FullRounds is the number of full rounds, half of them before the partial ones, for every arity.
const FullRounds = 8

// Constants are the parameters of one arity in their plain form, as circuits need them.
type Constants struct {
	Arity         int
	Width         int // Arity + 1
	PartialRounds int
	Round         []fr.Element // (FullRounds+PartialRounds)*Width, round by round
	MDS           []fr.Element // Width*Width, row by row: 1/(i + j + Width), symmetric
}

// Arities lists the arities that Hash accepts, in ascending order.
func Arities() []int { return []int{1, 2, 4, 8, 11} }

// partialRounds returns the number of partial rounds of an arity, 0 for an arity unknown here.
//
// Source: neptune/src/round_numbers.rs, release 11.
func partialRounds(arity int) int {
	switch arity {
	case 1, 2:
		return 55
	case 4:
		return 56
	case 8, 11:
		return 57
	}
	return 0
}

// tables holds the constants of each width, made at first use.
var tables [13]struct {
	once  sync.Once
	plain *Constants
}

// ConstantsOf returns the constants of an arity. The value is shared: do not change it. The error
// names an arity that is not one of Arities.
func ConstantsOf(arity int) (*Constants, error) {
	if partialRounds(arity) == 0 {
		return nil, fmt.Errorf("%w: %d", ErrArity, arity)
	}
	return constantsOf(arity), nil
}

// constantsOf is ConstantsOf for an arity known to be good.
func constantsOf(arity int) *Constants {
	e := &tables[arity+1]
	e.once.Do(func() { e.plain = makeConstants(arity) })
	return e.plain
}

// makeConstants derives the constants of one arity.
func makeConstants(arity int) *Constants {
	t := arity + 1
	c := &Constants{Arity: arity, Width: t, PartialRounds: partialRounds(arity)}
	rounds := FullRounds + c.PartialRounds
	lfsr := newGrain(t, FullRounds, c.PartialRounds)
	c.Round = make([]fr.Element, rounds*t)
	for i := range c.Round {
		c.Round[i] = lfsr.element()
	}
	c.MDS = make([]fr.Element, t*t)
	for i := range c.MDS {
		c.MDS[i].SetUint64(uint64(i/t + i%t + t))
	}
	c.MDS = fr.BatchInvert(c.MDS)
	return c
}

// A grain is the Grain LFSR in its self-shrinking mode: 80 bits, oldest first.
//
// Source: the Poseidon paper, appendix E; neptune/src/round_constants.rs.
type grain struct{ lo, hi uint64 } // bit i of the register is bit i of lo, from 64 on of hi

// newGrain seeds the register with the instance: prime field (1, 2 bits), S-box (1, 4 bits), field
// bits (12), width (12), full and partial rounds (10 each) and thirty ones, each number from its most
// significant bit, and drops the first 160 bits.
func newGrain(width, full, partial int) *grain {
	g := new(grain)
	n := 0
	push := func(value uint64, bits int) {
		for bits--; bits >= 0; bits-- {
			bit := value >> bits & 1
			if n < 64 {
				g.lo |= bit << n
			} else {
				g.hi |= bit << (n - 64)
			}
			n++
		}
	}
	push(1, 2)
	push(1, 4)
	push(fr.Bits, 12)
	push(uint64(width), 12)
	push(uint64(full), 10)
	push(uint64(partial), 10)
	push(1<<30-1, 30)
	for range 160 {
		g.step()
	}
	return g
}

// step shifts the register by one bit and returns the bit that enters it.
func (g *grain) step() uint64 {
	bit := (g.lo>>62 ^ g.lo>>51 ^ g.lo>>38 ^ g.lo>>23 ^ g.lo>>13 ^ g.lo) & 1
	g.lo = g.lo>>1 | g.hi<<63
	g.hi = g.hi>>1 | bit<<15
	return bit
}

// bit returns the next bit of the self-shrinking output: of each pair the second, if the first is 1.
func (g *grain) bit() uint64 {
	for {
		keep, bit := g.step(), g.step()
		if keep == 1 {
			return bit
		}
	}
}

// element draws 255 bits, most significant first, until they are below r.
func (g *grain) element() fr.Element {
	for {
		var b [fr.Bytes]byte
		for i := 1; i <= fr.Bits; i++ {
			b[i/8] |= byte(g.bit() << (7 - i%8))
		}
		if e, err := fr.BigEndian.Element(&b); err == nil {
			return e
		}
	}
}
