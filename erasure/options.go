package erasure

import (
	"io"

	"github.com/assaylab/assay/merkle"
)

// Options of codes, streams and stores. Nil and the zero value work.
type Options struct {
	// Workers is the number of goroutines that code and hash; default GOMAXPROCS. Results do not depend on it.
	Workers int

	// Block is the number of bytes of a shard that are hashed, located and coded together: a power of two
	// from 1 KiB to 1 MiB. Default: 1 MiB, halved while a block of every shard needs more than 64 MiB.
	Block int

	// Hasher makes the digests of blocks and trees. Default: BLAKE3. It must support arity 2.
	Hasher merkle.Hasher

	// Commit, if set, is called once a shard when encoding; all of the shard's bytes are written to the
	// writer it returns, then sum's value goes into the manifest beside the shard (a CommP, for instance).
	Commit func(shard int) (w io.Writer, sum func() (merkle.Digest, error))

	// Salvage lets Decode and Repair go on using the good blocks of a shard in which a block was bad.
	// Default: a shard with a bad block counts as lost whole.
	Salvage bool

	// Progress is called between batches with the stage ("encode", "verify", "decode", "repair") and bytes.
	Progress func(stage string, done, total uint64)
}
