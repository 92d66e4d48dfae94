package porep

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/porep/sector"
)

// pruned reports whether Prune was called, in this run or another.
func (f *Folder) pruned() bool {
	return slices.ContainsFunc(f.inputs(), func(file fileOf) bool { return f.job.Pruned(file.name) })
}

// markCommC keeps the root of TreeC in the journal: p_aux alone holds it once TreeC is given up.
func (f *Folder) markCommC(commC sector.CommC) error {
	if have, ok := f.job.Marked(phaseTreeC); ok && have.Digest == durable.Digest(commC) {
		return nil
	}
	return f.job.Mark(phaseTreeC, durable.Mark{Number: 1, Digest: durable.Digest(commC)})
}

// Reasons for which a pruned sector cannot be mended.
var (
	errReplicaLost = errors.New("damaged, and the layers that it is made of were pruned: seal anew with FolderOptions.Again")
	errCommCLost   = errors.New("damaged, and nothing else holds CommC: seal anew with FolderOptions.Again")
)

// mend makes again what is damaged of the files that Prune left: TreeRLast out of the replica, p_aux out of the journal and
// TreeRLast, t_aux out of the folder's own name. done is false where the sector is to be sealed anew, which opt.Again allows.
func (f *Folder) mend(ctx context.Context, opt *Options) (done bool, err error) {
	if ok, err := f.whole(ctx, f.outputs()...); err != nil || ok {
		return ok, err
	}
	if ok, err := f.whole(ctx, fileOf{sealedName, int64(f.s.Proof.Size)}); err != nil || !ok {
		return false, cmp.Or(err, f.lost(sealedName, errReplicaLost))
	}
	shapes, err := newShapes(f.s.Proof)
	if err != nil {
		return false, err
	}
	aux, err := f.keptAux(ctx)
	if err != nil {
		return false, err
	}
	if aux.CommC == (sector.CommC{}) {
		return false, f.lost(cacheName+"/"+sector.PAuxFile, errCommCLost)
	}
	if aux.CommRLast, err = f.makeTreeR(ctx, shapes, opt); err != nil {
		return false, err
	}
	return true, f.makeAux(ctx, aux)
}

// lost is a FileError, unless the sector may be sealed anew.
func (f *Folder) lost(name string, reason error) error {
	if f.opt.Again {
		return nil
	}
	block := int64(-1)
	f.mu.Lock()
	if e, ok := f.damage[name]; ok {
		block = e.Block
	}
	f.mu.Unlock()
	return &FileError{Name: name, Block: block, Err: reason}
}

// keptAux returns CommC as p_aux or the journal has it, zero where neither does.
func (f *Folder) keptAux(ctx context.Context) (aux sector.PAux, err error) {
	if m, ok := f.job.Marked(phaseTreeC); ok {
		return sector.PAux{CommC: sector.CommC(m.Digest)}, nil
	}
	if ok, err := f.whole(ctx, f.aux()[:1]...); err != nil || !ok {
		return aux, err
	}
	return f.readAux()
}

// readAux reads p_aux.
func (f *Folder) readAux() (sector.PAux, error) {
	return f.kit().ReadPAux(cacheName + "/" + sector.PAuxFile)
}

// holds reports whether a small file is whole and has these bytes.
func (f *Folder) holds(ctx context.Context, file fileOf, want []byte) (bool, error) {
	if ok, err := f.whole(ctx, file); err != nil || !ok {
		return false, err
	}
	have, err := f.kit().ReadSmall(file.name, file.size)
	return bytes.Equal(have, want), err
}

// makeAux makes p_aux and t_aux where they are missing, or are those of another tree or path.
func (f *Folder) makeAux(ctx context.Context, aux sector.PAux) error {
	pAux, err := aux.MarshalBinary()
	if err != nil {
		return err
	}
	tAux, err := f.tAux()
	if err != nil {
		return err
	}
	for i, b := range [][]byte{pAux, tAux} {
		file := f.aux()[i]
		if ok, err := f.holds(ctx, file, b); err != nil {
			return err
		} else if ok {
			continue
		}
		err := f.job.Create(ctx, phaseAux, file.name, file.size, func(w durable.File) error {
			_, err := w.WriteAt(b, 0)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
