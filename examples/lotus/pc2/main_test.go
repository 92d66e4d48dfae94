package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// sealed makes a sector the ordinary way and returns its digests by file name, its CommD, and a folder as a lotus worker has it
// before phase 2: layers and TreeD in the cache, the data in the place of the replica.
func sealed(t *testing.T, proof sector.SealProof) (want map[string][32]byte, env map[string]string) {
	t.Helper()
	p, err := proof.Proof()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := porep.Files{Cache: filepath.Join(dir, "cache"), Staged: filepath.Join(dir, "staged"), Sealed: filepath.Join(dir, "sealed")}
	if err := os.Mkdir(files.Cache, 0o755); err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("lotus "), int(p.Size.Unpadded())/6)
	st, err := porep.Seal(context.Background(), []porep.Job{{Files: files, Proof: p, Ticket: sector.Ticket{7},
		ID: sector.ID{Prover: sector.NewProverID(1000), Number: 9}, Data: bytes.NewReader(data)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want = map[string][32]byte{"sealed": digest(t, files.Sealed)}
	for _, name := range append(append(p.TreeCFiles(), p.TreeRLastFiles()...), sector.PAuxFile, sector.TAuxFile) {
		path := filepath.Join(files.Cache, name)
		want[name] = digest(t, path)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(files.Staged, files.Sealed); err != nil {
		t.Fatal(err)
	}
	var numbers []int
	for _, x := range st[0].CommD {
		numbers = append(numbers, int(x))
	}
	out, err := json.Marshal(map[string]any{"registered_proof": "StackedDrg2KiBV1_1", "labels": struct{}{}, "comm_d": numbers})
	if err != nil {
		t.Fatal(err)
	}
	return want, map[string]string{
		"EXTSEAL_PC2_SECTOR_NUM": "9", "EXTSEAL_PC2_SECTOR_MINER": "1000", "EXTSEAL_PC2_PROOF_TYPE": fmt.Sprint(int(proof)),
		"EXTSEAL_PC2_SECTOR_SIZE": fmt.Sprint(uint64(p.Size)), "EXTSEAL_PC2_CACHE": files.Cache, "EXTSEAL_PC2_SEALED": files.Sealed,
		"EXTSEAL_PC2_PC1OUT": base64.StdEncoding.EncodeToString(out)}
}

func digest(t *testing.T, path string) [32]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(b)
}

func TestWritesWhatLotusWants(t *testing.T) {
	want, env := sealed(t, sector.StackedDRG2KiBV1_1)
	if err := run(context.Background(), func(name string) string { return env[name] }); err != nil {
		t.Fatal(err)
	}
	for name, sum := range want {
		path := filepath.Join(env["EXTSEAL_PC2_CACHE"], name)
		if name == "sealed" {
			path = env["EXTSEAL_PC2_SEALED"]
		}
		if digest(t, path) != sum {
			t.Errorf("%s differs from what sealing makes", name)
		}
	}
}

func TestRefusesBadEnvironment(t *testing.T) {
	_, good := sealed(t, sector.StackedDRG2KiBV1_1)
	before := digest(t, good["EXTSEAL_PC2_SEALED"])
	for name, bad := range map[string]string{
		"SECTOR_NUM": "x", "SECTOR_MINER": "", "PROOF_TYPE": "99", "SECTOR_SIZE": "4096", "CACHE": "/nowhere/at/all",
		"SEALED": "", "PC1OUT": "e30=",
	} {
		err := run(context.Background(), func(key string) string {
			if key == "EXTSEAL_PC2_"+name {
				return bad
			}
			return good[key]
		})
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s = %q: got %v", name, bad, err)
		}
	}
	if digest(t, good["EXTSEAL_PC2_SEALED"]) != before {
		t.Error("a refused call changed the sector")
	}
}
