//go:build !race

package porep_test

const raceEnabled = false
