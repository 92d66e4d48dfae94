// Package verify checks work that someone else did, for far less than doing it again.
//
// Three ways, each with a bound on what a cheat gets away with and a sentence on what it does not show (Verdict):
//
//   - Product is Freivalds' check of integer matrix products, modulo 2^31-1 and with the range of entries held, so that a product
//     that is wrong in any way passes one round with a chance of 2^-31 at most, and a right one always passes.
//   - Trace is a computation in steps whose states are committed to in a Merkle log before the verifier draws which steps it does again:
//     where a share f of the steps is wrong, s draws miss it with a chance of (1-f)^s.
//   - Puzzle is a trace of sealing labels under a fresh ticket, in a time: labels are made one after another, so
//     the time bounds the machine. It shows a product within a time, not a model of GPU.
//
// The verifier's randomness must be unknown to the worker until it has sent its result. Everything is deterministic in its
// seeds; nothing allocates more than the sizes that the caller set.
package verify
