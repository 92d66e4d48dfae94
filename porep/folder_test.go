package porep_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// TestMain seals as a child that kills itself, when its environment says so.
func TestMain(m *testing.M) {
	if plan := os.Getenv("ASSAY_TEST_KILL"); plan != "" {
		killed(plan)
		return
	}
	os.Exit(m.Run())
}

const (
	folderSegment = 512 // a quarter of a layer
	folderPath    = "/sector"
)

// A sealing is a sector of 2 KiB to seal, and all files that a seal in one go gives.
type sealing struct {
	s     porep.Sector
	data  []byte
	st    porep.Statement
	files map[string]string
	ops   int
}

// newSealing seals a sector on a disk in memory without faults, and on the system's without a Folder.
func newSealing(t testing.TB, number int) *sealing {
	t.Helper()
	w := child(number)
	f := newFiles(t)
	st, err := porep.Seal(t.Context(), []porep.Job{{Files: f, Proof: w.s.Proof, ID: w.s.ID, Data: bytes.NewReader(w.data)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.st, w.s.CommD = st[0], st[0].CommD
	w.files = map[string]string{"staged": string(readFile(t, f.Staged)), "sealed": string(readFile(t, f.Sealed))}
	names, err := os.ReadDir(f.Cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range names {
		if e.Name() != sector.TAuxFile { // it tells its own path
			w.files["cache/"+e.Name()] = string(readFile(t, filepath.Join(f.Cache, e.Name())))
		}
	}
	disk := durabletest.NewDisk()
	counted := &durabletest.Faulty{FS: disk}
	if got, err := w.seal(t.Context(), counted, nil); err != nil || got != w.st {
		t.Fatalf("sealed in a folder: %v, %v, want %v", got, err, w.st)
	}
	w.ops = counted.Ops()
	if bad := w.differ(disk); bad != "" {
		t.Fatalf("%s differs from the one that Seal makes", bad)
	}
	w.files["cache/t_aux"] = string(disk.Bytes("cache/t_aux"))
	return w
}

// child is the sector of a number, without CommD.
func child(number int) *sealing {
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		panic(err)
	}
	return &sealing{s: porep.Sector{Proof: p, ID: sector.ID{Number: sector.Number(number)}}, data: stream(fmt.Sprint("folder", number), 1900)}
}

// open opens the folder of the sector.
func (w *sealing) open(fs durable.FS, opt *durable.Options) (*porep.Folder, error) {
	o := &porep.FolderOptions{Segment: folderSegment, Path: folderPath, Data: w.reader()}
	if opt != nil {
		o.Durable = *opt
	}
	return porep.OpenFolder(fs, w.s, o)
}

// reader returns what opens the data.
func (w *sealing) reader() func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(w.data)), nil }
}

// seal takes the sector to its end.
func (w *sealing) seal(ctx context.Context, fs durable.FS, opt *durable.Options) (porep.Statement, error) {
	f, err := w.open(fs, opt)
	if err != nil {
		return porep.Statement{}, err
	}
	defer f.Close()
	st, err := porep.SealFolders(ctx, []*porep.Folder{f}, &porep.Options{Workers: 1})
	if err != nil {
		return porep.Statement{}, err
	}
	return st[0], nil
}

// differ returns a file of the sector that is not what Seal makes, "" where there is none.
func (w *sealing) differ(disk *durabletest.Disk) string {
	for name, want := range w.files {
		if string(disk.Bytes(name)) != want {
			return name
		}
	}
	return ""
}

// wrong seals to the end without faults and reports whether anything is not as it must be.
func (w *sealing) wrong(t *testing.T, disk *durabletest.Disk, what string) int {
	t.Helper()
	st, err := w.seal(t.Context(), disk, nil)
	if err != nil {
		t.Fatalf("%s: the seal cannot be finished: %v", what, err)
	}
	if bad := w.differ(disk); st != w.st || bad != "" {
		t.Errorf("%s: CommR %v, want %v; %q differs", what, st.CommR, w.st.CommR, bad)
		return 1
	}
	return 0
}

