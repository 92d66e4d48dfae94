// Package sim is a small storage market under Filecoin's rules: providers, clients, retrievers and readers, deals, real sectors
// on disk, proofs of spacetime by deadline, faults and cheats, elections, rewards, fees and burns, in a double-entry book.
//
// Time is simulated: a tipset every Config.Interval epochs, null rounds between. Proofs are real: every sector is sealed by
// package porep, proven and judged; every deadline's proof is made by package post from the sector's files and judged again.
// Money is exact: every amount goes through package ledger, which is closed at every tipset, and every rule is one of
// package filecoin's.
//
// Where a small market needs figures that the network has by its size, they are declared: a byte of a sector counts as 2^44
// bytes of power and collateral, the estimate of the network's power starts at the baseline, gas of messages is a table, and
// the beacon is a hash of the seed. What is proven is the vanilla proof: it holds all that the succinct one would, but is longer.
package sim
