package vectortest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// A recorder is a test that ends in no harm.
type recorder struct {
	testing.TB
	end string
}

func (r *recorder) stop(end string) { r.end = end; runtime.Goexit() }

func (r *recorder) Fatal(...any)          { r.stop("fatal") }
func (r *recorder) Fatalf(string, ...any) { r.stop("fatal") }
func (r *recorder) Skipf(string, ...any)  { r.stop("skip") }

// TestRead reads vectors that are there, absent, unreadable and malformed: only the absent one skips the test.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("ASSAY_VECTORS", dir)
	for name, text := range map[string]string{"good.json": `{"A": 7}`, "bad.json": `{"A": 7`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"good.json": "", "absent.json": "skip", "absent/good.json": "skip",
		"bad.json": "fatal", "folder.json": "fatal", "good.json/below.json": "fatal"} {
		r := &recorder{TB: t}
		var v struct{ A int }
		done := make(chan struct{})
		go func() { defer close(done); Read(r, name, &v) }()
		<-done
		if r.end != want || (v.A == 7) != (want == "") {
			t.Errorf("%s: %q, want %q; read %+v", name, r.end, want, v)
		}
	}
}
