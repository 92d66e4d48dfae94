package sim

import (
	"errors"
	"fmt"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/porep/sector"
)

// Figures of the model that are ours, not the network's.
const (
	// ScaleBits is the binary logarithm of the bytes of power that a byte of a sector counts as.
	ScaleBits = 44

	// Bounds of a configuration. MinProviders is what the parts of the scenario, a dataset's shards and its repair need.
	MinDays, MaxDays, DefaultDays = 3, 400, 187 // by default deals of 180 days come to their end
	MinProviders, MaxProviders    = 7, 64

	day        = filecoin.EpochsInDay
	clients    = 3
	shards     = 5 // of the erasure-coded dataset
	dataShards = 3 // any so many of them bring it back
)

// A Policy decides at publish whether a deal may be made: a deny-list, or an attestation that is asked for. Its error is
// the reason for a refusal.
type Policy interface {
	Publish(p *filecoin.Proposal) error
}

// A Config says what is simulated. The zero value of every field but Dir works.
type Config struct {
	Seed      uint64
	Dir       string // where the sectors lie; it is not emptied
	Days      int    // default DefaultDays
	Interval  int64  // epochs between tipsets, default and at most 60, a divisor of it
	Providers int    // default MinProviders
	// OldFees charges the base fee by the use of gas, the rule before mainnet's epoch 6,052,800.
	OldFees bool
	// Policy, if not nil, is asked about every deal.
	Policy Policy
	// Progress, if not nil, is called with the stage and its tipsets.
	Progress func(stage string, done, total uint64)
}

// ErrConfig says that a configuration cannot be simulated.
var ErrConfig = errors.New("sim: impossible configuration")

func (c *Config) complete() error {
	if c.Days == 0 {
		c.Days = DefaultDays
	}
	if c.Interval == 0 {
		c.Interval = 60
	}
	if c.Providers == 0 {
		c.Providers = MinProviders
	}
	switch {
	case c.Dir == "":
		return fmt.Errorf("%w: no directory", ErrConfig)
	case c.Days < MinDays || c.Days > MaxDays:
		return fmt.Errorf("%w: %d days, want %d to %d", ErrConfig, c.Days, MinDays, MaxDays)
	case c.Interval < 1 || 60%c.Interval != 0:
		return fmt.Errorf("%w: a tipset every %d epochs, want a divisor of 60", ErrConfig, c.Interval)
	case c.Providers < MinProviders || c.Providers > MaxProviders:
		return fmt.Errorf("%w: %d providers, want %d to %d", ErrConfig, c.Providers, MinProviders, MaxProviders)
	}
	return nil
}

// seal is the kind of every sector.
const seal = sector.StackedDRG2KiBV1_1

// DenyList is a Policy that refuses parties and pieces by their names: addresses and piece CIDs.
type DenyList map[string]bool

// Publish refuses a deal with a party or piece on the list.
func (d DenyList) Publish(p *filecoin.Proposal) error {
	for _, name := range []string{p.Client.String(), p.Provider.String(), sector.CommP(p.PieceCID).CID()} {
		if d[name] {
			return fmt.Errorf("%s is on the deny-list", name)
		}
	}
	return nil
}
