package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write puts a file into a fresh folder and returns the folder.
func write(t *testing.T, name, content string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestUnknownAndEmptyFail(t *testing.T) {
	var out strings.Builder
	if run(&out, []string{write(t, "nobody_knows.json", "{}")}, options{}) {
		t.Error("an unknown file passed")
	}
	if run(&out, []string{t.TempDir()}, options{}) {
		t.Error("an empty folder passed")
	}
	if run(&out, []string{filepath.Join(t.TempDir(), "missing")}, options{}) {
		t.Error("a missing folder passed")
	}
	if run(&out, []string{write(t, "README.md", "prose")}, options{}) {
		t.Error("a folder of prose alone passed")
	}
}

func TestLookupTakesTheLongestPrefix(t *testing.T) {
	for name, want := range map[string]string{
		"seal.json":                "seal",
		"seal_512mib.json":         "seal_512mib",
		"seal_records_v16.jsonl":   "seal_records",
		"filecoin_deadlines.json":  "filecoin_deadlines",
		"groth16_raw_winning.json": "groth16_raw_",
	} {
		if f := lookup(name); f == nil || f.prefix != want {
			t.Errorf("%s: got %+v, want prefix %s", name, f, want)
		}
	}
}
