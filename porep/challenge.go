package porep

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/chacha20"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/sector"
)

// Domain strings of the challenge generators (storage-proofs-porep/src/stacked/vanilla/challenges.rs).
const (
	synthGenerationKey = "filecoin.io|PoRep|1|Synthetic|1|Generation"
	synthSelectionKey  = "filecoin.io|PoRep|1|Synthetic|1|Selection"
	synthNonce         = "synth-porep\x00"
	niTag              = "filecoin.io|PoRep|1|NonInteractive|1"
)

// maxSynthetic is the size of the synthetic set of every sector that has that many nodes.
const maxSynthetic = 1 << 18

// reduceChallenge maps a 256-bit little-endian number to a node in [1, nodes): the whole number is
// reduced modulo nodes-1 and node 0 is never challenged. nodes is at least 2.
func reduceChallenge(b *[32]byte, nodes uint64) uint64 {
	m := nodes - 1
	var rem uint64
	for i := 24; i >= 0; i -= 8 {
		_, rem = bits.Div64(rem, binary.LittleEndian.Uint64(b[i:]), m)
	}
	return rem + 1
}

// interactiveChallenges fills dst with the challenges first, first+1 ... of the interactive proof.
func interactiveChallenges(dst []uint64, nodes uint64, id, seed *[32]byte, first uint64) {
	var msg [68]byte
	copy(msg[:], id[:])
	copy(msg[32:], seed[:])
	for i := range dst {
		binary.LittleEndian.PutUint32(msg[64:], uint32(first)+uint32(i))
		sum := sha256.Sum256(msg[:])
		dst[i] = reduceChallenge(&sum, nodes)
	}
}

// niChallenges fills dst with the challenges first, first+1 ... of the non-interactive proof.
func niChallenges(dst []uint64, nodes uint64, id, commR *[32]byte, first uint64) {
	var msg [len(niTag) + 68]byte
	n := copy(msg[:], niTag)
	n += copy(msg[n:], id[:])
	n += copy(msg[n:], commR[:])
	for i := range dst {
		binary.LittleEndian.PutUint32(msg[n:], uint32(first)+uint32(i))
		sum := sha256.Sum256(msg[:])
		dst[i] = reduceChallenge(&sum, nodes)
	}
}

// syntheticCount is the size of the synthetic challenge set of a sector.
func syntheticCount(nodes uint64) uint64 { return min(nodes, maxSynthetic) }

// synthStream returns the ChaCha20 key stream whose key binds a and b under the domain string.
func synthStream(domain string, a, b *[32]byte) *chacha20.Cipher {
	h, err := blake2b.New256([]byte(domain))
	if err != nil {
		panic("porep: blake2b key: " + err.Error())
	}
	h.Write(a[:])
	h.Write(b[:])
	c, err := chacha20.NewUnauthenticatedCipher(h.Sum(nil), []byte(synthNonce))
	if err != nil {
		panic("porep: chacha20 key: " + err.Error())
	}
	return c
}

// keystream fills dst with the bytes of the stream of c from byte offset on. It may only be called
// with offsets that do not decrease from call to call.
func keystream(c *chacha20.Cipher, dst []byte, offset uint64) {
	var skip [64]byte
	c.SetCounter(uint32(offset / 64))
	c.XORKeyStream(skip[:offset%64], skip[:offset%64])
	clear(dst)
	c.XORKeyStream(dst, dst)
}

// syntheticSet fills dst with the members first, first+1 ... of the synthetic challenge set.
func syntheticSet(dst []uint64, nodes uint64, id, commR *[32]byte, first uint64) {
	c := synthStream(synthGenerationKey, id, commR)
	buf := make([]byte, 32*len(dst))
	keystream(c, buf, 32*first)
	for i := range dst {
		dst[i] = reduceChallenge((*[32]byte)(buf[32*i:]), nodes)
	}
}

// syntheticIndexes fills dst with the places in the synthetic set of the challenges first,
// first+1 ... that seed selects.
func syntheticIndexes(dst []uint64, nodes uint64, id, seed *[32]byte, first uint64) {
	c := synthStream(synthSelectionKey, id, seed)
	buf := make([]byte, 4*len(dst))
	keystream(c, buf, 4*first)
	for i := range dst {
		dst[i] = uint64(binary.LittleEndian.Uint32(buf[4*i:])) % syntheticCount(nodes)
	}
}

// syntheticChallenges fills dst with the challenges first, first+1 ... that seed selects from the
// synthetic set.
func syntheticChallenges(dst []uint64, nodes uint64, id, commR, seed *[32]byte, first uint64) {
	syntheticIndexes(dst, nodes, id, seed, first)
	var buf [32]byte
	for i, at := range dst {
		c := synthStream(synthGenerationKey, id, commR)
		keystream(c, buf[:], 32*at)
		dst[i] = reduceChallenge(&buf, nodes)
	}
}

