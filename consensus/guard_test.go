package consensus

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// A memory is where the slices of a kernel lie: against forbidden pages, at the end or not, if t is set.
type memory struct {
	t   testing.TB
	end bool
}

// in copies v into m.
func in[T any](m memory, v []T) []T {
	if m.t == nil {
		return slices.Clone(v)
	}
	out := kerneltest.Guarded[T](m.t, len(v), m.end)
	copy(out, v)
	return out
}

// everyKernel draws a column of n rows, runs each kernel on it and writes all that comes out, little-endian.
//
// A value up to top is a word x of the draw: 0, top, top-1 or x>>8 modulo 1000 where x modulo 8 is 0, 1, 2 or 3, else x>>8
// modulo top+1.
func everyKernel(m memory, n int, draw io.Reader, out io.Writer) {
	const one = 1 << 32
	word := func() uint64 {
		var b [8]byte
		draw.Read(b[:])
		return binary.LittleEndian.Uint64(b[:])
	}
	value := func(top uint64) uint64 {
		x := word()
		if k := x % 8; k < 4 {
			return [4]uint64{0, top, top - 1, x >> 8 % 1000}[k]
		}
		return x >> 8 % (top + 1)
	}
	column := func(top uint64) []uint64 {
		v := make([]uint64, n)
		for k := range v {
			v[k] = value(top)
		}
		return v
	}
	write := func(all ...any) {
		for _, v := range all {
			binary.Write(out, binary.LittleEndian, v)
		}
	}
	raw, inv := make([]uint16, n), make([]float64, n)
	for k := range raw {
		raw[k] = uint16(value(65535))
	}
	sum := column(1 << 28)
	for k := range sum {
		sum[k] = max(1, sum[k]+uint64(raw[k]))
		inv[k] = one / float64(sum[k])
	}
	x, y, low, trust := column(one), column(one), column(one-1), column(1<<40)
	c, d := value(one), max(1, slices.Max(x)+value(1<<40))
	alpha, beta, inc, kappa := value(one-1), value(one-1), value(one-1), word()

	raw, sum, inv, x, y, low = in(m, raw), in(m, sum), in(m, inv), in(m, x), in(m, y), in(m, low)
	dst := in(m, make([]uint64, n))
	write(supportOf(raw, low))
	write(normalizeColumn(dst, raw, sum, inv), dst)
	if votes := votesFor(x, low); votes > 0 {
		write(medianColumn(x, low, 1+kappa>>8%votes, slices.Max(x)))
	}
	w, gain := in(m, x), in(m, trust)
	write(clipColumn(w, low, gain, dst, c), w, gain, dst)
	write(productColumn(dst, x, low), dst)
	write(widenColumn(dst, raw), dst)
	write(proportionColumn(dst, raw), dst)
	copy(dst, x)
	write(divideColumn(dst, d), dst)
	write(mixColumn(dst, x, y, alpha, beta), dst)
	store, mask := in(m, make([]uint16, n)), in(m, make([]uint8, n/lanes))
	packColumn(store, mask, low, x)
	payColumn(gain, x, inc)
	write(store, mask, gain)
}

// votesFor returns the votes of the scores that are not 0.
func votesFor(score, vote []uint64) (sum uint64) {
	for k, v := range score {
		if v != 0 {
			sum += vote[k]
		}
	}
	return sum
}

// TestGuarded runs each kernel on slices that end, and begin, where memory may not be touched.
func TestGuarded(t *testing.T) {
	kerneltest.Need(t, avx512, "avx512")
	for _, n := range []int{lanes, 2 * lanes, 3 * lanes, 7 * lanes, 8 * lanes, 64 * lanes} {
		for _, end := range []bool{false, true} {
			var got, want bytes.Buffer
			everyKernel(memory{}, n, rand.NewChaCha8([32]byte{byte(n)}), &want)
			everyKernel(memory{t, end}, n, rand.NewChaCha8([32]byte{byte(n)}), &got)
			if !bytes.Equal(got.Bytes(), want.Bytes()) {
				t.Errorf("%d rows, at the end %v: kernels differ", n, end)
			}
		}
	}
}
