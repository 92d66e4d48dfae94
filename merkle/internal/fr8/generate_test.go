package fr8

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGenerated writes the assembly anew and wants no difference.
func TestGenerated(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: compiles the generator")
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("generator: no go command")
	}
	out := filepath.Join(t.TempDir(), "fr8_amd64.s")
	cmd := exec.Command(tool, "run", "-C", "_asm", ".", "-out", out)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("generator: %v\n%s", err, b)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("fr8_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("fr8_amd64.s is not what _asm writes: go generate")
	}
}
