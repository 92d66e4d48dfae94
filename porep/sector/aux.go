package sector

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A PAux is the content of the file p_aux: what a prover has to keep of a replica's commitment.
type PAux struct {
	CommC     CommC
	CommRLast CommRLast
}

// MarshalBinary returns the 64 bytes of the file p_aux. The error is always nil.
func (a PAux) MarshalBinary() ([]byte, error) {
	return append(append(make([]byte, 0, 64), a.CommC[:]...), a.CommRLast[:]...), nil
}

// UnmarshalBinary reads the file p_aux. Any length but 64 wraps [ErrAux]; a part that is zero or not
// below the field's modulus wraps [ErrCommitment].
func (a *PAux) UnmarshalBinary(b []byte) error {
	if len(b) != 64 {
		return fmt.Errorf("%w: p_aux has %d bytes, want 64", ErrAux, len(b))
	}
	v := PAux{CommC: CommC(b[:32]), CommRLast: CommRLast(b[32:])}
	if err := v.CommC.Check(); err != nil {
		return err
	}
	if err := v.CommRLast.Check(); err != nil {
		return err
	}
	*a = v
	return nil
}

// A StoreConfig is one store in t_aux.
type StoreConfig struct {
	// Path is the cache directory.
	Path string
	// ID names the store: "layer-1", "tree-d" ...; its file is "sc-02-data-<ID>.dat".
	ID string
	// Size is the number of nodes, for a tree those of one whole base tree; HasSize tells whether it
	// is given at all.
	Size    uint64
	HasSize bool
	// RowsToDiscard is the number of rows above the leaves that are not kept.
	RowsToDiscard uint64
}

// File returns the name of the store's file.
func (c StoreConfig) File() string { return storeFile(c.ID) }

// A TAux is the content of the file t_aux: the stores of a sector's cache.
type TAux struct {
	Labels                  []StoreConfig
	TreeD, TreeRLast, TreeC StoreConfig
}

// NewTAux returns the stores of a sector whose cache directory is path.
func NewTAux(p Proof, path string) TAux {
	store := func(id string, size uint64, discard int) StoreConfig {
		return StoreConfig{Path: path, ID: id, Size: size, HasSize: true, RowsToDiscard: uint64(discard)}
	}
	t := TAux{
		TreeD:     store(treeDID, 2*p.Nodes()-1, 0),
		TreeRLast: store(treeRLastID, p.baseTreeNodes(), p.RowsToDiscard),
		TreeC:     store(treeCID, p.baseTreeNodes(), 0),
	}
	for l := 1; l <= p.Layers; l++ {
		t.Labels = append(t.Labels, store(layerID+strconv.Itoa(l), p.Nodes(), 0))
	}
	return t
}

// MarshalBinary returns the bytes of the file t_aux: bincode with fixed 64-bit little-endian integers.
// The error is always nil.
//
// Source: rust-fil-proofs stacked/vanilla/params.rs, TemporaryAux; merkletree crate, StoreConfig.
func (t TAux) MarshalBinary() ([]byte, error) {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(t.Labels)))
	for _, c := range t.Labels {
		b = c.append(b)
	}
	return t.TreeC.append(t.TreeRLast.append(t.TreeD.append(b))), nil
}

// append appends the bincode form of one store.
func (c StoreConfig) append(b []byte) []byte {
	for _, s := range [...]string{c.Path, c.ID} {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	if c.HasSize {
		b = binary.LittleEndian.AppendUint64(append(b, 1), c.Size)
	} else {
		b = append(b, 0)
	}
	return binary.LittleEndian.AppendUint64(b, c.RowsToDiscard)
}

// minStore is the least number of bytes one store takes: two empty strings, no size, the rows.
const minStore = 8 + 8 + 1 + 8

// UnmarshalBinary reads the file t_aux. Truncated or surplus bytes, lengths beyond the input, text that
// is not UTF-8 and unknown tags wrap [ErrAux]; t is unchanged then. Memory is bounded by len(b).
func (t *TAux) UnmarshalBinary(b []byte) error {
	d := decoder{rest: b}
	n := d.uint64()
	if n > uint64(len(d.rest))/minStore {
		return fmt.Errorf("%w: t_aux tells of %d layers in %d bytes", ErrAux, n, len(b))
	}
	var v TAux
	if n > 0 {
		v.Labels = make([]StoreConfig, n)
	}
	for i := range v.Labels {
		v.Labels[i] = d.store()
	}
	v.TreeD, v.TreeRLast, v.TreeC = d.store(), d.store(), d.store()
	if d.bad || len(d.rest) != 0 {
		return fmt.Errorf("%w: t_aux of %d bytes is malformed with %d bytes left", ErrAux, len(b), len(d.rest))
	}
	*t = v
	return nil
}

// A decoder takes fixed-size bincode apart; after a fault it returns zeros and stays bad.
type decoder struct {
	rest []byte
	bad  bool
}

// take returns the next n bytes.
func (d *decoder) take(n uint64) []byte {
	if d.bad || n > uint64(len(d.rest)) {
		d.bad = true
		return nil
	}
	out := d.rest[:n]
	d.rest = d.rest[n:]
	return out
}

// uint64 returns the next eight bytes, little-endian.
func (d *decoder) uint64() uint64 {
	if b := d.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// string returns the next length-prefixed UTF-8 text.
func (d *decoder) string() string {
	b := d.take(d.uint64())
	if !utf8.Valid(b) {
		d.bad = true
	}
	return string(b)
}

// store returns the next store.
func (d *decoder) store() StoreConfig {
	c := StoreConfig{Path: d.string(), ID: d.string()}
	if tag := d.take(1); tag != nil {
		c.HasSize = tag[0] == 1
		d.bad = tag[0] > 1
	}
	if c.HasSize {
		c.Size = d.uint64()
	}
	c.RowsToDiscard = d.uint64()
	return c
}
