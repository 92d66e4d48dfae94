//go:build purego || !amd64

package blake3

func hasLanes() bool { return false }
