package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/examples/internal/cli"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// TestMain lets the test binary be the command, too, and its second process.
func TestMain(m *testing.M) {
	if os.Getenv("ASSAY_TEST_COMMAND") != "" || len(os.Args) == 2 && os.Args[1] == "-verify" {
		main()
		return
	}
	os.Exit(m.Run())
}

// newWorker returns a worker for some bytes in a 2 KiB sector, and what it says.
func newWorker(t *testing.T, profile, content string) (*worker, *bytes.Buffer) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	k := kind{profile, "2KiB"}
	sp, err := k.proof()
	if err != nil {
		t.Fatal(err)
	}
	in, err := openInput(path, sp.Size.Unpadded(), "")
	if err != nil {
		t.Fatal(err)
	}
	said := new(bytes.Buffer)
	w := &worker{kind: k, in: in, phases: &phases{err: new(bytes.Buffer)}, out: said}
	w.opt = &porep.Options{Progress: w.phases.progress}
	if err := w.input(t.Context(), sp); err != nil {
		t.Fatal(err)
	}
	return w, said
}

// flipFile flips a byte of a file of a folder.
func flipFile(t *testing.T, dir, name string, off int64) {
	t.Helper()
	if err := flip(filepath.Join(dir, filepath.FromSlash(name)), off); err != nil {
		t.Fatal(err)
	}
}

// contains expects each text in what was said.
func contains(t *testing.T, said string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(said, want) {
			t.Errorf("the output lacks %q:\n%s", want, said)
		}
	}
}

// TestAll runs every phase under each profile, twice in one directory, the second time with two damaged files.
func TestAll(t *testing.T) {
	commR := map[string]sector.CommR{}
	for _, profile := range []string{filecoinProfile, nativeProfile} {
		t.Run(profile, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "new", "sector")
			w, said := newWorker(t, profile, "a real file")
			if err := w.all(t.Context(), dir); err != nil {
				t.Fatal(err)
			}
			contains(t, said.String(), "the folder names it: porep: sealed, block 0 of 1 MiB", "the prover refuses: porep: ", "forged proof: the verifier refused",
				fmt.Sprintf("verified %d challenges", w.st.Proof.Challenges), "mend", w.st.CommR.String(), "baga6ea4seaq", "11 bytes, BLAKE3")
			if cid := strings.Contains(said.String(), "bagboea4b5abc"); cid != (profile == filecoinProfile) {
				t.Errorf("a CID of the replica: %v:\n%s", cid, said)
			}
			commR[profile] = w.st.CommR
			for _, name := range []string{"cache/sc-02-data-layer-2.dat", "sealed"} {
				flipFile(t, dir, name, 5)
			}
			again, said := newWorker(t, profile, "a real file")
			if err := again.all(t.Context(), dir); err != nil {
				t.Fatal(err)
			}
			if again.st.Sector != w.st.Sector || again.st.CommR != w.st.CommR {
				t.Error("another sector came out of the same job")
			}
			contains(t, said.String(), "remake  cache/sc-02-data-layer-2.dat, block 0 of 1 MiB: the bytes differ", "remake  sealed, block 0 of 1 MiB: the bytes differ", "label nodes kept")
			if strings.Contains(said.String(), "remake  cache/sc-02-data-layer-1.dat") {
				t.Errorf("a file that was whole was made again:\n%s", said)
			}
		})
	}
	if commR[filecoinProfile] == commR[nativeProfile] {
		t.Error("both profiles make the same replica")
	}
}

// TestProfileApart has each profile's proof judged under the other: it is refused.
func TestProfileApart(t *testing.T) {
	for _, profile := range []string{filecoinProfile, nativeProfile} {
		w, _ := newWorker(t, profile, "a real file")
		var err error
		if w.folder, err = openFolder(t.TempDir(), w.st.Sector, w.in, w.out); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.seal(t.Context()), w.prove(t.Context()), w.folder.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := verifyElsewhere(t.Context(), publicOf(w.kind, &w.st), w.c1); err != nil {
			t.Error(profile, err)
		}
		other := kind{filecoinProfile, w.Size}
		if profile == filecoinProfile {
			other.Profile = nativeProfile
		}
		if said, err := verifyElsewhere(t.Context(), publicOf(other, &w.st), w.c1); !errors.Is(err, errRefused) {
			t.Errorf("a proof under %s passes under %s: %q, %v", profile, other.Profile, said, err)
		}
	}
}

