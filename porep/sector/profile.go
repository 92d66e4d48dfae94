package sector

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// A Hash is the hash of columns and of tree nodes. Numbers are frozen.
type Hash uint8

// The hashes. Poseidon is what registered proofs have; the others serve networks that need no succinct proof.
const (
	// Poseidon is neptune's over BLS12-381, arities 2, 8 and 11.
	Poseidon Hash = iota
	// BLAKE3 is BLAKE3 with the two top bits of a digest cleared, so that nodes stay field elements.
	BLAKE3
	// Poseidon2 is gnark-crypto's over BLS12-381, which circuits on gnark check.
	Poseidon2
	// SHA254 is SHA-256 with the two top bits of a digest cleared.
	SHA254
)

// String returns the name of the hash.
func (h Hash) String() string {
	if h > SHA254 {
		return fmt.Sprintf("hash(%d)", uint8(h))
	}
	return [...]string{"poseidon", "blake3", "poseidon2", "sha254"}[h]
}

// The label hashes, both SHA-256 cut to 254 bits; what they hash differs.
const (
	// SHA256Labels is that of registered proofs: replica id, layer, node, then 37 parent labels, the parents repeated to that. It
	// takes twenty compressions.
	SHA256Labels = "sha256"
	// ShortSHA256Labels hashes each parent once: replica id, layer, 28 zero bytes, fourteen parent labels (six in layer 1), node.
	// It takes eight compressions, four in layer 1, for the first block is one for a whole layer.
	ShortSHA256Labels = "sha256-short"
)

// A Profile is a set of rules of the SDR machinery: what Filecoin fixes and other networks may choose. It is comparable.
//
// Layers, Labels, Hash, Challenges, Partitions, Version and Name are free within what Check says. BaseDegree and ExpDegree have one
// value yet: they are fields, and part of ID, so that replicas of other values can never be taken for these. That value is
// built into what is fast or frozen: lists of fourteen parents are the records of the parent cache and of C1, the label
// kernels (SHA-NI, AVX-512) hash fourteen parents, and what is known of the graph's depth holds for six and eight. A
// network saves by Labels and Hash instead.
type Profile struct {
	// Name is the profile's name, part of what replicas are bound to.
	Name string
	// Layers is the number of label layers.
	Layers int
	// BaseDegree and ExpDegree are the parents of a node in its own layer and in the one before: six and eight.
	BaseDegree, ExpDegree int
	// Labels is the label hash: SHA256Labels or ShortSHA256Labels.
	Labels string
	// Hash is the hash of columns and trees. Poseidon has columns of 2 and 11 layers only, the others of any number.
	Hash Hash
	// Challenges is the number of challenges in each of the Partitions.
	Challenges, Partitions int
	// Version chooses the order of parents and the rules of challenges.
	Version APIVersion
}

// Degrees that the graph and the label kernels know.
const (
	baseDegree = 6
	expDegree  = 8
)

// Names of the frozen profiles. Filecoin's is that of registered proofs of either size class.
const (
	filecoinName = "filecoin"
	nativeName   = "native-1"
)

// FilecoinProfile returns Filecoin's rules for sectors of a size, frozen: as registered with API version 1.1.0.
func FilecoinProfile(size Size) (Profile, error) {
	p, err := NewProof(PoRepID{}, size, V1_1_0, 0)
	if err != nil {
		return Profile{}, err
	}
	return Profile{Name: filecoinName, Layers: p.Layers, BaseDegree: baseDegree, ExpDegree: expDegree,
		Labels: SHA256Labels, Hash: Poseidon,
		Challenges: p.Challenges, Partitions: p.Partitions, Version: V1_1_0}, nil
}

