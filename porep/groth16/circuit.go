package groth16

import (
	"crypto/sha256"
	"fmt"

	"github.com/assaylab/assay/porep/sector"
)

// paramsVersion is the prefix of the names of the parameter set that the network has used since its start.
const paramsVersion = "v28"

// A Circuit names a proving circuit as its parameter files are named, without the ending: a prefix that tells the kind and
// the tree shape, and the SHA-256 of a text that tells the circuit's parameters.
type Circuit string

// KeyFile returns the name of the file of the circuit's verifying key.
func (c Circuit) KeyFile() string { return string(c) + ".vk" }

// ParamsFile returns the name of the file of the circuit's proving parameters; the verifying key stands at its head.
func (c Circuit) ParamsFile() string { return string(c) + ".params" }

// SealCircuit returns the circuit of one partition of a proof of replication.
//
// Source: rust-fil-proofs storage-proofs-porep, stacked/vanilla/params.rs and graph.rs.
func SealCircuit(p sector.Proof) Circuit {
	tree := treeName(p.Shape)
	graph := fmt.Sprintf("stacked_graph::StackedGraph{expansion_degree: 8 base_graph: "+
		"drgraph::BucketGraph{size: %d; degree: 6; hasher: poseidon_hasher} }", p.Nodes())
	id := fmt.Sprintf("layered_drgporep::PublicParams{ graph: %s, challenges: LayerChallenges { layers: %d, max_count: %d }, tree: %s }",
		graph, p.Layers, p.Challenges, tree)
	return newCircuit("stacked-proof-of-replication-"+tree+"-sha256_hasher", id)
}

// WinningCircuit returns the circuit of winning PoSt over sectors of that size and shape.
//
// Source: rust-fil-proofs storage-proofs-post, fallback/vanilla.rs; inside, a winning PoSt is one of 66 "sectors" with one
// challenge each.
func WinningCircuit(size sector.Size, shape sector.Shape) Circuit {
	return postCircuit(size, shape, 1, sector.WinningPoStChallenges)
}

// WindowCircuit returns the circuit of one partition of window PoSt over sectors of that size and shape.
func WindowCircuit(size sector.Size, shape sector.Shape) Circuit {
	return postCircuit(size, shape, sector.WindowPoStChallenges, sector.WindowPoStSectors(size))
}

func postCircuit(size sector.Size, shape sector.Shape, challenges, sectors int) Circuit {
	id := fmt.Sprintf("FallbackPoSt::PublicParams{sector_size: %d, challenge_count: %d, sector_count: %d}",
		uint64(size), challenges, sectors)
	return newCircuit("proof-of-spacetime-fallback-"+treeName(shape), id)
}

// UpdateCircuit returns the circuit of one partition of a sector update.
//
// Source: rust-fil-proofs storage-proofs-update, vanilla.rs.
func UpdateCircuit(size sector.Size, shape sector.Shape) Circuit {
	id := fmt.Sprintf("empty_sector_update::PublicParams{ sector_nodes: %d }", size.Nodes())
	return newCircuit("empty-sector-update-"+treeName(shape), id)
}

func newCircuit(prefix, id string) Circuit {
	return Circuit(fmt.Sprintf("%s-%s-%x", paramsVersion, prefix, sha256.Sum256([]byte(id))))
}

func treeName(s sector.Shape) string { return "merkletree-poseidon_hasher-" + s.String() }
