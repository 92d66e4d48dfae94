package post

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/porep/sector"
)

// A Replica is what a prover reads of one sector. The readers may be files, object stores or read-only mounts.
type Replica struct {
	// Aux is the content of p_aux.
	Aux sector.PAux
	// Sealed is the replica, Rules.Size bytes.
	Sealed io.ReaderAt
	// TreeRLast are the files of the tree over the replica, one a base tree, without leaves and without the Discard rows
	// above them.
	TreeRLast []io.ReaderAt
	// Discard is the number of missing rows; DefaultDiscard is what sealing leaves out by default.
	Discard int
	// Close, if not nil, is called when nothing reads any more.
	Close func() error
}

// An Opener finds the replica of a sector. It may take its time, or hang: the sector's deadline counts. It is called from
// several goroutines at once.
type Opener func(ctx context.Context, n sector.Number) (*Replica, error)

// DefaultDiscard is the number of rows that sealing leaves out of TreeRLast by default.
func (r Rules) DefaultDiscard() int { return r.discard }

// Reading bounds the pass over files. The zero value works.
type Reading struct {
	// Parallel is the number of sectors that are read at a time; 0 is 4 for each processor.
	Parallel int
	// Deadline is the time a sector has, from when its reading begins; 0 is one minute.
	Deadline time.Duration
}

// A Reason says why a sector could not be proven.
type Reason int

const (
	Missing  Reason = 1 + iota // the replica or a file of it does not exist
	Short                      // a file has another length than it must
	Mismatch                   // bytes differ from what the tree or CommR commits to
	IOError                    // reading failed
	Late                       // the deadline passed, the sector's or the store's own; nothing is said of the bytes
)

// String returns the reason in words.
func (r Reason) String() string {
	if r < Missing || r > Late {
		return fmt.Sprintf("reason %d", int(r))
	}
	return [...]string{"missing", "short", "digest mismatch", "I/O error", "timed out"}[r-1]
}

// A Fault is a sector without a proof. It is an error.
type Fault struct {
	Number sector.Number
	Reason Reason
	Err    error
}

func (f *Fault) Error() string {
	return fmt.Sprintf("post: sector %d: %s: %v", f.Number, f.Reason, f.Err)
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// A Pass is the result of reading a list of sectors once.
type Pass struct {
	// Proofs are those of the good sectors, in the order of the list.
	Proofs []SectorProof
	// Faults are exactly the others, in the order of the list.
	Faults []*Fault
	// Read is the number of bytes that were read, of late sectors too.
	Read int64
	// Hanging is the number of reads that were past their deadline and had not returned when the pass ended. Each holds a
	// goroutine and its buffer until it returns.
	Hanging int
}

// Prove reads every sector of the list once and proves the leaves that rand challenges in it. The list is the whole list that
// is proven together, ascending by number, of any length: partitions come later. Every sector comes out either with a
// proof, which Verify accepts, or as a Fault. Only a bad list, bad randomness or the end of ctx is an error; then no result
// is returned, and reads that hang go on in the background until they return.
func (r Rules) Prove(ctx context.Context, rand Randomness, sectors []Public, open Opener, opt *Options) (*Pass, error) {
	if err := r.checkList(rand, sectors); err != nil {
		return nil, err
	}
	if open == nil {
		return nil, errors.New("post: no opener")
	}
	p := &pass{Rules: r, rand: rand, sectors: sectors, open: open, limit: time.Minute,
		proofs: make([]*SectorProof, len(sectors)), faults: make([]*Fault, len(sectors))}
	parallel := 0
	if opt != nil {
		p.progress = opt.Progress
		parallel = opt.Reading.Parallel
		if opt.Reading.Deadline > 0 {
			p.limit = opt.Reading.Deadline
		}
	}
	if parallel <= 0 {
		parallel = 4 * runtime.GOMAXPROCS(0)
	}
	if err := p.run(ctx, min(parallel, len(sectors))); err != nil {
		return nil, err
	}
	out := &Pass{Read: p.read.Load(), Hanging: int(p.hanging.Load())}
	for i := range sectors {
		if p.faults[i] != nil {
			out.Faults = append(out.Faults, p.faults[i])
		} else {
			out.Proofs = append(out.Proofs, *p.proofs[i])
		}
	}
	return out, nil
}

// A pass is the reading of a list under way.
type pass struct {
	Rules
	rand     Randomness
	sectors  []Public
	open     Opener
	limit    time.Duration
	progress func(string, uint64, uint64)

	read    atomic.Int64
	hanging atomic.Int64
	proofs  []*SectorProof // written by the slot that took the sector
	faults  []*Fault
}

// beat is how often progress is told while every slot waits for a slow read.
const beat = 500 * time.Millisecond

// run works the list off over the slots.
func (p *pass) run(ctx context.Context, slots int) error {
	var next atomic.Int64
	var group sync.WaitGroup
	told := p.tell()
	for range slots {
		group.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(p.sectors) {
					return
				}
				p.slot(ctx, i)
				told.add()
			}
		})
	}
	group.Wait()
	told.end()
	return context.Cause(ctx)
}

// A teller calls Progress for each sector that is done, and on every beat.
type teller struct {
	mu   sync.Mutex
	done uint64
	call func(done uint64) // nil where nobody listens
	over chan struct{}
	gone sync.WaitGroup
}

