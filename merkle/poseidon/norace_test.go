//go:build !race

package poseidon

const raceEnabled = false
