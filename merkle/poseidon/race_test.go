//go:build race

package poseidon

const raceEnabled = true
