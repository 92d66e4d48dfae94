//go:build unix

package porep_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// TestFolderCost measures what the durable path costs: pairs of seals in turn, SealFolders on a disk against Seal in memory, where
// neither writes nor syncs wait for a disk; what Seal spends on holding the data against CommD once more, which a Folder need not,
// is taken off. It tells the least of each: the time, the processor's time (others may load the machine), the sum of the least
// times of each stage, and where the durable path waited. ASSAY_COST names the size, such as 512MiB, ASSAY_PAIRS the number of
// pairs (3), ASSAY_COST_DIR where to work, ASSAY_COST_OFF where to work without a Folder instead of in memory.
func TestFolderCost(t *testing.T) {
	text := os.Getenv("ASSAY_COST")
	if text == "" {
		t.Skip("ASSAY_COST is not set")
	}
	size, err := sector.ParseSize(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := sector.NewProof(sector.NewPoRepID(6, 0), size, sector.V1_1_0, 0)
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := strconv.Atoi(cmp.Or(os.Getenv("ASSAY_PAIRS"), "3"))
	if err != nil || pairs < 1 {
		t.Fatalf("ASSAY_PAIRS: %d pairs, %v", pairs, err)
	}
	data := stream("cost", int(p.Size.Unpadded()))
	s := porep.Sector{Proof: p}
	var on, off *cost
	for i := range pairs {
		took, st := sealPlain(t, p, data)
		s.CommD = st.CommD
		off = off.least(took)
		took, got := sealDurable(t, s, data)
		on = on.least(took)
		if got != st {
			t.Fatal("other replicas")
		}
		t.Logf("%v, %d pairs, durable against plain: %s", size, i+1, on.against(off))
	}
	t.Logf("stages, durable: %s", texts(on.stages))
	t.Logf("stages, plain: %s", texts(off.stages))
	t.Logf("file operations, durable: %s", texts(on.ops))
}

// A cost is what a seal took.
type cost struct {
	wall, cpu   time.Duration
	stages, ops map[string]time.Duration

	mu       sync.Mutex
	stage    string
	since    time.Time
	worked   time.Duration // processor time when the stage began
	checking time.Duration // processor time of Seal's second look at the data
}

// least returns the less of both in every respect.
func (c *cost) least(d *cost) *cost {
	if c == nil {
		return d
	}
	c.wall, c.cpu = min(c.wall, d.wall), min(c.cpu, d.cpu)
	for _, m := range [][2]map[string]time.Duration{{c.stages, d.stages}, {c.ops, d.ops}} {
		for k, v := range m[1] {
			m[0][k] = min(v, m[0][k])
		}
	}
	return c
}

func (c *cost) against(d *cost) string {
	pair := func(what string, a, b time.Duration) string {
		return fmt.Sprintf("%s %.2f s, %.2f s, %+.1f %%", what, a.Seconds(), b.Seconds(), 100*(a.Seconds()/b.Seconds()-1))
	}
	return strings.Join([]string{pair("clock", c.wall, d.wall), pair("by stages", c.sum(), d.sum()), pair("processor", c.cpu, d.cpu)}, "; ")
}

func (c *cost) sum() (sum time.Duration) {
	for _, d := range c.stages {
		sum += d
	}
	return sum
}

func texts(m map[string]time.Duration) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, fmt.Sprintf("%s %.2f s", k, m[k].Seconds()))
	}
	return strings.Join(out, ", ")
}

// begin starts the clocks.
func begin() *cost {
	c := &cost{stages: map[string]time.Duration{}, ops: map[string]time.Duration{}, cpu: cpuTime(), since: time.Now(), stage: "open"}
	c.wall = -time.Duration(c.since.UnixNano())
	return c
}

// progress is an Options.Progress that takes the time of stages; a stage ends where the next begins.
func (c *cost) progress(stage string, _, _ uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if stage != c.stage {
		now, cpu := time.Now(), cpuTime()
		c.stages[c.stage] += now.Sub(c.since)
		if c.stage == checkStage {
			c.checking += cpu - c.worked
		}
		c.stage, c.since, c.worked = stage, now, cpu
	}
}

const checkStage = "check data"

// end stops the clocks and takes off what Seal alone does.
func (c *cost) end() {
	c.progress("end", 0, 0)
	c.wall += time.Duration(time.Now().UnixNano()) - c.stages[checkStage]
	c.cpu = cpuTime() - c.cpu - c.checking
	delete(c.stages, checkStage)
}

// cpuTime is the processor time of the process so far.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// A timedFS adds up the time of the operations that may wait for the disk.
type timedFS struct {
	durable.FS
	c *cost
}

func (f timedFS) add(kind string, start time.Time) {
	f.c.mu.Lock()
	f.c.ops[kind] += time.Since(start)
	f.c.mu.Unlock()
}

func (f timedFS) OpenFile(name string, flag int) (durable.File, error) {
	file, err := f.FS.OpenFile(name, flag)
	return timedFile{file, f}, err
}

func (f timedFS) Remove(name string) error {
	defer f.add("remove", time.Now())
	return f.FS.Remove(name)
}

func (f timedFS) Rename(a, b string) error {
	defer f.add("rename", time.Now())
	return f.FS.Rename(a, b)
}

func (f timedFS) SyncDir(dir string) error {
	defer f.add("syncdir", time.Now())
	return f.FS.SyncDir(dir)
}

type timedFile struct {
	durable.File
	fs timedFS
}

func (f timedFile) Sync() error {
	defer f.fs.add("sync", time.Now())
	return f.File.Sync()
}

func (f timedFile) Preallocate(size int64) error {
	defer f.fs.add("preallocate", time.Now())
	return f.File.Preallocate(size)
}

func (f timedFile) WriteAt(b []byte, off int64) (int, error) {
	defer f.fs.add("write", time.Now())
	return f.File.WriteAt(b, off)
}

func (f timedFile) ReadAt(b []byte, off int64) (int, error) {
	defer f.fs.add("read", time.Now())
	return f.File.ReadAt(b, off)
}

func sealPlain(t *testing.T, p sector.Proof, data []byte) (*cost, porep.Statement) {
	t.Helper()
	f := newFiles(t)
	if on := os.Getenv("ASSAY_COST_OFF"); on != "" {
		dir, err := os.MkdirTemp(on, "porep-cost-")
		if err != nil {
			t.Fatal(err)
		}
		f = porep.Files{Cache: filepath.Join(dir, "cache"), Staged: filepath.Join(dir, "staged"), Sealed: filepath.Join(dir, "sealed")}
		if err := os.Mkdir(f.Cache, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	defer os.RemoveAll(filepath.Dir(f.Cache))
	c := begin()
	st, err := porep.Seal(t.Context(), []porep.Job{{Files: f, Proof: p, Data: bytes.NewReader(data)}}, &porep.Options{Progress: c.progress})
	if err != nil {
		t.Fatal(err)
	}
	c.end()
	return c, st[0]
}

func sealDurable(t *testing.T, s porep.Sector, data []byte) (*cost, porep.Statement) {
	t.Helper()
	dir, err := os.MkdirTemp(os.Getenv("ASSAY_COST_DIR"), "porep-cost-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	disk, err := durable.OpenOS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	c := begin()
	f, err := porep.OpenFolder(timedFS{disk, c}, s, &porep.FolderOptions{Data: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }})
	if err != nil {
		t.Fatal(err)
	}
	st, err := porep.SealFolders(t.Context(), []*porep.Folder{f}, &porep.Options{Progress: c.progress})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	c.end()
	return c, st[0]
}
