package porep_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// exampleSector seals a sector of 16 KiB under a profile, in a folder of its own.
func exampleSector(r sector.Profile) (porep.Files, *porep.Statement, error) {
	dir, err := os.MkdirTemp("", "sector-")
	if err != nil {
		return porep.Files{}, nil, err
	}
	f := porep.Files{Cache: filepath.Join(dir, "cache"), Staged: filepath.Join(dir, "staged"), Sealed: filepath.Join(dir, "sealed")}
	p, err := r.Proof(5, sector.Size16KiB)
	if err != nil {
		return f, nil, err
	}
	if err := os.Mkdir(f.Cache, 0o755); err != nil {
		return f, nil, err
	}
	sts, err := porep.Seal(context.Background(), []porep.Job{{Files: f, Proof: p, ID: sector.ID{Number: 1}, Data: bytes.NewReader([]byte("hello, sector"))}}, nil)
	if err != nil {
		return f, nil, err
	}
	return f, &sts[0], nil
}

// A sector is damaged in three places; Check says where, and Repair mends it.
func ExampleFiles_Check() {
	ctx := context.Background()
	r, err := sector.FilecoinProfile(sector.Size16KiB)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, st, err := exampleSector(r)
	defer os.RemoveAll(filepath.Dir(f.Cache))
	if err != nil {
		fmt.Println(err)
		return
	}
	os.Remove(filepath.Join(f.Cache, sector.PAuxFile))
	os.Truncate(filepath.Join(f.Cache, sector.LayerFile(1)), 1000)
	os.WriteFile(f.Sealed, make([]byte, 16<<10), 0o600)

	report, err := f.Check(ctx, st, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"sealed", sector.PAuxFile, sector.LayerFile(1), sector.TreeDFile} {
		fmt.Println(name, report.File(name).Verdict)
	}
	if err := f.Repair(ctx, st, report, nil); err != nil {
		fmt.Println(err)
		return
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
	f, st, err := exampleSector(sector.NativeProfile(3))
	defer os.RemoveAll(filepath.Dir(f.Cache))
	if err != nil {
		fmt.Println(err)
		return
	}
	st.Seed = sector.Seed{1, 2, 3}
	proof, err := porep.Prove(ctx, f, st, nil)
	if err != nil {
		fmt.Println(err)
		return
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
	f, st, err := exampleSector(sector.NativeProfile(2))
	defer os.RemoveAll(filepath.Dir(f.Cache))
	if err != nil {
		fmt.Println(err)
		return
	}
	var files [3]*os.File
	for i, path := range []string{filepath.Join(f.Cache, sector.LayerFile(2)), f.Sealed, filepath.Join(f.Cache, sector.TreeDFile)} {
		if files[i], err = os.Open(path); err != nil {
			fmt.Println(err)
			return
		}
		defer files[i].Close()
	}
	var out bytes.Buffer
	err = porep.DecodeRange(ctx, &st.Sector, files[0], files[1], files[2], &out, 7, 6, nil)
	fmt.Println(out.String(), err)

	key := make(memory, st.Proof.Size)
	err = porep.Keys(ctx, []porep.Sector{st.Sector}, []io.WriterAt{key}, nil)
	same, _ := os.ReadFile(filepath.Join(f.Cache, sector.LayerFile(2)))
	fmt.Println(bytes.Equal(key, same), err)
	// Output:
	// sector <nil>
	// true <nil>
}

// memory is written at.
type memory []byte

func (m memory) WriteAt(b []byte, off int64) (int, error) { return copy(m[off:], b), nil }
