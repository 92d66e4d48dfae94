package piece

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/fr32"
	"github.com/assaylab/assay/porep/sector"
)

// A vectorAggregate is one aggregate of testdata/podsi.json.
type vectorAggregate struct {
	Deal      PaddedSize `json:"deal_size"`
	CommP     string     `json:"deal_comm_p"`
	Index     string     `json:"index_comm_p"`
	IndexSHA  string     `json:"unpadded_index_sha256"`
	Entries   uint64     `json:"index_entries"`
	StartData uint64     `json:"index_start_unpadded"`
	Pieces    []struct {
		CommP  string     `json:"comm_p"`
		Size   PaddedSize `json:"padded_size"`
		Offset uint64     `json:"offset"`
		Proof  string     `json:"inclusion_proof_cbor"`
	} `json:"pieces"`
}

// infos returns the pieces of the aggregate.
func (v vectorAggregate) infos(t testing.TB) (list []Info) {
	for _, p := range v.Pieces {
		list = append(list, Info{commP(t, p.CommP), p.Size})
	}
	return list
}

// aggregates reads testdata/podsi.json.
func aggregates(t testing.TB) []vectorAggregate {
	t.Helper()
	raw, err := os.ReadFile("testdata/podsi.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Aggregates []vectorAggregate `json:"aggregates"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v.Aggregates
}

func TestPoDSIVectors(t *testing.T) {
	for i, v := range aggregates(t) {
		if testing.Short() && v.Deal > 1<<24 {
			continue
		}
		a, err := NewAggregate(v.Deal, v.infos(t))
		if err != nil {
			t.Fatal(err)
		}
		if deal := a.Deal(); deal != (Info{commP(t, v.CommP), v.Deal}) {
			t.Errorf("aggregate %d: deal %v, want %s", i, deal, v.CommP)
		}
		if n, err := IndexEntries(v.Deal); err != nil || n != v.Entries {
			t.Errorf("aggregate %d: %d entries, %v, want %d", i, n, err, v.Entries)
		}
		start, err := IndexStart(v.Deal)
		if err != nil || start/128*127 != v.StartData {
			t.Errorf("aggregate %d: index at %d, %v", i, start, err)
		}
		checkIndex(t, a, v, start)
		for j, want := range v.Pieces {
			checkInclusion(t, a, j, want.Proof)
			if a.Segments()[j].Offset != want.Offset {
				t.Errorf("aggregate %d, piece %d: at %d, want %d", i, j, a.Segments()[j].Offset, want.Offset)
			}
		}
	}
}

// checkIndex compares the index area's bytes and commitment, and reads it back.
func checkIndex(t *testing.T, a *Aggregate, v vectorAggregate, start uint64) {
	t.Helper()
	padded := append(a.Index(), make([]byte, uint64(v.Deal)-start-uint64(len(a.Index())))...)
	raw := make([]byte, len(padded)/128*127)
	if _, err := fr32.Unpad(raw, padded); err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != v.IndexSHA {
		t.Errorf("index %x, want %s", sum, v.IndexSHA)
	}
	if p, err := Sum(t.Context(), bytes.NewReader(raw), nil); err != nil || p.CommP.String() != v.Index {
		t.Errorf("index's CommP %v, %v, want %s", p, err, v.Index)
	}
	got, faults, err := ParseIndex(v.Deal, bytes.NewReader(raw))
	if err != nil || len(faults) != 0 || len(got) != len(a.Segments()) {
		t.Fatalf("%d segments, %v, %v", len(got), faults, err)
	}
	for i, s := range got {
		if s != (Segment{a.Segments()[i], uint64(i)}) {
			t.Errorf("segment %d: %v", i, s)
		}
	}
	if _, _, err := ParseIndex(v.Deal, bytes.NewReader(raw[:len(raw)-1])); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a short index: %v", err)
	}
}

// checkInclusion proves, verifies and compares the bytes of one proof.
func checkInclusion(t *testing.T, a *Aggregate, i int, want string) {
	t.Helper()
	p, err := a.Prove(i)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.MarshalBinary()
	if err != nil || hex.EncodeToString(got) != want {
		t.Fatalf("piece %d: %x, %v, want %s", i, got, err, want)
	}
	var back InclusionProof
	if err := back.UnmarshalBinary(got); err != nil {
		t.Fatal(err)
	}
	deal, placed, err := back.Deal(a.Segments()[i].Info)
	if err != nil || deal != a.Deal() || placed != a.Segments()[i] {
		t.Errorf("piece %d: %v, %v, %v", i, deal, placed, err)
	}
	if err := back.Verify(a.Segments()[i].Info, a.Deal()); err != nil {
		t.Error(err)
	}
}

