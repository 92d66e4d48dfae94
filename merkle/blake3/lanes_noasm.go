//go:build purego || !amd64

package blake3

import "github.com/assaylab/assay/merkle"

func parents(dst, src []merkle.Digest, arity int) { parentsGeneric(dst, src, arity) }
