// Package sha2 hashes Merkle nodes and other equal-length messages with SHA-256, many at a call.
//
// A single SHA-256 is bound by the latency of its rounds; four independent ones keep the SHA unit of an x86
// core busy. So everything here works on batches: [SHA256] and [SHA254] are the two hashers for trees (whole
// digests; digests cut to 254 bits as Filecoin's trees of unsealed data use them), [Sum] and [SumPrefix] hash
// equal-length messages (leaves and nodes of RFC 6962 and its kin).
//
// On amd64 two assembly kernels compete: four messages side by side on SHA-NI, and 32 in AVX-512 registers. The
// first use measures which is faster on this CPU (SHA-NI on Zen 4, AVX-512 on Zen 5). Everywhere else, and in
// builds with the tag purego, the work goes to crypto/sha256, which has the SHA-2 instructions of arm64.
// Results never depend on the path.
//
// Exactness: examples of FIPS 180-4, crypto/sha256 for every length, a million digests of Python's hashlib, and
// for the cut form the comm_d of an empty sector (commp.json).
package sha2
