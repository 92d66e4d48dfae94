package strictjson

import "testing"

func TestUnmarshal(t *testing.T) {
	var x struct{ A int }
	for _, good := range []string{`{}`, `{"A":1}`, " {\"A\":2}\n\t "} {
		if err := Unmarshal([]byte(good), &x); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	// A closing bracket, too, is something behind the value: Decoder.More does not see it.
	for _, bad := range []string{``, `{`, `{"B":1}`, `{"A":"1"}`, `{} {}`, `{}{`, `{},`, `{}}`, `{}]`, `{} x`} {
		if err := Unmarshal([]byte(bad), &x); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
