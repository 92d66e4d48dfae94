package merkle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest"
	"github.com/assaylab/assay/merkle/sha2"
)

func TestShapeBytes(t *testing.T) {
	for _, s := range append(shapes(), big()...) {
		b := s.AppendShape([]byte("x"))[1:]
		got, rest, err := merkle.ParseShape(append(b, "rest"...))
		if err != nil || got != s || string(rest) != "rest" {
			t.Errorf("%v: %v, %q, %v", s, got, rest, err)
		}
		for n := range len(b) {
			if _, _, err := merkle.ParseShape(b[:n]); !errors.Is(err, merkle.ErrEncoding) {
				t.Errorf("%v cut to %d bytes: %v", s, n, err)
			}
		}
	}
	for _, b := range []string{
		"\x01\x02\x00\x00\x01", "\x01\x01\x00\x03\x01", "\x01\x02\x00\x39\x01", "\x01\x01\x04\x01\x01", "\x01\x02\x00\x03\x00",
		"\x01\x02\x00\x03\x04", "\x02\x02\x00\x03\x02\x00\x03\x06", "\x00\x01", "\x01\x00\x00\xff\x01", "\xff",
	} {
		if s, _, err := merkle.ParseShape([]byte(b)); !errors.Is(err, merkle.ErrEncoding) {
			t.Errorf("%x: %v %v", b, s, err)
		}
	}
}

// decoders are all decoders of proofs; encode is what a decoded value encodes to.
var decoders = map[string]func(b []byte, h merkle.Hasher, s merkle.Shape) (encode []byte, err error){
	"proof": func(b []byte, h merkle.Hasher, s merkle.Shape) ([]byte, error) {
		p, err := merkle.ParseProof(b, h, s)
		return merkle.AppendProof(nil, h, s, p), err
	},
	"multi": func(b []byte, h merkle.Hasher, s merkle.Shape) ([]byte, error) {
		p, err := merkle.ParseMulti(b, h, s)
		return merkle.AppendMulti(nil, h, s, p), err
	},
	"range": func(b []byte, h merkle.Hasher, s merkle.Shape) ([]byte, error) {
		p, err := merkle.ParseRange(b, h, s)
		return merkle.AppendRange(nil, h, s, p), err
	},
	"log": func(b []byte, h merkle.Hasher, s merkle.Shape) ([]byte, error) {
		p, err := merkle.Log{}.ParseProof(b)
		return merkle.Log{}.AppendProof(nil, p), err
	},
	"consistency": func(b []byte, h merkle.Hasher, s merkle.Shape) ([]byte, error) {
		size1, size2, p, err := merkle.Log{}.ParseConsistency(b)
		return merkle.Log{}.AppendConsistency(nil, size1, size2, p), err
	},
}

// encoded returns a true proof of each kind for a shape.
func encoded(h merkle.Hasher, s merkle.Shape) map[string][]byte {
	leaves := merkletest.Leaves(s.Leaves(), 31)
	ctx := context.Background()
	tree := must(merkle.Build(ctx, h, s, leaves, nil))
	lt := merkle.NewLogTree(merkle.Log{})
	lt.Append(leaves[:min(len(leaves), 21)]...)
	n := lt.Size()
	last := s.Leaves() - 1
	return map[string][]byte{
		"proof": merkle.AppendProof(nil, h, s, must(tree.Proof(last/3))),
		"multi": merkle.AppendMulti(nil, h, s, must(tree.OpenMulti(ctx, slices.Compact([]uint64{0, last / 2, last}), nil))),
		"range": merkle.AppendRange(nil, h, s, must(tree.OpenRange(ctx, last/3, last/2+1, nil))),
		"log": merkle.Log{}.AppendProof(nil, merkle.LogProof{Index: n / 2, Size: n, Leaf: lt.Leaf(n / 2),
			Nodes: must(lt.Inclusion(n/2, n))}),
		"consistency": merkle.Log{}.AppendConsistency(nil, n/2, n, must(lt.Consistency(n/2, n))),
	}
}

