package poseidon

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/assaylab/assay/merkle"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// Errors of this package.
var (
	ErrArity     = errors.New("poseidon: unsupported arity")
	ErrCanonical = errors.New("poseidon: not a canonical field element")
	ErrSize      = errors.New("poseidon: sizes do not agree")
)

// TagUpdate is the domain tag of SnapDeals' phi, rho and challenge digests (arity 2).
//
// Source: storage-proofs-update/src/constants.rs, neptune HashType::Custom(Arbitrary(1)).
const TagUpdate = 1 << 40

// Tag returns the domain tag of tree nodes and columns of an arity: 2^arity - 1.
func Tag(arity int) uint64 { return 1<<arity - 1 }

// A Hasher is the merkle.Hasher of Poseidon trees, arities 2, 4, 8 and 11. The zero value is ready,
// holds nothing and is safe for concurrent use.
type Hasher struct{}

// Name returns "poseidon-bls12-381".
func (Hasher) Name() string { return "poseidon-bls12-381" }

// Supports reports whether arity is 2, 4, 8 or 11.
func (Hasher) Supports(arity int) bool { return arity > 1 && partialRounds(arity) != 0 }

// Canonical returns the index of the first node that is not below r, or -1.
func (Hasher) Canonical(nodes []merkle.Digest) int { return Canonical(nodes) }

// Parents sets dst[i] to the hash of the group src[i*arity:(i+1)*arity], as merkle.Hasher says.
func (Hasher) Parents(dst, src []merkle.Digest, arity int) {
	if !(Hasher{}).Supports(arity) || len(src) != arity*len(dst) {
		panic(fmt.Sprintf("poseidon: %d nodes for %d parents of arity %d", len(src), len(dst), arity))
	}
	hash(dst, src, arity, Tag(arity))
}

// Hash sets dst[i] to the hash of the arity nodes from src[i*arity] under a domain tag: Tag(arity) for
// trees and columns, TagUpdate for SnapDeals. dst may not overlap src. An arity that is not one of
// Arities, a wrong number of nodes or a node that is not canonical is an error, and dst is untouched.
func Hash(dst, src []merkle.Digest, arity int, tag uint64) error {
	if partialRounds(arity) == 0 {
		return fmt.Errorf("%w: %d", ErrArity, arity)
	}
	if len(src)%arity != 0 || len(src)/arity != len(dst) {
		return fmt.Errorf("%w: %d nodes for %d hashes of arity %d", ErrSize, len(src), len(dst), arity)
	}
	if i := Canonical(src); i >= 0 {
		return fmt.Errorf("%w: node %d", ErrCanonical, i)
	}
	hash(dst, src, arity, tag)
	return nil
}

// Sum2 returns the hash of two nodes with the tag of trees, the rule of CommR: Sum2(CommC, CommRLast).
func Sum2(a, b merkle.Digest) (merkle.Digest, error) {
	var dst [1]merkle.Digest
	err := Hash(dst[:], []merkle.Digest{a, b}, 2, Tag(2))
	return dst[0], err
}

// Columns sets dst[i] to the hash of the column of node i: its labels of layer 1, 2 ... in this order.
// Each layer holds the labels of the same len(dst) nodes, 32 bytes each, as label files do. There are
// 2 or 11 layers (hashes of arity 2 and 11); other numbers are ErrArity. A layer of another length is
// ErrSize, a label that is not canonical is ErrCanonical. Errors leave dst untouched; dst overlaps no layer.
func Columns(dst []merkle.Digest, layers [][]byte) error {
	if len(layers) != 2 && len(layers) != 11 {
		return fmt.Errorf("%w: columns of %d layers", ErrArity, len(layers))
	}
	for l, b := range layers {
		if len(b) != 32*len(dst) {
			return fmt.Errorf("%w: layer %d has %d bytes for %d nodes", ErrSize, l+1, len(b), len(dst))
		}
		for i := range dst {
			if !canonical((*merkle.Digest)(b[32*i:])) {
				return fmt.Errorf("%w: layer %d, node %d", ErrCanonical, l+1, i)
			}
		}
	}
	columns(dst, layers)
	return nil
}

// Canonical returns the index of the first node that is not below r, or -1 if all are.
func Canonical(nodes []merkle.Digest) int {
	for i := range nodes {
		if !canonical(&nodes[i]) {
			return i
		}
	}
	return -1
}

// modulus is r, least significant word first.
var modulus = [4]uint64{0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805, 0x73eda753299d7d48}

// canonical reports whether d is below r. Nearly always the top word decides.
func canonical(d *merkle.Digest) bool {
	for i := 3; i >= 0; i-- {
		w := binary.LittleEndian.Uint64(d[8*i:])
		if w != modulus[i] {
			return w < modulus[i]
		}
	}
	return false
}

// limbs reads the four words of a node, which are its value and not its Montgomery form.
func limbs(d *merkle.Digest) (e fr.Element) {
	for i := range e {
		e[i] = binary.LittleEndian.Uint64(d[8*i:])
	}
	return e
}

// rSquare is 2^512 mod r as raw words: a Montgomery product by it turns a value into Montgomery form.
var rSquare = fr.Element{0xc999e990f3f29c6d, 0x2b6cedcb87925c23, 0x05d314967254398f, 0x0748d9d99f59ff11}

// putWords writes the four words of a value, the inverse of limbs.
func putWords(d *merkle.Digest, e *fr.Element) {
	for i, w := range e {
		binary.LittleEndian.PutUint64(d[8*i:], w)
	}
}
