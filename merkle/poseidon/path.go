package poseidon

import "github.com/assaylab/assay/merkle"

// hash is Hash without checks.
func hash(dst, src []merkle.Digest, arity int, tag uint64) {
	hashScalar(dst, src, arity, tag)
}

// columnBatch is how many columns are gathered at a time where no kernel reads the layers directly.
const columnBatch = 16

// columns is Columns without checks.
func columns(dst []merkle.Digest, layers [][]byte) {
	var nodes [columnBatch * 11]merkle.Digest
	arity := len(layers)
	for at := 0; at < len(dst); at += columnBatch {
		n := min(columnBatch, len(dst)-at)
		for i := range n {
			for l, b := range layers {
				copy(nodes[i*arity+l][:], b[32*(at+i):])
			}
		}
		hash(dst[at:at+n], nodes[:n*arity], arity, Tag(arity))
	}
}
