package poseidon2_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon2"
)

// accumulated are SHA-256 over all digests, in order, after 100, 10,000 and 1,000,000 groups, by arity. They were made
// one group after another by gnark-crypto v0.22.0 (ASSAY_MILLION=generic makes them again; it takes minutes).
var accumulated = map[int][3]string{
	2: {
		"bc14df93db44d006d1300d478558658f2de17e4544ebd4326462a6e37b44b3f4",
		"38e4349c1d39f51a35fc44fa8e3c24f812650ad1c31326585e7db7a452e25abc",
		"7ba032167598da89f099355b17ee66c3e6860bfe0895a95e213198d27b05a56b"},
	3: {
		"9786bda56cbf7de4d6ffdc6c1a4ae111b619a30b549c2bbfcf7639b77dccd32e",
		"ed53cc4254a7fd1298a319a0333c3433eca1b64c5fc95aea5790c3b15a41e244",
		"a499842f8609eb65ef5c6d607262be95ceb2461e3ba1c6c5a33bfc53b01c3ffd"},
}

// TestAccumulated folds the hashes of many seeded groups into one: 10,000 an arity, 100 in -short, 1,000,000 with
// ASSAY_MILLION=1.
func TestAccumulated(t *testing.T) {
	cases, want, million := 10_000, 1, os.Getenv("ASSAY_MILLION")
	switch {
	case million != "":
		cases, want = 1_000_000, 2
	case testing.Short():
		cases, want = 100, 0
	}
	for arity, digests := range accumulated {
		const batch = 100
		r := rand.New(rand.NewPCG(uint64(arity), 20261101))
		all := sha256.New()
		src, dst := make([]merkle.Digest, batch*arity), make([]merkle.Digest, batch)
		for done := 0; done < cases; done += batch {
			for i := range src {
				for k := 0; k < 32; k += 8 {
					binary.LittleEndian.PutUint64(src[i][k:], r.Uint64())
				}
				src[i][31] &= 0x3f
			}
			if million == "generic" {
				for i := range dst {
					dst[i] = byGnark(src[i*arity:][:arity])
				}
			} else {
				poseidon2.Hasher{}.Parents(dst, src, arity)
			}
			all.Write(merkle.Bytes(dst))
			if n := done + batch; million == "generic" && (n == 100 || n == 10_000) {
				t.Logf("arity %d, %d groups: %x", arity, n, all.Sum(nil))
			}
		}
		if got := hex.EncodeToString(all.Sum(nil)); got != digests[want] {
			t.Errorf("arity %d, %d groups: got %s, want %s", arity, cases, got, digests[want])
		}
	}
}
