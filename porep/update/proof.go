package update

import (
	"context"
	"fmt"
	"io"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/internal/files"
	"github.com/assaylab/assay/porep/sector"
)

// A ChallengeProof opens one challenged node in three trees.
type ChallengeProof struct {
	Old  merkle.Proof // TreeR of the replica before the update
	Data merkle.Proof // TreeD of the new data
	New  merkle.Proof // TreeR of the replica after it
}

// paths are the three paths of an answer in their order.
func (c *ChallengeProof) paths() [3]*merkle.Proof { return [3]*merkle.Proof{&c.Old, &c.Data, &c.New} }

// A PartitionProof is the vanilla proof of one partition.
type PartitionProof struct {
	CommC sector.CommC
	// CommRLastOld and CommRLastNew are the roots of TreeR before and after.
	CommRLastOld, CommRLastNew sector.CommRLast
	// Apex holds the nodes of one level of TreeD above the partition's part of the data, which the circuit takes as witness.
	Apex []merkle.Digest
	// Challenges holds the answers in the order of their challenges.
	Challenges []ChallengeProof
}

// Prove makes the vanilla proofs of all partitions from the files of an update. Openings are made together, over opt.Workers
// goroutines, and the proofs are verified before they are returned: one that would be refused is an error instead. Errors: as
// Statement.Check; ErrFile for files of another update; a ChallengeError or merkle.NodeError for damaged ones; those of the
// file system; ctx.Err().
//
// Source: rust-fil-proofs storage-proofs-update/src/vanilla.rs, prove_inner.
func Prove(ctx context.Context, f Files, st *Statement, opt *Options) ([]PartitionProof, error) {
	o, err := openOpener(&f, st)
	if err != nil {
		return nil, err
	}
	defer o.in.Close()
	out := make([]PartitionProof, st.Params.Partitions)
	for k := range out {
		if out[k], err = o.partition(ctx, k, opt); err != nil {
			return nil, err
		}
		opt.report("prove", uint64((k+1)*st.Params.Challenges), uint64(len(out)*st.Params.Challenges))
	}
	return out, nil
}

// ProvePartition makes the vanilla proof of partition k alone. Errors: as Prove.
func ProvePartition(ctx context.Context, f Files, st *Statement, k int, opt *Options) (PartitionProof, error) {
	o, err := openOpener(&f, st)
	if err != nil {
		return PartitionProof{}, err
	}
	defer o.in.Close()
	return o.partition(ctx, k, opt)
}

// An opener answers challenges from the files of an update.
type opener struct {
	st       *Statement
	in       files.Ins
	old, new *merkle.Tree
	data     *merkle.Tree
	proof    PartitionProof // what partitions share
}

func openOpener(f *Files, st *Statement) (o *opener, err error) {
	if err := st.Check(); err != nil {
		return nil, err
	}
	o = &opener{st: st}
	defer func() {
		if err != nil {
			o.in.Close()
		}
	}()
	auxOld, err := readAux(f.KeyCache, st.CommROld)
	if err != nil {
		return o, err
	}
	auxNew, err := readAux(f.Cache, st.CommRNew)
	if err != nil {
		return o, err
	}
	if auxOld.CommC != auxNew.CommC {
		return o, fmt.Errorf("%w: CommC %v before the update, %v after it", ErrFile, auxOld.CommC, auxNew.CommC)
	}
	o.proof = PartitionProof{CommC: auxOld.CommC, CommRLastOld: auxOld.CommRLast, CommRLastNew: auxNew.CommRLast}
	if o.old, err = o.treeR(f.Key, f.KeyCache, auxOld.CommRLast); err != nil {
		return o, err
	}
	if o.new, err = o.treeR(f.Replica, f.Cache, auxNew.CommRLast); err != nil {
		return o, err
	}
	d, _, err := st.Params.shapes()
	if err != nil {
		return o, err
	}
	path := inCache(f.Cache, sector.TreeDFile)
	files, err := o.open([]string{path}, int64(2*st.Params.Size)-sector.NodeSize)
	if err != nil {
		return o, err
	}
	o.data, err = openTree(sha2.SHA254{}, d, merkle.Layout{}, files, nil, merkle.Digest(st.CommDNew), path)
	return o, err
}

// open opens files that close with o.
func (o *opener) open(paths []string, size int64) ([]io.ReaderAt, error) {
	in, err := kit.OpenAll(paths, size)
	o.in = append(o.in, in...)
	return in.Readers(), err
}

// treeR opens TreeR over a replica.
func (o *opener) treeR(replica, cache string, root sector.CommRLast) (*merkle.Tree, error) {
	sp, err := o.st.Params.proof(cache)
	if err != nil {
		return nil, err
	}
	leaves, err := o.open([]string{replica}, int64(sp.Size))
	if err != nil {
		return nil, err
	}
	paths := allInCache(cache, sp.TreeRLastFiles())
	files, err := o.open(paths, sp.TreeRLastLen())
	if err != nil {
		return nil, err
	}
	_, r, err := o.st.Params.shapes()
	if err != nil {
		return nil, err
	}
	return openTree(poseidon.Hasher{}, r, treeRLayout(sp), files, leaves[0], merkle.Digest(root), paths[0])
}

// openTree opens the files of a tree, which must have that root.
func openTree(h merkle.Hasher, s merkle.Shape, l merkle.Layout, files []io.ReaderAt, leaves io.ReaderAt, root merkle.Digest, path string) (*merkle.Tree, error) {
	t, err := merkle.OpenFiles(h, s, l, files, leaves)
	if err != nil {
		return nil, fmt.Errorf("update: %s: %w", path, err)
	}
	if t.Root() != root {
		return nil, fmt.Errorf("%w: the tree %s has root %x, want %x", ErrFile, path, t.Root(), root)
	}
	return t, nil
}

// partition makes the proof of partition k and verifies it.
func (o *opener) partition(ctx context.Context, k int, opt *Options) (PartitionProof, error) {
	p, out := &o.st.Params, o.proof
	challenges, err := Challenges(*p, o.st.CommRNew, k)
	if err != nil {
		return out, err
	}
	out.Apex = make([]merkle.Digest, p.ApexLeaves)
	if err := o.data.ReadNodes(out.Apex, p.apexLevel(), uint64(k*p.ApexLeaves)); err != nil {
		return out, fmt.Errorf("update: TreeD: %w", err)
	}
	out.Challenges = make([]ChallengeProof, len(challenges))
	for n, tree := range []struct {
		name string
		t    *merkle.Tree
	}{{"TreeR before", o.old}, {"TreeD", o.data}, {"TreeR after", o.new}} {
		proofs, err := tree.t.Open(ctx, challenges, opt.merkle(""))
		if err != nil {
			return out, fmt.Errorf("update: %s: %w", tree.name, err)
		}
		for i := range proofs {
			*out.Challenges[i].paths()[n] = proofs[i]
		}
	}
	return out, VerifyPartition(ctx, o.st, k, &out, opt)
}

// apexLevel is the level of the apex leaves in TreeD.
func (p *Params) apexLevel() int { return p.nodeBits() - p.partitionBits() - p.apexBits() }
