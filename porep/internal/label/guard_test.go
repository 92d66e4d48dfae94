//go:build amd64 && !purego

package label

import (
	"bytes"
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// TestGuarded lets no kernel touch a byte outside of its layers and parents, good or bad: they lie against
// forbidden pages.
func TestGuarded(t *testing.T) {
	for _, lanes := range laneCounts {
		for _, nodes := range []uint64{2, 5, 13, 127, 128, 129, 300} {
			for _, end := range []bool{false, true} {
				n := int(nodes) * Size * lanes
				par := kerneltest.Guarded[uint32](t, int(nodes)*Degree, end)
				copy(par, parents(byte(nodes), nodes, 0, true))
				id := ids(3, lanes)
				want := chain(t, id, 2, nodes, par, nodes)
				l, _ := New(id...)
				one, two := kerneltest.Guarded[byte](t, n, end), kerneltest.Guarded[byte](t, n, end)
				if err := l.Label(1, 0, par, one, nil); err != nil {
					t.Fatal(err)
				}
				if err := l.Label(2, 0, par, two, one); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(one, want[0]) || !bytes.Equal(two, want[1]) {
					t.Fatalf("lanes %d nodes %d end %v: labels differ", lanes, nodes, end)
				}
				for _, bad := range []uint32{uint32(nodes), 1<<32 - 1} {
					par[len(par)-1] = bad
					if l.Label(2, 0, par, two, one) == nil {
						t.Fatalf("parent %d of %d nodes: no error", bad, nodes)
					}
				}
			}
		}
	}
}
