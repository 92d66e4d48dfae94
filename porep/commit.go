package porep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/sector"
)

// Commit makes the replica of a staged and labelled sector and commits to it: TreeC over the columns of
// labels, the replica (data plus last label, in the field), TreeRLast over it, p_aux and t_aux. Layers
// are read once and in order; every stage of it uses all workers. It returns CommR.
//
// The staged data is held against s.CommD first, and samples of the layers against the replica id, unless
// opt.TrustLayers says otherwise.
// Errors: as Sector.Check; ErrFile for data or layers of another sector; ErrMemory, see CommitMemory; those
// of the file system; ctx.Err(). On an error no half-made file keeps its name.
//
// Source: rust-fil-proofs stacked/vanilla/proof.rs, transform_and_replicate_layers.
func Commit(ctx context.Context, f Files, s *Sector, opt *Options) (sector.CommR, error) {
	if err := cmp.Or(s.Check(), f.writable()); err != nil {
		return sector.CommR{}, err
	}
	if err := opt.budget("committing", CommitMemory(s.Proof, opt.workers())); err != nil {
		return sector.CommR{}, err
	}
	c, err := openCommitter(f, s, opt)
	if err != nil {
		return sector.CommR{}, err
	}
	defer c.close()
	if err := c.checkInputs(ctx); err != nil {
		return sector.CommR{}, err
	}
	var aux sector.PAux
	if aux.CommC, err = c.treeC(ctx); err != nil {
		return sector.CommR{}, err
	}
	if aux.CommRLast, err = c.treeRLast(ctx); err != nil {
		return sector.CommR{}, err
	}
	if err := opt.kit().WriteAux(f.Cache, s.Proof, aux); err != nil {
		return sector.CommR{}, err
	}
	return c.shapes.h.commR(aux)
}

// CommitMemory returns the bytes of memory that Commit takes for its buffers.
func CommitMemory(p sector.Proof, workers int) uint64 {
	return treeMemory(workers) + uint64(workers)*uint64(p.Layers+1)*min(uint64(p.Size), windowBytes)
}

// windowBytes is the most that package merkle asks of a source at a time.
const windowBytes = 2 << 20

// A committer is one run of Commit.
type committer struct {
	f      Files
	s      *Sector
	shapes shapes
	opt    *Options
	staged *files.Padded
	layers files.Ins
	pool   sync.Pool // of *window
}

func openCommitter(f Files, s *Sector, opt *Options) (*committer, error) {
	shapes, err := newShapes(s.Proof)
	if err != nil {
		return nil, err
	}
	c := &committer{f: f, s: s, shapes: shapes, opt: opt}
	c.pool.New = func() any { return new(window) }
	paths := make([]string, s.Proof.Layers)
	for i := range paths {
		paths[i] = f.layer(i + 1)
	}
	if c.layers, err = f.kit().OpenAll(paths, int64(s.Proof.Size)); err != nil {
		return nil, err
	}
	if c.staged, err = f.openStaged(s.Proof); err != nil {
		c.layers.Close()
		return nil, err
	}
	return c, nil
}

func (c *committer) close() {
	c.layers.Close()
	_ = c.staged.Close() // only read
}

// commitSamples is the number of labels of each layer that Commit computes again: enough to tell layers of
// another sector or another graph. LabelFiles looked at more when it made them.
const commitSamples = 256

// checkInputs holds the data against CommD and the layers against the replica id.
func (c *committer) checkInputs(ctx context.Context) error {
	root, err := merkle.BuildFiles(ctx, sha2.SHA254{}, c.shapes.d, merkle.Layout{}, merkle.FromReaderAt(c.staged), nil, c.opt.merkle("check data"))
	if err != nil {
		return fmt.Errorf("porep: %s: %w", c.f.Staged, err)
	}
	if sector.CommD(root) != c.s.CommD {
		return fmt.Errorf("%w: %s has CommD %x, want %v", ErrFile, c.f.Staged, root, c.s.CommD)
	}
	if c.opt != nil && c.opt.TrustLayers {
		return nil
	}
	return c.f.checkLayers(ctx, c.s, c.s.Proof.Layers, commitSamples)
}

// A window is what one goroutine reads of the layers and of the data.
type window struct {
	layers [][]byte
	data   []merkle.Digest
}

// size gives the window room for n nodes.
func (w *window) size(layers, n int) {
	if len(w.data) == n {
		return
	}
	w.data = make([]merkle.Digest, n)
	w.layers = make([][]byte, layers)
	flat := make([]byte, layers*n*sector.NodeSize)
	for l := range w.layers {
		w.layers[l] = flat[l*n*sector.NodeSize : (l+1)*n*sector.NodeSize]
	}
}

// treeC makes TreeC, and the replica by the way, since both need the last layer.
func (c *committer) treeC(ctx context.Context) (sector.CommC, error) {
	p := c.s.Proof
	paths := c.f.caches(p.TreeCFiles())
	if c.opt.keepsAll(paths, p.TreeCLen()) && c.opt.keeps(c.f.Sealed, int64(p.Size)) {
		return c.keptRoot(paths)
	}
	sealed, err := c.opt.kit().Create(c.f.Sealed, int64(p.Size))
	if err != nil {
		return sector.CommC{}, err
	}
	defer sealed.Drop()
	trees, err := c.opt.kit().CreateAll(paths, p.TreeCLen())
	if err != nil {
		return sector.CommC{}, err
	}
	defer trees.Drop()
	root, err := merkle.BuildFiles(ctx, c.shapes.h, c.shapes.r, merkle.Layout{}, c.columns(sealed), trees.Writers(), c.opt.merkle("tree C"))
	if err != nil {
		return sector.CommC{}, fmt.Errorf("porep: TreeC: %w", err)
	}
	if err := sealed.Finish(); err != nil {
		return sector.CommC{}, err
	}
	return sector.CommC(root), trees.Finish()
}

