package files

import "io"

// Outs are files in the making.
type Outs []*Out

// CreateAll begins files of one size, see Create. On an error nothing is left of any.
func (k Kit) CreateAll(paths []string, size int64) (Outs, error) {
	var out Outs
	for _, path := range paths {
		f, err := k.Create(path, size)
		if err != nil {
			out.Drop()
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// Finish finishes one after the other until one fails.
func (o Outs) Finish() error {
	for _, f := range o {
		if err := f.Finish(); err != nil {
			return err
		}
	}
	return nil
}

// Drop drops those that are not finished.
func (o Outs) Drop() {
	for _, f := range o {
		f.Drop()
	}
}

// Writers returns the files as what is written.
func (o Outs) Writers() []io.WriterAt {
	ws := make([]io.WriterAt, len(o))
	for i, f := range o {
		ws[i] = f
	}
	return ws
}

// Ins are open files.
type Ins []In

// OpenAll opens files of one size, see OpenSized.
func (k Kit) OpenAll(paths []string, size int64) (Ins, error) {
	var in Ins
	for _, path := range paths {
		f, err := k.OpenSized(path, size)
		if err != nil {
			in.Close()
			return nil, err
		}
		in = append(in, f)
	}
	return in, nil
}

// Close closes all; files that were only read have nothing to lose.
func (in Ins) Close() {
	for _, f := range in {
		_ = f.Close()
	}
}

// Readers returns the files as what is read.
func (in Ins) Readers() []io.ReaderAt {
	rs := make([]io.ReaderAt, len(in))
	for i, f := range in {
		rs[i] = f
	}
	return rs
}
