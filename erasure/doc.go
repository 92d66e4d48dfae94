// Package erasure spreads data over shards, knows which shard is bad, repairs it cheaply and proves it.
//
// A code turns k data shards into n = k+m shards of which enough rebuild the rest. It cannot tell a wrong
// shard from a right one: fed a corrupt shard it returns wrong data without an error. So everything that leaves memory is bound to a
// Merkle root first: a Manifest over an object's shards and their blocks, the row and column roots of a
// Square, the sliver roots of a Blob. What does not open to its root counts as lost, and what a decoder
// returns has been checked against the root: a decode is right or an error.
//
//	code.go, lrc.go, clay.go   the codes, in memory: Reed–Solomon, locally repairable, regenerating
//	shard.go, stream.go        manifest and proofs; encode, verify, decode, repair as streams
//	repair.go, durability.go   what a repair reads, and how long data lives
//	square.go, fraud.go, sample.go   2D coding, bad-encoding proofs, data-availability sampling
//	sliver.go                  slivers for asynchronous networks
//	store.go                   a directory of shards
//
// Limits: GF(2^8) up to 256 shards, GF(2^16) above, where shard sizes are multiples of 64 bytes. The parity shards
// equal those of klauspost/reedsolomon v1.14.2, the roots of squares those of rsmt2d v0.15.2 with its
// default tree; both are compared in bench/versus before they are timed.
package erasure
