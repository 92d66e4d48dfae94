package porep

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
)

// A Folder is a sector that is sealed in a folder of its own so that a crash at any moment costs one checkpoint at most, and
// neither a crash, nor a flipped bit, nor a full disk gives a wrong replica: see package durable.
//
// The folder holds "staged", "sealed" and "cache/" with the names and the bytes that the other stages and rust-fil-proofs
// use, and the files assay.* of the job. Its identity is all that the replica depends on; a folder of another sector is
// refused with durable.ErrJob, one in use with durable.ErrLocked. A Folder is for one goroutine at a time. Close it after use.
type Folder struct {
	s   Sector
	job *durable.Job
	opt FolderOptions

	mu       sync.Mutex
	damage   map[string]durable.Event               // the first found of each file since Open
	progress func(stage string, done, total uint64) // of the call under way; may be nil
}

// FolderOptions are the knobs of a Folder. The zero value works.
type FolderOptions struct {
	// Data opens the data of the sector, to be read from its first byte on, without padding. It is asked when "staged" must
	// be made, or made again, and what it gives is held against the sector's CommD before it counts.
	Data func(context.Context) (io.ReadCloser, error)

	// Pieces are bound into the folder's identity; nil binds none (CommD binds the data).
	Pieces []piece.Info

	// Segment is how many bytes of a layer lie between two checkpoints; 0 is 1 GiB.
	Segment int64

	// Path is the path of the folder as t_aux shall tell it; the bytes of no other file depend on it.
	Path string

	// Again lets SealFolders seal a sector anew of which Prune has given up layers and data, and what it left is damaged beyond
	// mending. Without it that is a FileError.
	Again bool

	// Durable says how far recorded files are checked when they are used again, and who is told of damage.
	Durable durable.Options
}

const (
	cacheName = "cache"
	gib       = 1 << 30
)

// The phases of a folder's records.
const (
	phaseStage = 1 + iota
	phaseLabel
	phaseTreeC
	phaseTreeR
	phaseAux
)

// OpenFolder opens the folder of a sector, or begins it: it is locked, its journal read, and what an earlier run left half-made
// removed. Nothing is read of the sector's files. Errors: as Sector.Check; durable.ErrJob, durable.ErrLocked and those of
// the file system.
func OpenFolder(fs durable.FS, s Sector, opt *FolderOptions) (*Folder, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	f := &Folder{s: s, damage: map[string]durable.Event{}}
	if opt != nil {
		f.opt = *opt
	}
	if f.opt.Segment <= 0 {
		f.opt.Segment = gib
	}
	f.opt.Segment = (f.opt.Segment + sector.NodeSize - 1) &^ (sector.NodeSize - 1)
	o := f.opt.Durable
	o.Report, o.Progress = f.report, f.tell
	var err error
	if f.job, err = durable.Open(fs, f.identity(), &o); err != nil {
		return nil, err
	}
	if err = fs.Mkdir(cacheName); err == nil {
		err = fs.SyncDir(".")
	}
	if err != nil {
		return nil, cmp.Or(fmt.Errorf("porep: %w", err), f.job.Close())
	}
	return f, nil
}

// identity is all that the bytes of the sector's files depend on. Hash and label hash, in which registered proofs have no choice,
// are stated only where others were chosen.
func (f *Folder) identity() []byte {
	p, id := f.s.Proof, f.s.ReplicaID()
	h := sha256.New()
	for _, i := range f.opt.Pieces {
		fmt.Fprintf(h, "%x %d\n", i.CommP, uint64(i.Size))
	}
	b := fmt.Appendf(nil, "porep seal 1\nsector size %d\napi version %v\nfeatures %v\nlayers %d\nporep id %x\nprover id %x\n"+
		"sector id %d\nticket %x\ncomm d %x\nreplica id %x\npieces %d %x\n", uint64(p.Size), p.Version, p.Features, p.Layers, p.ID,
		f.s.ID.Prover, uint64(f.s.ID.Number), f.s.Ticket, f.s.CommD, id, len(f.opt.Pieces), h.Sum(nil))
	if p.Hash != sector.Poseidon || p.ShortLabels {
		b = fmt.Appendf(b, "hash %v\nlabels %s\n", p.Hash, p.Labels())
	}
	return b
}

// report keeps the first damage of each file and passes it on.
func (f *Folder) report(e durable.Event) {
	f.mu.Lock()
	if _, known := f.damage[e.Name]; !known {
		f.damage[e.Name] = e
	}
	f.mu.Unlock()
	if f.opt.Durable.Report != nil {
		f.opt.Durable.Report(e)
	}
}

// tell passes on how far recorded files are checked.
func (f *Folder) tell(stage string, done, total uint64) {
	for _, p := range []func(string, uint64, uint64){f.opt.Durable.Progress, f.progress} {
		if p != nil {
			p(stage, done, total)
		}
	}
}

// Close ends the use of the folder and drops its lock. All files stay.
func (f *Folder) Close() error { return f.job.Close() }

// Files names the files of the folder for Prove and what else reads them.
func (f *Folder) Files() Files {
	return Files{FS: f.job.FS(), Cache: cacheName, Staged: stagedName, Sealed: sealedName}
}

// kit opens files of the folder.
func (f *Folder) kit() files.Kit {
	in := f.Files()
	return in.kit()
}

