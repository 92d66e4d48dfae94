package piece

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"

	"golang.org/x/crypto/blake2b"
)

// carSection is a section of a CAR file: a CID and a block.
func carSection(cid, block []byte) []byte {
	return slices.Concat(binary.AppendUvarint(nil, uint64(len(cid)+len(block))), cid, block)
}

// carCID is a version 1 CID of the raw codec.
func carCID(code uint64, digest []byte) []byte {
	b := binary.AppendUvarint([]byte{1, 0x55}, code)
	return append(binary.AppendUvarint(b, uint64(len(digest))), digest...)
}

// carFile is a version 1 file of blocks under all hash functions.
func carFile() []byte {
	block := []byte("a block of some bytes")
	sha, blake := sha256.Sum256(block), blake2b.Sum256(block)
	root := carCID(codeSHA256, sha[:])
	header := slices.Concat([]byte("\xa2eroots\x81\xd8\x2a\x58"), []byte{byte(len(root) + 1), 0}, root, []byte("gversion\x01"))
	return slices.Concat(
		binary.AppendUvarint(nil, uint64(len(header))), header,
		carSection(root, block),
		carSection(carCID(codeBLAKE2b, blake[:]), block),
		carSection(carCID(codeIdentity, []byte("small")), []byte("small")),
		carSection(carCID(0x1e, sha[:]), block),
		carSection(append([]byte{codeSHA256, 32}, sha[:]...), block),
	)
}

// carFile2 wraps a version 1 file in version 2, with padding and an index.
func carFile2(inner []byte) []byte {
	b := append([]byte{10}, carPragma...)
	b = append(b, make([]byte, 16)...)
	b = binary.LittleEndian.AppendUint64(b, 64)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(inner)))
	b = binary.LittleEndian.AppendUint64(b, uint64(64+len(inner)))
	b = append(b, make([]byte, 64-len(b))...)
	return slices.Concat(b, inner, []byte("an index, not read"))
}

func TestSumCAR(t *testing.T) {
	one := carFile()
	for i, c := range []struct {
		version int
		file    []byte
	}{{1, one}, {2, carFile2(one)}, {1, append(bytes.Clone(one), make([]byte, 100)...)}} {
		file := c.file
		want, err := Sum(t.Context(), bytes.NewReader(file), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := SumCAR(t.Context(), iotest.HalfReader(bytes.NewReader(file)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.Info != want || got.Payload != uint64(len(file)) || got.Blocks != 5 || got.Unchecked != 1 || len(got.Roots) != 1 || got.Version != c.version {
			t.Errorf("file %d: %+v, want %v", i, got, want)
		}
	}
}

// TestCARFaults cuts a file at every byte and flips every bit of what is checked.
func TestCARFaults(t *testing.T) {
	before := runtime.NumGoroutine()
	one := carFile()
	ends := map[int]bool{}
	at := int(one[0]) + 1
	for ends[at] = true; at < len(one); ends[at] = true {
		at += int(one[at]) + 1
	}
	for n := 0; n < len(one); n += stride(3) {
		_, err := SumCAR(t.Context(), bytes.NewReader(one[:n]), nil)
		if ends[n] != (err == nil) || err != nil && !errors.Is(err, ErrCAR) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	two := carFile2(one)
	for n := 0; n < 64+len(one); n += stride(7) {
		if _, err := SumCAR(t.Context(), bytes.NewReader(two[:n]), nil); !errors.Is(err, ErrCAR) {
			t.Errorf("version 2 cut to %d bytes: %v", n, err)
		}
	}
	first := int(one[0]) + 1
	for bit := first * 8; bit < (first+int(one[first])+1)*8; bit += stride(5) {
		bad := bytes.Clone(one)
		bad[bit/8] ^= 1 << (bit % 8)
		got, err := SumCAR(t.Context(), bytes.NewReader(bad), nil)
		// The codec is not checked, and an unknown hash function cannot be.
		if codec := bit/8 == first+2; err == nil && !codec && got.Unchecked != 2 {
			t.Errorf("bit %d of byte %d: %+v", bit%8, bit/8, got)
		} else if err != nil && !errors.Is(err, ErrCAR) {
			t.Errorf("bit %d of byte %d: %v", bit%8, bit/8, err)
		}
	}
	for what, file := range map[string][]byte{
		"nothing":                nil,
		"no header":              {0},
		"a huge header":          {0xff, 0xff, 0xff, 0xff, 0x0f},
		"an endless number":      bytes.Repeat([]byte{0x80}, 20),
		"more than zeros behind": append(bytes.Clone(one), 0, 0, 1),
		"a huge section":         append(bytes.Clone(one), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
		"a number too long":      append(bytes.Clone(one), 0x80, 0),
		"a huge digest":          append(bytes.Clone(one), carSection(carCID(codeIdentity, make([]byte, 129)), make([]byte, 129))...),
		"version 3":              bytes.Replace(one, []byte("gversion\x01"), []byte("gversion\x03"), 1),
	} {
		if _, err := SumCAR(t.Context(), bytes.NewReader(file), nil); !errors.Is(err, ErrCAR) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for at, v := range map[int]uint64{27: 1, 28: 0, 35: 1 << 40, 36: 0, 43: 1<<64 - 1, 44: 65} {
		bad := bytes.Clone(two)
		binary.LittleEndian.PutUint64(bad[at:], v)
		if _, err := SumCAR(t.Context(), bytes.NewReader(bad), nil); !errors.Is(err, ErrCAR) {
			t.Errorf("version 2 with %d at byte %d: %v", v, at, err)
		}
	}
	boom := errors.New("boom")
	if _, err := SumCAR(t.Context(), io.MultiReader(bytes.NewReader(one[:50]), iotest.ErrReader(boom)), nil); !errors.Is(err, boom) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := SumCAR(ctx, bytes.NewReader(one), nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	settle(t, before)
}

func TestSumAll(t *testing.T) {
	before := runtime.NumGoroutine()
	payload := stream("all", 127*64)
	whole, err := Sum(t.Context(), bytes.NewReader(payload), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 2, 7} {
		var parts []io.Reader
		for at := 0; at < len(payload); at += 127 * 8 {
			parts = append(parts, bytes.NewReader(payload[at:at+127*8]))
		}
		infos, err := SumAll(t.Context(), parts, &Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Join(infos); err != nil || got != whole {
			t.Errorf("%v, %v, want %v", got, err, whole)
		}
		boom := errors.New("boom")
		parts = []io.Reader{bytes.NewReader(payload), iotest.ErrReader(boom), bytes.NewReader(payload)}
		if _, err := SumAll(t.Context(), parts, &Options{Workers: workers}); !errors.Is(err, boom) {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := SumAll(ctx, parts, &Options{Workers: workers}); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if infos, err := SumAll(t.Context(), nil, nil); err != nil || len(infos) != 0 {
		t.Error(infos, err)
	}
	settle(t, before)
}

func FuzzCAR(f *testing.F) {
	f.Add(carFile())
	f.Add(carFile2(carFile()))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := SumCAR(t.Context(), bytes.NewReader(file), &Options{Workers: 1})
		if err != nil {
			return
		}
		if want, err := Sum(t.Context(), bytes.NewReader(file), nil); err != nil || got.Info != want {
			t.Fatal(got, want, err)
		}
	})
}
