// Package fr32 stretches bytes into field elements and back: 254 bits of data, then two zero bits, so that
// every 32 bytes are a number below the order of the BLS12-381 scalar field.
//
// The one idea: 127 bytes make 128. Bits count from the least significant of each byte. Between blocks of
// 127 bytes nothing is shared, so that any range can be padded or unpadded by itself and many at once; a
// last, shorter block is filled with zeros up to a whole element of 32 bytes.
//
// [Pad], [Unpad] and [UnpadRange] work on slices, [Reader] and [Writer] pad a stream, [UnpadReader] and
// [UnpadWriter] take the padding out of one. Unpadding reports padding bits that are not zero: such bytes
// did not come from here.
//
// Exactness is proven by testdata/fr32.json, recorded from the crate fr32 12.1.0.
package fr32
