package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/assaylab/assay/examples/compute/envelope"
	"github.com/assaylab/assay/examples/compute/verify"
	"github.com/assaylab/assay/examples/engine/blob"
	"github.com/assaylab/assay/examples/internal/strictjson"
)

// The environment of a supplier's process: where the queue is, with its secret, and the market's own HTTP server.
const (
	envQueue  = "ASSAY_COMPUTE_QUEUE"
	envMarket = "ASSAY_COMPUTE_MARKET"
)

// maxDevices of a supplier: the answers to so many puzzles fit one result of the queue.
const maxDevices = 24

// What a message asks a supplier for.
const (
	opPuzzle  = "puzzle"  // solve the hour's puzzle on every device
	opProduct = "product" // multiply two seeded matrices
	opTrace   = "trace"   // run a network of seeded int8 layers and commit to its states
	opRecord  = "record"  // state the health record of the hours so far
	opProbe   = "probe"   // fetch a blob and send it back
)

// A message is what is sealed to a supplier.
type message struct {
	Op      string          `json:"op"`
	Job     string          `json:"job,omitempty"`
	Hour    int             `json:"hour"`
	Puzzles []verify.Puzzle `json:"puzzles,omitempty"`
	A       [32]byte        `json:"a,omitzero"` // seeds
	B       [32]byte        `json:"b,omitzero"`
	N       int             `json:"n,omitempty"` // size, or steps
	Blob    *blob.Ref       `json:"blob,omitempty"`
	Probe   string          `json:"probe,omitempty"`
}

// A sealed is the payload of a task: all that the queue and whoever runs it see.
type sealed struct {
	Client []byte `json:"client"` // the public key that the reply is for
	Box    []byte `json:"box"`
}

// A reply is what a supplier seals to the client.
type reply struct {
	Answers [][]byte `json:"answers,omitempty"` // one a device
	Result  []byte   `json:"result,omitempty"`
	Record  *record  `json:"record,omitempty"`
}

// A record is what a node says of itself. What is published is counted from the market's log.
type record struct {
	Node string `json:"node"`
	Hour int    `json:"hour"`
	Done int    `json:"done"` // jobs answered since it joined
}

// A joining is what a supplier's process announces when it starts.
type joining struct {
	Name   string `json:"name"`
	Public []byte `json:"public"`
}

// errMessage says that bytes are no message.
var errMessage = errors.New("malformed message")

// strict decodes a message. Errors: errMessage.
func strict(b []byte, dst any) error {
	if err := strictjson.Unmarshal(b, dst); err != nil {
		return fmt.Errorf("%w: %w", errMessage, err)
	}
	return nil
}

// kindOf is the kind of a node's tasks: it is the subject they are sent to, and the node's only capability.
func kindOf(node string) string { return "node-" + node }

// replyContext binds a reply to the task it answers.
func replyContext(payload []byte) string {
	h := sha256.Sum256(payload)
	return "reply " + hex.EncodeToString(h[:])
}

// seal makes the payload of a task for a node.
func (m *message) seal(node string, public []byte, client *envelope.Key) ([]byte, error) {
	plain, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	box, err := envelope.Seal(public, "task "+node, plain)
	if err != nil {
		return nil, err
	}
	return json.Marshal(sealed{client.Public(), box})
}

// The shape of trace jobs: a vector through seeded layers.
const (
	width       = 192
	traceSteps  = 48
	productSize = 192
	samples     = 24 // of a trace
	rounds      = 2  // of Freivalds' check
)

// layers is the step of a trace job: state i+1 is layer i of the network times state i, cut to int8.
func layers(ctx context.Context, seed [32]byte) verify.Step {
	return func(i uint64, state []byte) ([]byte, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(state) != width {
			return nil, fmt.Errorf("%w: a state of %d bytes, want %d", verify.ErrProof, len(state), width)
		}
		own := sha256.Sum256(append(seed[:len(seed):len(seed)], byte(i), byte(i>>8)))
		w, err := verify.RandomMatrix(own, width, width)
		if err != nil {
			return nil, err
		}
		x := &verify.Matrix{Rows: width, Cols: 1, Data: make([]int8, width)}
		for k, b := range state {
			x.Data[k] = int8(b)
		}
		y, err := verify.Multiply(w, x)
		if err != nil {
			return nil, err
		}
		next := make([]byte, width)
		for k, v := range y {
			next[k] = byte(int8(min(max(v>>10, -128), 127)))
		}
		return next, nil
	}
}

// firstState is where a trace job starts.
func firstState(seed [32]byte) []byte {
	state := make([]byte, 0, width)
	for len(state) < width {
		h := sha256.Sum256(append(seed[:len(seed):len(seed)], 0xff, byte(len(state))))
		state = append(state, h[:]...)
	}
	return state[:width]
}
