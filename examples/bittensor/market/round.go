package market

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/assaylab/assay/consensus/subnet"
	"github.com/assaylab/assay/examples/bittensor"
	"github.com/assaylab/assay/examples/bittensor/task"
	"github.com/assaylab/assay/examples/bittensor/wire"
)

// How long a request may keep a slot of the workers': slotTime, or slotSlack times what the slowest answer so far took, which on a busy
// machine is longer, but no more than a part of the deadline. It goes on without one until its deadline, so that a miner that hangs
// holds up nobody for long, and a machine with much to do is not given ever more to do at once.
const (
	slotTime  = 50 * time.Millisecond
	slotSlack = 8
	slotPart  = 10
)

// hold returns how long a request may keep its slot.
func (w *world) hold() time.Duration {
	longest := w.Deadline / slotPart
	if slowest := time.Duration(w.slowest.Load()); slowest > 0 {
		return min(max(slotTime, slotSlack*slowest), longest)
	}
	return longest // before the first answer
}

// answered notes how long an answer took.
func (w *world) answered(took time.Duration) {
	for {
		old := w.slowest.Load()
		if int64(took) <= old || w.slowest.CompareAndSwap(old, int64(took)) {
			return
		}
	}
}

// A question is one validator's to one miner.
type question struct {
	s    *Subnet
	v    *validator
	m    *Miner
	seed uint64
	body []byte
	at   int // in the subnet's scores
}

// ask lets every validator of every subnet ask and score every miner, all at once.
func (w *world) ask(ctx context.Context, e int) error {
	var all []question
	for _, s := range w.Subnets {
		s.scores = nil
		for i, v := range s.validators {
			if s.Chain.UID(public(v.key)) < 0 {
				continue // pruned
			}
			seed := w.Seed*0x9e3779b97f4a7c15 + uint64(s.Chain.Netuid)<<48 + uint64(e)<<16 + uint64(i)
			body := s.flavour.Challenge(seed, nil)
			for _, n := range s.Chain.Neurons {
				m := s.miners[n.Name]
				if m == nil {
					continue
				}
				p := v.missed[m.Name]
				score := Score{Validator: v.name, Miner: m.Name, Asked: p == nil || e >= p.until}
				if score.Asked {
					all = append(all, question{s, v, m, seed, body, len(s.scores)})
				}
				s.scores = append(s.scores, score)
			}
		}
	}
	w.putAll(ctx, all)
	for _, q := range all {
		score := q.s.scores[q.at]
		w.Served[served(score.Failure)]++
		if score.Failure != "deadline" {
			continue
		}
		p := q.v.missed[q.m.Name]
		if p == nil {
			p = &patience{}
			q.v.missed[q.m.Name] = p
		}
		p.misses++
		p.until = e + 1<<p.misses
	}
	return ctx.Err()
}

func served(failure string) string {
	if failure == "" {
		return "answered"
	}
	return failure
}

// putAll puts the questions, at most Workers at a time, those that hang not counted.
func (w *world) putAll(ctx context.Context, all []question) {
	slots := make(chan struct{}, w.Workers)
	var wg sync.WaitGroup
	for _, q := range all {
		slots <- struct{}{}
		wg.Add(1)
		go func() {
			defer wg.Done()
			free := sync.OnceFunc(func() { <-slots })
			timer, begin := time.AfterFunc(w.hold(), free), time.Now()
			if q.put(ctx, w.Deadline); q.s.scores[q.at].Failure == "" {
				w.answered(time.Since(begin))
			}
			timer.Stop()
			free()
		}()
	}
	wg.Wait()
}

// put asks one question and scores the answer in its place.
func (q *question) put(ctx context.Context, deadline time.Duration) {
	score := &q.s.scores[q.at]
	answer, err := q.v.client.Ask(ctx, q.m.server.Address, public(q.m.key), q.s.Flavour, q.body, deadline)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		score.Failure = "deadline"
	case errors.Is(err, wire.ErrSignature):
		score.Failure = "signature"
	case errors.Is(err, wire.ErrStatus):
		score.Failure = "refused"
	case err != nil:
		score.Failure = "connection"
	default:
		if score.Value = q.s.flavour.Score(q.seed, nil, answer); score.Value == 0 {
			score.Failure = "garbage"
		}
	}
}

// vote makes weights of the round's scores and commits them, or sets them where commit-reveal is off. A refusal is an event.
func (w *world) vote() {
	for _, s := range w.Subnets {
		for _, v := range s.validators {
			uid := s.Chain.UID(public(v.key))
			if uid < 0 {
				continue
			}
			b := s.ballot(v.name)
			for range 4 {
				b.salt = append(b.salt, uint16(w.rng.Next()))
			}
			var err error
			if w.Open {
				err = s.Chain.SetWeights(uid, b.uids, b.values, 0)
			} else if err = s.Chain.Commit(uid, subnet.CommitHash(public(v.key), s.Chain.Index(), b.uids, b.values, b.salt, 0)); err == nil {
				v.vote = b
			}
			if err != nil {
				w.refused(s, v, "vote", err)
			}
		}
	}
}

