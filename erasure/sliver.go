package erasure

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/assaylab/assay/merkle"
)

// A SliverKind tells the two slivers of a node apart.
type SliverKind uint8

const (
	Primary   SliverKind = iota // a row: n-f symbols
	Secondary                   // a column: n-2f symbols
)

// String returns "primary" or "secondary".
func (k SliverKind) String() string {
	if k == Primary {
		return "primary"
	}
	return "secondary"
}

// A Committee is the layout of blobs for n nodes of which f < n/3 may be faulty and the network is
// asynchronous, in the manner of Walrus' RedStuff.
//
// A blob is a matrix of n-2f rows by n-f columns of symbols. Columns are extended to n rows: row i is the
// primary sliver of node i. Rows are extended to n columns: column j is the secondary sliver of node j. Extending
// both ways gives one n x n matrix, of which sliver i holds the source part of row or column i. So one symbol
// from each of n-2f nodes rebuilds a secondary sliver, one from each of n-f a primary one: O(size/n) bytes
// each, where a one-dimensional code reads the blob.
//
// A sliver's root is the RFC 6962 root of its n extended symbols. The blob's root is that of the n primary and n
// secondary roots, size bound. It is safe for concurrent use.
//
// Source: Danezis et al., "Walrus: An Efficient Decentralized Storage Network", section 3 (RedStuff).
type Committee struct {
	n, f       int
	down, over *Code // n-2f -> n along columns; n-f -> n along rows
}

// NewCommittee returns the layout for n nodes, 4 to 1,024, with f = (n-1)/3 faulty ones. Errors: ErrShape.
func NewCommittee(n int) (*Committee, error) {
	if n < 4 || n > 1024 {
		return nil, fmt.Errorf("%w: committee of %d nodes", ErrShape, n)
	}
	f := (n - 1) / 3
	down, err := New(n-2*f, 2*f, &Options{Workers: 1})
	if err != nil {
		return nil, err
	}
	over, err := New(n-f, f, &Options{Workers: 1})
	if err != nil {
		return nil, err
	}
	return &Committee{n: n, f: f, down: down, over: over}, nil
}

// Nodes returns n.
func (c *Committee) Nodes() int { return c.n }

// Faulty returns f, the number of nodes that may be faulty.
func (c *Committee) Faulty() int { return c.f }

// Symbols returns the number of symbols of a sliver: n-f of a primary, n-2f of a secondary one. As many symbols
// from different nodes rebuild the other kind: see Needed.
func (c *Committee) Symbols(k SliverKind) int {
	if k == Primary {
		return c.n - c.f
	}
	return c.n - 2*c.f
}

// Needed returns how many nodes' symbols rebuild a sliver, which is the number of its own symbols.
func (c *Committee) Needed(k SliverKind) int { return c.Symbols(k) }

// along returns the code that extends slivers of a kind to n symbols.
func (c *Committee) along(k SliverKind) *Code {
	if k == Primary {
		return c.over
	}
	return c.down
}

// SymbolSize returns the bytes of a symbol of a blob of size bytes.
func (c *Committee) SymbolSize(size int64) int64 {
	places := int64(c.n-2*c.f) * int64(c.n-c.f)
	m := int64(max(c.down.SizeMultiple(), c.over.SizeMultiple()))
	each := max(1, (size+places-1)/places)
	return (each + m - 1) / m * m
}

// A Blob is the description of a coded blob that every node holds.
type Blob struct {
	Size  int64              // bytes
	Roots [2][]merkle.Digest // by SliverKind, then node
}

// Root returns the root over the sliver roots, primary ones first, and the size.
func (b *Blob) Root() merkle.Digest {
	var size [1]merkle.Digest
	binary.LittleEndian.PutUint64(size[0][:], uint64(b.Size))
	all := append(append(append([]merkle.Digest(nil), b.Roots[Primary]...), b.Roots[Secondary]...), size[0])
	leaves := make([]merkle.Digest, len(all))
	leafDigests(leaves, merkle.Bytes(all), 32)
	return treeRoots(nil, leaves, len(leaves))[0]
}

// check refuses descriptions of another committee.
func (b *Blob) check(c *Committee) error {
	if b.Size < 0 || b.Size > maxSize || len(b.Roots[Primary]) != c.n || len(b.Roots[Secondary]) != c.n {
		return fmt.Errorf("%w: blob of %d bytes with %d and %d roots for %d nodes", ErrShape, b.Size,
			len(b.Roots[Primary]), len(b.Roots[Secondary]), c.n)
	}
	return nil
}

// A Sliver is one node's row or column: Symbols(Kind) symbols one behind the other.
type Sliver struct {
	Kind SliverKind
	Node int
	Data []byte
}

