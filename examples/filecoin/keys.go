package filecoin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/consensys/gnark-crypto/ecc"
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"golang.org/x/crypto/blake2b"
)

// The types of signatures.
const (
	SignatureSecp = 1 // R, S and V, 65 bytes, over the blake2b-256 digest of the message
	SignatureBLS  = 2 // a compressed point of G2, 96 bytes, over the message itself
)

// BLSSuite is the domain of Filecoin's BLS signatures: public keys in G1, signatures in G2.
const BLSSuite = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_"

// A Signature is what a key made of a message.
type Signature struct {
	Type byte
	Data []byte
}

// Errors of keys and signatures.
var (
	ErrKey       = errors.New("filecoin: no such key")
	ErrSignature = errors.New("filecoin: signature refuted")
)

// A Key signs. Signing is deterministic.
type Key interface {
	Address() Address
	Sign(message []byte) Signature
}

// A SecpKey is a key on secp256k1.
type SecpKey struct{ secret *secp256k1.PrivateKey }

// NewSecpKey returns the key with a secret of 32 bytes, big-endian. Errors wrap ErrKey.
func NewSecpKey(secret [32]byte) (*SecpKey, error) {
	var s secp256k1.ModNScalar
	if overflow := s.SetBytes(&secret); overflow != 0 || s.IsZero() {
		return nil, fmt.Errorf("%w: the secret is not from 1 to the order less 1", ErrKey)
	}
	return &SecpKey{secp256k1.NewPrivateKey(&s)}, nil
}

// Public returns the public key, 65 bytes, not compressed.
func (k *SecpKey) Public() []byte { return k.secret.PubKey().SerializeUncompressed() }

// Address returns the hash of the public key as an address.
func (k *SecpKey) Address() Address { return secpAddress(k.secret.PubKey()) }

func secpAddress(p *secp256k1.PublicKey) Address {
	h, err := blake2b.New(20, nil)
	if err != nil {
		panic(err)
	}
	h.Write(p.SerializeUncompressed())
	return Address(h.Sum([]byte{ProtocolSecp}))
}

// Sign signs the digest of message.
func (k *SecpKey) Sign(message []byte) Signature {
	digest := blake2b.Sum256(message)
	compact := ecdsa.SignCompact(k.secret, digest[:], false) // V+27, R, S
	return Signature{SignatureSecp, append(compact[1:], compact[0]-27)}
}

// RecoverSecp returns the public key, 65 bytes, under which a signature of message holds. Errors wrap ErrSignature.
func RecoverSecp(message, signature []byte) ([]byte, error) {
	p, err := recoverSecp(message, signature)
	if err != nil {
		return nil, err
	}
	return p.SerializeUncompressed(), nil
}

