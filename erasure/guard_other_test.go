//go:build !linux

package erasure

import "testing"

func guardPages(t *testing.T, _ *tally) { t.Skip("guard pages: only on Linux") }
