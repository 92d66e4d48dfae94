//go:build race

package merkletest

// raceEnabled: the race detector allocates on its own.
const raceEnabled = true
