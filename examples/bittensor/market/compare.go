package market

import "fmt"

// Kind returns what the miner of a name does; those that are none, validators among them, work.
func (s *Subnet) Kind(name string) Kind {
	if m := s.miners[name]; m != nil {
		return m.Kind
	}
	return Works
}

// Skill returns the skill of the miner of a name.
func (s *Subnet) Skill(name string) int {
	if m := s.miners[name]; m != nil {
		return m.Skill
	}
	return 0
}

// SameScores compares, score by score, two runs of one seed of which the second has miners that do not work: all scores of
// miners that work in both must be equal. It returns how many there were, and an error at the first that differs.
func SameScores(honest, faulty *Result) (compared int, err error) {
	type place struct {
		epoch            int
		validator, miner string
	}
	for i, s := range faulty.Subnets {
		scores := map[place]Score{}
		for _, r := range honest.Subnets[i].Records {
			for _, x := range r.Scores {
				scores[place{r.Epoch, x.Validator, x.Miner}] = x
			}
		}
		for _, r := range s.Records {
			for _, x := range r.Scores {
				want, ok := scores[place{r.Epoch, x.Validator, x.Miner}]
				if !ok || s.Kind(x.Miner) != Works {
					continue
				}
				if compared++; x != want {
					return compared, fmt.Errorf("market: epoch %d: %s scores %d for %s beside miners that fail, %d beside others", r.Epoch, x.Miner, x.Value, x.Validator, want.Value)
				}
			}
		}
	}
	return compared, nil
}

// IsMiner reports whether a name is a miner's.
func (s *Subnet) IsMiner(name string) bool { return s.miners[name] != nil }
