package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/erasure"
	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
	"github.com/assaylab/assay/merkle/merkletest"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
	"github.com/assaylab/assay/post"
)

// A decoder is an exported function that reads bytes of strangers.
type decoder struct {
	name   string
	seeds  [][]byte // valid or nearly so, to be spoilt
	decode func(b []byte) error
}

// TestDecodersAllocate gives every decoder of the core hostile bytes and holds what it allocates against 64 KiB and 8 bytes a
// byte of input.
func TestDecodersAllocate(t *testing.T) {
	for _, d := range decoders(t) {
		t.Run(d.name, func(t *testing.T) {
			_ = d.decode(nil) // tables that are made once
			tried, worst := 0, 0.0
			for _, b := range hostile(d.seeds) {
				limit := uint64(64<<10 + 8*len(b))
				used, panicked := allocated(func() { _ = d.decode(b) })
				if panicked != nil {
					t.Fatalf("%d bytes %.40x...: panic: %v", len(b), b, panicked)
				}
				if used > limit {
					t.Errorf("%d bytes %.40x...: %d bytes allocated, limit %d", len(b), b, used, limit)
				}
				tried, worst = tried+1, max(worst, float64(used)/float64(limit))
			}
			t.Logf("%d inputs, at most %.0f %% of what may be allocated", tried, 100*worst)
		})
	}
}

// allocated returns the bytes that do allocates, the least of three times: others of the process allocate, too.
func allocated(do func()) (used uint64, panicked any) {
	defer func() { panicked = recover() }()
	used = 1 << 63
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		if used = min(used, after.TotalAlloc-before.TotalAlloc); used < 64<<10 {
			break
		}
	}
	return used, nil
}

// hostile returns bytes of many lengths, and the seeds cut and with large numbers in every place.
func hostile(seeds [][]byte) (out [][]byte) {
	r := rand.New(rand.NewPCG(10, 4))
	random := make([]byte, 1<<16)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	fills := [][]byte{random, bytes.Repeat([]byte{0}, 1<<16), bytes.Repeat([]byte{0xff}, 1<<16), bytes.Repeat([]byte("["), 1<<16),
		bytes.Repeat([]byte("{\"a\":"), 1<<13), bytes.Repeat([]byte("[[0,1],"), 1<<13), bytes.Repeat([]byte{0x9b}, 1<<12), bytes.Repeat([]byte{0x5b}, 1<<12)}
	for _, b := range fills {
		for _, n := range []int{0, 1, 4, 8, 31, 32, 33, 64, 100, 191, 192, 256, 1000, 4096, len(b)} {
			out = append(out, b[:min(n, len(b))])
		}
	}
	for _, seed := range seeds {
		out = append(out, seed)
		step := max(1, len(seed)/150)
		for at := 0; at < len(seed); at += step {
			out = append(out, seed[:at])
			for _, x := range []uint64{1<<64 - 1, 1<<63 - 1, 1 << 32, 0x00ffffff_ffffff7f} {
				b := append(bytes.Clone(seed), make([]byte, 8)...)
				binary.LittleEndian.PutUint64(b[at:], x)
				out = append(out, b[:len(seed)])
			}
		}
	}
	return out
}

