package update

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/porep/sector"
)

// ErrFile says that a file of an update is not what it should be.
var ErrFile = errors.New("update: not the sector's file")

// Files says where the files of one update lie. Files are written under another name, with ".tmp" at its end, synced and then
// renamed, so that what bears its name is whole. Links that lead out of a directory are not followed.
type Files struct {
	// Key is the replica before the update, and KeyCache its cache directory: p_aux, t_aux and the files of TreeRLast.
	Key, KeyCache string
	// Data is the new data, fr32 padded. A shorter file counts as filled up with zeros.
	Data string
	// Replica is the replica after the update, and Cache its cache directory: p_aux, t_aux, TreeD and the files of TreeRLast.
	Replica, Cache string
}

// An outFile is a file in the making.
type outFile struct {
	durable.File
	dir  *durable.OSFS
	name string
}

const unfinished = ".tmp"

// errNoName refuses a path that was left out.
var errNoName = fmt.Errorf("%w: no path was given", ErrFile)

// create begins a file of that size.
func create(path string, size int64) (*outFile, error) {
	if path == "" {
		return nil, errNoName
	}
	dir, err := openDir(path)
	if err != nil {
		return nil, err
	}
	o := &outFile{dir: dir, name: filepath.Base(path)}
	if o.File, err = dir.OpenFile(o.name+unfinished, os.O_RDWR|os.O_CREATE|os.O_TRUNC); err != nil {
		return nil, fmt.Errorf("update: %w", errors.Join(err, dir.Close()))
	}
	if err := o.Truncate(size); err != nil {
		o.drop()
		return nil, fmt.Errorf("update: %s: %w", path, err)
	}
	return o, nil
}

// openDir opens the directory of a file that must exist.
func openDir(path string) (*durable.OSFS, error) {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("update: %s is no directory: %w", dir, errors.Join(err, fs.ErrNotExist))
	}
	f, err := durable.OpenOS(dir)
	if err != nil {
		return nil, fmt.Errorf("update: %w", err)
	}
	return f, nil
}

// finish makes the file durable under its name. On an error nothing is left of it.
func (o *outFile) finish() error {
	err := cmp.Or(o.Sync(), o.File.Close())
	o.File = nil
	if err == nil {
		err = o.dir.Rename(o.name+unfinished, o.name)
	}
	if err == nil {
		err = o.dir.SyncDir(".")
	} else {
		_ = o.dir.Remove(o.name + unfinished) // the error that led here is what counts
	}
	if err = cmp.Or(err, o.dir.Close()); err != nil {
		return fmt.Errorf("update: %s: %w", o.name, err)
	}
	return nil
}

// drop ends a file that was not finished and removes it; after finish it does nothing.
func (o *outFile) drop() {
	if o == nil || o.File == nil {
		return
	}
	_ = o.File.Close()
	_ = o.dir.Remove(o.name + unfinished)
	_ = o.dir.Close()
	o.File = nil
}

// outFiles are files in the making, inFiles open files.
type (
	outFiles []*outFile
	inFiles  []durable.File
)

