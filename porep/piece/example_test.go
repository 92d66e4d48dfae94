package piece_test

import (
	"context"
	"fmt"
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