// TestBytes: each decoder takes the one encoding of its kind, hasher and shape, and refuses every other
// length and kind, and each change of the bytes before the first node.
func TestBytes(t *testing.T) {
	h := sha2.SHA254{}
	for _, s := range shapes() {
		list := encoded(h, s)
		for kind, b := range list {
			decode := decoders[kind]
			if got, err := decode(b, h, s); err != nil || !bytes.Equal(got, b) {
				t.Fatalf("%v %s: %v", s, kind, err)
			}
			for n := range len(b) + 101 {
				other := append(slices.Clone(b), make([]byte, 101)...)[:n]
				if _, err := decode(other, h, s); (err == nil) != (n == len(b)) || err != nil && !errors.Is(err, merkle.ErrEncoding) {
					t.Fatalf("%v %s: %d of %d bytes: %v", s, kind, n, len(b), err)
				}
			}
			for other, bytes := range list {
				if _, err := decode(bytes, h, s); other != kind && !errors.Is(err, merkle.ErrEncoding) {
					t.Fatalf("%v: %s taken for %s: %v", s, other, kind, err)
				}
			}
			if kind == "log" || kind == "consistency" {
				continue
			}
			if _, err := decode(b, merkletest.Plain{}, s); !errors.Is(err, merkle.ErrEncoding) {
				t.Fatalf("%v %s: other hasher: %v", s, kind, err)
			}
			for _, o := range shapes() {
				if _, err := decode(b, h, o); o != s && !errors.Is(err, merkle.ErrEncoding) {
					t.Fatalf("%s: shape %v taken for %v: %v", kind, s, o, err)
				}
			}
		}
	}
}

// TestBytesFlipped flips each bit of encoded inclusion proofs: none decodes to a proof that verifies.
func TestBytesFlipped(t *testing.T) {
	h := sha2.SHA254{}
	for _, s := range []merkle.Shape{must(merkle.Uniform(64, 2)), must(merkle.Compound(1024, 8, 8, 2))} {
		tree := must(merkle.Build(t.Context(), h, s, merkletest.Leaves(s.Leaves(), 31), nil))
		good := must(tree.Proof(s.Leaves() / 3))
		b := merkle.AppendProof(nil, h, s, good)
		if p := must(merkle.ParseProof(b, h, s)); !reflect.DeepEqual(p, good) {
			t.Fatal("round trip")
		}
		for i := range 8 * len(b) {
			b[i/8] ^= 1 << (i % 8)
			p, err := merkle.ParseProof(b, h, s)
			if err == nil {
				err = merkle.Verify(h, s, tree.Root(), p)
			}
			if !errors.Is(err, merkle.ErrEncoding) && !errors.Is(err, merkle.ErrProof) {
				t.Fatalf("%v: bit %d: %v", s, i, err)
			}
			b[i/8] ^= 1 << (i % 8)
		}
	}
}

