package durable_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
)

// watchedSize is not a whole number of blocks.
const watchedSize = 5*durable.BlockSize/2 + 77

// TestCreateDigests writes files in many ways and expects what was recorded to be what is on the disk.
func TestCreateDigests(t *testing.T) {
	want := expand(watchedSize, []byte("file"))
	for name, fill := range map[string]func(f durable.File) error{
		"in one":    func(f durable.File) error { return writeAll(f, want, 0) },
		"in blocks": func(f durable.File) error { return writeParts(f, want, durable.BlockSize, 1) },
		"askew":     func(f durable.File) error { return writeParts(f, want, durable.BlockSize/3*2, 4) },
		"small":     func(f durable.File) error { return writeParts(f, want, 65536, 7) },
		"backwards": func(f durable.File) error { return writeParts(f, want, -99_999, 1) },
		"twice": func(f durable.File) error {
			if err := writeAll(f, make([]byte, watchedSize), 0); err != nil {
				return err
			}
			return writeParts(f, want, durable.BlockSize/2, 2)
		},
		"cut": func(f durable.File) error {
			if err := writeAll(f, want, 0); err != nil {
				return err
			}
			if err := f.Truncate(100); err != nil {
				return err
			}
			return writeAll(f, want[100:], 100)
		},
		"holes": func(f durable.File) error { return writeAll(f, want[:50_000], 1<<20) },
		"too far": func(f durable.File) error {
			if err := writeAll(f, want, 0); err != nil {
				return err
			}
			if err := writeAll(f, []byte{1}, watchedSize); err != nil {
				return err
			}
			return f.Truncate(watchedSize)
		},
		"one byte last": func(f durable.File) error {
			if err := writeAll(f, make([]byte, watchedSize), 0); err != nil {
				return err
			}
			return writeAll(f, []byte{7}, watchedSize-1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			disk := durabletest.NewDisk()
			created(t, disk, fill)
			rechecked(t, disk)
		})
	}
}

func writeAll(f durable.File, b []byte, off int64) error {
	n, err := f.WriteAt(b, off)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}

// writeParts writes b in parts by several goroutines; a negative part goes backwards.
func writeParts(f durable.File, b []byte, part, workers int) error {
	var offs []int
	for off := 0; off < len(b); off += max(part, -part) {
		offs = append(offs, off)
	}
	if part < 0 {
		part = -part
		slices.Reverse(offs)
	}
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(offs) && errs[w] == nil; i += workers {
				errs[w] = writeAll(f, b[offs[i]:min(offs[i]+part, len(b))], int64(offs[i]))
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func created(t *testing.T, fs durable.FS, fill func(durable.File) error) {
	t.Helper()
	j, err := durable.Open(fs, []byte("watch"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := j.Create(t.Context(), 1, "file", watchedSize, fill); err != nil {
		t.Fatal(err)
	}
}

// rechecked reads everything again, as a resume does.
func rechecked(t *testing.T, fs durable.FS) {
	t.Helper()
	j, err := durable.Open(fs, []byte("watch"), &durable.Options{Report: func(e durable.Event) { t.Errorf("damage: %+v", e) }})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if n, err := j.Check(t.Context(), "file"); err != nil || n != watchedSize {
		t.Errorf("%d bytes are as recorded, want %d: %v", n, watchedSize, err)
	}
}

// TestCreateOverlaps lets goroutines write over each other at random: whatever the file holds in the end is what was recorded.
func TestCreateOverlaps(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		disk := durabletest.NewDisk()
		created(t, disk, func(f durable.File) error {
			var wg sync.WaitGroup
			for w := range 4 {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(uint64(round), uint64(w)))
					b := bytes.Repeat([]byte{byte(w)}, watchedSize)
					for range 8 {
						off, n := r.IntN(4)*durable.BlockSize/2, (1+r.IntN(5))*durable.BlockSize/2
						if err := writeAll(f, b[:min(n, watchedSize-off)], int64(off)); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			return nil
		})
		rechecked(t, disk)
	}
}

// TestCreateCutMeanwhile cuts the file while a write is under way: what was written and is gone was recorded.
func TestCreateCutMeanwhile(t *testing.T) {
	disk := durabletest.NewDisk()
	var file durable.File
	cut := func() {
		for _, size := range []int64{0, watchedSize} {
			if err := file.Truncate(size); err != nil {
				t.Error(err)
			}
		}
	}
	created(t, &durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
		if op.Kind != "write" || op.Name != "file.assay-tmp" {
			return nil
		}
		return &durabletest.Fault{N: op.Len, Then: cut}
	}}, func(f durable.File) error {
		file = f
		return writeAll(f, expand(watchedSize, []byte("file")), 0)
	})
	rechecked(t, disk)
}

// TestCreateReadsNothing counts the reads of a file that is written in whole blocks: its digests are made as it is written.
func TestCreateReadsNothing(t *testing.T) {
	reads := 0
	fs := &durabletest.Faulty{FS: durabletest.NewDisk(), Plan: func(op durabletest.Op) *durabletest.Fault {
		if op.Kind == "read" && op.Name == "file.assay-tmp" {
			reads++
		}
		return nil
	}}
	created(t, fs, func(f durable.File) error {
		return writeParts(f, expand(watchedSize, []byte("file")), durable.BlockSize, 1)
	})
	if reads > 0 {
		t.Errorf("%d reads, want none", reads)
	}
}

// TestCreateRot damages the bytes between their writing and the end of Create: what was written is recorded, not what the disk
// made of it, and a resume tells.
func TestCreateRot(t *testing.T) {
	disk := durabletest.NewDisk()
	created(t, disk, func(f durable.File) error {
		err := writeAll(f, expand(watchedSize, []byte("file")), 0)
		disk.Bytes("file.assay-tmp")[durable.BlockSize+5] ^= 1
		return err
	})
	var events []durable.Event
	j, err := durable.Open(disk, []byte("watch"), &durable.Options{Report: func(e durable.Event) { events = append(events, e) }})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	n, err := j.Check(t.Context(), "file")
	if err != nil || n != 0 || len(events) != 1 || events[0].Block != 1 {
		t.Errorf("%d bytes are as recorded, %v, events %v, want damage in block 1", n, err, events)
	}
}

// TestWriteOut writes a file of the operating system that is large enough for its bytes to be sent to the disk on the way.
func TestWriteOut(t *testing.T) {
	dir := t.TempDir()
	disk, err := durable.OpenOS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	f, err := disk.OpenFile("large", os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	b := expand(1<<20, []byte("large"))
	for i := range int64(33) {
		if err := writeAll(f, b, i<<20); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(dir + "/large")
	if err != nil || !bytes.Equal(got, bytes.Repeat(b, 33)) {
		t.Errorf("other bytes, or %v", err)
	}
}
