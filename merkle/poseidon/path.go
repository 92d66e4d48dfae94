package poseidon

import (
	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/internal/fr8"
)

// A path is a way to compute hashes; all give the same digests.
type path int

const (
	pathGeneric path = iota // the definition
	pathScalar              // one at a time, by the recurrence
	pathIFMA                // sixteen at a time
)

func (p path) String() string { return [...]string{"generic", "scalar", "ifma"}[p] }

// best is the path of this processor. Tests set it.
var best = func() path {
	if fr8.Supported() {
		return pathIFMA
	}
	return pathScalar
}()

// Kernel names the path that batches take on this processor: "ifma", or "scalar" where AVX-512 IFMA is
// absent, built out (tag purego) or turned off (ASSAY_NO_AVX512 set in the environment).
func Kernel() string { return best.String() }

// laneMin is the shortest batch worth a vector of sixteen.
const laneMin = 2

// hash is Hash without checks.
func hash(dst, src []merkle.Digest, arity int, tag uint64) {
	switch {
	case best == pathIFMA && len(dst) >= laneMin && arity > 1:
		hashLanes(dst, src, arity, tag)
	case best != pathGeneric:
		hashScalar(dst, src, arity, tag)
	default:
		hashGeneric(dst, src, arity, tag)
	}
}

// columns is Columns without checks.
func columns(dst []merkle.Digest, layers [][]byte) {
	if best == pathIFMA && len(dst) >= laneMin {
		columnLanes(dst, layers)
		return
	}
	var nodes [columnBatch * 11]merkle.Digest
	arity := len(layers)
	for at := 0; at < len(dst); at += columnBatch {
		n := min(columnBatch, len(dst)-at)
		gather(nodes[:n*arity], layers, at)
		hash(dst[at:at+n], nodes[:n*arity], arity, Tag(arity))
	}
}

// columnBatch is how many columns are gathered at a time where no kernel reads the layers directly.
const columnBatch = 16

// gather copies the columns of nodes at, at+1 ... to dst, one after another.
func gather(dst []merkle.Digest, layers [][]byte, at int) {
	for i := range dst {
		node, layer := at+i/len(layers), layers[i%len(layers)]
		copy(dst[i][:], layer[32*node:])
	}
}
