package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/examples/filecoin/sim"
	"github.com/assaylab/assay/examples/internal/cli"
	"github.com/assaylab/assay/porep/sector"
)

// marketSettings are the flags of -market.
type marketSettings struct {
	on                       bool
	config                   sim.Config
	report, deny, statements string
	json                     bool
}

// flags declares them.
func (m *marketSettings) flags(set *flag.FlagSet) {
	set.BoolVar(&m.on, "market", false, "")
	set.StringVar(&m.report, "report", "", "")
	set.BoolVar(&m.json, "json", false, "")
	set.Uint64Var(&m.config.Seed, "seed", 1, "")
	set.IntVar(&m.config.Days, "days", sim.DefaultDays, "")
	set.IntVar(&m.config.Providers, "providers", sim.MinProviders, "")
	set.BoolVar(&m.config.OldFees, "oldfees", false, "")
	set.StringVar(&m.deny, "deny", "", "")
	set.StringVar(&m.statements, "statements", "", "")
}

// check refuses flags that do not go together. set has been parsed.
func (m *marketSettings) check(set *flag.FlagSet) (err error) {
	ours := map[string]bool{"report": true, "json": true, "seed": true, "days": true, "providers": true, "oldfees": true, "deny": true, "statements": true}
	theirs := map[string]bool{"profile": true, "size": true, "in": true, "verify": true}
	set.Visit(func(f *flag.Flag) {
		switch {
		case m.on && theirs[f.Name]:
			err = fmt.Errorf("-%s does not go with -market", f.Name)
		case !m.on && ours[f.Name]:
			err = fmt.Errorf("-%s goes with -market only", f.Name)
		}
	})
	if err == nil && m.on && (m.config.Days < sim.MinDays || m.config.Days > sim.MaxDays) {
		err = fmt.Errorf("-days %d is not from %d to %d", m.config.Days, sim.MinDays, sim.MaxDays)
	}
	if err == nil && m.on && (m.config.Providers < sim.MinProviders || m.config.Providers > sim.MaxProviders) {
		err = fmt.Errorf("-providers %d is not from %d to %d", m.config.Providers, sim.MinProviders, sim.MaxProviders)
	}
	return err
}

// market simulates the market in dir. What came of it goes to out, as text or JSON, and into the files that are asked for.
func market(ctx context.Context, m marketSettings, dir string, out io.Writer) (err error) {
	if m.deny != "" {
		if m.config.Policy, err = denyList(m.deny); err != nil {
			return err
		}
	}
	for _, path := range []string{m.report, m.statements} {
		if err := writable(path); err != nil {
			return err
		}
	}
	if m.config.Dir = dir; dir == "" {
		if m.config.Dir, err = os.MkdirTemp("", "assay-market-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(m.config.Dir)) }()
	} else if err := newDir(dir); err != nil {
		return err
	}
	ph := newPhases()
	m.config.Progress = ph.progress
	result, err := sim.Run(ctx, m.config)
	ph.endBar()
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; the same seed gives the same run: %w", ctx.Err())
	}
	if err != nil {
		return err
	}
	costs, err := responseCosts(ctx)
	if err != nil {
		return err
	}
	return errors.Join(m.print(out, result, costs), m.save(result, costs)) // a full disk loses no more than it must
}

// print writes the result as text or JSON.
func (m *marketSettings) print(out io.Writer, result *sim.Result, costs costTable) error {
	if m.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "\t")
		return e.Encode(struct {
			*sim.Result
			Costs costTable `json:"epoch_root_costs"`
		}{result, costs})
	}
	if err := costs.write(out); err != nil {
		return err
	}
	return result.WriteText(out)
}

// save writes the files that are asked for.
func (m *marketSettings) save(result *sim.Result, costs costTable) (err error) {
	if m.report != "" {
		page := result.Report()
		costs.add(page)
		err = page.Save(m.report)
	}
	if m.statements != "" {
		err = errors.Join(err, cli.WriteFile(m.statements, result.WriteStatements))
	}
	return err
}

// writable tells before a long run whether a file can be made there; "" is none.
func writable(path string) error {
	if path == "" {
		return nil
	}
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a directory", path)
	case err == nil && !info.Mode().IsRegular():
		return nil // a device or a pipe: nothing is made beside it
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".assay-*.tmp")
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// newDir makes a directory, which must be new or empty: sectors of another run are not taken for this one's.
func newDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s is not empty: name another with -dir", dir)
	}
	return err
}

// denyList reads addresses and piece CIDs, one a line; # begins a comment.
func denyList(path string) (sim.DenyList, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list := sim.DenyList{}
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		name, _, _ := strings.Cut(in.Text(), "#")
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		_, asAddress := filecoin.ParseAddress(name)
		_, asPiece := sector.ParseCommPCID(name)
		if asAddress != nil && asPiece != nil {
			return nil, fmt.Errorf("%s, line %d: %.80q is neither an address nor a piece CID", path, n, name)
		}
		list[name] = true
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}
