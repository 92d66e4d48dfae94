// Package vectortest finds the recorded vectors that the tests below porep are held against.
package vectortest

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Find returns the path of a vector by its slash-separated name below the shared vectors, and whether it is there: in the testdata of
// the package under test by its last element, or else in $ASSAY_VECTORS, by default ../shared/vectors from the
// repository. A place that cannot be looked at fails the test.
func Find(t testing.TB, name string) (path string, ok bool) {
	t.Helper()
	for _, path = range []string{filepath.Join("testdata", filepath.Base(name)), filepath.Join(root(t), filepath.FromSlash(name))} {
		_, err := os.Stat(path)
		if err == nil {
			return path, true
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return path, false
}

// Path is Find that skips the test where the vector is absent.
func Path(t testing.TB, name string) string {
	t.Helper()
	path, ok := Find(t, name)
	if !ok {
		t.Skipf("vectors: %s is absent", path)
	}
	return path
}

// Read decodes a vector of JSON into dst. It skips the test where the vector is absent; one that cannot be read fails it.
func Read(t testing.TB, name string, dst any) {
	t.Helper()
	path := Path(t, name)
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, dst)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// root is where the shared vectors are.
func root(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("ASSAY_VECTORS"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			break
		}
	}
	return filepath.Join(dir, "..", "shared", "vectors")
}
