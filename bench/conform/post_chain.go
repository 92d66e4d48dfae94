package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/fr32"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

// postDeadlines is filecoin_deadlines.json.
type postDeadlines struct {
	Format    int           `json:"format"`
	Constants postConstants `json:"constants"`
	Cases     []struct {
		PeriodStart int64  `json:"period_start"`
		Epoch       int64  `json:"current_epoch"`
		Index       int    `json:"index"`
		Open        int64  `json:"open"`
		Close       int64  `json:"close"`
		Challenge   int64  `json:"challenge"`
		FaultCutoff int64  `json:"fault_cutoff"`
		Mutable     []bool `json:"mutable_if_next_open_minus_60_gt_current"`
		Indices     []int  `json:"mutable_indices"`
	} `json:"cases"`
}

type postConstants struct {
	ProvingPeriod      int64          `json:"proving_period"`
	ChallengeWindow    int64          `json:"challenge_window"`
	Deadlines          int            `json:"deadlines"`
	ChallengeLookback  int64          `json:"challenge_lookback"`
	FaultCutoff        int64          `json:"fault_declaration_cutoff"`
	FaultMaxAge        int64          `json:"fault_max_age"`
	DisputeWindow      int64          `json:"dispute_window"`
	MaxPartitions      int            `json:"max_partitions_per_deadline"`
	MaxPosted          int            `json:"posted_partitions_max"`
	MaxAddressed       int            `json:"addressed_sectors_max"`
	PartitionSectors   map[string]int `json:"partition_sectors"`
	PreCommitDelay     int64          `json:"pre_commit_challenge_delay"`
	PreCommitLookback  int64          `json:"max_precommit_randomness_lookback"`
	ProveCommitMaximum int64          `json:"max_prove_commit_duration_v1p1"`
	NI                 struct {
		MaxAggregate int   `json:"max_aggregate"`
		Lookback     int64 `json:"lookback"`
	} `json:"ni_porep"`
	Finality int64 `json:"chain_finality"`
}

// check compares the constants with the library's.
func (c postConstants) check() error {
	ours := postConstants{ProvingPeriod: post.ProvingPeriod, ChallengeWindow: post.ChallengeWindow, Deadlines: post.Deadlines,
		ChallengeLookback: post.ChallengeLookback, FaultCutoff: post.FaultDeclarationCutoff, FaultMaxAge: post.FaultMaxAge,
		DisputeWindow: post.DisputeWindow, MaxPartitions: post.MaxPartitions, MaxPosted: post.MaxPartitionsPosted,
		MaxAddressed: post.MaxSectorsAddressed, PreCommitDelay: post.PreCommitChallengeDelay,
		PreCommitLookback: post.MaxPreCommitRandomnessLookback, ProveCommitMaximum: post.MaxProveCommitDuration,
		Finality: post.ChainFinality, PartitionSectors: map[string]int{}}
	ours.NI.MaxAggregate, ours.NI.Lookback = post.NonInteractiveMaxAggregate, post.NonInteractiveLookback
	for text := range c.PartitionSectors {
		size, err := sector.ParseSize(text)
		if err != nil {
			return err
		}
		ours.PartitionSectors[text] = sector.WindowPoStSectors(size)
	}
	if !reflect.DeepEqual(ours, c) {
		return fmt.Errorf("constants: got %+v, want %+v", ours, c)
	}
	return nil
}