// countLabels adds up the bytes of labels that are written.
func countLabels(labels *int, plan func(durabletest.Op) *durabletest.Fault) func(durabletest.Op) *durabletest.Fault {
	return func(op durabletest.Op) *durabletest.Fault {
		var fault *durabletest.Fault
		if plan != nil {
			fault = plan(op)
		}
		if op.Kind == "write" && strings.HasPrefix(op.Name, "cache/sc-02-data-layer") && (fault == nil || fault.N > 0) {
			*labels += op.Len
		}
		return fault
	}
}

// cutPower plans a power loss in an operation: part bytes of it are done, it and all later ones fail.
func cutPower(k, part int) func(durabletest.Op) *durabletest.Fault {
	return func(op durabletest.Op) *durabletest.Fault {
		if op.Number < k {
			return nil
		}
		if op.Number > k {
			part = 0
		}
		return &durabletest.Fault{N: part, Err: errPower}
	}
}

var errPower = errors.New("no power")

// crashes is how many of the acceptance run's states are tried: all with ASSAY_CRASH set.
func crashes(all, usual int) int {
	switch {
	case os.Getenv("ASSAY_CRASH") != "":
		return all
	case testing.Short():
		return usual / 10
	}
	return usual
}

// count logs what bench/adversaries counts.
func count(t *testing.T, id string, tried, accepted int) {
	t.Helper()
	t.Logf("adversary %s tried=%d accepted=%d panics=%d", id, tried, accepted, 0)
	if tried == 0 || accepted != 0 {
		t.Errorf("%s: %d of %d accepted wrongly", id, accepted, tried)
	}
}

// TestAdversaryFolder seals on disks that lose power, fill up, rot and fail.
func TestAdversaryFolder(t *testing.T) {
	w := newSealing(t, 1)
	r := rand.New(rand.NewPCG(1, 10))
	states, double, wrong := crashes(100_000, 400), 0, 0
	for i := range states {
		disk, losses, labels := durabletest.NewDisk(), 0, 0
		for ; losses == 0 || losses < 3 && r.IntN(3) == 0; losses++ {
			st, err := w.seal(t.Context(), &durabletest.Faulty{FS: disk, Plan: countLabels(&labels, cutPower(r.IntN(w.ops), r.IntN(folderSegment)))}, nil)
			if err == nil && st != w.st {
				wrong++
			}
			disk = disk.Crash(r)
			double += min(losses, 1)
		}
		st, err := w.seal(t.Context(), &durabletest.Faulty{FS: disk, Plan: countLabels(&labels, nil)}, nil)
		if bad := w.differ(disk); err != nil || st != w.st || bad != "" {
			t.Errorf("state %d: %v, CommR %v, want %v; %q differs", i, err, st.CommR, w.st.CommR, bad)
			wrong++
		}
		if most := w.s.Proof.Layers*int(w.s.Proof.Size) + losses*folderSegment; labels > most {
			t.Errorf("state %d: %d bytes of labels were made with %d losses of power, want %d at most", i, labels, losses, most)
		}
	}
	t.Run("S3", func(t *testing.T) { count(t, "S3", states, wrong) })
	t.Run("S4", func(t *testing.T) { count(t, "S4", double, wrong) })
	t.Run("S6", func(t *testing.T) { badOperations(t, w, "S6", "sync syncdir", &durabletest.Fault{Err: syscall.EIO}) })
	t.Run("S12", func(t *testing.T) { fullDisks(t, w) })
	t.Run("S14", func(t *testing.T) { badOperations(t, w, "S14", "read write", &durabletest.Fault{N: 7}) })
}