func createAll(paths []string, size int64) (outFiles, error) {
	var out outFiles
	for _, path := range paths {
		f, err := create(path, size)
		if err != nil {
			out.drop()
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (o outFiles) finish() error {
	for _, f := range o {
		if err := f.finish(); err != nil {
			return err
		}
	}
	return nil
}

func (o outFiles) drop() {
	for _, f := range o {
		f.drop()
	}
}

func (o outFiles) writers() []io.WriterAt {
	ws := make([]io.WriterAt, len(o))
	for i, f := range o {
		ws[i] = f
	}
	return ws
}

// writeFile makes a small file.
func writeFile(path string, b []byte) error {
	f, err := create(path, int64(len(b)))
	if err != nil {
		return err
	}
	defer f.drop()
	if _, err := f.WriteAt(b, 0); err != nil {
		return fmt.Errorf("update: %s: %w", path, err)
	}
	return f.finish()
}

// open opens a file of any length and tells the length.
func open(path string) (durable.File, int64, error) {
	if path == "" {
		return nil, 0, errNoName
	}
	dir, err := openDir(path)
	if err != nil {
		return nil, 0, err
	}
	defer dir.Close()
	f, err := dir.OpenFile(filepath.Base(path), os.O_RDONLY)
	if err != nil {
		return nil, 0, fmt.Errorf("update: %w", err)
	}
	n, err := f.Size()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, n, nil
}

// openAll opens files of one size.
func openAll(paths []string, size int64) (inFiles, error) {
	var in inFiles
	for _, path := range paths {
		f, n, err := open(path)
		if err == nil {
			in = append(in, f)
			if n != size {
				err = fmt.Errorf("%w: %s has %d bytes, want %d", ErrFile, path, n, size)
			}
		}
		if err != nil {
			in.Close()
			return nil, err
		}
	}
	return in, nil
}

// Close closes all; files that were only read have nothing to lose.
func (in inFiles) Close() {
	for _, f := range in {
		_ = f.Close()
	}
}

func (in inFiles) readers() []io.ReaderAt {
	rs := make([]io.ReaderAt, len(in))
	for i, f := range in {
		rs[i] = f
	}
	return rs
}

// readSmall reads a file of at most limit bytes.
func readSmall(path string, limit int64) ([]byte, error) {
	f, n, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if n > limit {
		return nil, fmt.Errorf("%w: %s has %d bytes, want %d at most", ErrFile, path, n, limit)
	}
	b := make([]byte, n)
	return b, readFull(f, b, 0)
}

// readAux reads p_aux and holds it against CommR.
func readAux(cache string, commR sector.CommR) (sector.PAux, error) {
	var aux sector.PAux
	path := filepath.Join(cache, sector.PAuxFile)
	b, err := readSmall(path, 64)
	if err == nil {
		err = aux.UnmarshalBinary(b)
	}
	if err != nil {
		return aux, err
	}
	got, err := commROf(aux)
	if err == nil && got != commR {
		err = fmt.Errorf("%w: %s gives CommR %v, want %v", ErrFile, path, got, commR)
	}
	return aux, err
}

// commROf returns the CommR that p_aux stands for.
func commROf(aux sector.PAux) (sector.CommR, error) {
	d, err := poseidon.Sum2(merkle.Digest(aux.CommC), merkle.Digest(aux.CommRLast))
	return sector.CommR(d), err
}

// writeAux writes p_aux and t_aux.
func writeAux(cache string, p sector.Proof, aux sector.PAux) error {
	pAux, err := aux.MarshalBinary()
	if err != nil {
		return err
	}
	tAux, err := sector.NewTAux(p, cache).MarshalBinary()
	if err != nil {
		return err
	}
	return cmp.Or(writeFile(filepath.Join(cache, sector.PAuxFile), pAux), writeFile(filepath.Join(cache, sector.TAuxFile), tAux))
}

// maxTAux bounds the bytes of a t_aux.
const maxTAux = 1 << 20

// proof returns the parameters of the sector whose cache directory is given; t_aux tells how many rows TreeRLast leaves out.
// Without a t_aux it is the usual number.
func (p *Params) proof(cache string) (sector.Proof, error) {
	s, err := p.usual()
	if err != nil {
		return s, err
	}
	b, err := readSmall(filepath.Join(cache, sector.TAuxFile), maxTAux)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	var t sector.TAux
	if err == nil {
		err = t.UnmarshalBinary(b)
	}
	if err != nil {
		return s, err
	}
	if t.TreeRLast.RowsToDiscard >= uint64(s.BaseRows()) {
		return s, fmt.Errorf("%w: t_aux tells of %d rows to discard", ErrFile, t.TreeRLast.RowsToDiscard)
	}
	s.RowsToDiscard = int(t.TreeRLast.RowsToDiscard)
	if s.Layers = len(t.Labels); s.Layers == 0 {
		s.Layers = 2
	}
	return s, s.Check()
}

// inCache returns the paths of files in a cache directory.
func inCache(cache string, names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = filepath.Join(cache, name)
	}
	return out
}

// zeroFilled reads a file that may be shorter than wanted as if zeros followed.
type zeroFilled struct {
	io.ReaderAt
	have int64
}

func (z zeroFilled) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	if off < z.have {
		part := b[:min(int64(len(b)), z.have-off)]
		if err := readFull(z.ReaderAt, part, off); err != nil {
			return 0, err
		}
		n = len(part)
	}
	clear(b[n:])
	return len(b), nil
}

// readFull fills b from offset off on. A reader that ends early gives io.ErrUnexpectedEOF.
func readFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
