package update

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/sector"
)

// ErrFile says that a file of an update is not what it should be.
var ErrFile = errors.New("update: not the sector's file")

// Files says where the files of one update lie. Files are written under another name, with ".tmp" at its end, synced and then
// renamed, so that what bears its name is whole. Links that lead out of a directory are not followed.
type Files struct {
	// Key is the replica before the update, and KeyCache its cache directory: p_aux, t_aux and the files of TreeRLast.
	Key, KeyCache string
	// Data is the new data, fr32 padded. A shorter file counts as filled up with zeros.
	Data string
	// Replica is the replica after the update, and Cache its cache directory: p_aux, t_aux, TreeD and the files of TreeRLast.
	Replica, Cache string
}

// kit makes and opens the files.
var kit = files.Kit{Package: "update", ErrFile: ErrFile}

// readAux reads p_aux and holds it against CommR.
func readAux(cache string, commR sector.CommR) (sector.PAux, error) {
	path := inCache(cache, sector.PAuxFile)
	aux, err := kit.ReadPAux(path)
	if err != nil {
		return aux, err
	}
	got, err := commROf(aux)
	if err == nil && got != commR {
		err = fmt.Errorf("%w: %s gives CommR %v, want %v", ErrFile, path, got, commR)
	}
	return aux, err
}

// commROf returns the CommR that p_aux stands for.
func commROf(aux sector.PAux) (sector.CommR, error) {
	d, err := poseidon.Sum2(merkle.Digest(aux.CommC), merkle.Digest(aux.CommRLast))
	return sector.CommR(d), err
}

// proof returns the parameters of the sector whose cache directory is given; t_aux tells how many rows TreeRLast leaves out.
// Without a t_aux it is the usual number.
func (p *Params) proof(cache string) (sector.Proof, error) {
	s, err := p.usual()
	if err != nil {
		return s, err
	}
	b, err := kit.ReadSmall(inCache(cache, sector.TAuxFile), files.MaxTAux)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	var t sector.TAux
	if err == nil {
		err = t.UnmarshalBinary(b)
	}
	if err != nil {
		return s, err
	}
	if t.TreeRLast.RowsToDiscard >= uint64(s.BaseRows()) {
		return s, fmt.Errorf("%w: t_aux tells of %d rows to discard", ErrFile, t.TreeRLast.RowsToDiscard)
	}
	s.RowsToDiscard = int(t.TreeRLast.RowsToDiscard)
	if s.Layers = len(t.Labels); s.Layers == 0 {
		s.Layers = 2
	}
	return s, s.Check()
}

// inCache returns the path of a file in a cache directory, "" where that has no name.
func inCache(cache, name string) string {
	if cache == "" {
		return ""
	}
	return filepath.Join(cache, name)
}

// allInCache is inCache for several files.
func allInCache(cache string, names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = inCache(cache, name)
	}
	return out
}
