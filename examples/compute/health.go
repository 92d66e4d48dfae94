package main

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/assaylab/assay/examples/compute/verify"
	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// Outcomes of executions.
const (
	outcomeOK      = "ok"
	outcomeRefuted = "refuted"
	outcomeLate    = "late"
	outcomeDown    = "down"
	outcomeForged  = "forged record"
)

// An execution is one entry of the log: who did what, when, and how it was judged.
type execution struct {
	Hour    int    `json:"hour"`
	Job     string `json:"job"`
	Node    string `json:"node"`
	Op      string `json:"op"`
	Outcome string `json:"outcome"`
	Result  string `json:"result,omitempty"` // SHA-256
}

// executions is the market's append-only log: JSON lines under an RFC 6962 tree. Nothing in it depends on time.
type executions struct {
	lines [][]byte
	tree  *merkle.LogTree
}

var rfc6962 = merkle.Log{Sum: sha2.SumPrefix}

// append adds executions in the order given.
func (l *executions) append(e ...execution) error {
	if l.tree == nil {
		l.tree = merkle.NewLogTree(rfc6962)
	}
	for i := range e {
		b, err := json.Marshal(e[i])
		if err != nil {
			return err
		}
		l.lines = append(l.lines, b)
		l.tree.Append(rfc6962.Leaf(b))
	}
	return nil
}

// A head is the log's state at a size.
type head struct {
	size uint64
	root merkle.Digest
}

func (l *executions) head() (head, error) {
	if l.tree == nil {
		return head{0, rfc6962.Empty()}, nil
	}
	root, err := l.tree.Root(l.tree.Size())
	return head{l.tree.Size(), root}, err
}

// An auditor is a client that trusts the market with nothing: it keeps the last head it saw and takes a new one only with the
// proof that it extends the old.
type auditor struct {
	last   head
	proofs int
}

// observe checks that the log was only appended to.
func (a *auditor) observe(l *executions) error {
	next, err := l.head()
	if err != nil {
		return err
	}
	if next.size > 0 {
		proof, err := l.tree.Consistency(a.last.size, next.size)
		if err != nil {
			return err
		}
		if a.last.size > 0 {
			if err := rfc6962.VerifyConsistency(a.last.size, next.size, a.last.root, next.root, proof); err != nil {
				return fmt.Errorf("the log of %d entries does not extend that of %d: %w", next.size, a.last.size, err)
			}
			a.proofs++
		}
	}
	a.last = next
	return nil
}

// recount reads the whole log, holds it against the last head, and counts every node's outcomes.
func (a *auditor) recount(l *executions) (map[string]*counts, error) {
	leaves := make([]merkle.Digest, len(l.lines))
	out := map[string]*counts{}
	for i, line := range l.lines {
		leaves[i] = rfc6962.Leaf(line)
		var e execution
		if err := strict(line, &e); err != nil {
			return nil, fmt.Errorf("entry %d of the log: %w", i, err)
		}
		if out[e.Node] == nil {
			out[e.Node] = &counts{}
		}
		out[e.Node].add(&e)
	}
	if rfc6962.Root(leaves) != a.last.root {
		return nil, fmt.Errorf("%w: the log's entries do not have its root", verify.ErrProof)
	}
	return out, nil
}

// counts are a node's task outcomes.
type counts struct {
	OK      int `json:"ok"`
	Failed  int `json:"failed"`
	Solved  int `json:"puzzles_solved"`
	Missed  int `json:"puzzles_missed"`
	Forged  int `json:"records_forged"`
	DownFor int `json:"hours_down"`
}

func (c *counts) add(e *execution) {
	switch {
	case e.Op == opPuzzle && e.Outcome == outcomeOK:
		c.Solved++
	case e.Op == opPuzzle && e.Outcome == outcomeDown:
		c.DownFor++
	case e.Op == opPuzzle:
		c.Missed++
	case e.Op == opRecord && e.Outcome == outcomeForged:
		c.Forged++
	case e.Op == opRecord:
	case e.Outcome == outcomeOK:
		c.OK++
	default:
		c.Failed++
	}
}

// A health is a node's public record: outcomes as they are in the log, downtime, and the measured bandwidth.
type health struct {
	counts
	Down float64 `json:"down_mbytes_s"`
	Up   float64 `json:"up_mbytes_s"`
}

// reliability is the share of tasks and puzzles that went well, in millionths.
func (h *health) reliability() int64 {
	good, bad := int64(h.OK+h.Solved), int64(h.Failed+h.Missed+h.DownFor+h.Forged)
	if good+bad == 0 {
		return 0
	}
	return good * 1e6 / (good + bad)
}

// record logs executions and counts them in the nodes' health.
func (m *market) record(e ...execution) error {
	for i := range e {
		for _, p := range m.nodes {
			if p.name == e[i].Node {
				p.health.add(&e[i])
			}
		}
	}
	return m.log.append(e...)
}

// publish renews what the market serves: every node's health record, the log's entries, a line each, and its head.
func (m *market) publish() error {
	records := map[string]nodeFigures{}
	for _, p := range m.nodes {
		records[p.name] = p.figures()
	}
	b, err := json.Marshal(records)
	if err != nil {
		return err
	}
	h, err := m.log.head()
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.public = map[string][]byte{"/health": b, "/log": bytes.Join(m.log.lines, []byte("\n")), "/head": fmt.Appendf(nil, `{"size":%d,"root":"%x"}`, h.size, h.root)}
	return nil
}

// rank orders the listed peers, best first: performance (what they have times how much of it went well), stability and stake, with the
// co-stakes that count, by the declared weights.
func (m *market) rank(hour int) []*peer {
	points := map[*peer]int64{}
	var most, stakes int64 = 1, 1
	for _, p := range m.nodes {
		most = max(most, p.performance())
		stakes = max(stakes, p.staked(hour)/1000)
	}
	var out []*peer
	for _, p := range m.nodes {
		if p.listed() {
			points[p] = m.params.RankPerformance*p.performance()*1e6/most + m.params.RankStability*p.health.reliability() +
				m.params.RankStake*(p.staked(hour)/1000*1e6/stakes)
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b *peer) int { return cmp.Compare(points[b], points[a]) })
	return out
}

// performance is devices times multiplier, by the share of jobs that were right.
func (p *peer) performance() int64 {
	jobs := int64(p.health.OK + p.health.Failed)
	if jobs == 0 {
		return 0
	}
	return int64(p.claimed) * p.multiplier * int64(p.health.OK) / jobs
}

// staked is the supplier's stake and the co-stakes that count.
func (p *peer) staked(hour int) int64 {
	sum := p.stake
	for i := range p.coStakes {
		if p.coStakes[i].Counts(hour) {
			sum += p.coStakes[i].Amount
		}
	}
	return sum
}

func hexSum(sum [32]byte) string { return hex.EncodeToString(sum[:]) }