// TestBytesAllocation: hostile counts cost no memory: at most 64 KiB and eight times the input.
func TestBytesAllocation(t *testing.T) {
	h := sha2.SHA254{}
	s := must(merkle.Uniform(1<<40, 2))
	good := encoded(h, must(merkle.Uniform(64, 2)))
	for kind, decode := range decoders {
		for at := range 80 {
			for _, fill := range []byte{0xff, 0x7f, 0x01, 0} {
				b := slices.Clone(good[kind])
				if kind != "log" && kind != "consistency" {
					head := len(merkle.AppendProof(nil, h, s, merkle.Proof{})) - 40
					b = merkle.AppendProof(nil, h, s, merkle.Proof{})[:head]
					b[1] = map[string]byte{"proof": 1, "multi": 2, "range": 3}[kind]
					b = append(b, make([]byte, 200)...)
				}
				for i := at; i < min(at+8, len(b)); i++ {
					b[i] = fill
				}
				if got := allocated(func() { decode(b, h, s) }); got > 64<<10+8*uint64(len(b)) {
					t.Fatalf("%s: %d bytes allocated for %d", kind, got, len(b))
				}
			}
		}
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func FuzzParseShape(f *testing.F) {
	for _, s := range shapes() {
		f.Add(s.AppendShape(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, rest, err := merkle.ParseShape(b)
		if err != nil {
			return
		}
		if got := append(s.AppendShape(nil), rest...); !bytes.Equal(got, b) {
			t.Errorf("%x reads as %v, written %x", b, s, got)
		}
	})
}

// fuzzKind runs one decoder: it does not panic or waste memory, and what it takes is the one encoding.
func fuzzKind(f *testing.F, kind string) {
	h := sha2.SHA254{}
	list := shapes()
	for i, s := range list {
		f.Add(encoded(h, s)[kind], uint8(i))
	}
	f.Fuzz(func(t *testing.T, b []byte, shape uint8) {
		s := list[int(shape)%len(list)]
		if got, err := decoders[kind](b, h, s); err == nil && !bytes.Equal(got, b) {
			t.Errorf("%s: %x reads and writes as %x", kind, b, got)
		}
	})
}

func FuzzParseProof(f *testing.F)          { fuzzKind(f, "proof") }
func FuzzParseMulti(f *testing.F)          { fuzzKind(f, "multi") }
func FuzzParseRange(f *testing.F)          { fuzzKind(f, "range") }
func FuzzLogParseProof(f *testing.F)       { fuzzKind(f, "log") }
func FuzzLogParseConsistency(f *testing.F) { fuzzKind(f, "consistency") }

// FuzzVerify changes a true proof: it verifies only as it was.
func FuzzVerify(f *testing.F) {
	h := merkletest.Strict{}
	list := shapes()
	f.Add(uint8(0), uint64(0), uint16(0), byte(1))
	f.Add(uint8(10), uint64(700), uint16(31), byte(0x80))
	f.Add(uint8(8), uint64(99), uint16(400), byte(0))
	f.Fuzz(func(t *testing.T, shape uint8, index uint64, at uint16, flip byte) {
		s := list[int(shape)%len(list)]
		tree := must(merkle.Build(t.Context(), h, s, merkletest.Leaves(s.Leaves(), 32), nil))
		good := must(tree.Proof(index % s.Leaves()))
		p := merkle.Proof{Index: index, Leaf: good.Leaf, Siblings: slices.Clone(good.Siblings)}
		if k := int(at) / 32; k < len(p.Siblings) {
			p.Siblings[k][at%32] ^= flip
		} else {
			p.Leaf[at%32] ^= flip
		}
		err := merkle.Verify(h, s, tree.Root(), p)
		if same := index < s.Leaves() && flip == 0; same != (err == nil) || !same && !errors.Is(err, merkle.ErrProof) {
			t.Errorf("%v: same %v: %v", s, same, err)
		}
		bad, err := merkle.VerifyBatch(t.Context(), h, s, []merkle.Digest{tree.Root()}, []merkle.Proof{good, p, good}, nil)
		if err != nil || (len(bad) == 0) != (index < s.Leaves() && flip == 0) || len(bad) > 1 {
			t.Errorf("%v: batch: %v %v", s, bad, err)
		}
	})
}

// FuzzVerifyNodes offers any nodes as proofs of every kind to every verifier.
func FuzzVerifyNodes(f *testing.F) {
	h := merkletest.Strict{}
	list := shapes()
	f.Add(make([]byte, 320), uint64(3), uint64(9), uint8(1))
	f.Add([]byte(fmt.Sprint(list)), uint64(1)<<63, uint64(1), uint8(4))
	f.Fuzz(func(t *testing.T, b []byte, x, y uint64, shape uint8) {
		s, nodes := list[int(shape)%len(list)], merkle.Digests(b)
		k := min(int(y%7), len(nodes))
		root := merkle.Digest{1, 2, 3}
		indices := []uint64{x, y, x + y, x * y, x ^ y, x - y, 7}[:k]
		for _, err := range []error{
			merkle.Verify(h, s, root, merkle.Proof{Index: x, Siblings: nodes}),
			merkle.VerifyMulti(h, s, root, merkle.MultiProof{Indices: indices, Leaves: nodes[:k], Nodes: nodes[k:]}),
			merkle.VerifyRange(h, s, root, merkle.RangeProof{Start: x, Leaves: nodes[:k], Nodes: nodes[k:]}),
			merkle.Log{}.VerifyInclusion(root, y, x, merkle.Digest{}, nodes),
		} {
			if !errors.Is(err, merkle.ErrProof) {
				t.Error(err)
			}
		}
		if err := (merkle.Log{}).VerifyConsistency(x, y, root, merkle.Digest{}, nodes); !errors.Is(err, merkle.ErrProof) {
			t.Error(err)
		}
	})
}
