package fixed

import (
	"fmt"
	"math/big"
	"testing"
)

// edges are the values at which a format can go wrong, as 128-bit words.
func edges() (out []u128) {
	add := func(hi, lo uint64) { out = append(out, u128{hi, lo}, u128{hi, lo}.neg()) }
	for k := range uint(128) {
		var hi, lo uint64
		if k < 64 {
			lo = 1 << k
		} else {
			hi = 1 << (k - 64)
		}
		if k%7 == 0 || k%32 == 0 || k%32 == 31 || k > 124 {
			add(hi, lo)
			a, _ := u128{hi, lo}.sub(u128{0, 1})
			add(a.hi, a.lo)
		}
	}
	add(0, 0)
	add(0, 65535<<32)
	add(0x123456789abcdef0, 0xfedcba9876543210)
	return out
}

func bigOf(u u128, signed bool) *big.Int {
	v, _ := new(big.Int).SetString(decimal(u, signed), 10)
	return v
}

// reference is an operation on integers of a format with f fraction bits: nil where it is not defined.
type reference func(a, b *big.Int, f uint) *big.Int

var (
	refAdd reference = func(a, b *big.Int, _ uint) *big.Int { return new(big.Int).Add(a, b) }
	refSub reference = func(a, b *big.Int, _ uint) *big.Int { return new(big.Int).Sub(a, b) }
	refMul reference = func(a, b *big.Int, f uint) *big.Int { p := new(big.Int).Mul(a, b); return p.Rsh(p, f) }
	refDiv reference = func(a, b *big.Int, f uint) *big.Int {
		if b.Sign() == 0 {
			return nil
		}
		return new(big.Int).Quo(new(big.Int).Lsh(a, f), b)
	}
)

// bounds are the ends of a format of so many bits.
func bounds(width uint, signed bool) (lo, hi *big.Int) {
	one := big.NewInt(1)
	if signed {
		hi = new(big.Int).Lsh(one, width-1)
		return new(big.Int).Neg(hi), hi.Sub(hi, one)
	}
	hi = new(big.Int).Lsh(one, width)
	return new(big.Int), hi.Sub(hi, one)
}

// clamped is v within a format; ok says it needed no clamping.
func clamped(v *big.Int, width uint, signed bool) (out *big.Int, ok bool) {
	lo, hi := bounds(width, signed)
	switch {
	case v.Cmp(lo) < 0:
		return lo, false
	case v.Cmp(hi) > 0:
		return hi, false
	}
	return v, true
}

// checkAll compares every operation of every format on one pair of words with big integers.
func checkAll(a, b u128) error {
	if err := check32(I32F32(a.lo), I32F32(b.lo)); err != nil {
		return err
	}
	if err := checkSigned(a, b); err != nil {
		return err
	}
	return checkUnsigned(a, b)
}

type result struct {
	name string
	got  fmt.Stringer
	ok   bool // of checked operations; true of the others
	ref  reference
	kind int
}

const (
	saturating = iota
	checked
	safe
	wrapping
)

func (r *result) compare(a, b *big.Int, f, width uint, signed bool) error {
	exact, fits := r.ref(a, b, f), false
	want := new(big.Int)
	if exact != nil {
		want, fits = clamped(exact, width, signed)
	}
	switch r.kind {
	case checked:
		if r.ok != fits {
			return fmt.Errorf("%s(%v, %v): ok = %v, want %v", r.name, a, b, r.ok, fits)
		}
		if !fits {
			return nil
		}
	case safe:
		if !fits {
			want = new(big.Int)
		}
	case wrapping:
		lo, _ := bounds(width, signed)
		want = new(big.Int).Sub(exact, lo)
		want.And(want, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), width), big.NewInt(1))).Add(want, lo)
	}
	if r.got.String() != want.String() {
		return fmt.Errorf("%s(%v, %v) = %v, want %v", r.name, a, b, r.got, want)
	}
	return nil
}

type bits64 I32F32

func (x bits64) String() string { return fmt.Sprint(int64(x)) }

