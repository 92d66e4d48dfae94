package sector_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/assaylab/assay/porep/sector"
)

func ExampleNativeProfile() {
	p, err := sector.NativeProfile(4).Proof(0, sector.Size8MiB)
	fmt.Println(p.Layers, p.Hash, p.Labels(), p.Challenges, err)
	// Output: 4 blake3 sha256-short 128 <nil>
}

// TestFilecoinProfile shows that Filecoin's profile is that of the registered proofs, and cannot be changed under its name.
func TestFilecoinProfile(t *testing.T) {
	for _, size := range []sector.Size{sector.Size2KiB, sector.Size512MiB, sector.Size32GiB, sector.Size64GiB} {
		r, err := sector.FilecoinProfile(size)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Proof(5, size)
		if err != nil {
			t.Fatal(err)
		}
		want, err := sector.NewProof(sector.NewPoRepID(5, 0), size, sector.V1_1_0, 0)
		if err != nil || got != want {
			t.Errorf("%v: %+v, want %+v (%v)", size, got, want, err)
		}
		for _, change := range []func(*sector.Profile){
			func(r *sector.Profile) { r.Challenges++ }, func(r *sector.Profile) { r.Hash = sector.BLAKE3 },
			func(r *sector.Profile) { r.Labels = sector.ShortSHA256Labels }, func(r *sector.Profile) { r.Layers = 13 - r.Layers },
		} {
			bad := r
			change(&bad)
			if _, err := bad.Proof(5, size); !errors.Is(err, sector.ErrProofType) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	}
}

// TestProfileCheck refuses rules that no kernel knows.
func TestProfileCheck(t *testing.T) {
	for name, change := range map[string]func(*sector.Profile){
		"no name": func(r *sector.Profile) { r.Name = "" }, "long name": func(r *sector.Profile) { r.Name = strings.Repeat("n", 65) },
		"base degree": func(r *sector.Profile) { r.BaseDegree = 5 }, "expander degree": func(r *sector.Profile) { r.ExpDegree = 0 },
		"label hash": func(r *sector.Profile) { r.Labels = "md5" },
		"hash":       func(r *sector.Profile) { r.Hash = 4 }, "version": func(r *sector.Profile) { r.Version = 3 },
		"one layer": func(r *sector.Profile) { r.Layers = 1 }, "layers": func(r *sector.Profile) { r.Layers = 65 },
		"challenges": func(r *sector.Profile) { r.Challenges = 0 }, "partitions": func(r *sector.Profile) { r.Partitions = 1 << 20 },
		"poseidon columns": func(r *sector.Profile) { r.Hash, r.Layers = sector.Poseidon, 5 },
	} {
		r := sector.NativeProfile(3)
		change(&r)
		if _, err := r.Proof(0, sector.Size2KiB); !errors.Is(err, sector.ErrProofType) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sector.NativeProfile(3).Proof(0, 1000); !errors.Is(err, sector.ErrSize) {
		t.Error(err)
	}
}

// TestProfileID gives each set of rules, and each nonce, a PoRep id of its own, none of them registered.
func TestProfileID(t *testing.T) {
	seen := map[sector.PoRepID]string{}
	for layers := 2; layers < 10; layers++ {
		for _, h := range []sector.Hash{sector.BLAKE3, sector.Poseidon2, sector.SHA254} {
			for nonce := range uint64(3) {
				r := sector.NativeProfile(layers)
				r.Hash = h
				id := r.ID(nonce)
				if other, ok := seen[id]; ok || id.Legacy() {
					t.Errorf("%d layers of %v have the id of %s", layers, h, other)
				}
				seen[id] = fmt.Sprint(layers, h, nonce)
			}
		}
	}
}
