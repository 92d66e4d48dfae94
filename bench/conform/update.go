package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
)

// updateFile is update.json.
type updateFile struct {
	porepHead
	Updates []updateCase `json:"updates"`
	Pure    []updatePure `json:"pure"`
}

// updateCase is one sector that gets new data.
type updateCase struct {
	Name        string            `json:"name"`
	Old         porepSector       `json:"old_sector"`
	DataLabel   string            `json:"new_data_label"`
	DataLen     uint64            `json:"new_data_unpadded_len"`
	CommP       hex32             `json:"new_piece_comm_p"`
	H           int               `json:"h"`
	Hs          [6]int            `json:"hs"`
	HSelect     uint64            `json:"h_select"`
	Partitions  int               `json:"partitions"`
	Challenges  int               `json:"challenges_per_partition"`
	ApexLeaves  int               `json:"apex_leaf_count"`
	CommDNew    hex32             `json:"comm_d_new"`
	CommROld    hex32             `json:"comm_r_old"`
	CommRNew    hex32             `json:"comm_r_new"`
	CommRLast   hex32             `json:"comm_r_last_new"`
	CommC       hex32             `json:"comm_c"`
	Phi         hex32             `json:"phi"`
	Rhos        []hex32           `json:"rhos_first"`
	RhosCount   uint64            `json:"rhos_count"`
	RhosSum     hex32             `json:"rhos_sha256"`
	ReplicaSum  hex32             `json:"new_replica_sha256"`
	First       *hex32            `json:"new_replica_first_node"`
	Last        *hex32            `json:"new_replica_last_node"`
	DecodedSum  hex32             `json:"decoded_sha256"`
	Files       []cacheFile       `json:"new_cache_files"`
	ByPartition [][]uint64        `json:"challenges_by_partition"`
	Inputs      [][]hex32         `json:"public_inputs_by_partition_le_hex"`
	Verify      bool              `json:"verify"`
	WrongCommR  string            `json:"verify_with_wrong_comm_r_old"`
	Proofs      []json.RawMessage `json:"partition_proofs"`
}

// updatePure is what follows from commitments alone.
type updatePure struct {
	CommDNew   hex32   `json:"comm_d_new"`
	CommROld   hex32   `json:"comm_r_old"`
	CommRNew   hex32   `json:"comm_r_new"`
	Phi        hex32   `json:"phi"`
	Rhos       []hex32 `json:"rho_of_high_0_1_2_511_1023"`
	Challenges []struct {
		SectorSize sector.Size `json:"sector_size"`
		Partitions int         `json:"partitions"`
		K          int         `json:"k"`
		H          int         `json:"h_default"`
		Challenges []uint64    `json:"challenges"`
	} `json:"challenges"`
}

// runUpdate seals each sector, puts the new data in, proves it and takes it out again.
func runUpdate(v *vector) (cases int, err error) {
	var f updateFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	for i := range f.Updates {
		if err := f.Updates[i].run(); err != nil {
			return cases, fmt.Errorf("update of %s: %w", f.Updates[i].Name, err)
		}
		cases++
	}
	for i := range f.Pure {
		if err := f.Pure[i].run(); err != nil {
			return cases, fmt.Errorf("pure %d: %w", i, err)
		}
		cases += len(f.Pure[i].Challenges)
	}
	return cases, nil
}

func (u *updateCase) run() error {
	ctx := context.Background()
	p, err := update.NewParams(u.Old.SectorSize)
	if err != nil {
		return err
	}
	selector, err := p.HSelect()
	if err != nil {
		return err
	}
	if err := errors.Join(equal(u.Name, u.Old.Name, "name"), equal(p.H, u.H, "h"), equal(p.Hs, u.Hs, "hs"), equal(selector, u.HSelect, "h_select"),
		equal(p.Partitions, u.Partitions, "partitions"), equal(p.Challenges, u.Challenges, "challenges_per_partition"),
		equal(p.ApexLeaves, u.ApexLeaves, "apex_leaf_count")); err != nil {
		return err
	}
	j, err := sealSector(&u.Old)
	if err != nil {
		return err
	}
	defer j.close()
	files, err := u.newFiles(ctx, j)
	if err != nil {
		return err
	}
	st, err := update.Encode(ctx, files, p, j.st.CommR, nil)
	if err != nil {
		return err
	}
	return errors.Join(equal(hex32(st.CommDNew), u.CommDNew, "comm_d_new"), equal(hex32(st.CommROld), u.CommROld, "comm_r_old"),
		equal(hex32(st.CommRNew), u.CommRNew, "comm_r_new"), u.checkFactors(st), u.checkFiles(files), u.prove(ctx, files, st), u.takeOut(ctx, files, st))
}

