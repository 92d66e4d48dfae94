//go:build !linux

package label

func alloc(n int) (mapping, b []byte, err error) {
	b = make([]byte, n)
	return b, b, nil
}

func release([]byte) error { return nil }
