package post_test

import (
	"fmt"
	"math/big"

	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

func ExampleRulesOf() {
	r, err := post.RulesOf(sector.WindowPoStV1_1 + 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Size, r.Challenges, r.Sectors, r.Partitions(5000))
	// Output: 32GiB 10 2349 3
}

func ExampleDeadlineAt() {
	d := post.DeadlineAt(100, 1500)
	fmt.Println(d.Index, d.Open, d.Close, d.Mutable(1500))
	// Output: 23 1480 1540 false
}

func ExamplePDPIndex() {
	leaf, err := post.PDPIndex([32]byte{}, big.NewInt(314), 0, 1<<20)
	fmt.Println(leaf < 1<<20, err)
	// Output: true <nil>
}
