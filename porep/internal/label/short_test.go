//go:build amd64 && !purego

package label

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// TestKernelShort holds the kernels of short messages against the plain path, in layer 1 and above, over stretches of every length.
func TestKernelShort(t *testing.T) {
	for lanes := 1; lanes <= interleaved; lanes++ {
		t.Run(fmt.Sprintf("%d/shani", lanes), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(lanes), 14))
			ids := make([][Size]byte, lanes)
			for i := range ids {
				ids[i] = [Size]byte{byte(i), byte(r.Uint32()), 7}
			}
			fast, err := NewShort(ids...)
			if err != nil {
				t.Fatal(err)
			}
			kerneltest.Need(t, !fast.plain, "shani")
			plain, _ := NewShort(ids...)
			plain.setPlain()
			const nodes = 700
			row := Size * lanes
			parents := make([]uint32, nodes*Degree)
			for i := range parents {
				node := uint32(i / Degree)
				switch {
				case i%Degree >= Base:
					parents[i] = r.Uint32N(nodes)
				case i%Degree == 0 && node > 0:
					parents[i] = node - 1
				case node > 0:
					parents[i] = node - 1 - r.Uint32N(min(node, 1+r.Uint32N(node)))
				}
			}
			prev, got, want := make([]byte, nodes*row), make([]byte, nodes*row), make([]byte, nodes*row)
			for layer := uint32(1); layer <= 3; layer++ {
				if err := plain.Label(layer, 0, parents, want, prev); err != nil {
					t.Fatal(err)
				}
				for at := 0; at < nodes; {
					n := min(1+r.IntN(200), nodes-at)
					if err := fast.Label(layer, uint64(at), parents[at*Degree:(at+n)*Degree], got, prev); err != nil {
						t.Fatal(err)
					}
					at += n
				}
				if !bytes.Equal(got, want) {
					for i := range nodes {
						if !bytes.Equal(got[i*row:(i+1)*row], want[i*row:(i+1)*row]) {
							t.Fatalf("layer %d: node %d differs", layer, i)
						}
					}
				}
				copy(prev, want)
			}
			bad := append([]uint32(nil), parents[5*Degree:20*Degree]...)
			bad[7*Degree+3] = 400
			if err := fast.Label(2, 5, bad, got, prev); !errors.Is(err, ErrParents) {
				t.Errorf("a parent behind its node: %v", err)
			}
		})
	}
}

func BenchmarkShort(b *testing.B) {
	for lanes := 1; lanes <= interleaved; lanes++ {
		b.Run(fmt.Sprintf("lanes=%d/nodes=4Ki", lanes), func(b *testing.B) {
			l, err := NewShort(make([][Size]byte, lanes)...)
			if err != nil {
				b.Fatal(err)
			}
			const nodes = 4096
			cur, prev, parents := make([]byte, nodes*Size*lanes), make([]byte, nodes*Size*lanes), make([]uint32, nodes*Degree)
			for i := range parents {
				if node := i / Degree; i%Degree >= Base {
					parents[i] = uint32(i * 7919 % nodes)
				} else if node > 0 {
					parents[i] = uint32(node - 1 - i%Degree*7%node)
				}
			}
			for b.Loop() {
				if err := l.Label(2, 0, parents, cur, prev); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*nodes*lanes), "ns/label")
		})
	}
}
