// Package piece commits to data before it is sealed: CommP of a payload, CommD of the pieces of a sector,
// and the data segments inside a piece.
//
// The one idea: a piece is a subtree. Its padded size is a power of two, it lies at a multiple of its size,
// and zeros fill what is free, so that every commitment is made of smaller ones by one kind of node: the
// binary SHA-256 of two children, cut to 254 bits. [Sum] and [Hasher] fold a stream of any length in
// constant memory, [Join] and [CommD] fold pieces, all through the same stack of finished subtrees.
//
// Sizes have types, because raw, unpadded and padded bytes of one piece differ: [PaddedSize] counts the
// bytes after fr32 (a power of two from 128), [UnpaddedSize] those before (127 of every 128), and a
// payload of any length is a plain number of bytes.
//
// Exactness is proven by commp.json of the recorded vectors (filecoin-proofs 19.1.0).
package piece
