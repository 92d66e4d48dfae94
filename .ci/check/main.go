// Command check holds the core's imports against .ci/imports.txt and its direct dependencies against .ci/deps.txt.
// Run it at the repository root: go run ./.ci/check
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
)

const module = "github.com/assaylab/assay/"

func main() {
	bad := append(imports(), deps()...)
	for _, line := range bad {
		fmt.Println(line)
	}
	if len(bad) > 0 {
		os.Exit(1)
	}
	fmt.Println("imports and dependencies as listed")
}

// imports returns the imports of core packages that the table does not allow.
func imports() (bad []string) {
	allowed := table(".ci/imports.txt")
	list := `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`
	for _, line := range lines(output("go", "list", "-f", list, "./...")) {
		f := strings.Fields(line)
		pkg := strings.TrimPrefix(f[0], module)
		may, known := allowed[pkg]
		if !known {
			bad = append(bad, pkg+" is not in .ci/imports.txt")
		}
		for _, imp := range f[1:] {
			if own := strings.TrimPrefix(imp, module); own != imp && known && !matches(may, own) {
				bad = append(bad, fmt.Sprintf("%s imports %s, which .ci/imports.txt does not allow", pkg, own))
			}
		}
	}
	return bad
}

// deps returns the differences between go.mod's direct requirements and .ci/deps.txt.
func deps() (bad []string) {
	want := lines(read(".ci/deps.txt"))
	have := lines(output("go", "list", "-m", "-f", "{{if not (or .Main .Indirect)}}{{.Path}} {{.Version}}{{end}}", "all"))
	for _, d := range have {
		if !slices.Contains(want, d) {
			bad = append(bad, "go.mod requires "+d+", which .ci/deps.txt does not list")
		}
	}
	for _, d := range want {
		if !slices.Contains(have, d) {
			bad = append(bad, ".ci/deps.txt lists "+d+", which go.mod does not require")
		}
	}
	return bad
}

// table reads "package : import import ..." lines; "name = import ..." defines a word for several imports.
func table(file string) map[string][]string {
	words, rows := map[string][]string{}, map[string][]string{}
	for _, line := range lines(read(file)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if name, list, ok := strings.Cut(line, "="); ok {
			words[strings.TrimSpace(name)] = strings.Fields(list)
			continue
		}
		pkg, list, ok := strings.Cut(line, ":")
		if !ok {
			fail("%s: no colon in %q", file, line)
		}
		may := []string{}
		for _, word := range strings.Fields(list) {
			if several, ok := words[word]; ok {
				may = append(may, several...)
				continue
			}
			may = append(may, word)
		}
		rows[strings.TrimSpace(pkg)] = may
	}
	return rows
}

func matches(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, pkg)
		return ok && err == nil
	})
}

func read(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		fail("%v", err)
	}
	return string(b)
}

func output(name string, arg ...string) string {
	cmd := exec.Command(name, arg...)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.Stderr = os.Stderr
	b, err := cmd.Output()
	if err != nil {
		fail("%s %s: %v", name, strings.Join(arg, " "), err)
	}
	return string(b)
}

// lines returns the lines of s that are not blank.
func lines(s string) (out []string) {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "check: "+format+"\n", args...)
	os.Exit(2)
}
