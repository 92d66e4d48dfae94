package porep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/sector"
)

// A Verdict says what became of a file of a sector.
type Verdict uint8

// The verdicts.
const (
	// Right: every byte is proven to be what the commitments demand.
	Right Verdict = iota
	// Rebuildable: not proven right, or not there, but Repair can make it from what is left.
	Rebuildable
	// Lost: some of it cannot be made again.
	Lost
)

// String returns "right", "rebuildable" or "lost".
func (v Verdict) String() string { return [...]string{"right", "rebuildable", "lost"}[min(v, Lost)] }

// CheckBlock is the number of bytes under one verdict: damage is located to blocks of a file.
const CheckBlock = 1 << 20

// A FileReport is what Check found out about one file.
type FileReport struct {
	// Name is the file's name in the cache directory, or "staged" or "sealed".
	Name    string
	Verdict Verdict
	// Bad are the blocks of CheckBlock bytes that are not right, ascending; none where the file is right, and all that the
	// file should have where it cannot be told which.
	Bad []uint64
	// Lost are those of them that cannot be made again.
	Lost []uint64
	// Reason says what is wrong; nil where the file is right.
	Reason error
}

// A Report is what Check found out about a sector.
type Report struct {
	// Files are the files of a sector: staged data, TreeD, sealed replica, TreeRLast, layers, TreeC, p_aux, t_aux.
	Files []FileReport

	aux    sector.PAux
	leaves []uint64                   // bad blocks of the leaves of TreeD
	sealed []uint64                   // blocks of the replica that cannot be relied on
	known  bool                       // aux is; else the replica is made anew from the data
	labels []map[uint64]merkle.Digest // by layer, right labels in the place of bad ones; nil where layers are to be made anew
}

// File returns the report of the file of that name, nil if the sector has no such file.
func (r *Report) File(name string) *FileReport {
	for i := range r.Files {
		if r.Files[i].Name == name {
			return &r.Files[i]
		}
	}
	return nil
}

// Verdict returns the worst verdict of all files.
func (r *Report) Verdict() Verdict {
	v := Right
	for i := range r.Files {
		v = max(v, r.Files[i].Verdict)
	}
	return v
}

// Names of the files outside of the cache in a Report.
const (
	stagedName = "staged"
	sealedName = "sealed"
)

// ErrMissing says that a file is not there, or that Files does not name it.
var ErrMissing = fmt.Errorf("%w: missing", ErrFile)

// Check reads all files of a sector and tells of each whether it is right, block by block, from the public statement alone:
// nothing that lies in the files is believed unless it leads to CommD or CommR. Files that are not there, as after Prune, are
// Rebuildable or Lost like damaged ones. Labels can always be made again from the ticket, and all trees from labels, data and
// replica: what can be lost is data, a block of it where neither f.Staged nor TreeD nor the replica has it.
//
// It costs the hashing of Commit, and no labels but those of damaged columns. Damage in layers is located by TreeC; where TreeC is
// damaged as well at the same nodes, or layers are missing, layers that cannot be proven count as Rebuildable with all their
// blocks. So does a whole replica where p_aux and what else holds the roots are gone: only Repair finds out. Errors are those of
// the statement and ctx.Err(); what the file system refuses to read counts as damage.
func (f *Files) Check(ctx context.Context, st *Statement, opt *Options) (*Report, error) {
	if err := st.Check(); err != nil {
		return nil, err
	}
	s, err := newShapes(st.Proof)
	if err != nil {
		return nil, err
	}
	c := &checker{f: f, st: st, s: s, opt: opt, blocks: max(1, uint64(st.Proof.Size)/CheckBlock)}
	defer c.closers.Close()
	c.open()
	for _, step := range []func(context.Context) error{c.commitments, c.data, c.replica, c.columns} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	c.lost()
	c.aux()
	return &c.report, nil
}

// A checker is one run of Check.
type checker struct {
	f       *Files
	st      *Statement
	s       shapes
	opt     *Options
	blocks  uint64 // of the sector
	closers files.Ins

	staged, treeD, sealed       io.ReaderAt
	treeR, treeC, layers        []io.ReaderAt
	report                      Report
	commC, commRLast            merkle.Digest
	known                       bool // the two above lead to CommR
	rowR                        []merkle.Digest
	dataBad, sealedBad, leafBad []bool // by block; leaf of TreeD
}

