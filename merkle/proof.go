package merkle

// A Proof shows that Leaf is leaf Index of a tree. It names no root, no shape and no hasher: the
// verifier has these from elsewhere.
type Proof struct {
	Index uint64
	Leaf  Digest

	// Siblings are the other children of each group on the way up, level by level from the leaves, in the
	// order of the tree with the own node left out: Shape.Siblings nodes.
	Siblings []Digest
}
