package erasure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strconv"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
)

func openStore(t testing.TB, f durable.FS) *Store {
	t.Helper()
	s, err := OpenStore(f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t testing.TB, s *Store, c Coder, data []byte, opt *Options) (merkle.Digest, *Manifest) {
	t.Helper()
	root, m, err := s.Put(bg, c, bytes.NewReader(data), opt)
	if err != nil {
		t.Fatal(err)
	}
	return root, m
}

// get returns the object or fails.
func get(t testing.TB, s *Store, root merkle.Digest, opt *Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := s.Get(bg, root, &b, opt); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// snapshot returns the bytes of all files below objects.
func snapshot(d *durabletest.Disk) map[string]string {
	out := map[string]string{}
	for _, name := range d.Names() {
		if path.Dir(path.Dir(name)) == storeObjects {
			out[name] = string(d.Bytes(name))
		}
	}
	return out
}

func equalFiles(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

func TestStoreOnDisk(t *testing.T) {
	dir := t.TempDir()
	osfs, err := durable.OpenOS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer osfs.Close()
	s := openStore(t, osfs)
	if _, err := OpenStore(osfs); !errors.Is(err, durable.ErrLocked) {
		t.Error(err)
	}
	data := randomBytes(1, 100_000)
	opt := &Options{Block: 1 << 12}
	root, m := put(t, s, newCode(t, 4, 2), data, opt)
	if again, _ := put(t, s, newCode(t, 4, 2), data, opt); again != root {
		t.Error("another root")
	}
	other, _ := put(t, s, newClay(t), data, opt)
	if got, err := s.Objects(); err != nil || len(got) != 2 || !slices.Contains(got, root) || !slices.Contains(got, other) {
		t.Fatal(got, err)
	}
	f, p, err := s.OpenShard(root, 5, nil)
	if err != nil || p.Shard != 5 {
		t.Fatal(err)
	}
	f.Close()
	objects := path.Join(dir, objectDir(root))
	for _, name := range []string{shardName(1), copyName(0)} {
		if err := os.Remove(path.Join(objects, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(path.Join(objects, shardName(3)), 777); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(get(t, s, root, nil), data) {
		t.Error("wrong data")
	}
	report, err := s.Repair(bg, root, nil)
	if err != nil || !slices.Equal(report.Damaged(), []int{1, 3}) || !slices.Equal(report.Copies, []int{0}) {
		t.Fatal(report, err)
	}
	if report, err := s.Scrub(bg, root, nil); err != nil || !report.Clean() {
		t.Fatal(report, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, osfs)
	defer s.Close()
	if !bytes.Equal(get(t, s, root, nil), data) || m.Size != int64(len(data)) {
		t.Error("wrong data")
	}
	if err := s.Delete(root); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(bg, root, io.Discard, nil); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if got, _ := s.Objects(); len(got) != 1 {
		t.Error(got)
	}
}

var errPower = errors.New("no power")

// powerOff plans a power loss before, or in the middle of, operation k.
func powerOff(k, part int) func(durabletest.Op) *durabletest.Fault {
	return func(op durabletest.Op) *durabletest.Fault {
		switch {
		case op.Number < k:
			return nil
		case op.Number == k:
			return &durabletest.Fault{N: part, Err: errPower}
		}
		return &durabletest.Fault{Err: errPower}
	}
}

// states is the number of simulated states: all of the acceptance run with ASSAY_CRASH set, a part of it otherwise.
func states(all int) int {
	switch {
	case os.Getenv("ASSAY_CRASH") != "":
		return all
	case testing.Short():
		return all / 200
	}
	return all / 40
}

// TestStorePowerLoss cuts the power during Put and Repair. An object that Put confirmed stays readable, one
// that it did not is whole or gone, and a repair can always be done again.
func TestStorePowerLoss(t *testing.T) {
	c := newCode(t, 3, 2)
	opt := &Options{Block: 1 << 10, Workers: 1}
	old, fresh := randomBytes(1, 2_000), randomBytes(2, 5_000)
	r := rand.New(rand.NewPCG(1, 2))
	work := func(f durable.FS, damage func(merkle.Digest)) (root merkle.Digest, err error) {
		s, err := OpenStore(f)
		if err != nil {
			return root, err
		}
		defer s.Close()
		kept, _, err := s.Put(bg, c, bytes.NewReader(old), opt)
		if err != nil {
			return kept, err
		}
		damage(kept)
		if _, err := s.Repair(bg, kept, opt); err != nil {
			return kept, err
		}
		_, _, err = s.Put(bg, c, bytes.NewReader(fresh), opt)
		return kept, err
	}
	clean := &durabletest.Faulty{FS: durabletest.NewDisk()}
	kept, err := work(clean, func(merkle.Digest) {})
	if err != nil {
		t.Fatal(err)
	}
	ops := clean.Ops() + 40 // the repair of damage takes some more
	total, unconfirmed := states(20_000), 0
	for i := range total {
		disk := durabletest.NewDisk()
		confirmed := false
		for range 1 + r.IntN(2) {
			f := &durabletest.Faulty{FS: disk, Plan: powerOff(r.IntN(ops), r.IntN(1200))}
			_, _ = work(f, func(root merkle.Digest) {
				confirmed = true
				for _, shard := range r.Perm(5)[:2] {
					if b := disk.Bytes(path.Join(objectDir(root), shardName(shard))); len(b) > 0 {
						b[r.IntN(len(b))] ^= 4
					}
				}
			})
			disk = disk.Crash(r)
		}
		s := openStore(t, disk)
		var got bytes.Buffer
		switch _, err := s.Get(bg, kept, &got, opt); {
		case err == nil && !bytes.Equal(got.Bytes(), old):
			t.Fatalf("state %d: wrong data", i)
		case err != nil && confirmed:
			t.Fatalf("state %d: a confirmed object is lost: %v", i, err)
		case err != nil && !errors.Is(err, ErrNotFound):
			t.Fatalf("state %d: %v", i, err)
		case err != nil:
			unconfirmed++
		default:
			if _, err := s.Repair(bg, kept, opt); err != nil {
				t.Fatalf("state %d: repair: %v", i, err)
			}
			if report, err := s.Scrub(bg, kept, opt); err != nil || !report.Clean() {
				t.Fatalf("state %d: %+v %v", i, report, err)
			}
		}
		if _, err := work(disk, func(merkle.Digest) {}); err == nil {
			t.Fatal("the lock was not held")
		}
		s.Close()
		if _, err := work(disk, func(merkle.Digest) {}); err != nil {
			t.Fatalf("state %d: going on: %v", i, err)
		}
	}
	t.Logf("%d states, in %d the object was not confirmed yet", total, unconfirmed)
}

// TestStoreNoSpace lets the disk fill up at every size; what is stored stays, and once there is room all works.
func TestStoreNoSpace(t *testing.T) {
	c := newCode(t, 3, 2)
	opt := &Options{Block: 1 << 10}
	old, fresh := randomBytes(1, 2_000), randomBytes(2, 5_000)
	for capacity := int64(8_000); capacity < 26_000; capacity += 700 {
		disk := durabletest.NewDisk()
		s := openStore(t, disk)
		root, _ := put(t, s, c, old, opt)
		disk.Capacity = capacity
		_, _, err := s.Put(bg, c, bytes.NewReader(fresh), opt)
		if !bytes.Equal(get(t, s, root, opt), old) {
			t.Fatal("wrong data")
		}
		s.Close()
		disk.Capacity = 0
		s = openStore(t, disk)
		again, _ := put(t, s, c, fresh, opt)
		if !bytes.Equal(get(t, s, again, opt), fresh) || !bytes.Equal(get(t, s, root, opt), old) {
			t.Fatalf("capacity %d: %v", capacity, err)
		}
		if names, _ := disk.List(storeTmp); len(names) != 0 {
			t.Fatal(names)
		}
	}
}

// flips returns how many bits TestAdversary/E16 flips: 1,000, or ASSAY_BITFLIPS.
func flips() int {
	if n, err := strconv.Atoi(os.Getenv("ASSAY_BITFLIPS")); err == nil && n > 0 {
		return n
	}
	return 1_000
}

// bitRot flips random bits of a stored 10+4 set, in at most four shards at a time, the proofs they carry, and all
// copies of the manifest but one, and counts those that were not located, to the block in shards, and repaired.
func bitRot(t *testing.T) (tried, wrong int) {
	disk := durabletest.NewDisk()
	s := openStore(t, disk)
	size := 10 * (2<<20 + 300_000)
	if slow() {
		size = 10 * 50_000
	}
	data := randomBytes(3, size)
	root, m := put(t, s, newCode(t, 10, 4), data, nil)
	want := snapshot(disk)
	r := rand.New(rand.NewPCG(16, 1))
	for total := flips(); tried < total; {
		bad := map[Block]bool{}
		shards := r.Perm(14)[:1+r.IntN(4)]
		for range min(100, total-tried) {
			i := shards[r.IntN(len(shards))]
			tried++
			if r.IntN(20) == 0 {
				b := disk.Bytes(path.Join(objectDir(root), copyName(1+r.IntN(4))))
				b[r.IntN(len(b))] ^= 1 << r.IntN(8)
				continue
			}
			b := disk.Bytes(path.Join(objectDir(root), shardName(i)))
			if r.IntN(20) == 0 {
				b[m.ShardSize()+r.Int64N(int64(len(b))-m.ShardSize())] ^= 1 << r.IntN(8)
				continue
			}
			at := r.Int64N(m.ShardSize())
			b[at] ^= 1 << r.IntN(8)
			bad[Block{i, at / int64(m.Block)}] = true
		}
		var tails, copies []int
		for i := range 14 {
			name := path.Join(objectDir(root), shardName(i))
			if string(disk.Bytes(name)[m.ShardSize():]) != want[name][m.ShardSize():] {
				tails = append(tails, i)
			}
		}
		for i := range m.copies() {
			name := path.Join(objectDir(root), copyName(i))
			if string(disk.Bytes(name)) != want[name] {
				copies = append(copies, i)
			}
		}
		for b := range bad {
			// A bit that was flipped back by another flip is no damage.
			name := path.Join(objectDir(root), shardName(b.Shard))
			lo, hi := b.Block*int64(m.Block), min((b.Block+1)*int64(m.Block), m.ShardSize())
			if string(disk.Bytes(name)[lo:hi]) == want[name][lo:hi] {
				delete(bad, b)
			}
		}
		report, err := s.Repair(bg, root, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(tails, report.Proofs) || !slices.Equal(copies, report.Copies) {
			wrong++
		}
		for _, b := range report.Bad {
			if !bad[b] {
				t.Errorf("good block %v reported", b)
			}
			delete(bad, b)
		}
		wrong += len(bad)
		for name, b := range want {
			if string(disk.Bytes(name)) != b {
				wrong++
			}
		}
	}
	if !bytes.Equal(get(t, s, root, nil), data) {
		wrong++
	}
	return tried, wrong
}

func ExampleStore() {
	dir, _ := os.MkdirTemp("", "store")
	defer os.RemoveAll(dir)
	folder, _ := durable.OpenOS(dir)
	defer folder.Close()
	store, _ := OpenStore(folder)
	defer store.Close()

	code, _ := New(10, 4, nil)
	ctx := context.Background()
	root, _, _ := store.Put(ctx, code, bytes.NewReader(make([]byte, 1<<20)), nil)
	_ = os.Remove(path.Join(dir, "objects", fmt.Sprintf("%x", root), "shard.00003"))
	report, err := store.Repair(ctx, root, nil)
	fmt.Println(report.Damaged(), err)
	// Output: [3] <nil>
}
