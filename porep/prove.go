package porep

import (
	"context"
	"fmt"
	"io"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/sector"
)

// Prove answers the challenges of st from the files of the sealed sector: layers, TreeD, TreeC,
// TreeRLast and the replica; where the proof is synthetic, from the synthetic proofs alone, which
// Synthesize made. Openings are made in batches over opt.Workers goroutines, and the proof is verified before it is
// returned: a proof that would be refused is an error instead. Errors: as Statement.Check; ErrFile for
// files of another sector; a ChallengeError or merkle.NodeError for damaged ones; those of the
// file system; ctx.Err().
//
// Source: rust-fil-proofs stacked/vanilla/proof.rs, prove_layers.
func Prove(ctx context.Context, f Files, st *Statement, opt *Options) (*Proof, error) {
	if err := st.Check(); err != nil {
		return nil, err
	}
	aux, err := f.readAux(st.Proof, st.CommR)
	if err != nil {
		return nil, err
	}
	p := &Proof{CommD: st.CommD, CommR: st.CommR, CommC: aux.CommC, CommRLast: aux.CommRLast,
		ReplicaID: st.ReplicaID(), Ticket: st.Ticket, Seed: st.Seed}
	if st.Proof.Features == sector.Synthetic {
		err = f.readSynthetic(ctx, st, p)
	} else {
		err = f.prove(ctx, st, p, opt)
	}
	if err != nil {
		return nil, err
	}
	return p, Verify(ctx, st, p, opt)
}

// prove fills the partitions of p.
func (f *Files) prove(ctx context.Context, st *Statement, p *Proof, opt *Options) error {
	o, err := openOpener(f, &st.Sector, p)
	if err != nil {
		return err
	}
	defer o.close()
	total := uint64(st.Proof.Partitions) * uint64(st.Proof.Challenges)
	for k := range st.Proof.Partitions {
		challenges, err := Challenges(st.Proof, p.ReplicaID, st.CommR, st.Seed, k)
		if err != nil {
			return err
		}
		answers := make([]ChallengeProof, len(challenges))
		if err := o.answer(ctx, answers, challenges, opt); err != nil {
			return err
		}
		p.Partitions = append(p.Partitions, answers)
		opt.report("prove", uint64(k+1)*uint64(st.Proof.Challenges), total)
	}
	return nil
}

// An opener answers challenges from the files of a sector.
type opener struct {
	f       *Files
	g       *graph.Graph
	shapes  shapes
	closers files.Ins
	layers  []io.ReaderAt
	d, c, r *merkle.Tree
}

// openOpener opens the files and holds the roots of the trees against the commitments.
func openOpener(f *Files, s *Sector, p *Proof) (o *opener, err error) {
	o = &opener{f: f}
	defer func() {
		if err != nil {
			o.close()
		}
	}()
	sp := s.Proof
	if o.shapes, err = newShapes(sp); err != nil {
		return o, err
	}
	if o.g, err = graph.New(sp); err != nil {
		return o, err
	}
	for l := range sp.Layers {
		r, err := o.open(int64(sp.Size), f.layer(l+1))
		if err != nil {
			return o, err
		}
		o.layers = append(o.layers, r[0])
	}
	if o.d, err = o.tree(sha2.SHA254{}, o.shapes.d, merkle.Layout{}, nil, merkle.Digest(p.CommD), sp.TreeDLen(), f.cache(sector.TreeDFile)); err != nil {
		return o, err
	}
	if o.c, err = o.tree(o.shapes.h, o.shapes.r, merkle.Layout{}, nil, merkle.Digest(p.CommC), sp.TreeCLen(), f.caches(sp.TreeCFiles())...); err != nil {
		return o, err
	}
	sealed, err := o.open(int64(sp.Size), f.Sealed)
	if err != nil {
		return o, err
	}
	o.r, err = o.tree(o.shapes.h, o.shapes.r, treeRLayout(sp), sealed[0], merkle.Digest(p.CommRLast), sp.TreeRLastLen(), f.caches(sp.TreeRLastFiles())...)
	return o, err
}

// open opens files of one size.
func (o *opener) open(size int64, paths ...string) ([]io.ReaderAt, error) {
	in, err := o.f.kit().OpenAll(paths, size)
	if err != nil {
		return nil, err
	}
	o.closers = append(o.closers, in...)
	return in.Readers(), nil
}

// tree opens the files of a tree, which must have that root.
func (o *opener) tree(h merkle.Hasher, s merkle.Shape, l merkle.Layout, leaves io.ReaderAt, root merkle.Digest, size int64, paths ...string) (*merkle.Tree, error) {
	in, err := o.open(size, paths...)
	if err != nil {
		return nil, err
	}
	t, err := merkle.OpenFiles(h, s, l, in, leaves)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", paths[0], err)
	}
	if t.Root() != root {
		return nil, fmt.Errorf("%w: the tree %s has root %x, want %x", ErrFile, paths[0], t.Root(), root)
	}
	return t, nil
}

func (o *opener) close() { o.closers.Close() }

// answer opens all that the challenges ask for.
func (o *opener) answer(ctx context.Context, answers []ChallengeProof, challenges []uint64, opt *Options) error {
	columns := make([]uint64, 0, (1+parentCount)*len(challenges))
	for _, c := range challenges {
		var parents [parentCount]uint32
		if err := o.g.Parents(c, &parents); err != nil {
			return err
		}
		columns = append(columns, c)
		for _, n := range parents {
			columns = append(columns, uint64(n))
		}
	}
	d, err := o.d.Open(ctx, challenges, opt.merkle(""))
	if err != nil {
		return fmt.Errorf("porep: TreeD: %w", err)
	}
	c, err := o.c.Open(ctx, columns, opt.merkle(""))
	if err != nil {
		return fmt.Errorf("porep: TreeC: %w", err)
	}
	r, err := o.r.Open(ctx, challenges, opt.merkle(""))
	if err != nil {
		return fmt.Errorf("porep: TreeRLast: %w", err)
	}
	labels := make([]merkle.Digest, len(columns)*len(o.layers))
	for i := range answers {
		a := &answers[i]
		a.Data, a.Replica = d[i], r[i]
		for k := range 1 + parentCount {
			col, n := a.column(k), i*(1+parentCount)+k
			col.Proof = c[n]
			col.Labels = labels[n*len(o.layers) : (n+1)*len(o.layers) : (n+1)*len(o.layers)]
			if err := o.column(col.Labels, columns[n]); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// column reads the labels of a node.
func (o *opener) column(dst []merkle.Digest, node uint64) error {
	for l, r := range o.layers {
		if err := files.ReadFull(r, dst[l][:], int64(node)*sector.NodeSize); err != nil {
			return fmt.Errorf("porep: layer %d: %w", l+1, err)
		}
	}
	return nil
}
