package durable

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/zeebo/blake3"
)

// Create makes the file name of size bytes, which must be known, and records it in phase. fill writes the bytes, in any
// order and from any number of goroutines. The file takes its place only when it is whole and durable. If making it
// durable fails, it is thrown away and filled once more (the kernel may have dropped the bytes, so the sync is not
// repeated); a second failure is returned.
func (j *Job) Create(ctx context.Context, phase uint8, name string, size int64, fill func(File) error) error {
	var digests []Digest
	err := j.replace(name, func(f File) error {
		if err := f.Preallocate(size); err != nil {
			return err
		}
		w := watch(f, size)
		if err := fill(w); err != nil {
			return err
		}
		if have, err := f.Size(); err != nil || have != size {
			return fmt.Errorf("%d bytes were written, want %d: %w", have, size, errors.Join(err, ErrSize))
		}
		var err error
		digests, err = w.digests(ctx, j.opt.Workers)
		return err
	})
	if err != nil {
		return err
	}
	return j.record(phase, name, 0, size, digests)
}

// ErrSize says that a file has not the length it was announced with.
var ErrSize = errors.New("durable: wrong length")

// replace writes a file beside name, makes it durable and moves it into place.
func (j *Job) replace(name string, fill func(File) error) error {
	if len(name) > maxName {
		return fmt.Errorf("durable: the name %q is over %d bytes", name, maxName)
	}
	lost, err := j.prepare(name+suffix, fill)
	if lost {
		_, err = j.prepare(name+suffix, fill)
	}
	if err == nil {
		err = j.fs.Rename(name+suffix, name)
	}
	if err == nil {
		err = j.fs.SyncDir(parent(name))
	}
	if err != nil {
		return fmt.Errorf("durable: %s: %w", name, err)
	}
	return nil
}

// ErrSync says that bytes could not be made durable. They must be written again, never only synced again: see Growing.Commit.
var ErrSync = errors.New("sync failed")

// prepare writes one file durably and removes it again after any error. lost says that the error is this file's sync: fill may
// make other files, and what it could not do with those it has tried twice itself.
func (j *Job) prepare(name string, fill func(File) error) (lost bool, err error) {
	flag := os.O_RDWR | os.O_CREATE | os.O_TRUNC
	if j.takeReserved(name) {
		flag = os.O_RDWR
	}
	f, err := j.fs.OpenFile(name, flag)
	if err != nil {
		return false, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(j.fs.Remove(name)))
		}
	}()
	if err = fill(f); err != nil {
		return false, errors.Join(err, f.Close())
	}
	if err = f.Sync(); err != nil {
		return true, errors.Join(fmt.Errorf("%w: %w", ErrSync, err), f.Close())
	}
	return false, f.Close()
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// record makes the digests durable, then the record. If these bytes were recorded before, found damaged and now come out
// otherwise, then whatever was made from the first ones is void.
func (j *Job) record(phase uint8, name string, offset, length int64, digests []Digest) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := record{kind: kindBytes, phase: phase, name: name, offset: offset, length: length, digest: sum(flatten(digests))}
	if err := j.diverge(r); err != nil {
		return err
	}
	if j.failed {
		return ErrFailed
	}
	if err := j.sums.put(j.blocks, digests); err != nil {
		return err
	}
	if err := j.write(r); err != nil {
		return err
	}
	j.item(name).checked = true
	return nil
}

// diverge voids all that followed an older record of r's bytes, if that had another digest.
func (j *Job) diverge(r record) error {
	it := j.item(r.name)
	for _, parts := range [][]part{it.old, it.parts} {
		for _, p := range parts {
			if p.offset != r.offset || p.length == r.length && p.digest == r.digest {
				continue
			}
			j.report(r.name, -1, errors.New("made again, the bytes are others; what was built on them is made again"))
			return j.write(record{kind: kindReset, offset: p.record})
		}
	}
	return nil
}

// A Growing is a large file that is written in place, one durable segment after another.
type Growing struct {
	job   *Job
	name  string
	phase uint8
	size  int64
	done  int64
	file  File

	at      int64 // the end of what was written
	block   *blake3.Hasher
	digests []Digest // of the blocks from done to at that are whole
}

