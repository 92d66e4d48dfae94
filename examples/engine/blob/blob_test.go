package blob

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// content returns n seeded bytes.
func content(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

func TestFetch(t *testing.T) {
	var store Store
	server := httptest.NewServer(&store)
	defer server.Close()
	for _, n := range []int{0, 1, ChunkSize - 1, ChunkSize, ChunkSize + 1, 5*ChunkSize + 77} {
		want := content(n)
		ref, err := store.Add(bytes.NewReader(want), int64(n))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Fetch(t.Context(), nil, ref, 1<<20, server.URL)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
		if back, err := ParseRef(ref.String()); err != nil || back != ref {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if _, err := Fetch(t.Context(), nil, Ref{Size: 5}, 4, server.URL); !errors.Is(err, ErrRef) {
		t.Errorf("over the limit: %v", err)
	}
	if _, err := Fetch(t.Context(), nil, Ref{Size: 5}, 10, server.URL); !errors.Is(err, ErrServer) {
		t.Errorf("an unknown blob: %v", err)
	}
}

// TestCorruptServer flips each bit position of a served answer now and then: nothing wrong gets through, and a second, honest
// server makes up for it.
func TestCorruptServer(t *testing.T) {
	want := content(3*ChunkSize + 5)
	var store Store
	ref, err := store.Add(bytes.NewReader(want), int64(len(want)))
	if err != nil {
		t.Fatal(err)
	}
	honest := httptest.NewServer(&store)
	defer honest.Close()
	for _, place := range []string{"/leaves/", "/blob/"} {
		bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			store.ServeHTTP(rec, r)
			body, _ := io.ReadAll(rec.Body)
			if strings.HasPrefix(r.URL.Path, place) && len(body) > 0 {
				body[len(body)/2] ^= 1
			}
			w.WriteHeader(rec.Code)
			w.Write(body)
		}))
		if _, err := Fetch(t.Context(), nil, ref, 1<<20, bad.URL); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %v", place, err)
		}
		got, err := Fetch(t.Context(), nil, ref, 1<<20, bad.URL, honest.URL)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: with an honest server: %v", place, err)
		}
		bad.Close()
	}
}

func TestParseRefRefuses(t *testing.T) {
	good := Ref{Size: 12}.String()
	for _, s := range []string{"", "-", good[1:], good + "0000000000000000", good[:64], good[:65], good[:65] + "-1", good[:65] + "+1", good[:65] + "01", "zz" + good[2:]} {
		if _, err := ParseRef(s); !errors.Is(err, ErrRef) {
			t.Errorf("%q: %v", s, err)
		}
	}
}
