// Package coinbase follows the rao of a block: what is minted (BlockEmission), how subnets share it (SubnetShares, MovingPrice),
// what a subnet's pool takes (Inject), who gets its alpha (SplitAlpha), and what is paid out after an epoch (DividePending,
// PayTake, Family). StakeWeight is the way back: stakes, with what parents lend to children, as an epoch counts them.
//
// Every amount is whole rao, floored where the chain floors; fractions are the chain's fixed-point formats.
//
// Limits: the price of a pool comes from the caller. Stake weight, block emission, halving and the split are proven by vectors
// and worked figures of TOKENOMICS.md in vectors/yuma; shares of subnets, takes and parents' dividends are read from the sources
// named, subtensor at consensus.Release, and never run against the chain.
package coinbase
