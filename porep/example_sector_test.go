package porep_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// A sector is damaged in three places; Check says where, and Repair mends it.
func ExampleFiles_Check() {
	ctx := context.Background()
	f, st, remove := exampleSector(sector.StackedDRG2KiBV1_1.Proof())
	defer remove()
	os.Remove(filepath.Join(f.Cache, sector.PAuxFile))
	os.Truncate(filepath.Join(f.Cache, sector.LayerFile(1)), 1000)
	os.WriteFile(f.Sealed, make([]byte, st.Proof.Size), 0o600)

	report, err := f.Check(ctx, st, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"sealed", sector.PAuxFile, sector.LayerFile(1), sector.TreeDFile} {
		fmt.Println(name, report.File(name).Verdict)
	}
	if err := f.Repair(ctx, st, report, nil); err != nil {
		log.Fatal(err)
	}
	report, err = f.Check(ctx, st, nil)
	fmt.Println("all:", report.Verdict(), err)
	// Output:
	// sealed rebuildable
	// p_aux rebuildable
	// sc-02-data-layer-1.dat rebuildable
	// sc-02-data-tree-d.dat right
	// all: right <nil>
}

// A sector of a network without succinct proofs is sealed, proven, and verified from public values alone.
func ExampleProve_native() {
	ctx := context.Background()
	f, st, remove := exampleSector(sector.NativeProfile(3).Proof(5, sector.Size16KiB))
	defer remove()
	st.Seed = sector.Seed{1, 2, 3}
	proof, err := porep.Prove(ctx, f, st, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(proof.Partitions[0]), "challenges,", st.Proof.Hash, "trees")
	fmt.Println("verdict:", porep.Verify(ctx, st, proof, nil))
	// Output:
	// 128 challenges, blake3 trees
	// verdict: <nil>
}

// The key of a sector is made once; then any range of the data costs that range only.
func ExampleDecodeRange() {
	ctx := context.Background()
	f, st, remove := exampleSector(sector.NativeProfile(2).Proof(5, sector.Size16KiB))
	defer remove()
	var files [3]*os.File
	for i, path := range []string{filepath.Join(f.Cache, sector.LayerFile(2)), f.Sealed, filepath.Join(f.Cache, sector.TreeDFile)} {
		file, err := os.Open(path)
		if err != nil {
			log.Fatal(err)
		}
		defer file.Close()
		files[i] = file
	}
	var out bytes.Buffer
	err := porep.DecodeRange(ctx, &st.Sector, files[0], files[1], files[2], &out, 2, 6, nil)
	fmt.Println(out.String(), err)

	key := make(memory, st.Proof.Size)
	err = porep.Keys(ctx, []porep.Sector{st.Sector}, []io.WriterAt{key}, nil)
	if err != nil {
		log.Fatal(err)
	}
	layer, err := os.ReadFile(filepath.Join(f.Cache, sector.LayerFile(2)))
	fmt.Println(bytes.Equal(key, layer), err)
	// Output:
	// deal's <nil>
	// true <nil>
}

// memory is written at.
type memory []byte

func (m memory) WriteAt(b []byte, off int64) (int, error) { return copy(m[off:], b), nil }
