package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

// postKind says which PoSt a case is about.
type postKind struct {
	Type       string `json:"type"`
	APIVersion string `json:"api_version"`
}

func (k *postKind) rules(size sector.Size) (post.Rules, error) {
	v, err := sector.ParseAPIVersion(k.APIVersion)
	if err == nil && k.Type != "Window" && k.Type != "Winning" {
		err = fmt.Errorf("type %q", k.Type)
	}
	if err != nil {
		return post.Rules{}, err
	}
	return post.NewRules(k.Type == "Window", size, v)
}

// postChallenges is post_challenges.json.
type postChallenges struct {
	porepHead
	Winning []struct {
		Randomness hex32    `json:"randomness"`
		ProverID   hex32    `json:"prover_id"`
		SetSize    uint64   `json:"sector_set_size"`
		Count      int      `json:"challenge_count"`
		Indexes    []uint64 `json:"sector_indexes"`
	} `json:"winning_sector_challenges"`
	Leaves []struct {
		postKind
		SectorSize sector.Size `json:"sector_size"`
		Count      int         `json:"challenge_count"`
		Sectors    int         `json:"sectors_per_partition"`
		Randomness hex32       `json:"randomness"`
		IDs        []string    `json:"sector_ids_in_order"`
		Challenges [][]uint64  `json:"challenges"`
	} `json:"leaf_challenges"`
}

func runPostChallenges(v *vector) (cases int, err error) {
	var f postChallenges
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	for i, c := range f.Winning {
		got, err := post.WinningSectors(post.Randomness(c.Randomness), sector.ProverID(c.ProverID), c.SetSize, c.Count)
		if err := errors.Join(err, equal(fmt.Sprint(got), fmt.Sprint(c.Indexes), "winning %d: sector_indexes", i)); err != nil {
			return cases, err
		}
		cases++
	}
	for i, c := range f.Leaves {
		r, err := c.rules(c.SectorSize)
		r.Sectors = c.Sectors // the vectors take the test size's partitions for all sizes
		if err := errors.Join(err, equal(r.Challenges, c.Count, "leaves %d: challenge_count", i),
			equal(len(c.Challenges), len(c.IDs), "leaves %d: sectors", i)); err != nil {
			return cases, err
		}
		for k, text := range c.IDs {
			id, err := strconv.ParseUint(text, 10, 64)
			got := r.ChallengesOf(nil, post.Randomness(c.Randomness), sector.Number(id), uint64(k))
			if err := errors.Join(err, equal(fmt.Sprint(got), fmt.Sprint(c.Challenges[k]), "leaves %d, sector %d: challenges", i, id)); err != nil {
				return cases, err
			}
			cases++
		}
	}
	return cases, nil
}

// postVanilla is post_vanilla_*.json.
type postVanilla struct {
	porepHead
	Proofs []postCase  `json:"proofs"`
	Faults []postFault `json:"faults"`
}

type postCase struct {
	postKind
	Sectors    []porepSector     `json:"sectors"`
	Randomness hex32             `json:"randomness"`
	ProverID   hex32             `json:"prover_id"`
	Vanilla    []json.RawMessage `json:"vanilla"`
	// Winning.
	Fallback [][]uint64 `json:"fallback_sector_challenges"`
	Internal []uint64   `json:"internal_prover_challenges"`
	With1    string     `json:"partition_vanilla_proofs_with_one_public_sector"`
	With66   string     `json:"partition_vanilla_proofs_with_66_public_sectors"`
	// Window.
	PerPartition    int        `json:"sectors_per_partition"`
	Challenges      [][]uint64 `json:"challenges_in_sector_order"`
	Verify          *bool      `json:"verify"`
	WrongCommR      *bool      `json:"verify_with_wrong_comm_r"`
	WrongRandomness *bool      `json:"verify_with_wrong_randomness"`
	Counts          []int      `json:"partition_sector_counts"`
}

type postFault struct {
	APIVersion string        `json:"api_version"`
	Mode       string        `json:"mode"`
	Damage     string        `json:"damage"`
	Challenges []uint64      `json:"challenges_of_damaged_sector"`
	Sectors    []porepSector `json:"sectors"`
	Result     string        `json:"result"`
}

