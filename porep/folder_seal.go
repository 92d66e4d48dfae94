package porep

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/fr32"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/sector"
)

// SealFolders seals the sectors of the folders, which are of one kind, from wherever each stands, and returns for each what a
// proof will be about, the seed left open. The bytes are those of Seal. Layers are made side by side (see LabelBatch), with a
// checkpoint every FolderOptions.Segment bytes and at each layer's end; samples of a segment are computed again before it
// counts. Other files are made whole. Of a sector that Prune was called for, what is damaged is mended where it can be, see
// FolderOptions.Again. On an error, or when ctx ends, what counts stays, and the next call goes on from
// there. Options.Keep, Made and TrustLayers are not used. Errors: as Seal; ErrFile for data with another CommD; those of
// package durable.
func SealFolders(ctx context.Context, folders []*Folder, opt *Options) ([]Statement, error) {
	if len(folders) == 0 {
		return nil, errors.New("porep: no sectors to seal")
	}
	p := folders[0].s.Proof
	if err := opt.budget("labelling", LabelMemory(p, opt.lanes(p, len(folders)))); err != nil {
		return nil, err
	}
	var open []*Folder
	for _, f := range folders {
		f.progress = opt.progress()
		defer func() { f.progress = nil }()
		if f.s.Proof != p {
			return nil, fmt.Errorf("%w: sectors of different kinds in one batch", sector.ErrProofType)
		}
		done, err := f.finished(ctx, opt)
		if err != nil {
			return nil, err
		}
		if !done {
			open = append(open, f)
		}
	}
	for _, f := range open {
		if err := f.begin(ctx, opt); err != nil {
			return nil, err
		}
	}
	if err := labelFolders(ctx, open, opt); err != nil {
		return nil, err
	}
	out := make([]Statement, len(folders))
	for _, f := range open {
		if err := f.commit(ctx, opt); err != nil {
			return nil, err
		}
	}
	for i, f := range folders {
		commR, err := f.commR()
		if err != nil {
			return nil, err
		}
		out[i] = Statement{Sector: f.s, CommR: commR}
	}
	return out, nil
}

// finished reports whether nothing is left to do: all files are whole, or given up. What Prune has left of a sector is mended.
func (f *Folder) finished(ctx context.Context, opt *Options) (bool, error) {
	if f.pruned() {
		return f.mend(ctx, opt)
	}
	return f.whole(ctx, append(f.outputs(), f.inputs()...)...)
}

// begin takes the room for all that is to be made and stages the data.
func (f *Folder) begin(ctx context.Context, opt *Options) error {
	if err := f.takeRoom(ctx); err != nil {
		return err
	}
	p := f.s.Proof
	if ok, err := f.whole(ctx, fileOf{stagedName, int64(p.Size)}, f.treeD()); err != nil || ok {
		return err
	}
	return f.job.Create(ctx, phaseStage, stagedName, int64(p.Size), func(staged durable.File) error {
		tree := f.treeD()
		return f.job.Create(ctx, phaseStage, tree.name, tree.size, func(tree durable.File) error {
			return f.stage(ctx, staged, tree, opt)
		})
	})
}

