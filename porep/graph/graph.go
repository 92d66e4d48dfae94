package graph

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/assaylab/assay/porep/sector"
)

// Degrees of a node: parents on its own layer, on the previous layer, and together.
const (
	BaseDegree = 6
	ExpDegree  = 8
	Degree     = BaseDegree + ExpDegree
)

// ErrRange says that a node outside of the graph was asked for, or part of a node.
var ErrRange = errors.New("graph: no such node")

// A Graph is the graph of one sector size, PoRep id and order of parents. It is safe for concurrent use.
type Graph struct {
	proof   sector.Proof
	nodes   uint64
	drgSeed [28]byte
	feistel *Feistel

	// keyWords is drgSeed as the first seven words of a ChaCha key; the eighth is the node.
	keyWords [7]uint32
	// pred is the position of the node's predecessor among the base parents, rest that of the first
	// of the five others.
	pred, rest int
	// buckets and inverse are the constants of the base parents' distances.
	buckets [maxBuckets]bucket
	inverse [maxBuckets]uint64
	// fold tells that expander parents are cut to 32 bits before they are divided, as V1_0_0 does.
	fold bool

	singles  atomic.Uint64 // nodes asked for one by one
	tablesMu sync.Mutex    // held while tables are made
	tables   atomic.Pointer[feistelTables]
}

// New returns the graph of sectors of the kind p; only its Size, ID and Version matter. Errors wrap
// sector.ErrSize or sector.ErrProofType.
//
// Source: rust-fil-proofs storage-proofs-core/src/drgraph.rs, storage-proofs-porep stacked/vanilla/graph.rs.
func New(p sector.Proof) (*Graph, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	g := &Graph{proof: p, nodes: p.Nodes(), rest: 1}
	g.buckets, g.inverse = newBuckets()
	seed := domainSeed("Filecoin_DRSample", p.ID)
	copy(g.drgSeed[:], seed[:])
	for i := range g.keyWords {
		g.keyWords[i] = binary.LittleEndian.Uint32(seed[4*i:])
	}
	seed = domainSeed("Filecoin_Feistel", p.ID)
	var keys [4]uint64
	for i := range keys {
		keys[i] = binary.LittleEndian.Uint64(seed[8*i:])
	}
	g.feistel = mustFeistel(g.nodes*ExpDegree, keys)
	if p.Version == sector.V1_0_0 {
		g.pred, g.rest, g.fold = BaseDegree-1, 0, true
	}
	return g, nil
}

// domainSeed hashes a PoRep id under a tag.
func domainSeed(tag string, id sector.PoRepID) [32]byte {
	return sha256.Sum256(append([]byte(tag), id[:]...))
}

// Proof returns the parameters the graph was made for.
func (g *Graph) Proof() sector.Proof { return g.proof }

// Nodes returns the number of nodes.
func (g *Graph) Nodes() uint64 { return g.nodes }

// DRGSeed returns the seed of the base parents' random streams.
func (g *Graph) DRGSeed() [28]byte { return g.drgSeed }

// Permutation returns the permutation behind the expander parents.
func (g *Graph) Permutation() *Feistel { return g.feistel }

// Parents sets dst to the parents of node: six on its own layer, of which the predecessor is first
// (last with API V1_0_0), then eight on the previous layer, in the order they are hashed in, with
// repetitions. Nodes 0 and 1 have six base parents 0. The error wraps [ErrRange].
func (g *Graph) Parents(node uint64, dst *[Degree]uint32) error {
	if node >= g.nodes {
		return fmt.Errorf("%w: node %d of %d", ErrRange, node, g.nodes)
	}
	// Once single nodes have cost what the tables cost, the tables are made.
	if g.tables.Load() == nil && g.singles.Add(1) == g.feistel.tableLen()/tableShare {
		g.prepare()
	}
	g.baseParents(uint32(node), (*[BaseDegree]uint32)(dst[:]))
	g.expParents(g.tables.Load(), node, (*[ExpDegree]uint32)(dst[BaseDegree:]))
	return nil
}

