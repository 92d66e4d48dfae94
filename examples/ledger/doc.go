// Package ledger is the double-entry book that the example marketplaces share: exact integers, several assets, a check that
// nothing was made or lost, statements for each party, and a Merkle log by which an auditor sees that the book was
// only ever extended.
//
// Every entry moves an amount from one account to another of the same asset. An account belongs to a party and has a class:
// Minted and Deposited are where amounts come from and go below zero; Available, Locked, Burnt and Paid hold them
// and never do. So at every moment, for every asset,
//
//	locked + burnt + paid + available = minted + deposited
//
// to the last unit; Close checks it and signs the epoch off with the log's root.
package ledger
