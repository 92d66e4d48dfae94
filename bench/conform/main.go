// Command conform runs golden vector files through the public API of assay.
//
//	go run ./bench/conform [-large] [-strict] DIR...
//
// It prints one line a file, `PASS|FAIL|TODO|SKIP name cases=N`, and exits 1 on any mismatch, on an unreadable or
// unknown file, and on a file without cases. TODO marks a format whose issue is open; it fails only under -strict. The
// name of a file tells its format (formats.go).
package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func main() {
	opt := options{}
	flag.BoolVar(&opt.large, "large", false, "run the vectors that need a 512 MiB sector")
	flag.BoolVar(&opt.strict, "strict", false, "fail on formats whose issue is open")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: conform [-large] [-strict] DIR...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if !run(os.Stdout, flag.Args(), opt) {
		os.Exit(1)
	}
}

type options struct{ large, strict bool }

// run checks every file under dirs and reports whether all is well.
func run(w io.Writer, dirs []string, opt options) bool {
	ok, files := true, 0
	for _, dir := range dirs {
		paths, err := list(dir)
		if err != nil {
			fmt.Fprintf(w, "FAIL %s cases=0 %v\n", dir, err)
			ok = false
			continue
		}
		for _, path := range paths {
			line, good := check(path, opt)
			if line == "" {
				continue
			}
			files++
			fmt.Fprintln(w, line)
			ok = ok && good
		}
	}
	if files == 0 {
		fmt.Fprintln(w, "FAIL no vector files found cases=0")
	}
	return ok && files > 0
}

// list returns the files under dir in name order.
func list(dir string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	sort.Strings(paths)
	return paths, err
}

// check runs one file and returns its line, empty for files that are no vectors of their own.
func check(path string, opt options) (line string, ok bool) {
	name := filepath.Base(path)
	base := strings.TrimSuffix(name, ".gz")
	if auxiliary(base) {
		return "", true
	}
	f := lookup(base)
	switch {
	case f == nil:
		return fmt.Sprintf("FAIL %s cases=0 unknown format", name), false
	case f.run == nil:
		return fmt.Sprintf("TODO %s cases=0 issue=%s", name, f.issue), !opt.strict
	case f.large && !opt.large:
		return fmt.Sprintf("SKIP %s cases=0 needs -large", name), true
	}
	v := &vector{Name: base, path: path, large: opt.large}
	cases, err := protect(f.run, v)
	if err == nil && cases == 0 {
		err = fmt.Errorf("no cases")
	}
	if err == nil && !v.opened {
		err = fmt.Errorf("the file was not read")
	}
	with := ""
	if len(v.with) > 0 {
		with = " with=" + strings.Join(v.with, ",")
	}
	if err != nil {
		return fmt.Sprintf("FAIL %s cases=%d%s %s", name, cases, with, firstLine(err)), false
	}
	return fmt.Sprintf("PASS %s cases=%d%s", name, cases, with), true
}

// protect turns a panic of the library into a failure of its file, so that the other files still run.
func protect(run handler, v *vector) (cases int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return run(v)
}

func firstLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	if len(s) > 400 {
		s = s[:400] + "..."
	}
	return s
}
