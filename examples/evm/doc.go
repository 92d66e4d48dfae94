// Package evm holds a verifier of the library's proofs for Ethereum's virtual machine: Verifier.sol, what solc made of it
// (verifier.json, with solc's version, the source's digest, the settings and the command), and the calldata that shows an
// envelope to it.
//
// The contract knows binary trees of SHA-256, whole or cut to 254 bits: single leaves, several leaves at once, possession of
// a piece with the keccak index of the PDPVerifier contract, and the commitment to an epoch of package envelope. ./rebuild
// compiles the source again, with solc from npm, and compares; .ci/run does it where Node exists.
//
// A Chain runs the bytecode in an EVM within the process (go-ethereum's core/vm/runtime, rules of Cancun). The tests do so on
// proofs that the library made and on the same proofs corrupted, and print gas: of the call, and of the calldata at 16 gas a
// byte that is not zero and 4 a byte that is; the 21,000 of the transaction itself come on top.
package evm
