package porep

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/sector"
)

// errUnproven says that a file may be right, but that nothing at hand proves it.
var errUnproven = fmt.Errorf("%w: not proven", ErrFile)

// replica judges the sealed file and TreeRLast.
func (c *checker) replica(ctx context.Context) error {
	h, p, l := c.s.h, c.st.Proof, treeRLayout(c.st.Proof)
	stored := make([]merkle.Digest, c.blocks)
	if t, err := merkle.OpenFiles(h, c.s.r, l, c.treeR, c.sealed); err == nil && levelOf(c.s.r, c.blocks) > l.Discard {
		if t.ReadNodes(stored, levelOf(c.s.r, c.blocks), 0) != nil {
			clear(stored)
		}
	}
	c.sealedBad = make([]bool, c.blocks)
	whole := !slices.Contains(c.rowR, merkle.Digest{})
	var right []merkle.Digest
	if c.known {
		right = rightRow(h, c.s.r, c.commRLast, c.rowR, stored)
	}
	if right != nil {
		c.sealedBad = differing(c.rowR, right)
		c.add(sealedName, blocksOf(c.sealedBad), reasonOf(c.sealed))
	} else {
		// With CommC unknown a whole replica may yet be right: the data that it decodes to will tell.
		for i := range c.sealedBad {
			c.sealedBad[i] = c.known || !whole
		}
		c.add(sealedName, all(int64(p.Size)), cmp.Or(reasonOf(c.sealed), errUnproven))
	}
	c.report.sealed, c.report.known = blocksOf(c.sealedBad), c.known
	names := p.TreeRLastFiles()
	if right != nil && !slices.Contains(c.sealedBad, true) {
		bad, err := c.compare(ctx, h, c.s.r, l, merkle.FromReaderAt(c.sealed), c.treeR, c.commRLast, "check tree R")
		for i, name := range names {
			c.add(name, bad[i], reasonOf(c.treeR[i]))
		}
		return err
	}
	// The rows are held against each other and the root; the leaves below them are damaged.
	t, err := merkle.OpenFiles(h, c.s.r, l, c.treeR, c.sealed)
	if err == nil && (!c.known || t.Root() != c.commRLast) {
		err = errUnproven
	}
	if err == nil {
		err = t.CheckRows(ctx, c.opt.merkle("check tree R"))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for i, name := range names {
		if err == nil {
			c.add(name, nil, nil)
		} else {
			c.add(name, all(p.TreeRLastLen()), cmp.Or(reasonOf(c.treeR[i]), err))
		}
	}
	return nil
}

// columns judges layers and TreeC.
func (c *checker) columns(ctx context.Context) error {
	p := c.st.Proof
	missing := reasonOf(c.layers...)
	c.report.labels = make([]map[uint64]merkle.Digest, p.Layers)
	if missing == nil && c.known {
		if err := c.suspects(ctx); err != nil {
			return err
		}
	} else {
		c.report.labels = nil
	}
	proven := c.report.labels != nil
	treeBad := make([][]uint64, len(c.treeC))
	if proven {
		var err error
		src := c.patched()
		differ := make([]*differ, len(c.treeC))
		ws := make([]io.WriterAt, len(c.treeC))
		for i, r := range c.treeC {
			differ[i] = newDiffer(r, p.TreeCLen())
			ws[i] = differ[i]
		}
		root, err := merkle.BuildFiles(ctx, c.s.h, c.s.r, merkle.Layout{}, src, ws, c.opt.merkle("check tree C"))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		proven = err == nil && root == c.commC
		for i := range differ {
			treeBad[i] = blocksOf(differ[i].bad)
		}
	}
	for l := range c.layers {
		switch {
		case !proven:
			c.report.labels = nil
			c.add(sector.LayerFile(l+1), all(int64(p.Size)), cmp.Or(reasonOf(c.layers[l]), errUnproven))
		default:
			bad := make([]bool, c.blocks)
			for node := range c.report.labels[l] {
				bad[node/(p.Nodes()/c.blocks)] = true
			}
			c.add(sector.LayerFile(l+1), blocksOf(bad), nil)
		}
	}
	for i, name := range p.TreeCFiles() {
		switch {
		case proven:
			c.add(name, treeBad[i], reasonOf(c.treeC[i]))
		case c.treeCRight(ctx):
			c.add(name, nil, nil)
		default:
			c.add(name, all(p.TreeCLen()), cmp.Or(reasonOf(c.treeC[i]), errUnproven))
		}
	}
	return ctx.Err()
}

// treeCRight checks TreeC by its own rows.
func (c *checker) treeCRight(ctx context.Context) bool {
	t, err := merkle.OpenFiles(c.s.h, c.s.r, merkle.Layout{}, c.treeC, nil)
	return err == nil && c.known && t.Root() == c.commC && t.Check(ctx, c.opt.merkle("check tree C")) == nil
}

// maxSuspects bounds the columns that are computed again one by one; where there are more, labelling anew is faster.
const maxSuspects = 1 << 17

// suspects computes the labels of the columns again that TreeC does not confirm, in the order in which labels depend on each other,
// and notes those that differ.
func (c *checker) suspects(ctx context.Context) error {
	columns := columnsOf(c.s.h, c.layers)
	var list []uint64
	const step = 1 << 14
	nodes := c.st.Proof.Nodes()
	t, terr := merkle.OpenFiles(c.s.h, c.s.r, merkle.Layout{}, c.treeC, nil)
	got, want := make([]merkle.Digest, min(step, nodes)), make([]merkle.Digest, min(step, nodes))
	for first := uint64(0); first < nodes && terr == nil; first += uint64(len(got)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		bad := columns(ctx, got, first) != nil || t.ReadNodes(want, 0, first) != nil
		for i := range got {
			if bad || got[i] != want[i] {
				list = append(list, first+uint64(i))
			}
		}
		if len(list) > maxSuspects {
			c.report.labels = nil
			return nil
		}
	}
	return c.relabel(ctx, list)
}

// relabel computes the labels of ascending nodes from their parents.
func (c *checker) relabel(ctx context.Context, list []uint64) error {
	g, err := labelGraph(c.st.Proof, c.st.ReplicaID())
	if err != nil {
		return err
	}
	for l := range c.layers {
		c.report.labels[l] = map[uint64]merkle.Digest{}
		cur := patch{c.layers[l], c.report.labels[l]}
		var prev io.ReaderAt
		if l > 0 {
			prev = patch{c.layers[l-1], c.report.labels[l-1]}
		}
		for i, node := range list {
			if i%256 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if err := c.relabelNode(g, l, node, cur, prev); err != nil {
				c.report.labels = nil // a damaged disk: the layers are made anew
				return nil
			}
		}
	}
	return nil
}

func (c *checker) relabelNode(g *graph.Graph, l int, node uint64, cur patch, prev io.ReaderAt) error {
	want, err := oneLabel(g, c.st.ReplicaID(), l+1, node, cur, prev)
	if err != nil {
		return err
	}
	var got merkle.Digest
	if files.ReadFull(c.layers[l], got[:], int64(node)*sector.NodeSize) != nil || got != want {
		c.report.labels[l][node] = want
	}
	return nil
}

// A patch is a layer with some labels replaced.
type patch struct {
	io.ReaderAt
	labels map[uint64]merkle.Digest
}

// ReadAt reads one label, or many whole ones.
func (p patch) ReadAt(b []byte, off int64) (int, error) {
	first := uint64(off) / sector.NodeSize
	if len(b) == sector.NodeSize {
		if d, ok := p.labels[first]; ok {
			return copy(b, d[:]), nil
		}
	}
	n, err := p.ReaderAt.ReadAt(b, off)
	if len(b) > sector.NodeSize && len(p.labels) > 0 {
		nodes := merkle.Digests(b)
		for i := range nodes {
			if d, ok := p.labels[first+uint64(i)]; ok {
				nodes[i] = d
			}
		}
	}
	return n, err
}

// patched returns the columns with the labels that were computed again.
func (c *checker) patched() merkle.Source {
	layers := make([]io.ReaderAt, len(c.layers))
	for l := range layers {
		layers[l] = patch{c.layers[l], c.report.labels[l]}
	}
	return columnsOf(c.s.h, layers)
}

// columnsOf returns the leaves of TreeC over layers.
func columnsOf(h treeHash, layers []io.ReaderAt) merkle.Source {
	return func(_ context.Context, dst []merkle.Digest, first uint64) error {
		var w window
		const step = 1 << 12
		for len(dst) > 0 {
			n := min(step, len(dst))
			w.size(len(layers), n)
			for l, r := range layers {
				if err := files.ReadFull(r, w.layers[l], int64(first)*sector.NodeSize); err != nil {
					return fmt.Errorf("porep: layer %d: %w", l+1, err)
				}
			}
			if err := h.columns(dst[:n], w.layers); err != nil {
				return err
			}
			dst, first = dst[n:], first+uint64(n)
		}
		return nil
	}
}

// lost finds out which blocks of data and replica are nowhere.
func (c *checker) lost() {
	for i := range c.report.Files {
		r := &c.report.Files[i]
		if r.Name != stagedName && r.Name != sealedName && r.Name != sector.TreeDFile {
			continue
		}
		for block := range c.blocks {
			if c.dataBad[block] && c.leafBad[block] && c.sealedBad[block] {
				r.Lost = append(r.Lost, block)
			}
		}
		if len(r.Lost) > 0 {
			r.Verdict = Lost
		}
	}
	if r := c.report.File(sealedName); r.Verdict != Lost {
		return
	}
	for _, name := range c.st.Proof.TreeRLastFiles() {
		if r := c.report.File(name); r.Verdict == Rebuildable {
			r.Verdict, r.Lost = Lost, r.Bad
		}
	}
}

// aux judges p_aux and t_aux.
func (c *checker) aux() {
	c.report.aux = sector.PAux{CommC: sector.CommC(c.commC), CommRLast: sector.CommRLast(c.commRLast)}
	_, err := c.f.readAux(c.st.Proof, c.st.CommR)
	c.small(sector.PAuxFile, err)
	have, err := c.f.kit().ReadSmall(c.f.cache(sector.TAuxFile), files.MaxTAux)
	if err == nil {
		err = sameStores(have, c.st.Proof)
	}
	c.small(sector.TAuxFile, err)
}

// small reports a file of one block.
func (c *checker) small(name string, err error) {
	if err == nil {
		c.add(name, nil, nil)
	} else {
		c.add(name, []uint64{0}, whyNot(err))
	}
}

// sameStores holds t_aux against the parameters; the path may be that of another machine.
func sameStores(b []byte, p sector.Proof) error {
	var t sector.TAux
	if err := t.UnmarshalBinary(b); err != nil {
		return err
	}
	want, err := sector.NewTAux(p, t.TreeD.Path).MarshalBinary()
	if err != nil {
		return err
	}
	if !slices.Equal(want, b) {
		return fmt.Errorf("%w: t_aux tells of other stores", ErrFile)
	}
	return nil
}
