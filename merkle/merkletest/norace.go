//go:build !race

package merkletest

const raceEnabled = false
