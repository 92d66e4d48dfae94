package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/assaylab/assay/examples/compute/envelope"
	"github.com/assaylab/assay/examples/compute/verify"
	"github.com/assaylab/assay/porep/sector"
)

// The puzzle of an hour: some tens of milliseconds on one device. The market counts how many of them it solves itself until a peer's answer
// comes, since a busy machine slows both alike: up to puzzleClear the peer is in time, up to puzzleSlack it is so if the same is seen again,
// beyond that it is late if the same is seen again: puzzleAgain times in all, each with a fresh ticket.
const (
	puzzleLinks  = 150
	puzzleLayers = 4 // of the native profile
	puzzleClear  = 2
	puzzleSlack  = 6
	puzzleAgain  = 3
)

// A trial is what was seen of a peer's answers to one hour's puzzle.
type trial struct{ near, late int }

// decided takes in one more answer and reports whether its outcome is the hour's.
func (t *trial) decided(outcome string, solved int) bool {
	switch {
	case outcome == outcomeLate:
		t.late++
		return t.late == puzzleAgain
	case outcome == outcomeOK && solved > puzzleClear:
		t.near++
		return t.near == puzzleAgain
	}
	return true
}

// The hours between which cirrus is down.
const (
	outageFrom = 8
	outageTo   = 10
)

// hour runs one hour of the market.
func (m *market) hour(ctx context.Context, h int) error {
	if err := m.lifecycle(ctx, h); err != nil {
		return err
	}
	solved, err := m.puzzles(ctx, h)
	if err != nil {
		return err
	}
	for _, p := range m.nodes {
		if h%6 == 0 && p.listed() && p.up() {
			if err := m.probe(ctx, p, h); err != nil {
				return err
			}
		}
	}
	if err := m.release(h); err != nil {
		return err
	}
	switch h % 4 {
	case 1:
		err = m.reserve(m.renters[0], h, 4, 4)
	case 3:
		err = m.reserve(m.renters[1], h, 4, 4)
	}
	if err != nil {
		return err
	}
	if err := m.work(ctx, h); err != nil {
		return err
	}
	if err := m.records(ctx, h); err != nil {
		return err
	}
	if err := m.block(h, solved); err != nil {
		return err
	}
	if h%6 == 5 || h == m.hours-1 {
		if err := m.buyBack(h); err != nil {
			return err
		}
	}
	if h == m.hours-1 {
		if err := m.withdraw(h); err != nil {
			return err
		}
	}
	return m.close(h)
}

// lifecycle is what happens to suppliers at the begin of an hour.
func (m *market) lifecycle(ctx context.Context, h int) error {
	for _, p := range m.nodes {
		switch {
		case p.name == "cirrus" && h == outageFrom:
			p.process.Kill()
		case p.name == "cirrus" && h == outageTo:
			if err := m.start(ctx, p, h); err != nil {
				return err
			}
		case p.cheat == cheatPhantom && h == cheatHour && p.listed():
			p.claimed += phantomDevices
			if err := m.topUp(p, h); err != nil {
				return err
			}
		}
	}
	return nil
}

// pace solves puzzles of the hour's size here for as long as ask runs, one after another on each of so many devices as there are processors
// for, and returns how many each of them solved in the mean. That is the clock a peer is held against: other work on the machine slows this
// process and a peer's alike, where a time would count it.
func (m *market) pace(ctx context.Context, h, devices int, ask func()) (int, error) {
	p := &verify.Puzzle{Device: "reference", Ticket: m.draw("ticket", h, "reference"), Links: puzzleLinks, Size: sector.Size2KiB, Layers: puzzleLayers}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	devices = min(devices, m.processors)
	solved, errs := make([]int, devices), make([]error, devices)
	var group sync.WaitGroup
	for d := range devices {
		group.Go(func() {
			for errs[d] == nil {
				if _, errs[d] = p.Solve(ctx); errs[d] == nil {
					solved[d]++
				}
			}
		})
	}
	ask()
	cancel()
	group.Wait()
	total := 0
	for d, err := range errs {
		if !errors.Is(err, context.Canceled) {
			return 0, err
		}
		total += solved[d]
	}
	return total / devices, nil
}

