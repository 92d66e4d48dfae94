package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/assaylab/assay/examples/compute/verify"
	"github.com/assaylab/assay/examples/engine/queue"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/post"
)

// judge verifies a result: products by Freivalds, labels by samples, proofs as proofs; commitments and scores, which are
// cheap at this size, by doing them again. nil is proven, verify.ErrProof refuted, anything else is no verdict.
func (b *bench) judge(ctx context.Context, t *queue.Task, result []byte) error {
	switch t.Kind {
	case kindProduct:
		x, y, err := factors(t)
		if err != nil {
			return err
		}
		c, err := verify.ParseProduct(result, x.Rows*y.Cols)
		if err != nil {
			return err
		}
		var seed [32]byte
		rand.Read(seed[:])
		return verify.Product(&verify.Claim{A: x, B: y, C: c}, seed, 2)
	case kindLabel:
		return judgeLabels(ctx, t, result)
	case kindProve:
		return judgeProof(ctx, t, result)
	case kindPost:
		return judgePost(ctx, t, result)
	}
	again, err := b.do(ctx, t)
	if err == nil && !bytes.Equal(again, result) {
		err = fmt.Errorf("%w: done again, it gives other bytes", verify.ErrProof)
	}
	return err
}

// refuted turns the refusals of the library into one.
func refuted(err error, kinds ...error) error {
	for _, k := range kinds {
		if errors.Is(err, k) {
			return fmt.Errorf("%w: %w", verify.ErrProof, err)
		}
	}
	return err
}

// judgeLabels computes samples of the labels again from their parents: all of them in a sector this small.
func judgeLabels(ctx context.Context, t *queue.Task, layers []byte) error {
	_, st, err := sealing(t)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "assay-engine-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f := porep.Files{Cache: dir}
	if err := writeLayers(f, st.Proof, layers); err != nil {
		return err
	}
	err = f.CheckLayers(ctx, &st.Sector, st.Proof.Layers)
	if errors.Is(err, porep.ErrFile) {
		return fmt.Errorf("%w: labels that are not the sector's", verify.ErrProof)
	}
	return err
}

func judgeProof(ctx context.Context, t *queue.Task, result []byte) error {
	_, st, err := sealing(t)
	if err != nil {
		return err
	}
	p, err := porep.DecodeC1(result, st.Proof)
	if err == nil {
		err = porep.Verify(ctx, st, p, nil)
	}
	return refuted(err, porep.ErrFormat, porep.ErrProof)
}

func judgePost(ctx context.Context, t *queue.Task, result []byte) error {
	p, err := payload[postTask](t)
	if err != nil {
		return err
	}
	rules, public, err := p.rules()
	if err != nil {
		return err
	}
	var texts []json.RawMessage
	if err := json.Unmarshal(result, &texts); err != nil || len(texts) != len(public) {
		return fmt.Errorf("%w: %d proofs, want %d (%v)", verify.ErrProof, len(texts), len(public), err)
	}
	proofs := make([]post.SectorProof, len(texts))
	for i, text := range texts {
		p, err := rules.DecodeJSON(text)
		if err != nil {
			return refuted(err, post.ErrFormat)
		}
		proofs[i] = *p
	}
	return refuted(rules.Verify(ctx, p.Randomness, public, proofs, nil), post.ErrProof)
}
