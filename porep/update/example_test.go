package update_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
)

func ExampleNewParams() {
	p, err := update.NewParams(sector.Size32GiB)
	fmt.Println(p.Partitions, p.Challenges, p.H, err)
	_, err = update.NewParams(sector.Size1GiB)
	fmt.Println(err)
	// Output:
	// 16 86 10 <nil>
	// sector: no such sector size: no update of 1GiB sectors
}

func ExampleChallenges() {
	p, _ := update.NewParams(sector.Size2KiB)
	nodes, err := update.Challenges(p, sector.CommR{1}, 0)
	fmt.Println(len(nodes), nodes[0] < p.Size.Nodes(), err)
	// Output: 10 true <nil>
}

// New data goes into a sealed sector, is proven, and comes out again.
func ExampleEncode() {
	s := newSite(exampleTB{}, sector.Size2KiB, 1500)
	defer os.RemoveAll(filepath.Dir(s.files.Key))
	st, err := update.Encode(ctx, s.files, s.p, s.old, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	proofs, err := update.Prove(ctx, s.files, st, nil)
	fmt.Println(len(proofs), "partition,", err)
	fmt.Println("verdict:", update.Verify(ctx, st, proofs, nil))

	key, _ := os.Open(s.files.Key)
	replica, _ := os.Open(s.files.Replica)
	treeD, _ := os.Open(filepath.Join(s.files.Cache, sector.TreeDFile))
	defer func() { key.Close(); replica.Close(); treeD.Close() }()
	var out bytes.Buffer
	err = update.Decode(ctx, st, key, replica, &out, 1000, 100, &update.Options{TreeD: treeD})
	fmt.Println(bytes.Equal(out.Bytes(), s.data[1000:1100]), err)
	// Output:
	// 1 partition, <nil>
	// verdict: <nil>
	// true <nil>
}

// exampleTB lets an example use the tests' sectors.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()           {}
func (exampleTB) Cleanup(func())    {}
func (exampleTB) Fatal(args ...any) { panic(fmt.Sprint(args...)) }
func (exampleTB) TempDir() string {
	dir, err := os.MkdirTemp("", "update-")
	if err != nil {
		panic(err)
	}
	return dir
}
