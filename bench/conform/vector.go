package main

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxVector bounds the unpacked size of a vector file.
const maxVector = 1 << 30

// A handler compares every expected value of one vector file with what the public API computes and returns the number
// of cases compared. It stops at the first mismatch with an error that names the case and the field.
type handler func(v *vector) (cases int, err error)

// A vector is one vector file under test.
type vector struct {
	Name   string // base name without .gz
	path   string
	large  bool
	opened bool
	with   []string // files read beside it
}

// Bytes returns the file's content, unpacked.
func (v *vector) Bytes() ([]byte, error) {
	v.opened = true
	return readFile(v.path)
}

// JSON decodes the file into dst. Fields that dst does not know are an error, so that no expected value is passed over:
// a struct declares also what it only reads for information.
func (v *vector) JSON(dst any) error {
	b, err := v.Bytes()
	if err != nil {
		return err
	}
	return strictJSON(b, dst)
}

// Sibling returns the content of the file called name, or name.gz, beside the vector, and names it in the vector's line.
func (v *vector) Sibling(name string) ([]byte, error) {
	if name != filepath.Base(name) {
		return nil, fmt.Errorf("sibling %q is not a plain file name", name)
	}
	if !slices.Contains(v.with, name) {
		v.with = append(v.with, name)
	}
	path := filepath.Join(filepath.Dir(v.path), name)
	b, err := readFile(path)
	if os.IsNotExist(err) {
		return readFile(path + ".gz")
	}
	return b, err
}

// strictJSON decodes exactly one JSON value and refuses unknown fields.
func strictJSON(b []byte, dst any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(dst); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("data after the JSON value")
	}
	return nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		defer z.Close()
		r = z
	}
	b, err := io.ReadAll(io.LimitReader(r, maxVector+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if len(b) > maxVector {
		return nil, fmt.Errorf("%s: over %d bytes unpacked", filepath.Base(path), maxVector)
	}
	return b, nil
}

// hexBytes is a hexadecimal string in JSON: lower case, no prefix.
type hexBytes []byte

func (h *hexBytes) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s != strings.ToLower(s) {
		return fmt.Errorf("hex %.16q is not lower case", s)
	}
	d, err := hex.DecodeString(s)
	*h = d
	return err
}

// hex32 is a 32-byte value in hexadecimal.
type hex32 [32]byte

func (h *hex32) UnmarshalJSON(b []byte) error {
	var d hexBytes
	if err := d.UnmarshalJSON(b); err != nil {
		return err
	}
	if len(d) != 32 {
		return fmt.Errorf("got %d bytes of hex, want 32", len(d))
	}
	copy(h[:], d)
	return nil
}

// equal compares got with want, both of one comparable type, and names the place where they differ.
func equal[T comparable](got, want T, place string, args ...any) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("%s: got %v, want %v", fmt.Sprintf(place, args...), show(got), show(want))
}

// equalBytes is equal for slices of bytes.
func equalBytes(got, want []byte, place string, args ...any) error {
	if bytes.Equal(got, want) {
		return nil
	}
	return fmt.Errorf("%s: got %s, want %s", fmt.Sprintf(place, args...), show(got), show(want))
}

// show prints bytes in short hexadecimal and all else as it is.
func show(x any) string {
	var b []byte
	switch v := x.(type) {
	case []byte:
		b = v
	case [32]byte:
		b = v[:]
	case hex32:
		b = v[:]
	default:
		return fmt.Sprint(x)
	}
	if len(b) > 32 {
		return fmt.Sprintf("%x...(%d bytes)", b[:32], len(b))
	}
	return hex.EncodeToString(b)
}