// badOperations lets each operation of those kinds fail once, and then seals to the end.
func badOperations(t *testing.T, w *sealing, id, kinds string, fault *durabletest.Fault) {
	tried, wrong := 0, 0
	step := max(1, w.ops/crashes(w.ops, 40))
	for k := 0; k < w.ops; k += step {
		disk := durabletest.NewDisk()
		hit := false
		st, err := w.seal(t.Context(), &durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
			if hit || op.Number < k || !strings.Contains(kinds, op.Kind) || op.Kind == "read" && op.Len < 8 {
				return nil
			}
			hit = true
			return fault
		}}, nil)
		if err == nil && st != w.st {
			wrong++
		}
		wrong += w.wrong(t, disk, fmt.Sprint("operation ", k))
		tried++
	}
	count(t, id, tried, wrong)
}

// fullDisks meets a full disk at many budgets of bytes; once there is room, the seal is finished.
func fullDisks(t *testing.T, w *sealing) {
	disk := durabletest.NewDisk()
	if _, err := w.seal(t.Context(), disk, nil); err != nil {
		t.Fatal(err)
	}
	need := int64(0)
	for _, name := range disk.Names() {
		need += int64(len(disk.Bytes(name)))
	}
	room := need - int64(len(disk.Bytes("assay.journal")))
	tried, wrong, step := 0, 0, need/int64(crashes(2000, 60))
	for budget := int64(1); budget < need; budget += step {
		disk := durabletest.NewDisk()
		disk.Capacity = budget
		made := 0
		st, err := w.seal(t.Context(), &durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
			if op.Kind == "write" && strings.HasPrefix(op.Name, "cache/sc-02-data-layer") {
				made++
			}
			return nil
		}}, nil)
		if err != nil && !errors.Is(err, syscall.ENOSPC) || err == nil && st != w.st {
			t.Errorf("budget %d: %v", budget, err)
			wrong++
		}
		if made > 0 && budget < room {
			t.Errorf("budget %d of %d: labels were made before the disk was found too full", budget, need)
		}
		disk.Capacity = 0
		wrong += w.wrong(t, disk, fmt.Sprint("budget ", budget))
		tried++
	}
	count(t, "S12", tried, wrong)
}