// broken stands for a file that is missing or of a wrong size.
type broken struct{ err error }

func (b broken) ReadAt([]byte, int64) (int, error) { return 0, b.err }

// whyNot makes an error of opening a file that is not there, or that nobody named, ErrMissing.
func whyNot(err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, files.ErrNoName) {
		return ErrMissing
	}
	return err
}

// file opens a file, which counts as broken if it has not that size.
func (c *checker) file(path string, size int64) io.ReaderAt {
	r, err := c.f.kit().OpenSized(path, size)
	if err != nil {
		return broken{whyNot(err)}
	}
	c.closers = append(c.closers, r)
	return r
}

func (c *checker) files(paths []string, size int64) []io.ReaderAt {
	out := make([]io.ReaderAt, len(paths))
	for i, path := range paths {
		out[i] = c.file(path, size)
	}
	return out
}

func (c *checker) open() {
	p := c.st.Proof
	if r, err := c.f.openStaged(p); err == nil {
		c.staged = r
		c.closers = append(c.closers, r)
	} else {
		c.staged = broken{whyNot(err)}
	}
	c.treeD = c.file(c.f.cache(sector.TreeDFile), p.TreeDLen())
	c.sealed = c.file(c.f.Sealed, int64(p.Size))
	c.treeR = c.files(c.f.caches(p.TreeRLastFiles()), p.TreeRLastLen())
	c.treeC = c.files(c.f.caches(p.TreeCFiles()), p.TreeCLen())
	for l := range p.Layers {
		c.layers = append(c.layers, c.file(c.f.layer(l+1), int64(p.Size)))
	}
}

// add reports a file by its bad blocks. reason is taken where the blocks alone do not tell.
func (c *checker) add(name string, bad []uint64, reason error) *FileReport {
	r := FileReport{Name: name, Bad: bad, Reason: reason}
	if len(bad) > 0 && reason == nil {
		r.Reason = fmt.Errorf("%w: %d blocks are damaged", ErrFile, len(bad))
	}
	if r.Reason != nil {
		r.Verdict = Rebuildable
	}
	c.report.Files = append(c.report.Files, r)
	return &c.report.Files[len(c.report.Files)-1]
}

// reasonOf returns why a file could not even be opened.
func reasonOf(rs ...io.ReaderAt) error {
	for _, r := range rs {
		if b, ok := r.(broken); ok {
			return b.err
		}
	}
	return nil
}

