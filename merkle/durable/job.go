package durable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"strings"
	"sync"
)

// A Policy says how far recorded bytes are checked before they are used again.
type Policy int

const (
	Full    Policy = iota // every block is read and compared with its digest
	Sampled               // Options.Samples blocks a record, chosen at random
	Trust                 // only lengths are compared
)

// Options of Open; nil and the zero value work.
type Options struct {
	Resume  Policy      // default Full
	Samples int         // blocks a record under Sampled; default 64
	Workers int         // goroutines that read and digest; default GOMAXPROCS
	Report  func(Event) // is told of everything found damaged or dropped; may be nil

	// Progress, if not nil, is called as recorded bytes are checked, by one goroutine at a time, with the bytes of that file that
	// are done. It must return soon.
	Progress func(stage string, done, total uint64)
}

// An Event is a damage that was found on resume. The item is made again; nothing damaged is used.
type Event struct {
	Name   string // the file, empty for the journal
	Block  int64  // the damaged block of BlockSize bytes, -1 where it is not known
	Reason error
}

// Errors of a job's folder.
var (
	// ErrJob says that the folder belongs to another job. It is refused, never mended.
	ErrJob = errors.New("durable: the folder holds another job")
	// ErrFailed says that an earlier write to the journal failed; the job must be opened again.
	ErrFailed = errors.New("durable: the journal could not be written; open the job again")
)

const (
	jobName  = "assay.job"
	lockName = "assay.lock"
	suffix   = ".assay-tmp" // of files that are being written
)

// A Job is a folder of files that are made step by step, survives a crash at any moment, and knows on resume which of its
// bytes can be relied on. Methods are safe for concurrent use on different names.
type Job struct {
	fs   FS
	id   Digest
	opt  Options
	lock io.Closer
	sums *sums

	mu      sync.Mutex
	journal *journal
	records int64 // in the journal, void ones too
	blocks  int64 // in the sums file
	items   map[string]*item
	marks   map[uint8]mark
	failed  bool

	progress sync.Mutex // held while Options.Progress runs

	reserved  map[string]bool // files in the making that have their room
	announced map[string]bool // files whose blocks wanted counts
	wanted    int64           // blocks in the sums file once all announced files are made
}

// An item is what the journal says of one file.
type item struct {
	parts   []part // in file order, without gaps
	pruned  bool
	checked bool   // compared with its digests since Open
	old     []part // parts that were found damaged and await their making again
}

// A part is one record of bytes.
type part struct {
	offset, length int64
	digest         Digest
	record         int64 // its index in the journal
	block          int64 // its first block in the sums file
}

// A Mark is the last point that a phase recorded by Job.Mark.
type Mark struct {
	Number int64
	Digest Digest
}

// A mark is a Mark and the index of its record in the journal.
type mark struct {
	Mark
	record int64
}

// Open locks the folder and opens the job whose identity, a complete statement of its inputs, is given, or starts it. A
// folder with another identity gives ErrJob, one in use ErrLocked. The journal is read, a torn tail cut off and reported;
// files are checked when they are first asked for. Close the Job after use.
func Open(f FS, identity []byte, opt *Options) (*Job, error) {
	lock, err := f.Lock(lockName)
	if err != nil {
		return nil, err
	}
	j := &Job{fs: f, lock: lock, id: sum(identity), items: map[string]*item{}, marks: map[uint8]mark{}, reserved: map[string]bool{}, announced: map[string]bool{}}
	if opt != nil {
		j.opt = *opt
	}
	if j.opt.Workers <= 0 {
		j.opt.Workers = runtime.GOMAXPROCS(0)
	}
	if j.opt.Samples <= 0 {
		j.opt.Samples = 64
	}
	if err := j.open(identity); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

func (j *Job) open(identity []byte) error {
	if err := j.identify(identity); err != nil {
		return err
	}
	if err := j.sweep(); err != nil {
		return err
	}
	var err error
	if j.sums, err = openSums(j.fs); err != nil {
		return err
	}
	log, records, dropped, err := openJournal(j.fs, j.id)
	if err != nil {
		return err
	}
	j.journal = log
	if dropped > 0 {
		j.report("", -1, fmt.Errorf("the journal's last %d bytes were no whole record", dropped))
	}
	for _, r := range records {
		j.apply(r)
	}
	j.wanted = j.blocks
	return nil
}

// identify compares the job file with the identity, or writes it.
func (j *Job) identify(identity []byte) error {
	content := append([]byte("assay job 1\n"), identity...)
	digest := sum(content)
	content = append(content, digest[:]...)
	have, err := readAll(j.fs, jobName, int64(len(content)))
	if err == nil {
		if string(have) != string(content) {
			return ErrJob
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("durable: %s: %w", jobName, err)
	}
	return j.replace(jobName, func(f File) error { return writeFull(f, content, 0) })
}

// readAll reads a file that should be n bytes long; one byte more is read to see a longer one.
func readAll(f FS, name string, n int64) ([]byte, error) {
	file, err := f.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.NewSectionReader(file, 0, n+1))
}

// sweep removes what an earlier run left half-written.
func (j *Job) sweep() error {
	names, err := j.fs.List(".")
	if err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, suffix) {
			if err := j.fs.Remove(name); err != nil {
				return fmt.Errorf("durable: %w", err)
			}
		}
	}
	return nil
}

