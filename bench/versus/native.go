package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/sector"
)

// nativeLanes is the number of sectors that are labelled together.
const nativeLanes = 4

// nativeContest seals sectors under the native profile and under Filecoin's, with as many layers, in CPU time a sector: the labels
// of four sectors together, a quarter of it, with their parents at hand, and trees and replica of one. Files lie in the page cache. once measures each
// side a single time, for sectors that take minutes.
//
// Labels are nearly all that the native profile spends, half of what Filecoin's does. So the ratio is smaller where SHA rounds are slow
// beside Poseidon, as on Zen 5, and where memory and files cost much, which both sides pay alike: at 512 MiB a virtual machine
// with two cores of a Zen 5 measured 3.2 (where our side came first to memory that the host had not backed yet) to 4.2, at 8 MiB 5.1.
func nativeContest(size sector.Size, once bool) func() ([]duel, func(), error) {
	return func() ([]duel, func(), error) {
		dir, err := os.MkdirTemp("", "versus-native-")
		if err != nil {
			return nil, nil, err
		}
		closing := func() { os.RemoveAll(dir) }
		filecoin, err := sector.FilecoinProfile(size)
		if err != nil {
			return nil, closing, err
		}
		ours, err := newNativeSide(filepath.Join(dir, "native"), sector.NativeProfile(filecoin.Layers), size)
		if err != nil {
			return nil, closing, err
		}
		theirs, err := newNativeSide(filepath.Join(dir, "filecoin"), filecoin, size)
		if err != nil {
			return nil, closing, err
		}
		d := duel{peer: "filecoin-profile", unit: "ns/node", work: float64(size.Nodes()), ours: ours.seal, theirs: theirs.seal}
		if once {
			d.ours, d.theirs = single(d.ours), single(d.theirs)
		}
		d.check = func() error {
			for _, one := range []struct {
				side
				files *nativeSide
			}{{d.ours, ours}, {d.theirs, theirs}} {
				if once {
					touchMemory(4 * nativeLanes * uint64(size))
				}
				if _, err := one.side(1); err != nil {
					return err
				}
				if err := one.files.prove(); err != nil {
					return err
				}
				if !once {
					continue
				}
				if err := os.RemoveAll(one.files.dir); err != nil { // 5 GiB
					return err
				}
			}
			return nil
		}
		return []duel{d}, closing, nil
	}
}

// touchMemory lets the system find as much memory as a side needs for labels and their files: under a hypervisor that backs
// memory when it is first touched, it would be the first side that pays for it, with up to 4 ns a byte.
func touchMemory(n uint64) {
	b := make([]byte, n)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	runtime.KeepAlive(b)
	debug.FreeOSMemory()
}

// single lets a side work once and repeats the time it took.
func single(s side) side {
	took := time.Duration(0)
	return func(n int) (time.Duration, error) {
		if took != 0 {
			return took * time.Duration(n), nil
		}
		t, err := s(1)
		took = t
		return t * time.Duration(n), err
	}
}

// A nativeSide seals sectors of one profile.
type nativeSide struct {
	dir     string
	files   []porep.Files
	sectors []porep.Sector
	parents graph.Source
	commR   sector.CommR // of the first
}

func newNativeSide(dir string, r sector.Profile, size sector.Size) (*nativeSide, error) {
	p, err := r.Proof(5, size)
	if err != nil {
		return nil, err
	}
	g, err := graph.New(p)
	if err != nil {
		return nil, err
	}
	s := &nativeSide{dir: dir}
	if size > sector.Size8MiB {
		s.parents, err = graph.OpenCache(context.Background(), filepath.Dir(dir), g, nil)
	} else {
		s.parents, err = graph.Load(context.Background(), g, nil)
	}
	if err != nil {
		return nil, err
	}
	for i := range nativeLanes {
		sub := filepath.Join(dir, fmt.Sprint(i))
		f := porep.Files{Cache: filepath.Join(sub, "cache"), Staged: filepath.Join(sub, "staged"), Sealed: filepath.Join(sub, "sealed")}
		if err := os.MkdirAll(f.Cache, 0o755); err != nil {
			return nil, err
		}
		sec := porep.Sector{Proof: p, ID: sector.ID{Number: sector.Number(i)}}
		data := io.LimitReader(&repeated{b: labelledBytes("assay/native", 1<<20)}, int64(size.Unpadded()))
		if i > 0 {
			data = bytes.NewReader([]byte{byte(i)})
		}
		if sec.CommD, err = porep.Stage(context.Background(), f, p, data, nil); err != nil {
			return nil, err
		}
		if i > 0 { // is only labelled; at 512 MiB these are 9 GiB of disk
			if err := errors.Join(os.Remove(f.Staged), f.Prune(p)); err != nil {
				return nil, err
			}
		}
		s.files, s.sectors = append(s.files, f), append(s.sectors, sec)
	}
	return s, nil
}

// repeated reads the same bytes for ever.
type repeated struct {
	b  []byte
	at int
}

func (r *repeated) Read(b []byte) (int, error) {
	n := copy(b, r.b[r.at:])
	r.at = (r.at + n) % len(r.b)
	return n, nil
}

// seal seals n times and returns the time for one sector each.
func (s *nativeSide) seal(n int) (time.Duration, error) {
	ctx, opt := context.Background(), &porep.Options{Workers: 1, Lanes: nativeLanes, Parents: s.parents}
	labels, err := cpuTimed(func() error { return porep.LabelFiles(ctx, s.files, s.sectors, opt) })(n)
	if err != nil {
		return 0, err
	}
	for i, f := range s.files[1:] { // of these nothing more is wanted
		if err := f.Prune(s.sectors[i+1].Proof); err != nil {
			return 0, err
		}
	}
	commit, err := cpuTimed(func() error {
		var err error
		s.commR, err = porep.Commit(ctx, s.files[0], &s.sectors[0], opt)
		return err
	})(n)
	return labels/nativeLanes + commit, err
}

// prove proves the first sector and verifies the proof.
func (s *nativeSide) prove() error {
	st := &porep.Statement{Sector: s.sectors[0], CommR: s.commR, Seed: sector.Seed{1}}
	p, err := porep.Prove(context.Background(), s.files[0], st, nil)
	if err != nil {
		return err
	}
	return porep.Verify(context.Background(), st, p, nil)
}
