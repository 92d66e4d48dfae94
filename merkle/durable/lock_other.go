//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package durable

import (
	"io"
	"os"
	"sync"
)

// locks holds the names that are locked: on js and wasip1 there is one process and no lock of the system.
var locks sync.Map

// lockFile locks the name within this process.
func lockFile(root *os.Root, name string) (io.Closer, error) {
	key := root.Name() + "/" + name
	if _, held := locks.LoadOrStore(key, true); held {
		return nil, ErrLocked
	}
	return nameLock(key), nil
}

type nameLock string

func (l nameLock) Close() error {
	locks.Delete(string(l))
	return nil
}
