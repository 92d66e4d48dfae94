package graph_test

import (
	"context"
	"fmt"
	"io"
	"os"

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

// Labels need the parents of all nodes in order: they are computed ahead in a bounded window.
func ExampleNewReader() {
	p, err := sector.StackedDRG8MiBV1_1.Proof()
	if err != nil {
		panic(err)
	}
	g, err := graph.New(p)
	if err != nil {
		panic(err)
	}
	r, err := graph.NewReader(context.Background(), g, 0, &graph.Options{Window: 1 << 20})
	if err != nil {
		panic(err)
	}
	defer r.Close()
	nodes := 0
	for {
		_, parents, err := r.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			panic(err)
		}
		nodes += len(parents) / graph.Degree
	}
	fmt.Println(nodes)
	// Output: 262144
}

// A cache is made once, checked whenever it is opened, and made again if it is not right.
func ExampleOpenCache() {
	dir, err := os.MkdirTemp("", "parents")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		panic(err)
	}
	g, err := graph.New(p)
	if err != nil {
		panic(err)
	}
	for range 2 {
		c, err := graph.OpenCache(context.Background(), dir, g, nil)
		if err != nil {
			panic(err)
		}
		digest := c.Digest()
		fmt.Printf("%x made=%v\n", digest[:4], c.Fault() != nil)
		if err := c.Close(); err != nil {
			panic(err)
		}
	}
	// Output:
	// 84005770 made=true
	// 84005770 made=false
}
