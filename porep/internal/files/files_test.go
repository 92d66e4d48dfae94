package files

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
)

var (
	errFile = errors.New("kit: not the file")
	kit     = Kit{Package: "kit", ErrFile: errFile}
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// names returns what lies in a directory.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

// TestOut makes files: none has its name before it is finished, and what is dropped leaves nothing.
func TestOut(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	out, err := kit.CreateAll([]string{a, b}, 10)
	must(t, err)
	for i, w := range out.Writers() {
		_, err := w.WriteAt([]byte{byte(7 + i)}, 9)
		must(t, err)
	}
	for _, text := range []string{"in", " turn"} {
		_, err := io.WriteString(out[0], text)
		must(t, err)
	}
	if got := names(t, dir); got != "a.tmp b.tmp" {
		t.Errorf("in the making: %s", got)
	}
	must(t, out[0].Finish())
	out.Drop()
	out.Drop()
	if got := names(t, dir); got != "a" || out[0].Path() != a {
		t.Errorf("left are %s", got)
	}
	if got, err := os.ReadFile(a); err != nil || string(got) != "in turn\x00\x00\x07" {
		t.Errorf("%q, %v", got, err)
	}
	must(t, os.Mkdir(b, 0o700))
	if _, err := kit.CreateAll([]string{a, filepath.Join(b, "missing", "c")}, 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in no directory: %v", err)
	}
	if out, err = kit.CreateAll([]string{b}, 1); err != nil || out.Finish() == nil {
		t.Errorf("a file took the place of a directory: %v", err)
	}
	if got := names(t, dir); got != "a b" {
		t.Errorf("left are %s", got)
	}
	if _, err := kit.Create("", 1); !errors.Is(err, errFile) || !errors.Is(err, ErrNoName) {
		t.Errorf("no name: %v", err)
	}
}

// A disk is a folder in memory.
type disk struct{ durable.FS }

func (disk) Close() error { return nil }

// TestFinishFails lets each operation of Finish fail: nothing is left then. A file whose directory could not be synced kept its
// name, as if it were durable.
func TestFinishFails(t *testing.T) {
	for _, kind := range []string{"sync", "rename", "syncdir"} {
		d := durabletest.NewDisk()
		faulty := &durabletest.Faulty{FS: d, Plan: func(op durabletest.Op) *durabletest.Fault {
			if op.Kind != kind {
				return nil
			}
			return &durabletest.Fault{Err: io.ErrNoProgress}
		}}
		f, err := faulty.OpenFile("a"+unfinished, os.O_RDWR|os.O_CREATE)
		must(t, err)
		out := &Out{File: f, kit: kit, dir: disk{faulty}, path: "a"}
		if err := out.Finish(); !errors.Is(err, io.ErrNoProgress) || !strings.HasPrefix(err.Error(), "kit: a: ") {
			t.Errorf("%s: %v", kind, err)
		}
		out.Drop()
		if left := d.Names(); len(left) > 0 {
			t.Errorf("%s: %v is left", kind, left)
		}
	}
}

// TestOpen opens files, and refuses what is no regular file or lies elsewhere.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	inner, a := filepath.Join(dir, "inner"), filepath.Join(dir, "a")
	must(t, os.Mkdir(inner, 0o700))
	must(t, os.WriteFile(a, []byte("0123"), 0o600))
	in, err := kit.OpenAll([]string{a, a}, 4)
	must(t, err)
	b := make([]byte, 2)
	must(t, ReadFull(in.Readers()[1], b, 2))
	in.Close()
	if string(b) != "23" || in[0].Close() == nil {
		t.Errorf("read %q, or not closed", b)
	}
	if _, err := kit.OpenAll([]string{a, a}, 5); !errors.Is(err, errFile) {
		t.Errorf("another size: %v", err)
	}
	link := filepath.Join(inner, "link")
	if err := os.Symlink(filepath.Join("..", "a"), link); err == nil {
		if _, _, err := kit.Open(link); err == nil {
			t.Error("a link led out of its directory")
		}
	}
	for path, want := range map[string]error{"": ErrNoName, inner: errFile, filepath.Join(dir, "none"): fs.ErrNotExist, filepath.Join(dir, "none", "a"): fs.ErrNotExist} {
		if _, _, err := kit.Open(path); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", path, err, want)
		}
	}
}

