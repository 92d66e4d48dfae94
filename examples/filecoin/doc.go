// Package filecoin has the rules of Filecoin's storage market in exact integers: minting, smoothing, pledge and fees,
// vesting, base fee, deal payments, leader election; and what parties exchange, byte for byte: addresses, keys and
// signatures, deal proposals, vouchers and the channels that redeem them. How asks meet bids is ours (MatchBids, NextAsk).
//
// Amounts are attoFIL, powers bytes, times epochs of 30 seconds. Names ending in Q128 or Q256 are fixed point with that many
// fraction bits. Division rounds toward minus infinity and shifts are arithmetic, as in the actors. No function changes
// its arguments; what is returned may share amounts with them, or with the package, and must not be changed in place.
//
// Source: builtin-actors b0a3bdd and lotus b835fab; golden figures in vectors/economics.
package filecoin
