package sector

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// A ProverID names a storage provider in hashes.
type ProverID [32]byte

// NewProverID returns the prover id of a miner's actor number: the payload of its ID address, which is
// the number as unsigned LEB128, followed by zeros.
//
// Source: filecoin-ffi, toProverID; go-address, ID addresses.
func NewProverID(miner uint64) ProverID {
	var id ProverID
	binary.PutUvarint(id[:], miner)
	return id
}

// A Number is a sector's number within its provider. The network admits numbers up to 2^63-1, the
// formulas any uint64.
type Number uint64

// A Ticket is the chain randomness a replica is bound to.
type Ticket [32]byte

// A Seed is the chain randomness that chooses the challenges of an interactive proof.
type Seed [32]byte

// A ReplicaID binds the labels of a replica to provider, sector, ticket, data and proof type. It is a
// field element below 2^254, little-endian.
type ReplicaID [32]byte

// String returns the bytes in hexadecimal.
func (id ReplicaID) String() string { return hex.EncodeToString(id[:]) }

// NewReplicaID derives the id of a replica: SHA-256 over prover id, sector number (big-endian), ticket,
// CommD and PoRep id, with the two top bits cleared.
//
// Source: rust-fil-proofs storage-proofs-porep/src/stacked/vanilla/params.rs, generate_replica_id.
func NewReplicaID(prover ProverID, number Number, ticket Ticket, commD CommD, porep PoRepID) ReplicaID {
	var msg [32 + 8 + 32 + 32 + 32]byte
	copy(msg[:], prover[:])
	binary.BigEndian.PutUint64(msg[32:], uint64(number))
	copy(msg[40:], ticket[:])
	copy(msg[72:], commD[:])
	copy(msg[104:], porep[:])
	id := ReplicaID(sha256.Sum256(msg[:]))
	id[31] &= 0x3f
	return id
}

// An ID is what names one sector on the network.
type ID struct {
	Prover ProverID
	Number Number
}

// ReplicaID derives the sector's replica id; see [NewReplicaID].
func (id ID) ReplicaID(ticket Ticket, commD CommD, porep PoRepID) ReplicaID {
	return NewReplicaID(id.Prover, id.Number, ticket, commD, porep)
}
