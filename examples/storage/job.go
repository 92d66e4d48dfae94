package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/zeebo/blake3"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// A job is what a directory works on, and the record of what is finished in it: job.json, written anew after every file
// that was synced.
type job struct {
	Seal   sector.SealProof `json:"seal_proof"`
	Miner  uint64           `json:"miner"`
	Sector sector.Number    `json:"sector"`
	Ticket hex32            `json:"ticket"`
	Input  string           `json:"input_blake3"`
	Length uint64           `json:"input_bytes"`

	CommP hex32 `json:"comm_p"`
	CommD hex32 `json:"comm_d"`
	CommR hex32 `json:"comm_r"`

	// Files holds size and BLAKE3 digest of each finished file, by its path in the directory.
	Files map[string]record `json:"files"`

	dir  string
	kept map[string]bool // what was found of a file in this run
	log  io.Writer
}

type record struct {
	Bytes  int64  `json:"bytes"`
	BLAKE3 string `json:"blake3"`
}

// hex32 is 32 bytes in hexadecimal.
type hex32 [32]byte

func (h hex32) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h[:])), nil }

func (h *hex32) UnmarshalText(b []byte) error {
	if len(b) != 64 {
		return fmt.Errorf("%d hex digits, want 64", len(b))
	}
	_, err := hex.Decode(h[:], b)
	return err
}

const jobFile = "job.json"

// openJob continues the job of the directory or begins one. A directory with another job is refused.
func openJob(dir string, seal sector.SealProof, digest string, length uint64, log io.Writer) (*job, error) {
	j := &job{Seal: seal, Miner: 1000, Sector: 1, Input: digest, Length: length, dir: dir, kept: map[string]bool{}, log: log}
	if err := os.MkdirAll(filepath.Join(dir, "cache"), 0o700); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(dir, jobFile))
	if errors.Is(err, os.ErrNotExist) {
		rand.Read(j.Ticket[:])
		j.Ticket[31] &= 0x3f
		j.Files = map[string]record{}
		return j, j.save()
	}
	if err != nil {
		return nil, err
	}
	old := *j
	if err := json.Unmarshal(b, &old); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): remove the directory or name another with -dir", filepath.Join(dir, jobFile), err)
	}
	if old.Seal != seal || old.Input != digest || old.Length != length {
		return nil, fmt.Errorf("%s holds another job (%v, %d bytes of input with BLAKE3 %.16s...): name another with -dir", dir, old.Seal, old.Length, old.Input)
	}
	if old.Files == nil {
		old.Files = map[string]record{}
	}
	return &old, nil
}

// save writes job.json: to another name, synced, then renamed.
func (j *job) save() error {
	b, err := json.MarshalIndent(j, "", "\t")
	if err != nil {
		return err
	}
	path := filepath.Join(j.dir, jobFile)
	f, err := os.Create(path + ".tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return err
	}
	return syncDir(j.dir)
}

// files says where the sector's files lie.
func (j *job) files() porep.Files {
	return porep.Files{Cache: filepath.Join(j.dir, "cache"), Staged: filepath.Join(j.dir, "staged"), Sealed: filepath.Join(j.dir, "sealed")}
}

// id is the sector's name on the network.
func (j *job) id() sector.ID {
	return sector.ID{Prover: sector.NewProverID(j.Miner), Number: j.Sector}
}

func (j *job) name(path string) string {
	name, err := filepath.Rel(j.dir, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(name)
}

// made records a file that is whole and synced.
func (j *job) made(path string) error {
	r, err := digestFile(path)
	if err != nil {
		return err
	}
	j.Files[j.name(path)] = r
	j.kept[path] = true
	return j.save()
}

// keep reports whether a file is what was recorded; if not, it says so.
func (j *job) keep(path string) bool {
	if ok, known := j.kept[path]; known {
		return ok
	}
	name := j.name(path)
	want, recorded := j.Files[name]
	got, err := digestFile(path)
	ok := err == nil && recorded && got == want
	switch {
	case ok:
		fmt.Fprintf(j.log, "kept    %s: BLAKE3 %.16s... as recorded\n", name, got.BLAKE3)
	case errors.Is(err, os.ErrNotExist) && !recorded:
	case err != nil:
		fmt.Fprintf(j.log, "remake  %s: %v\n", name, err)
	case !recorded:
		fmt.Fprintf(j.log, "remake  %s: it has no record\n", name)
	default:
		fmt.Fprintf(j.log, "remake  %s: it differs (%d bytes, BLAKE3 %.16s..., recorded %d, %.16s...)\n", name, got.Bytes, got.BLAKE3, want.Bytes, want.BLAKE3)
	}
	j.kept[path] = ok
	return ok
}

// keepAll is keep for several files; it looks at all of them.
func (j *job) keepAll(paths ...string) bool {
	all := true
	for _, path := range paths {
		all = j.keep(path) && all
	}
	return all
}

// digestFile returns size and digest of a file.
func digestFile(path string) (record, error) {
	f, err := os.Open(path)
	if err != nil {
		return record{}, err
	}
	defer f.Close()
	h := blake3.New()
	n, err := io.Copy(h, f)
	return record{n, hex.EncodeToString(h.Sum(nil))}, err
}

// syncDir makes a rename durable, where the system can.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