// A Symbol is where a row and a column cross, opened to the root of the sender's sliver: what a node sends to help
// another rebuild a sliver.
type Symbol struct {
	From     SliverKind // the sender's sliver: Secondary ones rebuild primary slivers and the reverse
	Sender   int
	Receiver int // position in the sender's sliver: the node whose sliver is rebuilt
	Data     []byte
	Siblings []merkle.Digest
}

// Encode codes a blob into both slivers of every node. Memory is the n x n matrix. Errors: ctx.Err().
func (c *Committee) Encode(ctx context.Context, blob []byte, opt *Options) (*Blob, [2][]Sliver, error) {
	var slivers [2][]Sliver
	size := int(c.SymbolSize(int64(len(blob))))
	full := cut(make([]byte, c.n*c.n*size), c.n, c.n*size) // rows of the extended matrix
	rows, cols := c.n-2*c.f, c.n-c.f
	rest := blob
	for r := range rows {
		rest = rest[copy(full[r][:cols*size], rest):]
	}
	err := parallel(opt.workers(), rows, func(lo, hi int) error {
		for _, row := range full[lo:hi] {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := c.over.Encode(cut(row, c.n, size)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, slivers, err
	}
	if err := c.down.Encode(full); err != nil {
		return nil, slivers, err
	}
	b := &Blob{Size: int64(len(blob))}
	leaves := make([]merkle.Digest, c.n*c.n)
	err = parallel(opt.workers(), c.n, func(lo, hi int) error {
		for r := lo; r < hi; r++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			leafDigests(leaves[r*c.n:(r+1)*c.n], full[r], size)
		}
		return nil
	})
	if err != nil {
		return nil, slivers, err
	}
	turned := make([]merkle.Digest, len(leaves))
	for r := range c.n {
		for j := range c.n {
			turned[j*c.n+r] = leaves[r*c.n+j]
		}
	}
	b.Roots = [2][]merkle.Digest{treeRoots(nil, leaves, c.n), treeRoots(nil, turned, c.n)}
	for i := range c.n {
		column := make([]byte, 0, rows*size)
		for r := range rows {
			column = append(column, full[r][i*size:(i+1)*size]...)
		}
		slivers[Primary] = append(slivers[Primary], Sliver{Kind: Primary, Node: i, Data: append([]byte(nil), full[i][:cols*size]...)})
		slivers[Secondary] = append(slivers[Secondary], Sliver{Kind: Secondary, Node: i, Data: column})
	}
	return b, slivers, nil
}

// extend returns the n symbols of a sliver and their leaf digests.
func (c *Committee) extend(b *Blob, s Sliver) ([][]byte, []merkle.Digest, error) {
	if err := b.check(c); err != nil {
		return nil, nil, err
	}
	size := int(c.SymbolSize(b.Size))
	if s.Kind > Secondary || s.Node < 0 || s.Node >= c.n || len(s.Data) != c.Symbols(s.Kind)*size {
		return nil, nil, fmt.Errorf("%w: %v sliver of node %d with %d bytes", ErrProof, s.Kind, s.Node, len(s.Data))
	}
	flat := make([]byte, c.n*size)
	copy(flat, s.Data)
	symbols := cut(flat, c.n, size)
	if err := c.along(s.Kind).Encode(symbols); err != nil {
		return nil, nil, err
	}
	leaves := make([]merkle.Digest, c.n)
	leafDigests(leaves, flat, size)
	return symbols, leaves, nil
}

// Verify checks a sliver against the blob's description. nil is proven, an ErrProof refuted.
func (c *Committee) Verify(b *Blob, s Sliver) error {
	_, leaves, err := c.extend(b, s)
	if err != nil {
		return err
	}
	if root := treeRoots(nil, leaves, c.n)[0]; root != b.Roots[s.Kind][s.Node] {
		return fmt.Errorf("%w: %v sliver of node %d", ErrProof, s.Kind, s.Node)
	}
	return nil
}

// Help returns the symbol of a sliver that helps to rebuild the receiver's sliver of the other kind. Errors:
// ErrShape for a receiver that is none, ErrProof for a sliver of wrong size.
func (c *Committee) Help(b *Blob, s Sliver, receiver int) (Symbol, error) {
	if receiver < 0 || receiver >= c.n {
		return Symbol{}, fmt.Errorf("%w: node %d of %d", ErrShape, receiver, c.n)
	}
	symbols, leaves, err := c.extend(b, s)
	if err != nil {
		return Symbol{}, err
	}
	return Symbol{From: s.Kind, Sender: s.Node, Receiver: receiver, Data: symbols[receiver],
		Siblings: treeProof(nil, leaves, receiver)}, nil
}

// VerifySymbol checks a symbol against the root of its sender's sliver. nil is proven, an ErrProof refuted.
func (c *Committee) VerifySymbol(b *Blob, s Symbol) error {
	if err := b.check(c); err != nil {
		return err
	}
	if s.From > Secondary || s.Sender < 0 || s.Sender >= c.n || int64(len(s.Data)) != c.SymbolSize(b.Size) {
		return fmt.Errorf("%w: symbol of node %d with %d bytes", ErrProof, s.Sender, len(s.Data))
	}
	var leaf [1]merkle.Digest
	leafDigests(leaf[:], s.Data, len(s.Data))
	return verifyLeaf(b.Roots[s.From][s.Sender], leaf[0], s.Siblings, s.Receiver, c.n)
}

// Recover rebuilds a sliver from the symbols that other nodes sent: Needed(kind) good ones of different
// senders, of slivers of the other kind. Symbols that are refuted or not for this sliver are passed over. read is the
// number of symbol bytes used.
//
// Errors: ErrTooFewShards if not enough are good; ErrProof if the slivers' roots contradict each other, so that
// the blob was badly encoded.
func (c *Committee) Recover(b *Blob, k SliverKind, node int, symbols []Symbol) (s Sliver, read int64, err error) {
	if err := b.check(c); err != nil {
		return s, 0, err
	}
	if k > Secondary || node < 0 || node >= c.n {
		return s, 0, fmt.Errorf("%w: %v sliver of node %d", ErrShape, k, node)
	}
	line, good := make([][]byte, c.n), 0
	for _, y := range symbols {
		if good == c.Needed(k) {
			break
		}
		if y.From == k || y.Receiver != node || c.VerifySymbol(b, y) != nil || line[y.Sender] != nil {
			continue
		}
		line[y.Sender] = y.Data
		read += int64(len(y.Data))
		good++
	}
	if good < c.Needed(k) {
		return s, read, fmt.Errorf("%w: %d good symbols, %d needed", ErrTooFewShards, good, c.Needed(k))
	}
	code := c.along(k)
	required := make([]bool, c.n)
	for i := range code.Data() {
		required[i] = true
	}
	if err := code.ReconstructSome(line, required); err != nil {
		return s, read, err
	}
	s = Sliver{Kind: k, Node: node}
	for _, symbol := range line[:code.Data()] {
		s.Data = append(s.Data, symbol...)
	}
	return s, read, c.Verify(b, s)
}

// Decode rebuilds the blob from slivers of one kind of different nodes: n-2f primary or n-f secondary ones. Slivers
// that are refuted are passed over. Errors: ErrTooFewShards; ErrProof if the blob was badly encoded.
func (c *Committee) Decode(ctx context.Context, b *Blob, slivers []Sliver, opt *Options) ([]byte, error) {
	if err := b.check(c); err != nil {
		return nil, err
	}
	var lines [2][][]byte
	var good [2]int
	for k := range lines {
		lines[k] = make([][]byte, c.n)
	}
	for _, s := range slivers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if c.Verify(b, s) == nil && lines[s.Kind][s.Node] == nil {
			lines[s.Kind][s.Node] = s.Data
			good[s.Kind]++
		}
	}
	size := int(c.SymbolSize(b.Size))
	rows, cols := c.n-2*c.f, c.n-c.f
	var blob []byte
	switch {
	case good[Primary] >= rows:
		if err := c.down.ReconstructSome(lines[Primary], firstOf(c.n, rows)); err != nil {
			return nil, err
		}
		for _, row := range lines[Primary][:rows] {
			blob = append(blob, row...)
		}
	case good[Secondary] >= cols:
		if err := c.over.ReconstructSome(lines[Secondary], firstOf(c.n, cols)); err != nil {
			return nil, err
		}
		for r := range rows {
			for _, column := range lines[Secondary][:cols] {
				blob = append(blob, column[r*size:(r+1)*size]...)
			}
		}
	default:
		return nil, fmt.Errorf("%w: %d primary and %d secondary slivers, %d or %d needed", ErrTooFewShards,
			good[Primary], good[Secondary], rows, cols)
	}
	blob = blob[:b.Size]
	again, _, err := c.Encode(ctx, blob, opt)
	if err != nil {
		return nil, err
	}
	if again.Root() != b.Root() {
		return nil, fmt.Errorf("%w: the blob was badly encoded", ErrProof)
	}
	return blob, nil
}

// firstOf returns n marks of which the first k are set.
func firstOf(n, k int) []bool {
	out := make([]bool, n)
	for i := range k {
		out[i] = true
	}
	return out
}
