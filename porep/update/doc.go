// Package update is Filecoin's sector update (SnapDeals): new data encoded into a sealed sector without sealing it again.
//
// The one idea: CommC, the commitment to the sector's labels, never changes. The new data is mixed into the old replica with
// factors that follow from the old CommR and the new CommD, and a proof shows at challenged nodes that it was. A statement is
// three commitments; sector ids and randomness have no part in it.
//
// Exactness is proven by update.json and groth16_update_2kib.json of the recorded vectors (filecoin-proofs 19.1.0).
package update