// TestSmall writes small files and reads them, also out of a folder, and holds their sizes against the limits.
func TestSmall(t *testing.T) {
	var made []string
	k := kit
	k.Made = func(path string) error {
		made = append(made, path)
		return io.ErrNoProgress
	}
	dir := t.TempDir()
	a := filepath.Join(dir, "a")
	if err := k.WriteFile(a, []byte("0123")); !errors.Is(err, io.ErrNoProgress) || len(made) != 1 || made[0] != a {
		t.Errorf("%v was told of %v", err, made)
	}
	disk := durabletest.NewDisk()
	f, err := disk.OpenFile("a", os.O_RDWR|os.O_CREATE)
	must(t, err)
	_, err = f.WriteAt([]byte("4567"), 0)
	must(t, err)
	for path, c := range map[string]struct {
		k    Kit
		want string
	}{a: {kit, "0123"}, "a": {Kit{Package: "kit", ErrFile: errFile, FS: disk}, "4567"}} {
		if b, err := c.k.ReadSmall(path, 4); err != nil || string(b) != c.want {
			t.Errorf("%q, %v, want %q", b, err, c.want)
		}
		in, err := c.k.OpenPadded(path, 4)
		must(t, err)
		b := make([]byte, 4)
		must(t, ReadFull(in, b, 2))
		must(t, in.Close())
		if string(b) != c.want[2:]+"\x00\x00" {
			t.Errorf("read %q", b)
		}
		if _, err := c.k.ReadSmall(path, 3); !errors.Is(err, errFile) {
			t.Errorf("longer than the limit: %v", err)
		}
		if _, err := c.k.OpenPadded(path, 3); !errors.Is(err, errFile) {
			t.Errorf("longer than padded: %v", err)
		}
		if _, err := c.k.OpenSized(path, 5); !errors.Is(err, errFile) {
			t.Errorf("another size: %v", err)
		}
		if _, err := c.k.ReadSmall("", 4); !errors.Is(err, ErrNoName) {
			t.Errorf("no name: %v", err)
		}
		if _, err := c.k.ReadSmall(path+"b", 4); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("no file: %v", err)
		}
	}
}

// TestReadFull reads what is there, beyond it, and with an error.
func TestReadFull(t *testing.T) {
	r, bad := bytes.NewReader([]byte("0123")), failing{iotest.ErrTimeout}
	for _, c := range []struct {
		r    io.ReaderAt
		n    int
		off  int64
		want error
	}{{r, 4, 0, nil}, {r, 0, 4, nil}, {r, 2, 3, io.ErrUnexpectedEOF}, {r, 1, 4, io.ErrUnexpectedEOF}, {bad, 1, 0, iotest.ErrTimeout}, {failing{}, 1, 0, io.ErrUnexpectedEOF}} {
		if err := ReadFull(c.r, make([]byte, c.n), c.off); err != c.want {
			t.Errorf("%d bytes from %d: %v, want %v", c.n, c.off, err, c.want)
		}
	}
}

// TestZeroFilled reads before, across and behind the end of what there is, and where there is less than was said.
func TestZeroFilled(t *testing.T) {
	for _, c := range []struct {
		have, off int64
		want      string
		err       error
	}{{4, 0, "012", nil}, {4, 2, "23\x00", nil}, {4, 4, "\x00\x00\x00", nil}, {4, 9, "\x00\x00\x00", nil}, {5, 3, "", io.ErrUnexpectedEOF}} {
		b := []byte("xxx")
		n, err := ZeroFilled{strings.NewReader("0123"), c.have}.ReadAt(b, c.off)
		if string(b[:n]) != c.want || err != c.err {
			t.Errorf("3 bytes from %d of %d: %q, %v, want %q, %v", c.off, c.have, b[:n], err, c.want, c.err)
		}
	}
}

// A failing reader reads nothing.
type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }
