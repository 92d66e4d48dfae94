package erasure

import (
	"fmt"
	"strings"
)

// codeNames are the families of codes that manifests may name, with their size multiples.
var codeNames = map[string]int{"rs8": 1, "rs16": multiple16, "rs16c": multiple16, "lrc": 1, "clay": clayPlanes}

// codeFamily returns the part of a code's name before the first slash.
func codeFamily(name string) string {
	family, _, _ := strings.Cut(name, "/")
	return family
}

// Coder returns the code that the header names. Of the options only Workers counts. Errors: ErrShape,
// ErrFormat.
func (h *Header) Coder(opt *Options) (Coder, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	c, err := h.coder(opt)
	if err != nil {
		return nil, err
	}
	if c.Name() != h.Code || c.Data() != h.Data || c.Parity() != h.Parity {
		return nil, fmt.Errorf("%w: code %q of %d+%d shards", ErrFormat, h.Code, h.Data, h.Parity)
	}
	return c, nil
}

func (h *Header) coder(opt *Options) (Coder, error) {
	switch codeFamily(h.Code) {
	case "lrc":
		var s LRCShape
		if _, err := fmt.Sscanf(h.Code, "lrc/%d/%d/%d", &s.Groups, &s.Global, &s.Guard); err != nil {
			return nil, fmt.Errorf("%w: code %q", ErrFormat, h.Code)
		}
		s.Data = h.Data
		return NewLRC(s, opt)
	case "clay":
		return NewClay(opt)
	}
	return New(h.Data, h.Parity, opt)
}
