package groth16

import (
	"errors"
	"fmt"
)

var (
	// ErrProof says that a proof is refuted: it does not decode, or its equation does not hold.
	ErrProof = errors.New("groth16: proof refuted")

	// ErrKey says that the bytes of a verifying key or of a reference string are malformed.
	ErrKey = errors.New("groth16: malformed key")

	// ErrInputs says that public inputs do not fit the key: wrong number, or a value that is no reduced field element.
	ErrInputs = errors.New("groth16: unfit public inputs")
)

// errNoKey is for a nil or zero key, which proves nothing.
var errNoKey = fmt.Errorf("%w: no key", ErrKey)

// A PointError says which point of an encoding was refused and why. It wraps ErrProof or ErrKey.
type PointError struct {
	Point  string // "A", "B", "C", "gamma G2", "IC 17" ...
	Reason string
	Kind   error // ErrProof or ErrKey
}

func (e *PointError) Error() string {
	return fmt.Sprintf("%v: point %s: %s", e.Kind, e.Point, e.Reason)
}

func (e *PointError) Unwrap() error { return e.Kind }

// A BatchError lists the members of a batch that were not proven, each with the error that verifying it alone gives. It
// wraps all of these, so that errors.Is(err, ErrProof) holds where at least one member was refuted.
type BatchError struct {
	Bad  []int   // indexes in the batch, ascending
	Errs []error // why, beside Bad
}

func (e *BatchError) Error() string {
	return fmt.Sprintf("groth16: %d members of the batch not proven, the first is %d: %v", len(e.Bad), e.Bad[0], e.Errs[0])
}

func (e *BatchError) Unwrap() []error { return e.Errs }
