package main

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// portVector is what the vectors expect of the port.
type portVector struct {
	Consensus, Incentive, Dividends []fixed.I32F32
	Trust                           []fixed.I32F32 `json:"validator_trust"`
	Server                          []uint64       `json:"server_emission"`
	Validator                       []uint64       `json:"validator_emission"`
	Emission                        []uint64
	ConsensusU16                    []uint16      `json:"consensus_u16"`
	DividendsU16                    []uint16      `json:"dividends_u16"`
	Permits                         []bool        `json:"new_validator_permit"`
	Active                          []bool        `json:"active"`
	Bonds                           [][][2]uint16 `json:"bonds_out"`
}

// TestPort holds the port against the chain's own outputs: a peer that computed something else would be no peer.
func TestPort(t *testing.T) {
	f, err := os.Open("../../consensus/testdata/epoch_small.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Name          string
			Input         json.RawMessage
			Sparse, Dense portVector
		}
	}
	if err := json.NewDecoder(z).Decode(&file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range file.Cases {
		s, err := consensus.DecodeState(c.Input)
		if err != nil {
			t.Fatal(err)
		}
		if name := c.Sparse.differ(portSparse(s)); name != "" {
			t.Errorf("%s: sparse %s", c.Name, name)
		}
		if name := c.Dense.differ(portDense(s)); name != "" {
			t.Errorf("%s: dense %s", c.Name, name)
		}
	}
}

// differ names the first output that is not as expected.
func (v *portVector) differ(p *portOutput) string {
	switch {
	case !slices.Equal(v.Consensus, p.consensus) || !slices.Equal(v.ConsensusU16, p.consensusU16):
		return "consensus"
	case !slices.Equal(v.Incentive, p.incentive):
		return "incentive"
	case !slices.Equal(v.Dividends, p.dividends) || !slices.Equal(v.DividendsU16, p.dividendsU16):
		return "dividends"
	case !slices.Equal(v.Trust, p.trust):
		return "trust"
	case !slices.Equal(v.Server, p.server) || !slices.Equal(v.Validator, p.validator) || !slices.Equal(v.Emission, p.combined):
		return "emission"
	case !slices.Equal(v.Permits, p.permits) || !slices.Equal(v.Active, p.active):
		return "permits"
	case !slices.EqualFunc(v.Bonds, p.bonds, slices.Equal):
		return "bonds"
	}
	return ""
}
