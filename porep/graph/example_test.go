package graph_test

import (
	"fmt"

	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/sector"
)

// An auditor needs the parents of a few nodes of a 32 GiB sector: no cache is made.
func ExampleGraph_Parents() {
	p, err := sector.StackedDRG32GiBV1_1.Proof()
	if err != nil {
		panic(err)
	}
	g, err := graph.New(p)
	if err != nil {
		panic(err)
	}
	var parents [graph.Degree]uint32
	if err := g.Parents(1073741823, &parents); err != nil {
		panic(err)
	}
	fmt.Println(parents[:graph.BaseDegree])
	fmt.Println(parents[graph.BaseDegree:])
	// Output:
	// [1073741822 1073258530 440642413 663190843 1073741654 1073741786]
	// [307718517 715446084 558280128 265147410 110937796 626719228 201839602 653041812]
}
