package update_test

import (
	"io"
	"os"

	"testing"

	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
)

// BenchmarkDecode times the field arithmetic with reading and writing of files in the page cache, one worker.
func BenchmarkDecode(b *testing.B) {
	s := newSite(b, sector.Size8MiB, sector.Size8MiB.Unpadded())
	st := s.encode(b)
	out := withData(s.files)
	for name, opt := range map[string]*update.Options{"checked": {Workers: 1}, "unchecked": {Workers: 1, Unchecked: true}} {
		b.Run("size=8MiB/"+name+"/workers=1", func(b *testing.B) {
			b.SetBytes(int64(s.p.Size))
			b.ReportAllocs()
			for b.Loop() {
				must(b, update.DecodeFile(ctx, out, st, opt))
			}
		})
	}
	b.Run("size=8MiB/range=1MiB/workers=1", func(b *testing.B) {
		key, err := os.Open(s.files.Key)
		must(b, err)
		defer key.Close()
		replica, err := os.Open(s.files.Replica)
		must(b, err)
		defer replica.Close()
		b.SetBytes(1 << 20)
		for b.Loop() {
			must(b, update.Decode(ctx, st, key, replica, io.Discard, 12345, 1<<20, &update.Options{Workers: 1, Unchecked: true}))
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	s := newSite(b, sector.Size8MiB, sector.Size8MiB.Unpadded())
	b.SetBytes(int64(s.p.Size))
	for b.Loop() {
		must(b, second(update.Encode(ctx, s.files, s.p, s.old, &update.Options{Workers: 1})))
	}
}

func BenchmarkProve(b *testing.B) {
	s := newSite(b, sector.Size8MiB, 1<<20)
	st := s.encode(b)
	proofs, err := update.Prove(ctx, s.files, st, nil)
	must(b, err)
	b.Run("prove/size=8MiB/workers=1", func(b *testing.B) {
		for b.Loop() {
			must(b, second(update.Prove(ctx, s.files, st, &update.Options{Workers: 1})))
		}
	})
	b.Run("verify/size=8MiB/workers=1", func(b *testing.B) {
		for b.Loop() {
			must(b, update.Verify(ctx, st, proofs, &update.Options{Workers: 1}))
		}
	})
}
