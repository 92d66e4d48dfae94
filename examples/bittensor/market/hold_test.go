package market

import (
	"testing"
	"time"
)

// TestHold: the slower the answers, the longer a request keeps its slot, within a tenth of its deadline.
func TestHold(t *testing.T) {
	const ms = time.Millisecond
	w := &world{Config: Config{Deadline: 5 * time.Second}}
	for _, c := range []struct{ took, want time.Duration }{{0, 500 * ms}, {ms, 50 * ms}, {40 * ms, 320 * ms}, {10 * ms, 320 * ms}, {time.Second, 500 * ms}} {
		w.answered(c.took)
		if got := w.hold(); got != c.want {
			t.Errorf("after an answer in %v: %v, want %v", c.took, got, c.want)
		}
	}
}
