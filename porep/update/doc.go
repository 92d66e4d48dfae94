// Package update is Filecoin's sector update (SnapDeals): new data encoded into a sealed sector without sealing it again.
//
// The one idea: CommC, the commitment to the sector's labels, never changes. The new data is mixed into the old replica with
// factors that follow from the old CommR and the new CommD, node by node: new = old + data*rho in the scalar field, where one
// rho serves a run of nodes. So any range is decoded from the same range of both replicas, and a proof shows at challenged
// nodes that they were mixed so. A statement is three commitments; sector ids and randomness have no part in it.
//
// Encode makes the new replica and its trees, Decode and DecodeFile give the data back, Remove the replica as it was before;
// Prove and Verify are the vanilla proof, VerifyReplicaUpdate judges the succinct one. Nodes stay canonical little-endian
// integers throughout: an integer times a factor in Montgomery form is an integer again, so nothing is converted.
//
// Exactness is proven by update.json and groth16_update_2kib.json of the recorded vectors (filecoin-proofs 19.1.0), and for
// every h against storage-proofs-update in the contest update of bench/versus.
package update
