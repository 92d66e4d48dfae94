package groth16

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/assaylab/assay/porep/sector"
)

// TestCircuits derives the names of all published keys that circuits in use have.
func TestCircuits(t *testing.T) {
	derived := make(map[string]sector.Size)
	for _, s := range sector.SealProofs() {
		p, err := s.Proof()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []Circuit{SealCircuit(p), WinningCircuit(p.Size, p.Shape), WindowCircuit(p.Size, p.Shape), UpdateCircuit(p.Size, p.Shape)} {
			derived[c.KeyFile()], derived[c.ParamsFile()] = p.Size, p.Size
			for _, name := range []string{c.KeyFile(), c.ParamsFile()} {
				if f, ok := Published(name); !ok || f.Size != p.Size {
					t.Errorf("%v: %s is not published (%v)", s, name, f)
				}
			}
		}
	}
	if len(derived) != 40 {
		t.Errorf("%d files derived, want 40", len(derived))
	}
	// Four more are of a circuit that was never used, and one is the reference string.
	if all := PublishedFiles(); len(all) != 45 {
		t.Errorf("%d files published, want 45", len(all))
	}
	if _, ok := Published(ReferenceFile); !ok {
		t.Error("no reference string published")
	}
}

func TestKeys(t *testing.T) {
	good := fakeKey(rand.New(rand.NewPCG(1, 1)), 4).key.AppendBytes(nil)
	const c = Circuit("v28-made-up")
	trust := func(b []byte) *KeysOptions { return &KeysOptions{Trusted: map[string]Digest{c.KeyFile(): DigestOf(b)}} }

	k := NewKeys(fstest.MapFS{c.KeyFile(): {Data: good}}, trust(good))
	var wait sync.WaitGroup
	got := make([]*PreparedKey, 8)
	for i := range got {
		wait.Go(func() { got[i], _ = k.Key(c) })
	}
	wait.Wait()
	for i := range got {
		if got[i] == nil || got[i] != got[0] {
			t.Errorf("goroutine %d got another key", i)
		}
	}

	bad := bytes.Clone(good)
	bad[len(bad)-1] ^= 1
	for name, keys := range map[string]*Keys{
		"another file":    NewKeys(fstest.MapFS{c.KeyFile(): {Data: bad}}, trust(good)),
		"not trusted":     NewKeys(fstest.MapFS{c.KeyFile(): {Data: good}}, nil),
		"trusted rubbish": NewKeys(fstest.MapFS{c.KeyFile(): {Data: good[:50]}}, trust(good[:50])),
		"a long file":     NewKeys(fstest.MapFS{c.KeyFile(): {Data: append(bytes.Clone(good), 0)}}, trust(append(bytes.Clone(good), 0))),
		"a folder":        NewKeys(fstest.MapFS{c.KeyFile() + "/x": {Data: good}}, trust(good)),
	} {
		var ke *KeyError
		if _, err := keys.Key(c); !errors.As(err, &ke) || ke.File != c.KeyFile() {
			t.Errorf("%s: %v", name, err)
		}
	}

	// A missing file names itself, and is found once it is there.
	files := fstest.MapFS{}
	k = NewKeys(files, trust(good))
	if _, err := k.Key(c); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing key: %v", err)
	}
	files[c.KeyFile()] = &fstest.MapFile{Data: good}
	if _, err := k.Key(c); err != nil {
		t.Errorf("a key that came later: %v", err)
	}
	if _, err := OpenKeys(t.TempDir(), nil).Key(c); err == nil {
		t.Error("a key out of an empty folder")
	}
}

func TestKeysSRS(t *testing.T) {
	raw := fakeSRS(rand.New(rand.NewPCG(1, 1)), 4).appendBytes(nil)
	k := NewKeys(fstest.MapFS{ReferenceFile: {Data: raw}}, &KeysOptions{Trusted: map[string]Digest{ReferenceFile: DigestOf(raw)}})
	if _, err := k.VerifierSRS(context.Background()); err != nil {
		t.Error(err)
	}
	s, err := k.SRS(context.Background(), 4)
	if err != nil || s.MaxProofs() != 4 {
		t.Errorf("%v, %v", s, err)
	}
	var ke *KeyError
	if _, err := k.SRS(context.Background(), 8); !errors.As(err, &ke) {
		t.Errorf("more than there is: %v", err)
	}
	if _, err := NewKeys(fstest.MapFS{ReferenceFile: {Data: raw}}, nil).VerifierSRS(context.Background()); !errors.As(err, &ke) || !errors.Is(err, ErrKey) {
		t.Errorf("another reference string than the published one: %v", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ReadSRS(ended, bytes.NewReader(raw), 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	for n := 0; n < len(raw); n += 31 {
		if _, err := ReadSRS(context.Background(), bytes.NewReader(raw[:n]), 1, nil); !errors.Is(err, ErrKey) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	for _, n := range []int{-1, 0, 3, MaxAggregate * 2} {
		if _, err := ReadSRS(context.Background(), bytes.NewReader(raw), n, nil); err == nil {
			t.Errorf("for %d proofs", n)
		}
	}
}

// TestReadKeyStream reads the key at the head of a longer stream and leaves the rest.
func TestReadKeyStream(t *testing.T) {
	good := fakeKey(rand.New(rand.NewPCG(1, 1)), 70).key.AppendBytes(nil)
	r := bytes.NewReader(append(bytes.Clone(good), "the proving parameters follow"...))
	k, err := ReadKey(r)
	if err != nil || !bytes.Equal(k.AppendBytes(nil), good) || r.Len() != len("the proving parameters follow") {
		t.Errorf("%v, %d bytes left", err, r.Len())
	}
	for n := 0; n < len(good); n += 101 {
		if _, err := ReadKey(bytes.NewReader(good[:n])); !errors.Is(err, ErrKey) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}
