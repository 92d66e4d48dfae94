package filecoin

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

// load reads a file of testdata.
func load(t *testing.T, name string, dst any) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err == nil {
		err = json.Unmarshal(b, dst)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDealVectors(t *testing.T) {
	var f struct {
		Secret string `json:"client_secret_key_hex"`
		Deals  []struct {
			CBOR   string `json:"cbor_hex"`
			CID    string `json:"proposal_cid"`
			Client string
			Signed string `json:"client_deal_proposal_cbor_hex"`
		}
		Vouchers []struct {
			Signed  string `json:"signed_cbor_hex"`
			Signing string `json:"signing_bytes_hex"`
		}
		Randomness struct {
			Base    string `json:"base_hex"`
			Entropy string `json:"entropy_hex"`
			Cases   []struct {
				Name       string
				Tag, Round int64
				Want       string `json:"randomness_hex"`
			}
		} `json:"chain_randomness"`
	}
	load(t, "filecoin_deals.json", &f)
	key, err := NewSecpKey([32]byte(unhex(t, f.Secret)))
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range f.Deals {
		p, err := ParseProposal(unhex(t, d.CBOR))
		if err != nil {
			t.Fatal(err)
		}
		if p.CID() != d.CID || p.Client.String() != d.Client || hex.EncodeToString(p.Bytes()) != d.CBOR {
			t.Errorf("deal %d: %s of %v", i, p.CID(), p.Client)
		}
		if d.Signed == "" {
			continue
		}
		s, err := ParseSignedProposal(unhex(t, d.Signed))
		if err != nil || VerifySignature(key.Address(), p.Bytes(), s.Signature) != nil || hex.EncodeToString(s.Bytes()) != d.Signed {
			t.Errorf("deal %d: signature, %v", i, err)
		}
	}
	for i, x := range f.Vouchers {
		v, err := ParseVoucher(unhex(t, x.Signed))
		if err != nil || hex.EncodeToString(v.SigningBytes()) != x.Signing || VerifySignature(key.Address(), v.SigningBytes(), *v.Signature) != nil {
			t.Errorf("voucher %d: %v", i, err)
		}
	}
	for _, c := range f.Randomness.Cases {
		got := DrawRandomness(unhex(t, f.Randomness.Base), Draw(c.Tag), c.Round, unhex(t, f.Randomness.Entropy))
		if hex.EncodeToString(got[:]) != c.Want || Draw(c.Tag).String() != c.Name {
			t.Errorf("%s at %d: got %x", c.Name, c.Round, got)
		}
	}
}

func TestBLSVectors(t *testing.T) {
	var f struct {
		Secret string `json:"secret_key_le_hex"`
		Public string `json:"public_key_hex"`
		Cases  []struct {
			Message   string `json:"message_hex"`
			Signature string `json:"signature_hex"`
		}
	}
	load(t, "filecoin_bls.json", &f)
	key, err := NewBLSKey([32]byte(unhex(t, f.Secret)))
	if err != nil {
		t.Fatal(err)
	}
	if p := key.Public(); hex.EncodeToString(p[:]) != f.Public {
		t.Errorf("public key: got %x, want %s", p, f.Public)
	}
	for i, c := range f.Cases {
		s := key.Sign(unhex(t, c.Message))
		if hex.EncodeToString(s.Data) != c.Signature || VerifySignature(key.Address(), unhex(t, c.Message), s) != nil {
			t.Errorf("case %d: got %x", i, s.Data)
		}
	}
}
