package filecoin

import (
	"bytes"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/crypto/blake2b"
)

// The protocols of addresses that parties of deals and channels have.
const (
	ProtocolID   = 0 // number of an actor
	ProtocolSecp = 1 // blake2b-160 of a secp256k1 public key
	ProtocolBLS  = 3 // a BLS public key
)

// An Address names a party as chains do: its bytes are the protocol and the payload. Addresses are comparable.
type Address string

// ErrAddress says that bytes or text are no address.
var ErrAddress = errors.New("filecoin: no such address")

// IDAddress returns the address of actor number id.
func IDAddress(id uint64) Address {
	return Address(binary.AppendUvarint([]byte{ProtocolID}, id))
}

// Protocol returns the kind of the address, -1 for the empty one.
func (a Address) Protocol() int {
	if a == "" {
		return -1
	}
	return int(a[0])
}

// ID returns the actor's number, if the address has one.
func (a Address) ID() (id uint64, ok bool) {
	if a.Protocol() != ProtocolID {
		return 0, false
	}
	id, n := binary.Uvarint([]byte(a[1:]))
	return id, n == len(a)-1
}

// Check refuses bytes that are no address of a known protocol.
func (a Address) Check() error {
	ok := false
	switch a.Protocol() {
	case ProtocolID:
		id, whole := a.ID()
		ok = whole && id <= 1<<63-1 && IDAddress(id) == a
	case ProtocolSecp:
		ok = len(a) == 1+20
	case ProtocolBLS:
		ok = len(a) == 1+48
	}
	if !ok {
		return fmt.Errorf("%w: %x", ErrAddress, string(a))
	}
	return nil
}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// checksum returns the four bytes that guard an address's text.
func (a Address) checksum() []byte {
	h, err := blake2b.New(4, nil)
	if err != nil {
		panic(err)
	}
	h.Write([]byte(a))
	return h.Sum(nil)
}

// String returns the address as text of the main network: f01000, f1..., f3....
func (a Address) String() string {
	if id, ok := a.ID(); ok {
		return "f0" + strconv.FormatUint(id, 10)
	}
	if a == "" {
		return "<empty>"
	}
	return fmt.Sprintf("f%d", a[0]) + base32Lower.EncodeToString(append([]byte(a[1:]), a.checksum()...))
}

// ParseAddress reads what String writes and nothing else. Errors wrap ErrAddress.
func ParseAddress(text string) (Address, error) {
	bad := fmt.Errorf("%w: %.100q", ErrAddress, text)
	if len(text) < 3 || len(text) > 100 || text[0] != 'f' {
		return "", bad
	}
	var a Address
	if text[1] == '0' {
		id, err := strconv.ParseUint(text[2:], 10, 63)
		if err != nil {
			return "", bad
		}
		a = IDAddress(id)
	} else {
		raw, err := base32Lower.DecodeString(text[2:])
		if err != nil || len(raw) < 5 {
			return "", bad
		}
		a = Address(append([]byte{text[1] - '0'}, raw[:len(raw)-4]...))
		if !bytes.Equal(raw[len(raw)-4:], a.checksum()) {
			return "", bad
		}
	}
	if a.Check() != nil || a.String() != text {
		return "", bad
	}
	return a, nil
}
