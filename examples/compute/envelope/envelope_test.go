package envelope

import (
	"bytes"
	"errors"
	"testing"
)

func TestSealOpen(t *testing.T) {
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("secret"), 1000)} {
		e, err := Seal(key.Public(), "job", message)
		if err != nil || len(e) != len(message)+Overhead || len(message) > 8 && bytes.Contains(e, message[:8]) {
			t.Fatalf("%d bytes: %v", len(e), err)
		}
		if got, err := key.Open("job", e); err != nil || !bytes.Equal(got, message) {
			t.Errorf("%v", err)
		}
		if _, err := key.Open("another", e); !errors.Is(err, ErrOpen) {
			t.Errorf("another context: %v", err)
		}
		if _, err := other.Open("job", e); !errors.Is(err, ErrOpen) {
			t.Errorf("another key: %v", err)
		}
	}
	e, _ := Seal(key.Public(), "job", []byte("message"))
	for i := range e {
		e[i] ^= 1
		if _, err := key.Open("job", e); !errors.Is(err, ErrOpen) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		e[i] ^= 1
		if _, err := key.Open("job", e[:i]); !errors.Is(err, ErrOpen) {
			t.Errorf("cut to %d: %v", i, err)
		}
	}
	for _, bad := range [][]byte{nil, make([]byte, 31), make([]byte, 32)} {
		if _, err := Seal(bad, "job", nil); err == nil {
			t.Errorf("a public key of %d bytes, all zero, was taken", len(bad))
		}
	}
}