// commitments looks for the CommC and CommRLast of CommR: in p_aux, and in the roots of the trees.
func (c *checker) commitments(ctx context.Context) error {
	if aux, err := c.f.readAux(c.st.Proof, c.st.CommR); err == nil {
		c.commC, c.commRLast, c.known = merkle.Digest(aux.CommC), merkle.Digest(aux.CommRLast), true
	}
	var err error
	if c.rowR, err = c.row(ctx, c.s.h, c.s.r, c.sealed, "check replica"); err != nil {
		return err
	}
	if c.known {
		return nil
	}
	roots := func(trees []io.ReaderAt, l merkle.Layout) (out []merkle.Digest) {
		if t, err := merkle.OpenFiles(c.s.h, c.s.r, l, trees, c.sealed); err == nil {
			out = append(out, t.Root())
		}
		return out
	}
	cs, rs := roots(c.treeC, merkle.Layout{}), roots(c.treeR, treeRLayout(c.st.Proof))
	rs = append(rs, rootOver(c.s.h, c.s.r, c.rowR))
	if reasonOf(c.layers...) == nil {
		if root, err := merkle.BuildFiles(ctx, c.s.h, c.s.r, merkle.Layout{}, columnsOf(c.s.h, c.layers), nil, c.opt.merkle("check columns")); err == nil {
			cs = append(cs, root)
		} else if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	for _, a := range cs {
		for _, b := range rs {
			got, err := c.s.h.commR(sector.PAux{CommC: sector.CommC(a), CommRLast: sector.CommRLast(b)})
			if err == nil && got == c.st.CommR {
				c.commC, c.commRLast, c.known = a, b, true
			}
		}
	}
	return nil
}

// row returns the nodes over the blocks of a sector's leaves; zero, which is no root, where a block cannot be read or hashed.
func (c *checker) row(ctx context.Context, h merkle.Hasher, s merkle.Shape, r io.ReaderAt, stage string) ([]merkle.Digest, error) {
	nodes := s.Leaves() / c.blocks
	sub := s
	if c.blocks > 1 {
		var err error
		if sub, err = merkle.Uniform(nodes, s.Arity(0)); err != nil {
			return nil, err
		}
	}
	out := make([]merkle.Digest, c.blocks)
	m := &meter{opt: c.opt, stage: stage, total: s.Leaves()}
	err := spread(ctx, c.opt.workers(), c.blocks, func(ctx context.Context, i uint64) error {
		defer m.add(nodes)
		leaves := make([]merkle.Digest, nodes)
		if err := files.ReadFull(r, merkle.Bytes(leaves), int64(i*nodes)*sector.NodeSize); err != nil {
			return nil
		}
		t, err := merkle.Build(ctx, h, sub, leaves, &merkle.Options{Workers: 1})
		if err == nil {
			out[i] = t.Root()
		}
		return ctx.Err()
	})
	return out, err
}

// rootOver returns the root over a row of block nodes; zero where one is zero.
func rootOver(h merkle.Hasher, s merkle.Shape, row []merkle.Digest) merkle.Digest {
	row = slices.Clone(row)
	if slices.Contains(row, merkle.Digest{}) || h.Canonical(row) >= 0 {
		return merkle.Digest{}
	}
	for level := levelOf(s, uint64(len(row))); len(row) > 1; level++ {
		up := make([]merkle.Digest, len(row)/s.Arity(level))
		h.Parents(up, row, s.Arity(level))
		row = up
	}
	return row[0]
}

// levelOf returns the level of that many nodes.
func levelOf(s merkle.Shape, width uint64) int {
	level := 0
	for s.Width(level) > width {
		level++
	}
	return level
}

// differing returns for which blocks two rows differ.
func differing(a, b []merkle.Digest) []bool {
	out := make([]bool, len(a))
	for i := range a {
		out[i] = a[i] != b[i] || a[i] == merkle.Digest{}
	}
	return out
}

// blocksOf lists the places that are set.
func blocksOf(bad []bool) (out []uint64) {
	for i, b := range bad {
		if b {
			out = append(out, uint64(i))
		}
	}
	return out
}

// all lists the blocks of a file of that size.
func all(size int64) (out []uint64) {
	for i := int64(0); i*CheckBlock < size; i++ {
		out = append(out, uint64(i))
	}
	return out
}

// data judges staged data and TreeD.
func (c *checker) data(ctx context.Context) error {
	h, want, p := sha2.SHA254{}, merkle.Digest(c.st.CommD), c.st.Proof
	staged, err := c.row(ctx, h, c.s.d, c.staged, "check data")
	if err != nil {
		return err
	}
	leaves, err := c.row(ctx, h, c.s.d, c.treeD, "check tree D")
	if err != nil {
		return err
	}
	stored := make([]merkle.Digest, c.blocks)
	if t, err := merkle.OpenFiles(h, c.s.d, merkle.Layout{}, []io.ReaderAt{c.treeD}, nil); err == nil {
		if t.ReadNodes(stored, levelOf(c.s.d, c.blocks), 0) != nil {
			clear(stored)
		}
	}
	right := rightRow(h, c.s.d, want, staged, leaves, stored)
	if right == nil {
		c.dataBad, c.leafBad = make([]bool, c.blocks), make([]bool, c.blocks)
		for i := range c.dataBad {
			c.dataBad[i], c.leafBad[i] = true, true
		}
	} else {
		c.dataBad, c.leafBad = differing(staged, right), differing(leaves, right)
	}
	c.report.leaves = blocksOf(c.leafBad)
	c.add(stagedName, blocksOf(c.dataBad), reasonOf(c.staged))
	if reason := reasonOf(c.treeD); reason != nil {
		c.add(sector.TreeDFile, all(p.TreeDLen()), reason)
		return nil
	}
	if slices.Contains(c.dataBad, true) && !subset(c.dataBad, c.leafBad) {
		c.add(sector.TreeDFile, all(p.TreeDLen()), fmt.Errorf("%w: data of some blocks is not at hand", ErrFile))
		return nil
	}
	bad, err := c.compare(ctx, h, c.s.d, merkle.Layout{}, c.rightData(), []io.ReaderAt{c.treeD}, want, "check tree D")
	c.add(sector.TreeDFile, bad[0], nil)
	return err
}

// subset reports whether no block is bad in both.
func subset(a, b []bool) bool {
	for i := range a {
		if a[i] && b[i] {
			return false
		}
	}
	return true
}

// rightRow returns the row over the blocks that leads to the root: one of those given, or what most of them have.
func rightRow(h merkle.Hasher, s merkle.Shape, root merkle.Digest, rows ...[]merkle.Digest) []merkle.Digest {
	merged := make([]merkle.Digest, len(rows[0]))
	for i := range merged {
		for k, row := range rows {
			for _, other := range rows[k+1:] {
				if row[i] == other[i] && row[i] != (merkle.Digest{}) {
					merged[i] = row[i]
				}
			}
		}
	}
	for _, row := range append(rows, merged) {
		if rootOver(h, s, row) == root {
			return row
		}
	}
	return nil
}

// rightData reads each block from where it is right: the staged file or the leaves of TreeD.
func (c *checker) rightData() merkle.Source {
	nodes := c.s.d.Leaves() / c.blocks
	return func(ctx context.Context, dst []merkle.Digest, first uint64) error {
		for len(dst) > 0 {
			n := min(uint64(len(dst)), nodes-first%nodes)
			r := c.staged
			if c.dataBad[first/nodes] {
				r = c.treeD
			}
			if err := files.ReadFull(r, merkle.Bytes(dst[:n]), int64(first)*sector.NodeSize); err != nil {
				return err
			}
			dst, first = dst[n:], first+n
		}
		return nil
	}
}

// compare builds a tree and compares its rows with the files; it returns the bad blocks of each.
func (c *checker) compare(ctx context.Context, h merkle.Hasher, s merkle.Shape, l merkle.Layout, src merkle.Source, files []io.ReaderAt, root merkle.Digest, stage string) ([][]uint64, error) {
	out, ws := make([][]uint64, len(files)), make([]io.WriterAt, len(files))
	size, err := l.FileSize(s)
	if err != nil {
		return out, err
	}
	differ := make([]*differ, len(files))
	for i, r := range files {
		differ[i] = newDiffer(r, size)
		ws[i] = differ[i]
	}
	got, err := merkle.BuildFiles(ctx, h, s, l, src, ws, c.opt.merkle(stage))
	if ctx.Err() != nil {
		return out, ctx.Err()
	}
	for i := range out {
		if out[i] = blocksOf(differ[i].bad); err != nil || got != root {
			out[i] = all(size)
		}
	}
	return out, nil
}

// A differ is a file that takes writes by noting in which blocks it differs.
type differ struct {
	r   io.ReaderAt
	mu  sync.Mutex
	bad []bool
}

func newDiffer(r io.ReaderAt, size int64) *differ {
	return &differ{r: r, bad: make([]bool, (size+CheckBlock-1)/CheckBlock)}
}

func (d *differ) WriteAt(b []byte, off int64) (int, error) {
	have := make([]byte, min(len(b), CheckBlock))
	for done := 0; done < len(b); {
		at := off + int64(done)
		part := b[done:min(len(b), done+int(CheckBlock-at%CheckBlock))]
		if files.ReadFull(d.r, have[:len(part)], at) != nil || !slices.Equal(have[:len(part)], part) {
			d.mu.Lock()
			d.bad[at/CheckBlock] = true
			d.mu.Unlock()
		}
		done += len(part)
	}
	return len(b), nil
}
