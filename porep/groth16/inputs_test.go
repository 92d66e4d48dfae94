package groth16

import (
	"path/filepath"
	"testing"

	"github.com/assaylab/assay/porep/internal/vectortest"
)

// TestAdversaryInputCounts offers every recorded key other numbers of public inputs than its own (G10). The module has no
// circuits of its own, whose wires could be changed.
func TestAdversaryInputCounts(t *testing.T) {
	t.Run("G10", func(t *testing.T) {
		_, proof, _ := realProof(t)
		keys := map[string]int{} // hexadecimal bytes, points in IC
		for _, name := range []string{"mainnet/groth16_raw_winning_32gib.json", "filecoin/groth16_seal_2kib.json", "filecoin/groth16_post_2kib.json",
			"filecoin/groth16_update_2kib.json", "filecoin/groth16_aggregate_2kib.json"} {
			t.Run(filepath.Base(name), func(t *testing.T) {
				var v any
				vectortest.Read(t, name, &v)
				findKeys(v, keys)
			})
		}
		tried, accepted, panics := 0, 0, 0
		for text, points := range keys {
			key, err := ParseKey(unhex(t, text))
			if err != nil {
				t.Fatal(err)
			}
			if key.Inputs() != points-1 {
				t.Errorf("%d inputs for %d points", key.Inputs(), points)
				accepted++
			}
			prepared := key.Prepare()
			for n := 0; n <= points+40; n++ {
				if n == points-1 {
					continue
				}
				tried++
				err := guarded(&panics, func() error { return prepared.Verify(proof, make([]Scalar, n), &VerifyOptions{Workers: 1}) })
				if err == nil {
					t.Errorf("%d inputs accepted, want %d", n, points-1)
					accepted++
				}
			}
		}
		t.Logf("%d keys", len(keys))
		report(t, "G10", tried, accepted, panics)
	})
}

// findKeys collects the keys of a vector file, with the number of points that the file states.
func findKeys(v any, keys map[string]int) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			findKeys(x, keys)
		}
	case map[string]any:
		text, ok := v["hex"].(string)
		points, ok2 := v["ic_len"].(float64)
		if ok && ok2 {
			keys[text] = int(points)
		}
		for _, x := range v {
			findKeys(x, keys)
		}
	}
}
