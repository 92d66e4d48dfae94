//go:build !race && amd64 && !purego

package blake3

func raceHash([]byte, []byte, int) {}
