// Package envelope encrypts messages from one party to another so that whoever carries them reads nothing: an ephemeral X25519 key
// agreed with the receiver's, HKDF-SHA256, ChaCha20-Poly1305.
//
// Each envelope has a key of its own, so the nonce is zero. The context says what the message is (who, which direction, in
// answer to what) and must be the same on both sides; nothing of it is sent. An envelope does not say who sealed it.
//
// Source: RFC 7748, RFC 5869, RFC 8439.
package envelope

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// Overhead is how much longer an envelope is than its message: the ephemeral key and the tag.
const Overhead = 32 + chacha20poly1305.Overhead

// ErrOpen says that bytes are no envelope for this key and context, or were changed.
var ErrOpen = errors.New("envelope: cannot be opened")

// A Key is a receiver's secret.
type Key struct{ private *ecdh.PrivateKey }

// NewKey draws a key.
func NewKey() (*Key, error) {
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	return &Key{k}, nil
}

// Public returns the 32 bytes that senders need.
func (k *Key) Public() []byte { return k.private.PublicKey().Bytes() }

// cipherKey derives the key of one envelope.
func cipherKey(shared, ephemeral, receiver []byte, context string) ([]byte, error) {
	salt := append(append([]byte(nil), ephemeral...), receiver...)
	return hkdf.Key(sha256.New, shared, salt, "assay envelope 1\n"+context, chacha20poly1305.KeySize)
}

// Seal encrypts a message to the holder of a public key. Errors: for a public key that is none.
func Seal(public []byte, context string, message []byte) ([]byte, error) {
	to, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("envelope: public key of %d bytes: %w", len(public), err)
	}
	own, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	shared, err := own.ECDH(to)
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	ephemeral := own.PublicKey().Bytes()
	key, err := cipherKey(shared, ephemeral, public, context)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, len(message)+Overhead), ephemeral...)
	return aead.Seal(out, make([]byte, aead.NonceSize()), message, nil), nil
}

// Open decrypts an envelope. Errors: ErrOpen.
func (k *Key) Open(context string, envelope []byte) ([]byte, error) {
	if len(envelope) < Overhead {
		return nil, fmt.Errorf("%w: %d bytes, at least %d", ErrOpen, len(envelope), Overhead)
	}
	from, err := ecdh.X25519().NewPublicKey(envelope[:32])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOpen, err)
	}
	shared, err := k.private.ECDH(from)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOpen, err)
	}
	key, err := cipherKey(shared, envelope[:32], k.Public(), context)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		return nil, err
	}
	message, err := aead.Open(nil, make([]byte, aead.NonceSize()), envelope[32:], nil)
	if err != nil {
		return nil, fmt.Errorf("%w: wrong key or context, or changed", ErrOpen)
	}
	return message, nil
}
