package porep_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/assaylab/assay/merkle/durable/durabletest"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// pathsDigest is SHA-256 of all files of the sectors that pathsSectors names, whatever made them.
const pathsDigest = "3e95dab09a054497ceee82984e15e00c2a0d4d74dca2d9d3dcbd54a2e268259a"

// pathsSectors are the batches that are sealed: one sector of some windows, and six small ones side by side.
var pathsSectors = []struct {
	size  sector.Size
	count int
}{{128 << 10, 1}, {16 << 10, 6}}

// TestFolderSameBytes seals under every number of processors and on every path of this CPU, and expects the same bytes of all files,
// those that the all-Go build makes, too.
func TestFolderSameBytes(t *testing.T) {
	procs := []int{1, 2, 3, 5, 7, 16}
	if testing.Short() {
		procs = []int{1, 3}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, n := range procs {
		runtime.GOMAXPROCS(n)
		if got := sealedDigest(t); got != pathsDigest {
			t.Errorf("GOMAXPROCS %d: digest %s, want %s", n, got, pathsDigest)
		}
	}
	if os.Getenv("ASSAY_TEST_CHILD") != "" || runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		return
	}
	for _, off := range [][]string{{"ASSAY_NO_AVX512=1"}, {"ASSAY_NO_SHANI=1"}, {"ASSAY_NO_AVX512=1", "ASSAY_NO_SHANI=1"}} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], fmt.Sprintf("-test.short=%v", testing.Short()), "-test.run=^TestFolderSameBytes$")
		cmd.Env = append(append(os.Environ(), "ASSAY_TEST_CHILD=1"), off...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", off, err, out)
		}
	}
}

// sealedDigest seals in folders and returns the digest of all files.
func sealedDigest(t *testing.T) string {
	t.Helper()
	h := sha256.New()
	for _, batch := range pathsSectors {
		p, err := sector.NewProof(sector.NewPoRepID(6, 0), batch.size, sector.V1_1_0, 0)
		if err != nil {
			t.Fatal(err)
		}
		var folders []*porep.Folder
		var disks []*durabletest.Disk
		for i := range batch.count {
			data := stream(fmt.Sprint("paths", i), int(p.Size.Unpadded())-i)
			s := porep.Sector{Proof: p, ID: sector.ID{Number: sector.Number(i)}, CommD: stagedCommD(t, p, data)}
			disk := durabletest.NewDisk()
			f, err := porep.OpenFolder(disk, s, &porep.FolderOptions{Path: folderPath, Segment: int64(p.Size) / 4,
				Data: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			folders, disks = append(folders, f), append(disks, disk)
		}
		if _, err := porep.SealFolders(t.Context(), folders, &porep.Options{Lanes: batch.count}); err != nil {
			t.Fatal(err)
		}
		for _, disk := range disks {
			for _, name := range disk.Names() {
				if !bytes.HasPrefix([]byte(name), []byte("assay.")) {
					fmt.Fprintf(h, "%s %x\n", name, sha256.Sum256(disk.Bytes(name)))
				}
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// stagedCommD returns the CommD of data.
func stagedCommD(t *testing.T, p sector.Proof, data []byte) sector.CommD {
	t.Helper()
	commD, err := porep.Stage(t.Context(), newFiles(t), p, bytes.NewReader(data), nil)
	if err != nil {
		t.Fatal(err)
	}
	return commD
}