func runPostVanilla(v *vector) (cases int, err error) {
	var f postVanilla
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	house := postHouse{}
	defer house.close()
	for i := range f.Proofs {
		if err := f.Proofs[i].run(house); err != nil {
			return cases, fmt.Errorf("proof %d (%s %s): %w", i, f.Proofs[i].Type, f.Proofs[i].APIVersion, err)
		}
		cases++
	}
	for i := range f.Faults {
		if len(f.Proofs) == 0 {
			return cases, errors.New("faults without the randomness of a proof")
		}
		if err := f.Faults[i].run(house, post.Randomness(f.Proofs[0].Randomness)); err != nil {
			return cases, fmt.Errorf("fault %d (%s): %w", i, f.Faults[i].Mode, err)
		}
		cases++
	}
	return cases, nil
}

// A postHouse holds the sealed sectors of a file, by what they are made of.
type postHouse map[string]*porepJob

func (h postHouse) close() {
	for _, j := range h {
		j.close()
	}
}

// list seals the sectors of a case and returns them as the network knows them.
func (h postHouse) list(sectors []porepSector) ([]post.Public, map[sector.Number]*porepJob, error) {
	jobs := map[sector.Number]*porepJob{}
	var list []post.Public
	for i := range sectors {
		s := &sectors[i]
		key, err := json.Marshal(s)
		if err != nil {
			return nil, nil, err
		}
		if h[string(key)] == nil {
			j, err := sealSector(s)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", s.Name, err)
			}
			h[string(key)] = j
		}
		jobs[s.SectorID] = h[string(key)]
		list = append(list, post.Public{Number: s.SectorID, CommR: sector.CommR(s.CommR)})
	}
	if len(list) == 0 {
		return nil, nil, errors.New("no sectors")
	}
	return list, jobs, nil
}

// replicas opens the files of sealed sectors; damage, if not nil, changes a replica's bytes.
func replicas(jobs map[sector.Number]*porepJob, damage func(sector.Number, []byte)) post.Opener {
	return func(_ context.Context, n sector.Number) (*post.Replica, error) {
		j := jobs[n]
		sealed, err := os.ReadFile(j.files.Sealed)
		if err != nil {
			return nil, err
		}
		if damage != nil {
			damage(n, sealed)
		}
		aux, err := os.ReadFile(filepath.Join(j.files.Cache, sector.PAuxFile))
		if err != nil {
			return nil, err
		}
		rep := &post.Replica{Sealed: strings.NewReader(string(sealed)), Discard: j.st.Proof.RowsToDiscard}
		for _, name := range j.st.Proof.TreeRLastFiles() {
			b, err := os.ReadFile(filepath.Join(j.files.Cache, name))
			if err != nil {
				return nil, err
			}
			rep.TreeRLast = append(rep.TreeRLast, io.ReaderAt(strings.NewReader(string(b))))
		}
		return rep, rep.Aux.UnmarshalBinary(aux)
	}
}

func (c *postCase) run(h postHouse) error {
	list, jobs, err := h.list(c.Sectors)
	if err != nil {
		return err
	}
	r, err := c.rules(c.Sectors[0].SectorSize)
	if err != nil {
		return err
	}
	ctx, rand := context.Background(), post.Randomness(c.Randomness)
	pass, err := r.Prove(ctx, rand, list, replicas(jobs, nil), nil)
	if err != nil {
		return err
	}
	if len(pass.Faults) > 0 {
		return pass.Faults[0]
	}
	if err := r.Verify(ctx, rand, list, pass.Proofs, nil); err != nil {
		return err
	}
	if err := c.checkVanilla(r, list, pass.Proofs); err != nil {
		return err
	}
	if r.Window {
		return c.window(r, list, pass.Proofs)
	}
	return c.winning(r, list)
}

// checkVanilla compares the proofs with the reference's, byte for byte, and verifies those.
func (c *postCase) checkVanilla(r post.Rules, list []post.Public, ours []post.SectorProof) error {
	if c.Vanilla == nil {
		return nil
	}
	if err := equal(len(c.Vanilla), len(ours), "vanilla"); err != nil {
		return err
	}
	theirs := make([]post.SectorProof, len(ours))
	for i, raw := range c.Vanilla {
		want, err := serdeNumbers(raw)
		if err != nil {
			return err
		}
		got, err := r.EncodeJSON(&ours[i])
		if err := errors.Join(err, equalBytes(got, want, "vanilla %d", i)); err != nil {
			return err
		}
		p, err := r.DecodeJSON(want)
		if err != nil {
			return err
		}
		theirs[i] = *p
	}
	return r.Verify(context.Background(), post.Randomness(c.Randomness), list, theirs, nil)
}

func challengesOf(r post.Rules, rand post.Randomness, list []post.Public) (all [][]uint64) {
	for i, s := range list {
		all = append(all, r.ChallengesOf(nil, rand, s.Number, uint64(i)))
	}
	return all
}

