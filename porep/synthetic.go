package porep

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/sector"
)

// Synthesize answers every challenge of the synthetic set, verifies the answers and writes them to the
// cache, in the form and under the name of the reference, so that layers, TreeD and TreeC may be pruned
// before the seed is known. The set has up to 2^18 challenges: 6 GB for 8 MiB, 11 GB for 32 GiB. st.Seed is not used.
// Memory is that of 256 answers. Errors: as Prove.
//
// Source: rust-fil-proofs stacked/vanilla/params.rs, SynthProofs.
func Synthesize(ctx context.Context, f Files, st *Statement, opt *Options) error {
	if err := cmp.Or(st.Check(), f.writable()); err != nil {
		return err
	}
	aux, err := f.readAux(st.Proof, st.CommR)
	if err != nil {
		return err
	}
	p := &Proof{CommD: st.CommD, CommR: st.CommR, CommC: aux.CommC, CommRLast: aux.CommRLast, ReplicaID: st.ReplicaID()}
	set, err := SyntheticSet(st.Proof, p.ReplicaID, st.CommR)
	if err != nil {
		return err
	}
	o, err := openOpener(&f, &st.Sector, p)
	if err != nil {
		return err
	}
	defer o.close()
	out, err := opt.kit().Create(f.cache(sector.SyntheticFile), 0)
	if err != nil {
		return err
	}
	defer out.Drop()
	w := bufio.NewWriterSize(out, 1<<20)
	head := synthHead{p.CommD, p.CommC, p.CommRLast}
	if _, err := w.Write(head.bytes()); err != nil {
		return err
	}
	record := make([]byte, 0, o.shapes.recordLen())
	for at := 0; at < len(set); at += verifyChunk {
		part := set[at:min(at+verifyChunk, len(set))]
		answers := make([]ChallengeProof, len(part))
		if err := o.answer(ctx, answers, part, opt); err != nil {
			return err
		}
		if err := verifyAnswers(ctx, st.Proof, p, 0, part, answers, opt); err != nil {
			return err
		}
		for i := range answers {
			record = answers[i].appendRecord(record[:0])
			if _, err := w.Write(record); err != nil {
				return fmt.Errorf("porep: %w", err)
			}
		}
		opt.report("synthetic proofs", uint64(at+len(part)), uint64(len(set)))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("porep: %w", err)
	}
	return out.Finish()
}

// A synthHead is how a synthetic proofs file begins.
type synthHead struct {
	D sector.CommD
	C sector.CommC
	R sector.CommRLast
}

const synthHeadLen = 3 * sector.NodeSize

func (h synthHead) bytes() []byte {
	return append(append(append(make([]byte, 0, synthHeadLen), h.D[:]...), h.C[:]...), h.R[:]...)
}

// recordLen is the length of one answer in a synthetic proofs file: the numbers of the node and of its
// parents, then all nodes.
func (s shapes) recordLen() int {
	return 8*(1+parentCount) + sector.NodeSize*s.nodes()
}

// appendRecord appends an answer as it lies in a synthetic proofs file.
func (c *ChallengeProof) appendRecord(b []byte) []byte {
	for i := range 1 + parentCount {
		b = binary.LittleEndian.AppendUint64(b, c.column(i).Index)
	}
	b = append(append(b, c.Data.Leaf[:]...), merkle.Bytes(c.Data.Siblings)...)
	for i := range 1 + parentCount {
		col := c.column(i)
		b = append(b, merkle.Bytes(col.Labels)...)
		b = append(append(b, col.Leaf[:]...), merkle.Bytes(col.Siblings)...)
	}
	return append(append(b, c.Replica.Leaf[:]...), merkle.Bytes(c.Replica.Siblings)...)
}

// readRecord is the inverse of appendRecord. b has recordLen bytes.
func (c *ChallengeProof) readRecord(s shapes, b []byte) {
	s.alloc(c)
	nodes := func(dst []merkle.Digest) { b = b[copy(merkle.Bytes(dst), b):] }
	node := func(dst *merkle.Digest) { b = b[copy(dst[:], b):] }
	for i := range 1 + parentCount {
		c.column(i).Index = binary.LittleEndian.Uint64(b)
		b = b[8:]
	}
	c.Data.Index, c.Replica.Index = c.Column.Index, c.Column.Index
	node(&c.Data.Leaf)
	nodes(c.Data.Siblings)
	for i := range 1 + parentCount {
		col := c.column(i)
		nodes(col.Labels)
		node(&col.Leaf)
		nodes(col.Siblings)
	}
	node(&c.Replica.Leaf)
	nodes(c.Replica.Siblings)
}

// readSynthetic fills the partitions of p with the answers that st.Seed selects.
func (f *Files) readSynthetic(ctx context.Context, st *Statement, p *Proof) error {
	s, err := newShapes(st.Proof)
	if err != nil {
		return err
	}
	path, each := f.cache(sector.SyntheticFile), int64(s.recordLen())
	in, err := f.kit().OpenSized(path, synthHeadLen+int64(syntheticCount(st.Proof.Nodes()))*each)
	if err != nil {
		return err
	}
	defer in.Close()
	head := make([]byte, synthHeadLen)
	if err := files.ReadFull(in, head, 0); err != nil {
		return fmt.Errorf("porep: %s: %w", path, err)
	}
	if want := (synthHead{p.CommD, p.CommC, p.CommRLast}).bytes(); string(head) != string(want) {
		return fmt.Errorf("%w: %s has other roots than the statement and p_aux", ErrFile, path)
	}
	record := make([]byte, each)
	for k := range st.Proof.Partitions {
		if err := ctx.Err(); err != nil {
			return err
		}
		indexes, err := SyntheticIndexes(st.Proof, p.ReplicaID, st.CommR, st.Seed, k)
		if err != nil {
			return err
		}
		answers := make([]ChallengeProof, len(indexes))
		for i, at := range indexes {
			if err := files.ReadFull(in, record, synthHeadLen+int64(at)*each); err != nil {
				return fmt.Errorf("porep: %s: %w", path, err)
			}
			answers[i].readRecord(s, record)
		}
		p.Partitions = append(p.Partitions, answers)
	}
	return nil
}
