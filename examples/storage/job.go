package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

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

// The sector that is sealed, and the epoch whose randomness it is bound to.
const (
	minerID      = 1000
	sectorNumber = 1
	ticketEpoch  = 1
)

// sectorOf returns the sector of an input. Its ticket is drawn as Filecoin draws it; in the place of the chain's beacon stands
// the digest of the input, so that the same command names the same sector.
func sectorOf(in *input) (sector.ID, sector.Ticket) {
	draw := filecoin.DrawRandomness(in.blake3[:], filecoin.DrawSeal, ticketEpoch, filecoin.EntropyOf(filecoin.IDAddress(minerID)))
	return sector.ID{Prover: sector.NewProverID(minerID), Number: sectorNumber}, sector.Ticket(filecoin.FieldElement(draw))
}

// A folder is a sector's durable folder on this machine.
type folder struct {
	*porep.Folder
	dir string
	fs  *durable.OSFS
}

// checkpoints is how many times in a layer labels are made durable.
const checkpoints = 8

// openFolder begins the sector in dir or goes on with it. What is found damaged is told to log. A directory with another
// sector, or with files that are not ours, is refused.
func openFolder(dir string, s porep.Sector, in *input, log io.Writer) (f *folder, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := ours(dir); err != nil {
		return nil, err
	}
	f = &folder{dir: dir}
	if f.fs, err = durable.OpenOS(dir); err != nil {
		return nil, err
	}
	f.Folder, err = porep.OpenFolder(f.fs, s, &porep.FolderOptions{
		Data:    func(ctx context.Context) (io.ReadCloser, error) { return in.open(ctx), nil },
		Segment: min(int64(s.Proof.Size)/checkpoints, 1<<30),
		Path:    dir,
		Durable: durable.Options{Report: func(e durable.Event) { fmt.Fprintln(log, eventText(e)) }},
	})
	if err != nil {
		err = errors.Join(err, f.fs.Close())
	}
	switch {
	case errors.Is(err, durable.ErrJob):
		return nil, fmt.Errorf("%s holds another job, of another input, size or profile: name another with -dir", dir)
	case errors.Is(err, durable.ErrLocked):
		return nil, fmt.Errorf("%s is in use by another process: name another with -dir", dir)
	case err != nil:
		return nil, err
	}
	return f, nil
}

// ours refuses a directory with files that no job of ours left there.
func ours(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "assay.") {
			return nil
		}
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s holds files of something else, %s for one: name another with -dir", dir, entries[0].Name())
	}
	return nil
}

// eventText says what was found damaged and will be made again.
func eventText(e durable.Event) string {
	switch {
	case e.Name == "":
		return fmt.Sprintf("remake  the journal's end: %v", e.Reason)
	case e.Block < 0:
		return fmt.Sprintf("remake  %s: %v", e.Name, e.Reason)
	}
	return fmt.Sprintf("remake  %s, block %d of 1 MiB: %v", e.Name, e.Block, e.Reason)
}

// path is where a file of the folder lies.
func (f *folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// Close gives the folder free; its files stay.
func (f *folder) Close() error { return errors.Join(f.Folder.Close(), f.fs.Close()) }
