package porep

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/sector"
)

// ErrFile says that a file of a sector is not what it should be.
var ErrFile = errors.New("porep: not the sector's file")

// Files says where the files of one sector lie. Every file is written under another name, with ".tmp"
// at its end, synced, and then renamed, so that what bears its name is whole. Links that lead out of a
// directory are not followed.
type Files struct {
	// FS is the folder that the other fields name files in, slash-separated; nil is the whole tree of the operating system. It
	// serves Prove, CheckLayers and what else only reads; to seal into a folder there is package porep's Folder.
	FS durable.FS
	// Cache is the directory of layers, trees and aux files, named as package sector says.
	Cache string
	// Staged is the file of the data before sealing, fr32 padded. A shorter file counts as filled up
	// with zeros.
	Staged string
	// Sealed is the file of the replica.
	Sealed string
}

// cache returns the path of a file in the cache directory, "" where that has no name.
func (f *Files) cache(name string) string {
	if f.Cache == "" {
		return ""
	}
	if f.FS != nil {
		return path.Join(f.Cache, name)
	}
	return filepath.Join(f.Cache, name)
}

// kit makes and opens the operating system's files.
var kit = files.Kit{Package: "porep", ErrFile: ErrFile}

// errNoName refuses a path that was left out.
var errNoName = fmt.Errorf("%w: %w", ErrFile, files.ErrNoName)

// writable refuses files in a folder of their own to the stages that write: a Folder does that.
func (f *Files) writable() error {
	if f.FS != nil {
		return fmt.Errorf("%w: files in an FS are written by a Folder only", ErrFile)
	}
	return nil
}

// caches returns the paths of files in the cache directory.
func (f *Files) caches(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = f.cache(name)
	}
	return out
}

// layer returns the path of a layer's file.
func (f *Files) layer(l int) string { return f.cache(sector.LayerFile(l)) }

// An outFile is a file in the making, of which Options.Made is told.
type outFile struct {
	*files.Out
	path string
}

// create begins a file of that size.
func create(path string, size int64) (*outFile, error) {
	out, err := kit.Create(path, size)
	return &outFile{out, path}, err
}

// finish makes the file durable under its name and tells opt.Made. On an error of its own nothing is left of it.
func (o *outFile) finish(opt *Options) error {
	if err := o.Finish(); err != nil || opt == nil || opt.Made == nil {
		return err
	}
	return opt.Made(o.path)
}

// drop ends a file that was not finished and removes it; after finish it does nothing.
func (o *outFile) drop() { o.Drop() }

// syncDir makes renames in a directory durable, where the system can.
func syncDir(dir *os.Root) error {
	if runtime.GOOS == "windows" || runtime.GOARCH == "wasm" {
		return nil
	}
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	return cmp.Or(f.Sync(), f.Close())
}

// outFiles are files of one size in the making.
type outFiles []*outFile

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

func (o outFiles) finish(opt *Options) error {
	for _, f := range o {
		if err := f.finish(opt); err != nil {
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
func writeFile(path string, b []byte, opt *Options) error {
	f, err := create(path, int64(len(b)))
	if err != nil {
		return err
	}
	defer f.drop()
	if _, err := f.WriteAt(b, 0); err != nil {
		return fmt.Errorf("porep: %s: %w", path, err)
	}
	return f.finish(opt)
}

// An inFile is a file that is read.
type inFile interface {
	io.ReaderAt
	io.Closer
}

// open opens a file that must have that size. Errors: ErrFile for another size.
func (f *Files) open(path string, size int64) (inFile, error) {
	in, n, err := f.openAny(path)
	if err != nil {
		return nil, err
	}
	if n != size {
		return nil, cmp.Or(fmt.Errorf("%w: %s has %d bytes, want %d", ErrFile, path, n, size), in.Close())
	}
	return in, nil
}

// openAny opens a regular file that does not lead out of its directory, and returns its size.
func (f *Files) openAny(path string) (inFile, int64, error) {
	switch {
	case path == "":
		return nil, 0, errNoName
	case f.FS == nil:
		return kit.Open(path)
	}
	in, err := f.FS.OpenFile(path, os.O_RDONLY)
	if err != nil {
		return nil, 0, fmt.Errorf("porep: %w", err)
	}
	n, err := in.Size()
	if err != nil {
		return nil, 0, cmp.Or(fmt.Errorf("porep: %w", err), in.Close())
	}
	return in, n, nil
}

// inFiles are open files.
type inFiles []inFile

// openAll opens files of one size.
func (f *Files) openAll(paths []string, size int64) (inFiles, error) {
	var in inFiles
	for _, path := range paths {
		r, err := f.open(path, size)
		if err != nil {
			in.Close()
			return nil, err
		}
		in = append(in, r)
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
func (f *Files) readSmall(path string, limit int64) ([]byte, error) {
	in, n, err := f.openAny(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if n > limit {
		return nil, fmt.Errorf("%w: %s has %d bytes, want %d at most", ErrFile, path, n, limit)
	}
	b := make([]byte, n)
	if err := files.ReadFull(in, b, 0); err != nil {
		return nil, fmt.Errorf("porep: %s: %w", path, err)
	}
	return b, nil
}

// keeps reports whether a finished file of that size is there that opt.Keep lets stand.
func (o *Options) keeps(path string, size int64) bool {
	if o == nil || o.Keep == nil {
		return false
	}
	f, err := new(Files).open(path, size)
	return err == nil && f.Close() == nil && o.Keep(path)
}

// keepsAll is keeps for several files.
func (o *Options) keepsAll(paths []string, size int64) bool {
	for _, path := range paths {
		if !o.keeps(path, size) {
			return false
		}
	}
	return true
}
