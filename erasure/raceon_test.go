//go:build race

package erasure

const raceOn = true