// newFiles makes the folders of the update and stages the new data as one piece.
func (u *updateCase) newFiles(ctx context.Context, j *porepJob) (update.Files, error) {
	files := update.Files{Key: j.files.Sealed, KeyCache: j.files.Cache, Data: filepath.Join(j.dir, "new-data"),
		Replica: filepath.Join(j.dir, "new-replica"), Cache: filepath.Join(j.dir, "new-cache")}
	if err := os.Mkdir(files.Cache, 0o755); err != nil {
		return files, err
	}
	size := u.Old.SectorSize
	if u.DataLen > size.Unpadded() {
		return files, fmt.Errorf("new_data_unpadded_len %d", u.DataLen)
	}
	var staged bytes.Buffer
	s, err := piece.Stage(ctx, &staged, size, []piece.Payload{{R: bytes.NewReader(stream(u.DataLabel, int(u.DataLen))), Len: u.DataLen}}, nil)
	if err != nil {
		return files, err
	}
	return files, errors.Join(equal(hex32(s.Pieces[0].CommP), u.CommP, "new_piece_comm_p"), equal(hex32(s.CommD), u.CommDNew, "comm_d_new of the pieces"),
		os.WriteFile(files.Data, staged.Bytes(), 0o600))
}

// checkFactors compares phi and the factors.
func (u *updateCase) checkFactors(st *update.Statement) error {
	phi, err := update.Phi(st.CommDNew, st.CommROld)
	if err != nil {
		return err
	}
	rhos := make([]merkle.Digest, 1<<st.Params.H)
	if err := update.Rhos(rhos, phi, 0); err != nil {
		return err
	}
	if len(u.Rhos) > len(rhos) {
		return fmt.Errorf("%d rhos_first, there are %d", len(u.Rhos), len(rhos))
	}
	for i := range u.Rhos {
		err = errors.Join(err, equal(hex32(rhos[i]), u.Rhos[i], "rhos_first %d", i))
	}
	return errors.Join(err, equal(hex32(phi), u.Phi, "phi"), equal(uint64(len(rhos)), u.RhosCount, "rhos_count"),
		equal(hex32(sha256.Sum256(merkle.Bytes(rhos))), u.RhosSum, "rhos_sha256"))
}

// checkFiles compares the new replica and its cache.
func (u *updateCase) checkFiles(f update.Files) error {
	var aux sector.PAux
	b, err := os.ReadFile(filepath.Join(f.Cache, sector.PAuxFile))
	if err == nil {
		err = aux.UnmarshalBinary(b)
	}
	if err != nil {
		return err
	}
	err = errors.Join(equal(hex32(aux.CommC), u.CommC, "comm_c"), equal(hex32(aux.CommRLast), u.CommRLast, "comm_r_last_new"),
		checkFile(f.Replica, &cacheFile{Len: int64(u.Old.SectorSize), SHA256: u.ReplicaSum, FirstNode: u.First, LastNode: u.Last}))
	entries, rerr := os.ReadDir(f.Cache)
	err = errors.Join(err, rerr)
	var got, names []string
	for _, e := range entries {
		if e.Name() != sector.TAuxFile {
			got = append(got, e.Name())
		}
	}
	for i := range u.Files {
		names = append(names, u.Files[i].File)
		err = errors.Join(err, checkFile(filepath.Join(f.Cache, filepath.Base(u.Files[i].File)), &u.Files[i]))
	}
	slices.Sort(names)
	return errors.Join(err, equal(strings.Join(got, " "), strings.Join(names, " "), "names of new cache files"))
}

