// Package sector holds the nouns of Filecoin's proof of replication: sector sizes, registered proofs,
// the parameters that follow from them, the ids a replica is bound to, its commitments and their text
// forms, and the names and small files of a sector's cache directory.
//
// The one idea: a [Proof] value says everything a stage needs to know about the kind of sector it works
// on (nodes, layers, tree shape, challenges, partitions, PoRep id); nothing else in the module asks for
// a sector size and guesses. Values are plain and comparable where Go allows it, and every value that
// came from outside is refused at the door by its Check method.
//
// Bytes are as rust-fil-proofs keeps them: field elements little-endian, ids as they are hashed.
// Exactness is proven by testdata/replica_ids.json and by seal.json and porep_challenges.json of the
// recorded vectors (filecoin-proofs 19.1.0).
package sector
