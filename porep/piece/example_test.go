package piece_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
)

func ExampleSum() {
	p, err := piece.Sum(context.Background(), strings.NewReader("a payload of any length"), nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Size, p.CommP.CID())
	// Output: 128 baga6ea4seaqdm6ghogde4edctlpfybbugw4wqdfjfauzmicquwt53xqekmc6uga
}

func ExampleHasher() {
	h := piece.NewHasher(nil)
	fmt.Fprint(h, "a payload ")
	fmt.Fprint(h, "of any length")
	p, err := h.Sum()
	if err != nil {
		panic(err)
	}
	fmt.Println(h.Len(), p.Size.Unpadded(), p.CommP.CID())
	// Output: 23 127 baga6ea4seaqdm6ghogde4edctlpfybbugw4wqdfjfauzmicquwt53xqekmc6uga
}

func ExampleCommD() {
	small, err := piece.Zero(128)
	if err != nil {
		panic(err)
	}
	large, err := piece.Zero(1024)
	if err != nil {
		panic(err)
	}
	places, err := piece.Place(sector.Size2KiB, []piece.Info{small, large})
	if err != nil {
		panic(err)
	}
	commD, err := piece.CommD(sector.Size2KiB, []piece.Info{small, large})
	if err != nil {
		panic(err)
	}
	fmt.Println(places[0].Offset, places[1].Offset)
	fmt.Println(commD)
	// Output:
	// 0 1024
	// fc7e928296e516faade986b28f92d44a4f24b935485223376a799027bc18f833
}

func ExampleJoin() {
	// Two files of 127 KiB are hashed apart and make up one piece of 256 KiB.
	half := strings.Repeat("x", 127<<10)
	parts, err := piece.SumAll(context.Background(), []io.Reader{strings.NewReader(half), strings.NewReader(half)}, nil)
	if err != nil {
		panic(err)
	}
	joined, err := piece.Join(parts)
	if err != nil {
		panic(err)
	}
	whole, err := piece.Sum(context.Background(), strings.NewReader(half+half), nil)
	fmt.Println(joined.Size, joined == whole, err)
	// Output: 262144 true <nil>
}

func ExampleStage() {
	var sealed bytes.Buffer
	s, err := piece.Stage(context.Background(), &sealed, sector.Size2KiB, []piece.Payload{
		{R: strings.NewReader("first"), Len: 5},
		{R: strings.NewReader("second, a little longer"), Len: 23},
	}, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(sealed.Len(), s.Pieces[1].Offset, s.Pieces[1].Size)
	// Output: 2048 128 128
}

func ExampleNewAggregate() {
	client, err := piece.Sum(context.Background(), strings.NewReader("a client's data"), nil)
	if err != nil {
		panic(err)
	}
	a, err := piece.NewAggregate(1<<20, []piece.Info{client})
	if err != nil {
		panic(err)
	}
	proof, err := a.Prove(0)
	if err != nil {
		panic(err)
	}
	fmt.Println(proof.Verify(client, a.Deal()))
	other, err := piece.Sum(context.Background(), strings.NewReader("other data"), nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(errors.Is(proof.Verify(other, a.Deal()), piece.ErrProof))
	// Output:
	// <nil>
	// true
}

func ExampleParseIndex() {
	client, err := piece.Sum(context.Background(), strings.NewReader("a client's data"), nil)
	if err != nil {
		panic(err)
	}
	a, err := piece.NewAggregate(1<<20, []piece.Info{client})
	if err != nil {
		panic(err)
	}
	deal, err := a.Reader([]io.Reader{strings.NewReader("a client's data")})
	if err != nil {
		panic(err)
	}
	start, err := piece.IndexStart(1 << 20)
	if err != nil {
		panic(err)
	}
	if _, err := io.CopyN(io.Discard, deal, int64(start/128*127)); err != nil {
		panic(err)
	}
	segments, faults, err := piece.ParseIndex(1<<20, deal)
	fmt.Println(len(segments), segments[0].Info == client, len(faults), err)
	// Output: 1 true 0 <nil>
}
