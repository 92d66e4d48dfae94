package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zeebo/blake3"

	"github.com/assaylab/assay/porep/piece"
)

// An input is what is to be sealed. It can be read more than once and gives the same bytes each time, or an error.
type input struct {
	name  string
	files []source // packed as tar, or, with raw, one file as it is
	raw   bool
	size  uint64

	// What sum found.
	blake3 [32]byte
	piece  piece.Info
}

// A source is one file of an input.
type source struct {
	path string // on this machine
	name string // in the archive
	size int64
}

// sourceTypes are the files that are packed by default.
var sourceTypes = []string{".go", ".s", ".mod", ".sum", ".work", ".md", ".txt", ".sh", ".json", ".yml", ".yaml", ".toml",
	".rs", ".c", ".h", ".cc", ".cpp", ".py", ".js", ".ts", ".java", ".sol", ".html", ".css"}

const tarBlock = 512

// openInput returns the file named, or the source files under the working directory, apart from those under work.
func openInput(path string, capacity uint64, work string) (*input, error) {
	if path == "" {
		return sourceTar(".", capacity, work)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	size := uint64(info.Size())
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", path)
	case size == 0:
		return nil, fmt.Errorf("%s is empty", path)
	case size > capacity:
		return nil, fmt.Errorf("%s has %d bytes, the sector holds %d", path, size, capacity)
	}
	return &input{name: path, files: []source{{path, filepath.Base(path), info.Size()}}, raw: true, size: size}, nil
}

// sourceTar chooses the source files under root, in name order, as many as fit.
func sourceTar(root string, capacity uint64, work string) (*input, error) {
	skip, err := filepath.Abs(work)
	if err != nil {
		return nil, err
	}
	in := new(input)
	seen := 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if abs, err := filepath.Abs(path); err != nil || work != "" && abs == skip {
			return errors.Join(err, fs.SkipDir)
		}
		if path != root && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || !slices.Contains(sourceTypes, filepath.Ext(path)) {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		seen++
		need := tarBlock + (uint64(info.Size())+tarBlock-1)/tarBlock*tarBlock
		if name := filepath.ToSlash(path); need <= capacity-in.size && len(name) <= 100 {
			in.files = append(in.files, source{path, name, info.Size()})
			in.size += need
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(in.files) == 0 {
		return nil, fmt.Errorf("none of the %d source files under the working directory fits into %d bytes as tar; name a file with -in", seen, capacity)
	}
	in.name = fmt.Sprintf("tar of %d of %d source files", len(in.files), seen)
	return in, nil
}

// open returns the input's bytes, which must be those that sum read; if not, an error stands at their end.
func (in *input) open(ctx context.Context) io.ReadCloser {
	return in.stream(ctx, func(digest [32]byte) error {
		if digest != in.blake3 {
			return fmt.Errorf("%s changed while it was sealed: run again, with -in for what stays as it is", in.name)
		}
		return nil
	})
}

// stream returns the input's bytes. check is called with their BLAKE3 digest before their end is seen.
func (in *input) stream(ctx context.Context, check func(digest [32]byte) error) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		h := blake3.New()
		err := in.write(ctx, io.MultiWriter(w, h))
		if err == nil {
			err = check([32]byte(h.Sum(nil)))
		}
		w.CloseWithError(err)
	}()
	return r
}

// write writes the input's bytes.
func (in *input) write(ctx context.Context, w io.Writer) error {
	archive := tar.NewWriter(w)
	for _, f := range in.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		out := w
		if !in.raw {
			if err := archive.WriteHeader(&tar.Header{Name: f.name, Size: f.size, Mode: 0o644, Format: tar.FormatUSTAR}); err != nil {
				return err
			}
			out = archive
		}
		if err := copyFile(out, f); err != nil {
			return err
		}
	}
	// The two zero blocks that end an archive are the zeros that fill the sector.
	return archive.Flush()
}

// copyFile writes a file that must have the length it had.
func copyFile(w io.Writer, f source) error {
	r, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer r.Close()
	n, err := io.Copy(w, io.LimitReader(r, f.size+1))
	if err == nil && n != f.size {
		err = errors.New("another length")
	}
	if err != nil {
		return fmt.Errorf("%s changed while it was read: %w", f.path, err)
	}
	return nil
}

// sum reads the input and sets its digest and its commitment as a piece.
func (in *input) sum(ctx context.Context) error {
	r := in.stream(ctx, func(digest [32]byte) error {
		in.blake3 = digest
		return nil
	})
	defer r.Close()
	p, err := piece.Sum(ctx, r, nil)
	in.piece = p
	return err
}
