package label

// scratch is what the kernels keep between calls: nothing here.
type scratch struct{}

func (*scratch) init() {}

func (l *Lanes) label(layer uint32, start uint64, parents []uint32, cur, prev []byte) uint64 {
	return l.labelGeneric(layer, start, parents, cur, prev)
}
