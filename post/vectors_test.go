package post

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/sector"
)

// load reads a file of testdata.
func load(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func from32(t *testing.T, text string) (out [32]byte) {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 32 {
		t.Fatalf("%q is not 32 bytes", text)
	}
	return [32]byte(b)
}

func TestChallengesOfReference(t *testing.T) {
	var f struct {
		Winning []struct {
			Randomness string   `json:"randomness"`
			Prover     string   `json:"prover_id"`
			Set        uint64   `json:"sector_set_size"`
			Count      int      `json:"challenge_count"`
			Want       []uint64 `json:"sector_indexes"`
		} `json:"winning_sector_challenges"`
		Leaves []struct {
			Size       sector.Size `json:"sector_size"`
			Version    string      `json:"api_version"`
			Type       string      `json:"type"`
			Randomness string      `json:"randomness"`
			IDs        []string    `json:"sector_ids_in_order"`
			Want       [][]uint64  `json:"challenges"`
		} `json:"leaf_challenges"`
	}
	load(t, "post_challenges.json", &f)
	for i, c := range f.Winning {
		got, err := WinningSectors(from32(t, c.Randomness), from32(t, c.Prover), c.Set, c.Count)
		if err != nil || !slices.Equal(got, c.Want) {
			t.Errorf("winning %d: got %v, %v", i, got, err)
		}
	}
	for i, c := range f.Leaves {
		v, err := sector.ParseAPIVersion(c.Version)
		if err != nil {
			t.Fatal(err)
		}
		r := rules(t, c.Type == "Window", c.Size, v)
		for k, text := range c.IDs {
			id, _ := strconv.ParseUint(text, 10, 64)
			if got := r.ChallengesOf(nil, from32(t, c.Randomness), sector.Number(id), uint64(k)); !slices.Equal(got, c.Want[k]) {
				t.Errorf("leaves %d, sector %d: got %v", i, id, got)
			}
		}
	}
}

func TestDeadlinesOfChain(t *testing.T) {
	var f struct {
		Cases []struct {
			Start   int64 `json:"period_start"`
			Epoch   int64 `json:"current_epoch"`
			Index   int
			Open    int64
			Close   int64
			Mutable []bool `json:"mutable_if_next_open_minus_60_gt_current"`
			Indices []int  `json:"mutable_indices"`
		}
	}
	load(t, "deadlines.json", &f)
	for i, c := range f.Cases {
		if d := DeadlineAt(c.Start, c.Epoch); d.Index != c.Index || d.Open != c.Open || d.Close != c.Close {
			t.Errorf("case %d: got %+v", i, d)
		}
		for k, index := range c.Indices {
			if d, err := NewDeadline(c.Start, index); err != nil || d.Mutable(c.Epoch) != c.Mutable[k] {
				t.Errorf("case %d, deadline %d: mutable %v", i, index, d.Mutable(c.Epoch))
			}
		}
	}
	for _, index := range []int{-1, Deadlines} {
		if _, err := NewDeadline(0, index); !errors.Is(err, ErrDeadline) {
			t.Errorf("deadline %d: got %v", index, err)
		}
	}
}

func TestAssignmentOfChain(t *testing.T) {
	var f struct {
		Cases []struct {
			Name          string
			PartitionSize uint64 `json:"partition_size"`
			MaxPartitions uint64 `json:"max_partitions"`
			Live, Total   []*uint64
			Sectors       int
			Sequence      string `json:"sequence_sha256"`
		}
	}
	load(t, "deadline_assignment.json", &f)
	for _, c := range f.Cases {
		loads := make([]Load, Deadlines)
		for i := range loads {
			if c.Live[i] == nil {
				loads[i].Closed = true
				continue
			}
			loads[i] = Load{Live: *c.Live[i], Total: *c.Total[i]}
		}
		got, err := AssignDeadlines(loads, c.PartitionSize, c.MaxPartitions, c.Sectors)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, d := range got {
			fmt.Fprintln(&text, d)
		}
		if sum := sha256.Sum256([]byte(text.String())); hex.EncodeToString(sum[:]) != c.Sequence {
			t.Errorf("%s: another sequence", c.Name)
		}
	}
	if _, err := AssignDeadlines(make([]Load, Deadlines), 2, 1, 97); !errors.Is(err, ErrFull) {
		t.Errorf("97 sectors into 48 deadlines of 2: got %v", err)
	}
	if _, err := AssignDeadlines(nil, 2, 1, 1); !errors.Is(err, ErrDeadline) {
		t.Errorf("no deadlines: got %v", err)
	}
}

func TestPDPOfContract(t *testing.T) {
	var f struct {
		Pieces []struct {
			Leaves     uint64
			Root       string `json:"root_hex"`
			Seed       string `json:"seed_hex"`
			Set        string `json:"data_set_id"`
			Challenges []struct {
				LeafIndex uint64   `json:"leaf_index"`
				Leaf      string   `json:"leaf_hex"`
				Proof     []string `json:"proof_hex"`
			}
		}
		IndexOnly []struct {
			Seed    string   `json:"seed_hex"`
			Set     string   `json:"data_set_id"`
			Leaves  string   `json:"total_leaves"`
			Indices []string `json:"leaf_indices"`
		} `json:"index_only"`
	}
	load(t, "evm_pdp.json", &f)
	for i, c := range f.Pieces {
		set, _ := new(big.Int).SetString(c.Set, 10)
		var proofs []merkle.Proof
		for _, w := range c.Challenges {
			p := merkle.Proof{Index: w.LeafIndex, Leaf: from32(t, w.Leaf)}
			for _, s := range w.Proof {
				p.Siblings = append(p.Siblings, from32(t, s))
			}
			proofs = append(proofs, p)
		}
		if err := VerifyPDP(from32(t, c.Root), c.Leaves, from32(t, c.Seed), set, proofs); err != nil {
			t.Errorf("piece %d: %v", i, err)
		}
		proofs[2].Leaf[7] ^= 1
		if err := VerifyPDP(from32(t, c.Root), c.Leaves, from32(t, c.Seed), set, proofs); !errors.Is(err, ErrProof) {
			t.Errorf("piece %d with a changed leaf: %v", i, err)
		}
	}
	for i, c := range f.IndexOnly {
		set, _ := new(big.Int).SetString(c.Set, 10)
		leaves, _ := strconv.ParseUint(c.Leaves, 10, 64)
		for k, want := range c.Indices {
			if got, err := PDPIndex(from32(t, c.Seed), set, uint64(k), leaves); err != nil || strconv.FormatUint(got, 10) != want {
				t.Errorf("index %d.%d: got %d, %v", i, k, got, err)
			}
		}
	}
}

// TestPDPOfLargePiece proves a piece whose cache leaves rows out and counts what is read.
func TestPDPOfLargePiece(t *testing.T) {
	const leaves = 1 << 17
	data := make([]byte, 32*leaves)
	for i := range leaves {
		data[32*i], data[32*i+1], data[32*i+2] = byte(i), byte(i>>8), byte(i>>16)
	}
	ctx, set, seed := context.Background(), big.NewInt(7), [32]byte{9}
	cache := make(memoryFile, PieceCacheSize(leaves))
	if len(cache) > 2<<20 {
		t.Errorf("a cache of %d bytes", len(cache))
	}
	root, err := BuildPiece(ctx, bytes.NewReader(data), leaves, cache, nil)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := merkle.Build(ctx, sha2.SHA254{}, mustShape(t, leaves), merkle.Digests(data), nil)
	if err != nil || tree.Root() != root {
		t.Fatalf("root %x, %v", root, err)
	}
	proofs, err := ProvePDP(ctx, bytes.NewReader(data), leaves, bytes.NewReader(cache), seed, set, PDPChallenges, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := VerifyPDP(root, leaves, seed, set, proofs); err != nil {
		t.Error(err)
	}
	data[32*proofs[1].Index] ^= 1
	var place *merkle.NodeError
	if _, err := ProvePDP(ctx, bytes.NewReader(data), leaves, bytes.NewReader(cache), seed, set, PDPChallenges, nil); !errors.As(err, &place) {
		t.Errorf("changed data: got %v", err)
	}
	for _, bad := range []uint64{0, 1, 3, 1 << 63} {
		if _, err := BuildPiece(ctx, bytes.NewReader(nil), bad, cache, nil); err == nil {
			t.Errorf("a piece of %d leaves was built", bad)
		}
		if VerifyPDP(root, bad, seed, set, proofs) == nil || PieceCacheSize(bad) != 0 {
			t.Errorf("a proof of %d leaves was accepted", bad)
		}
	}
	if _, err := BuildPiece(ctx, io.LimitReader(bytes.NewReader(data), 100), leaves, cache, nil); err == nil {
		t.Error("a short piece was built")
	}
	if VerifyPDP(root, leaves, seed, set, nil) == nil || VerifyPDP(root, leaves, seed, nil, proofs) == nil {
		t.Error("a proof without openings or data set was accepted")
	}
}

func mustShape(t *testing.T, leaves uint64) merkle.Shape {
	t.Helper()
	s, err := merkle.Uniform(leaves, 2)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func BenchmarkProve(b *testing.B) {
	h := newStorehouse(b, rules(b, true, sector.Size8MiB, sector.V1_2_0), 2)
	b.Run("sectors=2/size=8MiB/workers=1", func(b *testing.B) {
		opt := &Options{Workers: 1, Reading: Reading{Parallel: 1}}
		for b.Loop() {
			if _, err := h.rules.Prove(context.Background(), today, h.list, h.open, opt); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportAllocs()
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*2*h.rules.Challenges), "ns/challenge")
	})
}

func BenchmarkVerify(b *testing.B) {
	h := newStorehouse(b, rules(b, true, sector.Size8MiB, sector.V1_2_0), 2)
	proofs := h.prove(b)
	b.Run("sectors=2/size=8MiB/workers=1", func(b *testing.B) {
		for b.Loop() {
			if err := h.rules.Verify(context.Background(), today, h.list, proofs, &Options{Workers: 1}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportAllocs()
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*2*h.rules.Challenges), "ns/challenge")
	})
}
