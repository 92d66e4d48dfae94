// Package filecoin has the rules of Filecoin's storage market in exact integers: minting, smoothing, pledge and fees,
// vesting, base fee, deal payments, leader election.
//
// Amounts are attoFIL, powers bytes, times epochs of 30 seconds. Names ending in Q128 or Q256 are fixed point with that many
// fraction bits. Division rounds toward minus infinity and shifts are arithmetic, as in the actors. No function changes
// its arguments or keeps them.
//
// Source: builtin-actors b0a3bdd and lotus b835fab; golden figures in vectors/economics.
package filecoin
