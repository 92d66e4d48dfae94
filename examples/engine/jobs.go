package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/sim"
	"github.com/assaylab/assay/examples/compute/verify"
	"github.com/assaylab/assay/examples/engine/blob"
	"github.com/assaylab/assay/examples/engine/queue"
	"github.com/assaylab/assay/examples/internal/flat"
	"github.com/assaylab/assay/examples/internal/strictjson"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

// The kinds of tasks: capabilities, too. A machine with much memory claims the first, one with a GPU the second, and so on.
const (
	kindLabel   = "seal-label"
	kindCommit  = "seal-commit"
	kindProve   = "seal-prove"
	kindPost    = "window-post"
	kindProduct = "product"
	kindScore   = "score"
)

var kinds = []string{kindLabel, kindCommit, kindProve, kindPost, kindProduct, kindScore}

// miner is the provider of the demonstration's sectors.
const miner = 1000

// A sealTask is the payload of the sealing phases and, in a list, of a PoSt partition. All but the data's bytes are in it.
type sealTask struct {
	Number sector.Number
	Ticket sector.Ticket
	CommD  sector.CommD
	Data   blob.Ref
	Layers blob.Ref     `json:",omitzero"` // from the commit phase on
	CommR  sector.CommR `json:",omitzero"` // from the prove phase on
	Seed   sector.Seed  `json:",omitzero"`
}

type postTask struct {
	Randomness post.Randomness
	Sectors    []sealTask
}

type productTask struct {
	A, B [32]byte
	N    int
}

type scoreTask struct {
	Seed    uint64
	N, V, K int
}

// bench is what a worker or judge works with.
type bench struct {
	blobs []string // servers
}

// do is the function of every task.
func (b *bench) do(ctx context.Context, t *queue.Task) ([]byte, error) {
	switch t.Kind {
	case kindLabel, kindCommit, kindProve:
		return b.seal(ctx, t)
	case kindPost:
		return b.post(ctx, t)
	case kindProduct:
		x, y, err := factors(t)
		if err != nil {
			return nil, err
		}
		c, err := verify.Multiply(x, y)
		return verify.AppendProduct(nil, c), err
	case kindScore:
		return score(ctx, t)
	}
	return nil, fmt.Errorf("no function for %q", t.Kind)
}

// payload reads a task's payload.
func payload[T any](t *queue.Task) (x T, err error) {
	if err = strictjson.Unmarshal(t.Payload, &x); err != nil {
		err = fmt.Errorf("payload of %s: %w", t.Kind, err)
	}
	return x, err
}

// newTask makes a task of a payload.
func newTask(kind string, x any) (queue.Task, error) {
	b, err := json.Marshal(x)
	return queue.Task{Kind: kind, Payload: b}, err
}

// sealing reads the payload of a sealing phase.
func sealing(t *queue.Task) (s sealTask, st *porep.Statement, err error) {
	if s, err = payload[sealTask](t); err == nil {
		st, err = s.statement()
	}
	return s, st, err
}

// statement is what the sector's proof shows, as far as the phase knows it.
func (s *sealTask) statement() (*porep.Statement, error) {
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	return &porep.Statement{CommR: s.CommR, Seed: s.Seed, Sector: porep.Sector{Proof: p, CommD: s.CommD, Ticket: s.Ticket,
		ID: sector.ID{Prover: sector.NewProverID(miner), Number: s.Number}}}, err
}

// seal does a sealing phase: from the data's blob and those of earlier phases to bytes of the next.
func (b *bench) seal(ctx context.Context, t *queue.Task) ([]byte, error) {
	s, st, err := sealing(t)
	if err != nil {
		return nil, err
	}
	if t.Kind == kindLabel {
		layers := make(flat.Buffer, uint64(st.Proof.Layers)*uint64(st.Proof.Size))
		err := porep.Label(ctx, st.ReplicaID(), st.Proof, layers, nil)
		return layers, err
	}
	f, clean, err := b.stage(ctx, &s, st)
	if err != nil {
		return nil, err
	}
	defer clean()
	commR, err := porep.Commit(ctx, f, &st.Sector, nil)
	if err != nil || t.Kind == kindCommit {
		return commR[:], err
	}
	p, err := porep.Prove(ctx, f, st, nil)
	if err != nil {
		return nil, err
	}
	return p.AppendC1(nil, st.Proof)
}

