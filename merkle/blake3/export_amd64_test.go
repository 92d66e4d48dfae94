//go:build !purego

package blake3

func hasLanes() bool { return lanes16 }
