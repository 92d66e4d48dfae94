package porep

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/sector"
)

// ErrFile says that a file of a sector is not what it should be.
var ErrFile = errors.New("porep: not the sector's file")

// Files says where the files of one sector lie. Every file is written under another name, with ".tmp"
// at its end, synced, and then renamed, so that what bears its name is whole. Links that lead out of a
// directory are not followed.
type Files struct {
	// FS is the folder that the other fields name files in, slash-separated; nil is the whole tree of the operating system. It
	// serves Prove, CheckLayers and what else only reads; to seal into a folder there is package porep's Folder.
	FS durable.FS
	// Cache is the directory of layers, trees and aux files, named as package sector says.
	Cache string
	// Staged is the file of the data before sealing, fr32 padded. A shorter file counts as filled up
	// with zeros.
	Staged string
	// Sealed is the file of the replica.
	Sealed string
}

// cache returns the path of a file in the cache directory, "" where that has no name.
func (f *Files) cache(name string) string {
	if f.Cache == "" {
		return ""
	}
	if f.FS != nil {
		return path.Join(f.Cache, name)
	}
	return filepath.Join(f.Cache, name)
}

// errNoName refuses a path that was left out.
var errNoName = fmt.Errorf("%w: %w", ErrFile, files.ErrNoName)

// kit opens files.
func (f *Files) kit() files.Kit { return files.Kit{Package: "porep", ErrFile: ErrFile, FS: f.FS} }

// kit makes files of the operating system's tree and tells o.Made of them.
func (o *Options) kit() files.Kit {
	k := new(Files).kit()
	if o != nil {
		k.Made = o.Made
	}
	return k
}

// writable refuses files in a folder of their own to the stages that write: a Folder does that.
func (f *Files) writable() error {
	if f.FS != nil {
		return fmt.Errorf("%w: files in an FS are written by a Folder only", ErrFile)
	}
	return nil
}

// caches returns the paths of files in the cache directory.
func (f *Files) caches(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = f.cache(name)
	}
	return out
}

// layer returns the path of a layer's file.
func (f *Files) layer(l int) string { return f.cache(sector.LayerFile(l)) }

// keeps reports whether a finished file of that size is there that opt.Keep lets stand.
func (o *Options) keeps(path string, size int64) bool {
	if o == nil || o.Keep == nil {
		return false
	}
	f, err := o.kit().OpenSized(path, size)
	return err == nil && f.Close() == nil && o.Keep(path)
}

// keepsAll is keeps for several files.
func (o *Options) keepsAll(paths []string, size int64) bool {
	for _, path := range paths {
		if !o.keeps(path, size) {
			return false
		}
	}
	return true
}
