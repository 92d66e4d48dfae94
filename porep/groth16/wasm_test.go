package groth16

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestWasm verifies the real proof of TestRawVectors and aggregates in WebAssembly, where Node is present.
func TestWasm(t *testing.T) {
	if testing.Short() || runtime.GOOS == "js" {
		t.Skip("-short or js: builds the package for js/wasm")
	}
	if exec.Command("node", "-e", "process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)").Run() != nil {
		t.Skip("node 18 or later is not installed")
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no Go tool: ", err)
	}
	runner := filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "go_js_wasm_exec")
	if _, err := os.Stat(runner); err != nil {
		t.Skip("Go's runner for wasm is absent: ", runner)
	}
	cmd := exec.Command("go", "test", "-short", "-count=1", "-v", "-run", "^(TestRawVectors|TestAggregateVectors)$", "-exec", runner, ".")
	cmd.Env = append(wasmEnviron(), "GOOS=js", "GOARCH=wasm", "GOWORK=off")
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

// wasmEnviron returns what the child needs of the environment: Go's program for wasm has one thread, and ended where GOMAXPROCS
// asked for more; and its environment has room for 8 KiB only.
func wasmEnviron() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		for _, prefix := range []string{"GO", "CGO", "ASSAY_", "XDG_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT"} {
			if strings.HasPrefix(strings.ToUpper(name), prefix) {
				return name == "GOMAXPROCS" || name == "GODEBUG" || name == "GOFLAGS"
			}
		}
		return name != "PATH" && name != "HOME" && name != "TMPDIR"
	})
}
