// Package durabletest holds the file systems that durable is tested on: a disk in memory that loses power as a real one
// may, and a wrapper that puts faults between a program and any durable.FS. Both are for the tests of whoever keeps files
// through package durable.
package durabletest

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/assaylab/assay/merkle/durable"
)

// A Disk is a durable.FS in memory that remembers which bytes and names were made durable. Crash gives the disk as it may
// be found after a power loss. It is stricter than real file systems: syncing a file does not make its name durable.
type Disk struct {
	// Capacity bounds the sum of all file lengths; what would pass it fails with syscall.ENOSPC. 0 means no bound.
	Capacity int64

	mu      sync.Mutex
	names   map[string]*inode
	durable map[string]*inode
	pending []nameOp
	locks   map[string]bool
}

// A nameOp is a change of the names that was not synced yet. All names of one operation change together.
type nameOp struct {
	dir string
	set map[string]*inode // nil removes
}

// An inode is a file's bytes, and what of them is not durable.
type inode struct {
	data    []byte
	synced  []byte
	pending []change
}

// A change is a write (size < 0) or a new length.
type change struct {
	off  int64
	data []byte
	size int64
}

// NewDisk returns an empty disk.
func NewDisk() *Disk {
	return &Disk{names: map[string]*inode{}, durable: map[string]*inode{}, locks: map[string]bool{}}
}

// Crash returns the disk after a power loss now. Of the changes of names that were not synced, a random number is kept, in
// order. Of the writes that were not synced, each is, with equal chance, lost, turned to zeros of its length, torn after a
// random byte, or kept. The old disk must not be used again.
func (d *Disk) Crash(r *rand.Rand) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	after := NewDisk()
	after.Capacity = d.Capacity
	names := maps.Clone(d.durable)
	for _, op := range d.pending[:r.IntN(len(d.pending)+1)] {
		op.apply(names)
	}
	copies := map[*inode]*inode{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		node := names[name]
		if copies[node] == nil {
			b := node.crash(r)
			copies[node] = &inode{data: b, synced: slices.Clone(b)}
		}
		after.names[name] = copies[node]
	}
	after.durable = maps.Clone(after.names)
	return after
}

// crash returns the bytes found after a power loss.
func (n *inode) crash(r *rand.Rand) []byte {
	b := slices.Clone(n.synced)
	for _, c := range n.pending {
		switch r.IntN(4) {
		case 0: // lost
		case 1:
			b = change{c.off, make([]byte, len(c.data)), c.size}.apply(b)
		case 2:
			b = change{c.off, c.data[:r.IntN(len(c.data)+1)], c.size}.apply(b)
		case 3:
			b = c.apply(b)
		}
	}
	return b
}

func (c change) apply(b []byte) []byte {
	if c.size >= 0 {
		return resize(b, c.size)
	}
	b = resize(b, max(int64(len(b)), c.off+int64(len(c.data))))
	copy(b[c.off:], c.data)
	return b
}

func resize(b []byte, n int64) []byte {
	if n <= int64(len(b)) {
		return b[:n]
	}
	return append(b, make([]byte, n-int64(len(b)))...)
}

func (op nameOp) apply(names map[string]*inode) {
	for name, node := range op.set {
		if node == nil {
			delete(names, name)
			continue
		}
		names[name] = node
	}
}

// change applies a change of names now and keeps it for SyncDir.
func (d *Disk) change(op nameOp) {
	op.apply(d.names)
	d.pending = append(d.pending, op)
}

func notFound(op, name string) error { return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist} }

// Names returns the names of all files, sorted.
func (d *Disk) Names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.names))
}

// Bytes returns a file's bytes, which the caller may change in place to damage the disk, or nil.
func (d *Disk) Bytes(name string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := d.names[name]; n != nil {
		return n.data
	}
	return nil
}

