package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// challengesFile is porep_challenges.json.
type challengesFile struct {
	porepHead
	Sets []challengeSet `json:"challenge_sets"`
	IDs  []struct {
		ProverID  hex32         `json:"prover_id"`
		SectorID  sector.Number `json:"sector_id,string"`
		Ticket    hex32         `json:"ticket"`
		CommD     hex32         `json:"comm_d"`
		PoRepID   hex32         `json:"porep_id"`
		ReplicaID hex32         `json:"replica_id"`
	} `json:"replica_ids"`
}

type challengeSet struct {
	SectorSize    sector.Size `json:"sector_size"`
	Feature       string      `json:"feature"`
	Partitions    int         `json:"partitions"`
	MinChallenges int         `json:"minimum_challenges"`
	Each          int         `json:"challenges_per_partition"`
	ReplicaID     hex32       `json:"replica_id"`
	CommR         hex32       `json:"comm_r"`
	Seed          hex32       `json:"seed"`
	SHA256        hex32       `json:"all_u64le_sha256"`
	ByPartition   [][]uint64  `json:"challenges_by_partition"`
	Some          [][]uint64  `json:"first_two_and_last_partition"`
	SynthLen      int         `json:"synthetic_set_len"`
	SynthFirst    []uint64    `json:"synthetic_set_first_20"`
	SynthLast     []uint64    `json:"synthetic_set_last_4"`
	SynthSHA256   hex32       `json:"synthetic_set_u64le_sha256"`
	SynthIndexes  [][]uint64  `json:"synthetic_indexes_by_partition"`
}

// runPorepChallenges derives challenges and replica ids.
func runPorepChallenges(v *vector) (int, error) {
	var f challengesFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	for i := range f.Sets {
		if err := f.Sets[i].check(); err != nil {
			return i, fmt.Errorf("set %d (%v %s): %w", i, f.Sets[i].SectorSize, f.Sets[i].Feature, err)
		}
	}
	for i, id := range f.IDs {
		got := sector.NewReplicaID(sector.ProverID(id.ProverID), id.SectorID, sector.Ticket(id.Ticket), sector.CommD(id.CommD), sector.PoRepID(id.PoRepID))
		if err := equal(hex32(got), id.ReplicaID, "replica id %d", i); err != nil {
			return len(f.Sets) + i, err
		}
	}
	return len(f.Sets) + len(f.IDs), nil
}

func (c *challengeSet) check() error {
	k := porepKind{SectorSize: c.SectorSize, APIVersion: "1.2.0", Feature: c.Feature, Partitions: c.Partitions, MinChallenges: c.MinChallenges}
	p, err := k.proof()
	if err != nil {
		return err
	}
	id, commR, seed := sector.ReplicaID(c.ReplicaID), sector.CommR(c.CommR), sector.Seed(c.Seed)
	var all [][]uint64
	for k := range p.Partitions {
		one, err := porep.Challenges(p, id, commR, seed, k)
		if err != nil {
			return err
		}
		all = append(all, one)
	}
	some, want := all, c.ByPartition
	if want == nil && len(all) > 2 {
		some, want = [][]uint64{all[0], all[1], all[len(all)-1]}, c.Some
	}
	err = errors.Join(equal(p.Challenges, c.Each, "challenges_per_partition"), equal(sumUint64(slices.Concat(all...)), c.SHA256, "all_u64le_sha256"),
		equal(fmt.Sprint(some), fmt.Sprint(want), "challenges"))
	if p.Features != sector.Synthetic || err != nil {
		return err
	}
	set, err := porep.SyntheticSet(p, id, commR)
	if err != nil {
		return err
	}
	var indexes [][]uint64
	for k := range p.Partitions {
		one, err := porep.SyntheticIndexes(p, id, commR, seed, k)
		if err != nil {
			return err
		}
		indexes = append(indexes, one)
	}
	if len(set) < len(c.SynthFirst) || len(set) < len(c.SynthLast) {
		return fmt.Errorf("synthetic set of %d", len(set))
	}
	return errors.Join(equal(len(set), c.SynthLen, "synthetic_set_len"), equal(sumUint64(set), c.SynthSHA256, "synthetic_set_u64le_sha256"),
		equal(fmt.Sprint(set[:len(c.SynthFirst)]), fmt.Sprint(c.SynthFirst), "synthetic_set_first_20"),
		equal(fmt.Sprint(set[len(set)-len(c.SynthLast):]), fmt.Sprint(c.SynthLast), "synthetic_set_last_4"),
		equal(fmt.Sprint(indexes), fmt.Sprint(c.SynthIndexes), "synthetic_indexes_by_partition"))
}

// sumUint64 is the digest of a list of little-endian numbers.
func sumUint64(list []uint64) hex32 {
	b := make([]byte, 0, 8*len(list))
	for _, x := range list {
		b = binary.LittleEndian.AppendUint64(b, x)
	}
	return sha256.Sum256(b)
}
