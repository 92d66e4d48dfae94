// Package merkle builds, stores, opens and checks trees of 32-byte nodes, for any hash and any mix of arities.
//
// # The idea
//
// A tree is three things that are known apart. Its Shape says how many children the nodes of each level have;
// it fixes the depth, the offsets in a file and the form of every proof. Its Hasher turns groups of children
// into parents, many at a call, so that a hasher with vector lanes keeps them full; this package knows no
// hasher, the packages sha2, poseidon, poseidon2 and blake3 bring one each. And its leaves come from a slice,
// a file, a stream, or a function that computes them on the spot (a Source).
//
// Build makes a tree in memory. BuildFiles makes one of any size in little memory: goroutines take windows of
// 2^16 leaves, hash each up to its top node while it is in the cache, and write the rows to a file a
// base tree. The bytes do not depend on the number of workers. A Stream takes leaves in order and keeps
// O(log n) nodes.
//
// A Tree, built or opened, gives nodes and proofs. Rows of a file may be missing (a Layout says which: the
// leaves, when they are a file of their own such as a sealed sector, and any number of rows above them);
// they are computed from the leaves where they are needed, for all leaves of one call of Open together.
// What files hold is not trusted more than it must be: Open compares what it computes with what is
// stored, CheckRows shows that no stored byte differs from those of the tree with the recorded root, and
// RestoreFiles heals files that fail this. BuildDurable builds into files of a job of package durable, which survive a crash and
// are found again.
//
// # Proofs
//
// Proof is for one leaf, MultiProof for several, RangeProof for a run of them. The verifier brings root, hasher
// and shape; the proof never says how deep it is. That is the only thing that keeps a leaf and an inner
// node apart in trees like Filecoin's, whose hashes carry no tag, so every verifier counts nodes before
// it hashes. Verification is pure functions: nil is proven, ErrProof is refuted, any other error says that
// nothing could be judged. VerifyBatch judges many proofs, of one tree or of many, with full lanes and
// returns exactly the bad ones.
//
// Each proof has one encoding (AppendProof, ParseProof and their kin), made for one hasher and one shape.
// Decoders refuse everything else and allocate no more than the input is long.
//
// # Logs
//
// Log, LogTree and LogRoot are the trees of RFC 6962, which have any number of leaves, tag leaves and nodes apart,
// and prove that one log continues another. They are for records that grow; all else here is for data of
// a size that is known.
//
// # Limits
//
// Shapes are perfect trees of arities 2 to 1024 with at most 2^56 leaves; BuildFiles builds up to 2^39. The
// shapes of Filecoin's sectors (8-0-0, 8-2-0, 8-8-0, 8-8-2) are made by Compound. Exactness against
// rust-fil-proofs is shown where hasher and tree meet: in porep, post and porep/piece.
package merkle
