package porep_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"testing"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// hex32 is a 32-byte value in hexadecimal.
type hex32 [32]byte

func (h *hex32) UnmarshalText(b []byte) error {
	if len(b) != 64 {
		return fmt.Errorf("%d hex digits", len(b))
	}
	_, err := hex.Decode(h[:], b)
	return err
}

func (h hex32) String() string { return hex.EncodeToString(h[:]) }

// A vectorSector is how the recorded files describe a sector.
type vectorSector struct {
	Name       string
	SectorSize sector.Size `json:"sector_size"`
	PoRepID    hex32       `json:"porep_id"`
	API        string      `json:"api_version"`
	Feature    string
	Partitions int
	ProverID   hex32         `json:"prover_id"`
	SectorID   sector.Number `json:"sector_id"`
	Ticket     hex32
	Seed       hex32
	Pieces     []struct {
		Label string
		Len   int   `json:"unpadded_len"`
		Start int64 `json:"start_unpadded"`
		CommP hex32 `json:"comm_p"`
	}
	CommD     hex32 `json:"comm_d"`
	CommR     hex32 `json:"comm_r"`
	ReplicaID hex32 `json:"replica_id"`
}

// proof returns the sector's parameters.
func (v *vectorSector) proof(t testing.TB) sector.Proof {
	t.Helper()
	api, err := sector.ParseAPIVersion(v.API)
	if err != nil {
		t.Fatal(err)
	}
	feature, err := sector.ParseFeatures(v.Feature)
	if err != nil {
		t.Fatal(err)
	}
	p, err := sector.NewProof(sector.PoRepID(v.PoRepID), v.SectorSize, api, feature)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sector returns what the replica is bound to.
func (v *vectorSector) sector(t testing.TB) porep.Sector {
	return porep.Sector{
		Proof:  v.proof(t),
		ID:     sector.ID{Prover: sector.ProverID(v.ProverID), Number: v.SectorID},
		Ticket: sector.Ticket(v.Ticket),
		CommD:  sector.CommD(v.CommD),
	}
}

// numbers rewrites JSON as serde writes byte arrays: each string of 64 hex digits becomes an array of
// 32 numbers; all else, and the order, stays.
func numbers(t testing.TB, raw []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	type level struct {
		object bool
		n      int
	}
	stack := []level{{}}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return out.Bytes()
		}
		if err != nil {
			t.Fatal(err)
		}
		top := &stack[len(stack)-1]
		if delim, ok := tok.(json.Delim); ok && (delim == '}' || delim == ']') {
			stack = stack[:len(stack)-1]
			out.WriteString(delim.String())
			continue
		}
		key := top.object && top.n%2 == 0
		if top.n > 0 {
			out.WriteByte(",:"[top.n%2*b2i(top.object)])
		}
		top.n++
		switch v := tok.(type) {
		case json.Delim:
			out.WriteString(v.String())
			stack = append(stack, level{object: v == '{'})
		case string:
			if b, err := hex.DecodeString(v); err == nil && len(b) == 32 && !key {
				out.WriteString(numberList(b))
				break
			}
			fmt.Fprintf(&out, "%q", v)
		case json.Number:
			out.WriteString(v.String())
		case nil:
			out.WriteString("null")
		default:
			t.Fatalf("token %v", tok)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func numberList(b []byte) string {
	s := make([]byte, 0, 4*len(b))
	for i, x := range b {
		s = append(s, "[,"[min(i, 1)])
		s = fmt.Append(s, x)
	}
	return string(append(s, ']'))
}