// prove makes all partition proofs, compares those that are kept, and judges ours and theirs.
func (u *updateCase) prove(ctx context.Context, f update.Files, st *update.Statement) error {
	ours, err := update.Prove(ctx, f, st, nil)
	if err != nil {
		return err
	}
	if len(u.ByPartition) != len(ours) || len(u.Inputs) != len(ours) || len(u.Proofs) > len(ours) {
		return fmt.Errorf("%d partitions, the file has challenges of %d, inputs of %d and %d proofs", len(ours), len(u.ByPartition), len(u.Inputs), len(u.Proofs))
	}
	theirs := slices.Clone(ours)
	for k := range ours {
		c, err := update.Challenges(st.Params, st.CommRNew, k)
		if err != nil {
			return err
		}
		in, err := st.PublicInputs(k)
		if err != nil {
			return err
		}
		inputs := make([]hex32, len(in))
		for i := range in {
			inputs[i] = hex32(in[i])
		}
		if err := errors.Join(equal(fmt.Sprint(c), fmt.Sprint(u.ByPartition[k]), "challenges of partition %d", k),
			equal(fmt.Sprintf("%x", inputs), fmt.Sprintf("%x", u.Inputs[k]), "public inputs of partition %d", k)); err != nil {
			return err
		}
	}
	for k := range u.Proofs {
		if theirs[k], err = u.parseProof(u.Proofs[k]); err != nil {
			return fmt.Errorf("partition_proofs %d: %w", k, err)
		}
		if !reflect.DeepEqual(theirs[k], ours[k]) {
			return fmt.Errorf("partition_proofs %d: another proof than ours", k)
		}
	}
	return u.judge(ctx, st, theirs)
}

// judge verifies proofs, with the right and with another CommR.
func (u *updateCase) judge(ctx context.Context, st *update.Statement, proofs []update.PartitionProof) error {
	verdict := func(st *update.Statement) (bool, error) {
		err := update.Verify(ctx, st, proofs, nil)
		if errors.Is(err, update.ErrProof) {
			return false, nil
		}
		return err == nil, err
	}
	good, err := verdict(st)
	if err != nil {
		return err
	}
	wrong := *st
	wrong.CommROld = st.CommRNew
	bad, err := verdict(&wrong)
	if err != nil {
		return err
	}
	return errors.Join(equal(good, u.Verify, "verify"), equal(fmt.Sprintf("Ok(%v)", bad), u.WrongCommR, "verify_with_wrong_comm_r_old"))
}

// takeOut decodes the data, and removes it from the replica, which must come out as it was.
func (u *updateCase) takeOut(ctx context.Context, f update.Files, st *update.Statement) error {
	out := f
	out.Data += "-decoded"
	if err := update.DecodeFile(ctx, out, st, nil); err != nil {
		return err
	}
	if err := checkFile(out.Data, &cacheFile{Len: int64(u.Old.SectorSize), SHA256: u.DecodedSum}); err != nil {
		return err
	}
	out.Key, out.KeyCache = f.Key+"-removed", f.KeyCache+"-removed"
	if err := os.Mkdir(out.KeyCache, 0o755); err != nil {
		return err
	}
	if err := update.Remove(ctx, out, st, nil); err != nil {
		return err
	}
	before, err := os.ReadFile(f.Key)
	if err != nil {
		return err
	}
	return checkFile(out.Key, &cacheFile{Len: int64(len(before)), SHA256: sha256.Sum256(before)})
}

func (u *updatePure) run() error {
	phi, err := update.Phi(sector.CommD(u.CommDNew), sector.CommR(u.CommROld))
	if err != nil {
		return err
	}
	highs := []uint64{0, 1, 2, 511, 1023}
	if err := errors.Join(equal(hex32(phi), u.Phi, "phi"), equal(len(u.Rhos), len(highs), "rho_of_high")); err != nil {
		return err
	}
	for i, high := range highs {
		var rho [1]merkle.Digest
		if err := update.Rhos(rho[:], phi, high); err != nil {
			return err
		}
		if err := equal(hex32(rho[0]), u.Rhos[i], "rho of high %d", high); err != nil {
			return err
		}
	}
	for _, c := range u.Challenges {
		p, err := update.NewParams(c.SectorSize)
		if err != nil {
			return err
		}
		got, err := update.Challenges(p, sector.CommR(u.CommRNew), c.K)
		if err != nil {
			return err
		}
		if err := errors.Join(equal(p.Partitions, c.Partitions, "partitions"), equal(p.H, c.H, "h_default"),
			equal(fmt.Sprint(got), fmt.Sprint(c.Challenges), "challenges of %v, partition %d", c.SectorSize, c.K)); err != nil {
			return err
		}
	}
	return nil
}

