package cli

import (
	"errors"
	"io"
	"os"
)

// WriteFile writes a file that appears under its name, in the place of one that is there, only when fill has written it whole. A
// device or a pipe of that name stays and is written to.
func WriteFile(name string, fill func(w io.Writer) error) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(fill(f), f.Close())
	}
	f, err := os.Create(name + ".tmp")
	if err != nil {
		return err
	}
	if err = errors.Join(fill(f), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
