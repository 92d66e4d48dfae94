// Package envelope carries proofs of the library out of the house: to another language, a browser or a chain.
//
// An Envelope is a Claim (what a proof is about: kind, hash, domain, shape, root and, for possession, seed and data set) with
// the leaves and nodes that show it. It has a version, and one encoding each in JSON and CBOR: decoders take what encoders
// write and nothing else (white space in JSON excepted), refuse inputs over MaxBytes, and allocate at most 64 bytes a byte
// of input. Verify is told the claim by the verifier and never believes the one in the envelope: an envelope
// made for another root, depth, hash or domain is refuted, however sound.
//
// The same envelope is checked by verify.mjs in Node, without a dependency, and as calldata by the contract of examples/evm.
//
// An Epoch commits to all PoSt responses of an epoch in 32 bytes, so that what a chain must carry does not grow with the
// network: whoever doubts a response, or samples some, asks for them with one multiproof.
//
// # JSON
//
//	{"version":1,"kind":"inclusion","hash":"sha254","domain":"filecoin/commp","shape":"0102000505",
//	 "root":"<64 hex digits>","index":["5"],"leaf":["<hex>"],"path":["<hex>", ...]}
//
// Numbers that may pass 2^53 are decimal strings, nodes are hex in lower case, shape is merkle.Shape.AppendShape. kind is
// "inclusion" (one leaf), "multi" (a merkle.MultiProof) or "pdp" (the openings of post.ProvePDP one after another; then seed
// and set, the data set as uint256 big-endian, stand behind root). In CBOR (RFC 8949, core deterministic) the keys are 0 to
// 10 in this order, seed and set being 6 and 7, nodes and shape byte strings, index unsigned integers.
package envelope
