package envelope

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/assaylab/assay/merkle"
)

// newEpoch commits to n made-up responses.
func newEpoch(t testing.TB, n int) (*Epoch, []Response) {
	t.Helper()
	responses, leaves := make([]Response, n), make([]merkle.Digest, n)
	for i := range responses {
		responses[i] = Response{Provider: 1000 + uint64(i)/10, Sector: uint64(i) % 10, Proof: binary.BigEndian.AppendUint64(nil, uint64(i))}
		leaves[i] = responses[i].Leaf(77)
	}
	e, err := CommitEpoch(context.Background(), 77, leaves)
	if err != nil {
		t.Fatal(err)
	}
	return e, responses
}

func TestEpoch(t *testing.T) {
	ctx := context.Background()
	for _, n := range []int{1, 2, 3, 4, 5, 31, 32, 33, 100} {
		e, responses := newEpoch(t, n)
		for at := range n {
			positions := []uint64{uint64(at)}
			if at+1 < n {
				positions = append(positions, uint64(n-1))
			}
			p, err := e.Prove(ctx, positions)
			if err != nil {
				t.Fatal(err)
			}
			if err := VerifyEpoch(e.Commitment(), e.Number, e.Sectors, e.Root(), p); err != nil {
				t.Errorf("%d sectors, position %d: %v", n, at, err)
			}
			if p.Leaf[0] != responses[at].Leaf(77) {
				t.Errorf("%d sectors, position %d: another leaf", n, at)
			}
		}
		if _, err := e.Prove(ctx, []uint64{uint64(n)}); !errors.Is(err, ErrFormat) {
			t.Errorf("%d sectors: opened a leaf that only fills up: %v", n, err)
		}
	}
	for _, n := range []int{0, -1} {
		if _, err := EpochShape(uint64(n)); !errors.Is(err, ErrFormat) {
			t.Errorf("%d sectors: %v", n, err)
		}
	}
}

// TestEpochRefuses changes each thing that a commitment binds.
func TestEpochRefuses(t *testing.T) {
	e, responses := newEpoch(t, 5)
	p, err := e.Prove(context.Background(), []uint64{1, 4})
	if err != nil {
		t.Fatal(err)
	}
	bad := *p
	bad.Leaf = []merkle.Digest{p.Leaf[0], responses[3].Leaf(77)}
	filler := *p
	filler.Index = []uint64{1, 5}
	other := e.Commitment()
	other[0] ^= 1
	root := e.Root()
	root[0] ^= 1
	for name, err := range map[string]error{
		"commitment": VerifyEpoch(other, 77, 5, e.Root(), p),
		"epoch":      VerifyEpoch(e.Commitment(), 78, 5, e.Root(), p),
		"sectors":    VerifyEpoch(e.Commitment(), 77, 6, e.Root(), p),
		"root":       VerifyEpoch(e.Commitment(), 77, 5, root, p),
		"leaf":       VerifyEpoch(e.Commitment(), 77, 5, e.Root(), &bad),
		"filler":     VerifyEpoch(e.Commitment(), 77, 5, e.Root(), &filler),
		"inclusion":  VerifyEpoch(e.Commitment(), 77, 5, e.Root(), inclusion(t, e.tree, 1)),
	} {
		if !errors.Is(err, ErrProof) {
			t.Errorf("other %s: %v", name, err)
		}
	}
	one := responses[0].Leaf(77)
	for name, change := range map[string]func(r *Response){
		"provider": func(r *Response) { r.Provider++ },
		"sector":   func(r *Response) { r.Sector++ },
		"proof":    func(r *Response) { r.Proof = append([]byte{0}, r.Proof...) },
	} {
		r := responses[0]
		if change(&r); r.Leaf(77) == one {
			t.Errorf("a leaf does not bind its %s", name)
		}
	}
	if responses[0].Leaf(78) == one {
		t.Error("a leaf does not bind its epoch")
	}
}

func BenchmarkCommitEpoch(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("sectors=%d", n), func(b *testing.B) {
			_, responses := newEpoch(b, n)
			leaves := make([]merkle.Digest, n)
			b.ReportAllocs()
			for b.Loop() {
				for i := range responses {
					leaves[i] = responses[i].Leaf(77)
				}
				if _, err := CommitEpoch(context.Background(), 77, leaves); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/sector")
		})
	}
}
