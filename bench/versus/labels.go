package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/sector"
)

// labelMessage is the number of bytes hashed for a label.
const labelMessage = 64 + 37*32

// labelIDs are the replica ids of the sectors; the first is that of bench/rust.
func labelIDs(n int) []sector.ReplicaID {
	ids := make([]sector.ReplicaID, n)
	for i := range ids {
		label := "assay/replica"
		if i > 0 {
			label += fmt.Sprint(i)
		}
		ids[i] = sector.ReplicaID(labelledBytes(label, 32))
		ids[i][31] &= 0x3f
	}
	return ids
}

// labelsCached labels lanes sectors of 32 KiB together, 11 layers, parents at hand, labels thrown away. The
// peers hash as many messages of a label's length and have their data ready: no parent is gathered there.
func labelsCached(lanes int) func() ([]duel, func(), error) {
	return func() ([]duel, func(), error) {
		p, err := sector.NewProof(sector.NewPoRepID(6, 0), 32<<10, sector.V1_1_0, 0)
		if err != nil {
			return nil, nil, err
		}
		p.Layers = 11
		ctx := context.Background()
		g, err := graph.New(p)
		if err != nil {
			return nil, nil, err
		}
		table, err := graph.Load(ctx, g, nil)
		if err != nil {
			return nil, nil, err
		}
		ids := labelIDs(lanes)
		opt := &porep.Options{Workers: 1, Lanes: lanes, Parents: table}
		label := func(ws []io.WriterAt) error { return porep.LabelBatch(ctx, ids, p, ws, opt) }
		nowhere := make([]io.WriterAt, lanes)
		for i := range nowhere {
			nowhere[i] = discard{}
		}
		ours := timedErr(func() error { return label(nowhere) })
		work := float64(p.Layers) * float64(p.Nodes()) * float64(lanes)
		check := func() error { return checkChain(p, table.All(), ids, label) }
		return againstMessages(work, ours, check)
	}
}

// againstMessages are the duels of labels against the bare hashing of as many messages of their length, by
// crypto/sha256 and by Rust's sha2.
func againstMessages(labels float64, ours side, check func() error) ([]duel, func(), error) {
	const count = 64
	data := labelledBytes("assay/sha2", labelMessage*count)
	all := sha256.New()
	for i := range count {
		d := sha256.Sum256(data[i*labelMessage:][:labelMessage])
		all.Write(d[:])
	}
	rust, err := startRust("sha2", fmt.Sprint(labelMessage), fmt.Sprint(count))
	if err != nil {
		return nil, nil, err
	}
	standard := func(n int) (time.Duration, error) {
		var sum [32]byte
		start := clock()
		for i := range n * int(labels) {
			sum = sha256.Sum256(data[i%count*labelMessage:][:labelMessage])
		}
		took := clock() - start
		runtime.KeepAlive(sum)
		return took, nil
	}
	d := rust.against(duel{peer: "rust-sha2-0.10", unit: "ns/label", work: labels, ours: ours, recorded: 719}, all.Sum(nil))
	if rust != nil {
		d.theirs = func(n int) (time.Duration, error) { return rust.side(n * int(labels) / count) }
	}
	return []duel{{peer: "crypto/sha256", unit: "ns/label", work: labels, ours: ours, theirs: standard, check: check}, d}, rust.Close, nil
}

// scaled makes a side of one that does only a part of the work: its times are multiplied by f.
func scaled(s side, f float64) side {
	return func(n int) (time.Duration, error) {
		took, err := s(n)
		return time.Duration(float64(took) * f), err
	}
}

// discard is written at and keeps nothing.
type discard struct{}

func (discard) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }

// kept is memory that is written at.
type kept []byte

func (m kept) WriteAt(b []byte, off int64) (int, error) { return copy(m[off:], b), nil }

// checkChain labels into memory and makes every label again through crypto/sha256.
func checkChain(p sector.Proof, parents []uint32, ids []sector.ReplicaID, label func([]io.WriterAt) error) error {
	ws, got := make([]io.WriterAt, len(ids)), make([]kept, len(ids))
	for i := range ids {
		got[i] = make(kept, uint64(p.Layers)*uint64(p.Size))
		ws[i] = got[i]
	}
	if err := label(ws); err != nil {
		return err
	}
	for i, id := range ids {
		for layer := 1; layer <= p.Layers; layer++ {
			for node := range p.Nodes() {
				off := (uint64(layer-1)*p.Nodes() + node) * 32
				want := oneLabel(id, layer, node, parents[node*graph.Degree:][:graph.Degree], got[i], p.Nodes())
				if !bytes.Equal(got[i][off:off+32], want[:]) {
					return fmt.Errorf("sector %d layer %d node %d: ours %x, crypto/sha256 %x", i, layer, node, got[i][off:off+32], want)
				}
			}
		}
	}
	return nil
}

