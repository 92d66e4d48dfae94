package durable

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"unsafe"
)

// This file uses unsafe to pass the OVERLAPPED structure to LockFileEx, which package syscall does not wrap.

var lockFileEx = syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")

// lockFile locks the file's first byte; the system drops the lock when the process ends, however it ends.
func lockFile(root *os.Root, name string) (io.Closer, error) {
	const (
		failImmediately = 1
		exclusive       = 2
		violation       = syscall.Errno(33) // ERROR_LOCK_VIOLATION
	)
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("durable: lock: %w", err)
	}
	var overlapped syscall.Overlapped
	ok, _, err := lockFileEx.Call(f.Fd(), failImmediately|exclusive, 0, 1, 0, uintptr(unsafe.Pointer(&overlapped)))
	if ok != 0 {
		return f, nil
	}
	f.Close()
	if errors.Is(err, violation) {
		return nil, ErrLocked
	}
	return nil, fmt.Errorf("durable: lock %s: %w", name, err)
}