// sealIn opens the folder and seals, no more.
func (w *worker) sealIn(ctx context.Context, dir string) (err error) {
	if w.folder, err = openFolder(dir, w.st.Sector, w.in, w.out); err != nil {
		return err
	}
	return errors.Join(w.seal(ctx), w.folder.Close())
}

// TestInterrupt cancels a seal at each of its reports and expects the next one to end well, without labels that were recorded.
func TestInterrupt(t *testing.T) {
	whole, _ := newWorker(t, nativeProfile, "interrupted")
	reports := 0
	whole.opt.Progress = func(string, uint64, uint64) { reports++ }
	if err := whole.sealIn(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for at := range reports {
		dir := t.TempDir()
		w, _ := newWorker(t, nativeProfile, "interrupted")
		ctx, cancel := context.WithCancel(t.Context())
		seen, last := 0, ""
		w.opt.Progress = func(stage string, _, _ uint64) {
			if seen++; seen == at+1 {
				last = stage
				cancel()
			}
		}
		if err := w.sealIn(ctx, dir); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(at, err)
		}
		cancel()
		w, _ = newWorker(t, nativeProfile, "interrupted")
		if err := w.sealIn(t.Context(), dir); err != nil {
			t.Fatal(at, err)
		}
		if w.st.CommR != whole.st.CommR {
			t.Errorf("interrupted at report %d: CommR %v, want %v", at, w.st.CommR, whole.st.CommR)
		}
		note := ""
		for _, p := range w.phases.list {
			if p.name == "seal" {
				note = p.note
			}
		}
		if (last == "tree C" || last == "tree R") && !strings.Contains(note, "all label nodes kept") && !strings.Contains(note, "found whole") {
			t.Errorf("interrupted at report %d, of %s: %s", at, last, note)
		}
	}
}