// winning compares the two ways in which the reference counts a winning PoSt's challenges: they agree before V1_2_0 alone.
func (c *postCase) winning(r post.Rules, list []post.Public) error {
	rand := post.Randomness(c.Randomness)
	inputs, err := r.WinningInputs(rand, list[0])
	if err != nil {
		return err
	}
	var internal []uint64
	for i := 1; i < len(inputs); i += 2 {
		internal = append(internal, uint64(inputs[i][0])|uint64(inputs[i][1])<<8|uint64(inputs[i][2])<<16|uint64(inputs[i][3])<<24)
	}
	fallback := fmt.Sprint(challengesOf(r, rand, list))
	with66 := `Ok(1)`
	if fmt.Sprint([][]uint64{internal}) != fallback {
		with66 = `Err("partitioned vanilla proofs failed to verify")`
	}
	return errors.Join(equal(fallback, fmt.Sprint(c.Fallback), "fallback_sector_challenges"),
		equal(fmt.Sprint(internal), fmt.Sprint(c.Internal), "internal_prover_challenges"),
		equal(fmt.Sprintf("Ok(%d)", r.Partitions(len(list))), c.With1, "partition_vanilla_proofs_with_one_public_sector"),
		equal(with66, c.With66, "partition_vanilla_proofs_with_66_public_sectors"))
}

// window compares challenges and partitions, and the verdicts on changed statements.
func (c *postCase) window(r post.Rules, list []post.Public, proofs []post.SectorProof) error {
	ctx, rand := context.Background(), post.Randomness(c.Randomness)
	if c.Verify == nil || c.WrongCommR == nil || c.WrongRandomness == nil {
		return errors.New("a verdict is missing")
	}
	var counts []int
	for k := range r.Partitions(len(list)) {
		part, err := r.Partition(proofs, k)
		if err != nil {
			return err
		}
		counts = append(counts, len(part))
	}
	verdict := func(rand post.Randomness, list []post.Public) bool {
		return r.Verify(ctx, rand, list, proofs, nil) == nil
	}
	wrong := append([]post.Public(nil), list...)
	wrong[0].CommR[0] ^= 1
	other := rand
	other[0] ^= 1
	return errors.Join(equal(fmt.Sprint(challengesOf(r, rand, list)), fmt.Sprint(c.Challenges), "challenges_in_sector_order"),
		equal(r.Sectors, c.PerPartition, "sectors_per_partition"),
		equal(fmt.Sprint(counts), fmt.Sprint(c.Counts), "partition_sector_counts"),
		equal(verdict(rand, list), *c.Verify, "verify"),
		equal(verdict(rand, wrong), *c.WrongCommR, "verify_with_wrong_comm_r"),
		equal(verdict(other, list), *c.WrongRandomness, "verify_with_wrong_randomness"))
}

// run damages the second sector and compares who is found faulty.
func (f *postFault) run(h postHouse, rand post.Randomness) error {
	list, jobs, err := h.list(f.Sectors)
	if err != nil {
		return err
	}
	if len(list) < 2 {
		return errors.New("no second sector")
	}
	kind := postKind{"Window", f.APIVersion}
	r, err := kind.rules(f.Sectors[0].SectorSize)
	if err != nil {
		return err
	}
	first, last := 0, int(r.Size.Nodes())-1
	switch {
	case f.Mode == "none":
		last = -1
	case f.Mode != "all":
		if _, err := fmt.Sscanf(f.Mode, "leaf%d..%d", &first, &last); err != nil {
			return fmt.Errorf("mode %q: %w", f.Mode, err)
		}
	}
	pass, err := r.Prove(context.Background(), rand, list, replicas(jobs, func(n sector.Number, b []byte) {
		for i := first; n == list[1].Number && i <= last; i++ {
			b[32*i] ^= 1
		}
	}), nil)
	if err != nil {
		return err
	}
	result := "ok"
	if len(pass.Faults) > 0 {
		var ids []string
		for _, fault := range pass.Faults {
			ids = append(ids, fmt.Sprintf("SectorId(%d)", fault.Number))
		}
		text := "faulty sectors [" + strings.Join(ids, ", ") + "]"
		result = fmt.Sprintf("%s | %q", text, text)
	}
	return errors.Join(equal(result, f.Result, "result"),
		equal(fmt.Sprint(r.ChallengesOf(nil, rand, list[1].Number, 1)), fmt.Sprint(f.Challenges), "challenges_of_damaged_sector"))
}
