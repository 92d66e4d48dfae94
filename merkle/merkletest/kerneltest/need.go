package kerneltest

import "testing"

// Need skips the rest of a test of a kernel where the processor, the build or the environment has not the kernel's feature:
// "shani", "avx512", "ifma", "gfni" or "adx". have is what the package under test found; .ci/kernels holds what was skipped
// against what the processor has.
func Need(t testing.TB, have bool, feature string) {
	t.Helper()
	if !have {
		t.Skip(Missing(feature))
	}
}

// Missing is what Need says, for the log of a test that goes on without the kernel.
func Missing(feature string) string { return "kernel: this processor or build has no " + feature }
