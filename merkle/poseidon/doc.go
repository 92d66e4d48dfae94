// Package poseidon is the Poseidon hash of Filecoin's trees: neptune's instance over the scalar
// field of BLS12-381, arities 2, 4, 8 and 11 (and 1, for single hashes), many hashes a call.
//
// A hash of arity n permutes n+1 field elements: a domain tag, then the n inputs; the digest is
// element 1 afterwards. The permutation has 8 full rounds and 55 to 57 partial ones, S-box x^5, round
// constants from the Grain LFSR and a Cauchy matrix. Nodes are canonical little-endian field
// elements of 32 bytes; a value of r or more is no node, and is refused by Canonical, never reduced.
//
// Batches are the product: vector units hash sixteen groups side by side. poseidon_generic.go is the
// plain definition, recurrence.go the algebra that the fast paths share, scalar.go the path of
// processors without AVX-512 IFMA, and lanes.go the glue to the kernels of merkle/internal/fr8.
//
// Exactness: testdata/poseidon.json, made by rust-fil-proofs 19.1 (neptune 11).
package poseidon
