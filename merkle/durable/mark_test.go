package durable_test

import (
	"testing"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
)

// TestMarksAfterDivergence makes a damaged file again with other bytes: marks of before it stay, marks and files of after it go,
// in this run and in the next.
func TestMarksAfterDivergence(t *testing.T) {
	disk := durabletest.NewDisk()
	open := func() *durable.Job {
		j, err := durable.Open(disk, []byte("marks"), nil)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	create := func(j *durable.Job, name, content string) {
		t.Helper()
		err := j.Create(t.Context(), 1, name, int64(len(content)), func(f durable.File) error { return writeAll(f, []byte(content), 0) })
		if err != nil {
			t.Fatal(err)
		}
	}
	mark := func(j *durable.Job, phase uint8, number int64) {
		t.Helper()
		if err := j.Mark(phase, durable.Mark{Number: number}); err != nil {
			t.Fatal(err)
		}
	}
	j := open()
	mark(j, 1, 11)
	create(j, "first", "one")
	create(j, "second", "two")
	mark(j, 2, 22)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	disk.Bytes("first")[0] ^= 1

	j = open()
	if n, err := j.Check(t.Context(), "first"); err != nil || n != 0 {
		t.Fatalf("%d bytes of a damaged file, %v", n, err)
	}
	create(j, "first", "uno")
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
