package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/fr32"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
)

// namedData returns the n bytes that a vector names: "stream:LABEL", or "XX*n" for a repeated byte, or "index*n" for
// the index modulo 256.
func namedData(name string, n int) ([]byte, error) {
	if label, ok := strings.CutPrefix(name, "stream:"); ok {
		return stream(label, n), nil
	}
	value, times, ok := strings.Cut(name, "*")
	if !ok || times != strconv.Itoa(n) {
		return nil, fmt.Errorf("data %q of %d bytes: unknown rule", name, n)
	}
	if value == "index" {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i)
		}
		return b, nil
	}
	b, err := hex.DecodeString(value)
	if err != nil || len(b) != 1 {
		return nil, fmt.Errorf("data %q: unknown rule", name)
	}
	return bytes.Repeat(b, n), nil
}

// sum256 is SHA-256 as a comparable value.
func sum256(b []byte) hex32 { return sha256.Sum256(b) }

// fr32Case is one entry of fr32.json.
type fr32Case struct {
	Name     string   `json:"name"`
	Len      int      `json:"unpadded_len"`
	Padded   int      `json:"padded_len"`
	Tight    uint64   `json:"to_padded_bytes"`
	BackLen  uint64   `json:"to_unpadded_bytes_of_padded"`
	Unpadded hexBytes `json:"unpadded_hex"`
	PaddedB  hexBytes `json:"padded_hex"`
	Back     hexBytes `json:"back_hex"`
}

