//go:build unix

package porep_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// TestFolderCost measures what the durable path costs: pairs of seals in turn, SealFolders on a disk against Seal in memory (no
// sync costs anything there), the least of each: the time, and, since others may load the machine, the processor's time and the time
// in syncs. ASSAY_COST names the size, such as 512MiB, ASSAY_PAIRS the
// number of pairs (3), ASSAY_COST_DIR where to work, ASSAY_COST_OFF where to work without a Folder instead of in memory.
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
	pairs, err := strconv.Atoi(os.Getenv("ASSAY_PAIRS"))
	if err != nil {
		pairs = 3
	}
	data := stream("cost", int(p.Size.Unpadded()))
	s := porep.Sector{Proof: p}
	var on, off cost
	for range pairs {
		took, st := sealPlain(t, p, data)
		off.least(took)
		s.CommD = st.CommD
		took, got := sealDurable(t, s, data)
		on.least(took)
		if got != st {
			t.Fatal("other replicas")
		}
	}
	t.Logf("%v, %d pairs: durable %v, of it %v in syncs, plain %v: %+.1f %%", size, pairs, on.wall, on.sync, off.wall, 100*(on.wall.Seconds()/off.wall.Seconds()-1))
	t.Logf("processor: durable %v, plain %v: %+.1f %%", on.cpu, off.cpu, 100*(on.cpu.Seconds()/off.cpu.Seconds()-1))
}

// A cost is what a seal took.
type cost struct{ wall, cpu, sync time.Duration }

func (c *cost) least(d cost) {
	c.wall, c.cpu, c.sync = least(c.wall, d.wall), least(c.cpu, d.cpu), least(c.sync, d.sync)
}

// cpuTime is the processor time of the process so far.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// A timedFS adds up the time of the syncs of files.
type timedFS struct {
	durable.FS
	spent *atomic.Int64
}

func (f timedFS) OpenFile(name string, flag int) (durable.File, error) {
	file, err := f.FS.OpenFile(name, flag)
	return timedFile{file, f.spent}, err
}

type timedFile struct {
	durable.File
	spent *atomic.Int64
}

func (f timedFile) Sync() error {
	start := time.Now()
	defer func() { f.spent.Add(int64(time.Since(start))) }()
	return f.File.Sync()
}

func least(a, b time.Duration) time.Duration {
	if a == 0 {
		return b
	}
	return min(a, b)
}

func sealPlain(t *testing.T, p sector.Proof, data []byte) (cost, porep.Statement) {
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
	start, cpu := time.Now(), cpuTime(t)
	st, err := porep.Seal(t.Context(), []porep.Job{{Files: f, Proof: p, Data: bytes.NewReader(data)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return cost{time.Since(start), cpuTime(t) - cpu, 0}, st[0]
}

func sealDurable(t *testing.T, s porep.Sector, data []byte) (cost, porep.Statement) {
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
	var syncs atomic.Int64
	start, cpu := time.Now(), cpuTime(t)
	f, err := porep.OpenFolder(timedFS{disk, &syncs}, s, &porep.FolderOptions{Data: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }})
	if err != nil {
		t.Fatal(err)
	}
	st, err := porep.SealFolders(t.Context(), []*porep.Folder{f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return cost{time.Since(start), cpuTime(t) - cpu, time.Duration(syncs.Load())}, st[0]
}