// stage lays a sector's data and layers out in a temporary directory.
func (b *bench) stage(ctx context.Context, s *sealTask, st *porep.Statement) (f porep.Files, clean func(), err error) {
	dir, err := os.MkdirTemp("", "assay-engine-")
	if err != nil {
		return f, nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	f = porep.Files{Cache: filepath.Join(dir, "cache"), Staged: filepath.Join(dir, "staged"), Sealed: filepath.Join(dir, "sealed")}
	if err = os.Mkdir(f.Cache, 0o700); err != nil {
		return f, nil, err
	}
	data, err := blob.Fetch(ctx, nil, s.Data, int64(st.Proof.Size), b.blobs...)
	if err != nil {
		return f, nil, err
	}
	if _, err = porep.Stage(ctx, f, st.Proof, bytes.NewReader(data), nil); err != nil {
		return f, nil, err
	}
	size := int64(st.Proof.Size)
	layers, err := blob.Fetch(ctx, nil, s.Layers, int64(st.Proof.Layers)*size, b.blobs...)
	if err != nil {
		return f, nil, err
	}
	return f, func() { os.RemoveAll(dir) }, writeLayers(f, st.Proof, layers)
}

// writeLayers writes the layer files of a sector.
func writeLayers(f porep.Files, p sector.Proof, layers []byte) error {
	size := int(p.Size)
	if len(layers) != p.Layers*size {
		return fmt.Errorf("%w: layers of %d bytes, want %d", verify.ErrProof, len(layers), p.Layers*size)
	}
	for l := range p.Layers {
		if err := os.WriteFile(filepath.Join(f.Cache, sector.LayerFile(l+1)), layers[l*size:(l+1)*size], 0o600); err != nil {
			return err
		}
	}
	return nil
}

// post proves a partition.
func (b *bench) post(ctx context.Context, t *queue.Task) ([]byte, error) {
	p, err := payload[postTask](t)
	if err != nil {
		return nil, err
	}
	rules, public, err := p.rules()
	if err != nil {
		return nil, err
	}
	pass, err := rules.Prove(ctx, p.Randomness, public, func(ctx context.Context, n sector.Number) (*post.Replica, error) {
		i := slices.IndexFunc(p.Sectors, func(s sealTask) bool { return s.Number == n })
		return b.replica(ctx, &p.Sectors[i], rules)
	}, nil)
	if err != nil {
		return nil, err
	}
	if len(pass.Faults) > 0 {
		return nil, fmt.Errorf("%d faulty sectors, the first: %v", len(pass.Faults), pass.Faults[0])
	}
	texts := make([]json.RawMessage, len(pass.Proofs))
	for i := range pass.Proofs {
		if texts[i], err = rules.EncodeJSON(&pass.Proofs[i]); err != nil {
			return nil, err
		}
	}
	return json.Marshal(texts)
}

func (p *postTask) rules() (post.Rules, []post.Public, error) {
	rules, err := post.NewRules(true, sector.Size2KiB, sector.V1_2_0)
	public := make([]post.Public, len(p.Sectors))
	for i, s := range p.Sectors {
		public[i] = post.Public{Number: s.Number, CommR: s.CommR}
	}
	return rules, public, err
}

// replica seals a sector again from its blobs, as a worker without the replica at hand does.
func (b *bench) replica(ctx context.Context, s *sealTask, rules post.Rules) (*post.Replica, error) {
	st, err := s.statement()
	if err != nil {
		return nil, err
	}
	f, clean, err := b.stage(ctx, s, st)
	if err != nil {
		return nil, err
	}
	defer clean()
	if _, err := porep.Commit(ctx, f, &st.Sector, nil); err != nil {
		return nil, err
	}
	r := &post.Replica{Discard: rules.DefaultDiscard()}
	read := func(name string) []byte {
		raw, readErr := os.ReadFile(name)
		if err == nil {
			err = readErr
		}
		return raw
	}
	aux := read(filepath.Join(f.Cache, sector.PAuxFile))
	r.Sealed = bytes.NewReader(read(f.Sealed))
	for _, name := range st.Proof.TreeRLastFiles() {
		r.TreeRLast = append(r.TreeRLast, bytes.NewReader(read(filepath.Join(f.Cache, name))))
	}
	if err != nil {
		return nil, err
	}
	return r, r.Aux.UnmarshalBinary(aux)
}

func factors(t *queue.Task) (x, y *verify.Matrix, err error) {
	p, err := payload[productTask](t)
	if err != nil {
		return nil, nil, err
	}
	if p.N < 1 || p.N > 256 {
		return nil, nil, fmt.Errorf("a product of size %d, want 1 to 256", p.N)
	}
	if x, err = verify.RandomMatrix(p.A, p.N, p.N); err != nil {
		return nil, nil, err
	}
	y, err = verify.RandomMatrix(p.B, p.N, p.N)
	return x, y, err
}

// score runs an epoch of Yuma consensus; the result is incentives and dividends, 8 bytes little-endian each.
func score(ctx context.Context, t *queue.Task) ([]byte, error) {
	p, err := payload[scoreTask](t)
	if err != nil {
		return nil, err
	}
	if p.N < 1 || p.N > 4096 || p.V < 1 || p.V > p.N || p.K < 1 || p.K > p.N {
		return nil, fmt.Errorf("a subnet of %d, %d, %d", p.N, p.V, p.K)
	}
	var o consensus.Output
	state := sim.Subnet{Seed: p.Seed, N: p.N, V: p.V, K: p.K, KB: p.K}.State()
	if err := consensus.NewEngine(nil).Epoch(ctx, state, &o); err != nil {
		return nil, err
	}
	var out []byte
	for i := range o.Incentive {
		out = binary.LittleEndian.AppendUint64(out, uint64(o.Incentive[i]))
		out = binary.LittleEndian.AppendUint64(out, uint64(o.Dividends[i]))
	}
	return out, nil
}
