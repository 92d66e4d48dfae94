package porep_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/assaylab/assay/merkle/durable/durabletest"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
)

// exampleJob returns a sector to seal in a directory of its own, and what removes that.
func exampleJob(p sector.Proof, err error) (job porep.Job, remove func()) {
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	cache := filepath.Join(dir, "cache")
	if err := os.Mkdir(cache, 0o700); err != nil {
		log.Fatal(err)
	}
	return porep.Job{
		Files: porep.Files{Cache: cache, Staged: filepath.Join(dir, "staged"), Sealed: filepath.Join(dir, "sealed")},
		Proof: p,
		ID:    sector.ID{Prover: sector.NewProverID(1000), Number: 1},
		Data:  strings.NewReader("a deal's data"),
	}, func() { os.RemoveAll(dir) }
}

// exampleSector is exampleJob that seals the sector.
func exampleSector(p sector.Proof, err error) (f porep.Files, st *porep.Statement, remove func()) {
	job, remove := exampleJob(p, err)
	statements, err := porep.Seal(context.Background(), []porep.Job{job}, nil)
	if err != nil {
		log.Fatal(err)
	}
	return job.Files, &statements[0], remove
}

// A sector is sealed, proven to a seed, and the proof verified from public values.
func Example() {
	ctx := context.Background()
	job, remove := exampleJob(sector.StackedDRG2KiBV1_1.Proof())
	defer remove()

	statements, err := porep.Seal(ctx, []porep.Job{job}, nil)
	if err != nil {
		log.Fatal(err)
	}
	st := statements[0]
	fmt.Println("CommD", st.CommD.CID())
	fmt.Println("CommR", st.CommR.CID())

	st.Seed = sector.Seed{7} // from the chain, once CommR is on it
	proof, err := porep.Prove(ctx, job.Files, &st, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("verified:", porep.Verify(ctx, &st, proof, nil) == nil)

	proof.Partitions[0][0].Replica.Leaf[0] ^= 1
	err = porep.Verify(ctx, &st, proof, nil)
	var bad *porep.ChallengeError
	fmt.Println("refuted:", errors.Is(err, porep.ErrProof), errors.As(err, &bad), bad.Part)
	// Output:
	// CommD baga6ea4seaqe2l6kyu6vd5u4jslmib2mpowvvxpetumywzvjqbvl4okkc2dvina
	// CommR bagboea4b5abcb3jgx3ibvuuupwawebgljcwqaj25xdjprzoaymbqrr7ytxd77gki
	// verified: true
	// refuted: true true tree R
}

// Any range of the data comes back from the replica alone.
func ExampleUnseal() {
	ctx := context.Background()
	f, st, remove := exampleSector(sector.StackedDRG2KiBV1_1.Proof())
	defer remove()

	replica, err := os.Open(f.Sealed)
	if err != nil {
		log.Fatal(err)
	}
	defer replica.Close()
	var out bytes.Buffer
	if err := porep.Unseal(ctx, &st.Sector, replica, &out, 2, 6, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println(out.String())
	// Output: deal's
}

// The stages are calls of their own, for other processes on other days.
func ExampleCommit() {
	ctx := context.Background()
	job, remove := exampleJob(sector.StackedDRG2KiBV1_1.Proof())
	defer remove()

	commD, err := porep.Stage(ctx, job.Files, job.Proof, job.Data, nil)
	if err != nil {
		log.Fatal(err)
	}
	s := porep.Sector{Proof: job.Proof, ID: job.ID, CommD: commD} // small enough to write down
	if err := porep.LabelFiles(ctx, []porep.Files{job.Files}, []porep.Sector{s}, nil); err != nil {
		log.Fatal(err)
	}
	commR, err := porep.Commit(ctx, job.Files, &s, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(commR.CID())
	// Output: bagboea4b5abcb3jgx3ibvuuupwawebgljcwqaj25xdjprzoaymbqrr7ytxd77gki
}

func ExampleLabelMemory() {
	p, err := sector.StackedDRG32GiBV1_1.Proof()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(porep.LabelMemory(p, 1)>>30, "GiB for one sector,", porep.LabelMemory(p, 4)>>30, "GiB for four")
	// Output: 64 GiB for one sector, 256 GiB for four
}

func ExampleChallenges() {
	p, err := sector.StackedDRG32GiBV1_1.Proof()
	if err != nil {
		log.Fatal(err)
	}
	c, err := porep.Challenges(p, sector.ReplicaID{1}, sector.CommR{2}, sector.Seed{3}, 9)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(c), c[:3])
	// Output: 18 [97244128 665057371 15819823]
}

// A sector is sealed in a folder that survives crashes: here the power fails twice, and nothing wrong comes of it.
func ExampleSealFolders() {
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		log.Fatal(err)
	}
	const data = "a deal's data"
	info, err := piece.Sum(context.Background(), strings.NewReader(data), nil)
	if err != nil {
		log.Fatal(err)
	}
	commD, err := piece.CommD(p.Size, []piece.Info{info})
	if err != nil {
		log.Fatal(err)
	}
	s := porep.Sector{Proof: p, ID: sector.ID{Prover: sector.NewProverID(1000), Number: 1}, CommD: commD}
	open := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(data)), nil }

	disk := durabletest.NewDisk() // durable.OpenOS(dir) for a real one
	for _, power := range []int{50, 1000, 1 << 20} {
		left := &durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
			if op.Number < power {
				return nil
			}
			return &durabletest.Fault{Err: errors.New("no power")}
		}}
		f, err := porep.OpenFolder(left, s, &porep.FolderOptions{Data: open})
		if err != nil {
			log.Fatal(err)
		}
		if st, err := porep.SealFolders(context.Background(), []*porep.Folder{f}, nil); err == nil {
			fmt.Println("CommR", st[0].CommR.CID())
		} else {
			fmt.Println("no power")
		}
		disk = disk.Crash(rand.New(rand.NewPCG(1, uint64(power))))
	}
	// Output:
	// no power
	// no power
	// CommR bagboea4b5abcb3jgx3ibvuuupwawebgljcwqaj25xdjprzoaymbqrr7ytxd77gki
}
