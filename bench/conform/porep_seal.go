package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assaylab/assay/porep/sector"
)

// sealFile is seal.json and seal_512mib.json.
type sealFile struct {
	porepHead
	Sectors []struct {
		porepSector
		CommC     hex32       `json:"comm_c"`
		CommRLast hex32       `json:"comm_r_last"`
		PAux      hexBytes    `json:"p_aux_hex"`
		TAux      hexBytes    `json:"t_aux_hex_with_path_/cache"`
		Stores    sealStores  `json:"store_configs"`
		Staged    hex32       `json:"staged_sha256"`
		Sealed    hex32       `json:"sealed_sha256"`
		SealedHex hexBytes    `json:"sealed_hex"`
		Files     []cacheFile `json:"cache_files"`
	} `json:"sectors"`
}

// sealStore is a StoreConfig without its path.
type sealStore struct {
	ID            string `json:"id"`
	Size          uint64 `json:"size"`
	RowsToDiscard uint64 `json:"rows_to_discard"`
}

type sealStores struct {
	TreeD     sealStore   `json:"tree_d"`
	TreeC     sealStore   `json:"tree_c"`
	TreeRLast sealStore   `json:"tree_r_last"`
	Labels    []sealStore `json:"labels"`
	BaseTrees int         `json:"base_tree_count"`
	Arities   []int       `json:"arities"`
}

// cacheFile is one file of a cache directory; which nodes are given depends on its kind.
type cacheFile struct {
	File       string   `json:"file"`
	Len        int64    `json:"len"`
	SHA256     hex32    `json:"sha256"`
	Hex        hexBytes `json:"hex"`
	FirstLabel *hex32   `json:"first_label"`
	Label1     *hex32   `json:"label_1"`
	LastLabel  *hex32   `json:"last_label"`
	FirstNode  *hex32   `json:"first_node"`
	LastNode   *hex32   `json:"last_node"`
}

// runSeal seals each sector and compares every file.
func runSeal(v *vector) (int, error) {
	var f sealFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	for n := range f.Sectors {
		s := &f.Sectors[n]
		if err := func() error {
			j, err := sealSector(&s.porepSector)
			if err != nil {
				return err
			}
			defer j.close()
			var aux sector.PAux
			if err := errors.Join(checkFiles(j, s.Files), checkTAux(j, s.TAux, &s.Stores), aux.UnmarshalBinary(s.PAux),
				checkFile(j.files.Staged, &cacheFile{Len: int64(s.SectorSize), SHA256: s.Staged}),
				checkFile(j.files.Sealed, &cacheFile{Len: int64(s.SectorSize), SHA256: s.Sealed, Hex: s.SealedHex}),
				checkFile(filepath.Join(j.files.Cache, sector.PAuxFile), &cacheFile{Len: 64, Hex: s.PAux, SHA256: sha256.Sum256(s.PAux)})); err != nil {
				return err
			}
			return errors.Join(equal(hex32(aux.CommC), s.CommC, "comm_c"), equal(hex32(aux.CommRLast), s.CommRLast, "comm_r_last"))
		}(); err != nil {
			return n, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return len(f.Sectors), nil
}

// checkFiles compares the cache directory with the list; t_aux, which names its own path, is apart.
func checkFiles(j *porepJob, want []cacheFile) error {
	entries, err := os.ReadDir(j.files.Cache)
	if err != nil {
		return err
	}
	var got, names []string
	for _, e := range entries {
		if e.Name() != sector.TAuxFile {
			got = append(got, e.Name())
		}
	}
	for i := range want {
		names = append(names, want[i].File)
		if err := checkFile(filepath.Join(j.files.Cache, filepath.Base(want[i].File)), &want[i]); err != nil {
			return err
		}
	}
	slices.Sort(names)
	return equal(strings.Join(got, " "), strings.Join(names, " "), "names of cache files")
}

// checkFile compares a file with what is told of it.
func checkFile(path string, want *cacheFile) error {
	name := filepath.Base(path)
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return err
	}
	err = errors.Join(equal(n, want.Len, "%s: len", name), equal(hex32(h.Sum(nil)), want.SHA256, "%s: sha256", name))
	if want.Hex != nil && err == nil {
		b, rerr := os.ReadFile(path)
		err = errors.Join(rerr, equalBytes(b, want.Hex, "%s: hex", name))
	}
	for _, node := range []struct {
		want *hex32
		at   int64
		name string
	}{{want.FirstLabel, 0, "first_label"}, {want.Label1, 1, "label_1"}, {want.LastLabel, n/32 - 1, "last_label"},
		{want.FirstNode, 0, "first_node"}, {want.LastNode, n/32 - 1, "last_node"}} {
		if node.want == nil || err != nil {
			continue
		}
		var got hex32
		if _, err = f.ReadAt(got[:], 32*node.at); err == nil {
			err = equal(got, *node.want, "%s: %s", name, node.name)
		}
	}
	return err
}

// checkTAux compares t_aux, with its path set to /cache, and the stores it tells of.
func checkTAux(j *porepJob, want []byte, stores *sealStores) error {
	b, err := os.ReadFile(filepath.Join(j.files.Cache, sector.TAuxFile))
	if err != nil {
		return err
	}
	var t sector.TAux
	if err := t.UnmarshalBinary(b); err != nil {
		return err
	}
	var configs []*sector.StoreConfig
	for i := range t.Labels {
		configs = append(configs, &t.Labels[i])
	}
	configs = append(configs, &t.TreeD, &t.TreeRLast, &t.TreeC)
	list := append(slices.Clone(stores.Labels), stores.TreeD, stores.TreeRLast, stores.TreeC)
	if err := equal(len(configs), len(list), "stores in t_aux"); err != nil {
		return err
	}
	for i, c := range configs {
		got := sealStore{c.ID, c.Size, c.RowsToDiscard}
		if err := errors.Join(equal(c.Path, j.files.Cache, "t_aux: path"), equal(got, list[i], "store_configs")); err != nil {
			return err
		}
		c.Path = "/cache"
	}
	if b, err = t.MarshalBinary(); err != nil {
		return err
	}
	shape := j.st.Proof.Shape
	return errors.Join(equalBytes(b, want, "t_aux"), equal(shape.BaseTrees(), stores.BaseTrees, "base_tree_count"),
		equal(fmt.Sprint([]int{shape.Base, shape.Sub, shape.Top}), fmt.Sprint(stores.Arities), "arities"))
}