// TestAdversaryFolderRot flips bits of finished files: a resumed seal makes the file again and names it, a proof is refused
// naming file and block.
func TestAdversaryFolderRot(t *testing.T) {
	w := newSealing(t, 2)
	r := rand.New(rand.NewPCG(2, 10))
	t.Run("S9", func(t *testing.T) {
		tried, wrong := 0, 0
		for range crashes(20_000, 150) {
			disk := durabletest.NewDisk()
			_, _ = w.seal(t.Context(), &durabletest.Faulty{FS: disk, Plan: cutPower(w.ops/3+r.IntN(w.ops), 0)}, nil)
			name := flipAny(r, disk, w)
			if name == "" {
				continue
			}
			wrong += w.wrong(t, disk, name+" flipped")
			tried++
		}
		count(t, "S9", tried, wrong)
	})
	t.Run("P8", func(t *testing.T) {
		tried, wrong := 0, 0
		for range crashes(5000, 120) {
			disk := durabletest.NewDisk()
			if _, err := w.seal(t.Context(), disk, nil); err != nil {
				t.Fatal(err)
			}
			name := flipAny(r, disk, w)
			f, err := w.open(disk, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.Prove(t.Context(), &w.st, &porep.Options{Workers: 1})
			var bad *porep.FileError
			if !errors.As(err, &bad) || !errors.Is(err, porep.ErrFile) || bad.Name != name || bad.Block != 0 {
				t.Errorf("%s flipped: %v", name, err)
				wrong++
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			wrong += w.wrong(t, disk, name+" flipped after the end")
			tried++
		}
		count(t, "P8", tried, wrong)
	})
}

// flipAny flips a bit of a file of the sector and returns its name.
func flipAny(r *rand.Rand, disk *durabletest.Disk, w *sealing) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(w.files)) {
		if len(disk.Bytes(name)) > 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	name := names[r.IntN(len(names))]
	b := disk.Bytes(name)
	b[r.IntN(len(b))] ^= 1 << r.IntN(8)
	return name
}

// TestAdversaryFolderTwice seals twice over, and after ends of the context at random reports.
func TestAdversaryFolderTwice(t *testing.T) {
	w := newSealing(t, 3)
	t.Run("S7", func(t *testing.T) {
		wrong := 0
		disk := durabletest.NewDisk()
		for range 3 {
			wrong += w.wrong(t, disk, "again")
		}
		f := newFiles(t)
		for range 2 { // each stage of the files' API, twice
			st := seal(t, f, w.s, bytes.NewReader(w.data), nil)
			if *st != w.st || string(readFile(t, f.Sealed)) != w.files["sealed"] {
				wrong++
			}
		}
		count(t, "S7", 3+2*3, wrong)
	})
	t.Run("S8", func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 10))
		tried, wrong := crashes(2000, 60), 0
		for i := range tried {
			disk := durabletest.NewDisk()
			for range 1 + r.IntN(3) {
				ctx, cancel := context.WithCancel(t.Context())
				at := r.IntN(w.ops)
				st, err := w.seal(ctx, &durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
					if op.Number == at {
						cancel()
					}
					return nil
				}}, nil)
				if err != nil && !errors.Is(err, context.Canceled) || err == nil && st != w.st {
					t.Errorf("state %d: %v", i, err)
					wrong++
				}
				cancel()
			}
			wrong += w.wrong(t, disk, fmt.Sprint("state ", i))
		}
		count(t, "S8", tried, wrong)
	})
	t.Run("P6", func(t *testing.T) {
		disk, other := durabletest.NewDisk(), newSealing(t, 4)
		_, _ = w.seal(t.Context(), disk, nil)
		_, err := other.seal(t.Context(), disk, nil)
		if !errors.Is(err, durable.ErrJob) {
			t.Errorf("the folder of another sector: %v", err)
		}
		count(t, "P6", 1, 0)
	})
	t.Run("P19", func(t *testing.T) {
		disk := durabletest.NewDisk()
		first, err := w.open(disk, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.seal(t.Context(), disk, nil); !errors.Is(err, durable.ErrLocked) {
			t.Errorf("a folder in use: %v", err)
		}
		st, err := porep.SealFolders(t.Context(), []*porep.Folder{first}, nil)
		if err != nil || st[0] != w.st || first.Close() != nil {
			t.Errorf("the first job was harmed: %v", err)
		}
		count(t, "P19", 1, 0)
	})
}