func runPostDeadlines(v *vector) (int, error) {
	var f postDeadlines
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	if err := errors.Join(equal(f.Format, 1, "format"), f.Constants.check()); err != nil {
		return 0, err
	}
	for i, c := range f.Cases {
		want := post.Deadline{PeriodStart: c.PeriodStart, Index: c.Index, Open: c.Open, Close: c.Close,
			Challenge: c.Challenge, FaultCutoff: c.FaultCutoff}
		if err := errors.Join(equal(post.DeadlineAt(c.PeriodStart, c.Epoch), want, "case %d", i),
			equal(len(c.Mutable), len(c.Indices), "case %d: mutable", i)); err != nil {
			return i, err
		}
		for k, index := range c.Indices {
			d, err := post.NewDeadline(c.PeriodStart, index)
			if err := errors.Join(err, equal(d.Mutable(c.Epoch), c.Mutable[k], "case %d: deadline %d mutable", i, index)); err != nil {
				return i, err
			}
		}
	}
	return len(f.Cases), nil
}

func runPostAssignment(v *vector) (int, error) {
	var f struct {
		Format int    `json:"format"`
		Rule   string `json:"rule"`
		Cases  []struct {
			Name          string    `json:"name"`
			PartitionSize uint64    `json:"partition_size"`
			MaxPartitions uint64    `json:"max_partitions"`
			Live          []*uint64 `json:"live"`
			Total         []*uint64 `json:"total"`
			Sectors       int       `json:"sectors"`
			First         []int     `json:"assigned_first"`
			PerDeadline   []int     `json:"assigned_per_deadline"`
			Sequence      hex32     `json:"sequence_sha256"`
		} `json:"cases"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	if err := equal(f.Format, 1, "format"); err != nil {
		return 0, err
	}
	for i, c := range f.Cases {
		if len(c.Live) != post.Deadlines || len(c.Total) != post.Deadlines || c.Sectors > 1<<24 {
			return i, fmt.Errorf("%s: %d and %d deadlines, %d sectors", c.Name, len(c.Live), len(c.Total), c.Sectors)
		}
		loads := make([]post.Load, post.Deadlines)
		for d := range loads {
			if c.Live[d] == nil || c.Total[d] == nil {
				loads[d].Closed = true
				continue
			}
			loads[d] = post.Load{Live: *c.Live[d], Total: *c.Total[d]}
		}
		got, err := post.AssignDeadlines(loads, c.PartitionSize, c.MaxPartitions, c.Sectors)
		if err != nil {
			return i, fmt.Errorf("%s: %w", c.Name, err)
		}
		per, text := make([]int, post.Deadlines), strings.Builder{}
		for _, d := range got {
			per[d]++
			fmt.Fprintln(&text, d)
		}
		if err := errors.Join(equal(fmt.Sprint(got[:min(len(c.First), len(got))]), fmt.Sprint(c.First), "%s: assigned_first", c.Name),
			equal(fmt.Sprint(per), fmt.Sprint(c.PerDeadline), "%s: assigned_per_deadline", c.Name),
			equal(hex32(sha256.Sum256([]byte(text.String()))), c.Sequence, "%s: sequence_sha256", c.Name)); err != nil {
			return i, err
		}
	}
	return len(f.Cases), nil
}

// pdpFile is evm_pdp.json.
type pdpFile struct {
	Format     int        `json:"format"`
	PerProof   int        `json:"challenges_per_proof"`
	LeafSize   int        `json:"leaf_size"`
	IndexRule  string     `json:"index_rule"`
	VerifyRule string     `json:"verify_rule"`
	Pieces     []pdpPiece `json:"pieces"`
	IndexOnly  []struct {
		Seed    hex32    `json:"seed_hex"`
		Set     string   `json:"data_set_id"`
		Leaves  string   `json:"total_leaves"`
		Indices []string `json:"leaf_indices"`
	} `json:"index_only"`
}

type pdpPiece struct {
	Name       string `json:"name"`
	Unpadded   int    `json:"unpadded_size"`
	Padded     int    `json:"padded_size"`
	DataRule   string `json:"data_rule"`
	DataSHA256 hex32  `json:"data_sha256"`
	Leaves     uint64 `json:"leaves"`
	Root       hex32  `json:"root_hex"`
	Seed       hex32  `json:"seed_hex"`
	Set        string `json:"data_set_id"`
	Challenges []struct {
		Index     int     `json:"index"`
		LeafIndex uint64  `json:"leaf_index"`
		Leaf      hex32   `json:"leaf_hex"`
		Proof     []hex32 `json:"proof_hex"`
	} `json:"challenges"`
}

func runPDP(v *vector) (cases int, err error) {
	var f pdpFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	if err := errors.Join(equal(f.Format, 1, "format"), equal(f.PerProof, post.PDPChallenges, "challenges_per_proof"),
		equal(f.LeafSize, len(merkle.Digest{}), "leaf_size")); err != nil {
		return 0, err
	}
	for i := range f.Pieces {
		if err := f.Pieces[i].run(); err != nil {
			return cases, fmt.Errorf("%s: %w", f.Pieces[i].Name, err)
		}
		cases++
	}
	for i, c := range f.IndexOnly {
		set, ok := new(big.Int).SetString(c.Set, 10)
		leaves, err := strconv.ParseUint(c.Leaves, 10, 64)
		if !ok || err != nil || len(c.Indices) == 0 {
			return cases, fmt.Errorf("index_only %d: data set %q, leaves %q, %d indices", i, c.Set, c.Leaves, len(c.Indices))
		}
		for k, want := range c.Indices {
			got, err := post.PDPIndex(c.Seed, set, uint64(k), leaves)
			if err := errors.Join(err, equal(strconv.FormatUint(got, 10), want, "index_only %d: leaf %d", i, k)); err != nil {
				return cases, err
			}
		}
		cases++
	}
	return cases, nil
}

// run makes the piece, proves and compares, and verifies the reference's proof.
func (c *pdpPiece) run() error {
	set, ok := new(big.Int).SetString(c.Set, 10)
	if !ok || c.Unpadded < 1 || c.Unpadded > 1<<30 || c.Unpadded%127 != 0 {
		return fmt.Errorf("data set %q, %d bytes", c.Set, c.Unpadded)
	}
	data := make([]byte, 0, c.Unpadded+32)
	for i := 0; len(data) < c.Unpadded; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "economics-vector pdp %d", i))
		data = append(data, sum[:]...)
	}
	data = data[:c.Unpadded]
	padded := make([]byte, c.Unpadded/127*128)
	if _, err := fr32.Pad(padded, data); err != nil {
		return err
	}
	if err := errors.Join(equal(hex32(sha256.Sum256(data)), c.DataSHA256, "data_sha256"),
		equal(len(padded), c.Padded, "padded_size"), equal(uint64(len(padded)/32), c.Leaves, "leaves")); err != nil {
		return err
	}
	ctx, cache := context.Background(), make(memory, 4*len(padded))
	root, err := post.BuildPiece(ctx, bytes.NewReader(padded), c.Leaves, cache, nil)
	if err := errors.Join(err, equal(hex32(root), c.Root, "root_hex")); err != nil {
		return err
	}
	rows := post.PieceCacheSize(c.Leaves)
	proofs, err := post.ProvePDP(ctx, bytes.NewReader(padded), c.Leaves, bytes.NewReader(cache[:rows]), c.Seed, set, len(c.Challenges), nil)
	if err != nil {
		return err
	}
	theirs := make([]merkle.Proof, len(c.Challenges))
	for i, want := range c.Challenges {
		theirs[i] = merkle.Proof{Index: want.LeafIndex, Leaf: merkle.Digest(want.Leaf)}
		for _, s := range want.Proof {
			theirs[i].Siblings = append(theirs[i].Siblings, merkle.Digest(s))
		}
		if err := equal(want.Index, i, "challenge %d: index", i); err != nil {
			return err
		}
	}
	if !reflect.DeepEqual(proofs, theirs) {
		return fmt.Errorf("challenges: got %x, want %x", proofs, theirs)
	}
	return post.VerifyPDP(merkle.Digest(c.Root), c.Leaves, c.Seed, set, theirs)
}
