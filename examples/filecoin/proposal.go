package filecoin

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/fxamacker/cbor/v2"

	"github.com/assaylab/assay/porep/sector"
)

// A Label is a note of the client's in a proposal: text, or bytes.
type Label struct {
	Data   string
	Binary bool
}

// MarshalCBOR writes a text or a byte string.
func (l Label) MarshalCBOR() ([]byte, error) {
	if l.Binary {
		return cbor.Marshal([]byte(l.Data))
	}
	return cbor.Marshal(l.Data)
}

// UnmarshalCBOR reads the label.
func (l *Label) UnmarshalCBOR(b []byte) error {
	var raw []byte
	if err := decoding.Unmarshal(b, &raw); err == nil && len(b) > 0 && b[0]>>5 == 2 {
		*l = Label{string(raw), true}
		return nil
	}
	l.Binary = false
	return decoding.Unmarshal(b, &l.Data)
}

// A Proposal is a storage deal as a client offers and signs it.
//
// Source: go-state-types builtin/v9/market, DealProposal.
type Proposal struct {
	_                  struct{} `cbor:",toarray"`
	PieceCID           PieceCID
	PieceSize          uint64 // padded bytes
	Verified           bool
	Client             Address
	Provider           Address
	Label              Label
	Start, End         int64
	Price              Amount // an epoch
	ProviderCollateral Amount
	ClientCollateral   Amount
}

// Bytes returns the proposal's CBOR, which is what clients sign.
func (p *Proposal) Bytes() []byte { return encode(p) }

// CID returns the proposal's name.
func (p *Proposal) CID() string { return MessageCID(p.Bytes()) }

// ParseProposal reads the CBOR of a proposal and nothing else. Errors wrap ErrEncoding.
func ParseProposal(b []byte) (*Proposal, error) {
	p := new(Proposal)
	return p, decode(b, p)
}

// Deal returns the terms of money.
func (p *Proposal) Deal() *Deal {
	return &Deal{Price: p.Price.Int, Start: p.Start, End: p.End, ProviderCollateral: p.ProviderCollateral.Int, ClientCollateral: p.ClientCollateral.Int}
}

// Check refuses a proposal that no chain takes, whoever signed it. Errors wrap ErrDeal.
func (p *Proposal) Check() error {
	if err := p.Deal().Check(); err != nil {
		return err
	}
	switch {
	case sector.CommP(p.PieceCID).Check() != nil:
		return fmt.Errorf("%w: the piece has no commitment", ErrDeal)
	case p.PieceSize < 128 || bits.OnesCount64(p.PieceSize) != 1:
		return fmt.Errorf("%w: a piece of %d bytes", ErrDeal, p.PieceSize)
	case len(p.Label.Data) > DealLabelMaxBytes:
		return fmt.Errorf("%w: a label of %d bytes", ErrDeal, len(p.Label.Data))
	case p.Client.Check() != nil || p.Provider.Check() != nil || p.Provider.Protocol() != ProtocolID:
		return fmt.Errorf("%w: client %v, provider %v", ErrDeal, p.Client, p.Provider)
	}
	return nil
}

// A SignedProposal is what a client sends to a provider, who publishes it.
type SignedProposal struct {
	_         struct{} `cbor:",toarray"`
	Proposal  Proposal
	Signature Signature
}

// Sign signs a proposal.
func (p *Proposal) Sign(k Key) *SignedProposal {
	return &SignedProposal{Proposal: *p, Signature: k.Sign(p.Bytes())}
}

// Bytes returns the CBOR.
func (s *SignedProposal) Bytes() []byte { return encode(s) }

// ParseSignedProposal reads the CBOR of a signed proposal and nothing else. Errors wrap ErrEncoding.
func ParseSignedProposal(b []byte) (*SignedProposal, error) {
	s := new(SignedProposal)
	return s, decode(b, s)
}

// Verify checks the terms and that the client signed them. Errors wrap ErrDeal or ErrSignature.
func (s *SignedProposal) Verify() error {
	return errors.Join(s.Proposal.Check(), VerifySignature(s.Proposal.Client, s.Proposal.Bytes(), s.Signature))
}
