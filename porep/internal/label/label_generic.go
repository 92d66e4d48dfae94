package label

import "crypto/sha256"

// first makes the labels of node 0, which hash no parents.
func (l *Lanes) first(layer uint32, cur []byte) {
	var buf [Prefix + nodeSize]byte
	m := buf[:MessageSize(l.short, 0)]
	for k := range l.ids {
		Frame(m, l.short, &l.ids[k], layer, 0)
		l.put(cur, 0, k, sha256.Sum256(m))
	}
}

// put stores a digest as the label of a node.
func (l *Lanes) put(layer []byte, node uint64, lane int, h [Size]byte) {
	h[31] &= 0x3f
	row := uint64(Size * len(l.ids))
	putLane(layer[node*row:(node+1)*row], len(l.ids), lane, &h)
}

// inRange reports whether p may be the parents of node in a layer of nodes. Layer 1 has no expander parents.
func inRange(p []uint32, node, nodes uint64, expander bool) bool {
	for _, n := range p[:Base] {
		if uint64(n) >= node {
			return false
		}
	}
	if !expander {
		return true
	}
	for _, n := range p[Base:Degree] {
		if uint64(n) >= nodes {
			return false
		}
	}
	return true
}

// labelGeneric is the plain twin of the kernels: it makes nodes from start on, not 0, until parents end or one
// is out of range, and returns how many it made.
func (l *Lanes) labelGeneric(layer uint32, start uint64, parents []uint32, cur, prev []byte) uint64 {
	nodes := uint64(len(cur) / (Size * len(l.ids)))
	var buf [Prefix + Size*repeated]byte
	count := Parents(l.short, layer)
	m := buf[:MessageSize(l.short, count)]
	labels := m[Prefix:][:Size*count]
	for i := range uint64(len(parents) / Degree) {
		node, p := start+i, parents[i*Degree:(i+1)*Degree]
		if !inRange(p, node, nodes, layer > 1) {
			return i
		}
		for k := range l.ids {
			Frame(m, l.short, &l.ids[k], layer, node)
			l.gather(labels, p, k, cur, prev)
			l.put(cur, node, k, sha256.Sum256(m))
		}
	}
	return uint64(len(parents) / Degree)
}

// gather fills m with the parent labels of one lane: the parents over and over (all fourteen, or the six of layer 1).
func (l *Lanes) gather(m []byte, p []uint32, lane int, cur, prev []byte) {
	row, n := uint64(Size*len(l.ids)), Size*Base
	if prev != nil {
		n = Size * Degree
	}
	for j := range n / Size {
		from := cur
		if j >= Base {
			from = prev
		}
		at := uint64(p[j]) * row
		takeLane((*[Size]byte)(m[Size*j:]), from[at:at+row], len(l.ids), lane)
	}
	for n < len(m) {
		n += copy(m[n:], m[:n])
	}
}
