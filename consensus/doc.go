// Package consensus computes Yuma consensus as the chain computes it, to the last bit.
//
// One epoch takes a State (stake, weights, bonds and the blocks that mask them) to an Output (consensus, incentive,
// dividends, emission in rao, bonds and permits for the next epoch). An Engine runs epochs and keeps its memory between them:
//
//	engine := consensus.NewEngine(nil)
//	err := engine.Epoch(ctx, &state, &output)
//
// The chain has two forms of the epoch: Sparse, which it runs, and Dense, which its tests run; they differ in the few points
// that the vectors' README lists in section 5. Both are here, each in two ways: plain.go follows the chain's loops row by
// row, takes every input and can show every intermediate matrix; fast.go holds columns, needs sorted rows and values in their
// usual range (it checks both and hands over to the plain form where they fail), and gives the same bits for any number of
// workers. No result is rounded through a float.
//
// Around the epoch stand two packages: subnet (weights, commit-reveal, registration, schedule, mechanisms) and coinbase (block
// emission, splits, payouts, stake weight). Here are the decoders of the chain's data too (decode.go, scale.go), and Variants,
// which answers what one validator's other weights would yield, without a whole epoch each.
//
// Limits: 65,536 neurons.
//
// Release names the snapshot of the chain's code that the rules are from. Proven by vectors/yuma: every output and every
// intermediate of 193 small and 21 large epochs, 1680 epochs of the simulation cases and 207 epochs of the chain's own tests.
// SCALE rows are read from the named sources, but never run against the chain.
package consensus

// Release is the snapshot of subtensor whose rules this package follows.
const Release = "subtensor 14bc6f9f964b (2026-06-30)"
