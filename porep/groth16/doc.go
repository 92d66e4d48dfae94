// Package groth16 reads and verifies the succinct proofs of Filecoin: Groth16 over BLS12-381, alone, in batches and as
// SnarkPack aggregates.
//
// The one idea: bytes are checked once, where they enter. ParseProof, ParseKey and their like accept only canonical
// encodings of points that lie on the curve, in the prime-order subgroup, and are not the identity; all behind them runs
// unchecked. Public inputs are plain numbers, most of them far shorter than the field, and are summed as such.
//
// What a proof proves is not this package's affair: the packages porep, post and porep/update turn commitments, ids and
// randomness into public inputs. No key is made up here; Keys finds published ones in a folder of the caller's and holds
// them against the published digests.
//
// Limits: time depends on the values, all of which are public. Valid proofs are malleable. Identities, and bytes behind an
// aggregate's end, are refused where bellperson is silent about them. 32-bit machines and WebAssembly work, slower.
//
// Exactness is shown by vectors/mainnet (a real 32 GiB proof under its real key, aggregates of mainnet) and by
// vectors/filecoin/groth16_*.json, made with bellperson 0.27 and rust-fil-proofs 19.1.
package groth16
