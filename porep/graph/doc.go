// Package graph computes the graph of Filecoin's stacked depth-robust encoding: which labels are hashed
// into which.
//
// The one idea: the fourteen parents of a node follow from the PoRep id, the API version and the node's
// number alone. Six come from a depth-robust graph on the same layer (a ChaCha8 stream per node), eight
// from an expander onto the previous layer (a three-round Feistel permutation of node*8+i). A [Graph]
// answers for any node of any sector size without state; a [Cache] is the same answer kept in a file;
// a [Reader] hands either out in order, computed ahead in a bounded window. Auditors need no more than
// a [Graph].
//
// The round function of the permutation sees only half of an index, 17 bits for 32 and 64 GiB. Where
// many nodes are asked for, its three tables of 2^17 values are therefore computed once, and a parent
// costs three look-ups instead of three Blake2b hashes.
//
// Exactness is proven by graph.json of the recorded vectors (filecoin-proofs 19.1.0) and by the digests
// of upstream's parent_cache.json.
package graph
