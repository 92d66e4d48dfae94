package files

import (
	"path/filepath"

	"github.com/assaylab/assay/porep/sector"
)

const (
	// PAuxLen is the length of a p_aux in bytes.
	PAuxLen = 64
	// MaxTAux bounds the bytes of a t_aux.
	MaxTAux = 1 << 20
)

// ReadPAux reads a p_aux. Errors: as ReadSmall and sector.PAux.UnmarshalBinary.
func (k Kit) ReadPAux(path string) (aux sector.PAux, err error) {
	b, err := k.ReadSmall(path, PAuxLen)
	if err == nil {
		err = aux.UnmarshalBinary(b)
	}
	return aux, err
}

// WriteAux makes p_aux and t_aux in a cache directory.
func (k Kit) WriteAux(cache string, p sector.Proof, aux sector.PAux) error {
	if cache == "" {
		return k.noName()
	}
	pAux, err := aux.MarshalBinary()
	if err != nil {
		return err
	}
	tAux, err := sector.NewTAux(p, cache).MarshalBinary()
	if err != nil {
		return err
	}
	if err := k.WriteFile(filepath.Join(cache, sector.PAuxFile), pAux); err != nil {
		return err
	}
	return k.WriteFile(filepath.Join(cache, sector.TAuxFile), tAux)
}