// updatePath is a Merkle proof as the reference writes it.
type updatePath struct {
	Path []struct {
		Hashes []hex32 `json:"hashes"`
		Index  uint64  `json:"index"`
	} `json:"path"`
}

// updateOpening is one of the three forms of a Merkle proof.
type updateOpening struct {
	Root  hex32       `json:"root"`
	Leaf  hex32       `json:"leaf"`
	Path  *updatePath `json:"path"`
	Base  *updatePath `json:"base_proof"`
	Sub   *updatePath `json:"sub_proof"`
	Top   *updatePath `json:"top_proof"`
	paths []*updatePath
}

// parseProof reads a partition proof in the reference's form; all roots of a tree must be alike.
func (u *updateCase) parseProof(raw []byte) (p update.PartitionProof, err error) {
	type opening struct {
		Data map[string]*updateOpening `json:"data"`
	}
	var v struct {
		CommC      hex32   `json:"comm_c"`
		Apex       []hex32 `json:"apex_leafs"`
		Challenges []struct {
			Old  opening `json:"proof_r_old"`
			Data opening `json:"proof_d_new"`
			New  opening `json:"proof_r_new"`
		} `json:"challenge_proofs"`
	}
	if err := strictJSON(raw, &v); err != nil {
		return p, err
	}
	p.CommC = sector.CommC(v.CommC)
	for _, a := range v.Apex {
		p.Apex = append(p.Apex, merkle.Digest(a))
	}
	for i := range v.Challenges {
		c := &v.Challenges[i]
		var out update.ChallengeProof
		var roots [3]hex32
		for k, o := range []struct {
			in  opening
			out *merkle.Proof
		}{{c.Old, &out.Old}, {c.Data, &out.Data}, {c.New, &out.New}} {
			if roots[k], *o.out, err = parseOpening(o.in.Data); err != nil {
				return p, fmt.Errorf("challenge %d: %w", i, err)
			}
		}
		if i == 0 {
			p.CommRLastOld, p.CommRLastNew = sector.CommRLast(roots[0]), sector.CommRLast(roots[2])
		}
		if err := errors.Join(equal(roots[0], hex32(p.CommRLastOld), "challenge %d: root of proof_r_old", i),
			equal(roots[1], u.CommDNew, "challenge %d: root of proof_d_new", i),
			equal(roots[2], hex32(p.CommRLastNew), "challenge %d: root of proof_r_new", i)); err != nil {
			return p, err
		}
		p.Challenges = append(p.Challenges, out)
	}
	return p, nil
}

// parseOpening turns a Merkle proof of any form into ours.
func parseOpening(form map[string]*updateOpening) (root hex32, p merkle.Proof, err error) {
	if len(form) != 1 {
		return root, p, fmt.Errorf("%d forms of a Merkle proof", len(form))
	}
	for name, o := range form {
		if o == nil {
			return root, p, fmt.Errorf("%s is null", name)
		}
		switch name {
		case "Single":
			o.paths = []*updatePath{o.Path}
		case "Sub":
			o.paths = []*updatePath{o.Base, o.Sub}
		case "Top":
			o.paths = []*updatePath{o.Base, o.Sub, o.Top}
		default:
			return root, p, fmt.Errorf("an opening of kind %q", name)
		}
		root, p.Leaf = o.Root, merkle.Digest(o.Leaf)
		below := uint64(1)
		for _, path := range o.paths {
			if path == nil {
				return root, p, fmt.Errorf("%s lacks a path", name)
			}
			for _, e := range path.Path {
				arity := uint64(len(e.Hashes) + 1)
				if e.Index >= arity || below > math.MaxUint32 {
					return root, p, fmt.Errorf("index %d of %d", e.Index, arity)
				}
				p.Index += e.Index * below
				below *= arity
				for _, h := range e.Hashes {
					p.Siblings = append(p.Siblings, merkle.Digest(h))
				}
			}
		}
	}
	return root, p, nil
}
