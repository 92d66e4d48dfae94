package update

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/sector"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// Encode puts new data into a sealed sector: it makes TreeD over f.Data, mixes data and f.Key into f.Replica, and makes TreeR,
// p_aux and t_aux of the new replica in f.Cache. old is the CommR of f.Key, against which the p_aux of f.KeyCache is held; the
// bytes of f.Key are not (see porep.Files.Check). The old replica stays as it is: it is the key to the new one.
//
// Data and key are read once more for the replica, which is written as it is hashed, all over opt.Workers goroutines; a
// goroutine takes 4 MiB. Errors: sector.ErrSize, sector.ErrCommitment, ErrFile, those of the file system, ctx.Err(). On an
// error no half-made file keeps its name.
//
// Source: rust-fil-proofs filecoin-proofs/src/api/update.rs, encode_into; storage-proofs-update/src/vanilla.rs.
func Encode(ctx context.Context, f Files, p Params, old sector.CommR, opt *Options) (*Statement, error) {
	if err := cmp.Or(p.check(), old.Check()); err != nil {
		return nil, err
	}
	aux, err := readAux(f.KeyCache, old)
	if err != nil {
		return nil, err
	}
	sp, err := p.proof(f.KeyCache)
	if err != nil {
		return nil, err
	}
	m, err := openMixer(&f, &p, sp, f.Key)
	if err != nil {
		return nil, err
	}
	defer m.close()
	st := &Statement{Params: p, CommROld: old}
	if st.CommDNew, err = m.treeD(ctx, inCache(f.Cache, sector.TreeDFile), opt); err != nil {
		return nil, err
	}
	if m.codec, err = st.codec(0, p.Size.Nodes(), false); err != nil {
		return nil, err
	}
	m.mix = m.codec.encode
	trees, replica, err := m.build(ctx, f.Cache, f.Replica, &aux, opt)
	defer func() { trees.Drop(); replica.Drop() }()
	if err != nil {
		return nil, err
	}
	if st.CommRNew, err = commROf(aux); err != nil {
		return nil, err
	}
	if err := m.finish(replica, trees, f.Cache, aux); err != nil {
		return nil, err
	}
	return st, nil
}

// Remove takes the data out of a replica again: from f.Replica, f.Data and the p_aux of f.Cache it makes f.Key and, in f.KeyCache,
// TreeR, p_aux and t_aux of the sector as it was before the update st. Nothing keeps its name unless the result has
// st.CommROld. Errors: as Encode; ErrFile where replica and data do not belong to st.
//
// Source: rust-fil-proofs filecoin-proofs/src/api/update.rs, remove_encoded_data.
func Remove(ctx context.Context, f Files, st *Statement, opt *Options) error {
	if err := st.Check(); err != nil {
		return err
	}
	aux, err := readAux(f.Cache, st.CommRNew)
	if err != nil {
		return err
	}
	sp, err := st.Params.proof(f.Cache)
	if err != nil {
		return err
	}
	m, err := openMixer(&f, &st.Params, sp, f.Replica)
	if err != nil {
		return err
	}
	defer m.close()
	if m.codec, err = st.codec(0, st.Params.Size.Nodes(), false); err != nil {
		return err
	}
	m.mix = m.codec.remove
	trees, key, err := m.build(ctx, f.KeyCache, f.Key, &aux, opt)
	defer func() { trees.Drop(); key.Drop() }()
	if err != nil {
		return err
	}
	got, err := commROf(aux)
	if err == nil && got != st.CommROld {
		err = fmt.Errorf("%w: without the data the replica has CommR %v, want %v", ErrFile, got, st.CommROld)
	}
	if err != nil {
		return err
	}
	return m.finish(key, trees, f.KeyCache, aux)
}

// codec returns the codec of an update for the nodes from..to-1.
func (s *Statement) codec(from, to uint64, invert bool) (*codec, error) {
	phi, err := Phi(s.CommDNew, s.CommROld)
	if err != nil {
		return nil, err
	}
	return newCodec(&s.Params, phi, from, to, invert)
}

// shapes returns the forms of TreeD and TreeR.
func (p *Params) shapes() (d, r merkle.Shape, err error) {
	if d, err = merkle.Uniform(p.Size.Nodes(), 2); err != nil {
		return d, r, err
	}
	r, err = merkle.Compound(p.Size.Nodes(), p.Shape.Base, p.Shape.Sub, p.Shape.Top)
	return d, r, err
}

