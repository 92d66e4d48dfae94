package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// c1File is porep_c1_*.json.
type c1File struct {
	porepHead
	Sector     porepSector     `json:"sector"`
	Challenges [][]uint64      `json:"challenges_by_partition"`
	Inputs     [][]hex32       `json:"public_inputs_by_partition_le_hex"`
	SHA256     hex32           `json:"c1_json_serde_sha256"`
	Len        int             `json:"c1_json_serde_len"`
	C1         json.RawMessage `json:"c1"`
	SynthLen   int64           `json:"synth_file_len"`
	SynthSum   hex32           `json:"synth_file_sha256"`
	Synth300   hexBytes        `json:"synth_file_first_300_hex"`
}

// runC1 seals the sector and proves it: our proof must be theirs byte for byte, and theirs must verify.
func runC1(v *vector) (int, error) {
	var f c1File
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	ctx := context.Background()
	j, err := sealSector(&f.Sector)
	if err != nil {
		return 0, err
	}
	defer j.close()
	if err := f.synthesize(ctx, j); err != nil {
		return 0, err
	}
	ours, err := porep.Prove(ctx, j.files, &j.st, nil)
	if err != nil {
		return 0, err
	}
	sp := j.st.Proof
	whole, err := ours.AppendC1(nil, sp)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(equal(len(whole), f.Len, "c1_json_serde_len"), equal(hex32(sha256.Sum256(whole)), f.SHA256, "c1_json_serde_sha256")); err != nil {
		return 0, err
	}
	raw, err := serdeNumbers(f.C1)
	if err != nil {
		return 0, err
	}
	theirs, err := porep.DecodeC1(raw, sp)
	if err != nil {
		return 0, err
	}
	cut := *ours // the file may keep the first partitions only
	cut.Partitions = cut.Partitions[:min(len(cut.Partitions), len(theirs.Partitions))]
	kept, err := cut.AppendC1(nil, sp)
	if err != nil {
		return 0, err
	}
	if err := equalBytes(kept, raw, "c1"); err != nil {
		return 0, err
	}
	for k, answers := range theirs.Partitions {
		if err := porep.VerifyPartition(ctx, &j.st, theirs, k, answers, nil); err != nil {
			return 0, err
		}
	}
	if len(theirs.Partitions) == sp.Partitions {
		if err := porep.Verify(ctx, &j.st, theirs, nil); err != nil {
			return 0, err
		}
	}
	return sp.Partitions, f.checkPublic(j)
}

// checkPublic compares challenges and public inputs of all partitions.
func (f *c1File) checkPublic(j *porepJob) error {
	sp, id := j.st.Proof, j.st.ReplicaID()
	if err := errors.Join(equal(len(f.Challenges), sp.Partitions, "challenges_by_partition"),
		equal(len(f.Inputs), sp.Partitions, "public_inputs_by_partition")); err != nil {
		return err
	}
	for k := range sp.Partitions {
		c, err := porep.Challenges(sp, id, j.st.CommR, j.st.Seed, k)
		if err != nil {
			return err
		}
		in, err := porep.PublicInputs(sp, id, j.st.CommD, j.st.CommR, j.st.Seed, k)
		if err != nil {
			return err
		}
		if err := errors.Join(equal(fmt.Sprint(c), fmt.Sprint(f.Challenges[k]), "challenges of partition %d", k),
			equal(len(in), len(f.Inputs[k]), "public inputs of partition %d", k)); err != nil {
			return err
		}
		for i := range in {
			if err := equal(hex32(in[i]), f.Inputs[k][i], "partition %d, public input %d", k, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// synthesize makes the synthetic proofs of a synthetic sector, and prunes what they replace.
func (f *c1File) synthesize(ctx context.Context, j *porepJob) error {
	if j.st.Proof.Features != sector.Synthetic {
		return equal(f.SynthLen, 0, "synth_file_len")
	}
	if err := porep.Synthesize(ctx, j.files, &j.st, nil); err != nil {
		return err
	}
	path := filepath.Join(j.files.Cache, sector.SyntheticFile)
	if err := checkFile(path, &cacheFile{Len: f.SynthLen, SHA256: f.SynthSum}); err != nil {
		return err
	}
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	head := make([]byte, len(f.Synth300))
	if _, err := io.ReadFull(in, head); err != nil {
		return err
	}
	return equalBytes(head, f.Synth300, "synth_file_first_300_hex")
}

// serdeNumbers undoes what the vectors did for brevity: each string of 64 hex digits was an array of 32
// numbers. All else, and the order, stays.
func serdeNumbers(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return nil, err
	}
	in := out.Bytes()
	b := make([]byte, 0, 3*len(in))
	for i := 0; i < len(in); i++ {
		if in[i] != '"' || i+65 >= len(in) || in[i+65] != '"' {
			b = append(b, in[i])
			continue
		}
		var node [32]byte
		if _, err := hex.Decode(node[:], in[i+1:i+65]); err != nil || !bytes.Equal(in[i+1:i+65], []byte(hex.EncodeToString(node[:]))) {
			b = append(b, in[i])
			continue
		}
		for k, x := range node {
			b = append(b, "[,"[min(k, 1)])
			b = fmt.Append(b, x)
		}
		b = append(b, ']')
		i += 65
	}
	return b, nil
}
