//go:build race

package update_test

// raceEnabled: the race detector allocates on its own account.
const raceEnabled = true