func check32(a, b I32F32) error {
	add, addOK := a.CheckedAdd(b)
	mul, mulOK := a.CheckedMul(b)
	div, divOK := a.CheckedDiv(b)
	list := []result{
		{"SatAdd", bits64(a.SatAdd(b)), true, refAdd, saturating}, {"SatSub", bits64(a.SatSub(b)), true, refSub, saturating},
		{"SatMul", bits64(a.SatMul(b)), true, refMul, saturating}, {"Add", bits64(a.Add(b)), true, refAdd, wrapping},
		{"Sub", bits64(a.Sub(b)), true, refSub, wrapping}, {"CheckedAdd", bits64(add), addOK, refAdd, checked},
		{"CheckedMul", bits64(mul), mulOK, refMul, checked}, {"CheckedDiv", bits64(div), divOK, refDiv, checked},
		{"SafeDiv", bits64(a.SafeDiv(b)), true, refDiv, safe}, {"MulOrZero", bits64(a.MulOrZero(b)), true, refMul, safe},
	}
	if v, ok := a.SatDiv(b); ok {
		list = append(list, result{"SatDiv", bits64(v), true, refDiv, saturating})
	} else if b != 0 {
		return fmt.Errorf("SatDiv(%d, %d) is not ok", a, b)
	}
	for _, r := range list {
		if err := r.compare(big.NewInt(int64(a)), big.NewInt(int64(b)), 32, 64, true); err != nil {
			return fmt.Errorf("I32F32: %w", err)
		}
	}
	return nil
}

func checkSigned(a, b u128) error {
	x, y := I64F64(fromBits(a)), I64F64(fromBits(b))
	m, mOK := x.CheckedMul(y)
	d, dOK := x.CheckedDiv(y)
	for _, r := range []result{
		{"Add", x.Add(y), true, refAdd, wrapping}, {"SatAdd", x.SatAdd(y), true, refAdd, saturating}, {"SatSub", x.SatSub(y), true, refSub, saturating},
		{"SatMul", x.SatMul(y), true, refMul, saturating}, {"CheckedMul", m, mOK, refMul, checked}, {"CheckedDiv", d, dOK, refDiv, checked},
		{"SafeDiv", x.SafeDiv(y), true, refDiv, safe},
	} {
		if err := r.compare(bigOf(a, true), bigOf(b, true), 64, 128, true); err != nil {
			return fmt.Errorf("I64F64: %w", err)
		}
	}
	p, q := I96F32(x), I96F32(y)
	n, nOK := p.CheckedMul(q)
	e, eOK := p.CheckedDiv(q)
	for _, r := range []result{
		{"Add", p.Add(q), true, refAdd, wrapping}, {"SatAdd", p.SatAdd(q), true, refAdd, saturating}, {"SatSub", p.SatSub(q), true, refSub, saturating},
		{"SatMul", p.SatMul(q), true, refMul, saturating}, {"CheckedMul", n, nOK, refMul, checked}, {"CheckedDiv", e, eOK, refDiv, checked},
		{"SafeDiv", p.SafeDiv(q), true, refDiv, safe},
	} {
		if err := r.compare(bigOf(a, true), bigOf(b, true), 32, 128, true); err != nil {
			return fmt.Errorf("I96F32: %w", err)
		}
	}
	return nil
}

