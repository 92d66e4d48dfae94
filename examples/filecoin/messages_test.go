package filecoin

import (
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/assaylab/assay/porep/sector"
)

func testKeys(t testing.TB) []Key {
	t.Helper()
	secp, err := NewSecpKey([32]byte{31: 7})
	if err != nil {
		t.Fatal(err)
	}
	bls, err := NewBLSKey([32]byte{0: 9})
	if err != nil {
		t.Fatal(err)
	}
	return []Key{secp, bls}
}

func testProposal(client Address) *Proposal {
	return &Proposal{PieceCID: PieceCID(sector.CommP{1}), PieceSize: 2048, Client: client, Provider: IDAddress(1000), Label: Label{Data: "file"},
		Start: 100, End: 100 + DealMinDuration, Price: Amount{big.NewInt(3)}, ProviderCollateral: Amount{big.NewInt(5)}, ClientCollateral: Amount{new(big.Int)}}
}

func TestAddresses(t *testing.T) {
	texts := []string{"f00", "f01000", "f1cbldzhtdtuciapk7nrhbw3zuszdb6jcq7yh6lhy",
		"f3a4dqobyha4dqobyha4dqobyha4dqobyha4dqobyha4dqobyha4dqobyha4dqobyha4dqobyha4dqofh54sia"}
	for _, text := range texts {
		a, err := ParseAddress(text)
		if err != nil || a.String() != text {
			t.Errorf("%s: got %v, %v", text, a, err)
		}
		for i := range text {
			b := []byte(text)
			b[i] ^= 1
			if other, err := ParseAddress(string(b)); err == nil && (other == a || a.Protocol() != ProtocolID) {
				t.Errorf("%s read as %v", b, other)
			}
			if other, err := ParseAddress(text[:i]); err == nil && other.Protocol() != ProtocolID {
				t.Errorf("%s read as %v", text[:i], other)
			}
		}
	}
	for _, text := range []string{"", "f", "f0", "f0-1", "f001", "f018446744073709551615", "t01000", "f2", "f1"} {
		if a, err := ParseAddress(text); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: got %v, %v", text, a, err)
		}
	}
}

func TestSignatures(t *testing.T) {
	keys := testKeys(t)
	message := []byte("deal")
	for i, k := range keys {
		s := k.Sign(message)
		if err := VerifySignature(k.Address(), message, s); err != nil {
			t.Fatal(err)
		}
		bad := map[string]error{
			"other message": VerifySignature(k.Address(), []byte("dea1"), s),
			"other key":     VerifySignature(keys[1-i].Address(), message, s),
			"other type":    VerifySignature(k.Address(), message, Signature{3 - s.Type, s.Data}),
			"actor number":  VerifySignature(IDAddress(1), message, s),
			"empty":         VerifySignature(k.Address(), message, Signature{s.Type, nil}),
			"zeros":         VerifySignature(k.Address(), message, Signature{s.Type, make([]byte, len(s.Data))}),
		}
		for at := range s.Data {
			d := slices.Clone(s.Data)
			d[at] ^= 1 << (at % 8)
			if at%7 == 0 {
				bad["flipped"] = errors.Join(bad["flipped"], VerifySignature(k.Address(), message, Signature{s.Type, d}))
			}
			bad["cut"] = VerifySignature(k.Address(), message, Signature{s.Type, s.Data[:at]})
		}
		for name, err := range bad {
			if !errors.Is(err, ErrSignature) {
				t.Errorf("type %d, %s: got %v", s.Type, name, err)
			}
		}
	}
	if _, err := NewSecpKey([32]byte{}); !errors.Is(err, ErrKey) {
		t.Errorf("secret 0: %v", err)
	}
	if _, err := NewBLSKey([32]byte{31: 0xff}); !errors.Is(err, ErrKey) {
		t.Errorf("secret over the order: %v", err)
	}
}

