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

// readFile returns a whole file of at most limit bytes.
func (s *Store) readFile(name string, limit int64) ([]byte, error) {
	f, err := s.fs.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fmt.Errorf("%w: %d bytes", ErrFormat, size)
	}
	b := make([]byte, size)
	_, err = io.ReadFull(io.NewSectionReader(f, 0, size), b)
	return b, err
}

const maxManifest = 1 << 32

// Manifest returns an object's manifest, checked against its root. Of the options only Hasher counts.
// Errors: ErrNotFound, a hasher other than the manifest's.
func (s *Store) Manifest(root merkle.Digest, opt *Options) (*Manifest, error) {
	m, _, err := s.manifest(root, opt)
	return m, err
}

// manifest also returns which copies are damaged.
func (s *Store) manifest(root merkle.Digest, opt *Options) (*Manifest, []int, error) {
	var found *Manifest
	var bad []int
	var first error
	for i := 0; i < maxCopies && (found == nil || i < found.copies()); i++ {
		m, err := s.readCopy(root, i, opt)
		if err != nil {
			bad, first = append(bad, i), errors.Join(first, err)
			continue
		}
		if found == nil {
			found = m
		}
	}
	if found == nil {
		return nil, nil, fmt.Errorf("%w: %x: %w", ErrNotFound, root, first)
	}
	return found, bad, nil
}

func (s *Store) readCopy(root merkle.Digest, i int, opt *Options) (*Manifest, error) {
	b, err := s.readFile(path.Join(objectDir(root), copyName(i)), maxManifest)
	if err != nil {
		return nil, err
	}
	m := new(Manifest)
	if err := m.UnmarshalBinary(b); err != nil {
		return nil, err
	}
	got, err := m.Root(opt)
	if err == nil && got != root {
		err = fmt.Errorf("%w: manifest with root %x", ErrProof, got)
	}
	return m, err
}

// An opened object has a reader for every shard file that is there.
type opened struct {
	files []durable.File
}

func (s *Store) open(root merkle.Digest, m *Manifest) *opened {
	o := &opened{files: make([]durable.File, m.Data+m.Parity)}
	for i := range o.files {
		// A file that cannot be opened is a missing shard.
		if f, err := s.fs.OpenFile(path.Join(objectDir(root), shardName(i)), os.O_RDONLY); err == nil {
			o.files[i] = f
		}
	}
	return o
}

func (o *opened) readers() []io.ReaderAt {
	out := make([]io.ReaderAt, len(o.files))
	for i, f := range o.files {
		if f != nil {
			out[i] = f
		}
	}
	return out
}

func (o *opened) close() {
	for _, f := range o.files {
		if f != nil {
			// Opened for reading: nothing is lost.
			_ = f.Close()
		}
	}
}

// Get writes an object to w, rebuilding what is missing or bad without changing the store. Errors:
// ErrNotFound, and as Decode.
func (s *Store) Get(ctx context.Context, root merkle.Digest, w io.Writer, opt *Options) (*Report, error) {
	m, bad, err := s.manifest(root, opt)
	if err != nil {
		return nil, err
	}
	o := s.open(root, m)
	defer o.close()
	report, err := Decode(ctx, m, o.readers(), w, opt)
	if report != nil {
		report.Copies = bad
	}
	return report, err
}

// Scrub reads everything that belongs to an object and reports what is missing or bad. Errors: ErrNotFound,
// ctx.Err(); damage is no error.
func (s *Store) Scrub(ctx context.Context, root merkle.Digest, opt *Options) (*Report, error) {
	m, bad, err := s.manifest(root, opt)
	if err != nil {
		return nil, err
	}
	o := s.open(root, m)
	defer o.close()
	report, err := Verify(ctx, m, o.readers(), opt)
	if err != nil {
		return nil, err
	}
	report.Copies = bad
	for i, f := range o.files {
		if f != nil && s.checkTail(f, m, i, root, opt) != nil {
			report.Proofs = append(report.Proofs, i)
		}
	}
	return report, nil
}

// checkTail checks the proof that a shard file carries.
func (s *Store) checkTail(f durable.File, m *Manifest, shard int, root merkle.Digest, opt *Options) error {
	p, err := readTail(f, m.ShardSize())
	if err != nil {
		return err
	}
	if p.Shard != shard {
		return fmt.Errorf("%w: proof of shard %d", ErrProof, p.Shard)
	}
	return p.Verify(root, opt)
}

// readTail reads the proof behind the size bytes of a shard.
func readTail(f durable.File, size int64) (*ShardProof, error) {
	whole, err := f.Size()
	if err != nil {
		return nil, err
	}
	if whole < size+tailCount || whole-size > maxManifest {
		return nil, fmt.Errorf("%w: file of %d bytes for a shard of %d", ErrFormat, whole, size)
	}
	b := make([]byte, whole-size)
	if _, err := io.ReadFull(io.NewSectionReader(f, size, whole-size), b); err != nil {
		return nil, err
	}
	body := b[:len(b)-tailCount]
	if uint64(binary.LittleEndian.Uint32(b[len(body):])) != uint64(len(body)) {
		return nil, fmt.Errorf("%w: length of a proof", ErrFormat)
	}
	p := new(ShardProof)
	return p, p.UnmarshalBinary(body)
}

// OpenShard opens a shard of an object with the proof that it carries, for audits. The first
// Header.ShardSize bytes of the file are the shard. Close the file after use. Errors: ErrProof, ErrFormat, the
// file's.
func (s *Store) OpenShard(root merkle.Digest, shard int, opt *Options) (durable.File, *ShardProof, error) {
	m, err := s.Manifest(root, opt)
	if err != nil {
		return nil, nil, err
	}
	f, err := s.fs.OpenFile(path.Join(objectDir(root), shardName(shard)), os.O_RDONLY)
	if err != nil {
		return nil, nil, fmt.Errorf("erasure: store: %w", err)
	}
	p, err := readTail(f, m.ShardSize())
	if err == nil {
		err = p.Verify(root, opt)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, p, nil
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
