// Package files makes and opens the files of sectors by their paths in the operating system's tree, for packages porep and update.
//
// A file is written beside its name and gets that only when it is whole and durable, as package durable does it; no link leads
// out of a file's directory.
package files

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/assaylab/assay/merkle/durable"
)

// ErrNoName refuses a path that was left out.
var ErrNoName = errors.New("no path was given")

// unfinished is the end of the names of files in the making.
const unfinished = ".tmp"

// A Kit makes and opens files for a package and speaks in its name.
type Kit struct {
	// Package is the prefix of errors.
	Package string
	// ErrFile is the package's error for a file that is not what it should be.
	ErrFile error
	// FS has the files that are opened; nil is the operating system's tree. What is made is always there.
	FS durable.FS
	// Made, if not nil, is told the path of every file that is finished; its error is Finish's, and the file stays.
	Made func(path string) error
}

// An Out is a file in the making. Finish or Drop ends it.
type Out struct {
	durable.File
	kit  Kit
	dir  folder
	path string
	at   int64 // where Write writes
}

// A folder is a durable.OSFS.
type folder interface {
	durable.FS
	io.Closer
}

// noName returns the error for a path that was left out.
func (k Kit) noName() error { return fmt.Errorf("%w: %w", k.ErrFile, ErrNoName) }

// folder opens the directory of a file.
func (k Kit) folder(path string) (folder, error) {
	if path == "" {
		return nil, k.noName()
	}
	dir, err := durable.OpenOS(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Package, err)
	}
	return dir, nil
}

// Create begins a file of size bytes, zeros, in a directory that exists. Errors: ErrFile for no name; the file system's.
func (k Kit) Create(path string, size int64) (*Out, error) {
	dir, err := k.folder(path)
	if err != nil {
		return nil, err
	}
	o := &Out{kit: k, dir: dir, path: path}
	if o.File, err = dir.OpenFile(o.name()+unfinished, os.O_RDWR|os.O_CREATE|os.O_TRUNC); err != nil {
		_ = dir.Close() // nothing was made there
		return nil, fmt.Errorf("%s: %s: %w", k.Package, path, err)
	}
	if err := o.Truncate(size); err != nil {
		o.Drop()
		return nil, fmt.Errorf("%s: %s: %w", k.Package, path, err)
	}
	return o, nil
}

func (o *Out) name() string { return filepath.Base(o.path) }

// Path is the path under which the file will be.
func (o *Out) Path() string { return o.path }

// Write writes behind what it wrote before.
func (o *Out) Write(b []byte) (int, error) {
	n, err := o.WriteAt(b, o.at)
	o.at += int64(n)
	return n, err
}

// Finish makes the file durable under its name. On an error, but for one of Made, nothing is left of it, nor of what had the name
// if it had taken that.
func (o *Out) Finish() error {
	err, left := cmp.Or(o.Sync(), o.File.Close()), o.name()+unfinished
	o.File = nil
	if err == nil {
		err = o.dir.Rename(left, o.name())
		if err == nil {
			left = o.name()
			err = o.dir.SyncDir(".")
		}
	}
	if err != nil {
		_ = o.dir.Remove(left) // the error that led here is what counts
	}
	_ = o.dir.Close() // what counts is synced
	if err != nil {
		return fmt.Errorf("%s: %s: %w", o.kit.Package, o.path, err)
	}
	if o.kit.Made != nil {
		return o.kit.Made(o.path)
	}
	return nil
}

// Drop ends a file that was not finished and removes it; after Finish, and of nil, it does nothing. What fails here has nothing to
// lose.
func (o *Out) Drop() {
	if o == nil || o.File == nil {
		return
	}
	_ = o.File.Close()
	_ = o.dir.Remove(o.name() + unfinished)
	_ = o.dir.Close()
	o.File = nil
}

// WriteFile makes a small file.
func (k Kit) WriteFile(path string, b []byte) error {
	o, err := k.Create(path, int64(len(b)))
	if err != nil {
		return err
	}
	defer o.Drop()
	if _, err := o.WriteAt(b, 0); err != nil {
		return fmt.Errorf("%s: %s: %w", k.Package, path, err)
	}
	return o.Finish()
}

// An In is an open file.
type In interface {
	io.ReaderAt
	io.Closer
}

// Open opens a regular file and returns its size in bytes. Errors: ErrFile for no name and for what is no regular file; the file
// system's.
func (k Kit) Open(path string) (In, int64, error) {
	fsys, name := k.FS, path
	switch {
	case path == "":
		return nil, 0, k.noName()
	case fsys == nil:
		dir, err := k.folder(path)
		if err != nil {
			return nil, 0, err
		}
		defer dir.Close()
		fsys, name = dir, filepath.Base(path)
	}
	f, err := fsys.OpenFile(name, os.O_RDONLY)
	switch {
	case errors.Is(err, fs.ErrInvalid):
		return nil, 0, fmt.Errorf("%w: %w", k.ErrFile, err)
	case err != nil:
		return nil, 0, fmt.Errorf("%s: %w", k.Package, err)
	}
	n, err := f.Size()
	if err != nil {
		_ = f.Close() // only read
		return nil, 0, fmt.Errorf("%s: %w", k.Package, err)
	}
	return f, n, nil
}

// OpenSized opens a file of that size in bytes. Errors: also ErrFile for another size.
func (k Kit) OpenSized(path string, size int64) (In, error) {
	f, n, err := k.Open(path)
	if err != nil {
		return nil, err
	}
	if n != size {
		_ = f.Close() // only read
		return nil, fmt.Errorf("%w: %s has %d bytes, want %d", k.ErrFile, path, n, size)
	}
	return f, nil
}

// OpenPadded opens a file of at most size bytes, behind which zeros follow. Errors: also ErrFile for a longer one.
func (k Kit) OpenPadded(path string, size int64) (*Padded, error) {
	f, n, err := k.Open(path)
	if err != nil {
		return nil, err
	}
	if n > size {
		_ = f.Close() // only read
		return nil, k.tooLong(path, n, size)
	}
	return &Padded{ZeroFilled{f, n}, f}, nil
}

// ReadSmall reads a file of at most limit bytes. Errors: also ErrFile for a longer one.
func (k Kit) ReadSmall(path string, limit int64) ([]byte, error) {
	f, n, err := k.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if n > limit {
		return nil, k.tooLong(path, n, limit)
	}
	b := make([]byte, n)
	if err := ReadFull(f, b, 0); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", k.Package, path, err)
	}
	return b, nil
}

func (k Kit) tooLong(path string, n, limit int64) error {
	return fmt.Errorf("%w: %s has %d bytes, want %d at most", k.ErrFile, path, n, limit)
}

// A Padded is an open file behind which zeros follow.
type Padded struct {
	ZeroFilled
	io.Closer
}

// ReadFull fills b from byte off of r on. A reader that ends early gives io.ErrUnexpectedEOF.
func ReadFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// ZeroFilled reads as if zeros without end followed the first Have bytes of its reader. Where the reader ends before those the
// error is io.ErrUnexpectedEOF, and nothing counts as read.
type ZeroFilled struct {
	io.ReaderAt
	Have int64
}

// ReadAt implements io.ReaderAt.
func (z ZeroFilled) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	if off < z.Have {
		part := b[:min(int64(len(b)), z.Have-off)]
		if err := ReadFull(z.ReaderAt, part, off); err != nil {
			return 0, err
		}
		n = len(part)
	}
	clear(b[n:])
	return len(b), nil
}
