package erasure

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/durable"
)

// A Store keeps objects in a folder, one folder of shard files an object, named by the manifest's root:
//
//	objects/ROOT/shard.00000 ...  the shard, the bytes of its ShardProof, their number (uint32, little-endian)
//	objects/ROOT/manifest.0 ...   the manifest, as often as shards may be lost plus one, 5 times at most
//	tmp/                          what is being made
//
// Files are written aside, synced, renamed into place and their folder synced; an object is there when a copy of
// its manifest is, which is renamed last. A crash leaves an object as it was or whole; Repair replaces only
// whole shards that have been checked. A Store is safe for concurrent use; Get, Scrub and Repair may run side by side.
type Store struct {
	fs   durable.FS
	lock io.Closer

	mu   sync.Mutex // held while files are made or removed
	next int        // number of the next file in tmp
}

// ErrNotFound says that the store has no such object, or no readable copy of its manifest.
var ErrNotFound = errors.New("erasure: no such object")

const (
	storeObjects = "objects"
	storeTmp     = "tmp"
	storeLock    = "lock"
	maxCopies    = 5
	tailCount    = 4 // bytes that hold the length of a shard's proof
)

// OpenStore locks and opens the store in a folder, and throws away what a crash left unfinished. Close it
// after use. Errors: durable.ErrLocked, f's.
func OpenStore(f durable.FS) (*Store, error) {
	for _, dir := range []string{storeObjects, storeTmp} {
		if err := f.Mkdir(dir); err != nil {
			return nil, fmt.Errorf("erasure: store: %w", err)
		}
	}
	if err := f.SyncDir("."); err != nil {
		return nil, fmt.Errorf("erasure: store: %w", err)
	}
	lock, err := f.Lock(storeLock)
	if err != nil {
		return nil, fmt.Errorf("erasure: store: %w", err)
	}
	s := &Store{fs: f, lock: lock}
	if err := s.sweep(); err != nil {
		return nil, errors.Join(fmt.Errorf("erasure: store: %w", err), lock.Close())
	}
	return s, nil
}

// Close drops the lock. The files stay.
func (s *Store) Close() error { return s.lock.Close() }

