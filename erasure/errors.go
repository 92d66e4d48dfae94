package erasure

import (
	"errors"
	"fmt"
)

var (
	// ErrShape says that a code of the wanted numbers of shards does not exist here.
	ErrShape = errors.New("erasure: impossible shape")

	// ErrShardSize says that shards are of unequal or impossible size.
	ErrShardSize = errors.New("erasure: wrong shard size")

	// ErrTooFewShards says that more is lost or corrupt than the code can rebuild. Nothing was changed.
	ErrTooFewShards = errors.New("erasure: too few good shards")

	// ErrProof says that a proof, or data that comes with a root, was refuted.
	ErrProof = errors.New("erasure: refuted")

	// ErrFormat says that bytes are no manifest, header or proof of this package.
	ErrFormat = errors.New("erasure: malformed bytes")
)

// A ShardError names the shard, and the block inside it, that an error is about.
type ShardError struct {
	Shard int
	Block int64 // -1 where the whole shard is meant
	Err   error
}

// Error names the shard and the block.
func (e *ShardError) Error() string {
	if e.Block < 0 {
		return fmt.Sprintf("erasure: shard %d: %v", e.Shard, e.Err)
	}
	return fmt.Sprintf("erasure: shard %d block %d: %v", e.Shard, e.Block, e.Err)
}

// Unwrap returns the reason.
func (e *ShardError) Unwrap() error { return e.Err }
