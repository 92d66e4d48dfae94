package durable_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
)

// TestMarksAfterDivergence makes a damaged file again with other bytes: marks of before it stay, marks and files of after it go,
// in this run and in the next.
func TestMarksAfterDivergence(t *testing.T) {
	disk := durabletest.NewDisk()
	open := func() *durable.Job { return openMarks(t, disk, nil) }
	mark := func(j *durable.Job, phase uint8, number int64) {
		t.Helper()
		if err := j.Mark(phase, durable.Mark{Number: number}); err != nil {
			t.Fatal(err)
		}
	}
	j := open()
	mark(j, 1, 11)
	store(t, j, "first", "one")
	store(t, j, "second", "two")
	mark(j, 2, 22)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	disk.Bytes("first")[0] ^= 1

	j = open()
	if n, err := j.Check(t.Context(), "first"); err != nil || n != 0 {
		t.Fatalf("%d bytes of a damaged file, %v", n, err)
	}
	store(t, j, "first", "uno")
	for range 2 {
		if m, ok := j.Marked(1); !ok || m.Number != 11 {
			t.Errorf("the mark before the file: %v, %v", m, ok)
		}
		if m, ok := j.Marked(2); ok {
			t.Errorf("the mark after the file: %v", m)
		}
		if n, err := j.Check(t.Context(), "second"); err != nil || n != 0 {
			t.Errorf("%d bytes of what was made of other bytes, %v", n, err)
		}
		if n, err := j.Check(t.Context(), "first"); err != nil || n != 3 {
			t.Errorf("%d bytes of what was made again, %v", n, err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		j = open()
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func openMarks(t *testing.T, fs durable.FS, opt *durable.Options) *durable.Job {
	t.Helper()
	j, err := durable.Open(fs, []byte("marks"), opt)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// store makes a file with Create.
func store(t *testing.T, j *durable.Job, name, content string) {
	t.Helper()
	err := j.Create(t.Context(), 1, name, int64(len(content)), func(f durable.File) error { return writeAll(f, []byte(content), 0) })
	if err != nil {
		t.Fatal(err)
	}
}

// TestVoidWhileChecked makes a file again, with other bytes, while another that was built on it is being checked: that one is
// void. It panicked.
func TestVoidWhileChecked(t *testing.T) {
	disk := durabletest.NewDisk()
	j := openMarks(t, disk, nil)
	store(t, j, "first", "one")
	store(t, j, "second", "two")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	disk.Bytes("first")[0] ^= 1

	j = openMarks(t, &durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
		if op.Kind != "read" || op.Name != "second" {
			return nil
		}
		return &durabletest.Fault{N: op.Len, Then: func() { store(t, j, "first", "uno") }}
	}}, nil)
	defer func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}()
	if n, err := j.Check(t.Context(), "first"); err != nil || n != 0 {
		t.Fatalf("%d bytes of a damaged file, %v", n, err)
	}
	if n, err := j.Check(t.Context(), "second"); err != nil || n != 0 {
		t.Errorf("%d bytes of what was made of other bytes, %v", n, err)
	}
}

// TestProgress checks files side by side: every file's bytes are told whole, by one goroutine at a time.
func TestProgress(t *testing.T) {
	disk := durabletest.NewDisk()
	names := []string{"a", "b", "c"}
	j := openMarks(t, disk, nil)
	for _, name := range names {
		store(t, j, name, string(expand(3*durable.BlockSize+7, []byte(name))))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, opt := range []durable.Options{{Resume: durable.Full}, {Resume: durable.Sampled, Samples: 3}} {
		active, whole := 0, 0
		opt.Progress = func(stage string, done, total uint64) {
			active++
			runtime.Gosched()
			if active != 1 || done > total || total != 3*durable.BlockSize+7 {
				t.Errorf("%d at a time, %d of %d", active, done, total)
			}
			if done == total {
				whole++
			}
			active--
		}
		j := openMarks(t, disk, &opt)
		var wg sync.WaitGroup
		for _, name := range names {
			wg.Go(func() {
				if n, err := j.Check(t.Context(), name); err != nil || n != 3*durable.BlockSize+7 {
					t.Errorf("%d bytes, %v", n, err)
				}
			})
		}
		wg.Wait()
		if err := j.Close(); err != nil {
			t.Error(err)
		}
		if whole != len(names) {
			t.Errorf("policy %d: %d files were told to be whole, want %d", opt.Resume, whole, len(names))
		}
	}
}
