package merkletest

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/merkle"
)

// A Mutation is a proof that must be refused, and what was done to the true one.
type Mutation struct {
	Name  string
	Shape merkle.Shape
	Root  merkle.Digest
	Proof merkle.Proof
}

// Mutations returns changed forms of a true proof of the tree with the given rows (see Slow): every one of
// them is false, and Verify must refute it. bits is how many bits of each node are flipped, 256 for all.
// Their names begin with the case they belong to.
func Mutations(s merkle.Shape, rows [][]merkle.Digest, p merkle.Proof, bits int) []Mutation {
	m := mutator{s: s, rows: rows, p: p, root: rows[len(rows)-1][0]}
	m.flips(bits)
	m.indexes()
	m.shapes()
	m.orders()
	m.lengths()
	m.levels()
	return m.list
}

type mutator struct {
	s    merkle.Shape
	rows [][]merkle.Digest
	p    merkle.Proof
	root merkle.Digest
	list []Mutation
}

// clone returns a copy of the true proof.
func (m *mutator) clone() merkle.Proof {
	p := m.p
	p.Siblings = slices.Clone(p.Siblings)
	return p
}

// add takes a changed proof, unless it is the true one again.
func (m *mutator) add(name string, s merkle.Shape, root merkle.Digest, p merkle.Proof) {
	if s == m.s && root == m.root && p.Index == m.p.Index && p.Leaf == m.p.Leaf && slices.Equal(p.Siblings, m.p.Siblings) {
		return
	}
	m.list = append(m.list, Mutation{name, s, root, p})
}

// flips are M1.
func (m *mutator) flips(bits int) {
	for b := 0; b < 256; b += max(1, 256/bits) {
		p, root := m.clone(), m.root
		p.Leaf[b/8] ^= 1 << (b % 8)
		m.add(fmt.Sprintf("M1 leaf bit %d", b), m.s, m.root, p)
		root[b/8] ^= 1 << (b % 8)
		m.add(fmt.Sprintf("M1 root bit %d", b), m.s, root, m.clone())
		for i := range m.p.Siblings {
			p := m.clone()
			p.Siblings[i][b/8] ^= 1 << (b % 8)
			m.add(fmt.Sprintf("M1 sibling %d bit %d", i, b), m.s, m.root, p)
		}
	}
}

// indexes are M2. An index that names an equal leaf with equal siblings would be a true proof; the rows of
// Leaves have no two equal nodes.
func (m *mutator) indexes() {
	i, n := m.p.Index, m.s.Leaves()
	for _, at := range []uint64{i + 1, i - 1, i ^ 1, 2 * i, 2*i + 1, i + n, i + 1<<63, n, n - 1 - i, ^uint64(0), 1 << 63} {
		p := m.clone()
		p.Index = at
		m.add(fmt.Sprintf("M2 index %d", at), m.s, m.root, p)
	}
}

// shapes are M3 and M9: the proof for a tree of another form.
func (m *mutator) shapes() {
	n := m.s.Leaves()
	for _, leaves := range []uint64{2 * n, n / 2, n + 1, n - 1, 0, 1 << 63, 8 * n, n / 8, n} {
		for _, arity := range []int{2, 3, 4, 8, 11, 16} {
			if s, err := merkle.Uniform(leaves, arity); err == nil {
				m.other(s)
			}
		}
		for _, c := range [][3]int{{8, 2, 0}, {8, 8, 0}, {8, 8, 2}, {2, 8, 0}} {
			if s, err := merkle.Compound(leaves, c[0], c[1], c[2]); err == nil {
				m.other(s)
			}
		}
	}
}

// other adds the proof as one of another shape, unless that has the same arities: how a tree is cut
// into files is no part of a proof.
func (m *mutator) other(s merkle.Shape) {
	same := s.Depth() == m.s.Depth()
	for l := range s.Depth() {
		same = same && s.Arity(l) == m.s.Arity(l)
	}
	if !same {
		m.add(fmt.Sprintf("M3 M9 shape %v", s), s, m.root, m.clone())
	}
}

// orders are M4.
func (m *mutator) orders() {
	n := len(m.p.Siblings)
	for i := range n {
		p := m.clone()
		p.Leaf, p.Siblings[i] = p.Siblings[i], p.Leaf
		m.add(fmt.Sprintf("M4 leaf with sibling %d", i), m.s, m.root, p)
		for j := range i {
			p := m.clone()
			p.Siblings[i], p.Siblings[j] = p.Siblings[j], p.Siblings[i]
			m.add(fmt.Sprintf("M4 siblings %d and %d", j, i), m.s, m.root, p)
		}
	}
	p := m.clone()
	slices.Reverse(p.Siblings)
	m.add("M4 path reversed", m.s, m.root, p)
	first := 0
	for l := range m.s.Depth() {
		p := m.clone()
		g := p.Siblings[first : first+m.s.Arity(l)-1]
		g0 := g[0]
		copy(g, g[1:])
		g[len(g)-1] = g0
		m.add(fmt.Sprintf("M4 level %d rotated", l), m.s, m.root, p)
		first += m.s.Arity(l) - 1
	}
}

// lengths are M5 and M6.
func (m *mutator) lengths() {
	n := len(m.p.Siblings)
	for i := range n {
		p := m.clone()
		p.Siblings = slices.Delete(p.Siblings, i, i+1)
		m.add(fmt.Sprintf("M5 sibling %d dropped", i), m.s, m.root, p)
		p = m.clone()
		p.Siblings = p.Siblings[:i]
		m.add(fmt.Sprintf("M5 cut to %d siblings", i), m.s, m.root, p)
	}
	p := m.clone()
	p.Siblings = nil
	m.add("M5 empty path", m.s, m.root, p)
	for k, d := range []merkle.Digest{{7, 9}, {}, m.root, m.p.Leaf, m.p.Siblings[0]} {
		for _, at := range []int{0, n / 2, n} {
			p := m.clone()
			p.Siblings = slices.Insert(p.Siblings, at, d)
			m.add(fmt.Sprintf("M6 node %d put in at %d", k, at), m.s, m.root, p)
		}
	}
}

// levels are M8: inner nodes shown as leaves, and leaves as inner nodes.
func (m *mutator) levels() {
	first, index := 0, m.p.Index
	for l := range m.s.Depth() {
		a := m.s.Arity(l)
		p := m.clone()
		p.Index, p.Leaf, p.Siblings = index, m.rows[l][index], p.Siblings[first:]
		if l > 0 {
			m.add(fmt.Sprintf("M8 node of level %d as leaf", l), m.s, m.root, p)
			q := m.clone()
			q.Leaf = m.rows[l][index]
			m.add(fmt.Sprintf("M8 node of level %d for the leaf", l), m.s, m.root, q)
			q = m.clone()
			q.Siblings = append(slices.Clone(m.p.Siblings[:m.s.Arity(0)-1]), p.Siblings...)
			m.add(fmt.Sprintf("M8 path of level %d under a leaf", l), m.s, m.root, q)
		}
		first, index = first+a-1, index/uint64(a)
		sub := m.clone()
		sub.Siblings = sub.Siblings[:first]
		m.add(fmt.Sprintf("M8 root of level %d", l+1), m.s, m.rows[l+1][index], sub)
		if l+1 < m.s.Depth() {
			m.add(fmt.Sprintf("M8 whole path, root of level %d", l+1), m.s, m.rows[l+1][index], m.clone())
		}
	}
}
