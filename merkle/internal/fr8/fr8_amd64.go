//go:build amd64 && !purego

package fr8

import (
	"os"

	"github.com/klauspost/cpuid/v2"
)

// supportedADX says whether this processor runs mulAdd.
var supportedADX = cpuid.CPU.Supports(cpuid.ADX, cpuid.BMI2)

// disable is the environment variable that, set to anything, turns the kernels off.
const disable = "ASSAY_NO_AVX512"

//go:generate env GOWORK=off go run -C _asm . -out ../fr8_amd64.s

// supported says whether this processor runs the kernels.
var supported = os.Getenv(disable) == "" && cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512IFMA)

//go:noescape
func loadNodes(dst *Elem, src *byte, stride uintptr, add *Scalar)

//go:noescape
func storeNodes(dst *byte, src *Elem, k *Scalar)

//go:noescape
func sbox(x *Elem, n int, scratch *Elem)

//go:noescape
func rows(dst *Elem, rows int, src *Elem, columns int, hankel *uint64, start *Scalar)

//go:noescape
func negate(dst, src *Elem, n int)

//go:noescape
func combine1(dst *Sum, src *Elem, n int, offsets *uint64, words *uint64)

//go:noescape
func combine2(dst *Sum, src *Elem, n int, offsets *uint64, words *uint64)

//go:noescape
func combine3(dst *Sum, src *Elem, n int, offsets *uint64, words *uint64)

//go:noescape
func combine4(dst *Sum, src *Elem, n int, offsets *uint64, words *uint64)

//go:noescape
func matrix(dst *Elem, rows int, src *Elem, columns int, words *Scalar, start *Scalar)

//go:noescape
func partial3(history *Elem, n int, words, rounds *uint64, sums *Sum, scratch *Elem)

//go:noescape
func partial5(history *Elem, n int, words, rounds *uint64, sums *Sum, scratch *Elem)

//go:noescape
func partial9(history *Elem, n int, words, rounds *uint64, sums *Sum, scratch *Elem)

//go:noescape
func partial12(history *Elem, n int, words, rounds *uint64, sums *Sum, scratch *Elem)

//go:noescape
func mulAdd(acc *[6]uint64, x, n *uint64, count int)
