package update

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/fr32"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/sector"
)

var (
	// ErrRange says that a range of bytes lies outside of the sector.
	ErrRange = errors.New("update: no such range of the sector")
	// ErrTreeD says that a part of a sector cannot be held against CommD without TreeD.
	ErrTreeD = errors.New("update: decoding a part of a sector needs Options.TreeD, or Unchecked")
)

// Decode writes n bytes of the new data from byte off on to w. off and n count bytes as they were before padding and need no
// alignment. Of replica and key, the replicas after and before the update, the same range is read and nothing else.
//
// Of st the parameters, CommROld and CommDNew are used. What is written has been held against CommDNew: with opt.TreeD step by
// step, by the path from there; else the whole sector before the first byte (it is read twice for that; see also DecodeFile).
// Errors: ErrRange and ErrTreeD before any work, ErrFile, as Statement.Check, those of readers and writer, ctx.Err().
//
// Source: rust-fil-proofs filecoin-proofs/src/api/update.rs, decode_from_range.
func Decode(ctx context.Context, st *Statement, key, replica io.ReaderAt, w io.Writer, off, n uint64, opt *Options) error {
	if err := st.checkKey(); err != nil {
		return err
	}
	size := st.Params.Size.Unpadded()
	if off > size || n > size-off {
		return fmt.Errorf("%w: %d bytes from %d on, the sector holds %d", ErrRange, n, off, size)
	}
	if n == 0 {
		return nil
	}
	if n < size && opt.checked() && opt.treeD() == nil {
		return ErrTreeD
	}
	from, to := off/fr32Data*fr32Nodes, ((off+n-1)/fr32Data+1)*fr32Nodes
	d, err := newDecoder(st, key, replica, from, to, opt.treeD())
	if err != nil {
		return err
	}
	if d.tree == nil && opt.checked() {
		if err := d.check(ctx, opt); err != nil {
			return err
		}
	}
	return d.write(ctx, w, off, n, opt)
}

// DecodeFile writes the new data, padded as Encode read it, to f.Data, from f.Key and f.Replica. Nothing keeps the name unless
// its CommD is st.CommDNew (or opt.Unchecked is set). Errors: as Decode, and those of the file system.
//
// Source: rust-fil-proofs filecoin-proofs/src/api/update.rs, decode_from.
func DecodeFile(ctx context.Context, f Files, st *Statement, opt *Options) error {
	if err := st.checkKey(); err != nil {
		return err
	}
	in, err := kit.OpenAll([]string{f.Key, f.Replica}, int64(st.Params.Size))
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := kit.Create(f.Data, int64(st.Params.Size))
	if err != nil {
		return err
	}
	defer out.Drop()
	d, err := newDecoder(st, in[0], in[1], 0, st.Params.Size.Nodes(), nil)
	if err != nil {
		return err
	}
	d.out = out
	if !opt.checked() {
		err = spread(ctx, "decode", st.Params.Size.Nodes(), opt, func(first, count uint64) error {
			s := blocks.Get().(*block)
			defer blocks.Put(s)
			return d.decode(s, nil, first, int(count))
		})
	} else {
		err = d.check(ctx, opt)
	}
	if err != nil {
		return err
	}
	return out.Finish()
}

// checkKey refuses what data cannot have been encoded with.
func (s *Statement) checkKey() error {
	return cmp.Or(s.Params.check(), s.CommROld.Check(), s.CommDNew.Check())
}

const (
	fr32Data  = 127 // bytes of data in
	fr32Nodes = 4   // nodes
	stepNodes = 1 << 15
)

// A decoder gives the data of a range of nodes.
type decoder struct {
	codec        *codec
	key, replica io.ReaderAt
	out          io.WriterAt // takes padded data, may be nil
	shape        merkle.Shape
	commD        sector.CommD
	tree         io.ReaderAt // rows of TreeD above its leaves, may be nil
}

func newDecoder(st *Statement, key, replica io.ReaderAt, from, to uint64, treeD io.ReaderAt) (*decoder, error) {
	d := &decoder{key: key, replica: replica, commD: st.CommDNew}
	var err error
	if d.shape, _, err = st.Params.shapes(); err != nil {
		return nil, err
	}
	if d.codec, err = st.codec(from, to, true); err != nil {
		return nil, err
	}
	if treeD != nil {
		d.tree = io.NewSectionReader(treeD, int64(st.Params.Size), int64(st.Params.Size)-sector.NodeSize)
	}
	return d, nil
}