// OpenFile implements durable.FS.
func (d *Disk) OpenFile(name string, flag int) (durable.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	node := d.names[name]
	switch {
	case !fs.ValidPath(name) || name == ".":
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	case node == nil && flag&os.O_CREATE == 0:
		return nil, notFound("open", name)
	case node != nil && flag&os.O_EXCL != 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	case node == nil:
		node = &inode{}
		d.change(nameOp{path.Dir(name), map[string]*inode{name: node}})
	case flag&os.O_TRUNC != 0:
		node.change(change{size: 0})
	}
	return &diskFile{d, name, node}, nil
}

// Mkdir implements durable.FS: folders are made by the names below them.
func (d *Disk) Mkdir(string) error { return nil }

// Rename implements durable.FS.
func (d *Disk) Rename(oldname, newname string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	node := d.names[oldname]
	if node == nil {
		return notFound("rename", oldname)
	}
	d.change(nameOp{path.Dir(newname), map[string]*inode{oldname: nil, newname: node}})
	return nil
}

// Remove implements durable.FS.
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[name] == nil {
		return notFound("remove", name)
	}
	d.change(nameOp{path.Dir(name), map[string]*inode{name: nil}})
	return nil
}

// List implements durable.FS.
func (d *Disk) List(dir string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := map[string]bool{}
	for name := range d.names {
		if dir != "." {
			if !strings.HasPrefix(name, dir+"/") {
				continue
			}
			name = name[len(dir)+1:]
		}
		first, _, _ := strings.Cut(name, "/")
		seen[first] = true
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

// SyncDir implements durable.FS.
func (d *Disk) SyncDir(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	rest := d.pending[:0]
	for _, op := range d.pending {
		if op.dir == dir {
			op.apply(d.durable)
			continue
		}
		rest = append(rest, op)
	}
	d.pending = rest
	return nil
}

// Lock implements durable.FS. A crash drops all locks.
func (d *Disk) Lock(name string) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locks[name] {
		return nil, durable.ErrLocked
	}
	d.locks[name] = true
	return unlock{d, name}, nil
}

type unlock struct {
	d    *Disk
	name string
}

func (u unlock) Close() error {
	u.d.mu.Lock()
	defer u.d.mu.Unlock()
	delete(u.d.locks, u.name)
	return nil
}

// A diskFile is an open file of a Disk.
type diskFile struct {
	d    *Disk
	name string
	node *inode
}

func (n *inode) change(c change) {
	n.data = c.apply(n.data)
	n.pending = append(n.pending, c)
}

// room checks that the file may grow to size.
func (f *diskFile) room(size int64) error {
	grow := size - int64(len(f.node.data))
	if f.d.Capacity == 0 || grow <= 0 {
		return nil
	}
	for _, n := range f.d.names {
		grow += int64(len(n.data))
	}
	if grow > f.d.Capacity {
		return &fs.PathError{Op: "write", Path: f.name, Err: syscall.ENOSPC}
	}
	return nil
}

func (f *diskFile) ReadAt(b []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if off < 0 {
		return 0, fmt.Errorf("durabletest: offset %d", off)
	}
	if off >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.node.data[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *diskFile) WriteAt(b []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.room(off + int64(len(b))); err != nil {
		return 0, err
	}
	f.node.change(change{off, slices.Clone(b), -1})
	return len(b), nil
}

func (f *diskFile) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if size == int64(len(f.node.data)) {
		return nil
	}
	f.node.change(change{size: size})
	return nil
}

func (f *diskFile) Preallocate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if size <= int64(len(f.node.data)) {
		return nil
	}
	if err := f.room(size); err != nil {
		return err
	}
	f.node.change(change{size: size})
	return nil
}

func (f *diskFile) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	for _, c := range f.node.pending {
		f.node.synced = c.apply(f.node.synced)
	}
	f.node.pending = nil
	return nil
}

func (f *diskFile) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return int64(len(f.node.data)), nil
}

func (f *diskFile) Close() error { return nil }