// puzzles nominates every listed peer and returns those that solved the hour's puzzle on each device they claim.
func (m *market) puzzles(ctx context.Context, h int) (map[*peer]bool, error) {
	solved := map[*peer]bool{}
	for _, p := range m.nodes {
		if !p.listed() {
			continue
		}
		m.stats.Nominated++
		outcome, sum, err := m.tried(ctx, p, h)
		if err != nil {
			return nil, err
		}
		if err := m.record(execution{Hour: h, Job: fmt.Sprintf("puzzle-%d", h), Node: p.name, Op: opPuzzle, Outcome: outcome}); err != nil {
			return nil, err
		}
		if outcome == outcomeOK {
			solved[p] = true
			m.stats.Succeeded++
			continue
		}
		m.stats.Failed++
		switch outcome {
		case outcomeLate:
			err = m.catch(p, h, m.params.SlashDevice, "claims a device it lacks: the timed puzzle was missed")
		case outcomeRefuted:
			how := "proof of resources refuted"
			if m.seen[sum] != "" {
				how = "replays a proof: the answer is that to an earlier ticket"
			}
			err = m.catch(p, h, m.params.SlashProof, how)
		}
		if err != nil {
			return nil, err
		}
	}
	return solved, nil
}

// tried asks a peer until the hour's outcome is decided. sum is the hash of its last answers.
func (m *market) tried(ctx context.Context, p *peer, h int) (outcome string, sum [32]byte, err error) {
	var t trial
	for try := 0; ; try++ {
		outcome, sum, solved, err := m.puzzle(ctx, p, h, try)
		if err != nil || t.decided(outcome, solved) {
			return outcome, sum, err
		}
	}
}

// puzzle asks a peer once, and counts how many puzzles the market solved meanwhile.
func (m *market) puzzle(ctx context.Context, p *peer, h, try int) (outcome string, sum [32]byte, solved int, err error) {
	msg := &message{Op: opPuzzle, Hour: h}
	for d := range p.claimed {
		device := fmt.Sprintf("%s/%d", p.name, d)
		msg.Puzzles = append(msg.Puzzles, verify.Puzzle{Device: device, Ticket: m.draw(fmt.Sprint("ticket ", try), h, device), Links: puzzleLinks, Size: sector.Size2KiB, Layers: puzzleLayers})
	}
	if !p.up() {
		return outcomeDown, sum, 0, nil
	}
	var a *answer
	solved, perr := m.pace(ctx, h, p.claimed, func() { a, err = m.ask(ctx, p, m.key, msg) })
	if m.clock != nil {
		solved = m.clock(p)
	}
	switch {
	case perr != nil:
		return "", sum, 0, perr
	case errors.Is(err, errDown):
		return outcomeDown, sum, solved, nil
	case errors.Is(err, errMessage):
		return outcomeRefuted, sum, solved, m.settle(ctx, a, err)
	case err != nil:
		return "", sum, 0, err
	case solved > puzzleSlack:
		return outcomeLate, sum, solved, m.settle(ctx, a, nil)
	}
	verdict := error(nil)
	if len(a.Answers) != len(msg.Puzzles) {
		verdict = fmt.Errorf("%w: %d answers, want %d", verify.ErrProof, len(a.Answers), len(msg.Puzzles))
	}
	hash := sha256.New()
	for i := range a.Answers {
		hash.Write(a.Answers[i])
		if verdict == nil {
			verdict = msg.Puzzles[i].Check(ctx, a.Answers[i], 0, 0) // the time was judged
		}
	}
	sum = [32]byte(hash.Sum(nil))
	if verdict != nil && !errors.Is(verdict, verify.ErrProof) {
		return "", sum, 0, verdict
	}
	if err := m.settle(ctx, a, verdict); err != nil {
		return "", sum, 0, err
	}
	if verdict != nil {
		m.stats.Refuted++
		return outcomeRefuted, sum, solved, nil
	}
	m.stats.Puzzles += len(a.Answers)
	m.seen[sum] = "puzzle"
	return outcomeOK, sum, solved, nil
}