// TestFolderBatch seals sectors side by side of which some were begun alone, and gives up what proofs of spacetime do not need.
func TestFolderBatch(t *testing.T) {
	var ws []*sealing
	for i := range 3 {
		ws = append(ws, newSealing(t, 10+i))
	}
	for cut := range 6 {
		var folders []*porep.Folder
		var disks []*durabletest.Disk
		for i, w := range ws {
			disk := durabletest.NewDisk()
			if at := w.ops * cut * (i + 1) / 15; at > 0 {
				_, _ = w.seal(t.Context(), &durabletest.Faulty{FS: disk, Plan: cutPower(at, 0)}, nil)
				disk = disk.Crash(rand.New(rand.NewPCG(uint64(cut), 11)))
			}
			f, err := w.open(disk, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			folders, disks = append(folders, f), append(disks, disk)
		}
		st, err := porep.SealFolders(t.Context(), folders, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range ws {
			if bad := w.differ(disks[i]); st[i] != w.st || bad != "" {
				t.Errorf("sector %d, cut %d: %q differs", i, cut, bad)
			}
			if err := folders[i].Prune(t.Context(), true); err != nil {
				t.Error(err)
			}
			if len(disks[i].Names()) != 4+3 { // sealed, TreeRLast, p_aux, t_aux; three of the job
				t.Errorf("left: %v", disks[i].Names())
			}
		}
		again, err := porep.SealFolders(t.Context(), folders, nil)
		if err != nil || !slices.Equal(again, st) {
			t.Errorf("a pruned sector is not whole: %v", err)
		}
	}
}

// TestFolderWrongData expects data with another CommD to be refused and nothing to be kept of it.
func TestFolderWrongData(t *testing.T) {
	w := newSealing(t, 20)
	disk := durabletest.NewDisk()
	good := w.data
	w.data = good[:100]
	if _, err := w.seal(t.Context(), disk, nil); !errors.Is(err, porep.ErrFile) {
		t.Errorf("other data: %v", err)
	}
	w.data = good
	w.wrong(t, disk, "after other data")
}

// killed seals in a folder of the system and ends the process by SIGKILL before or in the middle of an operation.
func killed(plan string) {
	var at, part, number int
	var commD, dir string
	fmt.Sscanf(plan, "%d %d %d %x %s", &at, &part, &number, &commD, &dir)
	w := child(number)
	copy(w.s.CommD[:], commD)
	disk, err := durable.OpenOS(dir)
	if err != nil {
		os.Exit(3)
	}
	self, _ := os.FindProcess(os.Getpid())
	_, err = w.seal(context.Background(), &durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
		if op.Number != at {
			return nil
		}
		return &durabletest.Fault{N: part, Then: func() {
			self.Kill()
			time.Sleep(time.Hour)
		}}
	}}, nil)
	if err != nil {
		os.Exit(4)
	}
}

// trace seals on a disk in memory and returns how many bytes of labels were written before each operation.
func (w *sealing) trace(t *testing.T) (before []int) {
	t.Helper()
	labels := 0
	_, err := w.seal(t.Context(), &durabletest.Faulty{FS: durabletest.NewDisk(), Plan: func(op durabletest.Op) *durabletest.Fault {
		before = append(before, labels)
		return countLabels(&labels, nil)(op)
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return before
}

// TestAdversaryFolderKill kills sealing processes before and in the middle of their file operations, of each one with ASSAY_CRASH
// set, and seals on in their folders: what was made since the last checkpoint, and no more, is made again.
func TestAdversaryFolderKill(t *testing.T) {
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("kill: this system starts no processes")
	}
	w := newSealing(t, 30)
	before := w.trace(t)
	all := w.s.Proof.Layers * int(w.s.Proof.Size)
	for i, id := range []string{"S1", "S2"} {
		t.Run(id, func(t *testing.T) {
			kills, wrong := crashes(max(250, w.ops), 10), 0
			for k := range max(1, kills) {
				at := k * w.ops / max(1, kills)
				dir := filepath.Dir(newFiles(t).Cache)
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), fmt.Sprintf("ASSAY_TEST_KILL=%d %d %d %x %s", at, i*100, 30, w.s.CommD[:], dir))
				if err := cmd.Run(); err == nil || cmd.ProcessState.Exited() {
					t.Fatalf("operation %d: the child was not killed: %v", at, err)
				}
				disk, err := durable.OpenOS(dir)
				if err != nil {
					t.Fatal(err)
				}
				labels := 0
				if st, err := w.seal(t.Context(), &durabletest.Faulty{FS: disk, Plan: countLabels(&labels, nil)}, nil); err != nil || st != w.st {
					t.Errorf("killed at operation %d: %v", at, err)
					wrong++
				}
				if most := all - before[at] + folderSegment; labels > most {
					t.Errorf("killed at operation %d: %d bytes of labels were made again, want %d at most", at, labels, most)
				}
				if got := readFile(t, filepath.Join(dir, "sealed")); string(got) != w.files["sealed"] {
					wrong++
				}
				if err := disk.Close(); err != nil {
					t.Fatal(err)
				}
			}
			count(t, id, max(1, kills), wrong)
		})
	}
}
