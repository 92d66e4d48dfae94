package filecoin

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/crypto/blake2b"

	"github.com/assaylab/assay/porep/sector"
)

// ErrEncoding says that bytes are not the one CBOR encoding of the value asked for.
var ErrEncoding = errors.New("filecoin: bad encoding")

// maxMessage bounds what is decoded.
const maxMessage = 1 << 20

// decoding refuses what DAG-CBOR has not.
var decoding = func() cbor.DecMode {
	mode, err := cbor.DecOptions{IndefLength: cbor.IndefLengthForbidden, DupMapKey: cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels: 8, MaxArrayElements: 1 << 13, MaxMapPairs: 16, UTF8: cbor.UTF8RejectInvalid}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

// encode returns the CBOR of one of this package's messages.
func encode(v any) []byte {
	b, err := cbor.Marshal(v)
	if err != nil {
		panic("filecoin: " + err.Error()) // all our types encode
	}
	return b
}

// decode reads exactly what encode writes.
func decode(b []byte, v any) error {
	if len(b) > maxMessage {
		return fmt.Errorf("%w: %d bytes", ErrEncoding, len(b))
	}
	if err := decoding.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %w", ErrEncoding, err)
	}
	if again, err := cbor.Marshal(v); err != nil || !bytes.Equal(again, b) {
		return fmt.Errorf("%w: not the shortest form", ErrEncoding)
	}
	return nil
}

// MarshalCBOR writes the address as a byte string.
func (a Address) MarshalCBOR() ([]byte, error) { return cbor.Marshal([]byte(a)) }

// UnmarshalCBOR reads the address.
func (a *Address) UnmarshalCBOR(b []byte) error {
	var raw []byte
	if err := decoding.Unmarshal(b, &raw); err != nil {
		return err
	}
	*a = Address(raw)
	return a.Check()
}

// An Amount is a whole number, attoFIL, in messages. Nil is zero.
type Amount struct{ *big.Int }

// MarshalCBOR writes nothing for zero, else a sign byte (0 or 1) and the absolute value, big-endian, as a byte string.
func (a Amount) MarshalCBOR() ([]byte, error) {
	raw := []byte{}
	if a.Int != nil && a.Sign() != 0 {
		raw = append([]byte{byte((1 - a.Sign()) / 2)}, a.Bytes()...)
	}
	return cbor.Marshal(raw)
}

// UnmarshalCBOR reads the amount.
func (a *Amount) UnmarshalCBOR(b []byte) error {
	var raw []byte
	if err := decoding.Unmarshal(b, &raw); err != nil {
		return err
	}
	a.Int = new(big.Int)
	if len(raw) == 0 {
		return nil
	}
	if raw[0] > 1 || len(raw) < 2 || len(raw) > 129 {
		return fmt.Errorf("an amount of %d bytes that begins with %d", len(raw), raw[0])
	}
	if a.SetBytes(raw[1:]); raw[0] == 1 {
		a.Neg(a.Int)
	}
	return nil
}

// cidTag marks a CID in DAG-CBOR; its bytes follow a zero.
const cidTag = 42

// A PieceCID is a piece's commitment in messages.
type PieceCID sector.CommP

// MarshalCBOR writes the commitment as a CID.
func (c PieceCID) MarshalCBOR() ([]byte, error) {
	raw, err := base32Lower.DecodeString(sector.CommP(c).CID()[1:])
	if err != nil {
		return nil, err
	}
	return cbor.Marshal(cbor.Tag{Number: cidTag, Content: append([]byte{0}, raw...)})
}

// UnmarshalCBOR reads the CID of a piece; CIDs of another kind are refused.
func (c *PieceCID) UnmarshalCBOR(b []byte) error {
	var tag cbor.RawTag
	var raw []byte
	if err := decoding.Unmarshal(b, &tag); err != nil {
		return err
	}
	if err := decoding.Unmarshal(tag.Content, &raw); err != nil {
		return err
	}
	if tag.Number != cidTag || len(raw) < 2 || raw[0] != 0 {
		return errors.New("no CID")
	}
	p, err := sector.ParseCommPCID("b" + base32Lower.EncodeToString(raw[1:]))
	*c = PieceCID(p)
	return err
}

// MessageCID returns the CID text of a message's CBOR: version 1, dag-cbor, blake2b-256.
func MessageCID(message []byte) string {
	digest := blake2b.Sum256(message)
	return "b" + base32Lower.EncodeToString(append([]byte{0x01, 0x71, 0xa0, 0xe4, 0x02, 0x20}, digest[:]...))
}

// MarshalCBOR writes the signature as a byte string that begins with its type.
func (s Signature) MarshalCBOR() ([]byte, error) {
	return cbor.Marshal(append([]byte{s.Type}, s.Data...))
}

// UnmarshalCBOR reads the signature.
func (s *Signature) UnmarshalCBOR(b []byte) error {
	var raw []byte
	if err := decoding.Unmarshal(b, &raw); err != nil {
		return err
	}
	if len(raw) < 1 || len(raw) > 200 || raw[0] != SignatureSecp && raw[0] != SignatureBLS {
		return errors.New("no signature")
	}
	s.Type, s.Data = raw[0], raw[1:]
	return nil
}
