// Package flat has memory that is written to as a file is.
package flat

import "fmt"

// A Buffer is an io.WriterAt of fixed size.
type Buffer []byte

// WriteAt implements io.WriterAt. What does not fit is refused whole.
func (b Buffer) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(b)) || int64(len(p)) > int64(len(b))-off {
		return 0, fmt.Errorf("flat: %d bytes at %d of %d", len(p), off, len(b))
	}
	return copy(b[off:], p), nil
}
