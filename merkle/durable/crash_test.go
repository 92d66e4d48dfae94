package durable_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
)

var errPower = errors.New("no power")

// powerOff plans a power loss before, or in the middle of, operation k: it and all later ones fail.
func powerOff(k int, part int) func(durabletest.Op) *durabletest.Fault {
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

// clean runs the work without faults and returns its result and its number of operations.
func clean(t testing.TB, identity string) ([]byte, int) {
	t.Helper()
	f := &durabletest.Faulty{FS: durabletest.NewDisk()}
	want, err := work(f, identity, nil)
	if err != nil {
		t.Fatal(err)
	}
	return want, f.Ops()
}

// states is the number of simulated states: all of the acceptance run with ASSAY_CRASH set, a part of it otherwise.
func states(t testing.TB, all int) int {
	switch {
	case os.Getenv("ASSAY_CRASH") != "":
		return all
	case testing.Short():
		return all / 200
	}
	return all / 40
}

// TestAdversaryPowerLoss cuts the power at random operations, up to three times in a row, and finishes the work.
func TestAdversaryPowerLoss(t *testing.T) {
	want, ops := clean(t, "job")
	r := rand.New(rand.NewPCG(1, 2))
	total, wrong, double := states(t, 100_000), 0, 0
	for i := range total {
		disk := durabletest.NewDisk()
		for crash := 0; crash == 0 || crash < 3 && r.IntN(3) == 0; crash++ {
			got, err := work(&durabletest.Faulty{FS: disk, Plan: powerOff(r.IntN(ops), r.IntN(workSegment))}, "job", nil)
			if err == nil && !bytes.Equal(got, want) {
				wrong++
			}
			disk = disk.Crash(r)
			if crash > 0 {
				double++
			}
		}
		got, err := work(disk, "job", nil)
		if err != nil {
			t.Fatalf("state %d: the work cannot be finished: %v", i, err)
		}
		if !bytes.Equal(got, want) {
			wrong++
		}
	}
	t.Run("S3", func(t *testing.T) { tally(t, "S3", total, wrong) })
	t.Run("S4", func(t *testing.T) { tally(t, "S4", double, wrong) })
}

// tally logs what bench/adversaries counts and fails on any wrong acceptance.
func tally(t *testing.T, id string, tried, accepted int) {
	t.Helper()
	t.Logf("adversary %s tried=%d accepted=%d panics=%d", id, tried, accepted, 0)
	if accepted != 0 || tried == 0 {
		t.Errorf("%s: %d of %d accepted wrongly", id, accepted, tried)
	}
}

// TestAdversaryNegativeControl shows that the simulator finds what it must: a protocol that renames without syncing and
// trusts lengths, as sealing software in use does, gives wrong results on it.
func TestAdversaryNegativeControl(t *testing.T) {
	naive := func(fs durable.FS) ([]byte, error) {
		var prev []byte
		for l := 1; l <= workLayers; l++ {
			name := layerName(l)
			have, err := naiveRead(fs, name)
			if err != nil {
				if have = expand(workSegment, prev, []byte(name)); naiveWrite(fs, name, have) != nil {
					return nil, errPower
				}
			}
			prev = have
		}
		return prev, nil
	}
	want, err := naive(durabletest.NewDisk())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("S5", func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		total, wrong := states(t, 40_000), 0
		for range total {
			disk := durabletest.NewDisk()
			naive(&durabletest.Faulty{FS: disk, Plan: powerOff(r.IntN(5*workLayers), r.IntN(workSegment))})
			if got, err := naive(disk.Crash(r)); err == nil && !bytes.Equal(got, want) {
				wrong++
			}
		}
		t.Logf("writing without sync: %d of %d states gave a wrong result", wrong, total)
		if wrong*20 < total {
			t.Error("the simulator did not catch a protocol without sync")
		}
		t.Logf("adversary S5 tried=%d accepted=0 panics=0", total)
	})
}

func naiveRead(fs durable.FS, name string) ([]byte, error) {
	f, err := fs.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	if size, err := f.Size(); err != nil || size != workSegment {
		return nil, errors.New("length")
	}
	b := make([]byte, workSegment)
	_, err = f.ReadAt(b, 0)
	return b, err
}

func naiveWrite(fs durable.FS, name string, b []byte) error {
	f, err := fs.OpenFile(name+".tmp", os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		return err
	}
	return fs.Rename(name+".tmp", name)
}

