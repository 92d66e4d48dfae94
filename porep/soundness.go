package porep

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/sector"
)

// A Soundness says what a prover risks who does not keep all of a replica, and what it would take to hide that.
type Soundness struct {
	// Missing is the share of nodes of which neither labels nor replica are kept, spread evenly.
	Missing float64
	// Undetected is the chance that no challenge of a proof falls on a missing node: (1-Missing)^challenges. Parents of
	// challenged nodes are opened as well, so the real chance is smaller still.
	Undetected float64
	// Labels is the mean number of labels to compute again to answer a challenge on a missing node, the columns of the
	// node and of its parents; the sector has Layers*Nodes in all.
	Labels float64
	// Depth is the mean length of the longest chain among them: so many times the latency of one label pass, on any number
	// of cores, before the answer is there.
	Depth float64
}

// soundnessSamples is the number of missing nodes that are looked at for each share.
const soundnessSamples = 12

// SoundnessTable returns a line for each share of missing nodes, taken as between 0 and 1, of sectors of kind p. Detection
// follows from the number of challenges; what it takes to compute labels again is counted in the graph itself, for
// missing nodes drawn from seed: in some 72+p.Layers bytes of memory a node, and about a second for each million labels of
// the sector and line. The depth of small sectors is a lower bound for larger ones. Errors: as sector.Proof.Check,
// graph.ErrTooLarge for sectors above 128 MiB, ctx.Err().
func SoundnessTable(ctx context.Context, p sector.Proof, missing []float64, seed uint64) ([]Soundness, error) {
	g, err := graph.New(p)
	if err != nil {
		return nil, err
	}
	table, err := graph.Load(ctx, g, nil)
	if err != nil {
		return nil, err
	}
	r := newRegeneration(p, table.All())
	out := make([]Soundness, len(missing))
	for i, share := range missing {
		share = max(0, min(1, share))
		out[i] = Soundness{Missing: share, Undetected: math.Pow(1-share, float64(p.Challenges)*float64(p.Partitions))}
		if share == 0 {
			continue
		}
		r.rng = rand.New(rand.NewPCG(seed, uint64(i)))
		r.draw(share)
		for range soundnessSamples {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			labels, depth := r.answer()
			out[i].Labels += float64(labels) / soundnessSamples
			out[i].Depth += float64(depth) / soundnessSamples
		}
	}
	return out, nil
}

// A regeneration counts the labels that a prover has to compute again.
type regeneration struct {
	p       sector.Proof
	parents []uint32
	rng     *rand.Rand
	missing []bool
	list    []uint64 // of missing nodes
	need    [][]bool // by layer and node, labels to compute
	depths  [2][]uint32
}

func newRegeneration(p sector.Proof, parents []uint32) *regeneration {
	n := p.Nodes()
	r := &regeneration{p: p, parents: parents, missing: make([]bool, n), need: make([][]bool, p.Layers)}
	for l := range r.need {
		r.need[l] = make([]bool, n)
	}
	for i := range r.depths {
		r.depths[i] = make([]uint32, n)
	}
	return r
}

// draw chooses the missing nodes, node 0 never among them.
func (r *regeneration) draw(share float64) {
	n := r.p.Nodes()
	clear(r.missing)
	r.list = r.list[:0]
	for node := uint64(1); node < n; node++ {
		if r.rng.Float64() < share {
			r.missing[node] = true
			r.list = append(r.list, node)
		}
	}
	if len(r.list) == 0 {
		r.missing[n-1], r.list = true, append(r.list, n-1)
	}
}

// of returns the parents of a node.
func (r *regeneration) of(node uint64) []uint32 { return r.parents[node*parentCount:][:parentCount] }

// answer counts the labels, and their longest chain, behind the columns that a challenge on some missing node opens.
func (r *regeneration) answer() (labels, depth uint64) {
	challenge := r.list[r.rng.IntN(len(r.list))]
	for _, need := range r.need {
		clear(need)
		need[challenge] = true
		for _, n := range r.of(challenge) {
			need[n] = r.missing[n]
		}
	}
	for l := len(r.need) - 1; l >= 0; l-- {
		for node := r.p.Nodes() - 1; node > 0; node-- {
			if r.need[l][node] {
				labels++
				r.mark(l, node)
			}
		}
	}
	return labels, r.chain()
}

// mark asks for the missing parents of a label.
func (r *regeneration) mark(l int, node uint64) {
	for k, n := range r.of(node) {
		if !r.missing[n] {
			continue
		}
		if k < graph.BaseDegree {
			r.need[l][n] = true
		} else if l > 0 {
			r.need[l-1][n] = true
		}
	}
}

// chain returns the length of the longest chain of labels that are needed.
func (r *regeneration) chain() (longest uint64) {
	prev, cur := r.depths[0], r.depths[1]
	for l, need := range r.need {
		clear(cur)
		for node := range cur {
			if !need[node] {
				continue
			}
			most := uint32(0)
			for k, n := range r.of(uint64(node)) {
				if k < graph.BaseDegree {
					most = max(most, cur[n])
				} else if l > 0 {
					most = max(most, prev[n])
				}
			}
			cur[node] = most + 1
			longest = max(longest, uint64(most)+1)
		}
		prev, cur = cur, prev
	}
	return longest
}
