package porep

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/fr32"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
)

// ErrTooLarge says that there is more data than the sector holds.
var ErrTooLarge = errors.New("porep: more data than the sector holds")

// errNoData says that there is no reader of a sector's data.
var errNoData = errors.New("porep: no reader of the sector's data")

// Stage fills a sector with data: it writes the bytes of r, fr32 padded and filled up with zeros, to
// f.Staged, TreeD over them to the cache, and returns CommD. The sector holds p.Size.Unpadded() bytes; a
// longer r is ErrTooLarge. Pieces go one behind the other with the gaps that package piece demands.
// Errors: also those of r and of the file system, ctx.Err(), sector.ErrProofType.
func Stage(ctx context.Context, f Files, p sector.Proof, r io.Reader, opt *Options) (sector.CommD, error) {
	s, err := checkedShapes(p)
	if err = cmp.Or(err, f.writable()); err != nil {
		return sector.CommD{}, err
	}
	if r == nil {
		return sector.CommD{}, errNoData
	}
	if err := opt.budget("staging", treeMemory(opt.workers())); err != nil {
		return sector.CommD{}, err
	}
	staged, err := opt.kit().Create(f.Staged, int64(p.Size))
	if err != nil {
		return sector.CommD{}, err
	}
	defer staged.Drop()
	in := &counter{r: r, left: p.Size.Unpadded()}
	leaves := merkle.FromReader(io.MultiReader(fr32.NewReader(in), zeros{}))
	root, err := f.buildTreeD(ctx, s, p, tee(leaves, staged), in.atEnd, opt)
	if err != nil {
		return sector.CommD{}, err
	}
	return root, staged.Finish()
}

// StagePieces is Stage for pieces: each payload lies in the smallest piece that holds it, where package piece
// places it. It returns the pieces and CommD. Errors: also piece.ErrPieces and its kin.
func StagePieces(ctx context.Context, f Files, p sector.Proof, payloads []piece.Payload, opt *Options) (*piece.Staged, error) {
	if _, err := checkedShapes(p); err != nil {
		return nil, err
	}
	if err := f.writable(); err != nil {
		return nil, err
	}
	out, err := opt.kit().Create(f.Staged, int64(p.Size))
	if err != nil {
		return nil, err
	}
	defer out.Drop()
	w := bufio.NewWriterSize(out, 1<<20)
	staged, err := piece.Stage(ctx, w, p.Size, payloads, &piece.Options{Workers: opt.workers(), Progress: opt.progress()})
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		return nil, err
	}
	if err := out.Finish(); err != nil {
		return nil, err
	}
	root, err := StageFile(ctx, f, p, opt)
	if err == nil && root != staged.CommD {
		err = fmt.Errorf("%w: %s has CommD %v, its pieces have %v", ErrFile, f.Staged, root, staged.CommD)
	}
	return staged, err
}

// StageFile makes TreeD and CommD of data that lies padded in f.Staged already, as another sealer
// leaves it, and does not change that file. Errors: as Stage; ErrFile for a longer file, a
// merkle.NodeError for padding bits that are set.
func StageFile(ctx context.Context, f Files, p sector.Proof, opt *Options) (sector.CommD, error) {
	s, err := checkedShapes(p)
	if err = cmp.Or(err, f.writable()); err != nil {
		return sector.CommD{}, err
	}
	if err := opt.budget("staging", treeMemory(opt.workers())); err != nil {
		return sector.CommD{}, err
	}
	staged, err := f.openStaged(p)
	if err != nil {
		return sector.CommD{}, err
	}
	defer staged.Close()
	return f.buildTreeD(ctx, s, p, merkle.FromReaderAt(staged), func() error { return nil }, opt)
}

// buildTreeD writes TreeD; end is asked once all leaves are in.
func (f *Files) buildTreeD(ctx context.Context, s shapes, p sector.Proof, src merkle.Source, end func() error, opt *Options) (sector.CommD, error) {
	tree, err := opt.kit().Create(f.cache(sector.TreeDFile), p.TreeDLen())
	if err != nil {
		return sector.CommD{}, err
	}
	defer tree.Drop()
	root, err := merkle.BuildFiles(ctx, sha2.SHA254{}, s.d, merkle.Layout{}, src, []io.WriterAt{tree}, opt.merkle("tree D"))
	if err == nil {
		err = end()
	}
	if err != nil {
		return sector.CommD{}, fmt.Errorf("porep: TreeD: %w", err)
	}
	return sector.CommD(root), tree.Finish()
}

// treeMemory is what building a tree of files takes: leaves and rows of a window for each worker.
func treeMemory(workers int) uint64 { return uint64(workers) * (5 << 20) }

// openStaged opens the data before sealing.
func (f *Files) openStaged(p sector.Proof) (*files.Padded, error) {
	return f.kit().OpenPadded(f.Staged, int64(p.Size))
}

// A counter lets left bytes of r through.
type counter struct {
	r    io.Reader
	left uint64
}

func (c *counter) Read(b []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.r.Read(b[:min(uint64(len(b)), c.left)])
	c.left -= uint64(n)
	return n, err
}

// atEnd refuses data that goes on.
func (c *counter) atEnd() error {
	if c.left > 0 {
		return nil
	}
	var b [1]byte
	switch n, err := io.ReadFull(c.r, b[:]); {
	case n > 0:
		return ErrTooLarge
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}

// zeros is endless.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
