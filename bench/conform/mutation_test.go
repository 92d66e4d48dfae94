package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// prose are the fields that tell people something and are no expected value.
var prose = []string{"set", "oracle", "name", "damage", "note", "notes", "comment", "source", "description", "seal_name"}

// inputs are the fields, with all below them, that state a case; a change of one may leave the result as it was.
var inputs = []string{"input", "inputs", "params", "live", "total", "current_epoch", "mutable_indices", "label", "randomness", "prover_id",
	"pieces", "premiums", "limits", "public_inputs_le_hex", "epoch", "ticket", "t0_q128", "t1_q128", "seed", "seed_hex", "data_set_id", "source_unpadded_len", "kb", "multiplier",
	"issuance_rao", "alpha_out_rao"}

// isInput reports whether a field states a case.
func isInput(path []string) bool {
	// The coins of a proof cannot be told from it; that they are numbers of the field is checked.
	if n := len(path); n > 1 && path[n-2] == "deterministic_proof" && len(path[n-1]) == 1 {
		return true
	}
	// Stakes and weights of an epoch state it, in the simulation cases; outputs of these names stand elsewhere.
	for i := 2; i < len(path); i++ {
		if path[i-2] == "epochs" && (path[i] == "stake" || path[i] == "weights") {
			return true
		}
	}
	return slices.ContainsFunc(path, func(key string) bool { return slices.Contains(inputs, key) })
}

// isProse reports whether a field is for people: those above, rules in words, renderings in decimal.
func isProse(path []string) bool {
	for i := len(path) - 1; i >= 0; i-- {
		if _, err := strconv.Atoi(path[i]); err == nil {
			continue
		}
		return slices.Contains(prose, path[i]) || strings.HasSuffix(path[i], "_rule") || path[i] == "rule" || strings.HasSuffix(path[i], "_dec")
	}
	return false
}

// TestChangedValuesFail changes values of every vector file, one at a time, and expects the file to fail. By default a few
// in each file; ASSAY_MUTATIONS says how many.
func TestChangedValuesFail(t *testing.T) {
	root := vectorsRoot(t)
	each, slow := 2, []string{"filecoin_minting.json"} // a minute for each change
	if n, err := strconv.Atoi(os.Getenv("ASSAY_MUTATIONS")); err == nil {
		each, slow = n, nil
	}
	if testing.Short() {
		t.Skip("-short: changes every vector file")
	}
	paths, err := list(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".gz")
		f := lookup(name)
		if auxiliary(name) || f == nil || f.run == nil || f.large || only(name) || slices.Contains(slow, name) {
			continue
		}
		t.Run(name, func(t *testing.T) { mutate(t, path, name, each) })
	}
}

// only reports whether ASSAY_MUTATE_ONLY names another file.
func only(name string) bool {
	want := os.Getenv("ASSAY_MUTATE_ONLY")
	return want != "" && !strings.HasPrefix(name, want)
}

// vectorsRoot returns the folder of the vectors or skips the test.
func vectorsRoot(t *testing.T) string {
	root := os.Getenv("ASSAY_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "vectors")
	}
	switch _, err := os.Stat(root); {
	case errors.Is(err, fs.ErrNotExist):
		t.Skipf("vectors: %s is absent", root)
	case err != nil:
		t.Fatal(err)
	}
	return root
}

// mutate changes each of n values of a file and checks the changed file.
func mutate(t *testing.T, path, name string, n int) {
	v := vector{path: path}
	b, err := v.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	beside, _ := os.ReadDir(filepath.Dir(path))
	for _, e := range beside {
		if e.Name() == filepath.Base(path) {
			continue
		}
		abs, err := filepath.Abs(filepath.Join(filepath.Dir(path), e.Name()))
		if err == nil {
			err = os.Symlink(abs, filepath.Join(dir, e.Name()))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	h := fnv.New64()
	h.Write([]byte(name))
	r := rand.New(rand.NewPCG(h.Sum64(), 1))
	values := scalars(t, b)
	target := filepath.Join(dir, name)
	for range n {
		at := values[r.IntN(len(values))]
		changed := slices.Concat(b[:at.from], change(b[at.from:at.to], r), b[at.to:])
		if err := os.WriteFile(target, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if line, ok := check(target, options{}); ok {
			t.Errorf("%s = %.80s changed to %.80s: %s", strings.Join(at.path, "."), b[at.from:at.to],
				changed[at.from:at.from+at.to-at.from], line)
		}
	}
}

// A scalar is a value in the text of a JSON file.
type scalar struct {
	path     []string
	from, to int
}

// scalars returns the places of all values that are expected of the library. A file of several JSON values is taken as one list.
func scalars(t *testing.T, b []byte) (out []scalar) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var walk func(path []string, tok json.Token)
	next := func() json.Token {
		tok, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	walk = func(path []string, tok json.Token) {
		switch tok {
		case json.Delim('{'):
			refuted, first := false, len(out)
			for d.More() {
				key, tok := fmt.Sprint(next()), next()
				walk(append(path[:len(path):len(path)], key), tok)
				refuted = refuted || key == "verify" && tok == false
			}
			next()
			if refuted { // a refuted proof stays refuted
				out = append(out[:first], slices.DeleteFunc(out[first:], func(s scalar) bool {
					return len(s.path) == len(path)+1 && s.path[len(path)] == "proof_hex"
				})...)
			}
		case json.Delim('['):
			for i := 0; d.More(); i++ {
				walk(append(path[:len(path):len(path)], strconv.Itoa(i)), next())
			}
			next()
		default:
			to := int(d.InputOffset())
			if raw, err := json.Marshal(tok); err == nil && !isProse(path) && !isInput(path) && tok != nil && tok != "" {
				if from := to - len(raw); from >= 0 && bytes.Equal(b[from:to], raw) {
					out = append(out, scalar{path, from, to})
				}
			}
		}
	}
	for i := 0; d.More(); i++ {
		walk([]string{strconv.Itoa(i)}, next())
	}
	if len(out) == 0 {
		t.Fatal("no values")
	}
	return out
}

// change returns other text for a value: a digit or letter of it becomes another of its kind.
func change(raw []byte, r *rand.Rand) []byte {
	switch string(raw) {
	case "true":
		return []byte("false")
	case "false":
		return []byte("true")
	}
	out := bytes.Clone(raw)
	var places []int
	for i, c := range out {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'f' {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		out[1] ^= 1
		return out
	}
	i := places[r.IntN(len(places))]
	switch c := out[i]; {
	case c >= 'a':
		out[i] = 'a' + (c-'a'+1)%6
	case c == '9':
		out[i] = '8'
	default:
		out[i]++
	}
	return out
}
