package porep

import (
	"context"
	"fmt"
	"io"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/fr32"
	"github.com/assaylab/assay/porep/sector"
)

// Keys makes the keys of several sectors of one kind again, given nothing but what they are bound to: it labels them side by
// side, as LabelBatch does, and writes the last layer of each to its writer, from offset 0 on. A key that is kept makes every
// later read of the data O(range), see DecodeRange. Errors: as LabelBatch and Sector.Check.
func Keys(ctx context.Context, ss []Sector, ws []io.WriterAt, opt *Options) error {
	if len(ss) == 0 || len(ss) != len(ws) {
		return fmt.Errorf("porep: %d sectors and %d writers for keys", len(ss), len(ws))
	}
	p, ids := ss[0].Proof, make([]sector.ReplicaID, len(ss))
	for i := range ss {
		if err := ss[i].Check(); err != nil {
			return err
		}
		if ss[i].Proof != p {
			return fmt.Errorf("%w: sectors of different kinds in one batch", sector.ErrProofType)
		}
		ids[i] = ss[i].ReplicaID()
	}
	return labelSectors(ctx, ids, p, opt, made{}, func(from, n int) sink { return keySink{ws[from : from+n], p.Layers} })
}

// A keySink keeps the last layer.
type keySink struct {
	ws   []io.WriterAt
	last int
}

func (s keySink) write(lane, layer int, b []byte, off int64) error {
	if layer != s.last {
		return nil
	}
	_, err := s.ws[lane].WriteAt(b, off)
	return err
}

func (keySink) end(int) error { return nil }
func (keySink) close()        {}

// PruneToKey is Prune that keeps the last layer and TreeD: what serves DecodeRange beside the replica.
func (f *Files) PruneToKey(p sector.Proof) error {
	if err := p.Check(); err != nil {
		return err
	}
	names := append(p.TreeCFiles(), sector.SyntheticFile)
	for l := range p.Layers - 1 {
		names = append(names, sector.LayerFile(l+1))
	}
	return f.remove(names)
}

// DecodeRange writes n bytes of the data from byte off on to w and reads no more than that range of key (the last layer), replica
// and TreeD's rows. Each step of at most 1 MiB is held against treeD, the file of TreeD, and the path from there against CommD,
// before it is written. Without TreeD (nil) nothing is held against anything: then use Decode, unless key and
// replica are known to be good. off and n count bytes without padding. Errors: ErrRange, ErrFile, those of readers and writer.
func DecodeRange(ctx context.Context, s *Sector, key, replica, treeD io.ReaderAt, w io.Writer, off, n uint64, opt *Options) error {
	if err := checkRange(s, off, n); err != nil {
		return err
	}
	shapes, err := newShapes(s.Proof)
	if err != nil {
		return err
	}
	h := &holder{src: decoded(key, replica), shape: shapes.d, commD: s.CommD}
	if treeD != nil {
		h.rows = io.NewSectionReader(treeD, int64(s.Proof.Size), int64(s.Proof.Size)-sector.NodeSize)
	}
	const step = 8192 * blockData
	h.nodes = make([]merkle.Digest, min(8192, n/blockData+2)*blockDigest)
	h.out = make([]byte, len(h.nodes)/blockDigest*blockData)
	total := n
	for n > 0 {
		count := min(n, step-off%step)
		if err := h.write(ctx, w, off, count); err != nil {
			return err
		}
		off, n = off+count, n-count
		opt.report("decode", total-n, total)
	}
	return ctx.Err()
}

// A holder decodes and holds the result against TreeD.
type holder struct {
	src   merkle.Source
	shape merkle.Shape
	commD sector.CommD
	rows  io.ReaderAt // of TreeD above its leaves, may be nil

	nodes []merkle.Digest // of a step
	out   []byte
}

// write writes one step.
func (h *holder) write(ctx context.Context, w io.Writer, off, n uint64) error {
	first, skip := off/blockData, off%blockData
	blocks := (skip + n + blockData - 1) / blockData
	nodes, out := h.nodes[:blocks*blockDigest], h.out[:blocks*blockData]
	if err := h.src(ctx, nodes, first*blockDigest); err != nil {
		return err
	}
	if err := h.hold(ctx, nodes, first*blockDigest); err != nil {
		return err
	}
	if _, err := fr32.Unpad(out, merkle.Bytes(nodes)); err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	_, err := w.Write(out[skip : skip+n])
	return err
}

// hold checks that nodes are the leaves from first on below CommD.
func (h *holder) hold(ctx context.Context, nodes []merkle.Digest, first uint64) error {
	if h.rows == nil {
		return ctx.Err()
	}
	t, err := merkle.OpenFiles(sha2.SHA254{}, h.shape, merkle.Layout{Detached: true}, []io.ReaderAt{h.rows}, leavesAt{nodes, int64(first) * sector.NodeSize})
	if err != nil {
		return fmt.Errorf("porep: TreeD: %w", err)
	}
	p, err := t.OpenRange(ctx, first, first+uint64(len(nodes)), &merkle.Options{Workers: 1})
	if err != nil {
		return fmt.Errorf("porep: TreeD: %w", err)
	}
	if err := merkle.VerifyRange(sha2.SHA254{}, h.shape, merkle.Digest(h.commD), p); err != nil {
		return fmt.Errorf("%w: replica and key give other data than CommD %v has from node %d on: %w", ErrFile, h.commD, first, err)
	}
	return nil
}

// leavesAt are a few leaves of a tree at their place.
type leavesAt struct {
	nodes []merkle.Digest
	off   int64
}

func (l leavesAt) ReadAt(b []byte, off int64) (int, error) {
	if off < l.off {
		return 0, io.ErrUnexpectedEOF
	}
	return bytesAt(merkle.Bytes(l.nodes)).ReadAt(b, off-l.off)
}
