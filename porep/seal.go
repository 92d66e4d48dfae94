package porep

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/assaylab/assay/porep/sector"
)

// A Job is a sector to seal: its kind, its name, the chain randomness it is bound to, and its data.
type Job struct {
	Files  Files
	Proof  sector.Proof
	ID     sector.ID
	Ticket sector.Ticket
	Data   io.Reader
}

// Seal stages, labels and commits sectors of one kind and returns for each what a proof will be about, the
// seed left open. They are labelled side by side (see LabelBatch); each comes out byte for byte as if sealed
// alone. The memory that labelling takes is checked against opt.Memory before anything is read, and that no two files of the
// jobs are one. Errors: ErrFile for that; else as Stage, LabelFiles and Commit.
func Seal(ctx context.Context, jobs []Job, opt *Options) ([]Statement, error) {
	if len(jobs) == 0 {
		return nil, fmt.Errorf("porep: no sectors to seal")
	}
	if err := opt.budget("labelling", LabelMemory(jobs[0].Proof, opt.lanes(jobs[0].Proof, len(jobs)))); err != nil {
		return nil, err
	}
	if err := checkApart(jobs); err != nil {
		return nil, err
	}
	out, files, sectors := make([]Statement, len(jobs)), make([]Files, len(jobs)), make([]Sector, len(jobs))
	for i, j := range jobs {
		commD, err := Stage(ctx, j.Files, j.Proof, j.Data, opt)
		if err != nil {
			return nil, fmt.Errorf("sector %d: %w", i, err)
		}
		files[i], sectors[i] = j.Files, Sector{Proof: j.Proof, ID: j.ID, Ticket: j.Ticket, CommD: commD}
	}
	if err := LabelFiles(ctx, files, sectors, opt); err != nil {
		return nil, err
	}
	for i := range sectors {
		commR, err := Commit(ctx, files[i], &sectors[i], opt)
		if err != nil {
			return nil, fmt.Errorf("sector %d: %w", i, err)
		}
		out[i] = Statement{Sector: sectors[i], CommR: commR}
	}
	return out, nil
}

// checkApart refuses jobs of different kinds, without data, or that would write over each other's files or their own.
func checkApart(jobs []Job) error {
	taken := make(map[string]int)
	for i, j := range jobs {
		if j.Proof != jobs[0].Proof {
			return fmt.Errorf("%w: sectors of different kinds in one batch", sector.ErrProofType)
		}
		if j.Data == nil {
			return fmt.Errorf("sector %d: %w", i, errNoData)
		}
		for _, path := range []string{j.Files.Cache, j.Files.Staged, j.Files.Sealed} {
			if path == "" {
				return fmt.Errorf("sector %d: %w", i, errNoName)
			}
			path = filepath.Clean(path)
			if other, ok := taken[path]; ok {
				return fmt.Errorf("%w: %s is a file of sector %d and of sector %d", ErrFile, path, other, i)
			}
			taken[path] = i
		}
	}
	return nil
}
