// Package task has the work that miners are asked for, in three flavours behind one interface: text (a compression contest),
// image (classification of generated pictures) and audio (denoising of generated sound).
//
// Every challenge is a pure function of a seed and, in a chain of flavours, of the answer before it; every score is an integer
// that anyone can compute again from seed and answer. There are no floats and no clocks, so that all validators of all machines
// agree to the last bit.
package task

import (
	"encoding/binary"
	"errors"
	"hash/fnv"

	"github.com/assaylab/assay/consensus/sim"
)

// ErrPayload marks a payload that is not one of the flavour's.
var ErrPayload = errors.New("task: malformed payload")

// Skills is the number of levels at which an honest miner can answer: 0 does least, Skills-1 does most.
const Skills = 4

// Perfect is the score of an answer that cannot be bettered, 0 that of a worthless one.
const Perfect = 65535

// MaxAnswer bounds an answer's bytes, for any flavour.
const MaxAnswer = 1 << 16

// A Flavour makes challenges, answers them and scores answers. It is safe for concurrent use.
type Flavour interface {
	// Name is the flavour's, in lower case.
	Name() string
	// Challenge returns what a miner is sent. Input is the answer of the flavour before it in a chain, nil for none; it becomes
	// part of the content, and any bytes will do.
	Challenge(seed uint64, input []byte) []byte
	// Answer does the work at a skill. Errors: ErrPayload.
	Answer(payload []byte, skill int) ([]byte, error)
	// Score judges an answer to Challenge(seed, input), from 0 to Perfect. Any bytes are judged; those that are no answer score 0.
	Score(seed uint64, input, answer []byte) uint16
}

// All returns one of each flavour: text, image, audio.
func All() []Flavour { return []Flavour{NewText(), NewImage(), Audio{}} }

// draws returns the random numbers of a seed and content.
func draws(seed uint64, label string, input []byte) *random {
	h := fnv.New64a()
	h.Write(binary.LittleEndian.AppendUint64([]byte(label), seed))
	h.Write(input)
	return &random{sim.Random{State: h.Sum64()}}
}

type random struct{ sim.Random }

func (r *random) below(n int) int { return int(r.Below(uint64(n))) }