// ballot turns a validator's scores into uids, ascending, and values.
func (s *Subnet) ballot(name string) *ballot {
	b := &ballot{}
	byMiner := map[string]uint16{}
	for _, x := range s.scores {
		if x.Validator == name {
			byMiner[x.Miner] = x.Value
		}
	}
	for uid, n := range s.Chain.Neurons {
		if v := byMiner[n.Name]; v > 0 {
			b.uids, b.values = append(b.uids, uint16(uid)), append(b.values, v)
		}
	}
	return b
}

// reveal shows the weights committed an epoch ago. A refusal is an event.
func (w *world) reveal() error {
	for _, s := range w.Subnets {
		if err := w.weigh(s); err != nil {
			return err
		}
		for _, v := range s.validators {
			if v.vote == nil {
				continue
			}
			if err := s.Chain.Reveal(s.Chain.UID(public(v.key)), v.vote.uids, v.vote.values, v.vote.salt, 0); err != nil {
				w.refused(s, v, "reveal", err)
			}
			v.vote = nil
		}
	}
	return nil
}

func (w *world) refused(s *Subnet, v *validator, what string, err error) {
	w.event("subnet %d, block %d: %s of %s refused: %v", s.Chain.Netuid, s.Chain.State.CurrentBlock, what, v.name, err)
}

// change lets a nominator stake with the validator that has no permit, early on, and miners register later.
func (w *world) change(e int) error {
	if e == 1 {
		for _, s := range w.Subnets {
			v := s.validators[len(s.validators)-1].name
			if err := w.Economy.Stake("nominator 0", v, s.Money, 100*whole); err != nil {
				return err
			}
			w.event("subnet %d, block %d: nominator 0 stakes 100 TAO with %s", s.Chain.Netuid, s.Chain.State.CurrentBlock, v)
		}
	}
	if e < 4 || e%2 != 0 {
		return nil
	}
	for _, s := range w.Subnets {
		m := &Miner{Name: fmt.Sprintf("%s newcomer %d", s.Flavour, s.newcomers), Skill: int(w.rng.Below(task.Skills))}
		s.newcomers++
		if err := w.enroll(s, m); err != nil {
			return err
		}
		if err := w.serve(s, m); err != nil {
			return err
		}
	}
	return nil
}

// Requests of users an epoch: single ones to each subnet, and chains through all three.
const (
	userSingles = 5
	userChains  = 2
)

// chainOrder is the way of a chained request: pictures' classes become a text, the packed text a sound.
var chainOrder = [3]int{1, 0, 2}

// users lets users buy requests, routed by incentive.
func (w *world) users(ctx context.Context, e int) error {
	for _, s := range w.Subnets {
		for range userSingles {
			if _, _, err := w.buy(ctx, s, nil); err != nil {
				return err
			}
		}
	}
	for range userChains {
		var input []byte
		var scores [3]uint16
		for i, at := range chainOrder {
			answer, score, err := w.buy(ctx, w.Subnets[at], input)
			if err != nil {
				return err
			}
			if scores[i] = score; score == 0 {
				break
			}
			input = answer
		}
		w.Chains = append(w.Chains, scores)
	}
	return nil
}

// buy puts one request of the user's: paid if the answer is worth something, else refunded.
func (w *world) buy(ctx context.Context, s *Subnet, input []byte) ([]byte, uint16, error) {
	uid := bittensor.Route(s.Chain.Output.IncentiveU16, w.rng.Next())
	seed := w.rng.Next()
	if uid < 0 {
		w.Served["user: nobody to ask"]++
		return nil, 0, nil
	}
	m := s.miners[s.Chain.Neurons[uid].Name]
	if m == nil {
		w.Served["user: nobody to ask"]++
		return nil, 0, nil
	}
	if err := w.Economy.Escrow(user); err != nil {
		return nil, 0, err
	}
	payload := s.flavour.Challenge(seed, input)
	request := w.user.Envelope(public(m.key), w.Deadline, payload)
	limited, cancel := context.WithTimeout(ctx, w.Deadline)
	defer cancel()
	answer, err := w.user.Send(limited, m.server.Address, s.Flavour, request, payload)
	score := uint16(0)
	if err == nil {
		score = s.flavour.Score(seed, input, answer)
		if err := w.again(ctx, s, m, request, payload); err != nil {
			return nil, 0, err
		}
	}
	if score == 0 {
		w.Served["user: refunded"]++
		return nil, 0, w.Economy.Refund(user)
	}
	w.Served["user: paid"]++
	return answer, score, w.Economy.Served(user, m.Name, s.Money)
}

// again sends a request that was answered once more, as whoever has overheard it may: the miner serves it once.
func (w *world) again(ctx context.Context, s *Subnet, m *Miner, request *wire.Envelope, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, w.Deadline)
	defer cancel()
	_, err := w.user.Send(ctx, m.server.Address, s.Flavour, request, payload)
	switch {
	case err == nil:
		return fmt.Errorf("market: %s served a request sent again", m.Name)
	case !errors.Is(err, wire.ErrStatus):
		return fmt.Errorf("market: a request sent again to %s: %w", m.Name, err)
	}
	w.Served["user: replay refused"]++
	return nil
}
