package main

import (
	"fmt"

	"github.com/assaylab/assay/porep/sector"
)

// A kind is what the command line says of a sector: its rules and its size.
type kind struct {
	Profile string `json:"profile"`
	Size    string `json:"size"`
}

// The profiles: Filecoin's registered rules, and those for networks that need no succinct proof.
const (
	filecoinProfile = "filecoin"
	nativeProfile   = "native"
)

// registered are the sizes to choose from, with the rules that Filecoin has for each.
var registered = []sector.SealProof{sector.StackedDRG2KiBV1_1, sector.StackedDRG8MiBV1_1, sector.StackedDRG512MiBV1_1, sector.StackedDRG32GiBV1_1}

// proof returns the parameters. A native sector has as many layers as Filecoin's of its size.
func (k kind) proof() (sector.Proof, error) {
	for _, r := range registered {
		if r.Size().String() != k.Size {
			continue
		}
		p, err := r.Proof()
		switch k.Profile {
		case filecoinProfile:
			return p, err
		case nativeProfile:
			return sector.NativeProfile(p.Layers).Proof(0, p.Size)
		}
		return p, fmt.Errorf("-profile %q is none of %s, %s", k.Profile, filecoinProfile, nativeProfile)
	}
	return sector.Proof{}, fmt.Errorf("-size %q is none of 2KiB, 8MiB, 512MiB, 32GiB", k.Size)
}

// commRText prints a CommR, with its CID where the hash has one.
func commRText(p sector.Proof, r sector.CommR) string {
	if p.Hash == sector.Poseidon {
		return fmt.Sprintf("%v  %s", r, r.CID())
	}
	return fmt.Sprintf("%v  over %v, which has no CID of a replica", r, p.Hash)
}
