package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// TestWriteFileDevice writes to a pipe, which must not be replaced by a file.
func TestWriteFileDevice(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	name := filepath.Join("/proc/self/fd", strconv.Itoa(int(w.Fd())))
	if info, err := os.Stat(name); err != nil || info.Mode().IsRegular() {
		t.Skip("/proc: this system names no open pipes")
	}
	err = WriteFile(name, func(w io.Writer) error {
		_, err := io.WriteString(w, "text")
		return err
	})
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); string(b) != "text" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// TestWriteFile fails in the middle of a file, over an older one: that stays, and nothing lies beside it.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	name, full := filepath.Join(dir, "out"), errors.New("disk full")
	write := func(text string, end error) error {
		return WriteFile(name, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return errors.Join(err, end)
		})
	}
	if err := write("old", nil); err != nil {
		t.Fatal(err)
	}
	if err := write("half", full); !errors.Is(err, full) {
		t.Error(err)
	}
	files, err := os.ReadDir(dir)
	if b, e := os.ReadFile(name); string(b) != "old" || errors.Join(err, e) != nil || len(files) != 1 {
		t.Errorf("%q among %v: %v, %v", b, files, err, e)
	}
	if err := WriteFile(dir, func(io.Writer) error { return nil }); err == nil {
		t.Error("a folder was written to")
	}
	if err := WriteFile(filepath.Join(name, "below"), func(io.Writer) error { return nil }); err == nil {
		t.Error("a file below a file")
	}
}