// decode decodes up to blockNodes nodes into dst, which may be nil, and d.out.
func (d *decoder) decode(s *block, dst []byte, first uint64, count int) error {
	key, replica := s.a[:count], s.b[:count]
	off := int64(first) * sector.NodeSize
	if err := files.ReadFull(d.key, raw(key), off); err != nil {
		return fmt.Errorf("update: key: %w", err)
	}
	if err := files.ReadFull(d.replica, raw(replica), off); err != nil {
		return fmt.Errorf("update: replica: %w", err)
	}
	if err := d.codec.decode(replica, key, first); err != nil {
		return err
	}
	copy(dst, raw(replica))
	if d.out == nil {
		return nil
	}
	_, err := d.out.WriteAt(raw(replica), off)
	return err
}

// nodes is the data as the leaves of a tree.
func (d *decoder) nodes(_ context.Context, dst []merkle.Digest, first uint64) error {
	s := blocks.Get().(*block)
	defer blocks.Put(s)
	for len(dst) > 0 {
		n := min(len(dst), blockNodes)
		if err := d.decode(s, merkle.Bytes(dst[:n]), first, n); err != nil {
			return err
		}
		dst, first = dst[n:], first+uint64(n)
	}
	return nil
}

// check decodes the whole sector and holds it against CommD.
func (d *decoder) check(ctx context.Context, opt *Options) error {
	root, err := merkle.BuildFiles(ctx, sha2.SHA254{}, d.shape, merkle.Layout{}, d.nodes, nil, opt.merkle("decode"))
	if err != nil {
		return fmt.Errorf("update: %w", err)
	}
	if sector.CommD(root) != d.commD {
		return fmt.Errorf("%w: replica and key give data with CommD %x, want %v", ErrFile, root, d.commD)
	}
	return nil
}

// write writes n bytes of data from off on.
func (d *decoder) write(ctx context.Context, w io.Writer, off, n uint64, opt *Options) error {
	total := n
	nodes := make([]merkle.Digest, min(stepNodes, (n/fr32Data+2)*fr32Nodes))
	out := make([]byte, len(nodes)/fr32Nodes*fr32Data)
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		first, skip := off/fr32Data, off%fr32Data
		count := min(n, uint64(len(out))-skip)
		blocks := (skip + count + fr32Data - 1) / fr32Data
		part := nodes[:blocks*fr32Nodes]
		if err := d.nodes(ctx, part, first*fr32Nodes); err != nil {
			return err
		}
		if err := d.hold(ctx, part, first*fr32Nodes); err != nil {
			return err
		}
		if _, err := fr32.Unpad(out[:blocks*fr32Data], merkle.Bytes(part)); err != nil {
			return err
		}
		if _, err := w.Write(out[skip : skip+count]); err != nil {
			return err
		}
		off, n = off+count, n-count
		opt.report("decode", total-n, total)
	}
	return nil
}

// hold holds decoded nodes against TreeD, if that is at hand, and the path from there against CommD.
func (d *decoder) hold(ctx context.Context, nodes []merkle.Digest, first uint64) error {
	if d.tree == nil {
		return nil
	}
	leaves := window{nodes, int64(first) * sector.NodeSize}
	h := sha2.SHA254{}
	t, err := merkle.OpenFiles(h, d.shape, merkle.Layout{Detached: true}, []io.ReaderAt{d.tree}, leaves)
	if err != nil {
		return fmt.Errorf("update: TreeD: %w", err)
	}
	p, err := t.OpenRange(ctx, first, first+uint64(len(nodes)), &merkle.Options{Workers: 1})
	if err != nil {
		return fmt.Errorf("update: TreeD: %w", err)
	}
	if err := merkle.VerifyRange(h, d.shape, merkle.Digest(d.commD), p); err != nil {
		return fmt.Errorf("%w: replica and key give other data than CommD %v has from node %d on: %w", ErrFile, d.commD, first, err)
	}
	return nil
}

// A window is a few leaves of a tree at their place.
type window struct {
	nodes []merkle.Digest
	off   int64
}

func (w window) ReadAt(b []byte, off int64) (int, error) {
	have := merkle.Bytes(w.nodes)
	if off < w.off || off-w.off > int64(len(have)) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(b, have[off-w.off:])
	if n < len(b) {
		return n, io.ErrUnexpectedEOF
	}
	return n, nil
}
