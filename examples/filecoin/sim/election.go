package sim

import (
	"errors"
	"fmt"
	"math/big"
	"sync"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/examples/ledger"
)

// A ticket is a provider's part in an election: its VRF proof and what it wins.
type ticket struct {
	wins int
	err  error
}

// elect holds the election of the present epoch: every provider signs its draw; winners' proofs are verified by all.
// It returns the number of blocks.
func (w *world) elect() (int, error) {
	total := w.power()
	if total.Sign() == 0 {
		return 0, nil
	}
	tickets := make([]ticket, len(w.providers))
	var group sync.WaitGroup
	for i, p := range w.providers {
		power := p.power()
		if power.Sign() == 0 || w.epoch < p.barredUntil || p.debt.Sign() > 0 {
			continue
		}
		group.Go(func() {
			t := &tickets[i]
			draw := w.draw(filecoin.DrawElectionProof, w.epoch, p.address)
			vrf := p.worker.Sign(draw[:])
			if t.wins, t.err = filecoin.WinCount(vrf.Data, power, total); t.wins > 0 && t.err == nil {
				t.err = filecoin.VerifySignature(p.worker.Address(), draw[:], vrf)
			}
		})
	}
	group.Wait()
	blocks := 0
	for i, t := range tickets {
		if t.err != nil {
			return 0, t.err
		}
		if t.wins == 0 {
			continue
		}
		if err := w.providers[i].win(t.wins, blocks == 0); err != nil {
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
	w.res.VRFs++
	err := w.move("block reward", fmt.Sprintf("%d wins", wins), account(network, ledger.Minted), p.party(ledger.Available), reward)
	err = errors.Join(err, p.vest("reward vesting", filecoin.LockedReward(reward)))
	if first {
		err = errors.Join(err, w.move("tips", "", account(tipJar, ledger.Available), p.party(ledger.Available), w.has(tipJar)))
	}
	return errors.Join(err, p.repay())
}

// A header is what a block's miner signs, as far as consensus faults need it.
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
	p.barredUntil = w.epoch + consensusFaultBar
	w.res.Fees.add("consensus fault", penalty)
	w.res.caught("two blocks at one epoch", p.name, w.epoch, "both headers bear its signature; barred for 900 epochs", penalty, true)
	return errors.Join(w.message(reporter.name, "report fault"), p.penalizeFor("consensus fault penalty", "double-fork mining", penalty, reporter, reward))
}

// consensusFaultBar is how long a provider that committed a consensus fault is barred from elections.
const consensusFaultBar = 900