// A fileOf is a file of the folder and its size.
type fileOf struct {
	name string
	size int64
}

func filesOf(names []string, size int64) (out []fileOf) {
	for _, name := range names {
		out = append(out, fileOf{cacheName + "/" + name, size})
	}
	return out
}

func layerOf(p sector.Proof, l int) fileOf {
	return fileOf{cacheName + "/" + sector.LayerFile(l), int64(p.Size)}
}

// inputs are the files that only making and proving the seal need.
func (f *Folder) inputs() []fileOf {
	p := f.s.Proof
	out := append([]fileOf{{stagedName, int64(p.Size)}, f.treeD()}, filesOf(p.TreeCFiles(), p.TreeCLen())...)
	for l := range p.Layers {
		out = append(out, layerOf(p, l+1))
	}
	return out
}

// outputs are the files that stay.
func (f *Folder) outputs() []fileOf {
	return append(append([]fileOf{{sealedName, int64(f.s.Proof.Size)}}, f.treeR()...), f.aux()...)
}

func (f *Folder) treeD() fileOf {
	return fileOf{cacheName + "/" + sector.TreeDFile, f.s.Proof.TreeDLen()}
}

func (f *Folder) treeR() []fileOf {
	return filesOf(f.s.Proof.TreeRLastFiles(), f.s.Proof.TreeRLastLen())
}

func (f *Folder) aux() []fileOf {
	t, err := f.tAux()
	if err != nil {
		return nil
	}
	return append(filesOf([]string{sector.PAuxFile}, files.PAuxLen), filesOf([]string{sector.TAuxFile}, int64(len(t)))...)
}

func (f *Folder) tAux() ([]byte, error) {
	cache := cacheName
	if f.opt.Path != "" {
		cache = (&Files{Cache: f.opt.Path}).cache(cacheName)
	}
	return sector.NewTAux(f.s.Proof, cache).MarshalBinary()
}

// whole reports whether all these files are recorded whole and are still what was recorded.
func (f *Folder) whole(ctx context.Context, files ...fileOf) (bool, error) {
	all := len(files) > 0
	for _, file := range files {
		n, err := f.job.Check(ctx, file.name)
		if err != nil {
			return false, err
		}
		all = all && n == file.size
	}
	return all, nil
}

// Check reads all files that are recorded, as far as opt.Durable.Resume says, and names the first that is not what was
// recorded, with its block of 1 MiB, in a FileError. Files that Prune gave up are not missed. A sector that is not sealed yet
// is a FileError, too. Errors: also ctx's.
func (f *Folder) Check(ctx context.Context) error {
	for _, file := range append(f.inputs(), f.outputs()...) {
		if f.job.Pruned(file.name) {
			continue
		}
		ok, err := f.whole(ctx, file)
		if err != nil {
			return err
		}
		if ok {
			continue
		}
		f.mu.Lock()
		e, known := f.damage[file.name]
		f.mu.Unlock()
		if !known {
			e = durable.Event{Name: file.name, Block: -1, Reason: errNotMade}
		}
		return &FileError{Name: e.Name, Block: e.Block, Err: e.Reason}
	}
	return nil
}

var errNotMade = errors.New("it was not made yet")

// A FileError names a file of a Folder that cannot be used, and the block of 1 MiB of it, -1 where that is not known. It is
// an ErrFile.
type FileError struct {
	Name  string
	Block int64
	Err   error
}

// Error names the file and the block.
func (e *FileError) Error() string {
	if e.Block < 0 {
		return fmt.Sprintf("porep: %s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("porep: %s, block %d of 1 MiB: %v", e.Name, e.Block, e.Err)
}

// Unwrap returns the reason.
func (e *FileError) Unwrap() error { return e.Err }

// Is reports that e is an ErrFile.
func (e *FileError) Is(target error) bool { return target == ErrFile }

// Prove is Prove for the sector in the folder, after Check.
func (f *Folder) Prove(ctx context.Context, st *Statement, opt *Options) (*Proof, error) {
	if st.Sector != f.s {
		return nil, fmt.Errorf("%w: the folder holds another sector", ErrFile)
	}
	f.progress = opt.progress()
	defer func() { f.progress = nil }()
	if err := f.Check(ctx); err != nil {
		return nil, err
	}
	return Prove(ctx, f.Files(), st, opt)
}

// Prune gives up layers, TreeD and TreeC, as Files.Prune does, once the seal is whole; the journal says so first. With staged,
// the data before sealing goes, too. It is an error for a sector that is not sealed.
func (f *Folder) Prune(ctx context.Context, staged bool) error {
	if ok, err := f.whole(ctx, f.outputs()...); err != nil || !ok {
		return cmp.Or[error](err, &FileError{Name: sealedName, Block: -1, Err: errNotMade})
	}
	for _, file := range f.inputs() {
		if f.job.Pruned(file.name) || file.name == stagedName && !staged {
			continue
		}
		if err := f.job.Prune(file.name); err != nil {
			return err
		}
	}
	return nil
}

// commR returns the commitment of a whole sector.
func (f *Folder) commR() (sector.CommR, error) {
	aux, err := f.readAux()
	if err != nil {
		return sector.CommR{}, err
	}
	return hashOf(f.s.Proof).commR(aux)
}
