package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/assaylab/assay/erasure"
)

// counted counts the bytes that are read from a shard.
type counted struct {
	io.ReaderAt
	n *atomic.Int64
}

func (c counted) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, off)
	c.n.Add(int64(n))
	return n, err
}

// repairReads returns a side that rebuilds each of the first lost shards of an object in turn, one at a time, and reports the
// bytes read for a shard as nanoseconds; and a check that what it rebuilt is right.
func repairReads(c erasure.Coder, lost []int) (s side, size int, check func() error, err error) {
	ctx, opt := context.Background(), &erasure.Options{Workers: 1}
	n := c.Data() + c.Parity()
	bufs, w := make([]bytes.Buffer, n), make([]io.Writer, n)
	for i := range w {
		w[i] = &bufs[i]
	}
	m, err := erasure.Encode(ctx, c, bytes.NewReader(noise(1, c.Data()<<16)), w, opt)
	if err != nil {
		return nil, 0, nil, err
	}
	once := func() (int64, error) {
		var read atomic.Int64
		in := make([]io.ReaderAt, n)
		for i := range in {
			in[i] = counted{bytes.NewReader(bufs[i].Bytes()), &read}
		}
		for _, i := range lost {
			var got bytes.Buffer
			out := make([]io.Writer, n)
			out[i] = &got
			if _, err := erasure.Repair(ctx, m, in, out, opt); err != nil {
				return 0, err
			}
			if !bytes.Equal(got.Bytes(), bufs[i].Bytes()) {
				return 0, fmt.Errorf("shard %d", i)
			}
		}
		return read.Load() / int64(len(lost)), nil
	}
	s = func(n int) (took time.Duration, err error) {
		for range n {
			read, err := once()
			if err != nil {
				return 0, err
			}
			took += time.Duration(read)
		}
		return took, nil
	}
	return s, bufs[0].Len(), func() error { _, err := once(); return err }, nil
}

// reads compares the bytes that two codes read to rebuild one of the data shards: the mean over all of them.
func reads(ours, theirs func() (erasure.Coder, error), peer string) func() ([]duel, func(), error) {
	return func() ([]duel, func(), error) {
		a, err := ours()
		if err != nil {
			return nil, nil, err
		}
		b, err := theirs()
		if err != nil {
			return nil, nil, err
		}
		var lost []int
		for i := range a.Data() {
			lost = append(lost, i)
		}
		left, size, check, err := repairReads(a, lost)
		if err != nil {
			return nil, nil, err
		}
		right, other, also, err := repairReads(b, lost)
		if err == nil && size != other {
			err = errors.New("shards of different sizes")
		}
		if err != nil {
			return nil, nil, err
		}
		return []duel{{peer: peer, unit: "read/byte", work: float64(size), ours: left, theirs: right,
			check: func() error { return errors.Join(check(), also()) }}}, nil, nil
	}
}

func rsCoder(k, m int) func() (erasure.Coder, error) {
	return func() (erasure.Coder, error) { return erasure.New(k, m, nil) }
}

func lrcCoder() (erasure.Coder, error) {
	return erasure.NewLRC(erasure.LRCShape{Data: 12, Groups: 2, Global: 2}, nil)
}

func clayCoder() (erasure.Coder, error) { return erasure.NewClay(nil) }
