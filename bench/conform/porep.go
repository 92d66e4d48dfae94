package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
)

// porepHead begins every file of vectors/filecoin.
type porepHead struct {
	Set    string `json:"set"`
	Oracle string `json:"oracle"`
}

// porepKind says what kind of proof a case is about.
type porepKind struct {
	SectorSize    sector.Size `json:"sector_size"`
	PoRepID       hex32       `json:"porep_id"`
	APIVersion    string      `json:"api_version"`
	Feature       string      `json:"feature"`
	Partitions    int         `json:"partitions"`
	MinChallenges int         `json:"minimum_challenges"`
}

// proof returns the parameters, which must agree with the numbers given.
func (k *porepKind) proof() (sector.Proof, error) {
	v, err := sector.ParseAPIVersion(k.APIVersion)
	if err != nil {
		return sector.Proof{}, err
	}
	f, err := sector.ParseFeatures(k.Feature)
	if err != nil {
		return sector.Proof{}, err
	}
	p, err := sector.NewProof(sector.PoRepID(k.PoRepID), k.SectorSize, v, f)
	if err != nil {
		return p, err
	}
	return p, errors.Join(equal(p.Partitions, k.Partitions, "partitions"),
		equal(p.MinChallenges(), k.MinChallenges, "minimum_challenges"))
}

// porepSector is a sector to seal.
type porepSector struct {
	Name string `json:"name"`
	porepKind
	ProverID hex32         `json:"prover_id"`
	SectorID sector.Number `json:"sector_id"`
	Ticket   hex32         `json:"ticket"`
	Seed     hex32         `json:"seed"`
	Pieces   []struct {
		Label string `json:"label"`
		Len   int    `json:"unpadded_len"`
		Start uint64 `json:"start_unpadded"`
		CommP hex32  `json:"comm_p"`
	} `json:"pieces"`
	CommD     hex32 `json:"comm_d"`
	ReplicaID hex32 `json:"replica_id"`
	CommR     hex32 `json:"comm_r"`
}

// stage puts the pieces into the sector and compares their places and commitments.
func (s *porepSector) stage(ctx context.Context, f porep.Files, p sector.Proof) (sector.CommD, error) {
	payloads := make([]piece.Payload, len(s.Pieces))
	for i, one := range s.Pieces {
		if one.Len < 0 || uint64(one.Len) > p.Size.Unpadded() {
			return sector.CommD{}, fmt.Errorf("piece %d: %d bytes", i, one.Len)
		}
		payloads[i] = piece.Payload{R: bytes.NewReader(stream(one.Label, one.Len)), Len: uint64(one.Len)}
	}
	staged, err := porep.StagePieces(ctx, f, p, payloads, nil)
	if err != nil {
		return sector.CommD{}, err
	}
	for i, want := range s.Pieces {
		got := staged.Pieces[i]
		err = errors.Join(err, equal(hex32(got.CommP), want.CommP, "piece %d: comm_p", i),
			equal(got.Offset/128*127, want.Start, "piece %d: start_unpadded", i))
	}
	return staged.CommD, err
}

// A porepJob is a sector sealed in a temporary directory.
type porepJob struct {
	dir   string
	files porep.Files
	st    porep.Statement
}

func (j *porepJob) close() { os.RemoveAll(j.dir) }

// sealSector stages, labels and commits, and compares the commitments.
func sealSector(s *porepSector) (_ *porepJob, err error) {
	ctx := context.Background()
	p, err := s.proof()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "conform-")
	if err != nil {
		return nil, err
	}
	j := &porepJob{dir: dir, files: porep.Files{Cache: filepath.Join(dir, "cache"),
		Staged: filepath.Join(dir, "staged"), Sealed: filepath.Join(dir, "sealed")}}
	defer func() {
		if err != nil {
			j.close()
		}
	}()
	if err := os.Mkdir(j.files.Cache, 0o755); err != nil {
		return nil, err
	}
	j.st.Sector = porep.Sector{Proof: p, Ticket: sector.Ticket(s.Ticket),
		ID: sector.ID{Prover: sector.ProverID(s.ProverID), Number: s.SectorID}}
	j.st.Seed = sector.Seed(s.Seed)
	if j.st.CommD, err = s.stage(ctx, j.files, p); err != nil {
		return nil, err
	}
	if err := porep.LabelFiles(ctx, []porep.Files{j.files}, []porep.Sector{j.st.Sector}, nil); err != nil {
		return nil, err
	}
	if j.st.CommR, err = porep.Commit(ctx, j.files, &j.st.Sector, nil); err != nil {
		return nil, err
	}
	return j, errors.Join(equal(hex32(j.st.CommD), s.CommD, "comm_d"), equal(hex32(j.st.CommR), s.CommR, "comm_r"),
		equal(hex32(j.st.ReplicaID()), s.ReplicaID, "replica_id"))
}

