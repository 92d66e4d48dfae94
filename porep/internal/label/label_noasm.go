//go:build purego || !amd64

package label

// scratch is what the kernels keep between calls: nothing in this build.
type scratch struct{}

func (*scratch) init([][Size]byte, bool) {}

func (l *Lanes) label(layer uint32, start uint64, parents []uint32, cur, prev []byte) uint64 {
	return l.labelGeneric(layer, start, parents, cur, prev)
}

// Best returns the number of sectors, most at the most, that go side by side fastest: here the lanes share
// nothing but the parents, which four of them do well enough.
func Best(most int) int { return min(most, interleaved) }

// setPlain makes l take the generic path, which it does.
func (l *Lanes) setPlain() {}