// Close ends the job and drops the lock. The files stay.
func (j *Job) Close() error {
	var err error
	if j.journal != nil {
		err = j.journal.close()
	}
	if j.sums != nil {
		err = errors.Join(err, j.sums.file.Close())
	}
	return errors.Join(err, j.lock.Close())
}

// ID is the BLAKE3 digest of the job's identity.
func (j *Job) ID() Digest { return j.id }

// FS is the folder that Open was given.
func (j *Job) FS() FS { return j.fs }

func (j *Job) report(name string, block int64, reason error) {
	if j.opt.Report != nil {
		j.opt.Report(Event{name, block, reason})
	}
}

// apply brings the state to what holds after record r.
func (j *Job) apply(r record) {
	index := j.records
	j.records++
	switch r.kind {
	case kindBytes:
		p := part{r.offset, r.length, r.digest, index, j.blocks}
		j.blocks += blocks(r.length)
		j.item(r.name).put(p)
	case kindReset:
		j.void(r.offset)
	case kindPrune:
		*j.item(r.name) = item{pruned: true}
	case kindMark:
		j.marks[r.phase] = mark{Mark{r.offset, r.digest}, index}
	}
}

// void forgets every part and mark whose record is number first or later: a mark sums up what came before it.
func (j *Job) void(first int64) {
	for _, it := range j.items {
		it.parts = cut(it.parts, first)
		it.old = cut(it.old, first)
	}
	maps.DeleteFunc(j.marks, func(_ uint8, m mark) bool { return m.record >= first })
}

// cut returns the parts recorded before number first.
func cut(parts []part, first int64) []part {
	out := parts[:0]
	for _, p := range parts {
		if p.record < first {
			out = append(out, p)
		}
	}
	return out
}

// put adds a part; what stood at its place and behind it is replaced.
func (it *item) put(p part) {
	it.pruned = false
	for len(it.parts) > 0 && it.parts[len(it.parts)-1].offset >= p.offset {
		it.parts = it.parts[:len(it.parts)-1]
	}
	if it.end() == p.offset {
		it.parts = append(it.parts, p)
	}
}

// end is the number of bytes from the file's start that are recorded.
func (it *item) end() int64 {
	if len(it.parts) == 0 {
		return 0
	}
	last := it.parts[len(it.parts)-1]
	return last.offset + last.length
}

func (j *Job) item(name string) *item {
	it := j.items[name]
	if it == nil {
		it = &item{}
		j.items[name] = it
	}
	return it
}

// write puts a record into the journal and applies it. The caller holds j.mu.
func (j *Job) write(r record) error {
	if j.failed {
		return ErrFailed
	}
	if err := j.journal.append(r); err != nil {
		j.failed = true
		return err
	}
	j.apply(r)
	return nil
}

// Mark records that a phase reached a point, with a digest of what the caller wants to find again.
func (j *Job) Mark(phase uint8, m Mark) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.write(record{kind: kindMark, phase: phase, offset: m.Number, digest: m.Digest})
}

// Marked returns the last mark of a phase.
func (j *Job) Marked(phase uint8) (m Mark, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	have, ok := j.marks[phase]
	return have.Mark, ok
}

// Prune deletes files that later steps do not need. The journal says so first, so that a resume does not miss them.
func (j *Job) Prune(names ...string) error {
	for _, name := range names {
		j.mu.Lock()
		err := j.write(record{kind: kindPrune, name: name})
		j.mu.Unlock()
		if err != nil {
			return err
		}
		if err := j.fs.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("durable: prune: %w", err)
		}
		if err := j.fs.SyncDir(parent(name)); err != nil {
			return fmt.Errorf("durable: prune: %w", err)
		}
	}
	return nil
}

// Pruned reports whether the file was given up by Prune and not made again since.
func (j *Job) Pruned(name string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	it := j.items[name]
	return it != nil && it.pruned
}

// OpenFile opens a file of the job for reading, wherever it came from; it makes no check.
func (j *Job) OpenFile(name string) (File, error) { return j.fs.OpenFile(name, os.O_RDONLY) }

// Check reports how many bytes of name, from its start on, are recorded and, under the policy, still what was recorded. The
// first call of a run reads the file; damage is reported and what lies behind the damage in this file no longer counts.
func (j *Job) Check(ctx context.Context, name string) (int64, error) {
	j.mu.Lock()
	it := j.items[name]
	if it == nil || it.checked || len(it.parts) == 0 {
		defer j.mu.Unlock()
		if it == nil {
			return 0, nil
		}
		return it.end(), nil
	}
	parts := append([]part(nil), it.parts...)
	j.mu.Unlock()

	good, err := j.verify(ctx, name, parts)
	if err != nil {
		return 0, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	it.checked = true
	good = min(good, len(it.parts)) // the last ones may be void by now
	it.old = append(it.old, it.parts[good:]...)
	it.parts = it.parts[:good]
	return it.end(), nil
}
