package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/porep/fr32"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
)

// An updateSite is an 8 MiB sector to be updated, at the place where the Rust peer finds key and data too.
type updateSite struct {
	dir   string
	files update.Files
	p     update.Params
	old   sector.CommR
}

// updateSize is a size whose trees have no sub-trees: what the Rust peer is compiled for.
const updateSize = sector.Size8MiB

func newUpdateSite() (*updateSite, error) {
	dir, err := os.MkdirTemp("", "versus-update-")
	if err != nil {
		return nil, err
	}
	s := &updateSite{dir: dir, files: update.Files{Key: filepath.Join(dir, "key"), KeyCache: filepath.Join(dir, "key-cache"),
		Data: filepath.Join(dir, "data"), Replica: filepath.Join(dir, "replica"), Cache: filepath.Join(dir, "cache")}}
	if s.p, err = update.NewParams(updateSize); err != nil {
		return s, err
	}
	for _, d := range []string{s.files.KeyCache, s.files.Cache} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return s, err
		}
	}
	key := labelledBytes("assay/update/key", int(updateSize))
	for i := 31; i < len(key); i += 32 {
		key[i] %= 0x73
	}
	data, err := io.ReadAll(fr32.NewReader(bytes.NewReader(labelledBytes("assay/update/data", int(updateSize.Unpadded())))))
	if err != nil {
		return s, err
	}
	f32 := func(label string) (b [32]byte) {
		copy(b[:], labelledBytes(label, 32))
		b[31] &= 0x3f
		return b
	}
	aux := sector.PAux{CommC: f32("assay/comm-c"), CommRLast: f32("assay/comm-r-last")}
	pAux, err := aux.MarshalBinary()
	if err != nil {
		return s, err
	}
	commR, err := poseidon.Sum2(merkle.Digest(aux.CommC), merkle.Digest(aux.CommRLast))
	if err != nil {
		return s, err
	}
	s.old = sector.CommR(commR)
	for path, b := range map[string][]byte{s.files.Key: key, s.files.Data: data, filepath.Join(s.files.KeyCache, sector.PAuxFile): pAux} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			return s, err
		}
	}
	return s, nil
}

// encode encodes with h and returns what the Rust peer returns: CommR, CommRLast, CommD and the digest of the replica.
func (s *updateSite) encode(h int) (*update.Statement, []byte, error) {
	p := s.p
	p.H = h
	st, err := update.Encode(context.Background(), s.files, p, s.old, &update.Options{Workers: 1})
	if err != nil {
		return nil, nil, err
	}
	replica, err := os.ReadFile(s.files.Replica)
	if err != nil {
		return nil, nil, err
	}
	pAux, err := os.ReadFile(filepath.Join(s.files.Cache, sector.PAuxFile))
	if err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(replica)
	return st, bytes.Join([][]byte{st.CommRNew[:], pAux[32:], st.CommDNew[:], sum[:]}, nil), nil
}

// updateContest encodes (or decodes) an 8 MiB sector, files in the page cache, in CPU time: TreeD, the replica and TreeR.
// Every h that circuits admit is compared live; the network's is 10.
func updateContest(mode string, recorded float64) func() ([]duel, func(), error) {
	return func() (duels []duel, closing func(), err error) {
		s, err := newUpdateSite()
		if s == nil {
			return nil, nil, err
		}
		closers := []func(){func() { os.RemoveAll(s.dir) }}
		closing = func() {
			for _, c := range closers {
				c()
			}
		}
		if err != nil {
			return nil, closing, err
		}
		for _, h := range s.p.Hs {
			if !useRust && h != s.p.H {
				continue
			}
			rust, err := startRust("update", mode, fmt.Sprint(uint64(updateSize)), fmt.Sprint(h), "2", s.dir)
			if err != nil {
				return nil, closing, err
			}
			closers = append(closers, rust.Close)
			d, result, err := s.duel(mode, h)
			if err != nil {
				return nil, closing, err
			}
			d.peer, d.unit, d.work, d.recorded = fmt.Sprintf("storage-proofs-update-19.1-h%d", h), "ns/node", float64(updateSize.Nodes()), recorded
			duels = append(duels, rust.against(d, result))
			if mode == "decode" && h == s.p.H {
				checked := d
				checked.note, checked.ours = "checked-against-CommD", s.decoding(h, false)
				duels = append(duels, rust.against(checked, result))
			}
		}
		return duels, closing, nil
	}
}

// duel returns our side and its result.
func (s *updateSite) duel(mode string, h int) (duel, []byte, error) {
	st, result, err := s.encode(h)
	if err != nil {
		return duel{}, nil, err
	}
	if mode == "encode" {
		return duel{ours: cpuTimed(func() error {
			_, err := update.Encode(context.Background(), s.files, st.Params, s.old, &update.Options{Workers: 1})
			return err
		})}, result, nil
	}
	if err := update.DecodeFile(context.Background(), s.decoded(), st, nil); err != nil {
		return duel{}, nil, err
	}
	b, err := os.ReadFile(s.decoded().Data)
	sum := sha256.Sum256(b)
	return duel{ours: s.decoding(h, true)}, sum[:], err
}

func (s *updateSite) decoded() update.Files {
	f := s.files
	f.Data = filepath.Join(s.dir, "decoded")
	return f
}

// decoding decodes the whole sector; unchecked is what the reference does. The replica is made anew for its h first.
func (s *updateSite) decoding(h int, unchecked bool) side {
	return func(n int) (time.Duration, error) {
		st, _, err := s.encode(h)
		if err != nil {
			return 0, err
		}
		return cpuTimed(func() error {
			return update.DecodeFile(context.Background(), s.decoded(), st, &update.Options{Workers: 1, Unchecked: unchecked})
		})(n)
	}
}
