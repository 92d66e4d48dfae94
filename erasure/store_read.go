package erasure

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/durable"
)

// readFile returns a whole file of at most limit bytes.
func (s *Store) readFile(name string, limit int64) ([]byte, error) {
	f, err := s.fs.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fmt.Errorf("%w: %d bytes", ErrFormat, size)
	}
	b := make([]byte, size)
	_, err = io.ReadFull(io.NewSectionReader(f, 0, size), b)
	return b, err
}

const maxManifest = 1 << 32

// Manifest returns an object's manifest, checked against its root. Of the options only Hasher counts.
// Errors: ErrNotFound, a hasher other than the manifest's.
func (s *Store) Manifest(root merkle.Digest, opt *Options) (*Manifest, error) {
	m, _, err := s.manifest(root, opt)
	return m, err
}

// manifest also returns which copies are damaged.
func (s *Store) manifest(root merkle.Digest, opt *Options) (*Manifest, []int, error) {
	var found *Manifest
	var bad []int
	var first error
	for i := 0; i < maxCopies && (found == nil || i < found.copies()); i++ {
		m, err := s.readCopy(root, i, opt)
		if err != nil {
			bad, first = append(bad, i), errors.Join(first, err)
			continue
		}
		if found == nil {
			found = m
		}
	}
	if found == nil {
		return nil, nil, fmt.Errorf("%w: %x: %w", ErrNotFound, root, first)
	}
	return found, bad, nil
}

func (s *Store) readCopy(root merkle.Digest, i int, opt *Options) (*Manifest, error) {
	b, err := s.readFile(path.Join(objectDir(root), copyName(i)), maxManifest)
	if err != nil {
		return nil, err
	}
	m := new(Manifest)
	if err := m.UnmarshalBinary(b); err != nil {
		return nil, err
	}
	got, err := m.Root(opt)
	if err == nil && got != root {
		err = fmt.Errorf("%w: manifest with root %x", ErrProof, got)
	}
	return m, err
}

// An opened object has a reader for every shard file that is there.
type opened struct {
	files []durable.File
}

func (s *Store) open(root merkle.Digest, m *Manifest) *opened {
	o := &opened{files: make([]durable.File, m.Data+m.Parity)}
	for i := range o.files {
		// A file that cannot be opened is a missing shard.
		if f, err := s.fs.OpenFile(path.Join(objectDir(root), shardName(i)), os.O_RDONLY); err == nil {
			o.files[i] = f
		}
	}
	return o
}

func (o *opened) readers() []io.ReaderAt {
	out := make([]io.ReaderAt, len(o.files))
	for i, f := range o.files {
		if f != nil {
			out[i] = f
		}
	}
	return out
}

func (o *opened) close() {
	for _, f := range o.files {
		if f != nil {
			// Opened for reading: nothing is lost.
			_ = f.Close()
		}
	}
}

// Get writes an object to w, rebuilding what is missing or bad without changing the store. Errors:
// ErrNotFound, and as Decode.
func (s *Store) Get(ctx context.Context, root merkle.Digest, w io.Writer, opt *Options) (*Report, error) {
	m, bad, err := s.manifest(root, opt)
	if err != nil {
		return nil, err
	}
	o := s.open(root, m)
	defer o.close()
	report, err := Decode(ctx, m, o.readers(), w, opt)
	if report != nil {
		report.Copies = bad
	}
	return report, err
}

// Scrub reads everything that belongs to an object and reports what is missing or bad. Errors: ErrNotFound,
// ctx.Err(); damage is no error.
func (s *Store) Scrub(ctx context.Context, root merkle.Digest, opt *Options) (*Report, error) {
	m, bad, err := s.manifest(root, opt)
	if err != nil {
		return nil, err
	}
	o := s.open(root, m)
	defer o.close()
	report, err := Verify(ctx, m, o.readers(), opt)
	if err != nil && !errors.Is(err, ErrProof) {
		return nil, err
	}
	report.Copies = bad
	for i, f := range o.files {
		if f != nil && s.checkTail(f, m, i, root, opt) != nil {
			report.Proofs = append(report.Proofs, i)
		}
	}
	return report, nil
}

// checkTail checks the proof that a shard file carries.
func (s *Store) checkTail(f durable.File, m *Manifest, shard int, root merkle.Digest, opt *Options) error {
	p, err := readTail(f, m.ShardSize())
	if err != nil {
		return err
	}
	if p.Shard != shard {
		return fmt.Errorf("%w: proof of shard %d", ErrProof, p.Shard)
	}
	return p.Verify(root, opt)
}

// readTail reads the proof behind the size bytes of a shard.
func readTail(f durable.File, size int64) (*ShardProof, error) {
	whole, err := f.Size()
	if err != nil {
		return nil, err
	}
	if whole < size+tailCount || whole-size > maxManifest {
		return nil, fmt.Errorf("%w: file of %d bytes for a shard of %d", ErrFormat, whole, size)
	}
	b := make([]byte, whole-size)
	if _, err := io.ReadFull(io.NewSectionReader(f, size, whole-size), b); err != nil {
		return nil, err
	}
	body := b[:len(b)-tailCount]
	if uint64(binary.LittleEndian.Uint32(b[len(body):])) != uint64(len(body)) {
		return nil, fmt.Errorf("%w: length of a proof", ErrFormat)
	}
	p := new(ShardProof)
	return p, p.UnmarshalBinary(body)
}

// OpenShard opens a shard of an object with the proof that it carries, for audits. The first
// Header.ShardSize bytes of the file are the shard. Close the file after use. Errors: ErrProof, ErrFormat, the
// file's.
func (s *Store) OpenShard(root merkle.Digest, shard int, opt *Options) (durable.File, *ShardProof, error) {
	m, err := s.Manifest(root, opt)
	if err != nil {
		return nil, nil, err
	}
	f, err := s.fs.OpenFile(path.Join(objectDir(root), shardName(shard)), os.O_RDONLY)
	if err != nil {
		return nil, nil, fmt.Errorf("erasure: store: %w", err)
	}
	p, err := readTail(f, m.ShardSize())
	if err == nil {
		err = p.Verify(root, opt)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, p, nil
}
