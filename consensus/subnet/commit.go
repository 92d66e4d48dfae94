package subnet

import (
	"encoding/binary"
	"errors"

	"golang.org/x/crypto/blake2b"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// Refusals of commit and reveal, named as the chain names them.
var (
	ErrTooManyCommits = errors.New("subnet: too many unrevealed commits")
	ErrNoCommit       = errors.New("subnet: no weights commit found")
	ErrExpiredCommit  = errors.New("subnet: expired weight commit")
	ErrRevealTooEarly = errors.New("subnet: reveal too early")
	ErrCommitMismatch = errors.New("subnet: reveal matches no commit")
)

// maxUnrevealed is the number of unrevealed commits a hotkey may have.
const maxUnrevealed = 10

// A Schedule says when a subnet's epochs run.
type Schedule struct {
	Tempo               uint16
	LastEpochBlock      uint64
	PendingEpochAt      uint64 // block of a manual trigger or a deferral, 0 for none
	BlocksSinceLastStep uint64 // since the last successful epoch
	EpochIndex          uint64 // slots consumed
}

// MaxTempo is the largest tempo, and the number of blocks after which an epoch is due in any case.
const MaxTempo = 50400

// NewSchedule returns the schedule of a new subnet, staggered by its number.
func NewSchedule(netuid, tempo uint16, block uint64) Schedule {
	s := Schedule{Tempo: tempo, LastEpochBlock: block}
	if tempo != 0 {
		s.LastEpochBlock -= min(block, uint64(netuid%tempo))
	}
	return s
}

// Due reports whether an epoch is due in a block (should_run_epoch).
func (s *Schedule) Due(block uint64) bool {
	switch {
	case s.Tempo == 0:
		return false
	case s.PendingEpochAt > 0 && block >= s.PendingEpochAt, s.BlocksSinceLastStep > MaxTempo:
		return true
	}
	return block-min(block, s.LastEpochBlock) >= uint64(s.Tempo)
}

// Epoch returns the epoch that a commit or reveal in this block belongs to: the counter, plus one where an epoch is due
// (current_epoch_with_lookahead).
func (s *Schedule) Epoch(block uint64) uint64 {
	if s.Due(block) {
		return fixed.SatAddU64(s.EpochIndex, 1)
	}
	return s.EpochIndex
}

// Step advances the schedule by one block of the coinbase. Ran reports that the epoch runs in it. Consistent is false where two uids
// share a hotkey: a due epoch is then skipped, and its slot consumed all the same. Full is true where the block has run its share of
// epochs, which puts this one off.
func (s *Schedule) Step(block uint64, consistent, full bool) (ran bool) {
	s.BlocksSinceLastStep = fixed.SatAddU64(s.BlocksSinceLastStep, 1)
	if !s.Due(block) {
		return false
	}
	if full {
		s.PendingEpochAt = fixed.SatAddU64(block, 1)
		return false
	}
	if consistent {
		s.BlocksSinceLastStep = 0
	}
	s.LastEpochBlock, s.PendingEpochAt, s.EpochIndex = block, 0, fixed.SatAddU64(s.EpochIndex, 1)
	return consistent
}

// CommitHash returns the hash under which weights are committed (v2): BLAKE2b-256 of the SCALE encoding of hotkey, storage
// index, uids, values, salt and version key.
func CommitHash(hotkey [32]byte, index uint16, uids, values, salt []uint16, version uint64) [32]byte {
	b := binary.LittleEndian.AppendUint16(append([]byte(nil), hotkey[:]...), index)
	for _, v := range [][]uint16{uids, values, salt} {
		b = consensus.AppendScaleU16s(b, v)
	}
	return blake2b.Sum256(binary.LittleEndian.AppendUint64(b, version))
}

// A Commit is one hash with the epoch it was made in and the block.
type Commit struct {
	Hash         [32]byte
	Epoch, Block uint64
}

// Commits are the unrevealed commits of one hotkey, oldest first.
type Commits []Commit

// Add appends a commit after the expired ones have gone. Errors: ErrTooManyCommits.
func (c *Commits) Add(x Commit, period uint64) error {
	c.expire(x.Epoch, period)
	if len(*c) >= maxUnrevealed {
		return ErrTooManyCommits
	}
	*c = append(*c, x)
	return nil
}

// expire drops expired commits from the front and returns them.
func (c *Commits) expire(epoch, period uint64) (gone Commits) {
	for len(*c) > 0 && epoch > fixed.SatAddU64((*c)[0].Epoch, period) {
		gone, *c = append(gone, (*c)[0]), (*c)[1:]
	}
	return gone
}

// Reveal takes the commit of a hash, and those before it, in the one epoch in which it may be revealed: its own plus period.
// Errors: ErrNoCommit, ErrExpiredCommit, ErrRevealTooEarly, ErrCommitMismatch.
//
// Source: subtensor subnets/weights.rs, internal_reveal_weights. As there, a refused reveal leaves the queue as it was.
func (c *Commits) Reveal(hash [32]byte, epoch, period uint64) error {
	left := *c
	gone := left.expire(epoch, period)
	miss := ErrCommitMismatch
	if len(left) == 0 {
		miss = ErrNoCommit
	}
	for i, x := range left {
		if x.Hash != hash {
			continue
		}
		if epoch != fixed.SatAddU64(x.Epoch, period) {
			return ErrRevealTooEarly
		}
		*c = left[i+1:]
		return nil
	}
	for _, x := range gone {
		if x.Hash == hash {
			return ErrExpiredCommit
		}
	}
	return miss
}

// OldestBlock returns the block of the oldest unexpired commit, consensus.NoCommit without one: what consensus.State.CommitBlock holds.
func (c Commits) OldestBlock(epoch, period uint64) uint64 {
	for _, x := range c {
		if epoch <= fixed.SatAddU64(x.Epoch, period) {
			return x.Block
		}
	}
	return consensus.NoCommit
}
