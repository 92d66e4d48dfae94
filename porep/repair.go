package porep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/sector"
)

// ErrLost says that data of a sector cannot be made again from what is left.
var ErrLost = errors.New("porep: data is lost")

// Repair makes again what a report of Check, made of these files just before, calls Rebuildable, from what is right; files that are
// right are not touched. Damaged labels are computed one by one where Check could name them, else the layers above the first
// bad one are labelled anew from the ticket; data comes from TreeD or is decoded from the replica, the replica is encoded from
// the data, each block that is bad only. A file gets its name back only once its root is the one that CommD and CommR demand.
//
// Set opt.Skip to leave out files that are not wanted (the layers of a pruned sector, say). Errors: ErrLost, before anything is
// written, where a wanted file is, and later where a replica that nothing proves turned out not to hold the data; those of Label
// and of the file system; ctx.Err().
func (f *Files) Repair(ctx context.Context, st *Statement, r *Report, opt *RepairOptions) error {
	if err := cmp.Or(st.Check(), f.writable()); err != nil {
		return err
	}
	s, err := newShapes(st.Proof)
	if err != nil {
		return err
	}
	if opt == nil {
		opt = new(RepairOptions)
	}
	m := &mender{f: f, st: st, s: s, r: r, opt: opt}
	for i := range r.Files {
		if r.Files[i].Verdict == Lost && m.wants(r.Files[i].Name) {
			return fmt.Errorf("%w: %d blocks of %s", ErrLost, len(r.Files[i].Lost), r.Files[i].Name)
		}
	}
	for _, step := range []func(context.Context) error{m.layers, m.data, m.replica, m.trees, m.aux} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// RepairOptions are the knobs of Repair; nil and the zero value are fine.
type RepairOptions struct {
	Options
	// Skip tells by name, as in a Report, which files need not be made again; nil means all are wanted.
	Skip func(name string) bool
}

// A mender is one run of Repair.
type mender struct {
	f   *Files
	st  *Statement
	s   shapes
	r   *Report
	opt *RepairOptions
}

// wants reports whether a file is to be made again.
func (m *mender) wants(name string) bool {
	r := m.r.File(name)
	return r != nil && r.Verdict != Right && (m.opt.Skip == nil || !m.opt.Skip(name))
}

func (m *mender) wantsAny(names []string) bool { return slices.ContainsFunc(names, m.wants) }

// needsKey reports whether the last layer is needed to make something else.
func (m *mender) needsKey() bool {
	sealed, staged := m.wants(sealedName), m.wants(stagedName) || m.wants(sector.TreeDFile)
	return sealed || staged && m.dataNeedsKey()
}

// dataNeedsKey reports whether some block of data has to be decoded.
func (m *mender) dataNeedsKey() bool {
	for _, b := range m.r.File(stagedName).Bad {
		if slices.Contains(m.r.leaves, b) {
			return true
		}
	}
	return false
}

// layers mends the layers that are wanted, or needed.
func (m *mender) layers(ctx context.Context) error {
	p := m.st.Proof
	need := m.needsKey() || m.wantsAny(p.TreeCFiles())
	bad := p.Layers
	for l := range p.Layers {
		name := sector.LayerFile(l + 1)
		if r := m.r.File(name); r.Verdict != Right && (need || m.wants(name)) {
			bad = min(bad, l)
		}
	}
	if bad == p.Layers {
		return nil
	}
	if m.r.labels != nil {
		return m.patchLayers(ctx)
	}
	opt := m.opt.Options
	kept := map[string]bool{}
	for l := range bad {
		kept[m.f.layer(l+1)] = true
	}
	opt.Keep = func(path string) bool { return kept[path] }
	return LabelFiles(ctx, []Files{*m.f}, []Sector{m.st.Sector}, &opt)
}

// patchLayers writes single labels.
func (m *mender) patchLayers(ctx context.Context) error {
	for l, labels := range m.r.labels {
		if len(labels) == 0 {
			continue
		}
		in, err := m.f.kit().OpenSized(m.f.layer(l+1), int64(m.st.Proof.Size))
		if err != nil {
			return err
		}
		err = m.rewrite(ctx, m.f.layer(l+1), merkle.FromReaderAt(patch{in, labels}))
		if err = cmp.Or(err, in.Close()); err != nil {
			return err
		}
	}
	return nil
}

// rewrite makes a file of nodes.
func (m *mender) rewrite(ctx context.Context, path string, src merkle.Source) error {
	out, err := m.opt.kit().Create(path, int64(m.st.Proof.Size))
	if err != nil {
		return err
	}
	defer out.Drop()
	if err := m.copy(ctx, out, src); err != nil {
		return err
	}
	return out.Finish()
}

// copy writes all nodes of a sector.
func (m *mender) copy(ctx context.Context, w io.WriterAt, src merkle.Source) error {
	const step = CheckBlock / sector.NodeSize
	n := m.st.Proof.Nodes()
	return spread(ctx, m.opt.workers(), (n+step-1)/step, func(ctx context.Context, i uint64) error {
		nodes := make([]merkle.Digest, min(step, n-i*step))
		if err := src(ctx, nodes, i*step); err != nil {
			return err
		}
		_, err := w.WriteAt(merkle.Bytes(nodes), int64(i*step)*sector.NodeSize)
		return err
	})
}

// data mends the staged file and TreeD.
func (m *mender) data(ctx context.Context) error {
	wantsTree := m.wants(sector.TreeDFile)
	if m.wants(stagedName) || wantsTree && len(m.r.File(stagedName).Bad) > 0 || m.wants(sealedName) && len(m.r.File(stagedName).Bad) > 0 {
		if err := m.staged(ctx); err != nil {
			return err
		}
	}
	if !wantsTree {
		return nil
	}
	commD, err := StageFile(ctx, *m.f, m.st.Proof, &m.opt.Options)
	if err == nil && commD != m.st.CommD {
		err = fmt.Errorf("%w: %s has CommD %v, want %v", ErrFile, m.f.Staged, commD, m.st.CommD)
	}
	return err
}

// staged makes the data again, each block from where it is right.
func (m *mender) staged(ctx context.Context) error {
	var in files.Ins
	defer func() { in.Close() }()
	at := func(path string, size int64) io.ReaderAt {
		f, err := m.f.kit().OpenSized(path, size)
		if err != nil {
			return broken{whyNot(err)}
		}
		in = append(in, f)
		return f
	}
	p := m.st.Proof
	var staged io.ReaderAt
	if s, err := m.f.openStaged(p); err == nil {
		staged = s
		in = append(in, s)
	} else {
		staged = broken{whyNot(err)}
	}
	src := m.choose(
		source{m.r.File(stagedName).Bad, merkle.FromReaderAt(staged)},
		source{m.r.leaves, merkle.FromReaderAt(at(m.f.cache(sector.TreeDFile), p.TreeDLen()))},
		source{m.r.sealed, decoded(at(m.f.layer(p.Layers), int64(p.Size)), at(m.f.Sealed, int64(p.Size)))})
	out, err := m.opt.kit().Create(m.f.Staged, int64(p.Size))
	if err != nil {
		return err
	}
	defer out.Drop()
	root, err := merkle.BuildFiles(ctx, sha2.SHA254{}, m.s.d, merkle.Layout{}, tee(src, out), nil, m.opt.merkle("mend data"))
	if err == nil && sector.CommD(root) != m.st.CommD {
		err = fmt.Errorf("%w: %w: mended data has CommD %x, want %v", ErrLost, ErrFile, root, m.st.CommD)
	}
	if err != nil {
		return err
	}
	return out.Finish()
}

// A source gives nodes, except those of bad blocks.
type source struct {
	bad   []uint64
	nodes merkle.Source
}

// choose reads each block from the first source that has it.
func (m *mender) choose(from ...source) merkle.Source {
	const block = CheckBlock / sector.NodeSize
	return func(ctx context.Context, dst []merkle.Digest, first uint64) error {
		for len(dst) > 0 {
			n := min(uint64(len(dst)), block-first%block)
			err := fmt.Errorf("%w: block %d", ErrLost, first/block)
			for _, s := range from {
				if slices.Contains(s.bad, first/block) {
					continue
				}
				if err = s.nodes(ctx, dst[:n], first); err == nil {
					break
				}
			}
			if err != nil {
				return err
			}
			dst, first = dst[n:], first+n
		}
		return nil
	}
}

// tee writes nodes as they pass.
func tee(src merkle.Source, w io.WriterAt) merkle.Source {
	return func(ctx context.Context, dst []merkle.Digest, first uint64) error {
		if err := src(ctx, dst, first); err != nil {
			return err
		}
		_, err := w.WriteAt(merkle.Bytes(dst), int64(first)*sector.NodeSize)
		return err
	}
}

// replica mends the sealed file: bad blocks are encoded anew.
func (m *mender) replica(ctx context.Context) error {
	if !m.wants(sealedName) {
		return nil
	}
	p := m.st.Proof
	in, err := m.f.kit().OpenAll([]string{m.f.layer(p.Layers)}, int64(p.Size))
	if err != nil {
		return err
	}
	defer func() { in.Close() }()
	var sealed io.ReaderAt
	if f, err := m.f.kit().OpenSized(m.f.Sealed, int64(p.Size)); err == nil {
		sealed = f
		in = append(in, f)
	} else {
		sealed = broken{whyNot(err)}
	}
	staged, err := m.f.openStaged(p)
	if err != nil {
		return err
	}
	defer staged.Close()
	key, data := merkle.FromReaderAt(in[0]), merkle.FromReaderAt(staged)
	encoded := func(ctx context.Context, dst []merkle.Digest, first uint64) error {
		k := make([]merkle.Digest, len(dst))
		if err := key(ctx, k, first); err != nil {
			return err
		}
		if err := data(ctx, dst, first); err != nil {
			return err
		}
		if bad := encodeNodes(dst, dst, k); bad >= 0 {
			return fmt.Errorf("%w: node %d of data or key is no field element", ErrFile, first+uint64(bad))
		}
		return nil
	}
	out, err := m.opt.kit().Create(m.f.Sealed, int64(p.Size))
	if err != nil {
		return err
	}
	defer out.Drop()
	from := []source{{nil, encoded}}
	if m.r.known {
		from = []source{{m.r.sealed, merkle.FromReaderAt(sealed)}, {nil, encoded}}
	}
	src := m.choose(from...)
	root, err := merkle.BuildFiles(ctx, m.s.h, m.s.r, merkle.Layout{}, tee(src, out), nil, m.opt.merkle("mend replica"))
	if err == nil {
		err = m.settle(&m.r.aux.CommRLast, sector.CommRLast(root))
	}
	if err != nil {
		return err
	}
	return out.Finish()
}

// settle takes a root that was not known, or holds it against the known one.
func (m *mender) settle(have *sector.CommRLast, got sector.CommRLast) error {
	if *have == (sector.CommRLast{}) {
		*have = got
	}
	if *have != got {
		return fmt.Errorf("%w: the mended replica has CommRLast %v, want %v", ErrFile, got, *have)
	}
	return nil
}

// trees mends TreeRLast and TreeC.
func (m *mender) trees(ctx context.Context) error {
	p := m.st.Proof
	if m.wantsAny(p.TreeRLastFiles()) {
		sealed, err := m.f.kit().OpenSized(m.f.Sealed, int64(p.Size))
		if err != nil {
			return err
		}
		root, err := m.tree(ctx, p.TreeRLastFiles(), p.TreeRLastLen(), treeRLayout(p), merkle.FromReaderAt(sealed), merkle.Digest(m.r.aux.CommRLast))
		if err = cmp.Or(err, sealed.Close()); err != nil {
			return err
		}
		m.r.aux.CommRLast = sector.CommRLast(root)
	}
	if m.wantsAny(p.TreeCFiles()) || m.r.aux.CommC == (sector.CommC{}) && m.wants(sector.PAuxFile) {
		paths := make([]string, p.Layers)
		for l := range paths {
			paths[l] = m.f.layer(l + 1)
		}
		layers, err := m.f.kit().OpenAll(paths, int64(p.Size))
		if err != nil {
			return err
		}
		root, err := m.tree(ctx, p.TreeCFiles(), p.TreeCLen(), merkle.Layout{}, columnsOf(m.s.h, layers.Readers()), merkle.Digest(m.r.aux.CommC))
		layers.Close()
		if err != nil {
			return err
		}
		m.r.aux.CommC = sector.CommC(root)
	}
	return nil
}

// tree makes the files of a tree with that root; a zero root is not known, and CommR is the judge in the end.
func (m *mender) tree(ctx context.Context, names []string, size int64, l merkle.Layout, src merkle.Source, root merkle.Digest) (merkle.Digest, error) {
	out, err := m.opt.kit().CreateAll(m.f.caches(names), size)
	if err != nil {
		return root, err
	}
	defer out.Drop()
	got, err := merkle.BuildFiles(ctx, m.s.h, m.s.r, l, src, out.Writers(), m.opt.merkle("mend trees"))
	if err == nil && root != (merkle.Digest{}) && got != root {
		err = fmt.Errorf("%w: %s mended has root %x, want %x", ErrFile, names[0], got, root)
	}
	if err != nil {
		return root, err
	}
	return got, out.Finish()
}

// aux mends p_aux and t_aux.
func (m *mender) aux(context.Context) error {
	if !m.wants(sector.PAuxFile) && !m.wants(sector.TAuxFile) {
		return nil
	}
	got, err := m.s.h.commR(m.r.aux)
	if err == nil && got != m.st.CommR {
		err = fmt.Errorf("%w: what is left gives CommR %v, want %v", ErrFile, got, m.st.CommR)
	}
	if err != nil {
		return err
	}
	return m.opt.kit().WriteAux(m.f.Cache, m.st.Proof, m.r.aux)
}

// Rederive makes all files of a sector again from its data alone, staged as Stage and its kin leave it: labels from the ticket, then
// all that Commit makes, and holds the result against st.CommR. It is the way back when a cache is gone. Errors: as
// LabelFiles and Commit; ErrFile where the data or st are of another sector.
func (f *Files) Rederive(ctx context.Context, st *Statement, opt *Options) error {
	if err := st.Check(); err != nil {
		return err
	}
	commD, err := StageFile(ctx, *f, st.Proof, opt)
	if err == nil && commD != st.CommD {
		err = fmt.Errorf("%w: %s has CommD %v, want %v", ErrFile, f.Staged, commD, st.CommD)
	}
	if err == nil {
		err = LabelFiles(ctx, []Files{*f}, []Sector{st.Sector}, opt)
	}
	if err != nil {
		return err
	}
	commR, err := Commit(ctx, *f, &st.Sector, opt)
	if err == nil && commR != st.CommR {
		err = fmt.Errorf("%w: sealed again the sector has CommR %v, want %v", ErrFile, commR, st.CommR)
	}
	return err
}
