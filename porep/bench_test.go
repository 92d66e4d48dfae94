package porep_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/sector"
)

// benchProof returns the parameters of sectors of that size.
func benchProof(b *testing.B, size sector.Size) sector.Proof {
	p, err := sector.NewProof(sector.NewPoRepID(6, 0), size, sector.V1_1_0, 0)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// discard takes labels as a file would.
type discard struct{}

func (discard) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }

// BenchmarkLabel labels 1 to 4 sectors side by side, parents at hand.
func BenchmarkLabel(b *testing.B) {
	for _, size := range []sector.Size{sector.Size32KiB, sector.Size8MiB} {
		p := benchProof(b, size)
		g, err := graph.New(p)
		if err != nil {
			b.Fatal(err)
		}
		table, err := graph.Load(b.Context(), g, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, lanes := range []int{1, 2, 4} {
			b.Run(fmt.Sprintf("size=%v/lanes=%d/workers=1", size, lanes), func(b *testing.B) {
				ids, ws := make([]sector.ReplicaID, lanes), make([]io.WriterAt, lanes)
				for i := range ids {
					ids[i], ws[i] = sector.ReplicaID{byte(i + 1)}, discard{}
				}
				opt := &porep.Options{Workers: 1, Parents: table}
				b.SetBytes(int64(lanes) * int64(p.Layers) * int64(p.Size))
				b.ReportAllocs()
				for b.Loop() {
					if err := porep.LabelBatch(b.Context(), ids, p, ws, opt); err != nil {
						b.Fatal(err)
					}
				}
				nodes := float64(lanes) * float64(p.Layers) * float64(p.Nodes())
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/nodes, "ns/label")
			})
		}
	}
}

// benchSealed returns a sealed sector of that size, and its statement.
func benchSealed(b *testing.B, size sector.Size) (porep.Files, *porep.Statement) {
	f, p := newFiles(b), benchProof(b, size)
	data := stream("bench", int(p.Size.Unpadded()))
	st, err := porep.Seal(context.Background(), []porep.Job{{Files: f, Proof: p, Data: bytes.NewReader(data)}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	return f, &st[0]
}

func BenchmarkStage(b *testing.B) {
	f, p := newFiles(b), benchProof(b, sector.Size8MiB)
	data := stream("bench", int(p.Size.Unpadded()))
	b.SetBytes(int64(p.Size))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := porep.Stage(b.Context(), f, p, bytes.NewReader(data), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommit makes TreeC, the replica and TreeRLast.
func BenchmarkCommit(b *testing.B) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("size=8MiB/workers=%d", workers), func(b *testing.B) {
			f, st := benchSealed(b, sector.Size8MiB)
			b.SetBytes(int64(st.Proof.Size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := porep.Commit(b.Context(), f, &st.Sector, &porep.Options{Workers: workers}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(st.Proof.Nodes()), "ns/node")
		})
	}
}

func BenchmarkProve(b *testing.B) {
	f, st := benchSealed(b, sector.Size8MiB)
	b.ReportAllocs()
	for b.Loop() {
		st.Seed[0]++
		if _, err := porep.Prove(b.Context(), f, st, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("size=8MiB/workers=%d", workers), func(b *testing.B) {
			f, st := benchSealed(b, sector.Size8MiB)
			p, err := porep.Prove(b.Context(), f, st, nil)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := porep.Verify(b.Context(), st, p, &porep.Options{Workers: workers}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkC1(b *testing.B) {
	st, p, raw, _ := loadC1(b, "2k-v1_1")
	b.Run("way=encode", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		buf := make([]byte, 0, len(raw))
		for b.Loop() {
			if _, err := p.AppendC1(buf, st.Proof); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("way=decode", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := porep.DecodeC1(raw, st.Proof); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkUnseal(b *testing.B) {
	f, st := benchSealed(b, sector.Size8MiB)
	replica, err := os.Open(f.Sealed)
	if err != nil {
		b.Fatal(err)
	}
	defer replica.Close()
	b.SetBytes(int64(st.Proof.Size))
	b.ReportAllocs()
	for b.Loop() {
		if err := porep.Unseal(b.Context(), &st.Sector, replica, io.Discard, 0, st.Proof.Size.Unpadded(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChallenges(b *testing.B) {
	for _, seal := range []sector.SealProof{sector.StackedDRG32GiBV1_1, sector.StackedDRG32GiBV1_1Synthetic, sector.StackedDRG32GiBV1_2NonInteractive} {
		p, err := seal.Proof()
		if err != nil {
			b.Fatal(err)
		}
		b.Run("kind="+seal.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := porep.Challenges(p, sector.ReplicaID{1}, sector.CommR{2}, sector.Seed{3}, 9); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
