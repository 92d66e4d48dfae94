package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/assaylab/assay/examples/envelope"
	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

// slowDeadline is the time that sectors have in a pass over a disk that hangs, all of which is waited for.
const slowDeadline = 10 * time.Millisecond

// open opens the files of a sector for a proof.
func (p *provider) open(ctx context.Context, n sector.Number) (*post.Replica, error) {
	s := p.sectors[n]
	if s.slow {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	aux, err := os.ReadFile(filepath.Join(s.files.Cache, sector.PAuxFile))
	if err != nil {
		return nil, err
	}
	r := &post.Replica{Discard: p.w.rules.DefaultDiscard()}
	if err := r.Aux.UnmarshalBinary(aux); err != nil {
		return nil, err
	}
	var files []*os.File
	r.Close = func() error {
		var err error
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
		return err
	}
	openFile := func(path string) io.ReaderAt {
		f, e := os.Open(path)
		if e != nil {
			err = errors.Join(err, e)
			return nil
		}
		files = append(files, f)
		return f
	}
	r.Sealed = openFile(s.files.Sealed)
	for _, name := range p.w.sp.TreeRLastFiles() {
		r.TreeRLast = append(r.TreeRLast, openFile(filepath.Join(s.files.Cache, name)))
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// due returns the sectors of the open deadline that are to be proven: those that are not faulty, and those that recover.
func (p *provider) due() []*storedSector {
	var out []*storedSector
	for _, s := range p.sectors {
		if s.state == active && s.deadline == p.current.Index && s.activeAt < p.current.Open && (!s.faulty || s.recovering) {
			out = append(out, s)
		}
	}
	return out
}

func publics(sectors []*storedSector) []post.Public {
	out := make([]post.Public, len(sectors))
	for i, s := range sectors {
		out[i] = s.public()
	}
	return out
}

// challenge is the randomness of the open deadline.
func (p *provider) challenge() post.Randomness {
	return post.Randomness(filecoin.FieldElement(p.w.draw(filecoin.DrawWindowPoSt, p.current.Challenge, p.address)))
}

// pass reads the sectors. The disk that hangs is read in a pass of its own, with a short deadline: on a machine with much else to
// do a good sector might miss that one, and the run would not repeat. (Challenges do not depend on the list.)
func (p *provider) pass(due []*storedSector) (*post.Pass, error) {
	whole := &post.Pass{}
	for _, slow := range []bool{false, true} {
		part := slices.DeleteFunc(slices.Clone(due), func(s *storedSector) bool { return s.slow != slow })
		if len(part) == 0 {
			continue
		}
		opt := &post.Options{}
		if slow {
			opt.Reading.Deadline = slowDeadline
		}
		pass, err := p.w.rules.Prove(p.w.ctx, p.challenge(), publics(part), p.open, opt)
		if err != nil {
			return nil, err
		}
		whole.Proofs, whole.Faults, whole.Read = append(whole.Proofs, pass.Proofs...), append(whole.Faults, pass.Faults...), whole.Read+pass.Read
	}
	return whole, nil
}

// submit proves the open deadline: one pass over the files, good sectors posted, the others skipped and so found faulty.
func (p *provider) submit() error {
	w := p.w
	due := p.due()
	if len(due) == 0 {
		return nil
	}
	pass, err := p.pass(due)
	if err != nil {
		return err
	}
	w.res.PoStBytesRead += pass.Read
	for _, f := range pass.Faults {
		s := p.sectors[f.Number]
		if forged := p.forge(s); forged != nil {
			pass.Proofs = append(pass.Proofs, *forged)
			continue
		}
		w.res.Faults[f.Reason.String()]++
		w.res.noticed(s, w.epoch, f.Reason.String())
		p.fail(s)
	}
	slices.SortFunc(pass.Proofs, func(a, b post.SectorProof) int { return int(a.Number) - int(b.Number) })
	proven := slices.DeleteFunc(due, func(s *storedSector) bool { return s.faulty && !s.recovering })
	if len(proven) == 0 {
		return nil
	}
	if err := w.message(p.name, "window post"); err != nil {
		return err
	}
	return p.judge(proven, pass.Proofs)
}

// fail takes a sector's power: its proof is missing, or was refuted. The first time costs nothing; a fee falls due for each
// further proving period.
func (p *provider) fail(s *storedSector) {
	s.faulty, s.recovering = true, false
}

// judge is what every node does with submitted proofs, one for each sector, here at once: it verifies, and whoever finds a bad
// proof disputes it.
func (p *provider) judge(sectors []*storedSector, proofs []post.SectorProof) error {
	w := p.w
	err := w.rules.Verify(w.ctx, p.challenge(), publics(sectors), proofs, nil)
	w.res.PoStChecked += len(proofs)
	if errors.Is(err, post.ErrProof) {
		return p.dispute(sectors, err)
	}
	if err != nil {
		return err
	}
	for i, s := range sectors {
		b, err := w.rules.EncodeJSON(&proofs[i])
		if err != nil {
			return err
		}
		s.last = &proofs[i]
		w.res.PoStAccepted++
		w.res.PoStOpenings += len(proofs[i].Openings)
		w.res.PoStBytes += int64(len(b))
		w.responses = append(w.responses, envelope.Response{Provider: p.id(), Sector: uint64(s.number), Proof: b}.Leaf(uint64(w.epoch)))
		if s.recovering {
			s.faulty, s.recovering, s.faultPeriods = false, false, 0
			if err := w.note("recovered", s.String(), p.name); err != nil {
				return err
			}
		}
		if err := w.note(kindPoSt, fmt.Sprintf("%v deadline %d response %x", s, p.current.Index, w.responses[len(w.responses)-1][:8]), p.name); err != nil {
			return err
		}
	}
	return nil
}

// kindPoSt is the kind of the book's entries about accepted proofs.
const kindPoSt = "window post accepted"

// closeDeadline is the chain's end of a deadline: fees of sectors that were faulty before, daily fees, and termination after 42
// proving periods of fault.
func (p *provider) closeDeadline() error {
	w := p.w
	for _, s := range p.sectors {
		if s.state != active || s.deadline != p.current.Index || s.activeAt >= p.current.Open {
			continue
		}
		n := w.network()
		daily := filecoin.PayableDailyFee(filecoin.DailyFee(n.Circulating, s.qaPower), n.ExpectedReward(s.qaPower, filecoin.EpochsInDay))
		w.res.charge("daily fee", daily)
		if err := p.penalize("daily fee", s.String(), daily); err != nil {
			return err
		}
		if !s.faulty {
			continue
		}
		if s.faultPeriods++; s.faultPeriods > 1 || s.declared {
			fee := p.faultFee(s.qaPower)
			w.res.charge("fault fee", fee)
			w.res.priced(s, fee)
			if err := p.penalize("fault fee", s.String(), fee); err != nil {
				return err
			}
		}
		if s.faultPeriods >= post.FaultMaxAge/post.ProvingPeriod {
			if err := s.end(terminated, "faulty for 42 days"); err != nil {
				return err
			}
		}
	}
	return nil
}

// declare tells the chain before the deadline that a sector is faulty, or that it has recovered.
func (p *provider) declare(s *storedSector, recovered bool) error {
	d, err := post.NewDeadline(p.current.PeriodStart, s.deadline)
	if err != nil {
		return err
	}
	if next := d.Next(p.w.epoch); next.FaultCutoffPassed(p.w.epoch) {
		p.w.at(p.w.epoch+post.FaultDeclarationCutoff+post.ChallengeWindow, func() error { return p.declare(s, recovered) })
		return nil
	}
	if recovered {
		s.recovering, s.declared = true, false
		return p.w.message(p.name, "declare recovery")
	}
	p.fail(s)
	s.declared = true
	p.w.res.noticed(s, p.w.epoch, "declared before the cutoff")
	return p.w.message(p.name, "declare faults")
}

// repair seals a faulty sector again from its data and declares it recovered.
func (p *provider) repair(s *storedSector) error {
	if s.state != active {
		return nil
	}
	s.slow = false
	return errors.Join(s.sealFiles(), p.declare(s, true))
}

// dispute judges a refuted proof: its sectors are faulty, the provider pays BR(5.51 days) and 20 FIL, the reporter gets 4 FIL.
func (p *provider) dispute(sectors []*storedSector, refuted error) error {
	w := p.w
	reporter := w.providers[roleHonest]
	power := new(big.Int)
	var bad *storedSector
	for _, s := range sectors {
		power.Add(power, s.qaPower)
		if s.forged {
			bad = s
		}
		p.fail(s)
	}
	if bad == nil {
		return fmt.Errorf("sim: an honest proof was refuted: %w", refuted)
	}
	penalty := w.network().InvalidPoStPenalty(power)
	if err := errors.Join(w.message(reporter.name, "dispute"), p.penalizeFor("invalid proof penalty", bad.String(), penalty, reporter, filecoin.DisputeReward)); err != nil {
		return err
	}
	w.res.Disputes++
	w.res.charge("invalid proof", penalty)
	w.res.noticed(bad, w.epoch, "disputed by "+reporter.name+": "+firstLine(refuted))
	w.res.priced(bad, penalty)
	return nil
}
