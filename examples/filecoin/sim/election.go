package sim

import (
	"errors"
	"fmt"
	"math/big"
	"sync"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/examples/ledger"
	"github.com/assaylab/assay/post"
)

// ahead is the number of tipsets whose draws are signed and verified together: draws depend on the beacon only, not on what
// happens before them.
const ahead = 24

// A ticket is a provider's signed draw of an epoch, its VRF proof.
type ticket struct {
	epoch int64
	vrf   filecoin.Signature
}

// signDraws has a provider sign its next draws, and everybody verify them.
func (p *provider) signDraws() error {
	w := p.w
	var public [][48]byte
	var messages []*filecoin.BLSMessage
	var signatures []filecoin.Signature
	p.tickets = p.tickets[:0]
	for i := range int64(ahead) {
		t := ticket{epoch: w.epoch + i*w.Interval}
		draw := w.draw(filecoin.DrawElectionProof, t.epoch, p.address)
		m := filecoin.NewBLSMessage(draw[:])
		t.vrf = p.worker.SignMessage(m)
		public, messages, signatures = append(public, p.worker.Public()), append(messages, m), append(signatures, t.vrf)
		p.tickets = append(p.tickets, t)
	}
	return filecoin.VerifyBLSBatch(public, messages, signatures)
}

// elect holds the election of the present epoch among all who have power. It returns the number of blocks.
func (w *world) elect() (int, error) {
	total := w.power()
	if total.Sign() == 0 {
		return 0, nil
	}
	errs := make([]error, len(w.providers))
	var group sync.WaitGroup
	for i, p := range w.providers {
		for len(p.tickets) > 0 && p.tickets[0].epoch < w.epoch {
			p.tickets = p.tickets[1:]
		}
		if len(p.tickets) == 0 {
			group.Go(func() { errs[i] = p.signDraws() })
			w.res.VRFs += ahead
		}
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	blocks := 0
	for _, p := range w.providers {
		power := p.power()
		if power.Sign() == 0 || w.epoch < p.barredUntil || p.debt.Sign() > 0 {
			continue
		}
		wins, err := filecoin.WinCount(p.tickets[0].vrf.Data, power, total)
		if err != nil {
			return 0, err
		}
		if wins == 0 {
			continue
		}
		if err := p.win(wins, blocks == 0); err != nil {
			return 0, err
		}
		blocks++
	}
	w.res.Elections++
	return blocks, nil
}

// win mints a winner's reward: a fifth of the epoch's for each win; three quarters of it vest. The first block has the tips.
func (p *provider) win(wins int, first bool) error {
	w := p.w
	reward := new(big.Int).Mul(w.reward.ThisEpochReward, big.NewInt(int64(wins)))
	reward.Div(reward, big.NewInt(filecoin.ExpectedLeaders))
	p.wins += wins
	w.res.Wins += wins
	err := w.move("block reward", fmt.Sprintf("%d wins", wins), account(network, ledger.Minted), p.party(ledger.Available), reward)
	err = errors.Join(err, p.vest("reward vesting", filecoin.LockedReward(reward)))
	if first {
		err = errors.Join(err, w.move("tips", "", account(tipJar, ledger.Available), p.party(ledger.Available), w.has(tipJar)))
	}
	return errors.Join(err, p.repay())
}

// header is what a block's miner signs, as far as consensus faults need it.
func header(p *provider, epoch int64, fork byte) []byte {
	return append(fmt.Appendf(nil, "block of %s at %d, fork ", p.name, epoch), fork)
}

// doubleFork has a provider sign two blocks of one epoch and another report it: one epoch's whole reward is burnt, a twentieth
// goes to the reporter, the provider is barred for 900 epochs.
func (w *world) doubleFork(p, reporter *provider) error {
	blocks := [][]byte{header(p, w.epoch, 'a'), header(p, w.epoch, 'b')}
	for _, b := range blocks {
		if err := filecoin.VerifySignature(p.worker.Address(), b, p.worker.Sign(b)); err != nil {
			return err
		}
	}
	penalty, reward := filecoin.ConsensusFault(w.reward.ThisEpochReward)
	p.barredUntil = w.epoch + post.ChainFinality
	w.res.charge("consensus fault", penalty)
	w.res.caught("two blocks at one epoch", p.name, w.epoch, "both headers bear its signature; barred for 900 epochs", penalty, true)
	return errors.Join(w.message(reporter.name, "report fault"), p.penalizeFor("consensus fault penalty", "double-fork mining", penalty, reporter, reward))
}
