package groth16test

import (
	"testing/fstest"

	"github.com/assaylab/assay/porep/groth16"
)

// Keys returns Keys over files in memory, by their names, all of them trusted.
func Keys(files map[string][]byte) *groth16.Keys {
	fsys, trusted := fstest.MapFS{}, map[string]groth16.Digest{}
	for name, b := range files {
		fsys[name] = &fstest.MapFile{Data: b}
		trusted[name] = groth16.DigestOf(b)
	}
	return groth16.NewKeys(fsys, &groth16.KeysOptions{Trusted: trusted})
}