// TestOtherJob expects a directory with another job, in use, or with other files to be refused, and left as it is.
func TestOtherJob(t *testing.T) {
	dir := t.TempDir()
	w, _ := newWorker(t, filecoinProfile, "one")
	f, err := openFolder(dir, w.st.Sector, w.in, w.out)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.all(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for profile, content := range map[string]string{filecoinProfile: "two", nativeProfile: "one"} {
		w, _ := newWorker(t, profile, content)
		if err := w.all(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "another job") {
			t.Error(err)
		}
	}
	if err := w.all(t.Context(), dir); err != nil {
		t.Error(err)
	}
	foreign := filepath.Join(t.TempDir(), "sealed")
	if err := os.WriteFile(foreign, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.all(t.Context(), filepath.Dir(foreign)); err == nil || !strings.Contains(err.Error(), "something else, sealed") {
		t.Error(err)
	}
	if b, err := os.ReadFile(foreign); string(b) != "precious" {
		t.Errorf("a file of somebody else is %q: %v", b, err)
	}
}

// TestAdversary gives the command lines and the verifier nonsense (S20): one line, an error, no panic.
func TestAdversary(t *testing.T) {
	t.Run("S20", func(t *testing.T) {
		tried, accepted, panics := 0, 0, 0
		refuses := func(what string, usage bool, do func() error) {
			t.Helper()
			tried++
			defer func() {
				if p := recover(); p != nil {
					panics++
					t.Errorf("%s: panic: %v", what, p)
				}
			}()
			err, u := do(), cli.UsageError{}
			if err == nil || usage != errors.As(err, &u) || strings.Contains(err.Error(), "goroutine") {
				accepted++
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, args := range [][]string{{"-size", "3KiB"}, {"-profile", "x"}, {"-profile"}, {"-verify", "-size", "2KiB"}, {"-market", "-profile", "native"}, {"-size"}, {"-x"}, {"surplus"}, {"-verify=maybe"}, {"-size", ""},
			{"-report", "x"}, {"-json"}, {"-seed", "1"}, {"-market", "-size", "2KiB"}, {"-market", "-seed", "-1"}, {"-market", "-seed", "x"}, {"-market", "-days", "0"},
			{"-market", "-days", "1000000"}, {"-market", "-providers", "1"}, {"-market", "surplus"}, {"-market", "-verify"}} {
			refuses(strings.Join(args, " "), true, func() error { return command(t.Context(), args, os.Stdout) })
		}
		for _, args := range [][]string{{"-in", "/does/not/exist"}, {"-in", t.TempDir()}, {"-size", "2KiB", "-in", os.Args[0]}} {
			refuses(strings.Join(args, " "), false, func() error { return command(t.Context(), args, os.Stdout) })
		}
		deny := filepath.Join(t.TempDir(), "deny")
		if err := os.WriteFile(deny, []byte("f01000\nnobody # at all\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"-deny", deny}, {"-deny", "/does/not/exist"}, {"-deny", os.Args[0]}, {"-dir", deny}} {
			refuses("-market "+strings.Join(args, " "), false, func() error {
				return command(t.Context(), append([]string{"-market", "-days", "3"}, args...), os.Stdout)
			})
		}
		for _, in := range []string{"", "x", "{}", "{}\n", "null\n{}", "{\"profile\":\"filecoin\"}\n{}",
			"{\"profile\":\"native\",\"size\":\"2KiB\"}\n", "{\"profile\":\"filecoin\",\"size\":\"2KiB\"}\n{}", "{\"profile\":\"\",\"size\":\"2KiB\"}\n{}", "{\"ticket\":\"00\"}\n"} {
			refuses("verify "+in, false, func() error { return verifier(t.Context(), strings.NewReader(in), new(bytes.Buffer)) })
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "S20", tried, accepted, panics)
	})
}

// TestSourceTar expects as many files as fit, in name order, and the same bytes each time.
func TestSourceTar(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"b.go": 600, "a.md": 10, ".hidden.go": 5, "c.bin": 7, "d.txt": 3000, "e.go": 1} {
		if err := os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte{'x'}, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	in, err := sourceTar(".", 4096, "work")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range in.files {
		names = append(names, f.name)
	}
	if got := strings.Join(names, " "); got != "a.md b.go e.go" || in.size != 1024+1536+1024 {
		t.Errorf("packed %s, %d bytes", got, in.size)
	}
	err = in.sum(t.Context())
	one := *in
	if err2 := in.sum(t.Context()); one.blake3 != in.blake3 || one.piece != in.piece || err != nil || err2 != nil {
		t.Error(one, in, err, err2)
	}
	if _, err := sourceTar(".", 100, ""); err == nil {
		t.Error("nothing fits, and no error")
	}
}

// TestChangedInput changes a file between its first reading and its sealing: the run says so and no sector is sealed.
func TestChangedInput(t *testing.T) {
	w, _ := newWorker(t, nativeProfile, "before")
	if err := os.WriteFile(w.in.files[0].path, []byte("behind"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := w.all(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "changed while it was sealed") {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "sealed")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a replica of nothing: %v", err)
	}
}

// storage runs the command in another process.
func storage(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), "ASSAY_TEST_COMMAND=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// TestMarket runs the market twice from one seed: text, report and statements are the same bytes, and the book balances.
func TestMarket(t *testing.T) {
	var first []string
	for range 2 {
		dir := t.TempDir()
		page, sheet := filepath.Join(dir, "out.html"), filepath.Join(dir, "out.csv")
		text, stderr, code := storage(t, "-market", "-days", "3", "-seed", "9", "-report", page, "-statements", sheet)
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		contains(t, text, "ledger balanced: ", "sectors, ", "deal signed by another key", "10000 ")
		all := []string{text}
		for _, path := range []string{page, sheet} {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(b))
		}
		contains(t, all[1], "<svg", "Caught and priced")
		contains(t, all[2], "party,asset,kind", "block reward")
		if first == nil {
			first = all
		}
		if !slices.Equal(first, all) {
			t.Error("two runs of one seed differ")
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
			t.Errorf("%d files beside the two: %v", len(left), err)
		}
	}
}

// TestCommand expects an exit code and one line from the command for what it cannot do.
func TestCommand(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		args []string
	}{{2, []string{"-size", "1MiB"}}, {2, []string{"-market", "-days", "x"}}, {1, []string{"-in", "nothing-there"}}, {1, []string{"-size", "2KiB", "-in", "main.go"}},
		{1, []string{"-market", "-report", filepath.Join(full, "x", "y")}}, {1, []string{"-market", "-statements", full}}, {1, []string{"-market", "-dir", full}}, {1, []string{"-size", "8MiB", "-in", "main.go", "-dir", full}}} {
		_, stderr, code := storage(t, c.args...)
		if code != c.code || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "storage: ") {
			t.Errorf("%q: exit code %d, want %d: %s", c.args, code, c.code, stderr)
		}
	}
}
