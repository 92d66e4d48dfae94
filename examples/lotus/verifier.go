// Package lotus is an adapter: it gives lotus and curio the proof verifier that they otherwise take from filecoin-ffi, in pure
// Go. Inject New(keys) where they want a proofs.Verifier (lotus b835fab, chain/proofs/verifier.go).
package lotus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/filecoin-project/go-state-types/abi"
	"github.com/filecoin-project/go-state-types/proof"
	"github.com/ipfs/go-cid"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
	"github.com/assaylab/assay/post"
)

// A Verifier checks proofs as the chain has them. All methods return true for what is proven, false for what is refuted, and
// an error for what could not be judged, a missing key above all. It is safe for concurrent use.
type Verifier struct {
	keys *groth16.Keys
	opt  *groth16.BatchOptions
}

// New returns a verifier under the keys of a parameter folder, such as groth16.OpenKeys("/var/tmp/filecoin-proof-parameters",
// nil). opt may be nil.
func New(keys *groth16.Keys, opt *groth16.BatchOptions) *Verifier {
	return &Verifier{keys: keys, opt: opt}
}

// VerifySeal checks the proof of one seal: interactive, synthetic or non-interactive.
func (v *Verifier) VerifySeal(info proof.SealVerifyInfo) (bool, error) {
	st, err := sealStatement(info.SealProof, info.Miner, info.Number, info.Randomness, info.InteractiveRandomness, info.SealedCID, info.UnsealedCID)
	if err != nil {
		return false, err
	}
	return verdict(porep.VerifySeal(context.Background(), v.keys, &st, info.Proof, v.opt))
}

// VerifyAggregateSeals checks one SnarkPack proof of many seals of a miner, in their order.
func (v *Verifier) VerifyAggregateSeals(aggregate proof.AggregateSealVerifyProofAndInfos) (bool, error) {
	if len(aggregate.Infos) == 0 {
		return false, errors.New("lotus: no seals in the aggregate")
	}
	version, ok := map[abi.RegisteredAggregationProof]groth16.Version{
		abi.RegisteredAggregationProof_SnarkPackV1: groth16.SnarkPackV1,
		abi.RegisteredAggregationProof_SnarkPackV2: groth16.SnarkPackV2,
	}[aggregate.AggregateProof]
	if !ok {
		return false, fmt.Errorf("lotus: %w: aggregation proof %d", sector.ErrProofType, aggregate.AggregateProof)
	}
	sts := make([]porep.Statement, len(aggregate.Infos))
	for i, s := range aggregate.Infos {
		var err error
		if sts[i], err = sealStatement(aggregate.SealProof, aggregate.Miner, s.Number, s.Randomness, s.InteractiveRandomness, s.SealedCID, s.UnsealedCID); err != nil {
			return false, fmt.Errorf("lotus: sector %d: %w", s.Number, err)
		}
	}
	return verdict(porep.VerifyAggregateSeals(context.Background(), v.keys, sts, version, aggregate.Proof, v.opt))
}

// sealStatement turns what the chain knows of a seal into what its proof is about.
func sealStatement(p abi.RegisteredSealProof, miner abi.ActorID, n abi.SectorNumber, ticket abi.SealRandomness, seed abi.InteractiveSealRandomness, sealed, unsealed cid.Cid) (porep.Statement, error) {
	sp, err := sector.SealProof(p).Proof()
	if err != nil {
		return porep.Statement{}, err
	}
	st := porep.Statement{Sector: porep.Sector{Proof: sp, ID: sector.ID{Prover: sector.NewProverID(uint64(miner)), Number: sector.Number(n)}}}
	if st.CommR, err = sector.ParseCommRCID(sealed.String()); err != nil {
		return st, err
	}
	if st.CommD, err = sector.ParseCommDCID(unsealed.String()); err != nil {
		return st, err
	}
	if len(ticket) != 32 || len(seed) != 32 && sp.Features != sector.NonInteractive {
		return st, fmt.Errorf("lotus: randomness of %d and %d bytes, want 32", len(ticket), len(seed))
	}
	copy(st.Ticket[:], ticket)
	copy(st.Seed[:], seed)
	return st, nil
}

// VerifyReplicaUpdate checks the proof of a sector update.
func (v *Verifier) VerifyReplicaUpdate(info proof.ReplicaUpdateInfo) (bool, error) {
	kind := sector.UpdateProof(info.UpdateProofType)
	if err := kind.Check(); err != nil {
		return false, err
	}
	params, err := update.NewParams(kind.Size())
	if err != nil {
		return false, err
	}
	st := update.Statement{Params: params}
	if st.CommROld, err = sector.ParseCommRCID(info.OldSealedSectorCID.String()); err != nil {
		return false, err
	}
	if st.CommRNew, err = sector.ParseCommRCID(info.NewSealedSectorCID.String()); err != nil {
		return false, err
	}
	if st.CommDNew, err = sector.ParseCommDCID(info.NewUnsealedSectorCID.String()); err != nil {
		return false, err
	}
	return verdict(update.VerifyReplicaUpdate(context.Background(), v.keys, &st, info.Proof, v.opt))
}

