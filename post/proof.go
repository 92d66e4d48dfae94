package post

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/sector"
)

// A Public is what everybody knows of a sector.
type Public struct {
	Number sector.Number
	CommR  sector.CommR
}

// A SectorProof is the vanilla proof of one sector: its challenged leaves, opened in TreeRLast, and the two commitments
// that CommR is the hash of.
type SectorProof struct {
	Number    sector.Number
	CommR     sector.CommR
	CommC     sector.CommC
	CommRLast sector.CommRLast
	Openings  []merkle.Proof // in the order of the challenges
}

// The reference's serde form. A digest is a list of 32 numbers; a path's hashes are the siblings of a level, index is the
// own place among them.
type (
	serdeProof struct {
		Number  uint64        `json:"sector_id"`
		CommR   merkle.Digest `json:"comm_r"`
		Vanilla serdeVanilla  `json:"vanilla_proof"`
	}
	serdeVanilla struct {
		Sectors []serdeSector `json:"sectors"`
	}
	serdeSector struct {
		Openings  []serdeOpening `json:"inclusion_proofs"`
		CommC     merkle.Digest  `json:"comm_c"`
		CommRLast merkle.Digest  `json:"comm_r_last"`
	}
	serdeOpening struct {
		Data serdeData `json:"data"`
	}
	serdeData struct {
		Single *serdeSingle `json:",omitempty"`
		Sub    *serdeSub    `json:",omitempty"`
		Top    *serdeTop    `json:",omitempty"`
	}
	serdeSingle struct {
		Root merkle.Digest `json:"root"`
		Leaf merkle.Digest `json:"leaf"`
		Path serdePath     `json:"path"`
	}
	serdeSub struct {
		Base serdePath     `json:"base_proof"`
		Sub  serdePath     `json:"sub_proof"`
		Root merkle.Digest `json:"root"`
		Leaf merkle.Digest `json:"leaf"`
	}
	serdeTop struct {
		Base serdePath     `json:"base_proof"`
		Sub  serdePath     `json:"sub_proof"`
		Top  serdePath     `json:"top_proof"`
		Root merkle.Digest `json:"root"`
		Leaf merkle.Digest `json:"leaf"`
	}
	serdePath struct {
		Path []serdeLevel `json:"path"`
	}
	serdeLevel struct {
		Hashes []merkle.Digest `json:"hashes"`
		Index  int             `json:"index"`
	}
)

// EncodeJSON returns p as the reference's serde_json writes its FallbackPoStSectorProof: compact, fields in its order. The
// root of every opening is CommRLast. Errors wrap ErrFormat where an opening has another form than the tree.
func (r Rules) EncodeJSON(p *SectorProof) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	s := serdeSector{CommC: merkle.Digest(p.CommC), CommRLast: merkle.Digest(p.CommRLast), Openings: []serdeOpening{}}
	for i := range p.Openings {
		o, err := r.serdeOpening(&p.Openings[i], s.CommRLast)
		if err != nil {
			return nil, fmt.Errorf("post: sector %d, challenge %d: %w", p.Number, i, err)
		}
		s.Openings = append(s.Openings, o)
	}
	return json.Marshal(serdeProof{uint64(p.Number), merkle.Digest(p.CommR), serdeVanilla{[]serdeSector{s}}})
}

// levels of the tree that lie in one base tree, then one each for sub and top.
func (r Rules) split() (base, sub, top int) {
	base, total := r.shape.BaseDepth(), r.shape.Depth()
	return base, min(total, base+1), total
}

func (r Rules) serdeOpening(o *merkle.Proof, root merkle.Digest) (out serdeOpening, err error) {
	if len(o.Siblings) != r.shape.Siblings() || o.Index >= r.shape.Leaves() {
		return out, fmt.Errorf("%w: %d siblings of leaf %d", ErrFormat, len(o.Siblings), o.Index)
	}
	var levels []serdeLevel
	rest := o.Siblings
	for l := range r.shape.Depth() {
		n := r.shape.Arity(l) - 1
		levels = append(levels, serdeLevel{rest[:n:n], r.shape.Position(o.Index, l)})
		rest = rest[n:]
	}
	base, sub, top := r.split()
	path := func(from, to int) serdePath { return serdePath{levels[from:to]} }
	switch top - base {
	case 0:
		out.Data.Single = &serdeSingle{root, o.Leaf, path(0, base)}
	case 1:
		out.Data.Sub = &serdeSub{path(0, base), path(base, sub), root, o.Leaf}
	default:
		out.Data.Top = &serdeTop{path(0, base), path(base, sub), path(sub, top), root, o.Leaf}
	}
	return out, nil
}

