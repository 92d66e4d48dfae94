package erasure

import (
	"bytes"
	"errors"
	"testing"
)

// fuzzDecoder seeds a fuzz target with valid bytes and cuts of them.
func fuzzDecoder(f *testing.F, which int) []byte {
	good := goodBytes(f)[which]
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(nil))
	return good
}

// FuzzManifest: what is read is written back the same, and has the root only if it is the manifest.
func FuzzManifest(f *testing.F) {
	good := fuzzDecoder(f, 0)
	var m Manifest
	if err := m.UnmarshalBinary(good); err != nil {
		f.Fatal(err)
	}
	want, err := m.Root(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m Manifest
		if m.UnmarshalBinary(b) != nil {
			return
		}
		again, err := m.AppendBinary(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatal(err)
		}
		if root, err := m.Root(nil); err == nil && root == want && !bytes.Equal(b, good) {
			t.Fatal("two manifests with one root")
		}
	})
}

func FuzzShardProof(f *testing.F) {
	good := fuzzDecoder(f, 1)
	var m Manifest
	if err := m.UnmarshalBinary(goodBytes(f)[0]); err != nil {
		f.Fatal(err)
	}
	root, err := m.Root(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p ShardProof
		if p.UnmarshalBinary(b) != nil {
			return
		}
		again, err := p.AppendBinary(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatal(err)
		}
		if p.Verify(root, nil) == nil && p.Shard == 1 && !bytes.Equal(b, good) {
			t.Fatal("another proof of shard 1")
		}
	})
}

func FuzzSample(f *testing.F) {
	good := fuzzDecoder(f, 2)
	_, roots := liar(f, 2, 64, 1, 3)
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Sample
		if p.UnmarshalBinary(b) != nil {
			return
		}
		again, err := p.AppendBinary(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatal(err)
		}
		if roots.Verify(p, 64) == nil && p.Axis == Row && p.Row == 1 && p.Column == 2 && !bytes.Equal(b, good) {
			t.Fatal("another shard at that place")
		}
	})
}

func FuzzFraudProof(f *testing.F) {
	fuzzDecoder(f, 3)
	_, roots := liar(f, 2, 64, 1, 3)
	_, honest := extended(f, 2, 64, 9)
	f.Fuzz(func(t *testing.T, b []byte) {
		var p FraudProof
		if p.UnmarshalBinary(b) != nil {
			return
		}
		again, err := p.AppendBinary(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatal(err)
		}
		if honest.VerifyFraud(&p, 64) == nil {
			t.Fatal("an honest square accused")
		}
		if roots.VerifyFraud(&p, 64) == nil && !(p.Axis == Row && p.Index == 1) && !(p.Axis == Column && p.Index == 3) {
			t.Fatal("an honest line accused")
		}
	})
}

// FuzzReconstruct codes with a shape, loses shards by a mask and rebuilds.
func FuzzReconstruct(f *testing.F) {
	f.Add(uint8(10), uint8(4), []byte("some data"), uint64(0b1001), uint16(1))
	f.Add(uint8(17), uint8(3), bytes.Repeat([]byte{7}, 500), uint64(0b111), uint16(300))
	f.Fuzz(func(t *testing.T, k, m uint8, data []byte, mask uint64, size uint16) {
		c, err := New(int(k), int(m), &Options{Workers: 1})
		if err != nil {
			if k != 0 && m != 0 {
				t.Fatal(err)
			}
			return
		}
		want, err := c.Split(data)
		if err != nil {
			if len(data) != 0 {
				t.Fatal(err)
			}
			return
		}
		if err := c.Encode(want); err != nil {
			t.Fatal(err)
		}
		got := append([][]byte(nil), want...)
		lost := 0
		for i := range got {
			if mask>>(i%64)&1 != 0 {
				got[i] = nil
				lost++
			}
		}
		err = c.Reconstruct(got)
		switch {
		case lost > int(m):
			if !errors.Is(err, ErrTooFewShards) {
				t.Fatal(err)
			}
		case err != nil || !equalShards(got, want):
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := c.Join(&b, want, int64(size)); err == nil && !bytes.HasPrefix(append(bytes.Clone(data), make([]byte, 1<<16)...), b.Bytes()) {
			t.Fatal("join")
		}
	})
}

// FuzzDecode changes bytes of stored shards: the object comes back, or an error.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("an object"), []byte{0, 1, 2}, uint8(3))
	f.Fuzz(func(t *testing.T, data, changes []byte, xor uint8) {
		c := newCode(t, 3, 2)
		s := storeWith(t, c, data, &Options{Block: 1 << 10})
		for i := 0; i+2 < len(changes); i += 3 {
			shard := s.shards[int(changes[i])%5]
			if len(shard) > 0 {
				shard[(int(changes[i+1])<<8|int(changes[i+2]))%len(shard)] ^= xor
			}
		}
		var got bytes.Buffer
		_, err := Decode(bg, s.m, s.readers(), &got, nil)
		if err == nil && !bytes.Equal(got.Bytes(), data) || err != nil && !errors.Is(err, ErrTooFewShards) {
			t.Fatal(err)
		}
	})
}
