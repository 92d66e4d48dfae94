//go:build race

package consensus_test

// underRace reports whether the race detector is on: it allocates on its own account.
const underRace = true