// TestAggregateReader streams a whole deal from payloads: it has the aggregate's commitment, and each segment
// and the index are where they should be.
func TestAggregateReader(t *testing.T) {
	for _, sizes := range [][]int{{1}, {127, 300, 5000}, {127 * 64, 127, 1}, {127 * 128, 64, 127 * 64, 2, 1000}} {
		var infos []Info
		var payloads []io.Reader
		for i, n := range sizes {
			data := stream(fmt.Sprint("segment", i), n)
			p, err := Sum(t.Context(), bytes.NewReader(data), nil)
			if err != nil {
				t.Fatal(err)
			}
			infos, payloads = append(infos, p), append(payloads, bytes.NewReader(data))
		}
		const deal = 1 << 17
		a, err := NewAggregate(deal, infos)
		if errors.Is(err, ErrPieces) {
			continue // five pieces are one too many for the smallest index
		} else if err != nil {
			t.Fatal(err)
		}
		r, err := a.Reader(payloads)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Sum(t.Context(), bytes.NewReader(whole), nil)
		if err != nil || got != a.Deal() || len(whole) != deal/128*127 {
			t.Errorf("%v: %v, %v, want %v", sizes, got, err, a.Deal())
		}
		start, _ := IndexStart(deal)
		found, faults, err := ParseIndex(deal, bytes.NewReader(whole[start/128*127:]))
		if err != nil || len(faults) != 0 || len(found) != len(sizes) {
			t.Errorf("%v: found %v, %v, %v", sizes, found, faults, err)
		}
		for _, s := range found {
			data := whole[s.Offset/128*127:][:s.Size.Unpadded()]
			if p, err := Sum(t.Context(), bytes.NewReader(data), nil); err != nil || p != s.Info {
				t.Errorf("%v: segment %d holds %v, %v", sizes, s.Entry, p, err)
			}
		}
	}
	zero, _ := Zero(128)
	a, err := NewAggregate(512, []Info{zero})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Reader(nil); !errors.Is(err, ErrPayloads) {
		t.Error(err)
	}
	r, err := a.Reader([]io.Reader{bytes.NewReader(make([]byte, 128))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, ErrPayloads) {
		t.Error(err)
	}
}

// reseal puts the right checksum on an entry that was changed.
func reseal(commP sector.CommP, offset, size uint64) [EntrySize]byte {
	return Placed{Info{commP, PaddedSize(size)}, offset}.Entry()
}

func TestAdversarySegments(t *testing.T) {
	t.Run("M17", func(t *testing.T) {
		var c tally
		const deal = 1 << 20
		start, err := IndexStart(deal)
		if err != nil {
			t.Fatal(err)
		}
		entry := func(what string, e [EntrySize]byte) {
			c.refuse(t, what, func() error { _, err := ParseEntry(deal, e); return err }, ErrEntry)
			index := append(e[:], make([]byte, deal-int(start)-EntrySize)...)
			raw := make([]byte, len(index))
			n, _ := fr32.Unpad(raw, index)
			found, faults, err := ParseIndex(deal, bytes.NewReader(raw[:n]))
			c.hold(t, err == nil && len(found) == 0 && len(faults) == 1 && errors.Is(faults[0], ErrEntry), "%s: found %v, %v, %v", what, found, faults, err)
		}
		good := reseal(possible, 4096, 4096)
		if _, err := ParseEntry(deal, good); err != nil {
			t.Fatal(err)
		}
		for bit := range 8 * EntrySize {
			if bit == 254 || bit == 255 || bit == 510 || bit == 511 {
				continue // padding bits do not survive fr32; ParseEntry is tried below
			}
			e := good
			e[bit/8] ^= 1 << (bit % 8)
			entry(fmt.Sprintf("bit %d flipped", bit), e)
		}
		for _, bit := range []int{254, 255, 510, 511} {
			e := good
			e[bit/8] ^= 1 << (bit % 8)
			c.refuse(t, fmt.Sprintf("bit %d flipped", bit), func() error { _, err := ParseEntry(deal, e); return err }, ErrEntry)
		}
		for what, e := range map[string][EntrySize]byte{
			"offset + size beyond 2^64": reseal(possible, 1<<64-4096, 4096),
			"offset + size is 2^64":     reseal(possible, 1<<63, 1<<63),
			"size 2^63":                 reseal(possible, 0, 1<<63),
			"size 0":                    reseal(possible, 0, 0),
			"size of no power of two":   reseal(possible, 0, 384),
			"size 64":                   reseal(possible, 0, 64),
			"beyond the deal":           reseal(possible, deal, 128),
			"far beyond the deal":       reseal(possible, 1<<40, 128),
			"the deal itself":           reseal(possible, 0, deal),
			"into the index":            reseal(possible, deal/2, deal/2),
			"the index itself":          reseal(possible, start, deal-start),
			"misaligned to its size":    reseal(possible, 128, 256),
			"misaligned to 128":         reseal(possible, 64, 128),
			"misaligned by one":         reseal(possible, 1, 128),
			"no commitment":             reseal(sector.CommP{}, 0, 128),
		} {
			entry(what, e)
		}
		adversaryOverlaps(t, &c, deal, start)
		adversaryProofs(t, &c)
		c.log(t, "M17")
	})
}

// adversaryOverlaps reads an index whose later entries overlap earlier ones: the first is kept, and only it.
func adversaryOverlaps(t *testing.T, c *tally, deal PaddedSize, start uint64) {
	for _, second := range [][2]uint64{{0, 1 << 18}, {0, 128}, {1 << 17, 1 << 17}, {0, 1 << 19}, {1<<18 - 128, 128}} {
		first, again := reseal(possible, 0, 1<<18), reseal(sector.CommP{2}, second[0], second[1])
		index := slices.Concat(first[:], again[:], make([]byte, uint64(deal)-start-2*EntrySize))
		raw := make([]byte, len(index))
		n, _ := fr32.Unpad(raw, index)
		found, faults, err := ParseIndex(deal, bytes.NewReader(raw[:n]))
		c.hold(t, err == nil && len(found) == 1 && found[0].CommP == possible && len(faults) == 1 && faults[0].Entry == 1,
			"overlap at %v: found %v, %v, %v", second, found, faults, err)
	}
	for what, list := range map[string][]Info{
		"none":           nil,
		"too many":       slices.Repeat([]Info{{possible, 128}}, 9),
		"half a deal":    {{possible, deal / 2}, {possible, deal / 2}},
		"a whole deal":   {{possible, deal}},
		"not a size":     {{possible, 129}},
		"not a piece":    {{sector.CommP{}, 128}},
		"gaps too large": {{possible, 128}, {possible, deal / 4}, {possible, deal / 4}, {possible, deal / 4}},
	} {
		c.refuse(t, what, func() error { _, err := NewAggregate(deal, list); return err }, ErrPieces, ErrSize, sector.ErrCommitment)
	}
	for _, size := range []PaddedSize{0, 1, 128, 256, 513, 1<<20 + 1, 1<<64 - 1} {
		c.refuse(t, fmt.Sprintf("a deal of %d", size), func() error { _, err := NewAggregate(size, []Info{{possible, 128}}); return err }, ErrSize)
		c.refuse(t, fmt.Sprintf("the index of a deal of %d", size), func() error { _, _, err := ParseIndex(size, bytes.NewReader(nil)); return err }, ErrSize)
	}
}

// adversaryProofs changes a proof in all ways: nothing is proven.
func adversaryProofs(t *testing.T, c *tally) {
	infos := []Info{{possible, 128}, {sector.CommP{2}, 512}, {sector.CommP{3}, 1 << 14}}
	a, err := NewAggregate(1<<17, infos)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(what string, p InclusionProof, segment, deal Info) {
		c.refuse(t, what, func() error { return p.Verify(segment, deal) }, ErrProof, ErrSize, sector.ErrCommitment)
	}
	for i, segment := range infos {
		good, err := a.Prove(i)
		if err != nil || good.Verify(segment, a.Deal()) != nil {
			t.Fatal(err)
		}
		raw, _ := good.MarshalBinary()
		for bit := 0; bit < 8*len(raw); bit += stride(7) {
			bad := bytes.Clone(raw)
			bad[bit/8] ^= 1 << (bit % 8)
			var p InclusionProof
			c.refuse(t, fmt.Sprintf("bit %d flipped", bit), func() error {
				if err := p.UnmarshalBinary(bad); err != nil {
					return err
				}
				return p.Verify(segment, a.Deal())
			}, ErrEncoding, ErrProof)
		}
		for n := range len(raw) + 100 {
			if n != len(raw) {
				var p InclusionProof
				c.refuse(t, fmt.Sprintf("%d bytes", n), func() error { return p.UnmarshalBinary(append(bytes.Clone(raw), make([]byte, 100)...)[:n]) }, ErrEncoding)
			}
		}
		for _, path := range []func(*InclusionProof) *Path{
			func(p *InclusionProof) *Path { return &p.Segment },
			func(p *InclusionProof) *Path { return &p.Entry },
		} {
			for _, index := range []uint64{path(good).Index + 1, path(good).Index - 1, path(good).Index ^ 1, path(good).Index << 1, 1 << 17, 1 << 63, 1<<64 - 1, 0} {
				if p := *good; index != path(good).Index {
					path(&p).Index = index
					refuse(fmt.Sprintf("index %d", index), p, segment, a.Deal())
				}
			}
			for n := range path(good).Siblings {
				p := *good
				path(&p).Siblings = slices.Delete(slices.Clone(path(good).Siblings), n, n+1)
				refuse(fmt.Sprintf("without sibling %d", n), p, segment, a.Deal())
				path(&p).Siblings = slices.Insert(slices.Clone(path(good).Siblings), n, merkle.Digest{9})
				refuse(fmt.Sprintf("with one more at %d", n), p, segment, a.Deal())
			}
			p := *good
			path(&p).Siblings = make([]merkle.Digest, 200)
			refuse("far too long", p, segment, a.Deal())
			path(&p).Siblings = nil
			refuse("no path", p, segment, a.Deal())
		}
		refuse("swapped paths", InclusionProof{good.Entry, good.Segment}, segment, a.Deal())
		refuse("another size", *good, Info{segment.CommP, segment.Size * 2}, a.Deal())
		refuse("another commitment", *good, Info{sector.CommP{77}, segment.Size}, a.Deal())
		refuse("another deal", *good, segment, Info{sector.CommP{77}, a.Deal().Size})
		refuse("a larger deal", *good, segment, Info{a.Deal().CommP, a.Deal().Size * 2})
		refuse("size beyond 2^64", *good, Info{segment.CommP, 1 << 63}, a.Deal())
		refuse("no size", *good, Info{segment.CommP, 0}, a.Deal())
		refuse("zero commitment", *good, Info{sector.CommP{}, segment.Size}, a.Deal())
	}
	for _, i := range []int{-1, len(infos), 1 << 30} {
		c.refuse(t, fmt.Sprintf("segment %d", i), func() error { _, err := a.Prove(i); return err }, ErrPieces)
	}
	adversaryIndexArea(t, c)
}

// adversaryIndexArea makes trees whose paths agree but whose entry lies outside of the index, or whose segment
// lies within it.
func adversaryIndexArea(t *testing.T, c *tally) {
	const deal = PaddedSize(1 << 12)
	start, _ := IndexStart(deal)
	build := func(segment Placed, entryAt uint64) (*InclusionProof, Info) {
		var s sparse
		s.init(deal.level())
		s.put(segment.Size.level(), segment.Offset/uint64(segment.Size), merkle.Digest(segment.CommP))
		for j, n := range segment.nodes() {
			s.put(0, entryAt/32+uint64(j), n)
		}
		s.build()
		return &InclusionProof{
			Segment: s.path(segment.Size.level(), segment.Offset/uint64(segment.Size)),
			Entry:   s.path(1, entryAt/EntrySize),
		}, Info{sector.CommP(s.node(deal.level(), 0)), deal}
	}
	segment := Placed{Info{possible, 128}, 0}
	p, root := build(segment, start)
	c.hold(t, p.Verify(segment.Info, root) == nil, "the tree is not right")
	for at := uint64(128); at < start; at += EntrySize {
		p, root := build(segment, at)
		c.refuse(t, fmt.Sprintf("entry at %d", at), func() error { return p.Verify(segment.Info, root) }, ErrProof)
	}
	within := Placed{Info{possible, 128}, start}
	p, root = build(within, start+128)
	c.refuse(t, "segment in the index", func() error { return p.Verify(within.Info, root) }, ErrProof)
}

// TestHostileIndex reads an index of a large deal whose entries come in the worst order.
func TestHostileIndex(t *testing.T) {
	deal := PaddedSize(1<<31) / PaddedSize(stride(16))
	start, _ := IndexStart(deal)
	index := make([]byte, uint64(deal)-start)
	n := len(index) / EntrySize
	for i := range n {
		e := reseal(possible, uint64(n-1-i)*128, 128)
		copy(index[i*EntrySize:], e[:])
	}
	raw := make([]byte, len(index))
	m, _ := fr32.Unpad(raw, index)
	found, faults, err := ParseIndex(deal, bytes.NewReader(raw[:m]))
	if err != nil || len(found) != n || len(faults) != 0 {
		t.Errorf("%d found, %d faults, %v", len(found), len(faults), err)
	}
}

func FuzzInclusionProof(f *testing.F) {
	for _, v := range aggregates(f)[:3] {
		raw, err := hex.DecodeString(v.Pieces[0].Proof)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, uint64(v.Pieces[0].Size))
	}
	f.Add([]byte{0x82, 0x82, 0, 0x80, 0x82, 0, 0x80}, uint64(128))
	f.Fuzz(func(t *testing.T, raw []byte, size uint64) {
		var p InclusionProof
		if err := p.UnmarshalBinary(raw); err != nil {
			return
		}
		if back, err := p.MarshalBinary(); err != nil || !bytes.Equal(back, raw) {
			t.Fatalf("%x read, %x written, %v", raw, back, err)
		}
		deal, placed, err := p.Deal(Info{possible, PaddedSize(size)})
		if err == nil && (p.Verify(placed.Info, deal) != nil || placed.Offset+uint64(placed.Size) > uint64(deal.Size)) {
			t.Fatal(deal, placed)
		}
	})
}

