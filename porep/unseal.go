package porep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/fr32"
	"github.com/assaylab/assay/porep/sector"
)

// ErrRange says that a range of bytes lies outside of the sector.
var ErrRange = errors.New("porep: no such range of the sector")

// Unseal writes n bytes of the data from byte off on to w, given the replica alone: it makes all labels
// again, in memory (see LabelMemory), and then works as Decode. off and n count bytes as they were
// staged, without padding, and need no alignment.
func Unseal(ctx context.Context, s *Sector, replica io.ReaderAt, w io.Writer, off, n uint64, opt *Options) error {
	if err := checkRange(s, off, n); err != nil {
		return err
	}
	id := s.ReplicaID()
	g, err := labelGraph(s.Proof, id)
	if err != nil {
		return err
	}
	if err := opt.budget("unsealing", LabelMemory(s.Proof, 1)); err != nil {
		return err
	}
	l := &labeller{p: s.Proof, g: g, ids: []sector.ReplicaID{id}, sink: noSink{}, workers: opt.workers(),
		m: &meter{opt: opt, stage: "label", total: uint64(s.Proof.Layers) * s.Proof.Nodes()}}
	if opt != nil {
		l.parents = opt.Parents
	}
	key, err := l.run(ctx)
	if err != nil {
		return err
	}
	return cmp.Or(Decode(ctx, s, bytesAt(key.Bytes()), replica, w, off, n, opt), key.Free())
}

// Decode is Unseal with the key at hand: the last layer, as it lies in its file.
//
// The whole replica is decoded and held against s.CommD before the first byte is written, so that bytes
// of a damaged replica, or under a wrong key, never pass for data. Errors: ErrRange before any work;
// ErrFile where replica and key do not give data with that CommD; those of the reader and the writer;
// ctx.Err(); as Sector.Check.
func Decode(ctx context.Context, s *Sector, key, replica io.ReaderAt, w io.Writer, off, n uint64, opt *Options) error {
	if err := checkRange(s, off, n); err != nil {
		return err
	}
	shapes, err := newShapes(s.Proof)
	if err != nil {
		return err
	}
	src := decoded(key, replica)
	root, err := merkle.BuildFiles(ctx, sha2.SHA254{}, shapes.d, merkle.Layout{}, src, nil, opt.merkle("decode"))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	if sector.CommD(root) != s.CommD {
		return fmt.Errorf("%w: replica and key give data with CommD %x, want %v", ErrFile, root, s.CommD)
	}
	return writeRange(ctx, src, w, off, n)
}

func checkRange(s *Sector, off, n uint64) error {
	if err := s.Check(); err != nil {
		return err
	}
	if size := s.Proof.Size.Unpadded(); off > size || n > size-off {
		return fmt.Errorf("%w: %d bytes from %d on, the sector holds %d", ErrRange, n, off, size)
	}
	return nil
}

// decoded returns the nodes of the data.
func decoded(key, replica io.ReaderAt) merkle.Source {
	keys, sealed := merkle.FromReaderAt(key), merkle.FromReaderAt(replica)
	return func(ctx context.Context, dst []merkle.Digest, first uint64) error {
		k := make([]merkle.Digest, len(dst))
		if err := keys(ctx, k, first); err != nil {
			return fmt.Errorf("key: %w", err)
		}
		if err := sealed(ctx, dst, first); err != nil {
			return fmt.Errorf("replica: %w", err)
		}
		if bad := decodeNodes(dst, dst, k); bad >= 0 {
			return fmt.Errorf("%w: node %d of replica or key is no field element", ErrFile, first+uint64(bad))
		}
		return nil
	}
}

const (
	// stepBlocks is the number of blocks of 127 bytes that writeRange takes at a time: 128 KiB padded.
	stepBlocks  = 1 << 10
	blockData   = 127
	blockDigest = 4
)

// writeRange writes n bytes of data from off on.
func writeRange(ctx context.Context, src merkle.Source, w io.Writer, off, n uint64) error {
	nodes := make([]merkle.Digest, stepBlocks*blockDigest)
	out := make([]byte, stepBlocks*blockData)
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		first, skip := off/blockData, off%blockData
		count := min(n, stepBlocks*blockData-skip)
		blocks := (skip + count + blockData - 1) / blockData
		part := nodes[:blocks*blockDigest]
		if err := src(ctx, part, first*blockDigest); err != nil {
			return err
		}
		if _, err := fr32.Unpad(out[:blocks*blockData], merkle.Bytes(part)); err != nil {
			return err
		}
		if _, err := w.Write(out[skip : skip+count]); err != nil {
			return err
		}
		off, n = off+count, n-count
	}
	return nil
}

// noSink lets labels pass.
type noSink struct{}

func (noSink) write(int, int, []byte, int64) error { return nil }
func (noSink) end(int) error                       { return nil }
func (noSink) close()                              {}

// bytesAt reads memory.
type bytesAt []byte

func (b bytesAt) ReadAt(dst []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(dst, b[off:])
	if n < len(dst) {
		return n, io.EOF
	}
	return n, nil
}