// oneLabel makes a label from the labels before it, all layers in one memory.
func oneLabel(id sector.ReplicaID, layer int, node uint64, parents []uint32, all []byte, nodes uint64) [32]byte {
	m := append(make([]byte, 0, labelMessage), id[:]...)
	m = binary.BigEndian.AppendUint32(m, uint32(layer))
	m = binary.BigEndian.AppendUint64(m, node)
	m = append(m, make([]byte, 20)...)
	for j := 0; node > 0 && len(m) < labelMessage; j++ {
		k, from := j%graph.Degree, uint64(layer-1)
		switch {
		case layer == 1:
			k = j % graph.BaseDegree
		case k >= graph.BaseDegree:
			from--
		}
		m = append(m, all[(from*nodes+uint64(parents[k]))*32:][:32]...)
	}
	sum := sha256.Sum256(m)
	sum[31] &= 0x3f
	return sum
}

// labels8MiB labels sectors of 8 MiB together into files, in CPU time a label, against PC1 of rust-fil-proofs
// on one such sector, single-core or multicore, whichever is cheaper.
func labels8MiB(lanes int) func() ([]duel, func(), error) {
	return func() ([]duel, func(), error) { return labelFiles(lanes) }
}

func labelFiles(lanes int) ([]duel, func(), error) {
	p, err := sector.StackedDRG8MiBV1_1.Proof()
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "versus-labels-")
	if err != nil {
		return nil, nil, err
	}
	closing := func() { os.RemoveAll(dir) }
	ctx := context.Background()
	g, err := graph.New(p)
	if err != nil {
		return nil, closing, err
	}
	table, err := graph.Load(ctx, g, nil)
	if err != nil {
		return nil, closing, err
	}
	ids := labelIDs(lanes)
	batch := func() error {
		ws := make([]io.WriterAt, len(ids))
		for i := range ws {
			f, err := os.Create(filepath.Join(dir, fmt.Sprint("labels-", i)))
			if err != nil {
				return err
			}
			defer f.Close()
			ws[i] = f
		}
		return porep.LabelBatch(ctx, ids, p, ws, &porep.Options{Workers: 1, Lanes: lanes, Parents: table})
	}
	if err := batch(); err != nil {
		return nil, closing, err
	}
	layers, err := os.ReadFile(filepath.Join(dir, "labels-0"))
	if err != nil {
		return nil, closing, err
	}
	last := sha256.Sum256(layers[uint64(p.Layers-1)*uint64(p.Size):])
	ours := scaled(cpuTimed(batch), 1/float64(len(ids)))
	mode, rust, err := cheaperPC1(dir, p)
	if err != nil {
		return nil, closing, err
	}
	d := rust.against(duel{peer: "rust-fil-proofs-19.1" + mode, unit: "ns/label", recorded: 963,
		work: float64(p.Layers) * float64(p.Nodes()), ours: ours}, last[:])
	return []duel{d}, func() { rust.Close(); closing() }, nil
}

// cheaperPC1 starts the single-core and the multicore PC1 of rust-fil-proofs and keeps the one that takes less
// CPU time; nil where there is no Rust.
func cheaperPC1(dir string, p sector.Proof) (mode string, best *rustPeer, err error) {
	var least time.Duration
	for _, m := range []string{"single", "multi"} {
		sub := filepath.Join(dir, m)
		if err := os.Mkdir(sub, 0o755); err != nil {
			best.Close()
			return "", nil, err
		}
		peer, err := startRust("labels", m, fmt.Sprint(uint64(p.Size)), "6", fmt.Sprint(p.Layers), sub)
		if peer == nil || err != nil {
			best.Close()
			return "", nil, err
		}
		took, err := peer.side(1)
		if err != nil {
			peer.Close()
			best.Close()
			return "", nil, err
		}
		if best == nil || took < least {
			mode, best, peer, least = "-"+m, peer, best, took
		}
		peer.Close()
	}
	return mode, best, nil
}
