package durable

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
)

// verify returns how many of the parts, from the first on, are on disk as they were recorded. A file that is missing,
// short, or whose bytes differ or cannot be read, is damage; only the end of ctx is an error.
func (j *Job) verify(ctx context.Context, name string, parts []part) (good int, err error) {
	file, err := j.OpenFile(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fs.ErrNotExist
		}
		j.report(name, -1, err)
		return 0, nil
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		j.report(name, -1, err)
		return 0, nil
	}
	m := j.meter(parts)
	for i, p := range parts {
		if p.offset+p.length > size {
			j.report(name, size/BlockSize, fmt.Errorf("the file has %d bytes, %d are recorded", size, p.offset+p.length))
			return i, nil
		}
		block, reason := j.verifyPart(ctx, file, p, m)
		if err := context.Cause(ctx); err != nil {
			return 0, err
		}
		if reason != nil {
			j.report(name, block, reason)
			return i, nil
		}
	}
	return len(parts), nil
}

var errDigest = errors.New("the bytes differ from their recorded digest")

// verifyPart compares a part with its digests; block is the first that differs, -1 where that is not known.
func (j *Job) verifyPart(ctx context.Context, file File, p part, m *meter) (block int64, err error) {
	want := j.sums.get(p.block, blocks(p.length), p.digest)
	switch {
	case j.opt.Resume == Trust:
		return 0, nil
	case j.opt.Resume == Sampled && want != nil:
		return sample(ctx, file, p, want, j.opt.Samples, m)
	}
	have, err := digestRange(ctx, file, p.offset, p.length, j.opt.Workers, m)
	if err != nil {
		return -1, err
	}
	if sum(flatten(have)) == p.digest {
		return 0, nil
	}
	for i := range want {
		if have[i] != want[i] {
			return p.offset/BlockSize + int64(i), errDigest
		}
	}
	return -1, errDigest
}

// sample compares n random blocks, the last one always among them: a short write shows there.
func sample(ctx context.Context, file File, p part, want []Digest, n int, m *meter) (block int64, err error) {
	picks := rand.Perm(len(want))
	if len(picks) > n {
		picks = append(picks[:n-1], len(want)-1)
	}
	left := p.length
	for k, i := range picks {
		if err := context.Cause(ctx); err != nil {
			return -1, err
		}
		have, err := digestBlock(file, p.offset, p.length, int64(i))
		if err == nil && have != want[i] {
			err = errDigest
		}
		if err != nil {
			return p.offset/BlockSize + int64(i), err
		}
		share := left / int64(len(picks)-k)
		m.add(share)
		left -= share
	}
	return 0, nil
}

// A meter reports the bytes of a file that were checked. nil is silent.
type meter struct {
	report      func(stage string, done, total uint64)
	done, total uint64
	mu          *sync.Mutex // the job's: several files may be checked side by side
}

const checkStage = "check files"

func (j *Job) meter(parts []part) *meter {
	if j.opt.Progress == nil {
		return nil
	}
	m := &meter{report: j.opt.Progress, mu: &j.progress}
	for _, p := range parts {
		m.total += uint64(p.length)
	}
	return m
}

func (m *meter) add(bytes int64) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += uint64(bytes)
	m.report(checkStage, m.done, m.total)
}