func FuzzIndex(f *testing.F) {
	e := reseal(possible, 0, 128)
	f.Add(e[:], uint64(1)<<20)
	f.Add(append(e[:], e[:]...), uint64(512))
	f.Fuzz(func(t *testing.T, index []byte, size uint64) {
		deal := PaddedSize(size)
		start, err := IndexStart(deal)
		if err != nil || uint64(deal)-start > 1<<20 {
			return
		}
		padded := make([]byte, uint64(deal)-start)
		copy(padded, index)
		for i := 31; i < len(padded); i += 32 {
			padded[i] &= 0x3f
		}
		raw := make([]byte, len(padded))
		n, err := fr32.Unpad(raw, padded)
		if err != nil {
			t.Fatal(err)
		}
		found, _, err := ParseIndex(deal, bytes.NewReader(raw[:n]))
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(found, func(a, b Segment) int { return cmp.Compare(a.Offset, b.Offset) })
		end := uint64(0)
		for _, s := range found {
			if s.Offset < end || s.Offset+uint64(s.Size) > start {
				t.Fatal(found)
			}
			end = s.Offset + uint64(s.Size)
		}
	})
}

func BenchmarkAggregate(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var infos []Info
	for range 1000 {
		var c sector.CommP
		binary.LittleEndian.PutUint64(c[:], r.Uint64()|1)
		infos = append(infos, Info{c, PaddedSize(128) << r.IntN(16)})
	}
	b.Run("segments=1000", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			a, err := NewAggregate(32<<30, infos)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := a.Prove(500); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/segment")
	})
}

// TestHostileLengths decodes proofs whose lengths lie: little is allocated.
func TestHostileLengths(t *testing.T) {
	for _, raw := range [][]byte{
		{0x82, 0x82, 0, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{0x82, 0x82, 0, 0x98, 58},
		{0x82, 0x82, 0, 0x81, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var p InclusionProof
		err := p.UnmarshalBinary(raw)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, ErrEncoding) || got > 64<<10+8*uint64(len(raw)) {
			t.Errorf("%x: %v, %d bytes allocated", raw, err, got)
		}
	}
}
