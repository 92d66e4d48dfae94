package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
)

// TestMain runs the work as a child that kills itself, when its environment says so.
func TestMain(m *testing.M) {
	if plan := os.Getenv("ASSAY_TEST_KILL"); plan != "" {
		killed(plan)
		return
	}
	os.Exit(m.Run())
}

// killed does the work in a folder and ends the process by SIGKILL before or in the middle of an operation.
func killed(plan string) {
	var at, part int
	var dir string
	fmt.Sscanf(plan, "%d %d %s", &at, &part, &dir)
	disk, err := durable.OpenOS(dir)
	if err != nil {
		os.Exit(3)
	}
	self, _ := os.FindProcess(os.Getpid())
	die := func() {
		self.Kill()
		time.Sleep(time.Hour)
	}
	_, err = work(&durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
		if op.Number == at {
			return &durabletest.Fault{N: part, Then: die}
		}
		return nil
	}}, "job", nil)
	if err != nil {
		os.Exit(4)
	}
}

// TestAdversaryKill kills a working process before and in the middle of its file operations and goes on in its folder.
func TestAdversaryKill(t *testing.T) {
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("kill: this system starts no processes")
	}
	want, ops := clean(t, "job")
	kills := states(t, 500)
	for _, c := range []struct {
		id   string
		part int
	}{{"S1", 0}, {"S2", workSegment / 2}} {
		t.Run(c.id, func(t *testing.T) {
			wrong := 0
			for i := range (kills + 1) / 2 {
				dir := t.TempDir()
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), fmt.Sprintf("ASSAY_TEST_KILL=%d %d %s", i*ops*2/(kills+1)%ops, c.part, dir))
				if err := cmd.Run(); err == nil {
					t.Fatal("the child was not killed")
				}
				got, err := workIn(t, dir, nil)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					wrong++
				}
			}
			tally(t, c.id, (kills+1)/2, wrong)
		})
	}
}

// workIn does the work in a folder of the system.
func workIn(t *testing.T, dir string, opt *durable.Options) ([]byte, error) {
	t.Helper()
	disk, err := durable.OpenOS(dir)
	if err != nil {
		return nil, err
	}
	defer disk.Close()
	return work(disk, "job", opt)
}

// TestAdversaryFolder gives the work folders that it must refuse or be independent of.
func TestAdversaryFolder(t *testing.T) {
	want, _ := clean(t, "job")
	t.Run("P18", func(t *testing.T) {
		dir := t.TempDir()
		file := filepath.Join(dir, "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		loop := filepath.Join(dir, "loop")
		if err := os.Symlink("loop", loop); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{file, loop, filepath.Join(dir, "missing")} {
			if _, err := workIn(t, bad, nil); err == nil {
				t.Errorf("%s was accepted", bad)
			}
		}
		disk, err := durable.OpenOS(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer disk.Close()
		outside := filepath.Join(t.TempDir(), "outside")
		if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"../x", "/x", "a/../../x", "link", "", "a\\b"} {
			if _, err := disk.OpenFile(name, os.O_RDWR|os.O_CREATE); err == nil {
				t.Errorf("%q was opened", name)
			}
		}
		if _, err := os.Lstat(outside); !errors.Is(err, fs.ErrNotExist) {
			t.Error("something was made outside the folder")
		}
		tally(t, "P18", 9, 0)
	})
	t.Run("P19", func(t *testing.T) {
		dir := t.TempDir()
		disk, err := durable.OpenOS(dir)
		if err != nil {
			t.Fatal(err)
		}
		first, err := durable.Open(disk, []byte("job"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := workIn(t, dir, nil); !errors.Is(err, durable.ErrLocked) {
			t.Errorf("got %v, want ErrLocked", err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := workIn(t, dir, nil); err != nil || !bytes.Equal(got, want) {
			t.Errorf("after the lock was dropped: %v", err)
		}
		tally(t, "P19", 1, 0)
	})
	t.Run("S16", func(t *testing.T) {
		dir := t.TempDir()
		if _, err := workIn(t, dir, nil); err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 1))
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			when := time.Unix(r.Int64N(1<<33), 0)
			if err := os.Chtimes(filepath.Join(dir, e.Name()), when, when); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := workIn(t, dir, nil); err != nil || !bytes.Equal(got, want) {
			t.Errorf("with other times on the files: %v", err)
		}
		tally(t, "S16", len(entries), 0)
	})
	t.Run("S17", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			t.Skip("folder: an open folder cannot be removed on Windows")
		}
		dir := filepath.Join(t.TempDir(), "job")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		disk, err := durable.OpenOS(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer disk.Close()
		_, err = work(&durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
			if op.Number == 30 {
				os.RemoveAll(dir)
			}
			return nil
		}}, "job", nil)
		if err == nil {
			t.Error("the folder was removed and the work went on")
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Error("the folder was made again")
		}
		tally(t, "S17", 1, 0)
	})
}

// TestAdversaryNoMapping checks that no file on the durable path is mapped for writing: a full disk or a bad block under a
// mapping is a signal that no error handling sees.
func TestAdversaryNoMapping(t *testing.T) {
	t.Run("S18", func(t *testing.T) {
		files, err := filepath.Glob("*.go")
		if err != nil || len(files) == 0 {
			t.Fatal(err)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(name, "_test.go") && strings.Contains(strings.ToLower(string(b)), "mmap") {
				t.Errorf("%s maps memory", name)
			}
		}
		tally(t, "S18", len(files), 0)
	})
}

// TestPolicies resumes under every policy, and shows what each sees of a flipped byte.
func TestPolicies(t *testing.T) {
	want, ops := clean(t, "job")
	for _, opt := range []durable.Options{{Resume: durable.Full}, {Resume: durable.Sampled, Samples: 1}, {Resume: durable.Trust}} {
		disk := durabletest.NewDisk()
		work(&durabletest.Faulty{FS: disk, Plan: powerOff(ops/2, 0)}, "job", nil)
		if got, err := work(disk, "job", &opt); err != nil || !bytes.Equal(got, want) {
			t.Errorf("policy %d: %v", opt.Resume, err)
		}
	}
	disk := durabletest.NewDisk()
	work(&durabletest.Faulty{FS: disk, Plan: powerOff(ops/2, 0)}, "job", nil)
	disk.Bytes("data")[0] ^= 1
	found := false
	opt := durable.Options{Resume: durable.Sampled, Report: func(e durable.Event) { found = found || e.Name == "data" && e.Block == 0 }}
	if got, err := work(disk, "job", &opt); err != nil || !bytes.Equal(got, want) || !found {
		t.Errorf("sampled: %v, found %v", err, found)
	}
}

// FuzzRecord feeds the journal's decoder; what it accepts it must write back byte for byte.
func FuzzRecord(f *testing.F) {
	disk := durabletest.NewDisk()
	if _, err := work(disk, "job", nil); err != nil {
		f.Fatal(err)
	}
	log := disk.Bytes("assay.journal")
	for i := 0; i < 4; i++ {
		f.Add(bytes.Clone(log[i*durable.RecordSize:(i+1)*durable.RecordSize]), byte(i))
	}
	f.Fuzz(func(t *testing.T, b []byte, seed byte) {
		var prev durable.Digest
		if len(b) >= durable.RecordSize && seed%2 == 0 {
			copy(prev[:], b[112:])
		}
		again, err := durable.ParseRecord(b, prev)
		if err == nil && !bytes.Equal(again, b[:durable.RecordSize]) {
			t.Error("accepted bytes that it would not write")
		}
	})
}