// keptRoot returns the root of tree files that stand.
func (c *committer) keptRoot(paths []string) (sector.CommC, error) {
	in, err := c.f.kit().OpenAll(paths, c.s.Proof.TreeCLen())
	if err != nil {
		return sector.CommC{}, err
	}
	defer in.Close()
	t, err := merkle.OpenFiles(c.shapes.h, c.shapes.r, merkle.Layout{}, in.Readers(), nil)
	if err != nil {
		return sector.CommC{}, fmt.Errorf("porep: TreeC: %w", err)
	}
	return sector.CommC(t.Root()), nil
}

// columns returns the source of TreeC's leaves, which writes the replica as it goes along.
func (c *committer) columns(sealed io.WriterAt) merkle.Source {
	return func(_ context.Context, dst []merkle.Digest, first uint64) error {
		w := c.pool.Get().(*window)
		defer c.pool.Put(w)
		w.size(len(c.layers), len(dst))
		off := int64(first) * sector.NodeSize
		for l, r := range c.layers {
			if err := files.ReadFull(r, w.layers[l], off); err != nil {
				return fmt.Errorf("layer %d: %w", l+1, err)
			}
		}
		if err := files.ReadFull(c.staged, merkle.Bytes(w.data), off); err != nil {
			return err
		}
		if err := c.shapes.h.columns(dst, w.layers); err != nil {
			return err
		}
		if bad := encodeNodes(w.data, w.data, merkle.Digests(w.layers[len(w.layers)-1])); bad >= 0 {
			return fmt.Errorf("%w: node %d of data or key is no field element", ErrFile, first+uint64(bad))
		}
		_, err := sealed.WriteAt(merkle.Bytes(w.data), off)
		return err
	}
}

// treeRLast makes the tree over the replica.
func (c *committer) treeRLast(ctx context.Context) (sector.CommRLast, error) {
	p := c.s.Proof
	sealed, err := c.f.kit().OpenSized(c.f.Sealed, int64(p.Size))
	if err != nil {
		return sector.CommRLast{}, err
	}
	defer sealed.Close()
	trees, err := c.opt.kit().CreateAll(c.f.caches(p.TreeRLastFiles()), p.TreeRLastLen())
	if err != nil {
		return sector.CommRLast{}, err
	}
	defer trees.Drop()
	root, err := merkle.BuildFiles(ctx, c.shapes.h, c.shapes.r, treeRLayout(p), merkle.FromReaderAt(sealed), trees.Writers(), c.opt.merkle("tree R"))
	if err != nil {
		return sector.CommRLast{}, fmt.Errorf("porep: TreeRLast: %w", err)
	}
	return sector.CommRLast(root), trees.Finish()
}

// treeRLayout is how TreeRLast lies on disk: over the replica, without the discarded rows.
func treeRLayout(p sector.Proof) merkle.Layout {
	return merkle.Layout{Detached: true, Discard: p.RowsToDiscard}
}

// readAux reads p_aux and holds it against CommR.
func (f *Files) readAux(p sector.Proof, commR sector.CommR) (sector.PAux, error) {
	aux, err := f.kit().ReadPAux(f.cache(sector.PAuxFile))
	if err != nil {
		return aux, err
	}
	got, err := hashOf(p).commR(aux)
	if err != nil {
		return aux, err
	}
	if got != commR {
		return aux, fmt.Errorf("%w: %s gives CommR %v, want %v", ErrFile, f.cache(sector.PAuxFile), got, commR)
	}
	return aux, nil
}

// Prune removes what only proving the seal needs: layers, TreeD and TreeC. What is left serves proofs of
// spacetime and Unseal, and Prove where the synthetic proofs were made. Files that are not there are no error.
//
// Source: rust-fil-proofs stacked/vanilla/clear_files.rs, clear_cache_dir.
func (f *Files) Prune(p sector.Proof) error {
	if err := p.Check(); err != nil {
		return err
	}
	names := append(p.TreeCFiles(), sector.TreeDFile)
	for l := range p.Layers {
		names = append(names, sector.LayerFile(l+1))
	}
	return f.remove(names)
}

// PruneSynthetic removes the synthetic proofs, once the seal is proven. Their absence is no error.
func (f *Files) PruneSynthetic() error { return f.remove([]string{sector.SyntheticFile}) }

// remove removes files from the cache.
func (f *Files) remove(names []string) error {
	if f.Cache == "" {
		return errNoName
	}
	if err := f.writable(); err != nil {
		return err
	}
	dir, err := durable.OpenOS(f.Cache)
	if err != nil {
		return fmt.Errorf("porep: %w", err)
	}
	defer dir.Close()
	for _, name := range names {
		if err := dir.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("porep: %w", err)
		}
	}
	if err := dir.SyncDir("."); err != nil {
		return fmt.Errorf("porep: %s: %w", f.Cache, err)
	}
	return nil
}