// VerifyWinningPoSt checks the proof of a winning PoSt of one sector.
func (v *Verifier) VerifyWinningPoSt(ctx context.Context, info proof.WinningPoStVerifyInfo) (bool, error) {
	if len(info.ChallengedSectors) != sector.WinningPoStSectors {
		return false, fmt.Errorf("lotus: a winning PoSt of %d sectors", len(info.ChallengedSectors))
	}
	rules, rand, err := postRules(info.Randomness, info.Proofs)
	if err != nil {
		return false, err
	}
	sectors, err := publicSectors(info.ChallengedSectors)
	if err != nil {
		return false, err
	}
	if want, err := sector.SealProof(info.ChallengedSectors[0].SealProof).WinningPoSt(); err != nil || want.Size() != rules.Size {
		return false, fmt.Errorf("lotus: %w: a winning PoSt of %v sectors over seal proof %d", sector.ErrProofType, rules.Size, info.ChallengedSectors[0].SealProof)
	}
	return verdict(post.VerifyWinningPoSt(ctx, v.keys, rules, rand, sectors[0], info.Proofs[0].ProofBytes, v.opt))
}

// VerifyWindowPoSt checks the proof of a window PoSt. Sectors may come in any order and, as where the chain puts a good
// sector in the place of a faulty one, several times.
func (v *Verifier) VerifyWindowPoSt(ctx context.Context, info proof.WindowPoStVerifyInfo) (bool, error) {
	rules, rand, err := postRules(info.Randomness, info.Proofs)
	if err != nil {
		return false, err
	}
	sectors, err := publicSectors(info.ChallengedSectors)
	if err != nil {
		return false, err
	}
	slices.SortStableFunc(sectors, func(a, b post.Public) int { return cmp.Compare(a.Number, b.Number) })
	sectors = slices.Compact(sectors)
	return verdict(post.VerifyWindowPoSt(ctx, v.keys, rules, rand, sectors, info.Proofs[0].ProofBytes, v.opt))
}

// GenerateWinningPoStSectorChallenge returns which of the eligible sectors a winning PoSt must prove.
func (v *Verifier) GenerateWinningPoStSectorChallenge(_ context.Context, kind abi.RegisteredPoStProof, miner abi.ActorID, randomness abi.PoStRandomness, eligible uint64) ([]uint64, error) {
	p := sector.PoStProof(kind)
	if err := p.Check(); err != nil || !p.Winning() {
		return nil, fmt.Errorf("lotus: %w: PoSt proof %d is no winning PoSt", sector.ErrProofType, kind)
	}
	rand, err := postRandomness(randomness)
	if err != nil {
		return nil, err
	}
	return post.WinningSectors(rand, sector.NewProverID(uint64(miner)), eligible, sector.WinningPoStSectors)
}

// postRules returns the rules and the randomness of a PoSt, whose proof is one.
func postRules(randomness abi.PoStRandomness, proofs []proof.PoStProof) (post.Rules, post.Randomness, error) {
	if len(proofs) != 1 {
		return post.Rules{}, post.Randomness{}, fmt.Errorf("lotus: %d proofs, want one kind", len(proofs))
	}
	rand, err := postRandomness(randomness)
	if err != nil {
		return post.Rules{}, rand, err
	}
	rules, err := post.RulesOf(sector.PoStProof(proofs[0].PoStProof))
	return rules, rand, err
}

// postRandomness clears the two top bits, as lotus does before it calls filecoin-ffi. The caller's bytes stay as they are.
func postRandomness(randomness abi.PoStRandomness) (r post.Randomness, err error) {
	if len(randomness) != len(r) {
		return r, fmt.Errorf("lotus: randomness of %d bytes, want %d", len(randomness), len(r))
	}
	copy(r[:], randomness)
	r[31] &= 0x3f
	return r, nil
}

func publicSectors(infos []proof.SectorInfo) ([]post.Public, error) {
	out := make([]post.Public, len(infos))
	for i, s := range infos {
		commR, err := sector.ParseCommRCID(s.SealedCID.String())
		if err != nil {
			return nil, fmt.Errorf("lotus: sector %d: %w", s.SectorNumber, err)
		}
		out[i] = post.Public{Number: sector.Number(s.SectorNumber), CommR: commR}
	}
	return out, nil
}

// verdict tells refuted from not judged.
func verdict(err error) (bool, error) {
	for _, refuted := range []error{porep.ErrProof, post.ErrProof, update.ErrProof} {
		if errors.Is(err, refuted) {
			return false, nil
		}
	}
	return err == nil, err
}
