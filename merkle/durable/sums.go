package durable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/zeebo/blake3"
	"golang.org/x/sync/errgroup"
)

// BlockSize is the number of bytes under one digest: damage is located to a block of a file.
const BlockSize = 1 << 20

const sumsName = "assay.sums"

// A sums file holds the block digests of all recorded bytes in journal order, 32 bytes each. It is not trusted: the digests
// of a record are checked against the record itself, and a damaged sums file costs only the place of a damage.
type sums struct{ file File }

func openSums(f FS) (*sums, error) {
	file, err := f.OpenFile(sumsName, os.O_RDWR|os.O_CREATE)
	if err == nil {
		err = f.SyncDir(".")
	}
	if err != nil {
		return nil, fmt.Errorf("durable: block digests: %w", err)
	}
	return &sums{file}, nil
}

// put makes the digests durable from block number at on.
func (s *sums) put(at int64, digests []Digest) error {
	if err := writeSync(s.file, flatten(digests), at*32); err != nil {
		return fmt.Errorf("durable: block digests: %w", err)
	}
	return nil
}

// get reads the n digests from block number at on and returns nil if they are not those that want sums up.
func (s *sums) get(at int64, n int64, want Digest) []Digest {
	size, err := s.file.Size()
	if err != nil || at > size/32 || n > size/32-at {
		return nil
	}
	b := make([]byte, n*32)
	if k, err := s.file.ReadAt(b, at*32); k != len(b) && err != nil {
		return nil
	}
	if sum(b) != want {
		return nil
	}
	digests := make([]Digest, n)
	for i := range digests {
		digests[i] = Digest(b[32*i:])
	}
	return digests
}

func flatten(digests []Digest) []byte {
	b := make([]byte, 0, 32*len(digests))
	for i := range digests {
		b = append(b, digests[i][:]...)
	}
	return b
}

// blocks returns the number of blocks of length bytes.
func blocks(length int64) int64 { return (length + BlockSize - 1) / BlockSize }

// digestBytes returns the block digests of b.
func digestBytes(b []byte) []Digest {
	digests := make([]Digest, 0, blocks(int64(len(b))))
	for len(b) > 0 {
		n := min(len(b), BlockSize)
		digests = append(digests, sum(b[:n]))
		b = b[n:]
	}
	return digests
}

// buffers holds the read buffers of digestRange.
var buffers = sync.Pool{New: func() any { return new([BlockSize]byte) }}

// digestBlock returns the digest of block i of the length bytes from off on.
func digestBlock(r io.ReaderAt, off, length, i int64) (Digest, error) {
	buf := buffers.Get().(*[BlockSize]byte)
	defer buffers.Put(buf)
	b := buf[:min(BlockSize, length-i*BlockSize)]
	for done := 0; done < len(b); {
		n, err := r.ReadAt(b[done:], off+i*BlockSize+int64(done))
		done += n
		if done < len(b) && err != nil {
			return Digest{}, fmt.Errorf("durable: block %d: %w", off/BlockSize+i, notEOF(err))
		}
		if done < len(b) && n == 0 {
			return Digest{}, fmt.Errorf("durable: block %d: %w", off/BlockSize+i, io.ErrNoProgress)
		}
	}
	return Digest(blake3.Sum256(b)), nil
}

// digestRange returns the block digests of the length bytes from off on, read by workers goroutines.
func digestRange(ctx context.Context, r io.ReaderAt, off, length int64, workers int, m *meter) ([]Digest, error) {
	digests := make([]Digest, blocks(length))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i := range digests {
		if inner.Err() != nil {
			break
		}
		group.Go(func() (err error) {
			digests[i], err = digestBlock(r, off, length, int64(i))
			m.add(min(BlockSize, length-int64(i)*BlockSize))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return digests, context.Cause(ctx)
}

// notEOF turns the end of a file into an error that says it came too early.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
