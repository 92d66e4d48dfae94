package filecoin

import (
	"encoding/binary"

	"golang.org/x/crypto/blake2b"
)

// A Draw says what randomness of the chain is for; draws for different ends have nothing in common.
//
// Source: go-state-types crypto.DomainSeparationTag.
type Draw int64

// The draws.
const (
	DrawTicket                   Draw = 1 + iota // of a block
	DrawElectionProof                            // signed for the VRF of an election
	DrawWinningPoSt                              // challenge
	DrawWindowPoSt                               // challenge
	DrawSeal                                     // the ticket that a replica is bound to
	DrawInteractiveSeal                          // the seed that chooses a seal's challenges
	DrawWindowDeadlineAssignment                 // of a new provider
	DrawMarketCron
	DrawPoStChainCommit
)

var drawNames = map[Draw]string{DrawTicket: "ticket_production", DrawElectionProof: "election_proof", DrawWinningPoSt: "winning_post_challenge",
	DrawWindowPoSt: "window_post_challenge", DrawSeal: "seal", DrawInteractiveSeal: "interactive_seal_challenge",
	DrawWindowDeadlineAssignment: "window_post_deadline_assignment", DrawMarketCron: "market_deal_cron", DrawPoStChainCommit: "post_chain_commit"}

// String returns the name that the vectors use, "" for an unknown draw.
func (d Draw) String() string { return drawNames[d] }

// DrawRandomness draws from a base, a beacon entry or a ticket, for an epoch and an entropy, such as EntropyOf a provider.
//
// Source: lotus chain/rand, DrawRandomnessFromBase.
func DrawRandomness(base []byte, d Draw, epoch int64, entropy []byte) [32]byte {
	digest := blake2b.Sum256(base)
	b := binary.BigEndian.AppendUint64(nil, uint64(d))
	b = append(b, digest[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(epoch))
	return blake2b.Sum256(append(b, entropy...))
}

// EntropyOf returns the entropy of draws for a party: its address as CBOR.
func EntropyOf(a Address) []byte { return encode(a) }

// FieldElement clears the two top bits of a draw, so that proofs can take it.
func FieldElement(draw [32]byte) [32]byte {
	draw[31] &= 0x3f
	return draw
}