// TestAdversaryFlippedBits flips a bit of any file between two runs, at every stage of the work.
func TestAdversaryFlippedBits(t *testing.T) {
	t.Run("S9", func(t *testing.T) {
		want, ops := clean(t, "job")
		r := rand.New(rand.NewPCG(5, 6))
		total, wrong := states(t, 20_000), 0
		for i := range total {
			disk := durabletest.NewDisk()
			work(&durabletest.Faulty{FS: disk, Plan: powerOff(ops/4+r.IntN(ops), 0)}, "job", nil)
			disk = disk.Crash(r)
			names := disk.Names()
			name := names[r.IntN(len(names))]
			if name == "assay.job" {
				continue
			}
			if b := disk.Bytes(name); len(b) > 0 {
				b[r.IntN(min(len(b), 6000))] ^= 1 << r.IntN(8)
			}
			got, err := work(disk, "job", nil)
			if err != nil {
				t.Fatalf("state %d, %s flipped: %v", i, name, err)
			}
			if !bytes.Equal(got, want) {
				wrong++
			}
		}
		tally(t, "S9", total, wrong)
	})
}

// TestAdversaryJournal changes the journal in every byte, cuts, repeats and reorders it, and takes another job's.
func TestAdversaryJournal(t *testing.T) {
	want, ops := clean(t, "job")
	half := func() *durabletest.Disk {
		disk := durabletest.NewDisk()
		work(&durabletest.Faulty{FS: disk, Plan: powerOff(ops/2, 0)}, "job", nil)
		return disk.Crash(rand.New(rand.NewPCG(7, 8)))
	}
	finish := func(t *testing.T, disk *durabletest.Disk) (wrong int) {
		got, err := work(disk, "job", nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			return 1
		}
		return 0
	}
	used := 0
	for b := half().Bytes("assay.journal"); used < len(b) && b[used] == 'A'; used += 176 {
	}
	if used < 5*176 {
		t.Fatalf("half of the work left %d bytes of journal", used)
	}
	t.Run("S10", func(t *testing.T) {
		wrong := 0
		for i := range used {
			disk := half()
			disk.Bytes("assay.journal")[i] ^= byte(1 + i%255)
			wrong += finish(t, disk)
		}
		tally(t, "S10", used, wrong)
	})
	t.Run("S11", func(t *testing.T) {
		other := durabletest.NewDisk()
		work(&durabletest.Faulty{FS: other, Plan: powerOff(ops/2, 0)}, "another job", nil)
		foreign := bytes.Clone(other.Bytes("assay.journal"))
		cases := map[string]func(b []byte){
			"another job's":   func(b []byte) { copy(b, foreign) },
			"another version": func(b []byte) { b[3] = '2' },
			"repeated":        func(b []byte) { copy(b[176:352], b[:176]) },
			"reordered":       func(b []byte) { swap(b[176:352], b[352:528]) },
			"first missing":   func(b []byte) { copy(b, b[176:]) },
		}
		wrong := 0
		for name, change := range cases {
			disk := half()
			change(disk.Bytes("assay.journal"))
			if n := finish(t, disk); n > 0 {
				t.Errorf("%s: wrong result", name)
				wrong += n
			}
		}
		if _, err := work(half(), "another job", nil); !errors.Is(err, durable.ErrJob) {
			t.Errorf("a folder of another job: got %v, want ErrJob", err)
		}
		tally(t, "S11", len(cases)+1, wrong)
	})
}

func swap(a, b []byte) {
	c := bytes.Clone(a)
	copy(a, b)
	copy(b, c)
}

// TestAdversaryFullDisk meets a full disk at every budget of bytes and goes on once there is room.
func TestAdversaryFullDisk(t *testing.T) {
	t.Run("S12", func(t *testing.T) {
		want, _ := clean(t, "job")
		disk := durabletest.NewDisk()
		work(disk, "job", nil)
		var need int64
		for _, name := range disk.Names() {
			need += int64(len(disk.Bytes(name)))
		}
		need += workLayers * workSegments * workSegment
		tried, wrong, step := 0, 0, int64(7)
		switch {
		case os.Getenv("ASSAY_CRASH") != "":
			step = 1
		case testing.Short():
			step = 97
		}
		for budget := int64(1); budget < need; budget += step {
			disk := durabletest.NewDisk()
			disk.Capacity = budget
			_, err := work(disk, "job", nil)
			if err != nil && !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("budget %d: got %v, want ENOSPC", budget, err)
			}
			disk.Capacity = 0
			got, err := work(disk, "job", nil)
			if err != nil {
				t.Fatalf("budget %d, then room: %v", budget, err)
			}
			if tried++; !bytes.Equal(got, want) {
				wrong++
			}
		}
		tally(t, "S12", tried, wrong)
	})
}

