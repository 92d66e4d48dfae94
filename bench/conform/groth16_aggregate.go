package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/crypto/blake2b"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/sector"
)

// aggregateInclude is what seals add to the transcript of their aggregate; non-interactive ones, given without seeds, add
// their CommR alone.
func aggregateInclude(seeds, commRs []hex32) []byte {
	h := sha256.New()
	for i := range commRs {
		if seeds != nil {
			h.Write(seeds[i][:])
		}
		h.Write(commRs[i][:])
	}
	return h.Sum(nil)
}

// groth16Aggregate is one aggregate of groth16_aggregate_*.json.
type groth16Aggregate struct {
	Version   string    `json:"version"`
	Real      int       `json:"real_proofs"`
	Padded    int       `json:"padded_proofs"`
	CommRs    []hex32   `json:"comm_rs"`
	Seeds     []hex32   `json:"seeds"`
	Inputs    [][]hex32 `json:"public_inputs_per_proof_le_hex"`
	Len       int       `json:"aggregate_len"`
	Bytes     hexBytes  `json:"aggregate_hex"`
	Verify    bool      `json:"verify"`
	WrongSeed bool      `json:"verify_with_wrong_seed"`
}

// runGroth16Aggregate checks groth16_aggregate_*.json.
func runGroth16Aggregate(v *vector) (cases int, err error) {
	var f struct {
		porepHead
		SRS []struct {
			N       int      `json:"n"`
			G       hexBytes `json:"g"`
			H       hexBytes `json:"h"`
			GAlpha  hexBytes `json:"g_alpha"`
			GBeta   hexBytes `json:"g_beta"`
			HAlpha  hexBytes `json:"h_alpha"`
			HBeta   hexBytes `json:"h_beta"`
			HAlphaD hexBytes `json:"h_alpha_d"`
		} `json:"verifier_srs_compressed"`
		Len        int                `json:"srs_file_len"`
		SHA256     hex32              `json:"srs_file_sha256"`
		Powers     int                `json:"srs_powers"`
		Aggregates []groth16Aggregate `json:"aggregates"`
		VK         vkVector           `json:"vk"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	// Two lists of compressed points of either group, each with its count.
	if err := equal(f.Len, 4*4+2*f.Powers*(48+96), "srs_file_len"); err != nil {
		return 0, err
	}
	vk, err := f.VK.bytes(v)
	if err != nil {
		return 0, err
	}
	parsed, err := groth16.ParseKey(vk)
	if err != nil {
		return 0, err
	}
	key := parsed.Prepare()
	srs := make(map[int]*groth16.VerifierSRS)
	for _, s := range f.SRS {
		if srs[s.N], err = groth16.NewVerifierSRS(s.G, s.GAlpha, s.GBeta, s.H, s.HAlpha, s.HBeta); err != nil {
			return 0, fmt.Errorf("verifier srs of %d: %w", s.N, err)
		}
		// h·alpha^(powers-n) serves another kind of aggregate; as a point it is held to the same rules.
		if _, err = groth16.NewVerifierSRS(s.G, s.GAlpha, s.GBeta, s.HAlphaD, s.HAlpha, s.HBeta); err != nil {
			return 0, fmt.Errorf("verifier srs of %d: h_alpha_d: %w", s.N, err)
		}
	}
	for i := range f.Aggregates {
		if err := f.Aggregates[i].check(key, srs); err != nil {
			return cases, fmt.Errorf("aggregate %d: %w", i, err)
		}
		cases++
	}
	return cases, nil
}

func (c *groth16Aggregate) check(key *groth16.PreparedKey, srs map[int]*groth16.VerifierSRS) error {
	version := map[string]groth16.Version{"V1": groth16.SnarkPackV1, "V2": groth16.SnarkPackV2}[c.Version]
	a, err := groth16.ParseAggregate(c.Bytes)
	if err != nil {
		return err
	}
	sectors := len(c.CommRs)
	if sectors == 0 || c.Real%sectors != 0 {
		return fmt.Errorf("%d proofs of %d sectors", c.Real, sectors)
	}
	// Sectors of 13 or 126 partitions are non-interactive: their seeds, if given, have no part in it.
	partitions := c.Real / sectors
	interactive := len(c.Seeds) > 0 && partitions != 13 && partitions != 126
	if err := errors.Join(equal(len(c.Bytes), c.Len, "aggregate_len"), equal(a.Proofs(), c.Padded, "padded_proofs"),
		equal(groth16.PaddedProofs(c.Real), c.Padded, "padding of real_proofs"),
		equal(len(c.Seeds) == sectors || len(c.Seeds) == 0 && !interactive, true, "a seed for each sector"), equalBytes(a.AppendBytes(nil), c.Bytes, "aggregate bytes"),
		equal(groth16.AggregateSize(c.Padded), c.Len, "size of an aggregate")); err != nil {
		return err
	}
	if len(c.Inputs) != c.Real && len(c.Inputs) != c.Padded {
		return fmt.Errorf("public inputs of %d proofs", len(c.Inputs))
	}
	var in []groth16.Scalar
	for j, row := range c.Inputs {
		if j >= c.Real {
			if err := sameScalars(c.Inputs[c.Real-1], row, "padding %d", j); err != nil {
				return err
			}
			continue
		}
		for _, x := range row {
			in = append(in, groth16.Scalar(x))
		}
	}
	ctx, reference := context.Background(), srs[c.Padded]
	if reference == nil {
		return fmt.Errorf("no verifier srs for %d proofs", c.Padded)
	}
	include := aggregateInclude(nil, c.CommRs)
	other := include
	if interactive {
		seeds := append([]hex32(nil), c.Seeds...)
		seeds[0][0] ^= 1
		include, other = aggregateInclude(c.Seeds, c.CommRs), aggregateInclude(seeds, c.CommRs)
	}
	return errors.Join(
		expect(key.VerifyAggregate(ctx, reference, a, version, include, in, nil), groth16.ErrProof, c.Verify, "verify"),
		expect(key.VerifyAggregate(ctx, reference, a, version, other, in, nil), groth16.ErrProof, c.WrongSeed, "verify_with_wrong_seed"))
}

// mainnetAggregate is one message of aggregates*.json.
type mainnetAggregate struct {
	Path    string `json:"path"`
	Miner   uint64 `json:"miner"`
	N       int    `json:"n"`
	Missing int    `json:"missing"`
	Bad     int    `json:"bad"`
	Pairs   []struct {
		Sector    sector.Number    `json:"sector"`
		CommR     hex32            `json:"comm_r"`
		Beacon    hex32            `json:"beacon"`
		Seed      hex32            `json:"seed"`
		Ticket    hex32            `json:"ticket"`
		Epoch     int64            `json:"epoch"`
		SealProof sector.SealProof `json:"seal_proof"`
	} `json:"pairs"`
	Proof hexBytes `json:"proof"`
}

// runAggregates checks aggregates*.json, messages of the network, and the aggregates agg-n*.bin beside it: strict decoding and
// the equations that need neither key nor reference string, and that these break with one flipped bit.
func runAggregates(v *vector) (cases int, err error) {
	var messages []mainnetAggregate
	if err := v.JSON(&messages); err != nil {
		return 0, err
	}
	for i := range messages {
		if err := messages[i].check(i); err != nil {
			return cases, fmt.Errorf("message %d: %w", i, err)
		}
		cases++
	}
	bins, err := filepath.Glob(filepath.Join(filepath.Dir(v.path), "agg-n*.bin"))
	if err != nil {
		return cases, err
	}
	for _, path := range bins {
		name := filepath.Base(path)
		b, err := v.Sibling(name)
		if err == nil {
			err = checkAggregateBin(name, b)
		}
		if err != nil {
			return cases, fmt.Errorf("%s: %w", name, err)
		}
		cases++
	}
	vks, err := filepath.Glob(filepath.Join(filepath.Dir(v.path), "*_seal_*.vk"))
	if err != nil {
		return cases, err
	}
	for _, path := range vks {
		b, err := v.Sibling(filepath.Base(path))
		if err == nil {
			err = checkSealKey(b)
		}
		if err != nil {
			return cases, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		cases++
	}
	return cases, nil
}

func (m *mainnetAggregate) check(flip int) error {
	if err := errors.Join(equal(len(m.Pairs), m.N, "n"), equal(m.Missing, 0, "missing"), equal(m.Bad, 0, "bad")); err != nil {
		return err
	}
	if m.N == 0 {
		return errors.New("an aggregate of nothing")
	}
	p, err := m.Pairs[0].SealProof.Proof()
	if err != nil {
		return err
	}
	seeds, commRs := make([]hex32, m.N), make([]hex32, m.N)
	for i, s := range m.Pairs {
		seeds[i], commRs[i] = s.Seed, s.CommR
		if err := errors.Join(equal(s.SealProof, m.Pairs[0].SealProof, "sector %d: seal_proof", s.Sector), sector.CommR(s.CommR).Check(),
			equal(interactiveSeed(s.Beacon, s.Epoch, m.Miner), s.Seed, "sector %d: seed", s.Sector)); err != nil {
			return err
		}
		if i > 0 && s.Sector <= m.Pairs[i-1].Sector {
			return fmt.Errorf("sector %d is out of order", s.Sector)
		}
	}
	a, err := groth16.ParseAggregate(m.Proof)
	if err != nil {
		return err
	}
	if err := errors.Join(equal(a.Proofs(), groth16.PaddedProofs(m.N*p.Partitions), "proofs"), equalBytes(a.AppendBytes(nil), m.Proof, "bytes")); err != nil {
		return err
	}
	if p.Features == sector.NonInteractive {
		seeds = nil
	}
	return checkInner(a, groth16.SnarkPackV2, aggregateInclude(seeds, commRs), func() []byte {
		if flip&1 == 0 && seeds != nil {
			seeds[flip%m.N][flip%32] ^= 1 << (flip % 8)
		} else {
			commRs[flip%m.N][flip%32] ^= 1 << (flip % 8)
		}
		return aggregateInclude(seeds, commRs)
	}, m.Proof, flip)
}

// interactiveSeed draws a seal's seed as the chain does: BLAKE2b-256 over the domain of such seeds (6), the digest of the beacon
// entry, the epoch, and the miner's address as a CBOR byte string.
//
// Source: lotus chain/rand, DrawRandomnessFromDigest; go-state-types crypto, DomainSeparationTag_InteractiveSealChallengeSeed.
func interactiveSeed(beacon hex32, epoch int64, miner uint64) hex32 {
	const domain = 6
	address := binary.AppendUvarint([]byte{0}, miner) // an ID address: protocol 0, the actor's number
	b := binary.BigEndian.AppendUint64(nil, domain)
	b = append(b, beacon[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(epoch))
	b = append(append(b, 0x40|byte(len(address))), address...)
	return blake2b.Sum256(b)
}

// checkInner checks the equations without key, that they break with another transcript, under the other version, and with a
// flipped bit of the aggregate, where it still decodes.
func checkInner(a *groth16.Aggregate, v groth16.Version, include []byte, other func() []byte, raw []byte, flip int) error {
	ctx := context.Background()
	errs := []error{
		expect(a.VerifyInner(ctx, v, include, nil), groth16.ErrProof, true, "equations without key"),
		expect(a.VerifyInner(ctx, 3-v, include, nil), groth16.ErrProof, false, "equations under the other version"),
		expect(a.VerifyInner(ctx, v, other(), nil), groth16.ErrProof, false, "equations with a flipped bit of the transcript"),
	}
	flipped := bytes.Clone(raw)
	flipped[(flip*977)%len(raw)] ^= 1 << (flip % 8)
	b, err := groth16.ParseAggregate(flipped)
	if err == nil {
		err = b.VerifyInner(ctx, v, include, nil)
	}
	return errors.Join(append(errs, expect(err, groth16.ErrProof, false, "aggregate with a flipped bit"))...)
}

// checkAggregateBin checks agg-nN-vV.bin.
func checkAggregateBin(name string, b []byte) error {
	count, rest, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(name, "agg-n"), ".bin"), "-v")
	n, err := strconv.Atoi(count)
	if !ok || err != nil || rest != "1" && rest != "2" {
		return fmt.Errorf("the name tells no number of proofs and version")
	}
	if len(b) < 8+3*96+3*192 {
		return fmt.Errorf("%d bytes", len(b))
	}
	g, h := b[8:], b[8+3*96:]
	if _, err := groth16.NewVerifierSRS(g[:96], g[96:192], g[192:288], h[:192], h[192:384], h[384:576]); err != nil {
		return err
	}
	raw := h[576:]
	a, err := groth16.ParseAggregate(raw)
	if err != nil {
		return err
	}
	version := groth16.Version(rest[0] - '0')
	include := []byte("transcript-include")
	return errors.Join(equal(binary.BigEndian.Uint64(b), uint64(n), "n"), equal(a.Proofs(), n, "proofs"), equalBytes(a.AppendBytes(nil), raw, "bytes"),
		checkInner(a, version, include, func() []byte { return include[1:] }, raw, n))
}

// checkSealKey checks the published key of a seal partition: it decodes, also as the head of a longer stream, and serves as
// many inputs as a partition of 32 GiB has.
func checkSealKey(b []byte) error {
	key, err := groth16.ParseKey(b)
	if err != nil {
		return err
	}
	stream := bytes.NewReader(append(bytes.Clone(b), 1, 2, 3))
	head, err := groth16.ReadKey(stream)
	if err != nil {
		return err
	}
	return errors.Join(equalBytes(key.AppendBytes(nil), b, "bytes"), equalBytes(head.AppendBytes(nil), b, "bytes from a stream"),
		equal(stream.Len(), 3, "bytes left behind the key"), equal(key.Inputs(), 3+18*18, "inputs"))
}

// sealRecord is one line of seal_records*.jsonl.
type sealRecord struct {
	Config struct {
		Size       sector.Size `json:"sector_size"`
		Partitions int         `json:"partitions"`
		PoRepID    list32      `json:"porep_id"`
		Version    string      `json:"api_version"`
		Features   []string    `json:"api_features"`
	} `json:"porep_config"`
	CommR    list32        `json:"comm_r"`
	CommD    list32        `json:"comm_d"`
	ProverID list32        `json:"prover_id"`
	SectorID sector.Number `json:"sector_id"`
	Ticket   list32        `json:"ticket"`
	Seed     list32        `json:"seed"`
	Proof    listBytes     `json:"proof"`
}

// listBytes are bytes as a list of numbers in JSON.
type listBytes []byte

func (l *listBytes) UnmarshalJSON(b []byte) error {
	var n []uint16
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*l = make([]byte, len(n))
	for i, x := range n {
		if x > 255 {
			return fmt.Errorf("byte %d is %d", i, x)
		}
		(*l)[i] = byte(x)
	}
	return nil
}

// list32 is 32 bytes as a list of numbers.
type list32 [32]byte

func (l *list32) UnmarshalJSON(b []byte) error {
	var all listBytes
	if err := all.UnmarshalJSON(b); err != nil {
		return err
	}
	if len(all) != 32 {
		return fmt.Errorf("%d bytes, want 32", len(all))
	}
	copy(l[:], all)
	return nil
}

func (r *sealRecord) statement() (porep.Statement, error) {
	version, err := sector.ParseAPIVersion(strings.ReplaceAll(strings.TrimPrefix(r.Config.Version, "V"), "_", "."))
	if err != nil {
		return porep.Statement{}, err
	}
	var features sector.Features
	for _, name := range r.Config.Features {
		f, ok := map[string]sector.Features{"SyntheticPoRep": sector.Synthetic, "NonInteractivePoRep": sector.NonInteractive}[name]
		if !ok {
			return porep.Statement{}, fmt.Errorf("feature %q", name)
		}
		features |= f
	}
	p, err := sector.NewProof(sector.PoRepID(r.Config.PoRepID), r.Config.Size, version, features)
	if err != nil {
		return porep.Statement{}, err
	}
	return porep.Statement{
		Sector: porep.Sector{
			Proof: p, ID: sector.ID{Prover: sector.ProverID(r.ProverID), Number: r.SectorID},
			Ticket: sector.Ticket(r.Ticket), CommD: sector.CommD(r.CommD),
		},
		CommR: sector.CommR(r.CommR), Seed: sector.Seed(r.Seed),
	}, equal(p.Partitions, r.Config.Partitions, "partitions")
}

// runSealRecords checks seal_records_X.jsonl, seals made under published keys: their proofs decode, and their public inputs
// are those of public_inputs_X.txt. With the parameter folder named by FIL_PROOFS_PARAMETER_CACHE they are verified.
func runSealRecords(v *vector) (cases int, err error) {
	b, err := v.Bytes()
	if err != nil {
		return 0, err
	}
	golden, err := v.Sibling(strings.TrimSuffix(strings.Replace(v.Name, "seal_records", "public_inputs", 1), ".jsonl") + ".txt")
	if err != nil {
		return 0, err
	}
	lines, want := splitLines(b), splitLines(golden)
	if err := equal(len(lines), len(want), "records"); err != nil {
		return 0, err
	}
	var keys *groth16.Keys
	if dir := os.Getenv("FIL_PROOFS_PARAMETER_CACHE"); dir != "" {
		keys = groth16.OpenKeys(dir, nil)
	}
	for i := range lines {
		var r sealRecord
		if err := strictJSON(lines[i], &r); err != nil {
			return cases, fmt.Errorf("record %d: %w", i, err)
		}
		if err := r.check(i, string(want[i]), keys); err != nil {
			return cases, fmt.Errorf("record %d: %w", i, err)
		}
		cases++
	}
	return cases, nil
}

func splitLines(b []byte) [][]byte { return bytes.Split(bytes.TrimRight(b, "\n"), []byte("\n")) }

func (r *sealRecord) check(i int, want string, keys *groth16.Keys) error {
	st, err := r.statement()
	if err != nil {
		return err
	}
	var all []byte
	n := 0
	for k := range st.Proof.Partitions {
		in, err := porep.PublicInputs(st.Proof, st.ReplicaID(), st.CommD, st.CommR, st.Seed, k)
		if err != nil {
			return err
		}
		n = len(in)
		for j := range in {
			all = append(all, in[j][:]...)
		}
	}
	line := fmt.Sprintf("%d %d %d %d %x", i, uint64(r.Config.Size), r.Config.Partitions, n, all)
	if err := errors.Join(equal(line, want, "public inputs"), equal(len(r.Proof), st.Proof.Partitions*groth16.ProofSize, "proof length"),
		roundTrip(r.Proof, "proof")); err != nil || keys == nil {
		return err
	}
	return porep.VerifySeal(context.Background(), keys, &st, r.Proof, nil)
}

// runParameters checks parameters*.json and srs-inner-product*.json: the table of published files.
func runParameters(v *vector) (cases int, err error) {
	var f map[string]struct {
		CID    string      `json:"cid"`
		Digest hexBytes    `json:"digest"`
		Size   sector.Size `json:"sector_size"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	circuits := publishedCircuits()
	for name, want := range f {
		got, ok := groth16.Published(name)
		if err := errors.Join(equal(ok, true, "%s: known", name), equal(got.CID, want.CID, "%s: cid", name),
			equalBytes(got.Digest[:], want.Digest, "%s: digest", name), equal(got.Size, want.Size, "%s: sector_size", name)); err != nil {
			return cases, err
		}
		base := strings.TrimSuffix(strings.TrimSuffix(name, ".vk"), ".params")
		size, derived := circuits[groth16.Circuit(base)]
		if unused := strings.Contains(name, "-update-poseidon-") || name == groth16.ReferenceFile; !unused {
			if err := errors.Join(equal(derived, true, "%s: name follows from the circuit", name), equal(size, want.Size, "%s: size of the circuit", name)); err != nil {
				return cases, err
			}
		}
		cases++
	}
	return cases, nil
}

// publishedCircuits returns the circuits of all registered proofs with their sector sizes.
func publishedCircuits() map[groth16.Circuit]sector.Size {
	out := make(map[groth16.Circuit]sector.Size)
	for _, s := range sector.SealProofs() {
		p, err := s.Proof()
		if err != nil {
			continue
		}
		out[groth16.SealCircuit(p)] = p.Size
		out[groth16.WinningCircuit(p.Size, p.Shape)] = p.Size
		out[groth16.WindowCircuit(p.Size, p.Shape)] = p.Size
		out[groth16.UpdateCircuit(p.Size, p.Shape)] = p.Size
	}
	return out
}