// A job is one piece of work of a reservation.
type job struct {
	message
	client  *envelope.Key
	x       *reservation
	node    *peer // that it was reserved from
	by      *peer // that did it
	entries []execution
	caught  []func() error
}

// jobs are those of an hour: a product and a trace for each node of each cluster.
func (m *market) jobs(h int) []*job {
	var out []*job
	for _, x := range m.reservations {
		for _, p := range x.nodes {
			for _, op := range []string{opProduct, opTrace} {
				j := &job{client: x.renter.client, x: x, node: p}
				j.message = message{Op: op, Job: fmt.Sprintf("%s-%d-%s", op, h, p.name), Hour: h, A: m.draw(op+" a", h, p.name), B: m.draw(op+" b", h, p.name),
					N: productSize}
				if op == opTrace {
					j.N = traceSteps
				}
				out = append(out, j)
			}
		}
	}
	return out
}

// work runs the jobs of an hour, each on its node, and on another where that one is down, caught or wrong; then it pays.
func (m *market) work(ctx context.Context, h int) error {
	jobs := m.jobs(h)
	order := m.rank(h)
	errs := make([]error, len(jobs))
	var group sync.WaitGroup
	for i, j := range jobs {
		group.Go(func() { errs[i] = m.perform(ctx, j, order) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	slices.SortStableFunc(jobs, func(a, b *job) int { return cmp.Compare(a.Job, b.Job) })
	done, undone := map[*peer]*peer{}, map[*peer]bool{} // who did a node's hour: another, where it did any of its jobs
	for _, j := range jobs {
		if err := m.record(j.entries...); err != nil {
			return err
		}
		for _, c := range j.caught {
			if err := c(); err != nil {
				return err
			}
		}
		undone[j.node] = undone[j.node] || j.by == nil
		if j.by != j.node || done[j.node] == nil {
			done[j.node] = j.by
		}
	}
	for _, x := range m.reservations {
		for _, p := range x.nodes {
			by := done[p]
			if undone[p] {
				by = nil
			}
			if err := m.pay(x, p, by, h); err != nil {
				return err
			}
		}
	}
	return nil
}

// perform gives a job to its node and then to the others, best first, until one has it right.
func (m *market) perform(ctx context.Context, j *job, order []*peer) error {
	candidates := append([]*peer{j.node}, order...)
	for i, p := range candidates {
		if i > 0 && p == j.node || !p.listed() {
			continue
		}
		outcome, sum, how, err := m.execute(ctx, j, p)
		if err != nil {
			return err
		}
		j.entries = append(j.entries, execution{j.Hour, j.Job, p.name, j.Op, outcome, sum})
		if outcome == outcomeOK {
			j.by = p
			m.mu.Lock()
			m.stats.Jobs++
			if p != j.node {
				m.stats.Reassigned++
			}
			m.mu.Unlock()
			return nil
		}
		if outcome == outcomeRefuted {
			j.caught = append(j.caught, func() error { return m.catch(p, j.Hour, m.params.SlashWork, how) })
		}
	}
	return nil
}

// execute has a job done by a peer and judges the result.
func (m *market) execute(ctx context.Context, j *job, p *peer) (outcome, sum, how string, err error) {
	if !p.up() {
		return outcomeDown, "", "", nil
	}
	m.mu.Lock()
	p.asked++
	m.mu.Unlock()
	a, err := m.ask(ctx, p, j.client, &j.message)
	switch {
	case errors.Is(err, errDown):
		return outcomeDown, "", "", nil
	case errors.Is(err, errMessage):
		return outcomeRefuted, "", "sends malformed results", m.settle(ctx, a, err)
	case err != nil:
		return "", "", "", err
	}
	verdict := judge(ctx, &j.message, a.Result)
	if verdict != nil && !errors.Is(verdict, verify.ErrProof) {
		return "", "", "", verdict
	}
	hash := sha256.Sum256(a.Result)
	if err := m.settle(ctx, a, verdict); err != nil {
		return "", "", "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p.answered++
	m.stats.Bytes += a.bytes
	if verdict == nil {
		m.seen[hash] = j.Job
		return outcomeOK, hexSum(hash), "", nil
	}
	m.stats.Refuted++
	switch {
	case m.seen[hash] != "":
		how = "returns an old result, that of " + m.seen[hash]
	case j.Op == opTrace:
		how = "skips work: a step of the trace, done again, differs"
	default:
		how = "returns a wrong product"
	}
	return outcomeRefuted, hexSum(hash), how, nil
}

// judge verifies the result of a job. Errors: verify.ErrProof where it is refuted.
func judge(ctx context.Context, msg *message, result []byte) error {
	if msg.Op == opTrace {
		_, err := verify.CheckProof(ctx, result, msg.B, samples, firstState(msg.A), traceSteps, layers(ctx, msg.A))
		return err
	}
	a, err := verify.RandomMatrix(msg.A, msg.N, msg.N)
	if err != nil {
		return err
	}
	b, err := verify.RandomMatrix(msg.B, msg.N, msg.N)
	if err != nil {
		return err
	}
	c, err := verify.ParseProduct(result, msg.N*msg.N)
	if err != nil {
		return err
	}
	var seed [32]byte
	rand.Read(seed[:])
	return verify.Product(&verify.Claim{A: a, B: b, C: c}, seed, rounds)
}

// records asks every peer for its own account of itself and holds it against the log.
func (m *market) records(ctx context.Context, h int) error {
	for _, p := range m.nodes {
		if !p.listed() || !p.up() {
			continue
		}
		a, err := m.ask(ctx, p, m.key, &message{Op: opRecord, Hour: h})
		if errors.Is(err, errDown) {
			continue
		}
		if err != nil && !errors.Is(err, errMessage) {
			return err
		}
		var verdict error
		if err != nil || !p.states(a.Record, h) {
			verdict = verify.ErrProof
		}
		if err := m.settle(ctx, a, verdict); err != nil {
			return err
		}
		if verdict == nil {
			continue
		}
		m.stats.Refuted++
		if err := m.record(execution{Hour: h, Job: fmt.Sprintf("record-%d", h), Node: p.name, Op: opRecord, Outcome: outcomeForged}); err != nil {
			return err
		}
		if err := m.catch(p, h, m.params.SlashRecord, "forges its health record: it states work that the log has not"); err != nil {
			return err
		}
	}
	return nil
}

// states reports whether a peer's own account can be true: it did all the jobs whose answers came, and none that it was not asked for.
// Those whose answers came too late or not at all it may have done.
func (p *peer) states(r *record, hour int) bool {
	return r != nil && r.Node == p.name && r.Hour == hour && r.Done >= p.answered && r.Done <= p.asked
}

// clusterTest is what a peer must pass before it is eligible: a product of its own, right.
func (m *market) clusterTest(ctx context.Context) error {
	for _, p := range m.nodes {
		j := &job{client: m.key, node: p, message: message{Op: opProduct, Job: "cluster-test-" + p.name, A: m.draw("test a", 0, p.name), B: m.draw("test b", 0, p.name), N: productSize}}
		outcome, sum, _, err := m.execute(ctx, j, p)
		if err != nil {
			return err
		}
		p.tested = outcome == outcomeOK
		if err := m.record(execution{opening, j.Job, p.name, opProduct, outcome, sum}); err != nil {
			return err
		}
	}
	return nil
}
