package durabletest

import (
	"io"
	"sync"

	"github.com/assaylab/assay/merkle/durable"
)

// An Op is one operation on files, numbered from 0 in the order of their start.
type Op struct {
	Number int
	Kind   string // open, mkdir, rename, remove, list, syncdir, lock, read, write, sync, truncate, preallocate
	Name   string
	Off    int64 // of reads and writes
	Len    int
}

// A Fault says what becomes of an operation. Nil lets it pass. Otherwise reads and writes are done for their first N bytes,
// Then, if set, is called, and Err is returned; a short write without error is a Fault with N and no Err.
type Fault struct {
	N    int
	Then func()
	Err  error
}

// A Faulty is a durable.FS that asks Plan before each operation. Plan is called by one goroutine at a time.
type Faulty struct {
	FS   durable.FS
	Plan func(Op) *Fault

	mu  sync.Mutex
	ops int
}

// Ops returns the number of operations so far.
func (f *Faulty) Ops() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ops
}

func (f *Faulty) ask(kind, name string, off int64, n int) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	op := Op{f.ops, kind, name, off, n}
	f.ops++
	if f.Plan == nil {
		return nil
	}
	return f.Plan(op)
}

// plain is ask for operations without bytes.
func (f *Faulty) plain(kind, name string) error {
	fault := f.ask(kind, name, 0, 0)
	if fault == nil {
		return nil
	}
	if fault.Then != nil {
		fault.Then()
	}
	return fault.Err
}

// OpenFile implements durable.FS.
func (f *Faulty) OpenFile(name string, flag int) (durable.File, error) {
	if err := f.plain("open", name); err != nil {
		return nil, err
	}
	file, err := f.FS.OpenFile(name, flag)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, f, name}, nil
}

// Mkdir implements durable.FS.
func (f *Faulty) Mkdir(name string) error {
	if err := f.plain("mkdir", name); err != nil {
		return err
	}
	return f.FS.Mkdir(name)
}

// Rename implements durable.FS.
func (f *Faulty) Rename(oldname, newname string) error {
	if err := f.plain("rename", newname); err != nil {
		return err
	}
	return f.FS.Rename(oldname, newname)
}

// Remove implements durable.FS.
func (f *Faulty) Remove(name string) error {
	if err := f.plain("remove", name); err != nil {
		return err
	}
	return f.FS.Remove(name)
}

// List implements durable.FS.
func (f *Faulty) List(dir string) ([]string, error) {
	if err := f.plain("list", dir); err != nil {
		return nil, err
	}
	return f.FS.List(dir)
}

// SyncDir implements durable.FS.
func (f *Faulty) SyncDir(dir string) error {
	if err := f.plain("syncdir", dir); err != nil {
		return err
	}
	return f.FS.SyncDir(dir)
}

// Lock implements durable.FS.
func (f *Faulty) Lock(name string) (io.Closer, error) {
	if err := f.plain("lock", name); err != nil {
		return nil, err
	}
	return f.FS.Lock(name)
}

type faultyFile struct {
	durable.File
	f    *Faulty
	name string
}

// part does an operation on the first bytes as its fault says.
func (f *faultyFile) part(kind string, b []byte, off int64, do func([]byte, int64) (int, error)) (int, error) {
	fault := f.f.ask(kind, f.name, off, len(b))
	if fault == nil {
		return do(b, off)
	}
	n, err := 0, error(nil)
	if k := min(fault.N, len(b)); k > 0 {
		n, err = do(b[:k], off)
	}
	if fault.Then != nil {
		fault.Then()
	}
	if fault.Err != nil {
		err = fault.Err
	}
	return n, err
}

func (f *faultyFile) ReadAt(b []byte, off int64) (int, error) {
	return f.part("read", b, off, f.File.ReadAt)
}

func (f *faultyFile) WriteAt(b []byte, off int64) (int, error) {
	return f.part("write", b, off, f.File.WriteAt)
}

func (f *faultyFile) Sync() error {
	if err := f.f.plain("sync", f.name); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faultyFile) Truncate(size int64) error {
	if err := f.f.plain("truncate", f.name); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *faultyFile) Preallocate(size int64) error {
	if err := f.f.plain("preallocate", f.name); err != nil {
		return err
	}
	return f.File.Preallocate(size)
}
