package merkle_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
	"github.com/assaylab/assay/merkle/merkletest"
)

// A durableTree is a tree of two base trees in files of a job, out of leaves that stream.
type durableTree struct {
	s      merkle.Shape
	l      merkle.Layout
	leaves []merkle.Digest
	root   merkle.Digest
	names  []string
	opened int
}

func newDurableTree(t *testing.T) *durableTree {
	t.Helper()
	d := &durableTree{s: must(merkle.Compound(128, 8, 2, 0)), l: merkle.Layout{Discard: 1}, names: []string{"tree-0", "tree-1"}}
	d.leaves = merkletest.Leaves(d.s.Leaves(), 90)
	d.root = must(merkle.Build(t.Context(), merkletest.Strict{}, d.s, d.leaves, nil)).Root()
	return d
}

func (d *durableTree) build(t *testing.T, fs durable.FS, opt *durable.Options) (merkle.Digest, error) {
	j, err := durable.Open(fs, []byte("tree"), opt)
	if err != nil {
		return merkle.Digest{}, err
	}
	defer j.Close()
	return merkle.BuildDurable(t.Context(), j, 1, d.names, merkletest.Strict{}, d.s, d.l, func() (merkle.Source, error) {
		d.opened++
		return merkle.FromReader(bytes.NewReader(merkle.Bytes(d.leaves))), nil
	}, &merkle.Options{Workers: 1})
}

// TestBuildDurable makes a tree once, finds it then, and makes it again where it is damaged.
func TestBuildDurable(t *testing.T) {
	d, disk := newDurableTree(t), durabletest.NewDisk()
	for i, want := range []int{1, 1, 2} {
		damaged := ""
		if i == 2 {
			disk.Bytes("tree-1")[100] ^= 1
		}
		got, err := d.build(t, disk, &durable.Options{Report: func(e durable.Event) { damaged = fmt.Sprint(e.Name, e.Block) }})
		if err != nil || got != d.root || d.opened != want {
			t.Errorf("run %d: root %x, want %x, leaves opened %d times, want %d: %v", i, got, d.root, d.opened, want, err)
		}
		if i == 2 && damaged != "tree-10" {
			t.Errorf("damage in tree-1, block 0, was told as %q", damaged)
		}
	}
	d.names = d.names[:1]
	if _, err := d.build(t, disk, nil); !errors.Is(err, merkle.ErrShape) {
		t.Errorf("one file for two trees: %v", err)
	}
}

// TestBuildDurablePower cuts the power at random operations and fails each sync once: the tree comes out right.
func TestBuildDurablePower(t *testing.T) {
	d, r := newDurableTree(t), rand.New(rand.NewPCG(9, 9))
	counted := &durabletest.Faulty{FS: durabletest.NewDisk()}
	if _, err := d.build(t, counted, nil); err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		disk := durabletest.NewDisk()
		for range 1 + r.IntN(2) {
			k, part := r.IntN(counted.Ops()), r.IntN(64)
			_, _ = d.build(t, &durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
				switch {
				case op.Number < k:
					return nil
				case op.Number == k:
					return &durabletest.Fault{N: part, Err: errBroken}
				}
				return &durabletest.Fault{Err: errBroken}
			}}, nil)
			disk = disk.Crash(r)
		}
		if got, err := d.build(t, disk, nil); err != nil || got != d.root {
			t.Fatalf("state %d: root %x, want %x: %v", i, got, d.root, err)
		}
	}
	for k := range counted.Ops() {
		disk := durabletest.NewDisk()
		got, err := d.build(t, &durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
			if op.Number == k && op.Kind == "sync" {
				return &durabletest.Fault{Err: syscall.EIO}
			}
			return nil
		}}, nil)
		if err == nil && got != d.root {
			t.Errorf("sync %d: root %x, want %x", k, got, d.root)
		}
		if got, err := d.build(t, disk, nil); err != nil || got != d.root {
			t.Errorf("after sync %d: root %x, want %x: %v", k, got, d.root, err)
		}
	}
}

// TestBuildDurableNoSync never makes the last file durable: the leaves are hashed twice, not twice for each file that waits.
func TestBuildDurableNoSync(t *testing.T) {
	d := newDurableTree(t)
	_, err := d.build(t, &durabletest.Faulty{FS: durabletest.NewDisk(), Plan: func(op durabletest.Op) *durabletest.Fault {
		if op.Kind == "sync" && op.Name == "tree-1.assay-tmp" {
			return &durabletest.Fault{Err: syscall.EIO}
		}
		return nil
	}}, nil)
	if !errors.Is(err, durable.ErrSync) || !errors.Is(err, syscall.EIO) || d.opened != 2 {
		t.Errorf("leaves opened %d times, want 2: %v", d.opened, err)
	}
}
