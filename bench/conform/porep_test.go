package main

import (
	"strings"
	"testing"
)

// TestPartsLeftOut runs files that have some of their format's lists only: what is there is compared, and a file of nothing fails.
func TestPartsLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		file, content string
		want          string // the beginning of the line
	}{
		"fr32 without lists": {"fr32_x.json", `{"set":"s","oracle":"o"}`, "FAIL"},
		"fr32, one case": {"fr32_x.json", `{"set":"s","oracle":"o","cases":[{"name":"ff*1","unpadded_len":1,"padded_len":32,
			"to_padded_bytes":1,"to_unpadded_bytes_of_padded":31,"unpadded_hex":"ff",
			"padded_hex":"ff00000000000000000000000000000000000000000000000000000000000000",
			"back_hex":"ff000000000000000000000000000000000000000000000000000000000000"}]}`, "PASS fr32_x.json cases=1"},
		"commp without lists": {"commp_x.json", `{"set":"s","oracle":"o"}`, "FAIL"},
		"commp, one size": {"commp_x.json", `{"set":"s","oracle":"o","zero_commitments":[{"padded_len":128,
			"comm":"3731bb99ac689f66eef5973e4a94da188f4ddcae580724fc6f3fd60dfd488333"}]}`, "PASS commp_x.json cases=1"},
		"commp, a wrong size": {"commp_x.json", `{"set":"s","oracle":"o","zero_commitments":[{"padded_len":256,
			"comm":"3731bb99ac689f66eef5973e4a94da188f4ddcae580724fc6f3fd60dfd488333"}]}`, "FAIL"},
		// The fault of a sector was hidden behind a panic of closing what was never sealed.
		"a sector that cannot be": {"post_vanilla_x.json", `{"set":"s","oracle":"o","proofs":[{"type":"Window","api_version":"1.2.0",
			"sectors":[{"name":"odd","sector_size":3,"api_version":"1.2.0"}]}]}`, "FAIL post_vanilla_x.json cases=0 proof 0 (Window 1.2.0): odd: sector: no such sector size"},
	} {
		var out strings.Builder
		run(&out, []string{write(t, c.file, c.content)}, options{})
		if !strings.HasPrefix(out.String(), c.want) {
			t.Errorf("%s: %s, want %s", name, out.String(), c.want)
		}
	}
}