// labelsFile is labels.json.
type labelsFile struct {
	porepHead
	Chains []struct {
		SectorSize sector.Size `json:"sector_size"`
		Nodes      uint64      `json:"nodes"`
		Layers     int         `json:"layers"`
		ReplicaID  hex32       `json:"replica_id"`
		Rule       string      `json:"replica_id_rule"`
		PoRepID    hex32       `json:"porep_id"`
		APIVersion string      `json:"api_version"`
		Digests    []struct {
			Layer  int   `json:"layer"`
			SHA256 hex32 `json:"sha256"`
			Label0 hex32 `json:"label_0"`
			Label1 hex32 `json:"label_1"`
			Label2 hex32 `json:"label_2"`
			Mid    hex32 `json:"label_mid"`
			Last   hex32 `json:"label_last"`
		} `json:"layer_digests"`
	} `json:"chains"`
}

// runLabels makes label chains of any number of layers.
func runLabels(v *vector) (int, error) {
	var f labelsFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	for i := range f.Chains {
		c := &f.Chains[i]
		api, err := sector.ParseAPIVersion(c.APIVersion)
		if err != nil {
			return i, err
		}
		p, err := sector.NewProof(sector.PoRepID(c.PoRepID), c.SectorSize, api, 0)
		if err != nil {
			return i, err
		}
		p.Layers = c.Layers
		out := make(memory, uint64(p.Layers)*uint64(p.Size))
		if err := porep.Label(context.Background(), sector.ReplicaID(c.ReplicaID), p, out, nil); err != nil {
			return i, err
		}
		err = errors.Join(checkIDRule(c.Rule, c.ReplicaID), equal(p.Nodes(), c.Nodes, "nodes"), equal(len(c.Digests), c.Layers, "layers"))
		for k, d := range c.Digests {
			layer := out[uint64(k)*uint64(p.Size) : uint64(k+1)*uint64(p.Size)]
			node := func(n uint64) hex32 { return hex32(layer[32*n : 32*n+32]) }
			err = errors.Join(err, equal(d.Layer, k+1, "layer"), equal(hex32(sha256.Sum256(layer)), d.SHA256, "layer %d: sha256", k+1),
				equal(node(0), d.Label0, "label_0"), equal(node(1), d.Label1, "label_1"), equal(node(2), d.Label2, "label_2"),
				equal(node(c.Nodes/2), d.Mid, "label_mid"), equal(node(c.Nodes-1), d.Last, "label_last"))
		}
		if err != nil {
			return i, fmt.Errorf("chain %d: %w", i, err)
		}
	}
	return len(f.Chains), nil
}

// checkIDRule holds a replica id against the rule that is told for it.
func checkIDRule(rule string, id hex32) error {
	if label, ok := strings.CutPrefix(rule, "f32("); ok {
		return equal(hex32(f32(strings.TrimSuffix(label, ")"))), id, "replica_id_rule")
	}
	var digit, n int
	if _, err := fmt.Sscanf(rule, "%x*%d", &digit, &n); err != nil || n != len(id) {
		return fmt.Errorf("replica_id_rule %q is unknown", rule)
	}
	return equal(hex32(bytes.Repeat([]byte{byte(digit)}, n)), id, "replica_id_rule")
}

// memory is written at.
type memory []byte

func (m memory) WriteAt(b []byte, off int64) (int, error) { return copy(m[off:], b), nil }

// unsealFile is unseal.json.
type unsealFile struct {
	porepHead
	Sectors []struct {
		Name   string      `json:"name"`
		Sector porepSector `json:"sector"`
		Ranges []struct {
			Offset  uint64   `json:"offset"`
			Bytes   uint64   `json:"num_bytes"`
			Written uint64   `json:"written"`
			SHA256  hex32    `json:"sha256"`
			Hex     hexBytes `json:"hex"`
		} `json:"ranges"`
	} `json:"sectors"`
}

// runUnseal seals each sector and takes ranges of the data back out of the replica.
func runUnseal(v *vector) (cases int, err error) {
	var f unsealFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	for n := range f.Sectors {
		s := &f.Sectors[n]
		j, err := sealSector(&s.Sector)
		if err != nil {
			return cases, fmt.Errorf("%s: %w", s.Name, err)
		}
		defer j.close()
		replica, err := os.Open(j.files.Sealed)
		if err != nil {
			return cases, err
		}
		defer replica.Close()
		if err := equal(s.Sector.Name, s.Name, "name"); err != nil {
			return cases, err
		}
		for _, r := range s.Ranges {
			var out bytes.Buffer
			if err := porep.Unseal(context.Background(), &j.st.Sector, replica, &out, r.Offset, r.Bytes, nil); err != nil {
				return cases, fmt.Errorf("%s: %w", s.Name, err)
			}
			err := errors.Join(equal(uint64(out.Len()), r.Written, "written"), equal(hex32(sha256.Sum256(out.Bytes())), r.SHA256, "sha256"))
			if r.Hex != nil {
				err = errors.Join(err, equalBytes(out.Bytes(), r.Hex, "hex"))
			}
			if err != nil {
				return cases, fmt.Errorf("%s, %d bytes from %d: %w", s.Name, r.Bytes, r.Offset, err)
			}
			cases++
		}
	}
	return cases, nil
}
