// Package fixed holds the fixed-point numbers of the chain: I32F32, I64F64, I96F32, U64F64 and U96F32.
//
// A value is an integer of 64 or 128 bits, read as bits / 2^F where F is the number after the second letter. The rules are
// those of substrate-fixed v0.6.0 (commit d5f70362f2e0) as subtensor uses it, and they are asymmetric on purpose:
//
//   - a product is shifted right arithmetically, so it rounds towards minus infinity;
//   - a quotient is truncated towards zero, and the Safe form is 0 on division by zero and on overflow alike;
//   - Sat forms clamp to the ends of the type; the plain Add and Sub wrap, as the chain's release build does in sums;
//   - conversions drop fraction bits by floor and clamp the integer part.
//
// Exp, Ln, Log2, Pow and Sqrt repeat the loops of substrate-fixed's transcendental module, their truncated series included:
// they are exact to the bit and inexact as mathematics.
//
// All types are values: no method allocates. Proven by vectors/yuma/math_units.json.gz and fuzzed against math/big.
package fixed
