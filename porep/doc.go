// Package porep seals sectors and proves it: Filecoin's stacked DRG proof of replication.
//
// The one idea: data goes down one way, and each stage is a call of its own that takes files and a small
// value and leaves files and a small value, so that stages may run in other processes, days apart. Stage
// puts the data into a sector and gives CommD; Label makes the key, layer upon layer of labels, each
// bound to the one before; Commit makes TreeC over the columns of labels, encodes the data with the
// last layer into the replica, makes TreeRLast over it and gives CommR; Prove opens the challenged
// nodes; Verify judges that from public values alone; Unseal gives any range of the data back. Seal is
// the first three at once.
//
// Files have the names, the layout and the bytes that rust-fil-proofs 19.1 writes and reads, and the
// vanilla proof its JSON, so that a sector may move there and back at any point. Verification checks
// more than the reference does: parent labels follow from the opened columns.
//
// Nothing is taken on trust: data is held against CommD and layers against the replica id before they are
// used, samples of each new layer are computed again before it gets its name, a proof is verified before
// Prove returns it, and Unseal writes no byte before the whole replica has decoded to CommD. Files
// get their names only when they are whole and synced. SealFolders does the same through package durable, with a journal and
// checkpoints within layers: what a crash, a full disk or rot spoils is found, named and made again, and no more than that.
//
// What is lost comes back: Check proves each file of a sector right, block by block, from the public statement, or says what can
// be made again, and Repair makes it; Rederive starts from the data alone. With the last layer kept (or made again for many
// sectors together by Keys) DecodeRange reads any range in O(range).
//
// The rules are parameters: sector.Profile has Filecoin's, frozen, and native-1 for networks that need no succinct proof, whose
// labels hash each parent once and whose columns and trees are BLAKE3's. SoundnessTable says what a prover risks who keeps
// less than all: with the 128 challenges of native-1 3.5 % missing are seen with 99 %, and below some 7 % missing a node is
// computed again from a handful of labels, since few of its parents are missing too.
//
// Limits: Poseidon columns of 2 and 11 layers, as registered proofs have them, others of 2 to 64. Groth16 proofs over what is proven
// here are in porep/groth16. 32 and 64 GiB take 64 and 128 GiB of memory to label, as the reference does.
//
// Exactness is proven by labels.json, seal.json, seal_512mib.json, unseal.json, porep_challenges.json and
// porep_c1_*.json of the recorded vectors (filecoin-proofs 19.1.0); some of them are in testdata.
package porep
