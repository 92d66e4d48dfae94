package main

import "math/big"

// constants returns the round constants and the initial state of SHA-256: the first 32 bits of the fractions of
// the cube and square roots of the first primes (FIPS 180-4, 4.2.2 and 5.3.3).
func constants() (k, iv []uint32) {
	for p := int64(2); len(k) < 64; p++ {
		if !big.NewInt(p).ProbablyPrime(0) {
			continue
		}
		n := new(big.Int).Lsh(big.NewInt(p), 96)
		k = append(k, uint32(root3(n).Uint64()))
		if len(iv) < 8 {
			n.Lsh(big.NewInt(p), 64)
			iv = append(iv, uint32(n.Sqrt(n).Uint64()))
		}
	}
	return k, iv
}

// root3 returns the integer cube root of n by bisection.
func root3(n *big.Int) *big.Int {
	lo, hi := new(big.Int), new(big.Int).Lsh(big.NewInt(1), 40)
	for {
		mid := new(big.Int).Add(lo, hi)
		mid.Rsh(mid, 1)
		if mid.Cmp(lo) == 0 {
			return lo
		}
		if new(big.Int).Exp(mid, big.NewInt(3), nil).Cmp(n) <= 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
}
