package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing/fstest"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
	"github.com/assaylab/assay/post"
)

// vkVector is a verifying key in a vector.
type vkVector struct {
	Len    int      `json:"len"`
	SHA256 hex32    `json:"sha256"`
	ICLen  int      `json:"ic_len"`
	Hex    hexBytes `json:"hex"` // where empty, the bytes are in a .vk file beside the vector, known by its digest
}

// bytes returns the key's bytes and compares what is said of them, through strict decoding and back.
func (k *vkVector) bytes(v *vector) ([]byte, error) {
	b := []byte(k.Hex)
	if len(b) == 0 {
		var err error
		if b, err = k.beside(v); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(equal(len(b), k.Len, "vk len"), equal(sum256(b), k.SHA256, "vk sha256")); err != nil {
		return nil, err
	}
	key, err := groth16.ParseKey(b)
	if err != nil {
		return nil, err
	}
	return b, errors.Join(equal(key.Inputs()+1, k.ICLen, "vk ic_len"), equalBytes(key.AppendBytes(nil), b, "vk bytes"))
}

// beside finds the key among the .vk files of the vector's folder.
func (k *vkVector) beside(v *vector) ([]byte, error) {
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(v.path), "*.vk"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		b, err := readFile(path)
		if err != nil {
			return nil, err
		}
		if sum256(b) == k.SHA256 {
			return v.Sibling(filepath.Base(path))
		}
	}
	return nil, fmt.Errorf("no bytes of the key, and no .vk file with digest %x", k.SHA256[:])
}

// files is a folder of parameter files in memory.
type files map[string][]byte

// keys returns Keys over the files, which the vector vouches for.
func (f files) keys() *groth16.Keys {
	fsys, trusted := fstest.MapFS{}, make(map[string]groth16.Digest)
	for name, b := range f {
		fsys[name] = &fstest.MapFile{Data: b}
		trusted[name] = groth16.DigestOf(b)
	}
	return groth16.NewKeys(fsys, &groth16.KeysOptions{Trusted: trusted})
}

// verdict turns what a verifier returned into the vectors' true and false; what it could not judge is an error.
func verdict(err, refuted error) (bool, error) {
	if err == nil {
		return true, nil
	}
	if errors.Is(err, refuted) {
		return false, nil
	}
	return false, fmt.Errorf("not judged: %w", err)
}

// expect compares a verdict with the vector's.
func expect(err, refuted error, want bool, place string, args ...any) error {
	got, err := verdict(err, refuted)
	if err != nil {
		return fmt.Errorf("%s: %w", fmt.Sprintf(place, args...), err)
	}
	return equal(got, want, place, args...)
}

// sameScalars compares public inputs.
func sameScalars[T ~[32]byte](got []T, want []hex32, place string, args ...any) error {
	if err := equal(len(got), len(want), place+": number of public inputs", args...); err != nil {
		return err
	}
	for i := range got {
		if err := equal(hex32(got[i]), want[i], place+": public input %d", append(args, i)...); err != nil {
			return err
		}
	}
	return nil
}

// roundTrip decodes proofs and compares their bytes when written again.
func roundTrip(b []byte, place string, args ...any) error {
	proofs, err := groth16.ParseProofs(b, len(b)/groth16.ProofSize)
	if err != nil {
		return fmt.Errorf("%s: %w", fmt.Sprintf(place, args...), err)
	}
	var back []byte
	for _, p := range proofs {
		back = p.AppendBytes(back)
	}
	return equalBytes(back, b, place+": proof bytes", args...)
}