// A mixer makes one replica of another and the data.
type mixer struct {
	sp      sector.Proof
	d, r    merkle.Shape
	data    io.ReaderAt // the new data
	replica io.ReaderAt // the one that is there
	files   files.Ins
	codec   *codec
	mix     func(data, replica fr.Vector, first uint64) error
}

// openMixer opens the data and the replica that is there.
func openMixer(f *Files, p *Params, sp sector.Proof, replica string) (m *mixer, err error) {
	m = &mixer{sp: sp}
	if m.d, m.r, err = p.shapes(); err != nil {
		return nil, err
	}
	if m.files, err = kit.OpenAll([]string{replica}, int64(p.Size)); err != nil {
		return nil, err
	}
	m.replica = m.files[0]
	data, err := kit.OpenPadded(f.Data, int64(p.Size))
	if err != nil {
		m.close()
		return nil, err
	}
	m.files, m.data = append(m.files, data), data
	return m, nil
}

func (m *mixer) close() { m.files.Close() }

// treeD makes TreeD.
func (m *mixer) treeD(ctx context.Context, path string, opt *Options) (sector.CommD, error) {
	out, err := kit.Create(path, m.sp.TreeDLen())
	if err != nil {
		return sector.CommD{}, err
	}
	defer out.Drop()
	root, err := merkle.BuildFiles(ctx, sha2.SHA254{}, m.d, merkle.Layout{}, merkle.FromReaderAt(m.data), []io.WriterAt{out}, opt.merkle("tree D"))
	if err != nil {
		return sector.CommD{}, fmt.Errorf("update: TreeD: %w", err)
	}
	return sector.CommD(root), out.Finish()
}

// build makes the other replica at path and TreeR over it in a cache directory, and puts the root into aux.
func (m *mixer) build(ctx context.Context, cache, path string, aux *sector.PAux, opt *Options) (trees files.Outs, replica *files.Out, err error) {
	if replica, err = kit.Create(path, int64(m.sp.Size)); err != nil {
		return nil, nil, err
	}
	if trees, err = kit.CreateAll(allInCache(cache, m.sp.TreeRLastFiles()), m.sp.TreeRLastLen()); err != nil {
		return nil, replica, err
	}
	root, err := merkle.BuildFiles(ctx, poseidon.Hasher{}, m.r, treeRLayout(m.sp), m.source(replica), trees.Writers(), opt.merkle("tree R"))
	if err != nil {
		return trees, replica, fmt.Errorf("update: TreeR: %w", err)
	}
	aux.CommRLast = sector.CommRLast(root)
	return trees, replica, aux.CommRLast.Check()
}

// finish gives a replica its name, then TreeR over it, and last p_aux and t_aux, which vouch for both.
func (m *mixer) finish(replica *files.Out, trees files.Outs, cache string, aux sector.PAux) error {
	if err := replica.Finish(); err != nil {
		return err
	}
	if err := trees.Finish(); err != nil {
		return err
	}
	return kit.WriteAux(cache, m.sp, aux)
}

// treeRLayout is how TreeR lies on disk: over the replica, without the discarded rows.
func treeRLayout(p sector.Proof) merkle.Layout {
	return merkle.Layout{Detached: true, Discard: p.RowsToDiscard}
}

// source mixes nodes, writes them, and hands them on as leaves.
func (m *mixer) source(w io.WriterAt) merkle.Source {
	return func(_ context.Context, dst []merkle.Digest, first uint64) error {
		s := blocks.Get().(*block)
		defer blocks.Put(s)
		for len(dst) > 0 {
			n := min(len(dst), blockNodes)
			data, replica := s.a[:n], s.b[:n]
			off := int64(first) * sector.NodeSize
			if err := cmp.Or(files.ReadFull(m.data, raw(data), off), files.ReadFull(m.replica, raw(replica), off)); err != nil {
				return err
			}
			if err := m.mix(data, replica, first); err != nil {
				return err
			}
			if _, err := w.WriteAt(raw(data), off); err != nil {
				return err
			}
			copy(merkle.Bytes(dst[:n]), raw(data))
			dst, first = dst[n:], first+uint64(n)
		}
		return nil
	}
}
