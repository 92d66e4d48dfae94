package durable

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// A journal is the append-only file of records. Only what its last sync holds has happened.
type journal struct {
	fs   FS
	file File
	head Digest // digest of the last record, or the job's identity
	end  int64
}

const journalName = "assay.journal"

// journalRoom is preallocated, so that a full disk never stops a record (5,957 of them). Tests make it smaller.
var journalRoom int64 = 1 << 20

// openJournal opens or creates the journal of the job and returns the records of its valid prefix; what follows the
// first invalid one is a torn tail and is cut off. dropped counts those bytes, the zeros of preallocation not among them.
func openJournal(f FS, job Digest) (j *journal, records []record, dropped int64, err error) {
	file, err := f.OpenFile(journalName, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, nil, 0, fmt.Errorf("durable: journal: %w", err)
	}
	j = &journal{fs: f, file: file, head: job}
	if records, dropped, err = j.replay(); err != nil {
		file.Close()
		return nil, nil, 0, err
	}
	if err = j.settle(); err != nil {
		file.Close()
		return nil, nil, 0, err
	}
	return j, records, dropped, nil
}

// replay walks the chain to the first record that does not belong to it.
func (j *journal) replay() (records []record, dropped int64, err error) {
	size, err := j.file.Size()
	if err != nil {
		return nil, 0, fmt.Errorf("durable: journal: %w", err)
	}
	r := io.NewSectionReader(j.file, 0, size)
	buf := make([]byte, recordSize)
	for {
		n, err := io.ReadFull(r, buf)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, 0, fmt.Errorf("durable: journal at %d: %w", j.end, err)
		}
		rec, err := parseRecord(buf[:n], j.head)
		if err != nil {
			if !zero(buf[:n]) {
				dropped = size - j.end
			}
			return records, dropped, nil
		}
		records = append(records, rec)
		j.head = sum(buf)
		j.end += recordSize
	}
}

// settle cuts the tail off, allocates room and makes both durable, together with the journal's name.
func (j *journal) settle() error {
	err := j.file.Truncate(j.end)
	if err == nil {
		err = j.file.Preallocate(j.end + journalRoom)
	}
	if err == nil {
		err = j.file.Sync()
	}
	if err == nil {
		err = j.fs.SyncDir(".")
	}
	if err != nil {
		return fmt.Errorf("durable: journal: %w", err)
	}
	return nil
}

// append makes one record durable. After an error the journal's tail is unknown and the journal must not be used again:
// the next open cuts it back to what is valid.
func (j *journal) append(r record) error {
	if len(r.name) > maxName {
		return fmt.Errorf("durable: the name %q is over %d bytes", r.name, maxName)
	}
	if err := r.check(); err != nil {
		return err
	}
	b := r.append(nil, j.head)
	if err := writeFull(j.file, b, j.end); err != nil {
		return fmt.Errorf("durable: journal at %d: %w", j.end, err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("durable: journal at %d: %w", j.end, err)
	}
	j.head = sum(b)
	j.end += recordSize
	return nil
}

func (j *journal) close() error { return j.file.Close() }

// writeFull writes all of b, or says why not: an io.WriterAt of a test may write short without an error.
func writeFull(w io.WriterAt, b []byte, off int64) error {
	n, err := w.WriteAt(b, off)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	return err
}

func zero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}
