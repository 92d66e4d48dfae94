package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

// The states of a sector.
const (
	staged = iota
	preCommitted
	active
	terminated
	expired
)

// A storedSector is a sector of a provider, on disk and on the chain.
type storedSector struct {
	owner  *provider
	number sector.Number
	files  porep.Files
	deal   *deal // whose data it holds
	st     porep.Statement
	state  int

	sealedAt, activeAt       int64
	qaPower, deposit, pledge *big.Int
	deadline                 int
	faulty, declared         bool
	recovering               bool
	faultPeriods             int
	slow, forged             bool
	last                     *post.SectorProof
}

func (s *storedSector) String() string { return fmt.Sprintf("%s/%d", s.owner.name, s.number) }

// public is what everybody knows of the sector.
func (s *storedSector) public() post.Public { return post.Public{Number: s.number, CommR: s.st.CommR} }

// newSector begins the sector of a deal.
func (p *provider) newSector(d *deal) *storedSector {
	n := sector.Number(len(p.sectors))
	dir := filepath.Join(p.w.Dir, p.name, fmt.Sprint("s-", n))
	s := &storedSector{owner: p, number: n, deal: d, deposit: new(big.Int), pledge: new(big.Int),
		files: porep.Files{Cache: filepath.Join(dir, "cache"), Staged: filepath.Join(dir, "staged"), Sealed: filepath.Join(dir, "sealed")}}
	p.sectors = append(p.sectors, s)
	return s
}

// sealFiles seals the deal's data under the sector's ticket, in a durable folder. Sealing again makes what is missing or damaged, and the
// same replica.
func (s *storedSector) sealFiles() error {
	w := s.owner.w
	ticket := filecoin.FieldElement(w.draw(filecoin.DrawSeal, s.sealedAt-post.ChainFinality, s.owner.address))
	p, err := piece.Sum(w.ctx, bytes.NewReader(s.deal.data), nil)
	if err != nil {
		return err
	}
	commD, err := piece.CommD(w.sp.Size, []piece.Info{p})
	if err != nil {
		return err
	}
	st, err := s.sealFolder(porep.Sector{Proof: w.sp, ID: sector.ID{Prover: s.owner.prover, Number: s.number}, Ticket: ticket, CommD: commD})
	if err != nil {
		return err
	}
	if s.st.CommR != (sector.CommR{}) && s.st.CommR != st.CommR {
		return fmt.Errorf("sim: %v sealed again has another CommR", s)
	}
	st.Seed = s.st.Seed
	s.st = st
	w.res.Sealed++
	w.res.SealedBytes += int64(w.sp.Size)
	return nil
}

// sealFolder seals in the sector's folder, from where it stands.
func (s *storedSector) sealFolder(sealed porep.Sector) (st porep.Statement, err error) {
	dir := filepath.Dir(s.files.Sealed)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return st, err
	}
	fs, err := durable.OpenOS(dir)
	if err != nil {
		return st, err
	}
	defer func() { err = errors.Join(err, fs.Close()) }()
	f, err := porep.OpenFolder(fs, sealed, &porep.FolderOptions{Path: dir,
		Data: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(s.deal.data)), nil }})
	if err != nil {
		return st, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sts, err := porep.SealFolders(s.owner.w.ctx, []*porep.Folder{f}, nil)
	if err != nil {
		return st, err
	}
	return sts[0], nil
}

// preCommit seals the sector and locks the deposit: 20 days' reward of the most power that a sector may have. The proof follows
// when the seed is known.
func (s *storedSector) preCommit() error {
	p, w := s.owner, s.owner.w
	s.sealedAt = w.epoch
	if err := s.sealFiles(); err != nil {
		return err
	}
	s.state = preCommitted
	deposit := w.network().PreCommitDeposit(scaled(filecoin.MaxQAPower(uint64(w.sp.Size)).Uint64()))
	s.deposit.Set(deposit)
	w.at(w.epoch+post.PreCommitChallengeDelay+1, s.proveCommit)
	return errors.Join(w.message(p.name, "pre-commit"), p.lock("pre-commit deposit", s.String(), p.deposit, deposit))
}

// proveCommit proves the seal, which the chain judges, and pledges for the sector's power.
func (s *storedSector) proveCommit() error {
	p, w := s.owner, s.owner.w
	s.st.Seed = filecoin.FieldElement(w.draw(filecoin.DrawInteractiveSeal, s.sealedAt+post.PreCommitChallengeDelay, p.address))
	proof, err := porep.Prove(w.ctx, s.files, &s.st, nil)
	if err != nil {
		return err
	}
	if p == w.providers[roleCheat] && s.number == 0 {
		if err := s.cheatSeal(proof); err != nil {
			return err
		}
	}
	c1, err := proof.AppendC1(nil, w.sp)
	if err != nil {
		return err
	}
	if err := porep.Verify(w.ctx, &s.st, proof, nil); err != nil {
		return err
	}
	w.res.SealProofs++
	w.res.SealProofBytes += int64(len(c1))
	return s.activate()
}

// activate releases the deposit, locks the pledge, starts the deal and assigns a deadline.
func (s *storedSector) activate() error {
	p, w := s.owner, s.owner.w
	s.qaPower = scaled(filecoin.QAPower(uint64(w.sp.Size), s.deal.terms.End-w.epoch, new(big.Int)).Uint64())
	if err := p.unlock("pre-commit deposit", s.String(), p.deposit, s.deposit); err != nil {
		return err
	}
	pledge := w.network().InitialPledge(s.qaPower, filecoin.PledgeRampDuration, filecoin.PledgeRampDuration).Pledge
	for i := range p.loads {
		d, err := post.NewDeadline(p.periodStart, i)
		if err != nil {
			return err
		}
		p.loads[i].Closed = !d.Next(w.epoch).Mutable(w.epoch)
	}
	at, err := post.AssignDeadlines(p.loads, uint64(w.rules.Sectors), post.MaxPartitions, 1)
	if err != nil {
		return err
	}
	s.deadline, s.state, s.activeAt = at[0], active, w.epoch
	s.pledge.Set(pledge)
	s.deal.activate()
	return errors.Join(w.message(p.name, "prove commit"), p.lock("initial pledge", s.String(), p.pledge, pledge))
}

// end takes a sector off the chain: terminated for a fee, or expired for none.
func (s *storedSector) end(state int, why string) error {
	p, w := s.owner, s.owner.w
	if state == terminated {
		fee := filecoin.TerminationFee(s.pledge, w.epoch-s.activeAt, p.faultFee(s.qaPower))
		if err := p.penalize("termination fee", fmt.Sprintf("%v: %s", s, why), fee); err != nil {
			return err
		}
		w.res.charge("termination", fee)
	}
	s.state = state
	p.loads[s.deadline].Live--
	if err := p.unlock("initial pledge", s.String(), p.pledge, s.pledge); err != nil {
		return err
	}
	if state == terminated {
		return s.deal.terminate(why)
	}
	return p.repay()
}