// text wraps a decoder of text.
func text[T any](parse func(string) (T, error)) func([]byte) error {
	return func(b []byte) error { _, err := parse(string(b)); return err }
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// partition returns the bytes of an empty proof of an update.
func partition(p update.Params) []byte {
	path := func(n int) merkle.Proof { return merkle.Proof{Siblings: make([]merkle.Digest, n)} }
	proof := &update.PartitionProof{Apex: make([]merkle.Digest, p.ApexLeaves)}
	for range p.Challenges {
		proof.Challenges = append(proof.Challenges, update.ChallengeProof{Old: path(14), Data: path(6), New: path(14)})
	}
	return must(update.AppendPartition(nil, p, proof))
}

// decoders lists every exported decoder of the core.
func decoders(t *testing.T) []decoder {
	sp := must(sector.StackedDRG2KiBV1_1.Proof())
	h, shape, one, many, span := smallProofs(t)
	rules := must(post.NewRules(true, sector.Size2KiB, sector.V1_2_0))
	up := must(update.NewParams(sector.Size2KiB))
	n := 4
	return []decoder{
		{"merkle.ParseShape", [][]byte{shape.AppendShape(nil)}, func(b []byte) error { _, _, err := merkle.ParseShape(b); return err }},
		{"merkle.ParseProof", [][]byte{one}, func(b []byte) error { _, err := merkle.ParseProof(b, h, shape); return err }},
		{"merkle.ParseMulti", [][]byte{many}, func(b []byte) error { _, err := merkle.ParseMulti(b, h, shape); return err }},
		{"merkle.ParseRange", [][]byte{span}, func(b []byte) error { _, err := merkle.ParseRange(b, h, shape); return err }},
		{"durable journal", [][]byte{journal(t)}, replay(t)},
		{"sector.PAux", [][]byte{must((&sector.PAux{}).MarshalBinary())}, func(b []byte) error { return new(sector.PAux).UnmarshalBinary(b) }},
		{"sector.TAux", [][]byte{must(sector.NewTAux(sp, "/cache").MarshalBinary())}, func(b []byte) error { return new(sector.TAux).UnmarshalBinary(b) }},
		{"sector.ParseCommPCID", [][]byte{[]byte(sector.CommP{1}.CID())}, text(sector.ParseCommPCID)},
		{"sector.ParseCommDCID", [][]byte{[]byte(sector.CommD{1}.CID())}, text(sector.ParseCommDCID)},
		{"sector.ParseCommRCID", [][]byte{[]byte(sector.CommR{1}.CID())}, text(sector.ParseCommRCID)},
		{"sector.ParseSize", [][]byte{[]byte("32GiB")}, text(sector.ParseSize)},
		{"sector.ParseAPIVersion", [][]byte{[]byte("1.1.0")}, text(sector.ParseAPIVersion)},
		{"sector.ParseFeatures", nil, text(sector.ParseFeatures)},
		{"groth16.ParseProof", nil, func(b []byte) error { _, err := groth16.ParseProof(b); return err }},
		{"groth16.ParseProofs", nil, func(b []byte) error { _, err := groth16.ParseProofs(b, n); return err }},
		{"groth16.ParseKey", nil, func(b []byte) error { _, err := groth16.ParseKey(b); return err }},
		{"groth16.ParseAggregate", nil, func(b []byte) error { _, err := groth16.ParseAggregate(b); return err }},
		{"groth16.ReadKey", nil, func(b []byte) error { _, err := groth16.ReadKey(bytes.NewReader(b)); return err }},
		{"groth16.ReadSRS", nil, func(b []byte) error {
			_, err := groth16.ReadSRS(context.Background(), bytes.NewReader(b), 1, nil)
			return err
		}},
		{"piece.InclusionProof", nil, func(b []byte) error { return new(piece.InclusionProof).UnmarshalBinary(b) }},
		{"piece.ParseIndex", nil, func(b []byte) error { _, _, err := piece.ParseIndex(1<<20, bytes.NewReader(b)); return err }},
		{"update.ParsePartition", [][]byte{partition(up)}, func(b []byte) error { _, err := update.ParsePartition(b, up); return err }},
		{"porep.DecodeC1", nil, func(b []byte) error { _, err := porep.DecodeC1(b, sp); return err }},
		{"post.Rules.DecodeJSON", nil, func(b []byte) error { _, err := rules.DecodeJSON(b); return err }},
		{"erasure.Manifest", nil, func(b []byte) error { return new(erasure.Manifest).UnmarshalBinary(b) }},
		{"erasure.ShardProof", nil, func(b []byte) error { return new(erasure.ShardProof).UnmarshalBinary(b) }},
		{"erasure.Sample", nil, func(b []byte) error { return new(erasure.Sample).UnmarshalBinary(b) }},
		{"erasure.FraudProof", nil, func(b []byte) error { return new(erasure.FraudProof).UnmarshalBinary(b) }},
		{"consensus.DecodeState", nil, func(b []byte) error { _, err := consensus.DecodeState(b); return err }},
		{"consensus.DecodeStored", nil, func(b []byte) error { _, err := consensus.DecodeStored(b); return err }},
		{"consensus.DecodeScaleRow", nil, func(b []byte) error { _, err := consensus.DecodeScaleRow(b, n, new(consensus.Rows)); return err }},
		{"fixed.ParseI64F64", [][]byte{[]byte(strings.Repeat("9", 40))}, text(fixed.ParseI64F64)},
		{"fixed.ParseI96F32", nil, text(fixed.ParseI96F32)},
		{"fixed.ParseU64F64", nil, text(fixed.ParseU64F64)},
		{"fixed.ParseU96F32", nil, text(fixed.ParseU96F32)},
	}
}

// smallProofs returns a tree of 16 leaves' hasher and shape, and the bytes of a proof, a multiproof and a range proof.
func smallProofs(t *testing.T) (h merkle.Hasher, s merkle.Shape, one, many, span []byte) {
	t.Helper()
	h = sha2.SHA254{}
	s = must(merkle.Uniform(16, 2))
	tree := must(merkle.Build(t.Context(), h, s, merkletest.Leaves(16, 1), nil))
	return h, s, merkle.AppendProof(nil, h, s, must(tree.Proof(3))), merkle.AppendMulti(nil, h, s, must(tree.OpenMulti(t.Context(), []uint64{1, 5, 9}, nil))),
		merkle.AppendRange(nil, h, s, must(tree.OpenRange(t.Context(), 2, 7, nil)))
}

// journal returns the bytes of a job's journal.
func journal(t *testing.T) []byte {
	t.Helper()
	disk := durabletest.NewDisk()
	j := must(durable.Open(disk, []byte("job"), nil))
	for i := range 4 {
		err := j.Create(t.Context(), 1, fmt.Sprint("file", i), 8, func(f durable.File) error {
			_, err := f.WriteAt(make([]byte, 8), 0)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(disk.Bytes("assay.journal")[:4*176])
}

// replay returns what opens a job whose journal is the bytes given, in a folder of the system.
func replay(t *testing.T) func([]byte) error {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "adversaries-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	disk := must(durable.OpenOS(dir))
	t.Cleanup(func() { disk.Close() })
	return func(b []byte) error {
		if err := os.WriteFile(filepath.Join(dir, "assay.journal"), b, 0o600); err != nil {
			return err
		}
		j, err := durable.Open(disk, []byte("job"), nil)
		if err != nil {
			return err
		}
		return j.Close()
	}
}
