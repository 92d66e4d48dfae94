package fr32_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/assaylab/assay/porep/fr32"
)

func ExamplePad() {
	data := bytes.Repeat([]byte{0xff}, 127)
	padded := make([]byte, 128)
	if _, err := fr32.Pad(padded, data); err != nil {
		panic(err)
	}
	fmt.Printf("%x %x %x %x\n", padded[31], padded[63], padded[95], padded[127])
	// Output: 3f 3f 3f 3f
}

func ExampleUnpad() {
	padded := make([]byte, 64)
	padded[63] = 0x80
	_, err := fr32.Unpad(make([]byte, 63), padded)
	fmt.Println(err, errors.Is(err, fr32.ErrPadding))
	// Output: fr32: element 1 has bit 254 or 255 set true
}

func ExampleReader() {
	padded, err := io.ReadAll(fr32.NewReader(bytes.NewReader(make([]byte, 128))))
	fmt.Println(len(padded), err)
	// Output: 160 <nil>
}

func ExampleUnpadRange() {
	padded, err := io.ReadAll(fr32.NewReader(bytes.NewReader([]byte("a sentence that is longer than one element of 31 bytes"))))
	if err != nil {
		panic(err)
	}
	part := make([]byte, 7)
	err = fr32.UnpadRange(part, padded, 27)
	fmt.Printf("%s %v\n", part, err)
	// Output: han one <nil>
}
