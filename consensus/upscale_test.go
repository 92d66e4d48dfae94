package consensus_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/consensus"
)

func TestMaxUpscale(t *testing.T) {
	for _, x := range []struct{ in, want []uint16 }{ // TOKENOMICS.md, section 9
		{[]uint16{1, 2, 3}, []uint16{21845, 43690, 65535}}, {[]uint16{65535, 1, 0}, []uint16{65535, 1, 0}}, {[]uint16{0, 0}, []uint16{0, 0}},
		{[]uint16{100, 65534}, []uint16{100, 65535}}, {nil, nil},
	} {
		if got := consensus.MaxUpscaleU16(x.in); !slices.Equal(got, x.want) {
			t.Errorf("%v: got %v, want %v", x.in, got, x.want)
		}
	}
}

func TestRelease(t *testing.T) {
	if !strings.Contains(consensus.Release, "14bc6f9f964b") {
		t.Error(consensus.Release)
	}
}
