package porep

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/internal/label"
	"github.com/assaylab/assay/porep/sector"
)

// LabelFiles labels sectors of one kind side by side, as LabelBatch does, into the layer files of their
// caches. Layers that opt.Keep lets stand are not made again if those below them stand in every sector;
// each of them is held against its replica id first, see Files.CheckLayers. Errors: as LabelBatch, as
// Sector.Check, ErrFile for a kept layer that belongs to no such replica, those of the file system.
func LabelFiles(ctx context.Context, fs []Files, ss []Sector, opt *Options) error {
	if len(fs) == 0 || len(fs) != len(ss) {
		return fmt.Errorf("porep: %d sectors with %d sets of files to label", len(ss), len(fs))
	}
	p, ids := ss[0].Proof, make([]sector.ReplicaID, len(ss))
	for i := range ss {
		if err := cmp.Or(ss[i].Check(), fs[i].writable()); err != nil {
			return err
		}
		if ss[i].Proof != p {
			return fmt.Errorf("%w: sectors of different kinds in one batch", sector.ErrProofType)
		}
		ids[i] = ss[i].ReplicaID()
	}
	done, err := keptLayers(ctx, fs, ss, opt)
	if err != nil || done == p.Layers {
		return err
	}
	var before []io.ReaderAt
	if done > 0 {
		for i := range fs {
			r, err := fs[i].kit().OpenSized(fs[i].layer(done), int64(p.Size))
			if err != nil {
				return err
			}
			defer r.Close()
			before = append(before, r)
		}
	}
	g, err := labelGraph(p, ids...)
	if err != nil {
		return err
	}
	return labelSectors(ctx, ids, p, opt, made{layers: done, prev: before}, func(from, n int) sink {
		return &fileSink{ctx: ctx, g: g, ids: ids[from : from+n], files: fs[from : from+n], size: int64(p.Size), opt: opt}
	})
}

// keptLayers returns how many layers stand in all sectors.
func keptLayers(ctx context.Context, fs []Files, ss []Sector, opt *Options) (int, error) {
	p := ss[0].Proof
	done := p.Layers
	for i := range fs {
		l := 0
		for l < done && opt.keeps(fs[i].layer(l+1), int64(p.Size)) {
			l++
		}
		done = l
	}
	for i := range fs {
		if err := fs[i].CheckLayers(ctx, &ss[i], done); err != nil {
			return 0, err
		}
	}
	return done, nil
}

// A fileSink writes each layer into its file and checks samples of it before the file gets its name: a label
// that memory or processor spoilt would otherwise go unseen until the sector is challenged.
type fileSink struct {
	ctx   context.Context // of the call that labels
	g     *graph.Graph
	ids   []sector.ReplicaID
	files []Files
	size  int64
	opt   *Options
	out   files.Outs // of the layer in the making
}

func (s *fileSink) write(lane, layer int, b []byte, off int64) error {
	if s.out == nil {
		paths := make([]string, len(s.files))
		for i := range s.files {
			paths[i] = s.files[i].layer(layer)
		}
		var err error
		if s.out, err = s.opt.kit().CreateAll(paths, s.size); err != nil {
			return err
		}
	}
	_, err := s.out[lane].WriteAt(b, off)
	return err
}

func (s *fileSink) end(layer int) error {
	out := s.out
	s.out = nil
	defer out.Drop()
	for i, f := range out {
		if err := s.check(layer, i, f); err != nil {
			return fmt.Errorf("%s, just made: %w", f.Path(), err)
		}
	}
	return out.Finish()
}

// check computes samples of a sector's new layer again.
func (s *fileSink) check(layer, i int, cur io.ReaderAt) error {
	made, err := sampled(s.g, layerSamples, cur)
	if err != nil {
		return err
	}
	defer made.close()
	var prev *sampledLayer
	if layer > 1 {
		if prev, err = s.files[i].openSampled(s.g, layer-1, layerSamples); err != nil {
			return err
		}
		defer prev.close()
	}
	return checkSpan(s.ctx, s.g, s.ids[i], layer, 0, s.g.Nodes(), layerSamples, made, prev)
}

func (s *fileSink) close() { s.out.Drop() }

// layerSamples is the number of labels of each layer that are computed again when it was made, and before
// it is kept.
const layerSamples = 2048

// CheckLayers holds the first n layer files against the replica id: the label of node 0 in each, and
// 2048 others (all, in a small sector), computed again from their parents. A layer of another replica or
// another graph never passes; where a share s of the labels is bad, 1-(1-s)^2048 is the chance that it
// is seen. Errors: ErrFile, those of the file system, ctx.Err().
func (f *Files) CheckLayers(ctx context.Context, s *Sector, n int) error {
	return f.checkLayers(ctx, s, n, layerSamples)
}