// maxJSON bounds the length of a sector's proof: a digest is at most 32 numbers of 4 characters.
func (r Rules) maxJSON() int {
	const digest, level = 160, 64
	return 1024 + r.Challenges*(512+digest*(2+r.shape.Siblings())+level*r.shape.Depth())
}

// DecodeJSON reads what EncodeJSON writes and nothing else, white space between its parts excepted: unknown, missing or
// repeated fields, other forms of a number or a path of another tree wrap ErrFormat. Memory is bounded by the input, and
// inputs longer than any proof under these rules are refused. The proof is not verified.
func (r Rules) DecodeJSON(b []byte) (*SectorProof, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if len(b) > 2*r.maxJSON() {
		return nil, fmt.Errorf("%w: %d bytes", ErrFormat, len(b))
	}
	if nesting(b) > maxNesting {
		return nil, fmt.Errorf("%w: nested deeper than %d", ErrFormat, maxNesting)
	}
	var s serdeProof
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	p, err := r.fromSerde(&s)
	if err != nil {
		return nil, err
	}
	again, err := r.EncodeJSON(p)
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, b); err != nil || !bytes.Equal(compact.Bytes(), again) {
		return nil, fmt.Errorf("%w: not the one encoding of this proof", ErrFormat)
	}
	return p, nil
}

// maxNesting is more than a proof's JSON has; encoding/json would keep a state for each level of a hostile one.
const maxNesting = 64

// nesting returns how deep brackets and braces of b are open at most, those in strings, of which a proof has none, included.
func nesting(b []byte) int {
	depth, most := 0, 0
	for _, c := range b {
		switch c {
		case '[', '{':
			depth++
			most = max(most, depth)
		case ']', '}':
			depth--
		}
	}
	return most
}

func (r Rules) fromSerde(s *serdeProof) (*SectorProof, error) {
	if len(s.Vanilla.Sectors) != 1 || len(s.Vanilla.Sectors[0].Openings) > r.Challenges {
		return nil, fmt.Errorf("%w: %d sectors", ErrFormat, len(s.Vanilla.Sectors))
	}
	one := s.Vanilla.Sectors[0]
	p := &SectorProof{Number: sector.Number(s.Number), CommR: sector.CommR(s.CommR), CommC: sector.CommC(one.CommC),
		CommRLast: sector.CommRLast(one.CommRLast), Openings: make([]merkle.Proof, len(one.Openings))}
	for i := range one.Openings {
		if err := r.fromSerdeOpening(&p.Openings[i], &one.Openings[i].Data); err != nil {
			return nil, fmt.Errorf("post: sector %d, challenge %d: %w", s.Number, i, err)
		}
	}
	return p, nil
}

func (r Rules) fromSerdeOpening(o *merkle.Proof, d *serdeData) error {
	var levels []serdeLevel
	base, _, top := r.split()
	switch {
	case top-base == 0 && d.Single != nil:
		o.Leaf, levels = d.Single.Leaf, d.Single.Path.Path
	case top-base == 1 && d.Sub != nil:
		o.Leaf, levels = d.Sub.Leaf, append(d.Sub.Base.Path, d.Sub.Sub.Path...)
	case top-base == 2 && d.Top != nil:
		o.Leaf, levels = d.Top.Leaf, append(append(d.Top.Base.Path, d.Top.Sub.Path...), d.Top.Top.Path...)
	default:
		return fmt.Errorf("%w: a path of another shape", ErrFormat)
	}
	if len(levels) != r.shape.Depth() {
		return fmt.Errorf("%w: a path of %d levels, want %d", ErrFormat, len(levels), r.shape.Depth())
	}
	span := uint64(1)
	for l, level := range levels {
		arity := r.shape.Arity(l)
		if len(level.Hashes) != arity-1 || level.Index < 0 || level.Index >= arity {
			return fmt.Errorf("%w: level %d with %d siblings, index %d", ErrFormat, l, len(level.Hashes), level.Index)
		}
		o.Index += uint64(level.Index) * span
		span *= uint64(arity)
		o.Siblings = append(o.Siblings, level.Hashes...)
	}
	return nil
}