func TestBLSBatch(t *testing.T) {
	var public [][48]byte
	var messages []*BLSMessage
	var signatures []Signature
	for i := range 9 {
		k, err := NewBLSKey([32]byte{0: byte(1 + i%3)})
		if err != nil {
			t.Fatal(err)
		}
		m := []byte{byte(i)}
		public, messages = append(public, k.Public()), append(messages, NewBLSMessage(m))
		signatures = append(signatures, k.SignMessage(messages[i]))
		if !slices.Equal(signatures[i].Data, k.Sign(m).Data) {
			t.Error("signing a hashed message gives another signature")
		}
	}
	if err := VerifyBLSBatch(public, messages, signatures); err != nil {
		t.Fatal(err)
	}
	// Two signatures of one key, changed so that their plain sum stays.
	swapped := slices.Clone(signatures)
	swapped[0], swapped[3] = swapped[3], swapped[0]
	for name, err := range map[string]error{
		"swapped": VerifyBLSBatch(public, messages, swapped),
		"moved":   VerifyBLSBatch(append(public[1:9:9], public[0]), messages, signatures),
		"fewer":   VerifyBLSBatch(public, messages, signatures[:8]),
		"empty":   VerifyBLSBatch(nil, nil, nil),
		"cut":     VerifyBLSBatch(public[:1], messages[:1], []Signature{{SignatureBLS, signatures[0].Data[:95]}}),
		"type":    VerifyBLSBatch(public[:1], messages[:1], []Signature{{SignatureSecp, signatures[0].Data}}),
	} {
		if !errors.Is(err, ErrSignature) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestMessagesMutated flips every bit of messages and cuts them everywhere: what still reads is another message, and a
// signed one never verifies.
func TestMessagesMutated(t *testing.T) {
	key := testKeys(t)[0]
	signed := testProposal(key.Address()).Sign(key)
	if err := signed.Verify(); err != nil {
		t.Fatal(err)
	}
	v := Voucher{Channel: IDAddress(2), Lane: 1, Nonce: 2, Amount: Amount{big.NewInt(9)}, Extra: &ExtraCheck{Actor: IDAddress(3), Method: 2, Data: []byte{1}}}
	v.Sign(key)
	for name, c := range map[string]struct {
		bytes []byte
		parse func([]byte) error
	}{
		"deal": {signed.Bytes(), func(b []byte) error {
			s, err := ParseSignedProposal(b)
			if err == nil {
				err = s.Verify()
			}
			return err
		}},
		"voucher": {v.Bytes(), func(b []byte) error {
			v, err := ParseVoucher(b)
			if err != nil {
				return err
			}
			if v.Signature == nil {
				return ErrSignature
			}
			return VerifySignature(key.Address(), v.SigningBytes(), *v.Signature)
		}},
	} {
		if err := c.parse(c.bytes); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := range c.bytes {
			for bit := range 8 {
				b := slices.Clone(c.bytes)
				b[i] ^= 1 << bit
				if c.parse(b) == nil {
					t.Errorf("%s: bit %d of byte %d changed, and accepted", name, bit, i)
				}
			}
			if c.parse(c.bytes[:i]) == nil || c.parse(append(slices.Clone(c.bytes), make([]byte, i+1)...)) == nil {
				t.Errorf("%s: accepted when cut at %d or followed by zeros", name, i)
			}
		}
	}
}

func TestProposalRefusals(t *testing.T) {
	key := testKeys(t)[1]
	for name, change := range map[string]func(*Proposal){
		"short":          func(p *Proposal) { p.End = p.Start + DealMinDuration - 1 },
		"long":           func(p *Proposal) { p.End = p.Start + DealMaxDuration + 1 },
		"odd size":       func(p *Proposal) { p.PieceSize = 1000 },
		"small":          func(p *Proposal) { p.PieceSize = 64 },
		"label":          func(p *Proposal) { p.Label.Data = string(make([]byte, DealLabelMaxBytes+1)) },
		"provider's key": func(p *Proposal) { p.Provider = p.Client },
		"negative price": func(p *Proposal) { p.Price.Int = big.NewInt(-1) },
		"no piece":       func(p *Proposal) { p.PieceCID = PieceCID{31: 0xff} },
	} {
		p := testProposal(key.Address())
		change(p)
		if err := p.Sign(key).Verify(); !errors.Is(err, ErrDeal) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	key := testKeys(f)[0]
	p := testProposal(key.Address())
	f.Add(p.Bytes())
	f.Add(p.Sign(key).Bytes())
	v := Voucher{Channel: IDAddress(2), Merges: []Merge{{Lane: 1, Nonce: 2}}}
	v.Sign(key)
	f.Add(v.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := ParseProposal(b); err == nil && string(p.Bytes()) != string(b) {
			t.Error("a proposal with two encodings")
		}
		if s, err := ParseSignedProposal(b); err == nil && string(s.Bytes()) != string(b) {
			t.Error("a signed proposal with two encodings")
		}
		if v, err := ParseVoucher(b); err == nil && string(v.Bytes()) != string(b) {
			t.Error("a voucher with two encodings")
		}
	})
}