func (f *Files) checkLayers(ctx context.Context, s *Sector, n, samples int) error {
	if n == 0 {
		return nil
	}
	g, err := labelGraph(s.Proof, s.ReplicaID())
	if err != nil {
		return err
	}
	var prev *sampledLayer
	defer func() { prev.close() }()
	for layer := 1; layer <= n; layer++ {
		cur, err := f.openSampled(g, layer, samples)
		if err != nil {
			return err
		}
		err = checkSpan(ctx, g, s.ReplicaID(), layer, 0, g.Nodes(), samples, cur, prev)
		prev.close()
		prev = cur
		if err != nil {
			return fmt.Errorf("%s: %w", f.layer(layer), err)
		}
	}
	return nil
}

// A sampledLayer is a layer that samples are read of, in memory where that is quicker.
type sampledLayer struct {
	io.ReaderAt
	file  io.Closer // nil where it is another's
	whole *[]byte   // nil where the file is read
}

// openSampled opens a layer of which and of whose successor samples are computed again.
func (f *Files) openSampled(g *graph.Graph, layer, most int) (*sampledLayer, error) {
	r, err := f.kit().OpenSized(f.layer(layer), int64(g.Nodes()*sector.NodeSize))
	if err != nil {
		return nil, err
	}
	l, err := sampled(g, most, r)
	if err != nil {
		return nil, cmp.Or(fmt.Errorf("%s: %w", f.layer(layer), err), r.Close())
	}
	l.file = r
	return l, nil
}

// sampled reads a layer at once if it is small enough for that.
func sampled(g *graph.Graph, most int, r io.ReaderAt) (*sampledLayer, error) {
	size := g.Nodes() * sector.NodeSize
	if size > min(wholeLayer, uint64(most)*sampleBytes) {
		return &sampledLayer{ReaderAt: r}, nil
	}
	b := wholeLayers.Get().(*[]byte)
	*b = slices.Grow((*b)[:0], int(size))[:size]
	if err := files.ReadFull(r, *b, 0); err != nil {
		wholeLayers.Put(b)
		return nil, err
	}
	return &sampledLayer{ReaderAt: bytesAt(*b), whole: b}, nil
}

// close ends the use of a layer, which may be nil; what was only read has nothing to lose.
func (l *sampledLayer) close() {
	if l == nil {
		return
	}
	if l.whole != nil {
		wholeLayers.Put(l.whole)
	}
	if l.file != nil {
		_ = l.file.Close()
	}
}

const (
	// wholeLayer is the size up to which a layer may be read at once to be sampled.
	wholeLayer = 8 << 20
	// sampleBytes is about how many bytes are read at once in the time of the 15 small reads of a sample.
	sampleBytes = 1 << 12
)

// wholeLayers keeps the memory of layers that were read at once.
var wholeLayers = sync.Pool{New: func() any { return new([]byte) }}

// checkSpan computes samples of the nodes lo to hi-1 of a layer again.
func checkSpan(ctx context.Context, g *graph.Graph, id sector.ReplicaID, layer int, lo, hi uint64, most int, cur, prev io.ReaderAt) error {
	rng := rand.New(rand.NewPCG(binary.LittleEndian.Uint64(id[:]), uint64(layer)<<32^lo))
	samples := min(uint64(most), hi-lo)
	for i := range samples {
		node := lo + i
		if i > 1 && samples < hi-lo {
			node = lo + rng.Uint64N(hi-lo)
		}
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		want, err := oneLabel(g, id, layer, node, cur, prev)
		if err != nil {
			return err
		}
		var got merkle.Digest
		if err := files.ReadFull(cur, got[:], int64(node)*sector.NodeSize); err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%w: label %d of layer %d is %x, want %x", ErrFile, node, layer, got, want)
		}
	}
	return nil
}

// oneLabel computes one label from its parents as they lie in the files.
func oneLabel(g *graph.Graph, id sector.ReplicaID, layer int, node uint64, cur, prev io.ReaderAt) (merkle.Digest, error) {
	short, count := g.Proof().ShortLabels, 0
	var parents [parentCount]uint32
	if node > 0 {
		if err := g.Parents(node, &parents); err != nil {
			return merkle.Digest{}, err
		}
		count = label.Parents(short, uint32(layer))
	}
	m := make([]byte, label.MessageSize(short, count))
	label.Frame(m, short, (*[32]byte)(&id), uint32(layer), node)
	n := parentCount
	if layer == 1 {
		n = graph.BaseDegree
	}
	for k := range count {
		at := m[label.Prefix+32*k:][:32]
		if k >= n {
			copy(at, m[label.Prefix+32*(k-n):])
			continue
		}
		r := cur
		if k >= graph.BaseDegree {
			r = prev
		}
		if err := files.ReadFull(r, at, int64(parents[k])*sector.NodeSize); err != nil {
			return merkle.Digest{}, err
		}
	}
	d := merkle.Digest(sha256.Sum256(m))
	d[31] &= 0x3f
	return d, nil
}