// NativeProfile returns the rules for networks that need no succinct proof, frozen under the name native-1: Filecoin's graph, labels
// that hash each parent once (8 compressions of SHA-256 one after another, 4 in layer 1, where Filecoin's take 20; so regenerating
// takes 0.3 of the time with 2 layers and 0.38 with 11, which more layers make good), BLAKE3 columns and trees, 128 challenges in one partition. The number of layers is the network's choice, 2 to 64.
// With q challenges a prover that lacks a share s of the replica is seen with 1-(1-s)^q: 128 challenges show 3.5 % missing with
// 99 %, and porep.SoundnessTable has the whole table.
func NativeProfile(layers int) Profile {
	return Profile{Name: nativeName, Layers: layers, BaseDegree: baseDegree, ExpDegree: expDegree,
		Labels: ShortSHA256Labels, Hash: BLAKE3,
		Challenges: 128, Partitions: 1, Version: V1_1_0}
}

// maxName bounds the bytes of a profile's name.
const maxName = 64

// Check refuses rules that contradict themselves, or that the kernels do not know. The name filecoin is Filecoin's alone. Errors
// wrap ErrProofType.
func (r Profile) Check() error {
	switch {
	case r.Name == "" || len(r.Name) > maxName:
		return fmt.Errorf("%w: a profile's name of %d bytes, want 1 to %d", ErrProofType, len(r.Name), maxName)
	case r.BaseDegree != baseDegree || r.ExpDegree != expDegree:
		return fmt.Errorf("%w: degrees %d and %d, label kernels know %d and %d", ErrProofType, r.BaseDegree, r.ExpDegree, baseDegree, expDegree)
	case r.Labels != SHA256Labels && r.Labels != ShortSHA256Labels:
		return fmt.Errorf("%w: label hash %q, want %q or %q", ErrProofType, r.Labels, SHA256Labels, ShortSHA256Labels)
	case r.Hash > SHA254 || r.Version > V1_2_0:
		return fmt.Errorf("%w: %v, API version %v", ErrProofType, r.Hash, r.Version)
	case r.Layers < 2 || r.Layers > maxLayers || r.Hash == Poseidon && r.Layers != 2 && r.Layers != 11:
		return fmt.Errorf("%w: %v columns of %d layers", ErrProofType, r.Hash, r.Layers)
	case r.Challenges < 1 || r.Challenges > maxProofs || r.Partitions < 1 || r.Partitions > maxProofs:
		return fmt.Errorf("%w: %d challenges in %d partitions", ErrProofType, r.Challenges, r.Partitions)
	}
	return nil
}

// ID returns the PoRep id of a profile other than Filecoin's: a hash over all its rules and a nonce of the network's, so that
// replicas of different rules have different graphs and replica ids.
func (r Profile) ID(nonce uint64) PoRepID {
	b := append([]byte("assay sdr profile 1\x00"), byte(len(r.Name)))
	b = append(append(b, r.Name...), byte(len(r.Labels)))
	b = append(append(b, r.Labels...), byte(r.Hash), byte(r.Version))
	for _, n := range []int{r.Layers, r.BaseDegree, r.ExpDegree, r.Challenges, r.Partitions} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	id := PoRepID(sha256.Sum256(binary.LittleEndian.AppendUint64(b, nonce)))
	id[7] |= 0x80 // no registered number
	return id
}

// Proof returns the parameters of sectors of a size under the profile. Of Filecoin's they have the nonce as their PoRep id's registered
// number (see SealProof for the registered ones). Errors wrap ErrProofType or ErrSize.
func (r Profile) Proof(nonce uint64, size Size) (Proof, error) {
	if err := r.Check(); err != nil {
		return Proof{}, err
	}
	if r.Name == filecoinName {
		want, err := FilecoinProfile(size)
		if err != nil {
			return Proof{}, err
		}
		if want != r {
			return Proof{}, fmt.Errorf("%w: these are not Filecoin's rules for %v sectors", ErrProofType, size)
		}
		return NewProof(NewPoRepID(nonce, 0), size, r.Version, 0)
	}
	p, err := NewProof(r.ID(nonce), size, r.Version, 0)
	if err != nil {
		return Proof{}, err
	}
	p.Layers, p.Hash, p.Challenges, p.Partitions = r.Layers, r.Hash, r.Challenges, r.Partitions
	p.ShortLabels = r.Labels == ShortSHA256Labels
	return p, p.Check()
}