func checkUnsigned(a, b u128) error {
	u, v := new(big.Int).SetUint64(a.lo), new(big.Int).SetUint64(b.lo)
	for _, r := range []result{
		{"SatAddU64", new(big.Int).SetUint64(SatAddU64(a.lo, b.lo)), true, refAdd, saturating},
		{"SatMulU64", new(big.Int).SetUint64(SatMulU64(a.lo, b.lo)), true, refMul, saturating},
	} {
		if err := r.compare(u, v, 0, 64, false); err != nil {
			return err
		}
	}
	x, y := a.u64f64(), b.u64f64()
	d, dOK := x.CheckedDiv(y)
	for _, r := range []result{
		{"SatAdd", x.SatAdd(y), true, refAdd, saturating}, {"SatSub", x.SatSub(y), true, refSub, saturating},
		{"SatMul", x.SatMul(y), true, refMul, saturating}, {"CheckedDiv", d, dOK, refDiv, checked}, {"SafeDiv", x.SafeDiv(y), true, refDiv, safe},
	} {
		if err := r.compare(bigOf(a, false), bigOf(b, false), 64, 128, false); err != nil {
			return fmt.Errorf("U64F64: %w", err)
		}
	}
	p, q := a.u96f32(), b.u96f32()
	e, eOK := p.CheckedDiv(q)
	for _, r := range []result{
		{"SatAdd", p.SatAdd(q), true, refAdd, saturating}, {"SatSub", p.SatSub(q), true, refSub, saturating},
		{"SatMul", p.SatMul(q), true, refMul, saturating}, {"CheckedDiv", e, eOK, refDiv, checked}, {"SafeDiv", p.SafeDiv(q), true, refDiv, safe},
	} {
		if err := r.compare(bigOf(a, false), bigOf(b, false), 32, 128, false); err != nil {
			return fmt.Errorf("U96F32: %w", err)
		}
	}
	return nil
}