// TestAdversaryBadOperations lets single operations fail or fall short.
func TestAdversaryBadOperations(t *testing.T) {
	want, ops := clean(t, "job")
	once := func(t *testing.T, id string, plan func(k int) func(durabletest.Op) *durabletest.Fault) {
		tried, wrong := 0, 0
		for k := range ops {
			disk := durabletest.NewDisk()
			got, err := work(&durabletest.Faulty{FS: disk, Plan: plan(k)}, "job", nil)
			if err == nil && !bytes.Equal(got, want) {
				wrong++
			}
			got, err = work(disk, "job", nil)
			if err != nil {
				t.Fatalf("operation %d: the work cannot be finished: %v", k, err)
			}
			if tried++; !bytes.Equal(got, want) {
				wrong++
			}
		}
		tally(t, id, tried, wrong)
	}
	t.Run("S6", func(t *testing.T) {
		once(t, "S6", func(k int) func(durabletest.Op) *durabletest.Fault {
			return func(op durabletest.Op) *durabletest.Fault {
				if op.Number == k && (op.Kind == "sync" || op.Kind == "syncdir") {
					return &durabletest.Fault{Err: syscall.EIO}
				}
				return nil
			}
		})
	})
	t.Run("S14", func(t *testing.T) {
		for _, err := range []error{nil, syscall.EINTR} {
			once(t, "S14", func(k int) func(durabletest.Op) *durabletest.Fault {
				return func(op durabletest.Op) *durabletest.Fault {
					if op.Number == k && (op.Kind == "read" || op.Kind == "write") && op.Len > 1 {
						return &durabletest.Fault{N: op.Len / 2, Err: err}
					}
					return nil
				}
			})
		}
	})
	t.Run("S15", func(t *testing.T) {
		disk := durabletest.NewDisk()
		started := 0
		_, err := work(&durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
			if op.Kind == "rename" {
				return &durabletest.Fault{Err: syscall.EXDEV}
			}
			if strings.HasPrefix(op.Name, "layer") || op.Name == "data" {
				started++
			}
			return nil
		}}, "job", nil)
		if !errors.Is(err, syscall.EXDEV) || started > 0 {
			t.Errorf("got %v after %d operations of the work, want EXDEV before it", err, started)
		}
		tally(t, "S15", 1, 0)
	})
}

// TestSyncIsNotRepeated checks that after a failed sync the bytes are written again before the next sync.
func TestSyncIsNotRepeated(t *testing.T) {
	var last string
	failed := map[string]bool{}
	_, err := work(&durabletest.Faulty{FS: durabletest.NewDisk(), Plan: func(op durabletest.Op) *durabletest.Fault {
		defer func() { last = op.Kind + op.Name }()
		if op.Kind != "sync" || op.Name == "assay.journal" {
			return nil
		}
		if last == "sync"+op.Name {
			t.Errorf("%s was synced twice without a write between", op.Name)
		}
		if failed[op.Name] {
			return nil
		}
		failed[op.Name] = true
		return &durabletest.Fault{Err: syscall.EIO}
	}}, "job", nil)
	if err != nil {
		t.Errorf("one failed sync a file must be survived: %v", err)
	}
}

// TestAdversaryBadBlock checks that a block that cannot be read is reported by file and number.
func TestAdversaryBadBlock(t *testing.T) {
	t.Run("S13", func(t *testing.T) {
		disk := durabletest.NewDisk()
		_, ops := clean(t, "job")
		work(&durabletest.Faulty{FS: disk, Plan: powerOff(ops*2/3, 0)}, "job", nil)
		var events []durable.Event
		opt := &durable.Options{Report: func(e durable.Event) { events = append(events, e) }}
		bad := false
		_, err := work(&durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
			if op.Kind == "read" && op.Name == "layer-1" && !bad {
				bad = true
				return &durabletest.Fault{Err: syscall.EIO}
			}
			return nil
		}}, "job", opt)
		if err != nil {
			t.Fatal(err)
		}
		named := false
		for _, e := range events {
			named = named || e.Name == "layer-1" && errors.Is(e.Reason, syscall.EIO)
		}
		if !named {
			t.Errorf("events %v do not name layer-1", events)
		}
		tally(t, "S13", 1, 0)
	})
}
