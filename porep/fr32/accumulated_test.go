package fr32

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/hex"
	"fmt"
	"os"
	"testing"
)

// TestAccumulated folds the padding of many messages of many lengths into one hash and takes each back. The expected
// values are Python's (integers of CPython 3, the same rule): batch b draws the number and length of its messages from
// h = SHA-256("assay/fr32/" + b) and their bytes from SHAKE128(h); batches follow until the number of messages is
// reached. ASSAY_MILLION=1 runs the million.
func TestAccumulated(t *testing.T) {
	cases, want := 10_000, "3d4f01c67d339412f1b603096366a042b1d98cb7dce0bb6fb680b91f1cf5496f"
	switch {
	case os.Getenv("ASSAY_MILLION") == "1":
		cases, want = 1_000_000, "e3683c8e0cc50c233527cf47523495c12b0004e8cae2160ad68dac29c827dab5"
	case testing.Short():
		cases, want = 100, "6149ba912f526cf2520acb2f318a8e9113bce258bd1af74848b52cd22abd43f0"
	}
	all := sha256.New()
	var padded, back [512]byte
	for b, done := 0, 0; done < cases; b++ {
		h := sha256.Sum256(fmt.Appendf(nil, "assay/fr32/%d", b))
		n, size := 1+int(h[0])%40, (int(h[1])|int(h[2])<<8)%300
		data := make([]byte, n*size)
		x := sha3.NewSHAKE128()
		x.Write(h[:])
		x.Read(data)
		for i := range n {
			message := data[size*i:][:size]
			k, err := Pad(padded[:], message)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(padded[:k])
			if _, err := Unpad(back[:], padded[:k]); err != nil || !bytes.Equal(back[:size], message) {
				t.Fatalf("%d bytes do not come back: %v", size, err)
			}
		}
		done += n
	}
	if got := hex.EncodeToString(all.Sum(nil)); got != want {
		t.Errorf("%d messages: got %s, want %s", cases, got, want)
	}
}
