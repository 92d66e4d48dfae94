//go:build !amd64 || purego

package fr8

const supported, supportedADX = false, false

const noVectors = "fr8: no vectors in this build"

func loadNodes(dst *Elem, src *byte, stride uintptr, add *Scalar) { panic(noVectors) }

func storeNodes(dst *byte, src *Elem, k *Scalar) { panic(noVectors) }

func sbox(x *Elem, n int, scratch *Elem) { panic(noVectors) }

func rows(dst *Elem, rows int, src *Elem, columns int, hankel *uint64, start *Scalar) {
	panic(noVectors)
}

func negate(dst, src *Elem, n int) { panic(noVectors) }

func combine1(dst *Sum, src *Elem, n int, offsets *uint64, words *uint64) { panic(noVectors) }

func combine2(dst *Sum, src *Elem, n int, offsets *uint64, words *uint64) { panic(noVectors) }

func combine3(dst *Sum, src *Elem, n int, offsets *uint64, words *uint64) { panic(noVectors) }

func combine4(dst *Sum, src *Elem, n int, offsets *uint64, words *uint64) { panic(noVectors) }

func matrix(dst *Elem, rows int, src *Elem, columns int, words *Scalar, start *Scalar) {
	panic(noVectors)
}

func partial3(history *Elem, n int, words, rounds *uint64, sums *Sum, scratch *Elem) {
	panic(noVectors)
}

func partial5(history *Elem, n int, words, rounds *uint64, sums *Sum, scratch *Elem) {
	panic(noVectors)
}

func partial9(history *Elem, n int, words, rounds *uint64, sums *Sum, scratch *Elem) {
	panic(noVectors)
}

func partial12(history *Elem, n int, words, rounds *uint64, sums *Sum, scratch *Elem) {
	panic(noVectors)
}

func mulAdd(acc *[6]uint64, x, n *uint64, count int) { panic(noVectors) }
