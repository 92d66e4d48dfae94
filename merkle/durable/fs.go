package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"
	"sync/atomic"
)

// An FS is a folder of files. Names are slash-separated paths below the folder; a name that leads out of it is an error.
// The operating system's is OSFS; tests put faults between (package durabletest).
//
// Semantics are POSIX's: what was written is durable after File.Sync, what was created, renamed or removed after SyncDir.
// Implementations are safe for concurrent use.
type FS interface {
	// OpenFile opens a file as os.OpenFile does; flag is made of os.O_RDONLY, O_RDWR, O_CREATE, O_EXCL and O_TRUNC.
	OpenFile(name string, flag int) (File, error)
	// Mkdir makes a folder and its parents; one that exists is no error.
	Mkdir(name string) error
	// Rename puts oldname in the place of newname, atomically.
	Rename(oldname, newname string) error
	// Remove deletes a file or an empty folder.
	Remove(name string) error
	// List returns the names of the files and folders in dir, sorted; "." is the folder itself.
	List(dir string) ([]string, error)
	// SyncDir makes the entries of dir durable. It does nothing on Windows, which has no such call.
	SyncDir(dir string) error
	// Lock takes the exclusive lock called name, or returns ErrLocked. It ends with Close, or with the process.
	Lock(name string) (io.Closer, error)
}

// A File is an open file of an FS. Reads and writes at different offsets may run side by side.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Sync makes the file's bytes durable. After an error the bytes are lost, whatever a later Sync says.
	Sync() error
	// Truncate cuts or extends the file with zeros to size bytes.
	Truncate(size int64) error
	// Preallocate makes the file at least size bytes long with its blocks allocated, so that a full disk is met now.
	Preallocate(size int64) error
	// Size returns the file's length in bytes.
	Size() (int64, error)
}

// ErrLocked says that another process, or another part of this one, works on the folder.
var ErrLocked = errors.New("durable: the folder is locked by another job")

// An OSFS is a folder of the operating system. No name, also none through a symbolic link, leads out of it.
type OSFS struct{ root *os.Root }

// OpenOS opens the existing folder dir. Close it after use.
func OpenOS(dir string) (*OSFS, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("durable: %w", err)
	}
	return &OSFS{root}, nil
}

// Close ends the use of the folder; files that are open stay so.
func (o *OSFS) Close() error { return o.root.Close() }

// local checks that name is a plain path below the folder.
func local(name string) error {
	if !fs.ValidPath(name) || strings.ContainsRune(name, '\\') {
		return fmt.Errorf("durable: %q is not a path inside the folder", name)
	}
	return nil
}

// OpenFile implements FS.
func (o *OSFS) OpenFile(name string, flag int) (File, error) {
	if err := local(name); err != nil {
		return nil, err
	}
	f, err := o.root.OpenFile(name, flag, 0o644)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("durable: %s is not a regular file: %w", name, errors.Join(err, fs.ErrInvalid))
	}
	return &osFile{File: f}, nil
}

// Mkdir implements FS.
func (o *OSFS) Mkdir(name string) error {
	if err := local(name); err != nil || name == "." {
		return err
	}
	return o.root.MkdirAll(name, 0o755)
}

// Rename implements FS.
func (o *OSFS) Rename(oldname, newname string) error {
	if err := errors.Join(local(oldname), local(newname)); err != nil {
		return err
	}
	return o.root.Rename(oldname, newname)
}

// Remove implements FS.
func (o *OSFS) Remove(name string) error {
	if err := local(name); err != nil {
		return err
	}
	return o.root.Remove(name)
}

// List implements FS.
func (o *OSFS) List(dir string) ([]string, error) {
	if err := local(dir); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(o.root.FS(), dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

// SyncDir implements FS.
func (o *OSFS) SyncDir(dir string) error {
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		return nil
	}
	if err := local(dir); err != nil {
		return err
	}
	f, err := o.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Lock implements FS.
func (o *OSFS) Lock(name string) (io.Closer, error) {
	if err := local(name); err != nil {
		return nil, err
	}
	return lockFile(o.root, name)
}

// An osFile is a file of the operating system.
type osFile struct {
	*os.File
	written atomic.Int64
}

// writeOutEvery is how many bytes are written between two requests to the kernel to begin with them, so that a Sync later has
// little left to wait for and the disk works while the processor does.
const writeOutEvery = 16 << 20

func (f *osFile) WriteAt(b []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(b, off)
	if now := f.written.Add(int64(n)); now/writeOutEvery != (now-int64(n))/writeOutEvery {
		writeOut(f.File)
	}
	return n, err
}

func (f *osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f *osFile) Preallocate(size int64) error {
	have, err := f.Size()
	if err != nil || have >= size {
		return err
	}
	done, err := fallocate(f.File, have, size-have)
	if done || err != nil {
		return err
	}
	return writeZeros(f, have, size)
}

// writeZeros fills [from, to) with zeros, for systems that cannot allocate otherwise.
func writeZeros(w io.WriterAt, from, to int64) error {
	zeros := make([]byte, min(to-from, 1<<20))
	for from < to {
		n, err := w.WriteAt(zeros[:min(to-from, int64(len(zeros)))], from)
		if err != nil {
			return err
		}
		from += int64(n)
	}
	return nil
}

// parent is the folder that holds name.
func parent(name string) string { return path.Dir(name) }