// Challenges returns the nodes that a proof of kind p has to open in partition k. seed is ignored by
// non-interactive proofs, commR by plain interactive ones. Errors: sector.ErrProofType and its kin for p,
// sector.ErrCommitment where commR or id is needed as a field element and is none, and a k out of range.
//
// Source: storage-proofs-porep/src/stacked/vanilla/challenges.rs.
func Challenges(p sector.Proof, id sector.ReplicaID, commR sector.CommR, seed sector.Seed, k int) ([]uint64, error) {
	if err := checkChallenges(p, id, commR, k); err != nil {
		return nil, err
	}
	dst := make([]uint64, p.Challenges)
	nodes, first := p.Nodes(), uint64(k)*uint64(p.Challenges)
	switch p.Features {
	case sector.Synthetic:
		syntheticChallenges(dst, nodes, (*[32]byte)(&id), (*[32]byte)(&commR), (*[32]byte)(&seed), first)
	case sector.NonInteractive:
		niChallenges(dst, nodes, (*[32]byte)(&id), (*[32]byte)(&commR), first)
	default:
		interactiveChallenges(dst, nodes, (*[32]byte)(&id), (*[32]byte)(&seed), first)
	}
	return dst, nil
}

// SyntheticSet returns the challenges from which a seed selects, in order: as many as the sector has
// nodes, at most 2^18. p must have the feature sector.Synthetic. Errors as Challenges.
func SyntheticSet(p sector.Proof, id sector.ReplicaID, commR sector.CommR) ([]uint64, error) {
	if err := checkSynthetic(p, id, commR, 0); err != nil {
		return nil, err
	}
	dst := make([]uint64, syntheticCount(p.Nodes()))
	syntheticSet(dst, p.Nodes(), (*[32]byte)(&id), (*[32]byte)(&commR), 0)
	return dst, nil
}

// SyntheticIndexes returns the places in SyntheticSet of the challenges of partition k. Errors as
// Challenges.
func SyntheticIndexes(p sector.Proof, id sector.ReplicaID, commR sector.CommR, seed sector.Seed, k int) ([]uint64, error) {
	if err := checkSynthetic(p, id, commR, k); err != nil {
		return nil, err
	}
	dst := make([]uint64, p.Challenges)
	syntheticIndexes(dst, p.Nodes(), (*[32]byte)(&id), (*[32]byte)(&seed), uint64(k)*uint64(p.Challenges))
	return dst, nil
}

func checkSynthetic(p sector.Proof, id sector.ReplicaID, commR sector.CommR, k int) error {
	if err := checkChallenges(p, id, commR, k); err != nil {
		return err
	}
	if p.Features != sector.Synthetic {
		return fmt.Errorf("%w: no synthetic challenges without the feature %v", sector.ErrProofType, sector.Synthetic)
	}
	return nil
}

func checkChallenges(p sector.Proof, id sector.ReplicaID, commR sector.CommR, k int) error {
	if err := p.Check(); err != nil {
		return err
	}
	if k < 0 || k >= p.Partitions {
		return fmt.Errorf("porep: partition %d of %d", k, p.Partitions)
	}
	if !sector.Canonical(id) {
		return fmt.Errorf("%w: replica id %v is no field element", sector.ErrCommitment, id)
	}
	if p.Features != 0 {
		return commR.Check()
	}
	return nil
}

// PublicInputs returns the public inputs of the circuit of partition k, field elements of 32
// little-endian bytes: replica id, CommD, CommR, and for each challenge its node as the index of its
// TreeD path, the nodes of its six DRG and eight expander parents, the node as the challenge itself and
// as the index of its TreeRLast and TreeC paths. Errors as Challenges and Statement.Check.
//
// Source: storage-proofs-porep/src/stacked/circuit/proof.rs, generate_public_inputs.
func PublicInputs(p sector.Proof, id sector.ReplicaID, commD sector.CommD, commR sector.CommR, seed sector.Seed, k int) ([]merkle.Digest, error) {
	if err := errors.Join(commD.Check(), commR.Check()); err != nil {
		return nil, err
	}
	if p.Hash != sector.Poseidon || p.ShortLabels {
		return nil, fmt.Errorf("%w: no circuit for %v trees over %s labels", sector.ErrProofType, p.Hash, p.Labels())
	}
	challenges, err := Challenges(p, id, commR, seed, k)
	if err != nil {
		return nil, err
	}
	g, err := graph.New(p)
	if err != nil {
		return nil, err
	}
	out := make([]merkle.Digest, 0, 3+(4+parentCount)*len(challenges))
	out = append(out, merkle.Digest(id), merkle.Digest(commD), merkle.Digest(commR))
	number := func(n uint64) {
		var d merkle.Digest
		binary.LittleEndian.PutUint64(d[:], n)
		out = append(out, d)
	}
	var parents [parentCount]uint32
	for _, c := range challenges {
		number(c)
		if err := g.Parents(c, &parents); err != nil {
			return nil, err
		}
		for _, n := range parents {
			number(uint64(n))
		}
		number(c)
		number(c)
		number(c)
	}
	return out, nil
}
