package label

import (
	"crypto/sha256"
	"crypto/sha3"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"testing"
)

// TestAccumulated folds the labels of many small random graphs into one hash. The expected values are Python's
// (hashlib of CPython 3, the same rule): batch b takes its shape from h = SHA-256("assay/label/" + b), ids and
// parents from SHAKE128(h); batches follow until the number of labels is reached. ASSAY_MILLION=1 runs the
// million.
func TestAccumulated(t *testing.T) {
	cases, want := 10_000, "73783d3ff2c841ebc24e95eb598438e2e381315ffd635f897344b3b882a85529"
	switch {
	case os.Getenv("ASSAY_MILLION") == "1":
		cases, want = 1_000_000, "f29252b4b723c2337d4d9bc060f32648ea82367172706e29486df9198d8a6b01"
	case testing.Short():
		cases, want = 100, "ab4f4728eb042fde170f871502d6cf010659ce1d75e759afbe838bdc0b3e6f87"
	}
	all := sha256.New()
	for b, done := 0, 0; done < cases; b++ {
		h := sha256.Sum256(fmt.Appendf(nil, "assay/label/%d", b))
		lanes, nodes := 1+int(h[0])%4, 2+uint64(h[1])%60
		x := sha3.NewSHAKE128()
		x.Write(h[:])
		id := make([][Size]byte, lanes)
		for k := range id {
			x.Read(id[k][:])
			id[k][31] &= 0x3f
		}
		raw := make([]byte, 4*Degree*nodes)
		x.Read(raw)
		par := shakeParents(raw, nodes, uint64(h[2])%8, h[3]&1 == 1)
		for _, layer := range chain(t, id, 2, nodes, par, nodes) {
			all.Write(layer)
		}
		done += 2 * lanes * int(nodes)
	}
	if got := hex.EncodeToString(all.Sum(nil)); got != want {
		t.Errorf("%d labels: got %s, want %s", cases, got, want)
	}
}

// shakeParents turns random words into parents; pred below six is the DRG parent that is the node before, near
// keeps the others close.
func shakeParents(raw []byte, nodes, pred uint64, near bool) []uint32 {
	p := make([]uint32, Degree*nodes)
	for i := uint64(1); i < nodes; i++ {
		for j := range uint64(Degree) {
			r := uint64(binary.LittleEndian.Uint32(raw[4*(i*Degree+j):]))
			switch {
			case j == pred:
				r = i - 1
			case j >= Base:
				r %= nodes
			case near:
				r = i - 1 - r%min(i, 3)
			default:
				r %= i
			}
			p[i*Degree+j] = uint32(r)
		}
	}
	return p
}
