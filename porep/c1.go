package porep

import (
	"errors"
	"fmt"
	"math"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/internal/label"
	"github.com/assaylab/assay/porep/sector"
)

// ErrFormat reports bytes that are not what they should be: a C1 JSON, a synthetic proofs file or an
// aux file that the reference could not have written.
var ErrFormat = errors.New("porep: malformed")

// AppendC1 appends p as the JSON of the reference's SealCommitPhase1Output, byte for byte as serde_json
// writes it, and returns the longer slice. sp must be the parameters p was made with. Errors:
// sector.ErrProofType, ErrFormat where p does not have the form that sp demands.
//
// Source: filecoin-proofs/src/types/mod.rs; storage-proofs-porep stacked/vanilla/params.rs.
func (p *Proof) AppendC1(dst []byte, sp sector.Proof) ([]byte, error) {
	s, err := checkedShapes(sp)
	if err != nil {
		return nil, err
	}
	for _, part := range p.Partitions {
		for i := range part {
			if err := s.check(&part[i]); err != nil {
				return nil, err
			}
		}
	}
	e := &c1Encoder{buf: dst}
	(&c1Walk{c1Codec: e, s: s, sp: sp}).proof(p)
	return e.buf, nil
}

// DecodeC1 reads the JSON that AppendC1 and the reference write. It takes that very text only: fields in
// their order, no space, no partition or challenge too many (fewer are left for Verify to refuse), all
// roots of a tree alike, and the labeling proofs as they follow from the columns. Memory is bounded by
// the length of data. Errors: sector.ErrProofType, ErrFormat.
func DecodeC1(data []byte, sp sector.Proof) (*Proof, error) {
	s, err := checkedShapes(sp)
	if err != nil {
		return nil, err
	}
	d, p := &c1Decoder{data: data}, new(Proof)
	(&c1Walk{c1Codec: d, s: s, sp: sp, decoding: true}).proof(p)
	if d.err == nil && d.pos != len(data) {
		d.fail("%d bytes follow", len(data)-d.pos)
	}
	if d.err != nil {
		return nil, d.err
	}
	return p, nil
}

// A c1Walk leads a codec through the JSON.
type c1Walk struct {
	c1Codec
	s        shapes
	sp       sector.Proof
	decoding bool
	rooted   [3]bool // which roots a decoder has met
	n        uint64  // the integer at hand
}

// The trees of a proof, in the order a proof opens them.
const (
	treeD = iota
	treeR
	treeC
)

func (w *c1Walk) proof(p *Proof) {
	w.lit(`{"vanilla_proofs":[`)
	for k := 0; w.more(k, len(p.Partitions)); k++ {
		if k == w.sp.Partitions {
			w.fail("more than %d partitions", k)
			return
		}
		if w.decoding {
			p.Partitions = append(p.Partitions, nil)
		}
		w.partition(p, &p.Partitions[k])
	}
	w.lit(`],"comm_r":`)
	w.node((*merkle.Digest)(&p.CommR))
	w.lit(`,"comm_d":`)
	w.root(treeD, (*merkle.Digest)(&p.CommD))
	w.lit(`,"replica_id":`)
	w.node((*merkle.Digest)(&p.ReplicaID))
	w.lit(`,"seed":`)
	w.node((*merkle.Digest)(&p.Seed))
	w.lit(`,"ticket":`)
	w.node((*merkle.Digest)(&p.Ticket))
	w.lit("}")
}

func (w *c1Walk) partition(p *Proof, part *[]ChallengeProof) {
	w.lit("[")
	for i := 0; w.more(i, len(*part)); i++ {
		if i == w.sp.Challenges {
			w.fail("more than %d challenges", i)
			return
		}
		if w.decoding {
			*part = append(*part, ChallengeProof{})
			w.s.alloc(&(*part)[i])
		}
		w.challenge(p, &(*part)[i])
		if w.failed() {
			return
		}
	}
	w.lit("]")
}

func (w *c1Walk) challenge(p *Proof, c *ChallengeProof) {
	w.lit(`{"comm_d_proofs":`)
	w.opening(treeD, (*merkle.Digest)(&p.CommD), &c.Data)
	w.lit(`,"comm_r_last_proof":`)
	w.opening(treeR, (*merkle.Digest)(&p.CommRLast), &c.Replica)
	w.lit(`,"replica_column_proofs":{"c_x":`)
	w.column(p, &c.Column)
	for i := range c.Parents {
		switch i {
		case 0:
			w.lit(`,"drg_parents":[`)
		case graph.BaseDegree:
			w.lit(`],"exp_parents":[`)
		default:
			w.lit(",")
		}
		w.column(p, &c.Parents[i])
	}
	w.lit(`]},"labeling_proofs":[`)
	for layer := 1; layer <= w.s.layers; layer++ {
		if layer > 1 {
			w.lit(",")
		}
		w.labeling(c, layer)
	}
	w.lit(`],"encoding_proof":`)
	w.labeling(c, w.s.layers)
	w.lit("}")
}

