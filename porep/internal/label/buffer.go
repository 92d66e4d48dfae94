package label

import (
	"fmt"
	"math"
)

// huge is the size of a huge page on the machines that matter here.
const huge = 2 << 20

// A Buffer is zeroed memory for label layers: off the Go heap and on huge pages on Linux, plain memory
// elsewhere. Any other []byte serves [Lanes.Label] as well, more slowly once layers exceed the caches.
type Buffer struct {
	mapping, bytes []byte
}

// NewBuffer returns n bytes, n > 0. Free returns them to the system.
func NewBuffer(n int) (*Buffer, error) {
	if n <= 0 || n > math.MaxInt-huge {
		return nil, fmt.Errorf("label: got a buffer of %d bytes", n)
	}
	mapping, b, err := alloc(n)
	if err != nil {
		return nil, err
	}
	return &Buffer{mapping, b}, nil
}

// Bytes returns the memory. It must not be touched after Free.
func (b *Buffer) Bytes() []byte { return b.bytes }

// Free gives the memory back. Free of a freed or nil Buffer does nothing.
func (b *Buffer) Free() error {
	if b == nil || b.mapping == nil {
		return nil
	}
	m := b.mapping
	b.mapping, b.bytes = nil, nil
	return release(m)
}
