//go:build !purego

package consensus

import (
	"os"

	"github.com/klauspost/cpuid/v2"
)

//go:generate env GOWORK=off go run -C _asm . -out ../kernels_amd64.s

// avx512 says that the kernels can run; ASSAY_NO_AVX512 in the environment turns them off.
var avx512 = os.Getenv("ASSAY_NO_AVX512") == "" && cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512DQ)

//go:noescape
func supportAVX512(raw *uint16, vote *uint64, n int) (sum uint64)

//go:noescape
func normalizeAVX512(dst *uint64, raw *uint16, sum *uint64, inv *float64, n int) (top uint64)

//go:noescape
func medianAVX512(score *uint64, vote *uint64, n int, kappa uint64, top uint64) (score0 uint64)

//go:noescape
func clipAVX512(w *uint64, stake *uint64, trust *uint64, d *uint64, n int, c uint64) (rank uint64)

//go:noescape
func productAVX512(dst *uint64, x *uint64, y *uint64, n int) (sum uint64)

//go:noescape
func widenAVX512(dst *uint64, raw *uint16, n int) (sum uint64)

//go:noescape
func proportionAVX512(dst *uint64, raw *uint16, n int) (sum uint64)

//go:noescape
func divideAVX512(v *uint64, n int, d uint64, inv float64) (top uint64)

//go:noescape
func mixAVX512(dst *uint64, x *uint64, y *uint64, n int, alpha uint64, beta uint64) (sum uint64)

//go:noescape
func packAVX512(store *uint16, mask *uint8, ema *uint64, v *uint64, n int)

//go:noescape
func payAVX512(gain *uint64, norm *uint64, n int, inc uint64)