func recoverSecp(message, signature []byte) (*secp256k1.PublicKey, error) {
	if len(signature) != 65 || signature[64] > 3 {
		return nil, fmt.Errorf("%w: no 65 bytes of R, S and V", ErrSignature)
	}
	digest := blake2b.Sum256(message)
	p, _, err := ecdsa.RecoverCompact(append([]byte{signature[64] + 27}, signature[:64]...), digest[:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return p, nil
}

// A BLSKey is a key on BLS12-381. Its signatures of chain randomness are the VRF proofs of elections.
type BLSKey struct {
	secret big.Int
	public [48]byte
}

// NewBLSKey returns the key with a secret of 32 bytes, little-endian as Filecoin stores it. Errors wrap ErrKey.
func NewBLSKey(secret [32]byte) (*BLSKey, error) {
	k := new(BLSKey)
	slices.Reverse(secret[:])
	k.secret.SetBytes(secret[:])
	if k.secret.Sign() == 0 || k.secret.Cmp(fr.Modulus()) >= 0 {
		return nil, fmt.Errorf("%w: the secret is not from 1 to the order less 1", ErrKey)
	}
	k.public = new(bls12381.G1Affine).ScalarMultiplicationBase(&k.secret).Bytes()
	return k, nil
}

// Public returns the public key, compressed.
func (k *BLSKey) Public() [48]byte { return k.public }

// Address returns the public key as an address.
func (k *BLSKey) Address() Address { return Address(append([]byte{ProtocolBLS}, k.public[:]...)) }

// Sign signs message.
func (k *BLSKey) Sign(message []byte) Signature { return k.SignMessage(NewBLSMessage(message)) }

func hashToG2(message []byte) bls12381.G2Affine {
	h, err := bls12381.HashToG2(message, []byte(BLSSuite))
	if err != nil {
		panic(err) // only for a suite of over 255 bytes
	}
	return h
}

// A BLSMessage is a message as a point of G2, hashed once for all who sign or verify it.
type BLSMessage struct {
	bytes []byte
	point bls12381.G2Affine
}

// NewBLSMessage hashes a message to the curve. It keeps the slice.
func NewBLSMessage(message []byte) *BLSMessage {
	return &BLSMessage{message, hashToG2(message)}
}

// SignMessage is Sign of a message that is hashed already.
func (k *BLSKey) SignMessage(m *BLSMessage) Signature {
	var p bls12381.G2Affine
	out := p.ScalarMultiplication(&m.point, &k.secret).Bytes()
	return Signature{SignatureBLS, out[:]}
}

// VerifyBLSBatch checks that public key i signed message i, for all i at once: one pairing a key and one for all signatures,
// which are summed with 128-bit weights that depend on every byte of the batch. Errors wrap ErrSignature; which signature is
// wrong, VerifyBLS tells.
func VerifyBLSBatch(public [][48]byte, messages []*BLSMessage, signatures []Signature) error {
	if len(public) != len(messages) || len(public) != len(signatures) || len(public) == 0 {
		return fmt.Errorf("%w: %d keys, %d messages, %d signatures", ErrSignature, len(public), len(messages), len(signatures))
	}
	weights := batchWeights(public, messages, signatures)
	sums := make([]bls12381.G2Affine, len(signatures))
	ofKey := map[[48]byte][]int{}
	var keys [][48]byte // in order of their first use
	for i, s := range signatures {
		if s.Type != SignatureBLS || len(s.Data) != bls12381.SizeOfG2AffineCompressed {
			return fmt.Errorf("%w: %d bytes of type %d", ErrSignature, len(s.Data), s.Type)
		}
		if _, err := sums[i].SetBytes(s.Data); err != nil || sums[i].IsInfinity() {
			return fmt.Errorf("%w: signature %d is no point of the group", ErrSignature, i)
		}
		if ofKey[public[i]] == nil {
			keys = append(keys, public[i])
		}
		ofKey[public[i]] = append(ofKey[public[i]], i)
	}
	_, _, g, _ := bls12381.Generators()
	left, right := make([]bls12381.G1Affine, 1+len(keys)), make([]bls12381.G2Affine, 1+len(keys))
	left[0].Neg(&g)
	one := ecc.MultiExpConfig{NbTasks: 1}
	_, err := right[0].MultiExp(sums, weights, one)
	for k, key := range keys {
		if _, e := left[k+1].SetBytes(key[:]); e != nil || left[k+1].IsInfinity() {
			return fmt.Errorf("%w: a public key is no point of the group", ErrSignature)
		}
		var points []bls12381.G2Affine
		var by []fr.Element
		for _, i := range ofKey[key] {
			points, by = append(points, messages[i].point), append(by, weights[i])
		}
		_, e := right[k+1].MultiExp(points, by, one)
		err = errors.Join(err, e)
	}
	ok, e := bls12381.PairingCheck(left, right)
	if err = errors.Join(err, e); err != nil || !ok {
		return errors.Join(fmt.Errorf("%w: one of a batch of %d", ErrSignature, len(signatures)), err)
	}
	return nil
}

// batchWeights derives weights from the whole batch.
func batchWeights(public [][48]byte, messages []*BLSMessage, signatures []Signature) []fr.Element {
	h, err := blake2b.New256(nil)
	if err != nil {
		panic(err)
	}
	for i := range public {
		h.Write(public[i][:])
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(messages[i].bytes))))
		h.Write(messages[i].bytes)
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(signatures[i].Data))))
		h.Write(signatures[i].Data)
	}
	seed := h.Sum(nil)
	out := make([]fr.Element, len(public))
	for i := range out {
		d := blake2b.Sum256(binary.BigEndian.AppendUint64(seed[:32:32], uint64(i)))
		out[i].SetBytes(d[:16])
	}
	return out
}

// VerifyBLS checks a signature under a compressed public key. Points outside of the groups and the point at infinity are
// refused. Errors wrap ErrSignature.
func VerifyBLS(public, message, signature []byte) error {
	var p bls12381.G1Affine
	var s bls12381.G2Affine
	if len(public) != bls12381.SizeOfG1AffineCompressed || len(signature) != bls12381.SizeOfG2AffineCompressed {
		return fmt.Errorf("%w: %d and %d bytes", ErrSignature, len(public), len(signature))
	}
	if _, err := p.SetBytes(public); err != nil || p.IsInfinity() {
		return fmt.Errorf("%w: the public key is no point of the group", ErrSignature)
	}
	if _, err := s.SetBytes(signature); err != nil || s.IsInfinity() {
		return fmt.Errorf("%w: the signature is no point of the group", ErrSignature)
	}
	var minus bls12381.G1Affine
	_, _, g, _ := bls12381.Generators()
	minus.Neg(&g)
	ok, err := bls12381.PairingCheck([]bls12381.G1Affine{minus, p}, []bls12381.G2Affine{s, hashToG2(message)})
	if err != nil || !ok {
		return fmt.Errorf("%w: not of this key and message", ErrSignature)
	}
	return nil
}

// VerifySignature checks that the key behind an address signed message. Actor numbers must be resolved to keys before.
// Errors wrap ErrSignature.
func VerifySignature(a Address, message []byte, s Signature) error {
	switch {
	case a.Protocol() == ProtocolSecp && s.Type == SignatureSecp:
		p, err := recoverSecp(message, s.Data)
		if err == nil && secpAddress(p) != a {
			err = fmt.Errorf("%w: signed by %v, not %v", ErrSignature, secpAddress(p), a)
		}
		return err
	case a.Protocol() == ProtocolBLS && s.Type == SignatureBLS:
		return VerifyBLS([]byte(a[1:]), message, s.Data)
	}
	return fmt.Errorf("%w: type %d for %v", ErrSignature, s.Type, a)
}
