package filecoin

import "math/big"

// precision is the number of fraction bits of Q.128.
const precision = 128

// Epochs.
const (
	EpochsInDay  = 2880
	EpochsInYear = 365 * EpochsInDay // of rewards and pledge ramps; limits of policy take 1,051,897
	// PolicyEpochsInYear is the year of lifetime and term limits: 31,556,925 seconds.
	PolicyEpochsInYear = 31556925 / 30
)

// FIL returns n FIL in attoFIL.
func FIL(n int64) *big.Int { return new(big.Int).Mul(big.NewInt(n), big.NewInt(1e18)) }

func parse(text string) *big.Int {
	x, ok := new(big.Int).SetString(text, 10)
	if !ok {
		panic("filecoin: a constant is no number: " + text)
	}
	return x
}

func parseAll(texts ...string) []*big.Int {
	out := make([]*big.Int, len(texts))
	for i, text := range texts {
		out[i] = parse(text)
	}
	return out
}

func mul(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) }
func add(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) }
func sub(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }

// shl and shr move by the 128 bits of the fraction.
func shl(a *big.Int) *big.Int { return new(big.Int).Lsh(a, precision) }
func shr(a *big.Int) *big.Int { return new(big.Int).Rsh(a, precision) }

// floorDiv divides and rounds toward minus infinity. b must not be zero.
func floorDiv(a, b *big.Int) *big.Int {
	q, m := new(big.Int).DivMod(a, b, new(big.Int))
	if m.Sign() != 0 && b.Sign() < 0 {
		q.Sub(q, big.NewInt(1)) // Euclid's remainder is positive: for negative b the quotient was rounded up
	}
	return q
}

// ratio returns floor(a*num/den).
func ratio(a *big.Int, num, den int64) *big.Int {
	return floorDiv(mul(a, big.NewInt(num)), big.NewInt(den))
}

func minOf(a, b *big.Int) *big.Int {
	if a.Cmp(b) <= 0 {
		return a
	}
	return b
}

func maxOf(a, b *big.Int) *big.Int {
	if a.Cmp(b) >= 0 {
		return a
	}
	return b
}

// poly evaluates a polynomial, highest coefficient first, at x; all in Q.128.
func poly(coefficients []*big.Int, x *big.Int) *big.Int {
	out := new(big.Int)
	t := new(big.Int)
	for _, c := range coefficients {
		out.Add(t.Rsh(t.Mul(out, x), precision), c)
	}
	return out
}

var (
	expNumerator = parseAll("-648770010757830093818553637600", "67469480939593786226847644286976",
		"-3197587544499098424029388939001856", "89244641121992890118377641805348864",
		"-1579656163641440567800982336819953664", "17685496037279256458459817590917169152",
		"-115682590513835356866803355398940131328", "340282366920938463463374607431768211456")
	expDenominator = parseAll("1225524182432722209606361", "114095592300906098243859450", "5665570424063336070530214243",
		"194450132448609991765137938448", "5068267641632683791026134915072", "104716890604972796896895427629056",
		"1748338658439454459487681798864896", "23704654329841312470660182937960448",
		"259380097567996910282699886670381056", "2250336698853390384720606936038375424",
		"14978272436876548034486263159246028800", "72144088983913131323343765784380833792",
		"224599776407103106596571252037123047424", "340282366920938463463374607431768211456")
	lnNumerator = parseAll("261417938209272870992496419296200268025", "7266615505142943436908456158054846846897",
		"32458783941900493142649393804518050491988", "17078670566130897220338060387082146864806",
		"-35150353308172866634071793531642638290419", "-20351202052858059355702509232125230498980",
		"-1563932590352680681114104005183375350999")
	lnDenominator = parseAll("49928077726659937662124949977867279384", "2508163877009111928787629628566491583994",
		"21757751789594546643737445330202599887121", "53400635271583923415775576342898617051826",
		"41248834748603606604000911015235164348839", "9015227820322455780436733526367238305537",
		"340282366920938463463374607431768211456")
	ln2 = parse("235865763225513294137944142764154484399")
)

// ExpNeg returns e^-x for x >= 0 in Q.128.
//
// Source: builtin-actors actors/reward/src/expneg.rs.
func ExpNeg(xQ128 *big.Int) *big.Int {
	return floorDiv(shl(poly(expNumerator, xQ128)), poly(expDenominator, xQ128))
}

// Ln returns the natural logarithm of z > 0 in Q.128.
//
// Source: builtin-actors runtime/src/builtin/reward/smooth/smooth_func.rs.
func Ln(zQ128 *big.Int) *big.Int {
	k := zQ128.BitLen() - 1 - precision
	x := new(big.Int)
	if k > 0 {
		x.Rsh(zQ128, uint(k))
	} else {
		x.Lsh(zQ128, uint(-k))
	}
	whole := mul(big.NewInt(int64(k)), ln2)
	return whole.Add(whole, floorDiv(shl(poly(lnNumerator, x)), poly(lnDenominator, x)))
}
