package main

import (
	"fmt"
	"strings"
	"testing"
)

// events writes one event a case, for all ids that keep lets through.
func events(keep func(id string) (string, bool)) string {
	var b strings.Builder
	for _, g := range groups {
		for i := 1; i <= g.count; i++ {
			id := fmt.Sprint(g.letter, i)
			if figures, ok := keep(id); ok {
				fmt.Fprintf(&b, `{"Action":"output","Output":"    x_test.go:1: adversary %s %s\n"}`+"\n", id, figures)
			}
		}
	}
	return b.String()
}

func TestReport(t *testing.T) {
	good := "tried=3 accepted=0 panics=0"
	for name, c := range map[string]struct {
		figures func(id string) (string, bool)
		ok      bool
	}{
		"all well":    {func(string) (string, bool) { return good, true }, true},
		"one missing": {func(id string) (string, bool) { return good, id != "M17" }, false},
		"accepted":    {func(id string) (string, bool) { return strings.Replace(good, "accepted=0", "accepted=1", 1), true }, false},
		"panicked":    {func(id string) (string, bool) { return strings.Replace(good, "panics=0", "panics=1", 1), true }, false},
		"tried none":  {func(id string) (string, bool) { return strings.Replace(good, "tried=3", "tried=0", 1), true }, false},
	} {
		results, _ := collect(strings.NewReader(events(c.figures)), false)
		var out strings.Builder
		if got := report(&out, results); got != c.ok {
			t.Errorf("%s: got %v\n%s", name, got, out.String())
		}
	}
	total := 0
	for _, g := range groups {
		total += g.count
	}
	if total != 126 {
		t.Errorf("%d ids, want 126", total)
	}
	if _, failed := collect(strings.NewReader(`{"Action":"fail","Package":"p","Test":"T"}`), false); len(failed) != 1 {
		t.Error("a failed test was not seen")
	}
}
