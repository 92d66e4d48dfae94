// Package bittensor has the market rules of Bittensor around an epoch, in exact rao: the emission schedule with its halvings, the
// split of a block, a subnet with registration, commit-reveal of weights and epochs (Subnet), and a double-entry economy of
// subnets with pools, staking, delegation and paying users (Economy).
//
// All arithmetic of the chain is package consensus with its subnet and coinbase; what is put together here follows the same
// snapshot of subtensor (consensus.Release). What the chain does not fix, such as what users pay for a request, is in Terms,
// declared by us and never claimed as Bittensor's.
//
// Source: subtensor at consensus.Release, as TOKENOMICS.md of the vectors sums it up; golden figures in
// vectors/economics/bittensor_market.json.
package bittensor
