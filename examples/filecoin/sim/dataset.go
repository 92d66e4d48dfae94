package sim

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/assaylab/assay/erasure"
	"github.com/assaylab/assay/merkle"
)

// shardBytes is the size of a shard; with its block it fills one sector.
const shardBytes = 1024

// A dataset is an object in shards with different providers.
type dataset struct {
	client   *client
	plain    []byte
	manifest *erasure.Manifest
	root     merkle.Digest
	deals    [shards]*deal
	lost     bool // a policy left too few shards
}

// encodeDataset encrypts a client's object and cuts it into shards, any dataShards of which bring it back.
func (w *world) encodeDataset(c *client) ([][]byte, error) {
	d := &dataset{client: c, plain: w.random(dataShards*shardBytes - 40)}
	sealed, err := c.encrypt(w, d.plain)
	if err != nil {
		return nil, err
	}
	code, err := erasure.New(dataShards, shards-dataShards, nil)
	if err != nil {
		return nil, err
	}
	out := make([]bytes.Buffer, shards)
	writers := make([]io.Writer, shards)
	for i := range out {
		writers[i] = &out[i]
	}
	if d.manifest, err = erasure.Encode(w.ctx, code, bytes.NewReader(sealed), writers, &erasure.Options{Block: shardBytes}); err != nil {
		return nil, err
	}
	if d.root, err = d.manifest.Root(nil); err != nil {
		return nil, err
	}
	w.data = d
	parts := make([][]byte, shards)
	for i := range out {
		parts[i] = out[i].Bytes()
	}
	return parts, nil
}

// gather fetches the shards that can be had from their providers, against vouchers; the others are nil.
func (w *world) gather() ([]io.ReaderAt, int, error) {
	readers := make([]io.ReaderAt, shards)
	got := 0
	for i, d := range w.data.deals {
		if d == nil || d.over {
			continue
		}
		for _, h := range w.find(d.cid) {
			data, err := w.fetch(w.data.client.name, w.data.client.key, d.cid, len(d.data), h)
			if errors.Is(err, errServed) {
				continue
			}
			if err != nil {
				return nil, 0, err
			}
			readers[i] = bytes.NewReader(data)
			got++
			break
		}
	}
	return readers, got, nil
}

// repairDataset brings back the shards whose deals are over, from the others, and makes new deals for them with providers that
// hold none.
func (w *world) repairDataset() error {
	readers, got, err := w.gather()
	if err != nil {
		return err
	}
	if w.Policy != nil && got < dataShards {
		w.data.lost = true
		w.res.Dropped = append(w.res.Dropped, fmt.Sprintf("dataset: %d of %d shards are left, %d would do", got, shards, dataShards))
		return nil
	}
	for i, r := range readers {
		if r != nil {
			continue
		}
		var out bytes.Buffer
		writers := make([]io.Writer, shards)
		writers[i] = &out
		report, err := erasure.Repair(w.ctx, w.data.manifest, readers, writers, nil)
		if err != nil {
			return fmt.Errorf("repair of shard %d from %d others: %w", i, got, err)
		}
		p := w.withoutShard()
		if p == nil && w.Policy != nil {
			w.res.Dropped = append(w.res.Dropped, fmt.Sprintf("shard %d: no provider is free", i))
			continue
		}
		if p == nil {
			return fmt.Errorf("sim: no provider is free for shard %d", i)
		}
		d, err := w.place(w.data.client, p, out.Bytes(), p.ask, fmt.Sprintf("shard %d, repaired", i))
		if err != nil {
			return err
		}
		if d == nil {
			continue
		}
		w.data.deals[i] = d
		w.res.RepairedShards++
		w.res.RepairRead += report.Read
		if err := w.note("shard repaired", fmt.Sprintf("shard %d of %x at %s", i, w.data.root[:8], p.name), w.data.client.name); err != nil {
			return err
		}
	}
	return nil
}

// withoutShard returns a provider that holds no shard of the dataset and is in good standing, the cheapest one.
func (w *world) withoutShard() *provider {
	var best *provider
	for i, p := range w.providers {
		if i == roleLeaves || i == roleCheat || p.barredUntil > 0 {
			continue
		}
		free := true
		for _, d := range w.data.deals {
			free = free && (d == nil || d.over || d.provider != p)
		}
		if free && (best == nil || p.ask.Cmp(best.ask) < 0) {
			best = p
		}
	}
	return best
}

// readDataset fetches the shards, decodes and decrypts, and compares with what the client put in.
func (w *world) readDataset() error {
	if w.data.lost {
		return nil
	}
	readers, got, err := w.gather()
	if err != nil {
		return err
	}
	var sealed bytes.Buffer
	if _, err := erasure.Decode(w.ctx, w.data.manifest, readers, &sealed, nil); err != nil {
		return fmt.Errorf("dataset from %d shards: %w", got, err)
	}
	plain, err := w.data.client.decrypt(sealed.Bytes())
	if err == nil && !bytes.Equal(plain, w.data.plain) {
		err = errors.New("sim: the dataset came back changed")
	}
	w.res.DatasetRead = err == nil
	return err
}