// sweep removes what was being made, and objects of which no copy of the manifest was put in place.
func (s *Store) sweep() error {
	if err := s.removeAll(storeTmp); err != nil {
		return err
	}
	names, err := s.list(storeObjects)
	if err != nil {
		return err
	}
	for _, name := range names {
		dir := path.Join(storeObjects, name)
		files, err := s.list(dir)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(files, func(f string) bool { return path.Ext(f) != "" && f[:min(len(f), 9)] == "manifest." }) {
			continue
		}
		if err := s.removeDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// list is List for a folder that need not exist.
func (s *Store) list(dir string) ([]string, error) {
	names, err := s.fs.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return names, err
}

func (s *Store) removeAll(dir string) error {
	names, err := s.list(dir)
	for _, name := range names {
		err = errors.Join(err, s.fs.Remove(path.Join(dir, name)))
	}
	return err
}

func (s *Store) removeDir(dir string) error {
	if err := s.removeAll(dir); err != nil {
		return err
	}
	if err := s.fs.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.fs.SyncDir(path.Dir(dir))
}

func objectDir(root merkle.Digest) string {
	return path.Join(storeObjects, hex.EncodeToString(root[:]))
}

func shardName(i int) string { return fmt.Sprintf("shard.%05d", i) }

func copyName(i int) string { return fmt.Sprintf("manifest.%d", i) }

// copies returns the number of manifest copies.
func (m *Manifest) copies() int { return min(m.Parity+1, maxCopies) }

// Objects returns the roots of all objects, ascending.
func (s *Store) Objects() ([]merkle.Digest, error) {
	names, err := s.list(storeObjects)
	if err != nil {
		return nil, fmt.Errorf("erasure: store: %w", err)
	}
	var out []merkle.Digest
	for _, name := range names {
		var d merkle.Digest
		if b, err := hex.DecodeString(name); err == nil && len(b) == len(d) {
			out = append(out, merkle.Digest(b))
		}
	}
	return out, nil
}

// A draft is a file in tmp.
type draft struct {
	name string
	f    durable.File
	size int64
}

func (s *Store) newDraft() (*draft, error) {
	name := path.Join(storeTmp, fmt.Sprintf("%d", s.next))
	s.next++
	f, err := s.fs.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return nil, err
	}
	return &draft{name: name, f: f}, nil
}

func (d *draft) Write(b []byte) (int, error) {
	n, err := d.f.WriteAt(b, d.size)
	d.size += int64(n)
	return n, err
}

// place syncs a draft and gives it its name; the folder is still to be synced.
func (s *Store) place(d *draft, name string) error {
	if err := d.f.Sync(); err != nil {
		return err
	}
	if err := d.f.Close(); err != nil {
		return err
	}
	d.f = nil
	return s.fs.Rename(d.name, name)
}

// drop closes and removes drafts that were not placed.
func (s *Store) drop(drafts []*draft) {
	for _, d := range drafts {
		if d != nil && d.f != nil {
			// The draft is garbage already; what remains of it is removed by the next OpenStore.
			_ = errors.Join(d.f.Close(), s.fs.Remove(d.name))
		}
	}
}

// Put codes an object and stores it, and returns its root and manifest. An object that is there already is
// replaced by itself. When Put returns nil the object survives a crash. Errors: as Encode, and the files'.
func (s *Store) Put(ctx context.Context, c Coder, r io.Reader, opt *Options) (merkle.Digest, *Manifest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	drafts := make([]*draft, c.Data()+c.Parity())
	defer func() { s.drop(drafts) }()
	w := make([]io.Writer, len(drafts))
	for i := range drafts {
		d, err := s.newDraft()
		if err != nil {
			return merkle.Digest{}, nil, fmt.Errorf("erasure: put: %w", err)
		}
		drafts[i], w[i] = d, d
	}
	m, err := Encode(ctx, c, r, w, opt)
	if err != nil {
		return merkle.Digest{}, nil, err
	}
	root, err := m.Root(opt)
	if err != nil {
		return merkle.Digest{}, nil, err
	}
	dir := objectDir(root)
	if err := s.fs.Mkdir(dir); err != nil {
		return merkle.Digest{}, nil, fmt.Errorf("erasure: put: %w", err)
	}
	if err := s.placeShards(m, dir, drafts, opt); err != nil {
		return merkle.Digest{}, nil, fmt.Errorf("erasure: put: %w", err)
	}
	if err := s.fs.SyncDir(storeObjects); err != nil {
		return merkle.Digest{}, nil, fmt.Errorf("erasure: put: %w", err)
	}
	all := make([]int, m.copies())
	for i := range all {
		all[i] = i
	}
	if err := s.placeCopies(m, dir, all); err != nil {
		return merkle.Digest{}, nil, fmt.Errorf("erasure: put: %w", err)
	}
	return root, m, nil
}

// placeShards appends to every draft that is not nil the proof of its shard, and puts it in place.
func (s *Store) placeShards(m *Manifest, dir string, drafts []*draft, opt *Options) error {
	var shards []int
	for i, d := range drafts {
		if d != nil {
			shards = append(shards, i)
		}
	}
	if len(shards) == 0 {
		return nil
	}
	proofs, err := m.ProveAll(opt, shards...)
	if err != nil {
		return err
	}
	for n, i := range shards {
		tail, err := proofs[n].AppendBinary(nil)
		if err != nil {
			return err
		}
		tail = binary.LittleEndian.AppendUint32(tail, uint32(len(tail)))
		if err := writeAll(drafts[i], tail); err != nil {
			return &ShardError{Shard: i, Block: -1, Err: err}
		}
		if err := s.place(drafts[i], path.Join(dir, shardName(i))); err != nil {
			return &ShardError{Shard: i, Block: -1, Err: err}
		}
	}
	return s.fs.SyncDir(dir)
}

// placeCopies puts copies of the manifest in place.
func (s *Store) placeCopies(m *Manifest, dir string, copies []int) error {
	b, err := m.AppendBinary(nil)
	if err != nil {
		return err
	}
	for _, i := range copies {
		d, err := s.newDraft()
		if err != nil {
			return err
		}
		if err = writeAll(d, b); err == nil {
			err = s.place(d, path.Join(dir, copyName(i)))
		}
		if err != nil {
			s.drop([]*draft{d})
			return err
		}
	}
	return s.fs.SyncDir(dir)
}

// Repair scrubs an object and replaces what is damaged: shards, the proofs they carry, copies of the manifest.
// The report is the scrub's, with what was rebuilt. If too many shards are damaged the error is
// ErrTooFewShards and the store is left untouched (see Options.Salvage). Errors: as Scrub and Repair, and the
// files'.
func (s *Store) Repair(ctx context.Context, root merkle.Digest, opt *Options) (*Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	report, err := s.Scrub(ctx, root, opt)
	if err != nil || report.Clean() {
		return report, err
	}
	m, err := s.Manifest(root, opt)
	if err != nil {
		return report, err
	}
	damaged := report.Damaged()
	rewrite := append(append([]int(nil), damaged...), report.Proofs...)
	slices.Sort(rewrite)
	rewrite = slices.Compact(rewrite)
	o := s.open(root, m)
	defer o.close()
	in := o.readers()
	if opt == nil || !opt.Salvage {
		for _, i := range damaged {
			in[i] = nil
		}
	}
	drafts := make([]*draft, len(in))
	defer func() { s.drop(drafts) }()
	out := make([]io.Writer, len(in))
	for _, i := range rewrite {
		d, err := s.newDraft()
		if err != nil {
			return report, fmt.Errorf("erasure: repair: %w", err)
		}
		drafts[i], out[i] = d, d
	}
	made, err := repairFrom(ctx, m, in, out, opt)
	if err != nil {
		return report, err
	}
	report.Rebuilt, report.Read = made.Rebuilt, report.Read+made.Read
	if err := s.placeShards(m, objectDir(root), drafts, opt); err != nil {
		return report, fmt.Errorf("erasure: repair: %w", err)
	}
	if err := s.placeCopies(m, objectDir(root), report.Copies); err != nil {
		return report, fmt.Errorf("erasure: repair: %w", err)
	}
	return report, nil
}

// Delete removes an object. Errors: the files'.
func (s *Store) Delete(root merkle.Digest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	dir := objectDir(root)
	// The manifests go first: without them the rest is swept by OpenStore.
	for i := range maxCopies {
		if err := s.fs.Remove(path.Join(dir, copyName(i))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("erasure: delete: %w", err)
		}
	}
	if err := s.fs.SyncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("erasure: delete: %w", err)
	}
	if err := s.removeDir(dir); err != nil {
		return fmt.Errorf("erasure: delete: %w", err)
	}
	return nil
}
