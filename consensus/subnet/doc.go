// Package subnet is what the chain does to a subnet's consensus.State between two epochs: a neuron sets or commits weights
// (SetWeights, Commits), registers in place of another one (Register, Prune) at a price that moves (BurnBump, BurnDecay), the
// epochs fall due (Schedule), and a subnet of several mechanisms is put together from their epochs (SplitEmission, Combine).
//
// The caller owns the state: what changes it says so. Refusals bear the chain's names and come in the chain's order.
//
// Limits: what drand reveals is not decrypted here. All of it is read from the sources named, subtensor at consensus.Release, and
// tested against tables made from them, but never run against the chain.
package subnet
