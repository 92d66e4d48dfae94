// Command scale runs what is too long for a test.
//
//	go run ./bench/scale -parents 32GiB [-v1]     the digest of a whole parent cache, against upstream's published one
//	go run ./bench/scale [-size 8MiB] [-workers N]  the sealing pipeline with 1, 2, 4 ... N workers, and its efficiency
//
// -parents streams the fourteen parents of every node, in order, through SHA-256; nothing is written. The pipeline seals four
// sectors for each worker, from raw bytes to CommR, in a temporary directory; efficiency is the rate a worker against
// that of one worker.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/sector"
)

func main() {
	parentsOf := flag.String("parents", "", "sector size whose parent cache is digested")
	v1 := flag.Bool("v1", false, "with -parents: the graph of API V1_0_0")
	size := flag.String("size", "8MiB", "sector size of the pipeline")
	workers := flag.Int("workers", runtime.NumCPU(), "most workers of the pipeline")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	switch {
	case flag.NArg() > 0 || *workers < 1:
		flag.Usage()
		os.Exit(2)
	case *parentsOf != "":
		err = parents(ctx, *parentsOf, *v1)
	default:
		err = pipeline(ctx, *size, *workers)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// registered returns the registered proof of a size with API V1_1_0, or V1_0_0.
func registered(size string, v1 bool) (sector.Proof, error) {
	want, err := sector.ParseSize(size)
	if err != nil {
		return sector.Proof{}, err
	}
	first := sector.StackedDRG2KiBV1_1
	if v1 {
		first = sector.StackedDRG2KiBV1
	}
	for p := first; p < first+5; p++ {
		if p.Size() == want {
			return p.Proof()
		}
	}
	return sector.Proof{}, fmt.Errorf("%s is no registered sector size", size)
}

// parents prints the digest of all parents of a sector and compares it with the published one.
func parents(ctx context.Context, size string, v1 bool) error {
	p, err := registered(size, v1)
	if err != nil {
		return err
	}
	g, err := graph.New(p)
	if err != nil {
		return err
	}
	start := time.Now()
	r, err := graph.NewReader(ctx, g, 0, &graph.Options{Window: 64 << 20})
	if err != nil {
		return err
	}
	defer r.Close()
	h, buf, last := sha256.New(), []byte(nil), start
	for node := uint64(0); node < g.Nodes(); {
		_, list, err := r.Next()
		if err != nil {
			return err
		}
		buf = buf[:0]
		for _, parent := range list {
			buf = binary.LittleEndian.AppendUint32(buf, parent)
		}
		h.Write(buf)
		node += uint64(len(list) / graph.Degree)
		if time.Since(last) > 10*time.Second {
			last = time.Now()
			fmt.Fprintf(os.Stderr, "%5.1f %%\n", 100*float64(node)/float64(g.Nodes()))
		}
	}
	took := time.Since(start)
	digest := [32]byte(h.Sum(nil))
	want, known := graph.PublishedDigest(p)
	verdict := "no published digest"
	if known {
		verdict = "equals the published digest"
		if digest != want {
			verdict = fmt.Sprintf("DIFFERS from the published %x", want)
		}
	}
	fmt.Printf("parents of %s %s: sha256 %x, %s; %d nodes, %.0f s, %.0f ns/node\n", p.Size, p.Version, digest, verdict,
		g.Nodes(), took.Seconds(), float64(took.Nanoseconds())/float64(g.Nodes()))
	if known && digest != want {
		return errors.New("the digests differ")
	}
	return nil
}

// pipeline seals with growing numbers of workers and prints a table.
func pipeline(ctx context.Context, size string, most int) error {
	p, err := registered(size, false)
	if err != nil {
		return err
	}
	fmt.Printf("%s sectors, four a worker, raw bytes to CommR\n%8s %10s %12s %12s\n", p.Size, "workers", "seconds", "sectors/min", "efficiency")
	var one float64
	for _, n := range counts(most) {
		took, err := seal(ctx, p, n)
		if err != nil {
			return err
		}
		rate := float64(4*n) / took.Seconds()
		if n == 1 {
			one = rate
		}
		fmt.Printf("%8d %10.2f %12.2f %11.0f%%\n", n, took.Seconds(), 60*rate, 100*rate/one/float64(n))
	}
	return nil
}

// counts returns 1, 2, 4 ... and most itself.
func counts(most int) (out []int) {
	for n := 1; n < most; n *= 2 {
		out = append(out, n)
	}
	return append(out, most)
}

// seal seals four sectors for each of n workers.
func seal(ctx context.Context, p sector.Proof, n int) (time.Duration, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
	dir, err := os.MkdirTemp("", "scale-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	var jobs []porep.Job
	for i := range 4 * n {
		cache := filepath.Join(dir, fmt.Sprint("cache-", i))
		if err := os.Mkdir(cache, 0o755); err != nil {
			return 0, err
		}
		jobs = append(jobs, porep.Job{Proof: p, ID: sector.ID{Prover: sector.NewProverID(1000), Number: sector.Number(i)},
			Ticket: sector.Ticket{byte(i)}, Data: io.LimitReader(rand.NewChaCha8([32]byte{byte(i)}), int64(p.Size.Unpadded())),
			Files: porep.Files{Cache: cache, Staged: filepath.Join(dir, fmt.Sprint("staged-", i)), Sealed: filepath.Join(dir, fmt.Sprint("sealed-", i))}})
	}
	start := time.Now()
	_, err = porep.Seal(ctx, jobs, &porep.Options{Workers: n})
	return time.Since(start), err
}
