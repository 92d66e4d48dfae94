package fr8

import (
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// The reference of these tests is fr.Element, lane by lane; results are compared modulo r, as they are
// redundant, and against the bounds that the functions state.

func needVectors(t testing.TB) {
	t.Helper()
	kerneltest.Need(t, supported, "ifma")
}

const low52 = 1<<52 - 1

// bound returns n*r/10.
func bound(tenths int64) *big.Int {
	x := new(big.Int).Mul(fr.Modulus(), big.NewInt(tenths))
	return x.Quo(x, big.NewInt(10))
}

// power returns 2^n.
func power(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }

// value returns the integer in a lane.
func value(e *Elem, lane int) *big.Int {
	x := new(big.Int)
	for j := 4; j >= 0; j-- {
		x.Lsh(x, 52)
		x.Add(x, new(big.Int).SetUint64(e[lane/8][j][lane%8]&low52))
	}
	return x
}

// residue returns the element in a lane.
func residue(e *Elem, lane int) (out fr.Element) {
	out.SetBigInt(value(e, lane))
	return out
}

// setLane writes an integer to a lane, with rubbish above the 52 bits of all limbs but the last.
func setLane(rng *rand.Rand, e *Elem, lane int, x *big.Int) {
	for j, l := range Limbs(x, 5) {
		if j < 4 {
			l |= rng.Uint64() &^ low52
		}
		e[lane/8][j][lane%8] = l
	}
}

// edge returns an integer below limit, half the time near a place where carries turn.
func edge(rng *rand.Rand, limit *big.Int) *big.Int {
	x := new(big.Int)
	switch rng.IntN(6) {
	case 0:
		x.SetUint64(uint64(rng.IntN(3)))
	case 1:
		x.Sub(limit, big.NewInt(int64(1+rng.IntN(3))))
	case 2:
		x.Lsh(big.NewInt(1), []uint{52, 64, 104, 156, 208, 254, 255, 256}[rng.IntN(8)])
		x.Add(x, big.NewInt(int64(rng.IntN(3)-1)))
	default:
		for range 5 {
			x.Lsh(x, 64)
			x.Add(x, new(big.Int).SetUint64(rng.Uint64()))
		}
	}
	return x.Mod(x, limit)
}

// elems returns n elements of values below limit.
func elems(t testing.TB, rng *rand.Rand, n int, limit *big.Int) []Elem {
	out := kerneltest.Guarded[Elem](t, n, true)
	for i := range out {
		for lane := range Lanes {
			setLane(rng, &out[i], lane, edge(rng, limit))
		}
	}
	return out
}

// words returns n integers below 2^52, edges among them.
func words(t testing.TB, rng *rand.Rand, n int) []uint64 {
	out := kerneltest.Guarded[uint64](t, n, true)
	for i := range out {
		out[i] = edge(rng, power(52)).Uint64()
	}
	return out
}

// constants returns n scalars below r.
func constants(t testing.TB, rng *rand.Rand, n int) []Scalar {
	out := kerneltest.Guarded[Scalar](t, n, true)
	for i := range out {
		out[i] = Scalar(Limbs(edge(rng, fr.Modulus()), 5))
	}
	return out
}

// whole returns the element of a constant.
func whole(s *Scalar) (out fr.Element) {
	x := new(big.Int)
	for j := 4; j >= 0; j-- {
		x.Lsh(x, 52)
		x.Add(x, new(big.Int).SetUint64(s[j]))
	}
	out.SetBigInt(x)
	return out
}

// inverse returns 1/2^n.
func inverse(n uint) (out fr.Element) {
	out.SetBigInt(power(n))
	out.Inverse(&out)
	return out
}

// check compares a lane with what it should hold.
func check(t *testing.T, what string, e *Elem, lane int, want fr.Element, limit *big.Int) {
	t.Helper()
	if got := residue(e, lane); got != want {
		t.Fatalf("%s: lane %d is %s, want %s", what, lane, got.String(), want.String())
	}
	if v := value(e, lane); v.Cmp(limit) >= 0 {
		t.Fatalf("%s: lane %d is %d bits long, over its bound", what, lane, v.BitLen())
	}
}

func TestLoadNodes(t *testing.T) {
	needVectors(t)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, stride := range []int{1, 2, 4, 8, 11, 16} {
		nodes := kerneltest.Guarded[[32]byte](t, (Lanes-1)*stride+1, true)
		for i := range nodes {
			binaryNode(&nodes[i], edge(rng, fr.Modulus()))
		}
		add, dst := constants(t, rng, 1), kerneltest.Guarded[Elem](t, 1, true)
		LoadNodes(&dst[0], nodes, stride, &add[0])
		for lane := range Lanes {
			want, err := fr.LittleEndian.Element(&nodes[laneNode(lane)*stride])
			if err != nil {
				t.Fatal(err)
			}
			c := whole(&add[0])
			check(t, "LoadNodes", &dst[0], lane, *want.Add(&want, &c), bound(20))
		}
		if stride == 1 {
			flat := kerneltest.Guarded[byte](t, 32*Lanes, true)
			for i := range nodes {
				copy(flat[32*i:], nodes[i][:])
			}
			again := kerneltest.Guarded[Elem](t, 1, true)
			LoadBytes(&again[0], flat, &add[0])
			if again[0] != dst[0] {
				t.Fatal("LoadBytes and LoadNodes differ")
			}
		}
	}
}

func binaryNode(d *[32]byte, x *big.Int) {
	var b [32]byte
	x.FillBytes(b[:])
	for i := range 4 {
		binary.LittleEndian.PutUint64(d[8*i:], binary.BigEndian.Uint64(b[24-8*i:]))
	}
}

func TestStoreNodes(t *testing.T) {
	needVectors(t)
	rng := rand.New(rand.NewPCG(1, 2))
	r := inverse(260)
	for range 200 {
		src, k := elems(t, rng, 1, power(258)), constants(t, rng, 1)
		dst := kerneltest.Guarded[[Lanes][32]byte](t, 1, true)
		StoreNodes(&dst[0], &src[0], &k[0])
		for lane := range Lanes {
			want, c := residue(&src[0], lane), whole(&k[0])
			want.Mul(&want, &c).Mul(&want, &r)
			var b [32]byte
			fr.LittleEndian.PutElement(&b, want)
			if dst[0][laneNode(lane)] != b {
				t.Fatalf("lane %d: %x, want %x", lane, dst[0][laneNode(lane)], b)
			}
		}
	}
}

// laneNode says which node LoadNodes puts into a lane.
func laneNode(lane int) int { return lane&8 | [8]int{0, 1, 4, 5, 2, 3, 6, 7}[lane&7] }

func TestSbox(t *testing.T) {
	needVectors(t)
	rng := rand.New(rand.NewPCG(1, 3))
	r4 := inverse(1040)
	for n := 1; n <= 12; n++ {
		x, scratch := elems(t, rng, n, bound(80)), kerneltest.Guarded[Elem](t, n, true)
		before := append([]Elem(nil), x...)
		Sbox(x, scratch)
		for i := range x {
			for lane := range Lanes {
				v := residue(&before[i], lane)
				want := v
				want.Square(&want).Square(&want).Mul(&want, &v).Mul(&want, &r4)
				check(t, "Sbox", &x[i], lane, want, bound(13))
			}
		}
	}
}

func TestRows(t *testing.T) {
	needVectors(t)
	rng := rand.New(rand.NewPCG(1, 4))
	inv := inverse(52)
	for rows := 1; rows <= 12; rows++ {
		for columns := 1; columns <= 12; columns++ {
			dst, src := kerneltest.Guarded[Elem](t, rows, true), elems(t, rng, columns, power(256))
			hankel, start := words(t, rng, rows+columns-1), constants(t, rng, rows)
			for i := range hankel {
				hankel[i] >>= 8
			}
			Rows(dst, src, hankel, start)
			for i := range dst {
				for lane := range Lanes {
					want := whole(&start[i])
					for j := range src {
						v, n := residue(&src[j], lane), fr.NewElement(hankel[i+j])
						want.Add(&want, v.Mul(&v, &n))
					}
					check(t, "Rows", &dst[i], lane, *want.Mul(&want, &inv), bound(12))
				}
			}
		}
	}
}

func TestNegate(t *testing.T) {
	needVectors(t)
	rng := rand.New(rand.NewPCG(1, 5))
	for n := 1; n <= 12; n++ {
		src, dst := elems(t, rng, n, bound(20)), kerneltest.Guarded[Elem](t, n, true)
		Negate(dst, src)
		for i := range dst {
			for lane := range Lanes {
				v := residue(&src[i], lane)
				check(t, "Negate", &dst[i], lane, *v.Neg(&v), bound(21))
			}
		}
	}
}

func TestCombine(t *testing.T) {
	needVectors(t)
	rng := rand.New(rand.NewPCG(1, 6))
	for m := 1; m <= 4; m++ {
		for n := 1; n <= 12; n++ {
			src, dst, ws := elems(t, rng, 24, power(258)), kerneltest.Guarded[Sum](t, 1, true), words(t, rng, n*m)
			pick := make([]uint64, n)
			for i := range pick {
				pick[i] = uint64(rng.IntN(len(src)))
			}
			Combine(&dst[0], src, pick, ws, m)
			for lane := range Lanes {
				got, want := new(big.Int), new(big.Int)
				for k := 8; k >= 0; k-- {
					got.Lsh(got, 52)
					got.Add(got, new(big.Int).SetUint64(dst[0][lane/8][k][lane%8]))
				}
				for i, p := range pick {
					c := new(big.Int)
					for k := m - 1; k >= 0; k-- {
						c.Lsh(c, 52)
						c.Add(c, new(big.Int).SetUint64(ws[i*m+k]))
					}
					want.Add(want, c.Mul(c, value(&src[p], lane)))
				}
				if got.Cmp(want) != 0 {
					t.Fatalf("%d terms of %d limbs, lane %d: %x, want %x", n, m, lane, got, want)
				}
			}
		}
	}
}

func TestMatrix(t *testing.T) {
	needVectors(t)
	rng := rand.New(rand.NewPCG(1, 7))
	inv := inverse(260)
	for _, n := range [][2]int{{1, 1}, {2, 5}, {4, 9}, {8, 17}, {11, 23}, {3, 24}} {
		rows, columns := n[0], n[1]
		dst, src := kerneltest.Guarded[Elem](t, rows, true), elems(t, rng, columns, bound(120))
		for j := 1; j < columns; j += 2 {
			copy(src[j:j+1], elems(t, rng, 1, bound(14)))
		}
		ws, start := constants(t, rng, rows*columns), constants(t, rng, rows)
		Matrix(dst, src, ws, start)
		for i := range dst {
			for lane := range Lanes {
				want := whole(&start[i])
				for j := range src {
					v, n := residue(&src[j], lane), whole(&ws[i*columns+j])
					want.Add(&want, v.Mul(&v, &n))
				}
				check(t, "Matrix", &dst[i], lane, *want.Mul(&want, &inv), bound(70))
			}
		}
	}
}

// TestPartial runs the partial rounds with coefficients of full length against the recurrence itself.
func TestPartial(t *testing.T) {
	needVectors(t)
	rng := rand.New(rand.NewPCG(1, 8))
	for _, width := range []int{3, 5, 9, 12} {
		s := shapeOf(width)
		for _, n := range []int{1, 2, width - 1, width, width + 1, 57} {
			a, b := lengths(rng, s.a), lengths(rng, s.b)
			p := NewPartial(a, b)
			k, c := make([]fr.Element, n), make([]fr.Element, n)
			for r := range n {
				k[r].SetBigInt(edge(rng, fr.Modulus()))
				c[r].SetBigInt(edge(rng, fr.Modulus()))
				p.AddRound(&k[r], &c[r])
			}
			history, sums, scratch := kerneltest.Guarded[Elem](t, 2*n+1, true), kerneltest.Guarded[Sum](t, width-1, true), kerneltest.Guarded[[2]Elem](t, 1, true)
			copy(history, elems(t, rng, 1, power(256)))
			g := elems(t, rng, width-1, power(256))
			most := new(big.Int).Sub(power(uint(min(slices.Max(s.b), 202))), big.NewInt(1))
			m := (most.BitLen() + 51) / 52
			for i := range g {
				Combine(&sums[i], g[i:i+1], []uint64{0}, Limbs(most, m), m)
			}
			p.Run(history, sums, &scratch[0])
			limit := bound(10 * int64(s.slack) << s.shift)
			for lane := range Lanes {
				u, y := []fr.Element{residue(&history[0], lane)}, []fr.Element(nil)
				for r := 1; r <= n; r++ {
					y = append(y, fifth(u[r-1], k[r-1]))
					check(t, "Run, y", &history[2*r-1], lane, y[r-1], bound(16))
					sum := c[r-1]
					for i := 1; i <= width && i <= r; i++ {
						if i < width {
							addProduct(&sum, a[i], u[r-i])
						}
						addProduct(&sum, b[i], y[r-i])
					}
					if r < width {
						addProduct(&sum, most, residue(&g[r-1], lane))
					}
					u = append(u, *sum.Neg(&sum))
					check(t, "Run, u", &history[2*r], lane, u[r], limit)
				}
			}
		}
	}
}

// lengths returns integers of the given bit lengths at index 1 on.
func lengths(rng *rand.Rand, bits []int) []*big.Int {
	out := []*big.Int{nil}
	for _, n := range bits {
		x := new(big.Int).Sub(power(uint(n)), big.NewInt(1))
		if rng.IntN(2) == 0 {
			x = edge(rng, x)
		}
		out = append(out, x)
	}
	return out
}

// fifth returns k u^5/2^1040.
func fifth(u, k fr.Element) fr.Element {
	y, r := u, inverse(1040)
	y.Square(&y).Square(&y).Mul(&y, &u).Mul(&y, &k)
	return *y.Mul(&y, &r)
}

// addProduct adds n*x to sum.
func addProduct(sum *fr.Element, n *big.Int, x fr.Element) {
	var e fr.Element
	e.SetBigInt(n)
	e.Mul(&e, &x)
	sum.Add(sum, &e)
}

// TestMulAdd compares both ways with big integers.
func TestMulAdd(t *testing.T) {
	for _, way := range []struct {
		name   string
		have   bool
		mulAdd func(acc *[6]uint64, x []fr.Element, n []uint64)
	}{{"generic", true, mulAddGeneric}, {"adx", supportedADX, MulAdd}} {
		t.Run(way.name, func(t *testing.T) {
			kerneltest.Need(t, way.have, way.name)
			testMulAdd(t, way.mulAdd)
		})
	}
}

func testMulAdd(t *testing.T, mulAdd func(acc *[6]uint64, x []fr.Element, n []uint64)) {
	rng := rand.New(rand.NewPCG(1, 9))
	for _, end := range []bool{false, true} {
		for terms := 0; terms <= 60; terms++ {
			x, n, acc := kerneltest.Guarded[fr.Element](t, terms, end), kerneltest.Guarded[uint64](t, terms, end), kerneltest.Guarded[[6]uint64](t, 1, end)
			acc[0] = words384(edge(rng, power(330)))
			want := integer(acc[0][:])
			for i := range x {
				e := words384(edge(rng, power(256)))
				copy(x[i][:], e[:4])
				n[i] = rng.Uint64() | uint64(-rng.IntN(2))
				want.Add(want, new(big.Int).Mul(integer(x[i][:]), new(big.Int).SetUint64(n[i])))
			}
			mulAdd(&acc[0], x, n)
			if got := integer(acc[0][:]); got.Cmp(want) != 0 {
				t.Fatalf("%d terms: %x, want %x", terms, got, want)
			}
		}
	}
}

// integer returns the value of words.
func integer(ws []uint64) *big.Int {
	x := new(big.Int)
	for i := len(ws) - 1; i >= 0; i-- {
		x.Lsh(x, 64)
		x.Add(x, new(big.Int).SetUint64(ws[i]))
	}
	return x
}

// words384 returns the six words of x.
func words384(x *big.Int) (out [6]uint64) {
	y := new(big.Int).Set(x)
	for i := range out {
		out[i] = y.Uint64()
		y.Rsh(y, 64)
	}
	return out
}
