package envelope

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/fxamacker/cbor/v2"

	"github.com/assaylab/assay/merkle"
)

// MaxBytes is the size of the longest envelope that decoders look at.
const MaxBytes = 1 << 20

// A wire is an envelope as both encodings have it. JSON goes through MarshalText, CBOR takes the Go values.
type wire struct {
	Version uint64   `json:"version" cbor:"0,keyasint"`
	Kind    Kind     `json:"kind" cbor:"1,keyasint"`
	Hash    string   `json:"hash" cbor:"2,keyasint"`
	Domain  string   `json:"domain" cbor:"3,keyasint"`
	Shape   hexBytes `json:"shape" cbor:"4,keyasint"`
	Root    node     `json:"root" cbor:"5,keyasint"`
	Seed    *node    `json:"seed,omitempty" cbor:"6,keyasint,omitempty"`
	Set     *node    `json:"set,omitempty" cbor:"7,keyasint,omitempty"`
	Index   []number `json:"index" cbor:"8,keyasint"`
	Leaf    []node   `json:"leaf" cbor:"9,keyasint"`
	Path    []node   `json:"path" cbor:"10,keyasint"`
}

// EncodeJSON returns the one JSON encoding of e, compact. Errors: ErrFormat.
func (e *Envelope) EncodeJSON() ([]byte, error) {
	w, err := e.wire()
	if err != nil {
		return nil, err
	}
	return bounded(json.Marshal(w))
}

// EncodeCBOR returns the one CBOR encoding of e. Errors: ErrFormat.
func (e *Envelope) EncodeCBOR() ([]byte, error) {
	w, err := e.wire()
	if err != nil {
		return nil, err
	}
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	return bounded(mode.Marshal(w))
}

func bounded(b []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrFormat, len(b), MaxBytes)
	}
	return b, nil
}

// DecodeJSON reads what EncodeJSON writes and nothing else, white space between its parts excepted. The proof is not
// verified. Errors: ErrFormat.
func DecodeJSON(b []byte) (*Envelope, error) {
	e, err := decode(b, json.Unmarshal)
	if err != nil {
		return nil, err
	}
	again, err := e.EncodeJSON()
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, b); err != nil || !bytes.Equal(compact.Bytes(), again) {
		return nil, fmt.Errorf("%w: not the one JSON encoding", ErrFormat)
	}
	return e, nil
}

// DecodeCBOR reads what EncodeCBOR writes and nothing else. The proof is not verified. Errors: ErrFormat.
func DecodeCBOR(b []byte) (*Envelope, error) {
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, MaxNestedLevels: 4, MaxMapPairs: 16, MaxArrayElements: MaxBytes,
	}.DecMode()
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	e, err := decode(b, mode.Unmarshal)
	if err != nil {
		return nil, err
	}
	if again, err := e.EncodeCBOR(); err != nil || !bytes.Equal(b, again) {
		return nil, fmt.Errorf("%w: not the one CBOR encoding", ErrFormat)
	}
	return e, nil
}

func decode(b []byte, unmarshal func([]byte, any) error) (*Envelope, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrFormat, len(b), MaxBytes)
	}
	var w wire
	if err := unmarshal(b, &w); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return w.envelope()
}

func (e *Envelope) wire() (*wire, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	w := &wire{
		Version: Version, Kind: e.Kind, Hash: e.Hash, Domain: e.Domain, Shape: e.Shape.AppendShape(nil), Root: node(e.Root),
		Index: make([]number, len(e.Index)), Leaf: nodes(e.Leaf), Path: nodes(e.Path),
	}
	if e.Kind == PDP {
		w.Seed, w.Set = (*node)(&e.Seed), (*node)(&e.Set)
	}
	for i, v := range e.Index {
		w.Index[i] = number(v)
	}
	return w, nil
}

func (w *wire) envelope() (*Envelope, error) {
	if w.Version != Version {
		return nil, fmt.Errorf("%w: version %d, want %d", ErrFormat, w.Version, Version)
	}
	shape, rest, err := merkle.ParseShape(w.Shape)
	if err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("%w: shape", ErrFormat)
	}
	if pdp := w.Kind == PDP; (w.Seed != nil) != pdp || (w.Set != nil) != pdp {
		return nil, fmt.Errorf("%w: seed and set belong to kind %s", ErrFormat, PDP)
	}
	e := &Envelope{
		Claim: Claim{Kind: w.Kind, Hash: w.Hash, Domain: w.Domain, Shape: shape, Root: merkle.Digest(w.Root)},
		Index: make([]uint64, len(w.Index)), Leaf: digests(w.Leaf), Path: digests(w.Path),
	}
	if w.Kind == PDP {
		e.Seed, e.Set = *w.Seed, *w.Set
	}
	for i, v := range w.Index {
		e.Index[i] = uint64(v)
	}
	return e.checked()
}

// A node is 32 bytes: hex in JSON, a byte string in CBOR.
type node [32]byte

func (n node) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, n[:]), nil }

func (n *node) UnmarshalText(b []byte) error {
	if len(b) != 2*len(n) {
		return fmt.Errorf("%d hex digits, want %d", len(b), 2*len(n))
	}
	_, err := hex.Decode(n[:], b)
	return err
}

// UnmarshalCBOR takes a byte string of 32 bytes: the library would fill up a shorter one and take a list of numbers.
func (n *node) UnmarshalCBOR(b []byte) error {
	if len(b) != 34 || b[0] != 0x58 || b[1] != 32 {
		return errors.New("no byte string of 32 bytes")
	}
	copy(n[:], b[2:])
	return nil
}

func nodes(d []merkle.Digest) []node {
	n := make([]node, len(d))
	for i := range d {
		n[i] = node(d[i])
	}
	return n
}

func digests(n []node) []merkle.Digest {
	d := make([]merkle.Digest, len(n))
	for i := range n {
		d[i] = merkle.Digest(n[i])
	}
	return d
}

// A number is decimal in a string in JSON, an unsigned integer in CBOR.
type number uint64

func (n number) MarshalText() ([]byte, error) { return strconv.AppendUint(nil, uint64(n), 10), nil }

func (n *number) UnmarshalText(b []byte) error {
	v, err := strconv.ParseUint(string(b), 10, 64)
	*n = number(v)
	return err
}

// hexBytes are bytes: hex in JSON, a byte string in CBOR.
type hexBytes []byte

func (h hexBytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

func (h *hexBytes) UnmarshalText(b []byte) (err error) {
	*h, err = hex.AppendDecode(nil, b)
	return err
}
