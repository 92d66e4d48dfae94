// Package post is proof of spacetime: that a provider still holds the replicas it sealed.
//
// Randomness of the chain picks leaves of a sector's replica; a SectorProof opens them in TreeRLast, whose root the sector's
// CommR binds. Rules says which leaves and how many sectors make a partition, for winning and window PoSt and every
// API version. Rules.Prove is one pass over any list of sectors with bounded parallel reads and a deadline for each: it
// returns the proofs of all sectors that are good and the exact set of the others, each with its reason. Verification is
// pure and batched over all sectors. schedule.go has the proving periods and deadlines of the chain, pdp.go proofs of
// possession of small data that verify on an EVM.
//
// Exactness: testdata and the recorded vectors post_challenges.json, post_vanilla_2kib.json (filecoin-proofs 19.1.0),
// filecoin_deadlines.json, filecoin_deadline_assignment.json and evm_pdp.json.
package post
