package groth16

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestWasm verifies the real proof of TestRawVectors and aggregates in WebAssembly, where Node is present.
func TestWasm(t *testing.T) {
	if testing.Short() || runtime.GOOS == "js" {
		t.Skip("builds the package for js/wasm")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no Go tool: ", err)
	}
	runner := filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "go_js_wasm_exec")
	if !exists(runner) {
		t.Skip("Go's runner for wasm is absent: ", runner)
	}
	cmd := exec.Command("go", "test", "-short", "-count=1", "-v", "-run", "^(TestRawVectors|TestAggregateVectors)$", "-exec", runner, ".")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"TestRawVectors", "TestAggregateVectors"} {
		if !strings.Contains(string(out), "--- PASS: "+name) {
			t.Errorf("%s did not pass in wasm:\n%s", name, out)
		}
	}
}
