//go:build !purego

package erasure

import (
	"os"

	"github.com/klauspost/cpuid/v2"
)

//go:generate env GOWORK=off go run -C _asm .

// haveGFNI says whether kernel8 runs here; ASSAY_NO_AVX512 in the environment turns it off.
var haveGFNI = os.Getenv("ASSAY_NO_AVX512") == "" && cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512VL, cpuid.GFNI)

// kernel8 sets n bytes at offset at of 1 to 8 rows: out[r] = sum of in[c] times the matrix m[c*len(out)+r].
// n is a multiple of 64; all slices reach to at+n.
func kernel8(m []uint64, in, out [][]byte, at, n int) {
	if n == 0 {
		return
	}
	for _, s := range in {
		_ = s[at+n-1]
	}
	for _, s := range out {
		_ = s[at+n-1]
	}
	_ = m[len(in)*len(out)-1]
	raceKernel(in, out, at, n)
	switch len(out) {
	case 1:
		mulGFNI1(&m[0], &in[0], &out[0], len(in), at, n)
	case 2:
		mulGFNI2(&m[0], &in[0], &out[0], len(in), at, n)
	case 3:
		mulGFNI3(&m[0], &in[0], &out[0], len(in), at, n)
	case 4:
		mulGFNI4(&m[0], &in[0], &out[0], len(in), at, n)
	case 5:
		mulGFNI5(&m[0], &in[0], &out[0], len(in), at, n)
	case 6:
		mulGFNI6(&m[0], &in[0], &out[0], len(in), at, n)
	case 7:
		mulGFNI7(&m[0], &in[0], &out[0], len(in), at, n)
	case 8:
		mulGFNI8(&m[0], &in[0], &out[0], len(in), at, n)
	}
}

//go:noescape
func mulGFNI1(m *uint64, in, out *[]byte, inputs, at, n int)

//go:noescape
func mulGFNI2(m *uint64, in, out *[]byte, inputs, at, n int)

//go:noescape
func mulGFNI3(m *uint64, in, out *[]byte, inputs, at, n int)

//go:noescape
func mulGFNI4(m *uint64, in, out *[]byte, inputs, at, n int)

//go:noescape
func mulGFNI5(m *uint64, in, out *[]byte, inputs, at, n int)

//go:noescape
func mulGFNI6(m *uint64, in, out *[]byte, inputs, at, n int)

//go:noescape
func mulGFNI7(m *uint64, in, out *[]byte, inputs, at, n int)

//go:noescape
func mulGFNI8(m *uint64, in, out *[]byte, inputs, at, n int)
