package merkle

// A Digest is one tree node: 32 bytes, exactly as it lies on disk. What the bytes mean (a SHA-256
// digest, a little-endian field element ...) is the Hasher's affair.
type Digest [32]byte

// A Hasher computes the nodes of a level from the nodes of the level below, many at a call, so that
// vector units stay full. Implementations are safe for concurrent use and hold no state that a call
// changes.
type Hasher interface {
	// Name is the hasher's stable identifier, written into marshalled proofs and manifests.
	Name() string

	// Supports reports whether groups of arity children can be hashed.
	Supports(arity int) bool

	// Canonical returns the index of the first node that is no possible output or leaf (a field
	// element not reduced, a SHA-256/254 node with one of its two top bits set), or -1 if all are fine.
	Canonical(nodes []Digest) int

	// Parents sets dst[i] to the hash of the group src[i*arity:(i+1)*arity]. The caller guarantees
	// Supports(arity), len(src) == arity*len(dst) and canonical nodes; dst must not overlap src.
	// A violated guarantee of size is a bug of the caller and may panic.
	Parents(dst, src []Digest, arity int)
}