func (w *c1Walk) column(p *Proof, c *Column) {
	w.lit(`{"column":{"index":`)
	w.n = c.Index
	w.num(&w.n, math.MaxUint32)
	index := w.n
	w.lit(`,"rows":`)
	w.nodes(c.Labels)
	w.lit(`,"_h":null},"inclusion_proof":`)
	w.opening(treeC, (*merkle.Digest)(&p.CommC), &c.Proof)
	if index != c.Index {
		w.fail("column %d with an opening of leaf %d", index, c.Index)
	}
	w.lit("}")
}

// labeling walks a labeling proof, whose content follows from the columns.
func (w *c1Walk) labeling(c *ChallengeProof, layer int) {
	w.lit(`{"parents":`)
	for i := range label.Parents(w.s.short, uint32(layer)) {
		w.lit(before(i))
		w.same(c.parentLabel(layer, i))
	}
	w.lit(`],"layer_index":`)
	w.fixed(uint64(layer))
	w.lit(`,"node":`)
	w.fixed(c.Column.Index)
	w.lit("}")
}

// nodes walks a list of nodes whose number is known.
func (w *c1Walk) nodes(list []merkle.Digest) {
	for i := range list {
		w.lit(before(i))
		w.node(&list[i])
	}
	w.lit("]")
}

// root walks a root: the first of its tree is taken, the others must equal it.
func (w *c1Walk) root(tree int, root *merkle.Digest) {
	if w.decoding && w.rooted[tree] {
		w.same(root)
		return
	}
	w.node(root)
	w.rooted[tree] = true
}

// opening walks a MerkleProof: "Single" with its one path after root and leaf, "Sub" and "Top" with
// the paths of the base tree and of the levels above it before them.
func (w *c1Walk) opening(tree int, root *merkle.Digest, o *merkle.Proof) {
	shape := w.s.r
	if tree == treeD {
		shape = w.s.d
	}
	base := shape.BaseDepth()
	var index uint64
	if shape.Depth() == base {
		w.lit(`{"data":{"Single":{"root":`)
		w.root(tree, root)
		w.lit(`,"leaf":`)
		w.node(&o.Leaf)
		w.lit(`,"path":`)
		index = w.path(shape, o, 0, base)
		w.lit(`}}}`)
	} else {
		w.lit([...]string{`{"data":{"Sub":{"base_proof":`, `{"data":{"Top":{"base_proof":`}[shape.Depth()-base-1])
		index = w.path(shape, o, 0, base)
		for level := base; level < shape.Depth(); level++ {
			w.lit([...]string{`,"sub_proof":`, `,"top_proof":`}[level-base])
			index += w.path(shape, o, level, level+1)
		}
		w.lit(`,"root":`)
		w.root(tree, root)
		w.lit(`,"leaf":`)
		w.node(&o.Leaf)
		w.lit(`}}}`)
	}
	o.Index = index
}

// path walks the path elements of the levels [from, to) and returns what their positions add to the
// leaf's index.
func (w *c1Walk) path(shape merkle.Shape, o *merkle.Proof, from, to int) uint64 {
	siblings, weight, index := o.Siblings, uint64(1), uint64(0)
	for level := range from {
		siblings = siblings[shape.Arity(level)-1:]
		weight *= uint64(shape.Arity(level))
	}
	w.lit(`{"path":[`)
	for level := from; level < to; level++ {
		arity := shape.Arity(level)
		if level > from {
			w.lit(",")
		}
		w.lit(`{"hashes":`)
		w.nodes(siblings[:arity-1])
		w.lit(`,"index":`)
		w.n = uint64(shape.Position(o.Index, level))
		w.num(&w.n, uint64(arity-1))
		w.lit("}")
		siblings, index = siblings[arity-1:], index+w.n*weight
		weight *= uint64(arity)
	}
	w.lit("]}")
	return index
}

// checkedShapes returns the shapes of parameters that are sound and have columns that can be hashed.
func checkedShapes(sp sector.Proof) (shapes, error) {
	if err := sp.Check(); err != nil {
		return shapes{}, err
	}
	if sp.Layers < 2 || sp.Hash == sector.Poseidon && sp.Layers != 2 && sp.Layers != 11 {
		return shapes{}, fmt.Errorf("%w: no column hash for %d layers", sector.ErrProofType, sp.Layers)
	}
	return newShapes(sp)
}
