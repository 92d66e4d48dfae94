package main

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/crypto/blake2b"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/porep/sector"
)

func runBLS(v *vector) (int, error) {
	var f struct {
		Format int      `json:"format"`
		Suite  string   `json:"ciphersuite"`
		Note   string   `json:"note"`
		Secret hex32    `json:"secret_key_le_hex"`
		Public hexBytes `json:"public_key_hex"`
		Cases  []struct {
			Name      string   `json:"name"`
			Message   hexBytes `json:"message_hex"`
			Signature hexBytes `json:"signature_hex"`
			Digest    *hex32   `json:"vrf_digest_blake2b256_hex"` // what an election reads, where the message is a draw for one
		} `json:"cases"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	const groups = " (public keys in G1, 48 bytes; signatures in G2, 96 bytes; compressed)"
	key, err := filecoin.NewBLSKey(f.Secret)
	if err != nil {
		return 0, err
	}
	public := key.Public()
	err = errors.Join(equal(f.Format, 1, "format"), equal(f.Suite, filecoin.BLSSuite+groups, "ciphersuite"),
		equalBytes(public[:], f.Public, "public_key_hex"))
	for _, c := range f.Cases {
		err = errors.Join(err, equalBytes(key.Sign(c.Message).Data, c.Signature, "%s: signature_hex", c.Name))
		if e := filecoin.VerifySignature(key.Address(), c.Message, filecoin.Signature{Type: filecoin.SignatureBLS, Data: c.Signature}); e != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", c.Name, e))
		}
		if c.Digest != nil {
			err = errors.Join(err, equal(hex32(blake2b.Sum256(c.Signature)), *c.Digest, "%s: vrf_digest_blake2b256_hex", c.Name))
		}
	}
	return len(f.Cases), err
}

type dealsFile struct {
	Format       int           `json:"format"`
	Note         string        `json:"note"`
	ClientSecret hex32         `json:"client_secret_key_hex"`
	ClientPublic hexBytes      `json:"client_public_key_hex"`
	PieceCID     string        `json:"piece_cid"`
	Piece        hex32         `json:"piece_commitment_hex"`
	ReplicaCID   string        `json:"replica_cid"`
	Replica      hex32         `json:"replica_commitment_hex"`
	Deals        []dealCase    `json:"deals"`
	Vouchers     []voucherCase `json:"vouchers"`
	Randomness   struct {
		Base        hexBytes `json:"base_hex"`
		Entropy     hexBytes `json:"entropy_hex"`
		EntropyDesc string   `json:"entropy_desc"`
		Rule        string   `json:"rule"`
		Cases       []struct {
			Name       string `json:"name"`
			Tag        int64  `json:"tag"`
			Round      int64  `json:"round"`
			Randomness hex32  `json:"randomness_hex"`
		} `json:"cases"`
	} `json:"chain_randomness"`
}

type dealCase struct {
	Index              int       `json:"index"`
	PieceCID           string    `json:"piece_cid"`
	PieceSize          uint64    `json:"piece_size"`
	Verified           bool      `json:"verified"`
	Client             string    `json:"client"`
	Provider           string    `json:"provider"`
	Label              *string   `json:"label"`
	LabelHex           *hexBytes `json:"label_hex"`
	LabelIsString      bool      `json:"label_is_string"`
	Start              int64     `json:"start"`
	End                int64     `json:"end"`
	Price              *amount   `json:"price_per_epoch"`
	ProviderCollateral *amount   `json:"provider_collateral"`
	ClientCollateral   *amount   `json:"client_collateral"`
	CBOR               hexBytes  `json:"cbor_hex"`
	CID                string    `json:"proposal_cid"`
	Digest             hex32     `json:"signing_digest_blake2b256_hex"`
	TotalFee           *amount   `json:"total_fee"`
	Requirement        *amount   `json:"client_balance_requirement"`
	SignatureType      *byte     `json:"client_signature_type"`
	Signature          hexBytes  `json:"client_signature_hex"`
	SignedCBOR         hexBytes  `json:"client_deal_proposal_cbor_hex"`
}

type voucherCase struct {
	Channel     string                         `json:"channel"`
	TimeLockMin int64                          `json:"time_lock_min"`
	TimeLockMax int64                          `json:"time_lock_max"`
	SecretHash  hexBytes                       `json:"secret_hash_hex"`
	Lane        uint64                         `json:"lane"`
	Nonce       uint64                         `json:"nonce"`
	Amount      *amount                        `json:"amount"`
	MinSettle   int64                          `json:"min_settle_height"`
	Merges      []struct{ Lane, Nonce uint64 } `json:"merges"`
	Signing     hexBytes                       `json:"signing_bytes_hex"`
	Digest      hex32                          `json:"digest_hex"`
	Signature   hexBytes                       `json:"signature_hex"`
	Signed      hexBytes                       `json:"signed_cbor_hex"`
}

func runDeals(v *vector) (int, error) {
	var f dealsFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	key, err := filecoin.NewSecpKey(f.ClientSecret)
	if err != nil {
		return 0, err
	}
	err = errors.Join(equal(f.Format, 1, "format"), equalBytes(key.Public(), f.ClientPublic, "client_public_key_hex"),
		equal(sector.CommP(f.Piece).CID(), f.PieceCID, "piece_cid"), equal(sector.CommR(f.Replica).CID(), f.ReplicaCID, "replica_cid"))
	for i := range f.Deals {
		if e := f.Deals[i].run(key); e != nil {
			err = errors.Join(err, fmt.Errorf("deal %d: %w", i, e))
		}
		err = errors.Join(err, equal(i, f.Deals[i].Index, "deal %d: index", i))
	}
	for i := range f.Vouchers {
		if e := f.Vouchers[i].run(key); e != nil {
			err = errors.Join(err, fmt.Errorf("voucher %d: %w", i, e))
		}
	}
	return len(f.Deals) + len(f.Vouchers) + len(f.Randomness.Cases), errors.Join(err, f.randomness())
}

// proposal returns the deal that the fields describe.
func (c *dealCase) proposal() (*filecoin.Proposal, error) {
	commP, err := sector.ParseCommPCID(c.PieceCID)
	client, e1 := filecoin.ParseAddress(c.Client)
	provider, e2 := filecoin.ParseAddress(c.Provider)
	p := &filecoin.Proposal{PieceCID: filecoin.PieceCID(commP), PieceSize: c.PieceSize, Verified: c.Verified, Client: client, Provider: provider,
		Start: c.Start, End: c.End, Price: filecoin.Amount{Int: &c.Price.Int},
		ProviderCollateral: filecoin.Amount{Int: &c.ProviderCollateral.Int}, ClientCollateral: filecoin.Amount{Int: &c.ClientCollateral.Int}}
	switch {
	case c.LabelIsString && c.Label != nil && c.LabelHex == nil:
		p.Label = filecoin.Label{Data: *c.Label}
	case !c.LabelIsString && c.LabelHex != nil && c.Label == nil:
		p.Label = filecoin.Label{Data: string(*c.LabelHex), Binary: true}
	default:
		err = errors.Join(err, errors.New("label and label_is_string contradict each other"))
	}
	return p, errors.Join(err, e1, e2)
}

func (c *dealCase) run(key *filecoin.SecpKey) error {
	p, err := c.proposal()
	if err != nil {
		return err
	}
	back, err := filecoin.ParseProposal(c.CBOR)
	if err != nil {
		return err
	}
	deal := p.Deal()
	requirement := deal.TotalFee()
	requirement.Add(requirement, deal.ClientCollateral)
	err = errors.Join(equalBytes(p.Bytes(), c.CBOR, "cbor_hex"), equalBytes(back.Bytes(), p.Bytes(), "decoded"),
		equal(p.CID(), c.CID, "proposal_cid"), equal(hex32(blake2b.Sum256(p.Bytes())), c.Digest, "signing_digest_blake2b256_hex"),
		same(deal.TotalFee(), c.TotalFee, "total_fee"), same(requirement, c.Requirement, "client_balance_requirement"))
	if c.SignatureType == nil {
		return errors.Join(err, equal(len(c.Signature)+len(c.SignedCBOR), 0, "signature without a type"))
	}
	s := &filecoin.SignedProposal{Proposal: *p, Signature: filecoin.Signature{Type: *c.SignatureType, Data: c.Signature}}
	signed, e := filecoin.ParseSignedProposal(c.SignedCBOR)
	if e != nil {
		return errors.Join(err, e)
	}
	err = errors.Join(err, equalBytes(s.Bytes(), c.SignedCBOR, "client_deal_proposal_cbor_hex"),
		filecoin.VerifySignature(signed.Proposal.Client, signed.Proposal.Bytes(), signed.Signature))
	if s.Signature.Type == filecoin.SignatureSecp {
		err = errors.Join(err, recovers(key, p.Bytes(), c.Signature))
	}
	return err
}

// recovers checks that a signature leads to the client's key, and that the client's own signature does.
func recovers(key *filecoin.SecpKey, message, signature []byte) error {
	for _, s := range [][]byte{signature, key.Sign(message).Data} {
		public, err := filecoin.RecoverSecp(message, s)
		if err != nil {
			return err
		}
		if !bytes.Equal(public, key.Public()) {
			return fmt.Errorf("recovered key: got %s, want %s", show(public), show(key.Public()))
		}
	}
	return nil
}

func (c *voucherCase) run(key *filecoin.SecpKey) error {
	channel, err := filecoin.ParseAddress(c.Channel)
	if err != nil {
		return err
	}
	v := &filecoin.Voucher{Channel: channel, TimeLockMin: c.TimeLockMin, TimeLockMax: c.TimeLockMax, SecretHash: c.SecretHash, Lane: c.Lane,
		Nonce: c.Nonce, Amount: filecoin.Amount{Int: &c.Amount.Int}, MinSettleHeight: c.MinSettle}
	for _, m := range c.Merges {
		v.Merges = append(v.Merges, filecoin.Merge{Lane: m.Lane, Nonce: m.Nonce})
	}
	err = errors.Join(equalBytes(v.SigningBytes(), c.Signing, "signing_bytes_hex"), equal(hex32(v.Digest()), c.Digest, "digest_hex"))
	v.Signature = &filecoin.Signature{Type: filecoin.SignatureSecp, Data: c.Signature}
	back, e := filecoin.ParseVoucher(c.Signed)
	if e != nil {
		return errors.Join(err, e)
	}
	return errors.Join(err, equalBytes(v.Bytes(), c.Signed, "signed_cbor_hex"), equalBytes(back.Bytes(), c.Signed, "decoded"),
		filecoin.VerifySignature(key.Address(), c.Signing, *v.Signature), recovers(key, c.Signing, c.Signature))
}

// randomness compares the draws. Their entropy is a provider's address.
func (f *dealsFile) randomness() error {
	r := &f.Randomness
	var err error
	if text, ok := bytes.CutPrefix([]byte(r.EntropyDesc), []byte("CBOR of provider address ")); ok {
		provider, e := filecoin.ParseAddress(string(text))
		err = errors.Join(e, equalBytes(filecoin.EntropyOf(provider), r.Entropy, "entropy_hex"))
	}
	for i, c := range r.Cases {
		d := filecoin.Draw(c.Tag)
		err = errors.Join(err, equal(d.String(), c.Name, "draw %d: name", i),
			equal(hex32(filecoin.DrawRandomness(r.Base, d, c.Round, r.Entropy)), c.Randomness, "draw %d: randomness_hex", i))
	}
	return err
}