// takeRoom allocates all files that are missing, so that a full disk is met before the work.
func (f *Folder) takeRoom(ctx context.Context) error {
	p := f.s.Proof
	for l := range p.Layers {
		layer := layerOf(p, l+1)
		if ok, err := f.whole(ctx, layer); err != nil {
			return err
		} else if ok {
			continue
		}
		g, err := f.job.Grow(ctx, phaseLabel, layer.name, layer.size)
		if err != nil {
			return err
		}
		if err := g.Close(); err != nil {
			return fmt.Errorf("porep: %w", err)
		}
	}
	for _, file := range append(f.outputs(), f.inputs()[:len(f.inputs())-p.Layers]...) {
		ok, err := f.whole(ctx, file)
		if err == nil && !ok {
			err = f.job.Reserve(file.name, file.size)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stage writes the padded data and TreeD and holds them against CommD.
func (f *Folder) stage(ctx context.Context, staged, tree io.WriterAt, opt *Options) error {
	if f.opt.Data == nil {
		return fmt.Errorf("%w: %s must be made, and no data was given", ErrFile, stagedName)
	}
	shapes, err := newShapes(f.s.Proof)
	if err != nil {
		return err
	}
	data, err := f.opt.Data(ctx)
	if err != nil {
		return err
	}
	defer data.Close()
	in := &counter{r: data, left: f.s.Proof.Size.Unpadded()}
	leaves := merkle.FromReader(io.MultiReader(fr32.NewReader(in), zeros{}))
	root, err := merkle.BuildFiles(ctx, sha2.SHA254{}, shapes.d, merkle.Layout{}, tee(leaves, staged), []io.WriterAt{tree}, opt.merkle("tree D"))
	if err == nil {
		err = in.atEnd()
	}
	if err != nil {
		return fmt.Errorf("porep: TreeD: %w", err)
	}
	if sector.CommD(root) != f.s.CommD {
		return fmt.Errorf("%w: the data has CommD %x, want %v", ErrFile, root, f.s.CommD)
	}
	return nil
}

// labelFolders makes the layers that are missing in any of the folders.
func labelFolders(ctx context.Context, folders []*Folder, opt *Options) error {
	if len(folders) == 0 {
		return nil
	}
	p, ids := folders[0].s.Proof, make([]sector.ReplicaID, len(folders))
	for i, f := range folders {
		ids[i] = f.s.ReplicaID()
	}
	g, err := labelGraph(p, ids...)
	if err != nil {
		return err
	}
	// A run of missing layers a turn; where a layer comes out otherwise than it was recorded, those behind it go missing.
	for range 2*p.Layers + 2 {
		have, closers, err := labelsOf(ctx, folders)
		if err != nil || have.layers == p.Layers {
			closers.Close()
			return err
		}
		err = labelSectors(ctx, ids, p, opt, have, func(from, n int) sink {
			return &folderSink{ctx: ctx, g: g, folders: folders[from : from+n], out: make([]*durable.Growing, n)}
		})
		closers.Close()
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: the layers come out otherwise every time", ErrFile)
}

// labelsOf returns the first run of layers that are missing in any of the folders, and what is open for it.
func labelsOf(ctx context.Context, folders []*Folder) (have made, open files.Ins, err error) {
	p := folders[0].s.Proof
	most := make([]int64, p.Layers+1) // bytes of each layer that all folders have
	for l := 1; l <= p.Layers; l++ {
		most[l] = int64(p.Size)
		for _, f := range folders {
			n, err := f.job.Check(ctx, layerOf(p, l).name)
			if err != nil {
				return have, nil, err
			}
			most[l] = min(most[l], n)
		}
	}
	for have.layers < p.Layers && most[have.layers+1] == int64(p.Size) {
		have.layers++
	}
	if have.layers == p.Layers {
		return have, nil, nil
	}
	have.last = have.layers + 1
	for have.last < p.Layers && most[have.last+1] < int64(p.Size) {
		have.last++
	}
	have.nodes = uint64(most[have.layers+1]) / sector.NodeSize
	for _, f := range folders {
		if have.layers > 0 {
			r, err := f.kit().OpenSized(layerOf(p, have.layers).name, int64(p.Size))
			if err != nil {
				return have, open, err
			}
			have.prev, open = append(have.prev, r), append(open, r)
		}
		if have.nodes > 0 {
			r, err := f.kit().OpenSized(layerOf(p, have.layers+1).name, int64(p.Size))
			if err != nil {
				return have, open, err
			}
			have.cur, open = append(have.cur, r), append(open, r)
		}
	}
	return have, open, nil
}

// A folderSink writes each layer into its growing file, segment by segment.
type folderSink struct {
	ctx     context.Context // of the call that labels
	g       *graph.Graph
	folders []*Folder
	layer   int
	out     []*durable.Growing // of the layer in the making
}

func (s *folderSink) write(lane, layer int, b []byte, off int64) error {
	f := s.folders[lane]
	if s.out[lane] == nil {
		file := layerOf(f.s.Proof, layer)
		var err error
		if s.out[lane], err = f.job.Grow(s.ctx, phaseLabel, file.name, file.size); err != nil {
			return err
		}
		s.layer = layer
	}
	out := s.out[lane]
	if out.Written() < off {
		return fmt.Errorf("%w: layer %d has %d bytes, want %d before those made", ErrFile, layer, out.Written(), off)
	}
	if skip := out.Written() - off; skip > 0 { // this sector was ahead of the others
		b = b[min(skip, int64(len(b))):]
	}
	for len(b) > 0 {
		n := min(int64(len(b)), f.opt.Segment-(out.Written()-out.Done()))
		if _, err := out.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
		if out.Written()-out.Done() == f.opt.Segment {
			if err := s.checkpoint(s.ctx, lane); err != nil {
				return err
			}
		}
	}
	return nil
}

// segmentSamples is the least number of labels of a segment that are computed again.
const segmentSamples = 64

// checkpoint computes samples of what was written again, and makes it count.
func (s *folderSink) checkpoint(ctx context.Context, lane int) error {
	f, out := s.folders[lane], s.out[lane]
	lo, hi := uint64(out.Done())/sector.NodeSize, uint64(out.Written())/sector.NodeSize
	if lo == hi {
		return nil
	}
	var prev files.In
	if s.layer > 1 {
		var err error
		if prev, err = f.kit().OpenSized(layerOf(f.s.Proof, s.layer-1).name, int64(f.s.Proof.Size)); err != nil {
			return err
		}
		defer prev.Close()
	}
	samples := max(segmentSamples, int(layerSamples*(hi-lo)/s.g.Nodes()))
	if err := checkSpan(ctx, s.g, f.s.ReplicaID(), s.layer, lo, hi, samples, out, prev); err != nil {
		return fmt.Errorf("%s, just made: %w", layerOf(f.s.Proof, s.layer).name, err)
	}
	return out.Commit(ctx)
}

func (s *folderSink) end(int) error {
	for lane, out := range s.out {
		if out == nil {
			continue
		}
		if err := s.checkpoint(s.ctx, lane); err != nil {
			return err
		}
		s.out[lane] = nil
		if err := out.Close(); err != nil {
			return fmt.Errorf("porep: %w", err)
		}
	}
	return nil
}

// lateBytes is the most that close makes durable after ctx ended: syncing it is soon done.
const lateBytes = 64 << 20

// close keeps what was made before ctx ended.
func (s *folderSink) close() {
	for lane, out := range s.out {
		if out == nil {
			continue
		}
		if s.ctx.Err() != nil && out.Written()-out.Done() <= lateBytes {
			_ = s.checkpoint(context.WithoutCancel(s.ctx), lane) // what fails here is made again
		}
		_ = out.Close() // what counts is synced
	}
}

// commit makes TreeC and the replica, TreeRLast and the aux files.
func (f *Folder) commit(ctx context.Context, opt *Options) error {
	if err := opt.budget("committing", CommitMemory(f.s.Proof, opt.workers())); err != nil {
		return err
	}
	c, err := openCommitter(f.Files(), &f.s, opt)
	if err != nil {
		return err
	}
	defer c.close()
	p := f.s.Proof
	trees := filesOf(p.TreeCFiles(), p.TreeCLen())
	ok, err := f.whole(ctx, append(trees, fileOf{sealedName, int64(p.Size)})...)
	if err == nil && !ok {
		err = f.job.Create(ctx, phaseTreeC, sealedName, int64(p.Size), func(sealed durable.File) error {
			return f.create(ctx, phaseTreeC, trees, func(ws []io.WriterAt) error {
				_, err := merkle.BuildFiles(ctx, c.shapes.h, c.shapes.r, merkle.Layout{}, c.columns(sealed), ws, opt.merkle("tree C"))
				return err
			})
		})
	}
	if err != nil {
		return fmt.Errorf("porep: TreeC: %w", err)
	}
	commC, err := c.keptRoot(c.f.caches(p.TreeCFiles()))
	if err == nil {
		err = f.markCommC(commC)
	}
	if err != nil {
		return err
	}
	commRLast, err := f.makeTreeR(ctx, c.shapes, opt)
	if err != nil {
		return err
	}
	return f.makeAux(ctx, sector.PAux{CommC: commC, CommRLast: commRLast})
}

// create makes several files of one size at once.
func (f *Folder) create(ctx context.Context, phase uint8, of []fileOf, fill func([]io.WriterAt) error, ws ...io.WriterAt) error {
	if len(ws) == len(of) {
		return fill(ws)
	}
	file := of[len(ws)]
	return f.job.Create(ctx, phase, file.name, file.size, func(w durable.File) error {
		return f.create(ctx, phase, of, fill, append(ws[:len(ws):len(ws)], w)...)
	})
}

// makeTreeR makes the tree over the replica unless it is there, and returns its root.
func (f *Folder) makeTreeR(ctx context.Context, s shapes, opt *Options) (sector.CommRLast, error) {
	p, at := f.s.Proof, f.Files()
	var sealed files.In
	root, err := merkle.BuildDurable(ctx, f.job, phaseTreeR, at.caches(p.TreeRLastFiles()), s.h, s.r, treeRLayout(p), func() (merkle.Source, error) {
		if sealed != nil {
			return merkle.FromReaderAt(sealed), nil
		}
		var err error
		sealed, err = f.kit().OpenSized(sealedName, int64(p.Size))
		return merkle.FromReaderAt(sealed), err
	}, opt.merkle("tree R"))
	if sealed != nil {
		_ = sealed.Close() // only read
	}
	if err != nil {
		return sector.CommRLast{}, fmt.Errorf("porep: TreeRLast: %w", err)
	}
	return sector.CommRLast(root), nil
}
