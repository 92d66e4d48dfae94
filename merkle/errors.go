package merkle

import (
	"errors"
	"fmt"
)

var (
	// ErrProof says that a proof was judged and is refuted: its nodes do not lead from the leaf at
	// that index to the root, or it has not the form the shape demands. An error of a Verify function
	// that is not ErrProof means that nothing could be judged (a hasher that lacks the arity, say).
	ErrProof = errors.New("merkle: proof refuted")

	// ErrShape says that a shape, an index or a count of nodes is impossible.
	ErrShape = errors.New("merkle: impossible shape")

	// ErrCorrupt says that stored nodes contradict each other, their leaves or the recorded root.
	ErrCorrupt = errors.New("merkle: stored tree is corrupt")
)

// A NodeError names the node that was found wrong. Err is ErrCorrupt for a stored node that differs
// from what lies below it, and ErrNode for one that is no possible node of the hasher.
type NodeError struct {
	Level int    // 0 for leaves
	Index uint64 // within the level, over all base trees
	Err   error
}

// ErrNode says that 32 bytes are no canonical node of the hasher at hand.
var ErrNode = errors.New("not a canonical node")

func (e *NodeError) Error() string {
	return fmt.Sprintf("merkle: node %d of level %d: %v", e.Index, e.Level, e.Err)
}

func (e *NodeError) Unwrap() error { return e.Err }
