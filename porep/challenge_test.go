package porep_test

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/internal/vectortest"
	"github.com/assaylab/assay/porep/sector"
)

type challengeVector struct {
	SectorSize   sector.Size `json:"sector_size"`
	Feature      string
	Partitions   int
	Each         int        `json:"challenges_per_partition"`
	ReplicaID    hex32      `json:"replica_id"`
	CommR        hex32      `json:"comm_r"`
	Seed         hex32      `json:"seed"`
	All          hex32      `json:"all_u64le_sha256"`
	Synthetic    *hex32     `json:"synthetic_set_u64le_sha256"`
	SyntheticLen int        `json:"synthetic_set_len"`
	Indexes      [][]uint64 `json:"synthetic_indexes_by_partition"`
}

func digest64(list []uint64) hex32 {
	b := make([]byte, 0, 8*len(list))
	for _, v := range list {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return sha256.Sum256(b)
}

// TestChallenges holds every kind of challenges against the recorded sets.
func TestChallenges(t *testing.T) {
	var f struct {
		Sets []challengeVector `json:"challenge_sets"`
	}
	vectortest.Read(t, "filecoin/porep_challenges.json", &f)
	for _, v := range f.Sets {
		feature, err := sector.ParseFeatures(v.Feature)
		if err != nil {
			t.Fatal(err)
		}
		p, err := sector.NewProof(sector.PoRepID{}, v.SectorSize, sector.V1_2_0, feature)
		if err != nil {
			t.Fatal(err)
		}
		if p.Partitions != v.Partitions || p.Challenges != v.Each {
			t.Errorf("%v: %d x %d challenges, want %d x %d", p.Size, p.Partitions, p.Challenges, v.Partitions, v.Each)
		}
		var all []uint64
		for k := range p.Partitions {
			c, err := porep.Challenges(p, sector.ReplicaID(v.ReplicaID), sector.CommR(v.CommR), sector.Seed(v.Seed), k)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c...)
		}
		if got := digest64(all); got != v.All {
			t.Errorf("%v %s: challenges digest %v, want %v", p.Size, v.Feature, got, v.All)
		}
		if feature == sector.Synthetic {
			checkSynthetic(t, p, v)
		}
	}
}

func checkSynthetic(t *testing.T, p sector.Proof, v challengeVector) {
	t.Helper()
	set, err := porep.SyntheticSet(p, sector.ReplicaID(v.ReplicaID), sector.CommR(v.CommR))
	if err != nil || len(set) != v.SyntheticLen || digest64(set) != *v.Synthetic {
		t.Errorf("%v: synthetic set of %d, want %d, or another digest: %v", p.Size, len(set), v.SyntheticLen, err)
	}
	for k, want := range v.Indexes {
		got, err := porep.SyntheticIndexes(p, sector.ReplicaID(v.ReplicaID), sector.CommR(v.CommR), sector.Seed(v.Seed), k)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, partition %d: indexes %v, want %v: %v", p.Size, k, got, want, err)
		}
	}
}
