// Package label computes SDR labels, the slow part of sealing, for one to sixteen sectors side by side.
//
// A label hashes 1,280 padded bytes, 20 blocks in a row, and needs the label before it: one sector alone is
// bound by the latency of the SHA unit and leaves most of it idle. Sectors of one size and porep id share the
// graph, so several go through it together, node by node, in one buffer that holds the same node of all sectors
// next to each other: one list of parents serves all, and a parent is one run of memory. Of the 20 message
// schedules only nine differ (five in layer 1); the kernels expand each once and keep them in the first-level
// cache.
//
// Four sectors fill the SHA unit (the kernels of one to four lanes, which expand the next node's schedules
// during the rounds of this one). Where that unit is slow or missing and AVX-512 is there, five to sixteen go
// through vector registers; [Best] tells which pays.
//
// What bounds it: a block is 32 SHA256RNDS2 one after another, of four cycles each. The first block of a node needs no
// label, the other 19 do, for since API V1_1 the first parent is the node before: one sector alone takes 2,432
// cycles a label. A unit that starts an instruction every cycle (Zen 4) is full with four sectors, at 640; one that
// starts every second (Zen 5) with two, at 1,280, where four cannot be twice as fast as one. Hashing the first
// blocks beside it, in vector registers, would save a twentieth at most. The next ideas there: two of four sectors in vector
// registers while the other two have the unit, changing places after some blocks, which by the same count saves a
// fifth; and 32 sectors as two states of sixteen whose rounds fill each other's gaps, as in merkle/sha2.
//
// Short messages (the native profile's, see [Parents]) hash each parent once. Their kernels make every schedule beside the rounds
// of its own block: no schedule comes twice, and nothing is kept from one node to the next.
//
// The stage above (porep) owns files, parent cache, threads and contexts; this package holds no goroutine. It
// is exact with rust-fil-proofs 19.1 by labels.json and, through porep, seal.json.
package label