// tableShare is the share of a table's length from which on a range of that many nodes makes the tables:
// a node takes 24 to 48 hashes, a table entry three.
const tableShare = 16

// Range sets dst[14*i:14*i+14] to the parents of node first+i, as [Graph.Parents] does. Long ranges use
// tables (up to 1.5 MiB) that the graph keeps from then on; a call computes on the caller's goroutine.
// A dst whose length is no multiple of 14, or that reaches beyond the last node, wraps [ErrRange].
func (g *Graph) Range(first uint64, dst []uint32) error {
	if err := checkRange(g.nodes, first, len(dst)); err != nil {
		return err
	}
	count := uint64(len(dst)) / Degree
	if count >= g.feistel.tableLen()/tableShare {
		g.prepare()
	}
	t := g.tables.Load()
	if t != nil {
		for ; len(dst) >= walkLen/ExpDegree*Degree; dst = dst[walkLen/ExpDegree*Degree:] {
			g.tableRange(t, first, dst[:walkLen/ExpDegree*Degree])
			first += walkLen / ExpDegree
		}
	}
	for ; len(dst) > 0; dst = dst[Degree:] {
		g.baseParents(uint32(first), (*[BaseDegree]uint32)(dst))
		g.expParents(t, first, (*[ExpDegree]uint32)(dst[BaseDegree:]))
		first++
	}
	return nil
}

// tableRange is Range for 64 nodes.
func (g *Graph) tableRange(t *feistelTables, first uint64, dst []uint32) {
	var images [walkLen]uint64
	t.permuteRange(first*ExpDegree, &images)
	for at := 0; at < walkLen/ExpDegree; at += streamLanes {
		g.baseRange(uint32(first)+uint32(at), dst[Degree*at:][:Degree*streamLanes])
	}
	for i := range walkLen / ExpDegree {
		d := dst[Degree*i+BaseDegree:][:ExpDegree]
		for j, index := range images[ExpDegree*i:][:ExpDegree] {
			d[j] = g.row(index)
		}
	}
}

// baseRange sets the base parents of sixteen nodes in dst, fourteen values a node.
func (g *Graph) baseRange(first uint32, dst []uint32) {
	var words [20][streamLanes]uint32
	drgStreams(&g.keyWords, first, &words)
	for i := range streamLanes {
		var numbers [2 * others]uint64
		for k := range numbers {
			numbers[k] = uint64(words[2*k][i]) | uint64(words[2*k+1][i])<<32
		}
		g.baseFrom(first+uint32(i), &numbers, (*[BaseDegree]uint32)(dst[Degree*i:]))
	}
}

// checkRange refuses what is no range of whole nodes of a graph.
func checkRange(nodes, first uint64, values int) error {
	if values%Degree != 0 || first > nodes || uint64(values/Degree) > nodes-first {
		return fmt.Errorf("%w: %d values from node %d of %d", ErrRange, values, first, nodes)
	}
	return nil
}

// prepare makes the tables of the permutation if they can be made.
func (g *Graph) prepare() {
	if g.tables.Load() != nil || g.feistel.half > maxTableBits {
		return
	}
	g.tablesMu.Lock()
	defer g.tablesMu.Unlock()
	if g.tables.Load() == nil {
		g.tables.Store(g.feistel.newTables())
	}
}

// expParents sets dst to the expander parents of a node, by look-up where there are tables.
func (g *Graph) expParents(t *feistelTables, node uint64, dst *[ExpDegree]uint32) {
	for i := range dst {
		index := node*ExpDegree + uint64(i)
		if t != nil {
			index = t.permute(index)
		} else {
			index = g.feistel.permute(index)
		}
		dst[i] = g.row(index)
	}
}

// row is the node that an index of the permutation's domain belongs to.
func (g *Graph) row(index uint64) uint32 {
	if g.fold {
		return uint32(index) / ExpDegree
	}
	return uint32(index / ExpDegree)
}