// Grow opens or creates the file name of size bytes with its room allocated. Its first Done bytes are recorded and checked;
// the rest is to be appended. Close it after use.
func (j *Job) Grow(ctx context.Context, phase uint8, name string, size int64) (*Growing, error) {
	done, err := j.Check(ctx, name)
	if err != nil {
		return nil, err
	}
	if done > size {
		return nil, fmt.Errorf("durable: %s: %w: %d bytes are recorded, want %d", name, ErrSize, done, size)
	}
	f, err := j.fs.OpenFile(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("durable: %s: %w", name, err)
	}
	if err = f.Preallocate(size); err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		err = j.wantSums(name, size-done)
	}
	if err == nil {
		err = j.fs.SyncDir(parent(name))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("durable: %s: %w", name, err), f.Close())
	}
	return &Growing{job: j, name: name, phase: phase, size: size, done: done, file: f, at: done, block: blake3.New()}, nil
}

// Done is the number of bytes that are durable.
func (g *Growing) Done() int64 { return g.done }

// ReadAt reads the file.
func (g *Growing) ReadAt(b []byte, off int64) (int, error) { return g.file.ReadAt(b, off) }

// Append writes b behind what is done and makes it durable; when it returns nil, b survives a crash. If the sync fails,
// b is written once more; a second failure is returned, and the next Open goes on from Done. b is not kept.
func (g *Growing) Append(ctx context.Context, b []byte) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if int64(len(b)) > g.size-g.done {
		return fmt.Errorf("durable: %s: %w: %d bytes behind %d of %d", g.name, ErrSize, len(b), g.done, g.size)
	}
	if len(b) == 0 {
		return nil
	}
	err := writeSync(g.file, b, g.done)
	g.rewind()
	if err != nil {
		return fmt.Errorf("durable: %s at %d: %w", g.name, g.done, err)
	}
	if err := g.job.record(g.phase, g.name, g.done, int64(len(b)), digestBytes(b)); err != nil {
		return err
	}
	g.done += int64(len(b))
	g.rewind()
	return nil
}

// Write writes b behind what was written, for segments that do not fit into memory. It counts only after Commit; Append
// throws it away.
func (g *Growing) Write(b []byte) (int, error) {
	if int64(len(b)) > g.size-g.at {
		return 0, fmt.Errorf("durable: %s: %w: %d bytes behind %d of %d", g.name, ErrSize, len(b), g.at, g.size)
	}
	if err := writeFull(g.file, b, g.at); err != nil {
		return 0, fmt.Errorf("durable: %s at %d: %w", g.name, g.at, err)
	}
	written := len(b)
	for len(b) > 0 {
		n := min(int64(len(b)), BlockSize-(g.at-g.done)%BlockSize)
		_, _ = g.block.Write(b[:n]) // never fails
		g.at += n
		b = b[n:]
		if (g.at-g.done)%BlockSize == 0 {
			g.endBlock()
		}
	}
	return written, nil
}

// Written is the number of bytes that are written, durable or not.
func (g *Growing) Written() int64 { return g.at }

// Commit makes durable what was written; when it returns nil, that survives a crash. If the sync fails, which is ErrSync, what was
// written since the last Commit is thrown away and must be written again (see Written).
func (g *Growing) Commit(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil || g.at == g.done {
		return err
	}
	if (g.at-g.done)%BlockSize != 0 {
		g.endBlock()
	}
	end, digests := g.at, g.digests
	g.rewind()
	if err := g.file.Sync(); err != nil {
		return fmt.Errorf("durable: %s at %d: %w: %w", g.name, g.done, ErrSync, err)
	}
	if err := g.job.record(g.phase, g.name, g.done, end-g.done, digests); err != nil {
		return err
	}
	g.done, g.at = end, end
	return nil
}

// endBlock keeps the digest of a whole block.
func (g *Growing) endBlock() {
	var d Digest
	g.block.Sum(d[:0])
	g.digests = append(g.digests, d)
	g.block.Reset()
}

// rewind forgets what was written behind what is done.
func (g *Growing) rewind() {
	g.at, g.digests = g.done, nil
	g.block.Reset()
}

// writeSync writes b and makes it durable. If the sync fails, b is written once more; a second failure is returned.
func writeSync(f File, b []byte, off int64) error {
	var lost error
	for range 2 {
		if err := writeFull(f, b, off); err != nil {
			return err
		}
		if lost = f.Sync(); lost == nil {
			return nil
		}
	}
	return fmt.Errorf("%w: %w", ErrSync, lost)
}

// Close closes the file; what was appended stays.
func (g *Growing) Close() error { return g.file.Close() }
