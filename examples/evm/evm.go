package evm

import (
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/crypto/sha3"

	"github.com/assaylab/assay/examples/envelope"
	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

//go:embed verifier.json
var artifact []byte

//go:embed Verifier.sol
var source []byte

// ErrUnsupported says that the contract has no function for an envelope: its tree is not binary, or of another hash.
var ErrUnsupported = errors.New("evm: no function for this envelope")

// An Artifact is what solc made of Verifier.sol.
type Artifact struct {
	Solc         string          // the compiler's version, commit included
	Source       string          // file name
	SourceSHA256 string          // of the source, hex
	Command      string          // from the root of the repository
	Settings     json.RawMessage // solc's standard JSON input
	ABI          json.RawMessage
	Bytecode     string // of creation, hex; the constructor takes nothing
}

// Load returns the committed artifact.
func Load() (*Artifact, error) {
	var a Artifact
	if err := json.Unmarshal(artifact, &a); err != nil {
		return nil, fmt.Errorf("evm: verifier.json: %w", err)
	}
	return &a, nil
}

// Creation returns the bytes that a transaction deploys the contract with.
func (a *Artifact) Creation() ([]byte, error) { return hex.DecodeString(a.Bytecode) }

// Calldata returns the call that judges e against its own claim: verifyInclusion, verifyPossession or verifyMulti, which
// return one bool. A contract that uses the verifier brings root and leaves itself. Errors: ErrUnsupported.
func Calldata(e *envelope.Envelope) ([]byte, error) {
	leaves := e.Shape.Leaves()
	binary, err := merkle.Uniform(leaves, 2)
	if err != nil || binary != e.Shape || len(e.Index) == 0 || len(e.Leaf) != len(e.Index) {
		return nil, ErrUnsupported
	}
	cut, err := cutOf(e.Hash)
	if err != nil {
		return nil, err
	}
	switch e.Kind {
	case envelope.Inclusion:
		return call("verifyInclusion(bool,bytes32,uint64,uint64,bytes32,bytes32[])",
			cut, e.Root, leaves, e.Index[0], e.Leaf[0], e.Path), nil
	case envelope.PDP:
		return call("verifyPossession(bytes32,uint64,bytes32,uint256,bytes32[],bytes32[])",
			e.Root, leaves, merkle.Digest(e.Seed), merkle.Digest(e.Set), e.Leaf, e.Path), nil
	case envelope.Multi:
		return call("verifyMulti(bool,bytes32,uint64,uint64[],bytes32[],bytes32[])",
			cut, e.Root, leaves, e.Index, e.Leaf, e.Path), nil
	}
	return nil, ErrUnsupported
}

// CommitCalldata returns the call that records an epoch's commitment for its sender.
func CommitCalldata(epoch uint64, commitment merkle.Digest) []byte {
	return call("commitEpoch(uint64,bytes32)", epoch, commitment)
}

// EpochCalldata returns the call that shows the responses of e out of the epoch that account committed to.
func EpochCalldata(account [20]byte, epoch, sectors uint64, e *envelope.Envelope) []byte {
	var address merkle.Digest
	copy(address[12:], account[:])
	return call("verifyEpoch(address,uint64,uint64,bytes32,uint64[],bytes32[],bytes32[])",
		address, epoch, sectors, e.Root, e.Index, e.Leaf, e.Path)
}

// TransactionGas is what every transaction pays before its calldata and its call.
const TransactionGas = 21_000

// CalldataGas returns what a transaction pays for b as calldata (EIP-2028).
func CalldataGas(b []byte) (gas uint64) {
	for _, v := range b {
		if v == 0 {
			gas += 4
		} else {
			gas += 16
		}
	}
	return gas
}

func cutOf(hash string) (bool, error) {
	switch hash {
	case sha2.SHA254{}.Name():
		return true, nil
	case sha2.SHA256{}.Name():
		return false, nil
	}
	return false, fmt.Errorf("%w: hash %q", ErrUnsupported, hash)
}

// call encodes a call as Solidity's ABI has it: a word for each argument, and behind them the arrays that words point at.
func call(signature string, args ...any) []byte {
	h := sha3.NewLegacyKeccak256()
	h.Write([]byte(signature))
	head := h.Sum(nil)[:4]
	var tail []byte
	for _, arg := range args {
		at := uint64(32*len(args) + len(tail))
		switch v := arg.(type) {
		case bool:
			n := uint64(0)
			if v {
				n = 1
			}
			head = appendWord(head, n)
		case uint64:
			head = appendWord(head, v)
		case merkle.Digest:
			head = append(head, v[:]...)
		case []uint64:
			head, tail = appendWord(head, at), appendWord(tail, uint64(len(v)))
			for _, n := range v {
				tail = appendWord(tail, n)
			}
		case []merkle.Digest:
			head, tail = appendWord(head, at), appendWord(tail, uint64(len(v)))
			tail = append(tail, merkle.Bytes(v)...)
		default:
			panic(fmt.Sprintf("evm: no encoding for %T", arg))
		}
	}
	return append(head, tail...)
}

func appendWord(b []byte, v uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, make([]byte, 24)...), v)
}