func (p *pass) tell() *teller {
	t := &teller{over: make(chan struct{})}
	if p.progress == nil {
		return t
	}
	t.call = func(done uint64) { p.progress("post", done, uint64(len(p.sectors))) }
	t.gone.Go(func() {
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				t.report(0)
			case <-t.over:
				return
			}
		}
	})
	return t
}

func (t *teller) add() {
	if t.call != nil {
		t.report(1)
	}
}

func (t *teller) report(n uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done += n
	t.call(t.done)
}

// end returns when nothing is told any more.
func (t *teller) end() {
	close(t.over)
	t.gone.Wait()
}

// slot reads one sector in a goroutine of its own and leaves it behind when its time is up.
func (p *pass) slot(ctx context.Context, i int) {
	type result struct {
		proof *SectorProof
		err   error
	}
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	ready := make(chan result, 1)
	p.hanging.Add(1)
	go func() {
		proof, err := p.prove(ctx, i)
		p.hanging.Add(-1)
		ready <- result{proof, err}
	}()
	select {
	case r := <-ready:
		p.proofs[i] = r.proof
		if r.err != nil {
			p.faults[i] = &Fault{p.sectors[i].Number, reasonOf(r.err), r.err}
		}
	case <-ctx.Done():
		p.faults[i] = &Fault{p.sectors[i].Number, Late, context.DeadlineExceeded}
	}
}

// reasonOf sorts an error of reading. A store's own timeout says as little of the bytes as the sector's deadline does.
func reasonOf(err error) Reason {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return Late
	case errors.Is(err, fs.ErrNotExist):
		return Missing
	case errors.Is(err, errShort), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Short
	case errors.Is(err, errMismatch), errors.Is(err, merkle.ErrCorrupt), errors.Is(err, merkle.ErrNode):
		return Mismatch
	}
	return IOError
}

var (
	errShort    = errors.New("a file has another length than it must")
	errMismatch = errors.New("the replica is not what CommR commits to")
)

// prove reads one sector.
func (p *pass) prove(ctx context.Context, i int) (*SectorProof, error) {
	s := p.sectors[i]
	rep, err := p.open(ctx, s.Number)
	if err == nil {
		err = rep.check()
	}
	if err != nil {
		return nil, err
	}
	defer rep.close()
	commR, err := poseidon.Sum2(merkle.Digest(rep.Aux.CommC), merkle.Digest(rep.Aux.CommRLast))
	if err != nil || sector.CommR(commR) != s.CommR {
		return nil, fmt.Errorf("%w: p_aux: %v", errMismatch, err)
	}
	tree, err := p.tree(rep)
	if err != nil {
		return nil, err
	}
	if tree.Root() != merkle.Digest(rep.Aux.CommRLast) {
		return nil, fmt.Errorf("%w: the roots in TreeRLast", errMismatch)
	}
	leaves := p.ChallengesOf(nil, p.rand, s.Number, uint64(i))
	openings, err := tree.Open(ctx, leaves, &merkle.Options{Workers: 1})
	if err != nil {
		return nil, err
	}
	bad, err := merkle.VerifyBatch(ctx, poseidon.Hasher{}, p.shape, []merkle.Digest{tree.Root()}, openings,
		&merkle.Options{Workers: 1})
	if err != nil {
		return nil, err
	}
	if len(bad) > 0 {
		return nil, fmt.Errorf("%w: leaf %d", errMismatch, leaves[bad[0]])
	}
	return &SectorProof{s.Number, s.CommR, rep.Aux.CommC, rep.Aux.CommRLast, openings}, nil
}

// check refuses a replica without readers: what an Opener does not give is missing.
func (rep *Replica) check() error {
	if rep == nil {
		return fmt.Errorf("post: no replica: %w", fs.ErrNotExist)
	}
	if rep.Sealed == nil || slices.Contains(rep.TreeRLast, nil) {
		return errors.Join(fmt.Errorf("post: a file without reader: %w", fs.ErrNotExist), rep.close())
	}
	return nil
}

func (rep *Replica) close() error {
	if rep.Close == nil {
		return nil
	}
	return rep.Close()
}

// tree opens the replica's tree through counting readers.
func (p *pass) tree(rep *Replica) (*merkle.Tree, error) {
	if n := p.shape.Trees(); len(rep.TreeRLast) < n {
		return nil, fmt.Errorf("post: %d of %d files of TreeRLast: %w", len(rep.TreeRLast), n, fs.ErrNotExist)
	}
	files := make([]io.ReaderAt, len(rep.TreeRLast))
	for k, f := range rep.TreeRLast {
		files[k] = &counted{f, &p.read}
	}
	layout := merkle.Layout{Detached: true, Discard: rep.Discard}
	tree, err := merkle.OpenFiles(poseidon.Hasher{}, p.shape, layout, files, &counted{rep.Sealed, &p.read})
	var node *merkle.NodeError
	if errors.Is(err, merkle.ErrCorrupt) && !errors.As(err, &node) {
		return nil, fmt.Errorf("%w: %w", errShort, err) // no node is wrong: the file's length is
	}
	return tree, err
}

// A counted reader adds what is read through it to n.
type counted struct {
	r io.ReaderAt
	n *atomic.Int64
}

func (c *counted) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(b, off)
	c.n.Add(int64(n))
	return n, err
}
