package market

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/coinbase"
	"github.com/assaylab/assay/examples/bittensor"
	"github.com/assaylab/assay/examples/bittensor/task"
	"github.com/assaylab/assay/examples/bittensor/wire"
)

// whole is one TAO in rao.
const whole = bittensor.Rao

// open sets up subnets, parties, stakes and servers, and plays the first tempo, after which there are permits.
func (w *world) open(ctx context.Context) error {
	blocks := uint64(tempoBlocks * (w.Config.Epochs + 1))
	issued := uint64(coinbase.TotalSupply/2) - blocks/2*coinbase.DefaultBlockEmission // the first halving falls in the middle
	var err error
	if w.Economy, err = bittensor.NewEconomy(issued, treasury, bittensor.Terms{}); err != nil {
		return err
	}
	if err := w.Economy.Deposit(user, 10*whole); err != nil {
		return err
	}
	transport := wire.NewTransport()
	w.clients = transport.CloseIdleConnections
	w.user = wire.NewClient(w.keys(user), "user", transport)
	w.known[public(w.keys(user))] = true
	for i, f := range task.All() {
		s, err := w.subnet(uint16(i+1), f)
		if err != nil {
			return err
		}
		for _, v := range s.validators {
			v.client = wire.NewClient(v.key, s.Flavour, transport)
			w.known[public(v.key)] = true
		}
	}
	for _, s := range w.Subnets { // once all whom they may serve are known
		for _, n := range s.Chain.Neurons {
			if m := s.miners[n.Name]; m != nil {
				if err := w.serve(s, m); err != nil {
					return err
				}
			}
		}
	}
	for range tempoBlocks {
		if err := w.block(ctx, -1); err != nil {
			return err
		}
	}
	_, err = w.Economy.Close()
	return err
}

func (w *world) close() {
	for _, s := range w.Subnets {
		for _, m := range s.miners {
			if m.server != nil {
				_ = m.server.Close() // nothing is kept on it
			}
		}
	}
	if w.clients != nil {
		w.clients()
	}
}

func public(k ed25519.PrivateKey) wire.Key { return wire.Key(k.Public().(ed25519.PublicKey)) }

// params are the chain's for a new subnet, but for what a run of a few epochs needs shorter.
func (w *world) params() (consensus.Params, bittensor.SubnetRules) {
	p := consensus.DefaultParams()
	w.Mode.Apply(&p)
	p.CommitReveal = !w.Open
	p.MaxAllowedValidators = uint16(w.Validators)
	if w.Validators > 1 && w.Validators <= 8 {
		p.MaxAllowedValidators-- // the one with least stake has no permit
	}
	return p, bittensor.SubnetRules{MaxUids: 1 + w.Validators + w.Miners, ImmunityPeriod: 3 * tempoBlocks}
}

// subnet opens one subnet: its owner, its validators with their stake, its miners.
func (w *world) subnet(netuid uint16, f task.Flavour) (*Subnet, error) {
	p, rules := w.params()
	owner := f.Name() + " owner"
	s := &Subnet{Flavour: f.Name(), flavour: f, miners: map[string]*Miner{}}
	s.Chain = bittensor.NewSubnet(netuid, 1000, p, rules)
	w.Subnets = append(w.Subnets, s)
	err := w.Economy.Send(treasury, owner, 20_000*whole)
	if err == nil {
		s.Money, err = w.Economy.AddSubnet(netuid, owner, bittensor.Pool{Tao: 10_000 * whole, Alpha: 20_000 * whole})
	}
	if err == nil {
		err = w.register(s, owner)
	}
	if err != nil {
		return nil, err
	}
	s.Chain.State.HasOwner, s.Chain.State.Owner = true, 0
	for i := range w.Validators {
		v := &validator{name: fmt.Sprintf("%s validator %d", s.Flavour, i), missed: map[string]*patience{}}
		v.key = w.keys(v.name)
		s.validators = append(s.validators, v)
		if err := w.fund(s, v.name, i); err != nil {
			return nil, err
		}
	}
	for i := range w.Miners {
		m := &Miner{Name: fmt.Sprintf("%s miner %d", s.Flavour, i), Skill: (i + int(netuid)) % task.Skills}
		if faulty := i - (w.Miners - int(Overfit)); faulty >= 0 && !w.Honest {
			m.Kind, m.Skill = Kind(faulty+1), task.Skills-1
		}
		if err := w.enroll(s, m); err != nil {
			return nil, err
		}
	}
	return s, w.weigh(s)
}

// fund registers a validator and gives it stake of its own, of a nominator and on root. Stakes fall from one to the next.
func (w *world) fund(s *Subnet, name string, i int) error {
	amount := uint64(whole * 100 * 12 / (12 + 2*i))
	nominator := fmt.Sprintf("nominator %d", i%4)
	if i%3 == 1 {
		w.Economy.Takes[name] = 5898 // 9 %
	}
	return errors.Join(w.register(s, name), w.Economy.Send(treasury, name, 5*amount), w.Economy.Send(treasury, nominator, 4*amount),
		w.Economy.Stake(name, name, s.Money, amount), w.Economy.Stake(name, name, nil, 2*amount),
		w.Economy.Stake(nominator, name, s.Money, amount/2), w.Economy.Stake(nominator, name, nil, amount))
}

// enroll registers a miner.
func (w *world) enroll(s *Subnet, m *Miner) error {
	m.key = w.keys(m.Name)
	s.miners[m.Name] = m
	return w.register(s, m.Name)
}

// register buys a slot for a party, which the treasury gives the price.
func (w *world) register(s *Subnet, name string) error {
	price := s.Chain.Burn
	uid, gone, err := s.Chain.Register(public(w.keys(name)), name)
	if err != nil {
		return err
	}
	if gone != nil {
		w.event("subnet %d, block %d: %s registers for %d rao and takes uid %d of %s (%s), which earned least; the price rises to %d rao",
			s.Chain.Netuid, s.Chain.State.CurrentBlock, name, price, uid, gone.Name, s.Kind(gone.Name), s.Chain.Burn)
		if m := s.miners[gone.Name]; m != nil && m.server != nil {
			_ = m.server.Close() // nothing is kept on it
			m.server = nil
		}
	}
	return errors.Join(w.Economy.Send(treasury, name, price), w.Economy.Register(name, s.Money, price))
}

// serve starts a miner's server.
func (w *world) serve(s *Subnet, m *Miner) error {
	key := m.key
	if m.Kind == Forges {
		key = w.keys("another key of " + m.Name)
	}
	favourite := public(s.validators[0].key)
	server, err := wire.ServeAs(public(m.key), key, func(k wire.Key) bool { return w.known[k] }, func(ctx context.Context, sender wire.Key, flavour string, payload []byte) ([]byte, error) {
		return m.answer(ctx, s.flavour, flavour, payload, sender == favourite, w.Deadline)
	})
	if err != nil {
		return err
	}
	m.server = server
	return nil
}

// answer is what a miner of a kind does with a request.
func (m *Miner) answer(ctx context.Context, f task.Flavour, asked string, payload []byte, favourite bool, deadline time.Duration) ([]byte, error) {
	if asked != f.Name() {
		return nil, errors.New("this miner does " + f.Name())
	}
	skill := m.Skill
	switch m.Kind {
	case Hangs:
		<-ctx.Done()
		return nil, ctx.Err()
	case Late:
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(deadline * 3 / 2):
		}
	case Garbage:
		return payload[:min(len(payload), 100)], nil
	case Overfit:
		if !favourite {
			skill = 0
		}
	}
	return f.Answer(payload, skill)
}
