//go:build purego || !amd64

package sha2

import "github.com/assaylab/assay/merkle"

// shani says that the kernels can run: never in this build.
const shani = false

func sum(dst []merkle.Digest, prefix, src []byte, size int, mask byte) {
	sumGeneric(dst, prefix, src, size, mask)
}
