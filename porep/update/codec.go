package update

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/merkle/sha2"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A codec multiplies nodes by their factors. Vectors hold canonical integers, not Montgomery forms: the product of an integer
// and a factor in Montgomery form is an integer, so nodes are taken as they lie on disk.
type codec struct {
	shift uint   // a node's number without its low shift bits is that of its factor
	first uint64 // number of the factor rho[0]
	rho   fr.Vector
}

// newCodec returns a codec for the nodes from..to-1. invert makes it divide.
func newCodec(p *Params, phi merkle.Digest, from, to uint64, invert bool) (*codec, error) {
	c := &codec{shift: uint(p.nodeBits() - p.H)}
	c.first = from >> c.shift
	count := (to-1)>>c.shift - c.first + 1
	rhos := make([]merkle.Digest, count)
	if err := Rhos(rhos, phi, c.first); err != nil {
		return nil, err
	}
	c.rho = make(fr.Vector, count)
	for i := range rhos {
		if err := c.rho[i].SetBytesCanonical(reversed(rhos[i])); err != nil {
			return nil, err
		}
		if c.rho[i].IsZero() {
			return nil, errors.New("update: a factor is zero")
		}
	}
	if invert {
		c.rho = fr.BatchInvert(c.rho)
	}
	return c, nil
}

// reversed returns a node as a big-endian number.
func reversed(d merkle.Digest) []byte {
	for i, j := 0, len(d)-1; i < j; i, j = i+1, j-1 {
		d[i], d[j] = d[j], d[i]
	}
	return d[:]
}

// blockNodes is the number of nodes that a goroutine mixes at a time: two blocks of them lie in the second-level cache.
const blockNodes = 1 << 12

// A block is the scratch of one goroutine: nodes of two files, and the result.
type block struct{ a, b fr.Vector }

func newBlock() *block { return &block{make(fr.Vector, blockNodes), make(fr.Vector, blockNodes)} }

// scale sets dst[i] to src[i] times the factor of node first+i. dst may be src.
func (c *codec) scale(dst, src fr.Vector, first uint64) {
	for len(dst) > 0 {
		high := first >> c.shift
		n := min(uint64(len(dst)), (high+1)<<c.shift-first)
		part := dst[:n]
		part.ScalarMul(src[:n], &c.rho[high-c.first])
		dst, src, first = dst[n:], src[n:], first+n
	}
}

// encode sets data to key + data*rho.
func (c *codec) encode(data, key fr.Vector, first uint64) error {
	if err := cmp.Or(checkData(data, first), checkNodes("key", key, first)); err != nil {
		return err
	}
	nodesOf(data)
	nodesOf(key)
	c.scale(data, data, first)
	data.Add(data, key)
	bytesOf(data)
	return nil
}

// remove sets data to replica - data*rho.
func (c *codec) remove(data, replica fr.Vector, first uint64) error {
	if err := cmp.Or(checkData(data, first), checkNodes("replica", replica, first)); err != nil {
		return err
	}
	nodesOf(data)
	nodesOf(replica)
	c.scale(data, data, first)
	data.Sub(replica, data)
	bytesOf(data)
	return nil
}

// decode sets replica to (replica - key)*rho, for a codec that divides. What is no data of 254 bits is refused.
func (c *codec) decode(replica, key fr.Vector, first uint64) error {
	if err := cmp.Or(checkNodes("replica", replica, first), checkNodes("key", key, first)); err != nil {
		return err
	}
	nodesOf(replica)
	nodesOf(key)
	replica.Sub(replica, key)
	c.scale(replica, replica, first)
	bytesOf(replica)
	return checkData(replica, first)
}

// checkData refuses nodes with one of their two top bits set. v holds bytes as they lie on disk.
func checkData(v fr.Vector, first uint64) error {
	if bad := (sha2.SHA254{}).Canonical(merkle.Digests(raw(v))); bad >= 0 {
		return fmt.Errorf("%w: node %d of the data is no 254 bits", ErrFile, first+uint64(bad))
	}
	return nil
}

// checkNodes refuses nodes that are no field elements. v holds bytes as they lie on disk.
func checkNodes(name string, v fr.Vector, first uint64) error {
	if bad := poseidon.Canonical(merkle.Digests(raw(v))); bad >= 0 {
		return fmt.Errorf("%w: node %d of the %s is no field element", ErrFile, first+uint64(bad), name)
	}
	return nil
}