// runFr32 checks fr32*.json.
func runFr32(v *vector) (cases int, err error) {
	var f struct {
		Set    string     `json:"set"`
		Oracle string     `json:"oracle"`
		Cases  []fr32Case `json:"cases"`
		Ranges struct {
			Label  string `json:"source_label"`
			Len    int    `json:"source_unpadded_len"`
			Ranges []struct {
				Offset uint64   `json:"offset"`
				Len    int      `json:"len"`
				Bytes  hexBytes `json:"bytes_hex"`
			} `json:"ranges"`
		} `json:"unpad_ranges"`
		Big *struct {
			Label     string `json:"label"`
			Len       int    `json:"unpadded_len"`
			Digest    hex32  `json:"unpadded_sha256"`
			PaddedLen int    `json:"padded_len"`
			Padded    hex32  `json:"padded_sha256"`
		} `json:"big"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	for _, c := range f.Cases {
		if err := c.check(); err != nil {
			return cases, fmt.Errorf("case %q: %w", c.Name, err)
		}
		cases++
	}
	padded, err := io.ReadAll(fr32.NewReader(bytes.NewReader(stream(f.Ranges.Label, f.Ranges.Len))))
	if err != nil {
		return cases, err
	}
	for i, r := range f.Ranges.Ranges {
		got := make([]byte, r.Len)
		if err := fr32.UnpadRange(got, padded, r.Offset); err != nil {
			return cases, fmt.Errorf("range %d: %w", i, err)
		}
		if err := equalBytes(got, r.Bytes, "range %d", i); err != nil {
			return cases, err
		}
		cases++
	}
	if f.Big == nil {
		return cases, nil
	}
	in := stream(f.Big.Label, f.Big.Len)
	out, err := io.ReadAll(fr32.NewReader(bytes.NewReader(in)))
	if err != nil {
		return cases, err
	}
	if err := cmp.Or(
		equal(sum256(in), f.Big.Digest, "big: unpadded_sha256"),
		equal(len(out), f.Big.PaddedLen, "big: padded_len"),
		equal(sum256(out), f.Big.Padded, "big: padded_sha256")); err != nil {
		return cases, err
	}
	return cases + 1, nil
}

// check pads and unpads by slices and streams.
func (c fr32Case) check() error {
	in, err := namedData(c.Name, c.Len)
	if err != nil {
		return err
	}
	padded, err := io.ReadAll(fr32.NewReader(bytes.NewReader(in)))
	if err != nil {
		return err
	}
	n, err := fr32.PaddedLen(uint64(c.Len))
	if err != nil {
		return err
	}
	tight, err := fr32.TightLen(uint64(c.Len))
	if err != nil {
		return err
	}
	slice := make([]byte, n)
	if _, err := fr32.Pad(slice, in); err != nil {
		return err
	}
	back, err := io.ReadAll(fr32.NewUnpadReader(bytes.NewReader(padded)))
	if err != nil {
		return err
	}
	return cmp.Or(
		equalBytes(in, c.Unpadded, "unpadded_hex"),
		equalBytes(padded, c.PaddedB, "padded_hex"),
		equalBytes(slice, c.PaddedB, "padded_hex by slice"),
		equal(int(n), c.Padded, "padded_len"),
		equal(tight, c.Tight, "to_padded_bytes"),
		equal(fr32.UnpaddedLen(n), c.BackLen, "to_unpadded_bytes_of_padded"),
		equalBytes(back, c.Back, "back_hex"))
}

// graphCase is one graph of graph.json.
type graphCase struct {
	Size        sector.Size `json:"sector_size"`
	Nodes       uint64      `json:"nodes"`
	PoRepID     hex32       `json:"porep_id"`
	Version     string      `json:"api_version"`
	Legacy      bool        `json:"is_legacy_porep_id"`
	FeistelSeed hex32       `json:"feistel_seed"`
	Keys        []string    `json:"feistel_keys_u64_hex"`
	Left        string      `json:"feistel_left_mask"`
	Right       string      `json:"feistel_right_mask"`
	HalfBits    int         `json:"feistel_half_bits"`
	DRGSeed     hexBytes    `json:"drg_seed_28"`
	Parents     []struct {
		Node uint64   `json:"node"`
		DRG  []uint32 `json:"drg"`
		Exp  []uint32 `json:"exp"`
	} `json:"parents"`
	Digest *hex32 `json:"all_parents_u32le_sha256"`
}

// runGraph checks graph*.json.
func runGraph(v *vector) (cases int, err error) {
	var f struct {
		Set     string      `json:"set"`
		Oracle  string      `json:"oracle"`
		Graphs  []graphCase `json:"graphs"`
		Feistel []struct {
			N    uint64   `json:"num_elements"`
			Keys []uint64 `json:"keys"`
			In   []uint64 `json:"in"`
			Out  []uint64 `json:"out"`
		} `json:"feistel"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	for i, c := range f.Graphs {
		if err := c.check(); err != nil {
			return cases, fmt.Errorf("graph %d: %w", i, err)
		}
		cases++
	}
	for i, c := range f.Feistel {
		if len(c.Keys) != 4 || len(c.In) != len(c.Out) {
			return cases, fmt.Errorf("feistel %d: %d keys, %d in, %d out", i, len(c.Keys), len(c.In), len(c.Out))
		}
		p, err := graph.NewFeistel(c.N, [4]uint64(c.Keys))
		if err != nil {
			return cases, err
		}
		for j, in := range c.In {
			got, err := p.Permute(in)
			if err != nil {
				return cases, err
			}
			if err := equal(got, c.Out[j], "feistel %d, element %d", i, in); err != nil {
				return cases, err
			}
		}
		cases++
	}
	return cases, nil
}

// check compares the seeds, the chosen nodes and the digest of a graph.
func (c *graphCase) check() error {
	version, err := sector.ParseAPIVersion(c.Version)
	if err != nil {
		return err
	}
	p, err := sector.NewProof(sector.PoRepID(c.PoRepID), c.Size, version, 0)
	if err != nil {
		return err
	}
	g, err := graph.New(p)
	if err != nil {
		return err
	}
	if err := c.checkSeeds(g); err != nil {
		return err
	}
	for _, want := range c.Parents {
		var one [graph.Degree]uint32
		if err := g.Parents(want.Node, &one); err != nil {
			return err
		}
		if len(want.DRG) != graph.BaseDegree || len(want.Exp) != graph.ExpDegree {
			return fmt.Errorf("node %d: %d and %d parents", want.Node, len(want.DRG), len(want.Exp))
		}
		if err := cmp.Or(
			equal([6]uint32(one[:]), [6]uint32(want.DRG), "node %d: drg", want.Node),
			equal([8]uint32(one[6:]), [8]uint32(want.Exp), "node %d: exp", want.Node)); err != nil {
			return err
		}
	}
	if c.Digest == nil {
		return nil
	}
	digest, err := parentsDigest(g)
	if err != nil {
		return err
	}
	return equal(digest, *c.Digest, "all_parents_u32le_sha256")
}

// checkSeeds compares what the parents are derived from.
func (c *graphCase) checkSeeds(g *graph.Graph) error {
	f := g.Permutation()
	var seed hex32
	for i, k := range f.Keys() {
		binary.LittleEndian.PutUint64(seed[8*i:], k)
		if len(c.Keys) != 4 {
			return fmt.Errorf("%d feistel keys", len(c.Keys))
		}
		if err := equal(fmt.Sprintf("%016x", k), c.Keys[i], "feistel key %d", i); err != nil {
			return err
		}
	}
	left, right := f.Masks()
	drg := g.DRGSeed()
	return cmp.Or(
		equal(g.Nodes(), c.Nodes, "nodes"),
		equal(sector.PoRepID(c.PoRepID).Legacy(), c.Legacy, "is_legacy_porep_id"),
		equal(seed, c.FeistelSeed, "feistel_seed"),
		equal(fmt.Sprintf("%x", left), c.Left, "feistel_left_mask"),
		equal(fmt.Sprintf("%x", right), c.Right, "feistel_right_mask"),
		equal(f.HalfBits(), c.HalfBits, "feistel_half_bits"),
		equalBytes(drg[:], c.DRGSeed, "drg_seed_28"))
}

// parentsDigest hashes all parents of a graph, fourteen little-endian words a node.
func parentsDigest(g *graph.Graph) (hex32, error) {
	r, err := graph.NewReader(context.Background(), g, 0, nil)
	if err != nil {
		return hex32{}, err
	}
	defer r.Close()
	h := sha256.New()
	for {
		_, parents, err := r.Next()
		if err == io.EOF {
			return hex32(h.Sum(nil)), nil
		} else if err != nil {
			return hex32{}, err
		}
		if err := binary.Write(h, binary.LittleEndian, parents); err != nil {
			return hex32{}, err
		}
	}
}

// commPFile is commp.json.
type commPFile struct {
	Set    string `json:"set"`
	Oracle string `json:"oracle"`
	Pieces []struct {
		Data     string   `json:"data"`
		Unpadded uint64   `json:"unpadded_len"`
		Padded   uint64   `json:"padded_len"`
		Digest   hex32    `json:"data_sha256"`
		CommP    hex32    `json:"comm_p"`
		Bytes    hexBytes `json:"data_hex"`
	} `json:"pieces"`
	Payloads []struct {
		Label    string `json:"label"`
		Len      int    `json:"payload_len"`
		Unpadded uint64 `json:"unpadded_len"`
		Padded   uint64 `json:"padded_len"`
		CommP    hex32  `json:"comm_p"`
	} `json:"payloads_zero_padded"`
	Zeros []struct {
		Padded uint64 `json:"padded_len"`
		Comm   hex32  `json:"comm"`
	} `json:"zero_commitments"`
	Sectors []commDCase `json:"sectors"`
	Node    *struct {
		Left  hex32 `json:"left"`
		Right hex32 `json:"right"`
		Out   hex32 `json:"out"`
	} `json:"piece_hash"`
}

// runCommP checks commp*.json.
func runCommP(v *vector) (cases int, err error) {
	var f commPFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	for i, p := range f.Pieces {
		data, err := namedData(p.Data, int(p.Unpadded))
		if err != nil {
			return cases, err
		}
		if err := equal(sum256(data), p.Digest, "piece %d: data_sha256", i); err != nil {
			return cases, err
		}
		if p.Bytes != nil {
			if err := equalBytes(data, p.Bytes, "piece %d: data_hex", i); err != nil {
				return cases, err
			}
		}
		if err := checkPiece(data, p.Unpadded, p.Padded, p.CommP); err != nil {
			return cases, fmt.Errorf("piece %d: %w", i, err)
		}
		cases++
	}
	for i, p := range f.Payloads {
		if err := checkPiece(stream(p.Label, p.Len), p.Unpadded, p.Padded, p.CommP); err != nil {
			return cases, fmt.Errorf("payload %d: %w", i, err)
		}
		cases++
	}
	for i, z := range f.Zeros {
		got, err := piece.Zero(piece.PaddedSize(z.Padded))
		if err != nil {
			return cases, err
		}
		if err := equal(hex32(got.CommP), z.Comm, "zero commitment %d", i); err != nil {
			return cases, err
		}
		cases++
	}
	for i, c := range f.Sectors {
		if err := c.check(); err != nil {
			return cases, fmt.Errorf("sector %d: %w", i, err)
		}
		cases++
	}
	if f.Node == nil {
		return cases, nil
	}
	return cases + 1, checkPieceHash(f.Node.Left, f.Node.Right, f.Node.Out)
}

// checkPieceHash compares one node. Its children here are any bytes, not only possible commitments.
func checkPieceHash(left, right, out hex32) error {
	dst := make([]merkle.Digest, 1)
	sha2.SHA254{}.Parents(dst, []merkle.Digest{merkle.Digest(left), merkle.Digest(right)}, 2)
	return equal(hex32(dst[0]), out, "piece_hash")
}

// checkPiece compares the piece of a payload.
func checkPiece(data []byte, unpadded, padded uint64, commP hex32) error {
	got, err := piece.Sum(context.Background(), bytes.NewReader(data), nil)
	if err != nil {
		return err
	}
	return cmp.Or(
		equal(uint64(got.Size), padded, "padded_len"),
		equal(uint64(got.Size.Unpadded()), unpadded, "unpadded_len"),
		equal(hex32(got.CommP), commP, "comm_p"))
}

// commDCase is one sector of commp.json.
type commDCase struct {
	Size   sector.Size `json:"sector_size"`
	Pieces []struct {
		Label string `json:"label"`
		Len   uint64 `json:"unpadded_len"`
		CommP hex32  `json:"comm_p"`
	} `json:"pieces"`
	Library hex32 `json:"compute_comm_d"`
	Staged  *struct {
		CommD     hex32           `json:"comm_d_full_sector"`
		Equals    bool            `json:"equals_compute_comm_d"`
		Alignment []alignmentCase `json:"alignment"`
		Digest    hex32           `json:"staged_sha256"`
	} `json:"staged"`
}

// alignmentCase is the place of one piece, in unpadded bytes.
type alignmentCase struct {
	Left    uint64 `json:"left_unpadded"`
	Right   uint64 `json:"right_unpadded"`
	Written uint64 `json:"written_unpadded"`
	Start   uint64 `json:"start_unpadded"`
}

// check makes the pieces, their commitments and the staged sector.
func (c *commDCase) check() error {
	var infos []piece.Info
	var payloads []piece.Payload
	for i, p := range c.Pieces {
		data := stream(p.Label, int(p.Len))
		info, err := piece.Sum(context.Background(), bytes.NewReader(data), nil)
		if err != nil {
			return err
		}
		if err := equal(hex32(info.CommP), p.CommP, "piece %d: comm_p", i); err != nil {
			return err
		}
		infos = append(infos, info)
		payloads = append(payloads, piece.Payload{R: bytes.NewReader(data), Len: p.Len})
	}
	library, err := piece.ComputeCommD(c.Size, infos)
	if err != nil {
		return err
	}
	if err := equal(hex32(library), c.Library, "compute_comm_d"); err != nil || c.Staged == nil {
		return err
	}
	return c.checkStaged(infos, payloads)
}

// checkStaged compares the whole sector.
func (c *commDCase) checkStaged(infos []piece.Info, payloads []piece.Payload) error {
	commD, err := piece.CommD(c.Size, infos)
	if err != nil {
		return err
	}
	h := sha256.New()
	s, err := piece.Stage(context.Background(), h, c.Size, payloads, nil)
	if err != nil {
		return err
	}
	if err := cmp.Or(
		equal(hex32(commD), c.Staged.CommD, "comm_d_full_sector"),
		equal(hex32(s.CommD), c.Staged.CommD, "comm_d_full_sector as staged"),
		equal(commD == sector.CommD(c.Library), c.Staged.Equals, "equals_compute_comm_d"),
		equal(hex32(h.Sum(nil)), c.Staged.Digest, "staged_sha256"),
		equal(len(s.Pieces), len(c.Staged.Alignment), "number of alignments")); err != nil {
		return err
	}
	written := piece.UnpaddedSize(0)
	for i, want := range c.Staged.Alignment {
		a, err := piece.Align(written, c.Pieces[i].Len)
		if err != nil {
			return err
		}
		total := a.Left + piece.UnpaddedSize(c.Pieces[i].Len) + a.Right
		got := alignmentCase{uint64(a.Left), uint64(a.Right), uint64(total), s.Pieces[i].Offset / 128 * 127}
		if err := equal(got, want, "alignment %d", i); err != nil {
			return err
		}
		written += total
	}
	return nil
}