func TestEdgesAgainstBig(t *testing.T) {
	list := edges()
	for i, a := range list {
		for k, b := range list {
			if testing.Short() && (i+k)%5 != 0 {
				continue
			}
			if err := checkAll(a, b); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func FuzzArithmetic(f *testing.F) {
	for i, e := range edges() {
		f.Add(e.hi, e.lo, uint64(i), e.lo^e.hi)
	}
	f.Fuzz(func(t *testing.T, ah, al, bh, bl uint64) {
		if err := checkAll(u128{ah, al}, u128{bh, bl}); err != nil {
			t.Fatal(err)
		}
		if err := checkConversions(u128{ah, al}); err != nil {
			t.Fatal(err)
		}
	})
}

// checkConversions holds every conversion against a shift and a clamp.
func checkConversions(a u128) error {
	narrow := func(signed bool, shift, width uint, outSigned bool) string {
		v, _ := clamped(new(big.Int).Rsh(bigOf(a, signed), shift), width, outSigned)
		return v.String()
	}
	x, p := I64F64(fromBits(a)), I96F32(fromBits(a))
	u, w := a.u64f64(), a.u96f32()
	v := I32F32(a.lo)
	for _, c := range []struct{ name, got, want string }{
		{"I64F64.I32F32", fmt.Sprint(int64(x.I32F32())), narrow(true, 32, 64, true)},
		{"I64F64.U64", fmt.Sprint(x.U64()), narrow(true, 64, 64, false)},
		{"I96F32.U64", fmt.Sprint(p.U64()), narrow(true, 32, 64, false)},
		{"I96F32.I32F32", fmt.Sprint(int64(p.I32F32())), narrow(true, 0, 64, true)},
		{"U64F64.U64", fmt.Sprint(u.U64()), narrow(false, 64, 64, false)},
		{"U64F64.U96F32", u.U96F32().String(), narrow(false, 32, 128, false)},
		{"U96F32.U64", fmt.Sprint(w.U64()), narrow(false, 32, 64, false)},
		{"I32F32.I64F64", v.I64F64().String(), new(big.Int).Lsh(big.NewInt(int64(v)), 32).String()},
		{"I32F32.I96F32", v.I96F32().String(), fmt.Sprint(int64(v))},
		{"I96F32FromU64", I96F32FromU64(a.lo).String(), new(big.Int).Lsh(bigOf(u128{0, a.lo}, false), 32).String()},
		{"U96F32FromU64", U96F32FromU64(a.lo).String(), new(big.Int).Lsh(bigOf(u128{0, a.lo}, false), 32).String()},
	} {
		if c.got != c.want {
			return fmt.Errorf("%s(%v) = %s, want %s", c.name, a, c.got, c.want)
		}
	}
	back, err := ParseI64F64(x.String())
	if err != nil || back != x {
		return fmt.Errorf("ParseI64F64(%v) = %v, %v", x, back, err)
	}
	return nil
}

func TestConversions(t *testing.T) {
	for _, a := range edges() {
		if err := checkConversions(a); err != nil {
			t.Fatal(err)
		}
	}
	for in, want := range map[I32F32]uint16{-1: 0, 0: 0, One - 1: 0, One: 1, 65535 << 32: 65535, 65536 << 32: 65535, MaxI32F32: 65535, MinI32F32: 0} {
		if got := in.U16(); got != want {
			t.Errorf("%d.U16() = %d, want %d", in, got, want)
		}
	}
	for in, want := range map[I32F32]uint16{One: 65535, One - 1: 65534, 0: 0, -One: 0, MaxI32F32: 65535} {
		if got := in.ToU16Proportion(); got != want {
			t.Errorf("%d.ToU16Proportion() = %d, want %d", in, got, want)
		}
	}
	for in, want := range map[I32F32]I32F32{Half: One, Half - 1: 0, -Half: -One, -Half + 1: 0, 3 * Half: 2 * One, MinI32F32: MinI32F32} {
		if got := in.Round(); got != want {
			t.Errorf("%d.Round() = %d, want %d", in, got, want)
		}
	}
	for v := range 65536 {
		if got, want := ProportionU16(uint16(v)), FromU16(uint16(v)).SafeDiv(U16Max); got != want || got != FromU16(uint16(v)).U16Proportion() {
			t.Fatalf("ProportionU16(%d) = %d, want %d", v, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", "x", "1.5", "1e3", "NaN", "0x10", "170141183460469231731687303715884105728", "-170141183460469231731687303715884105729",
		"99999999999999999999999999999999999999999999999999"} {
		if v, err := ParseI64F64(s); err == nil {
			t.Errorf("ParseI64F64(%q) = %v", s, v)
		}
	}
	if _, err := ParseU64F64("-1"); err == nil {
		t.Error("ParseU64F64 took a negative number")
	}
}

// seriesExp is the series of exp in big integers, with all its terms.
func seriesExp(x I32F32) (I32F32, bool) {
	neg := x < 0
	v := new(big.Int).Abs(big.NewInt(int64(x)))
	fits := func(n *big.Int) bool { return n.BitLen() <= 63 }
	sum := new(big.Int).Add(v, big.NewInt(1<<32))
	term := new(big.Int).Set(v)
	for i := int64(2); i < 32; i++ {
		term.Mul(term, v).Rsh(term, 32)
		if !fits(term) {
			return 0, false
		}
		term.Quo(term, big.NewInt(i))
		sum.Add(sum, term)
		if !fits(sum) {
			return 0, false
		}
	}
	if neg {
		sum.Quo(new(big.Int).Lsh(big.NewInt(1), 64), sum)
	}
	return I32F32(sum.Int64()), true
}

func TestExpAgainstSeries(t *testing.T) {
	state := uint64(1)
	for range 3000 {
		state = state*6364136223846793005 + 1442695040888963407
		x := I32F32(int64(state) >> 26)
		if x == 0 || x == One {
			continue
		}
		got, ok := x.Exp()
		want, wantOK := seriesExp(x)
		if ok != wantOK || ok && got != want {
			t.Fatalf("Exp(%d) = %d, %v, want %d, %v", x, got, ok, want, wantOK)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	a, b := I64F64{3, 5}, I64F64{7, 11}
	var sink uint64
	if n := testing.AllocsPerRun(100, func() {
		v, _ := I32F32(5 * One / 3).Exp()
		l, _ := v.Ln()
		w, _ := l.Sqrt()
		sink += uint64(w) + a.SatMul(b).SafeDiv(b).U64() + U64F64{1, 2}.SatMul(U64F64{3, 4}).Hi
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkExp(b *testing.B) {
	x := I32F32(-5 * One)
	for b.Loop() {
		x.Exp()
	}
}

func ExampleI32F32_SafeDiv() {
	third := One.SafeDiv(3 * One)
	fmt.Println(int64(third), int64(One.SafeDiv(0)), third.ToU16Proportion())
	// Output: 1431655765 0 21844
}
