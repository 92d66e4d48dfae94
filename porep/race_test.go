//go:build race

package porep_test

// raceEnabled: the race detector allocates on its own account.
const raceEnabled = true