// runGroth16Raw checks groth16_raw_*.json: proofs with their public inputs and keys, about nothing in particular.
func runGroth16Raw(v *vector) (cases int, err error) {
	var f struct {
		porepHead
		Proofs []struct {
			Name   string   `json:"name"`
			VK     vkVector `json:"vk"`
			Inputs []hex32  `json:"public_inputs_le_hex"`
			Proof  hexBytes `json:"proof_hex"`
			Verify *bool    `json:"verify"`
		} `json:"proofs"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	prepared := make(map[hex32]*groth16.PreparedKey)
	for i, p := range f.Proofs {
		if p.Verify == nil {
			return cases, fmt.Errorf("proof %d: no verify", i)
		}
		b, err := p.VK.bytes(v)
		if errors.Is(err, groth16.ErrKey) && !*p.Verify {
			cases++ // refused with its key
			continue
		}
		if err != nil {
			return cases, fmt.Errorf("proof %d (%s): %w", i, p.Name, err)
		}
		key := prepared[sum256(b)]
		if key == nil {
			k, err := groth16.ParseTrustedKey(b, groth16.DigestOf(b))
			if err != nil {
				return cases, err
			}
			key = k.Prepare()
			prepared[sum256(b)] = key
		}
		err = verifyRaw(key, p.Inputs, p.Proof)
		if errors.Is(err, groth16.ErrInputs) {
			err = groth16.ErrProof // bare inputs that do not fit are part of what the file calls false
		}
		if err := expect(err, groth16.ErrProof, *p.Verify, "proof %d (%s): verify", i, p.Name); err != nil {
			return cases, err
		}
		cases++
	}
	return cases, nil
}

// verifyRaw checks the proofs of one or more partitions, whose inputs follow each other, alone and, where there are several,
// together.
func verifyRaw(key *groth16.PreparedKey, inputs []hex32, proof []byte) error {
	n := len(proof) / groth16.ProofSize
	proofs, err := groth16.ParseProofs(proof, n)
	if err != nil {
		return err
	}
	if len(inputs) != n*key.Inputs() {
		return fmt.Errorf("%w: %d for %d proofs of %d", groth16.ErrInputs, len(inputs), n, key.Inputs())
	}
	batch := make([]groth16.Statement, n)
	for k := range batch {
		batch[k] = groth16.Statement{Key: key, Proof: proofs[k], Inputs: make([]groth16.Scalar, key.Inputs())}
		for i := range batch[k].Inputs {
			batch[k].Inputs[i] = groth16.Scalar(inputs[k*key.Inputs()+i])
		}
	}
	for k := range batch {
		if err := key.Verify(batch[k].Proof, batch[k].Inputs, nil); err != nil {
			return err
		}
	}
	return groth16.VerifyBatch(context.Background(), batch, nil)
}

// statement returns what a seal's proof is about.
func (s *porepSector) statement() (porep.Statement, error) {
	p, err := s.proof()
	if err != nil {
		return porep.Statement{}, err
	}
	st := porep.Statement{
		Sector: porep.Sector{
			Proof: p, ID: sector.ID{Prover: sector.ProverID(s.ProverID), Number: s.SectorID},
			Ticket: sector.Ticket(s.Ticket), CommD: sector.CommD(s.CommD),
		},
		CommR: sector.CommR(s.CommR), Seed: sector.Seed(s.Seed),
	}
	return st, equal(hex32(st.ReplicaID()), s.ReplicaID, "%s: replica_id", s.Name)
}

// runGroth16Seal checks groth16_seal_*.json.
func runGroth16Seal(v *vector) (cases int, err error) {
	var f struct {
		porepHead
		Proofs []struct {
			Sector    porepSector `json:"sector"`
			Inputs    [][]hex32   `json:"public_inputs_by_partition_le_hex"`
			Proof     hexBytes    `json:"proof_hex"`
			Verify    bool        `json:"verify"`
			WrongSeed bool        `json:"verify_with_wrong_seed"`
			VK        vkVector    `json:"vk"`
		} `json:"proofs"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	ctx := context.Background()
	for i, c := range f.Proofs {
		st, err := c.Sector.statement()
		if err != nil {
			return cases, err
		}
		vk, err := c.VK.bytes(v)
		if err != nil {
			return cases, err
		}
		if err := equal(len(c.Inputs), st.Proof.Partitions, "proof %d: partitions", i); err != nil {
			return cases, err
		}
		for k := range c.Inputs {
			in, err := porep.PublicInputs(st.Proof, st.ReplicaID(), st.CommD, st.CommR, st.Seed, k)
			if err := errors.Join(err, sameScalars(in, c.Inputs[k], "proof %d, partition %d", i, k)); err != nil {
				return cases, err
			}
		}
		if st.Proof.Features == sector.NonInteractive {
			if err := checkNonInteractive(&st, c.Proof, c.Verify); err != nil {
				return cases, fmt.Errorf("proof %d: %w", i, err)
			}
			cases++
			continue
		}
		keys := files{groth16.SealCircuit(st.Proof).KeyFile(): vk}.keys()
		other := st
		other.Seed[0] ^= 1
		if err := errors.Join(roundTrip(c.Proof, "proof %d", i),
			expect(porep.VerifySeal(ctx, keys, &st, c.Proof, nil), porep.ErrProof, c.Verify, "proof %d: verify", i),
			expect(porep.VerifySeal(ctx, keys, &other, c.Proof, nil), porep.ErrProof, c.WrongSeed, "proof %d: verify_with_wrong_seed", i)); err != nil {
			return cases, err
		}
		cases++
	}
	return cases, nil
}

// checkNonInteractive checks the proof of a non-interactive seal, an aggregate, as far as it goes without the reference string,
// which such a file does not give. A seed has no part in it.
func checkNonInteractive(st *porep.Statement, proof []byte, want bool) error {
	a, err := groth16.ParseAggregate(proof)
	if err != nil {
		return expect(err, groth16.ErrProof, want, "verify")
	}
	include := aggregateInclude(nil, []hex32{hex32(st.CommR)})
	return errors.Join(equalBytes(a.AppendBytes(nil), proof, "proof bytes"),
		equal(a.Proofs(), groth16.PaddedProofs(st.Proof.Partitions), "aggregated partitions"),
		expect(a.VerifyInner(context.Background(), groth16.SnarkPackV2, include, nil), groth16.ErrProof, want, "verify"))
}

// runGroth16Update checks groth16_update_*.json.
func runGroth16Update(v *vector) (cases int, err error) {
	var f struct {
		porepHead
		CommROld  hex32     `json:"comm_r_old"`
		CommRNew  hex32     `json:"comm_r_new"`
		CommDNew  hex32     `json:"comm_d_new"`
		H         int       `json:"h"`
		Inputs    [][]hex32 `json:"public_inputs_by_partition_le_hex"`
		Proof     hexBytes  `json:"proof_hex"`
		Verify    bool      `json:"verify"`
		WrongData bool      `json:"verify_with_wrong_comm_d_new"`
		VK        vkVector  `json:"vk"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	params, err := updateParams(v.Name, len(f.Inputs), f.H)
	if err != nil {
		return 0, err
	}
	st := update.Statement{Params: params, CommROld: sector.CommR(f.CommROld), CommDNew: sector.CommD(f.CommDNew), CommRNew: sector.CommR(f.CommRNew)}
	vk, err := f.VK.bytes(v)
	if err != nil {
		return 0, err
	}
	for k := range f.Inputs {
		in, err := st.PublicInputs(k)
		if err := errors.Join(err, sameScalars(in, f.Inputs[k], "partition %d", k)); err != nil {
			return 0, err
		}
	}
	ctx := context.Background()
	keys := files{groth16.UpdateCircuit(params.Size, params.Shape).KeyFile(): vk}.keys()
	other := st
	other.CommDNew[0] ^= 1
	return 1, errors.Join(roundTrip(f.Proof, "proof"),
		expect(update.VerifyReplicaUpdate(ctx, keys, &st, f.Proof, nil), update.ErrProof, f.Verify, "verify"),
		expect(update.VerifyReplicaUpdate(ctx, keys, &other, f.Proof, nil), update.ErrProof, f.WrongData, "verify_with_wrong_comm_d_new"))
}

// updateParams returns the parameters of an update whose file tells the sector's size in its name alone; a name without one
// leaves the smallest size with these partitions and h, which have the same public inputs.
func updateParams(name string, partitions, h int) (update.Params, error) {
	sizes := sector.Sizes()
	if size, err := sizeInName(name); err == nil {
		sizes = []sector.Size{size}
	}
	for _, size := range sizes {
		if p, err := update.NewParams(size); err == nil && p.Partitions == partitions && p.H == h {
			return p, nil
		}
	}
	return update.Params{}, fmt.Errorf("no update of %v with %d partitions and h = %d", sizes, partitions, h)
}

// sizeInName returns the sector size that a file's name tells, as groth16_post_2kib.json does.
func sizeInName(name string) (sector.Size, error) {
	m := regexp.MustCompile(`(?:^|_)([0-9]+)([kmg])ib(?:[_.-]|$)`).FindStringSubmatch(name)
	if m == nil {
		return 0, fmt.Errorf("the name %q tells no sector size", name)
	}
	return sector.ParseSize(m[1] + strings.ToUpper(m[2]) + "iB")
}

// runGroth16Post checks groth16_post_*.json: winning proofs have one sector, window proofs a list.
func runGroth16Post(v *vector) (cases int, err error) {
	var f struct {
		porepHead
		Proofs []groth16PostCase `json:"proofs"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	size, err := sizeInName(v.Name)
	if err != nil {
		return 0, err
	}
	for i := range f.Proofs {
		if err := f.Proofs[i].check(v, size); err != nil {
			return cases, fmt.Errorf("proof %d (%s): %w", i, f.Proofs[i].Name, err)
		}
		cases++
	}
	return cases, nil
}

// groth16PostCase is one proof of groth16_post_*.json.
type groth16PostCase struct {
	Name       string       `json:"name"`
	APIVersion string       `json:"api_version"`
	Sector     *porepSector `json:"sector"`
	Sectors    []struct {
		ID    sector.Number `json:"sector_id"`
		CommR hex32         `json:"comm_r"`
		Name  string        `json:"seal_name"`
	} `json:"sectors"`
	Randomness      hex32     `json:"randomness"`
	ProverID        hex32     `json:"prover_id"`
	Winning         []hex32   `json:"public_inputs_le_hex"`
	Window          [][]hex32 `json:"public_inputs_by_partition_le_hex"`
	Proof           hexBytes  `json:"proof_hex"`
	Verify          bool      `json:"verify"`
	WrongRandomness bool      `json:"verify_with_wrong_randomness"`
	Deterministic   *struct {
		R     hex32    `json:"r"`
		S     hex32    `json:"s"`
		Proof hexBytes `json:"proof_hex"`
	} `json:"deterministic_proof"`
	VK vkVector `json:"vk"`
}

// publics returns the sectors that the proof is about.
func (c *groth16PostCase) publics() ([]post.Public, error) {
	if c.Sector != nil {
		if _, err := c.Sector.statement(); err != nil {
			return nil, err
		}
		return []post.Public{{Number: c.Sector.SectorID, CommR: sector.CommR(c.Sector.CommR)}}, nil
	}
	out := make([]post.Public, len(c.Sectors))
	for i, s := range c.Sectors {
		out[i] = post.Public{Number: s.ID, CommR: sector.CommR(s.CommR)}
	}
	return out, nil
}

func (c *groth16PostCase) check(v *vector, size sector.Size) error {
	version, err := sector.ParseAPIVersion(c.APIVersion)
	if err != nil {
		return err
	}
	if c.Sector != nil {
		size = c.Sector.SectorSize
	}
	r, err := post.NewRules(c.Sector == nil, size, version)
	if err != nil {
		return err
	}
	p, err := sector.NewProof(sector.PoRepID{}, size, version, 0)
	if err != nil {
		return err
	}
	sectors, err := c.publics()
	if err != nil {
		return err
	}
	vk, err := c.VK.bytes(v)
	if err != nil {
		return err
	}
	ctx, rand := context.Background(), post.Randomness(c.Randomness)
	if err := c.checkInputs(r, rand, sectors); err != nil {
		return err
	}
	circuit := groth16.WindowCircuit(size, p.Shape)
	if c.Sector != nil {
		circuit = groth16.WinningCircuit(size, p.Shape)
	}
	keys := files{circuit.KeyFile(): vk}.keys()
	verify := func(rand post.Randomness, proof []byte) error {
		if c.Sector == nil {
			return post.VerifyWindowPoSt(ctx, keys, r, rand, sectors, proof, nil)
		}
		return post.VerifyWinningPoSt(ctx, keys, r, rand, sectors[0], proof, nil)
	}
	other := rand
	other[0] ^= 1
	errs := []error{
		roundTrip(c.Proof, "proof"),
		expect(verify(rand, c.Proof), post.ErrProof, c.Verify, "verify"),
		expect(verify(other, c.Proof), post.ErrProof, c.WrongRandomness, "verify_with_wrong_randomness"),
	}
	if d := c.Deterministic; d != nil {
		for _, x := range []hex32{d.R, d.S} {
			if s := groth16.Scalar(x); !s.Canonical() {
				errs = append(errs, errors.New("deterministic_proof: r or s is not reduced"))
			}
		}
		errs = append(errs, roundTrip(d.Proof, "deterministic_proof"),
			expect(verify(rand, d.Proof), post.ErrProof, true, "deterministic_proof"))
	}
	return errors.Join(errs...)
}

// checkInputs compares the public inputs.
func (c *groth16PostCase) checkInputs(r post.Rules, rand post.Randomness, sectors []post.Public) error {
	if c.Sector != nil {
		in, err := r.WinningInputs(rand, sectors[0])
		return errors.Join(err, sameScalars(in, c.Winning, "inputs"), equal(len(c.Window), 0, "window inputs"))
	}
	rows, err := r.WindowInputs(rand, sectors)
	if err := errors.Join(err, equal(len(rows), len(c.Window), "partitions"), equal(len(c.Winning), 0, "winning inputs")); err != nil {
		return err
	}
	for k := range rows {
		if err := sameScalars(rows[k], c.Window[k], "partition %d", k); err != nil {
			return err
		}
	}
	return nil
}
