//go:build purego || !amd64

package consensus

// avx512 says that the kernels can run: never in this build.
const avx512 = false

func supportAVX512(*uint16, *uint64, int) uint64                        { panic("unreachable") }
func normalizeAVX512(*uint64, *uint16, *uint64, *float64, int) uint64   { panic("unreachable") }
func medianAVX512(*uint64, *uint64, int, uint64, uint64) uint64         { panic("unreachable") }
func clipAVX512(*uint64, *uint64, *uint64, *uint64, int, uint64) uint64 { panic("unreachable") }
func productAVX512(*uint64, *uint64, *uint64, int) uint64               { panic("unreachable") }
func widenAVX512(*uint64, *uint16, int) uint64                          { panic("unreachable") }
func proportionAVX512(*uint64, *uint16, int) uint64                     { panic("unreachable") }
func divideAVX512(*uint64, int, uint64, float64) uint64                 { panic("unreachable") }
func mixAVX512(*uint64, *uint64, *uint64, int, uint64, uint64) uint64   { panic("unreachable") }
func packAVX512(*uint16, *uint8, *uint64, *uint64, int)                 { panic("unreachable") }
func payAVX512(*uint64, *uint64, int, uint64)                           { panic("unreachable") }
