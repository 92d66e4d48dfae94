//go:build purego || !amd64

package sha2

import "github.com/assaylab/assay/merkle"

func sum(dst []merkle.Digest, prefix, src []byte, size int, mask byte) {
	sumGeneric(dst, prefix, src, size, mask)
}
