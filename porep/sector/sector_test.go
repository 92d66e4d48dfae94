package sector

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"testing"
)

// A vectorSector is the part of a recorded sector that this package has to reproduce.
type vectorSector struct {
	Name       string `json:"name"`
	Size       Size   `json:"sector_size"`
	PoRepID    string `json:"porep_id"`
	Version    string `json:"api_version"`
	Feature    string `json:"feature"`
	Partitions int    `json:"partitions"`
	Challenges int    `json:"minimum_challenges"`
	ProverID   string `json:"prover_id"`
	SectorID   uint64 `json:"sector_id"`
	Ticket     string `json:"ticket"`
	CommD      string `json:"comm_d"`
	ReplicaID  string `json:"replica_id"`
	CommC      string `json:"comm_c"`
	CommRLast  string `json:"comm_r_last"`
	PAux       string `json:"p_aux_hex"`
	TAux       string `json:"t_aux_hex_with_path_/cache"`
	Stores     struct {
		Arities   [3]int `json:"arities"`
		BaseTrees int    `json:"base_tree_count"`
	} `json:"store_configs"`
	Files []struct {
		File string `json:"file"`
		Len  int64  `json:"len"`
	} `json:"cache_files"`
}

// vectors reads testdata/replica_ids.json.
func vectors(t testing.TB) (v struct {
	ReplicaIDs []struct {
		ProverID  string `json:"prover_id"`
		SectorID  string `json:"sector_id"`
		Ticket    string `json:"ticket"`
		CommD     string `json:"comm_d"`
		PoRepID   string `json:"porep_id"`
		ReplicaID string `json:"replica_id"`
	} `json:"replica_ids"`
	Sectors []vectorSector `json:"sectors"`
}) {
	t.Helper()
	raw, err := os.ReadFile("testdata/replica_ids.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// unhex decodes hexadecimal.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// b32 decodes 32 bytes of hexadecimal.
func b32(t testing.TB, s string) [32]byte {
	t.Helper()
	return [32]byte(unhex(t, s))
}

// proof builds the parameters of a recorded sector.
func (v vectorSector) proof(t testing.TB) Proof {
	t.Helper()
	version, err := ParseAPIVersion(v.Version)
	if err != nil {
		t.Fatal(err)
	}
	f, err := ParseFeatures(v.Feature)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewProof(b32(t, v.PoRepID), v.Size, version, f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestReplicaIDVectors(t *testing.T) {
	for i, v := range vectors(t).ReplicaIDs {
		number, err := strconv.ParseUint(v.SectorID, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		got := NewReplicaID(b32(t, v.ProverID), Number(number), b32(t, v.Ticket), b32(t, v.CommD), b32(t, v.PoRepID))
		if got.String() != v.ReplicaID {
			t.Errorf("replica id %d: got %v, want %s", i, got, v.ReplicaID)
		}
	}
}

func TestSectorVectors(t *testing.T) {
	for _, v := range vectors(t).Sectors {
		t.Run(v.Name, func(t *testing.T) {
			p := v.proof(t)
			if p.Partitions != v.Partitions || p.MinChallenges() != v.Challenges || p.Challenges*p.Partitions < v.Challenges {
				t.Errorf("got %d challenges in %d partitions, at least %d", p.Challenges, p.Partitions, p.MinChallenges())
			}
			if got := [3]int{p.Shape.Base, p.Shape.Sub, p.Shape.Top}; got != v.Stores.Arities || p.Shape.BaseTrees() != v.Stores.BaseTrees {
				t.Errorf("shape %v, want %v", got, v.Stores.Arities)
			}
			id := ID{b32(t, v.ProverID), Number(v.SectorID)}
			if got := id.ReplicaID(b32(t, v.Ticket), b32(t, v.CommD), p.ID); got.String() != v.ReplicaID {
				t.Errorf("replica id %v, want %s", got, v.ReplicaID)
			}
			testAux(t, v, p)
			testFiles(t, v, p)
		})
	}
}

// testAux compares p_aux and t_aux with the recorded bytes, both ways.
func testAux(t *testing.T, v vectorSector, p Proof) {
	aux := PAux{CommC: b32(t, v.CommC), CommRLast: b32(t, v.CommRLast)}
	got, _ := aux.MarshalBinary()
	if want := unhex(t, v.PAux); !bytes.Equal(got, want) {
		t.Errorf("p_aux %x, want %x", got, want)
	}
	var back PAux
	if err := back.UnmarshalBinary(got); err != nil || back != aux {
		t.Errorf("p_aux read back: %v, %v", back, err)
	}
	want := unhex(t, v.TAux)
	if got, _ := NewTAux(p, "/cache").MarshalBinary(); !bytes.Equal(got, want) {
		t.Errorf("t_aux\n%q, want\n%q", got, want)
	}
	var tAux TAux
	if err := tAux.UnmarshalBinary(want); err != nil {
		t.Fatal(err)
	}
	if got, _ := tAux.MarshalBinary(); !bytes.Equal(got, want) {
		t.Errorf("t_aux read back\n%q, want\n%q", got, want)
	}
}

// testFiles compares names and lengths of the cache files.
func testFiles(t *testing.T, v vectorSector, p Proof) {
	want := map[string]int64{}
	for _, f := range v.Files {
		want[f.File] = f.Len
	}
	got := map[string]int64{PAuxFile: 64, TreeDFile: p.TreeDLen()}
	for l := 1; l <= p.Layers; l++ {
		got[LayerFile(l)] = int64(p.Size)
	}
	for _, f := range p.TreeCFiles() {
		got[f] = p.TreeCLen()
	}
	for _, f := range p.TreeRLastFiles() {
		got[f] = p.TreeRLastLen()
	}
	for f, n := range got {
		if want[f] != n {
			t.Errorf("%s: %d bytes, want %d", f, n, want[f])
		}
		delete(want, f)
	}
	if len(want) != 0 {
		t.Errorf("files not named: %v", want)
	}
}

func TestRegistered(t *testing.T) {
	for _, sp := range SealProofs() {
		p, err := sp.Proof()
		if err != nil {
			t.Fatal(err)
		}
		if p.ID != NewPoRepID(uint64(sp), 0) || p.Size != sp.Size() || p.ID.Legacy() != (p.Version == V1_0_0) {
			t.Errorf("%v: %+v", sp, p)
		}
		if (p.Layers == 11) != (p.Size >= Size32GiB) {
			t.Errorf("%v: %d layers", sp, p.Layers)
		}
	}
	for _, bad := range []SealProof{-1, 20, 1 << 40} {
		if _, err := bad.Proof(); !errors.Is(err, ErrProofType) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestSizeText(t *testing.T) {
	for _, s := range append(Sizes(), 256, 1<<20) {
		back, err := ParseSize(s.String())
		if err != nil || back != s {
			t.Errorf("%v: back %v, %v", s, back, err)
		}
	}
	for _, bad := range []string{"", "B", "iB", "KiB", "2KB", "2kiB", "-2KiB", "2 KiB", "3KiB", "18446744073709551616", "16EiB", "128GiB", "2XiB"} {
		if s, err := ParseSize(bad); !errors.Is(err, ErrSize) {
			t.Errorf("%q: %v, %v", bad, s, err)
		}
	}
}

func TestCID(t *testing.T) {
	d := CommP(b32(t, "3731bb99ac689f66eef5973e4a94da188f4ddcae580724fc6f3fd60dfd488333"))
	const want = "baga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"
	if d.CID() != want {
		t.Fatalf("got %s, want %s", d.CID(), want)
	}
	if back, err := ParseCommPCID(want); err != nil || back != d {
		t.Fatal(back, err)
	}
	if _, err := ParseCommRCID(want); !errors.Is(err, ErrCID) {
		t.Errorf("CommP's CID read as CommR: %v", err)
	}
	r := CommR(b32(t, "5f87e1ba02d7bd31b41e0f0361f950c28336bb339fe34df03914a88eca61fb01"))
	if back, err := ParseCommRCID(r.CID()); err != nil || back != r {
		t.Fatal(back, err)
	}
	for i := range len(want) {
		for c := 0; c < 256; c++ {
			text := []byte(want)
			text[i] = byte(c)
			if back, err := ParseCommPCID(string(text)); err == nil && back == d && string(text) != want {
				t.Errorf("%q read as %s", text, want)
			}
		}
	}
}
