package durable

import (
	"errors"
	"fmt"
	"os"
)

// Reserve allocates the room of a file that Create is to make with the same size, so that a full disk is met before the work. The
// room is held until then; what is not used is freed by the next Reserve of that name, by Open, or with the folder.
func (j *Job) Reserve(name string, size int64) error {
	f, err := j.fs.OpenFile(name+suffix, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return fmt.Errorf("durable: %s: %w", name, err)
	}
	if err = errors.Join(f.Preallocate(size), f.Close()); err == nil {
		err = j.wantSums(name, size)
	}
	if err != nil {
		return fmt.Errorf("durable: room for %d bytes of %s: %w", size, name, errors.Join(err, ignoreMissing(j.fs.Remove(name+suffix))))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.reserved[name+suffix] = true
	return nil
}

// takeReserved reports whether room was reserved for a file in the making, which is then used up. The file is empty: all zeros.
func (j *Job) takeReserved(name string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	taken := j.reserved[name]
	delete(j.reserved, name)
	return taken
}

// wantSums allocates the room of the digests of so many bytes of a file, the first time that it is named, and of one block more
// a record that the journal has room for, since a record may end within a block.
func (j *Job) wantSums(name string, bytes int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.announced[name] {
		return nil
	}
	wanted := j.wanted + blocks(bytes)
	if err := j.sums.file.Preallocate((wanted + journalRoom/recordSize) * 32); err != nil {
		return fmt.Errorf("block digests: %w", err)
	}
	j.announced[name], j.wanted = true, wanted
	return nil
}
