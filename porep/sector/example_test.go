package sector_test

import (
	"fmt"

	"github.com/assaylab/assay/porep/sector"
)

func ExampleSealProof_Proof() {
	p, err := sector.StackedDRG32GiBV1_1Synthetic.Proof()
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Size, p.Version, p.Features, p.Layers, p.Shape, p.Challenges, p.Partitions)
	// Output: 32GiB 1.2.0 synthetic-porep 11 8-8-0 18 10
}

func ExampleNewReplicaID() {
	prover := sector.NewProverID(1000)
	id := sector.NewReplicaID(prover, 7, sector.Ticket{}, sector.CommD{1}, sector.NewPoRepID(8, 0))
	fmt.Println(id)
	// Output: 70bd4fdb5dbb50b95022b3911196e0d12eab54b184c81dc0b9481e3a36765724
}

func ExampleParseCommPCID() {
	c, err := sector.ParseCommPCID("baga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy")
	fmt.Println(c, err)
	// Output: 3731bb99ac689f66eef5973e4a94da188f4ddcae580724fc6f3fd60dfd488333 <nil>
}

func ExampleNewTAux() {
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		panic(err)
	}
	t := sector.NewTAux(p, "/cache")
	for _, c := range append(t.Labels, t.TreeD, t.TreeC, t.TreeRLast) {
		fmt.Println(c.File(), c.Size, c.RowsToDiscard)
	}
	// Output:
	// sc-02-data-layer-1.dat 64 0
	// sc-02-data-layer-2.dat 64 0
	// sc-02-data-tree-d.dat 127 0
	// sc-02-data-tree-c.dat 73 0
	// sc-02-data-tree-r-last.dat 73 1
}
