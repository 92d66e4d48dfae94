package flat

import (
	"io"
	"math"
	"testing"
)

var _ io.WriterAt = Buffer(nil)

func TestWriteAt(t *testing.T) {
	b := make(Buffer, 4)
	for _, off := range []int64{0, 3, 2} {
		if n, err := b.WriteAt([]byte{byte(off + 1)}, off); n != 1 || err != nil {
			t.Errorf("at %d: %d, %v", off, n, err)
		}
	}
	if n, err := b.WriteAt(nil, 4); n != 0 || err != nil {
		t.Errorf("nothing at the end: %v", err)
	}
	for _, off := range []int64{-1, 3, 4, 5, math.MaxInt64, math.MinInt64} {
		if n, err := b.WriteAt([]byte{9, 9}, off); n != 0 || err == nil {
			t.Errorf("at %d: %d bytes", off, n)
		}
	}
	if string(b) != "\x01\x00\x03\x04" {
		t.Errorf("%x", []byte(b))
	}
}
