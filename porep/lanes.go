package porep

import (
	"github.com/assaylab/assay/porep/internal/label"
	"github.com/assaylab/assay/porep/sector"
)

// newLanes returns the kernel of a kind of sector.
func newLanes(p sector.Proof, ids [][32]byte) (*label.Lanes, error) {
	if p.ShortLabels {
		return label.NewShort(ids...)
	}
	return label.New(ids...)
}
