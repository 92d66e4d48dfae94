package durable

import (
	"errors"
	"os"
	"syscall"
)

// fallocate allocates the blocks of [off, off+n); done is false where the file system has no such call.
func fallocate(f *os.File, off, n int64) (done bool, err error) {
	for {
		err = syscall.Fallocate(int(f.Fd()), 0, off, n)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		return false, nil
	}
	return true, err
}
