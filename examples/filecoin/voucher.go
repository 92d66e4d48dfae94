package filecoin

import "golang.org/x/crypto/blake2b"

// A Merge names a lane whose vouchers up to Nonce another lane takes over.
type Merge struct {
	_     struct{} `cbor:",toarray"`
	Lane  uint64
	Nonce uint64
}

// An ExtraCheck is a method that an actor must approve a voucher with.
type ExtraCheck struct {
	_      struct{} `cbor:",toarray"`
	Actor  Address
	Method uint64
	Data   []byte
}

// A Voucher promises its receiver the amount that a lane of a payment channel holds in all, not more on top. Nil and empty
// lists are the same.
//
// Source: go-state-types builtin/v8/paych, SignedVoucher.
type Voucher struct {
	_               struct{} `cbor:",toarray"`
	Channel         Address
	TimeLockMin     int64 // first epoch in which it can be redeemed
	TimeLockMax     int64 // last such epoch, 0 for no end
	SecretHash      []byte
	Extra           *ExtraCheck
	Lane            uint64
	Nonce           uint64
	Amount          Amount
	MinSettleHeight int64
	Merges          []Merge
	Signature       *Signature
}

// bytes returns the CBOR with a signature, or with none.
func (v *Voucher) bytes(s *Signature) []byte {
	c := *v
	c.Signature = s
	if c.SecretHash == nil {
		c.SecretHash = []byte{}
	}
	if c.Merges == nil {
		c.Merges = []Merge{}
	}
	return encode(&c)
}

// SigningBytes returns what is signed: the CBOR of the voucher without its signature.
func (v *Voucher) SigningBytes() []byte { return v.bytes(nil) }

// Bytes returns the CBOR.
func (v *Voucher) Bytes() []byte { return v.bytes(v.Signature) }

// Digest returns the blake2b-256 digest of the signing bytes.
func (v *Voucher) Digest() [32]byte { return blake2b.Sum256(v.SigningBytes()) }

// Sign sets the signature.
func (v *Voucher) Sign(k Key) {
	s := k.Sign(v.SigningBytes())
	v.Signature = &s
}

// ParseVoucher reads the CBOR of a voucher and nothing else. Errors wrap ErrEncoding.
func ParseVoucher(b []byte) (*Voucher, error) {
	v := new(Voucher)
	return v, decode(b, v)
}
