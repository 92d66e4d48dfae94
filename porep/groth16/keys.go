package groth16

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
)

// KeysOptions say which files Keys trusts. Nil and the zero value work.
type KeysOptions struct {
	// Trusted holds digests by file name that stand before the published ones: keys of a test network, or of circuits that
	// were never published.
	Trusted map[string]Digest
}

// Keys is a set of verifying keys in a folder of the caller's, named as the published parameter files are. A file is read
// and held against its trusted digest when its key is first asked for, and stays in memory, prepared. Keys is safe for
// concurrent use.
type Keys struct {
	fsys    fs.FS
	trusted map[string]Digest

	mu    sync.Mutex
	ready map[string]*keySlot
}

// A keySlot lets one goroutine read a file while the others wait for it.
type keySlot struct {
	once sync.Once
	key  *PreparedKey
	srs  *VerifierSRS
	err  error
}

// A KeyError says which parameter file could not be used. It wraps fs.ErrNotExist where the file is missing and ErrKey where
// its bytes are not the trusted ones.
type KeyError struct {
	File string
	Err  error
}

func (e *KeyError) Error() string {
	return fmt.Sprintf("groth16: parameter file %s: %v", e.File, e.Err)
}

func (e *KeyError) Unwrap() error { return e.Err }

// OpenKeys returns the keys in a folder, as lotus and rust-fil-proofs keep them in /var/tmp/filecoin-proof-parameters.
func OpenKeys(dir string, opt *KeysOptions) *Keys { return NewKeys(os.DirFS(dir), opt) }

// NewKeys returns the keys at the root of a file system.
func NewKeys(fsys fs.FS, opt *KeysOptions) *Keys {
	k := &Keys{fsys: fsys, trusted: make(map[string]Digest), ready: make(map[string]*keySlot)}
	if opt != nil {
		for name, d := range opt.Trusted {
			k.trusted[name] = d
		}
	}
	return k
}

// Key returns the prepared key of a circuit. All errors are *KeyErrors; a failure is not remembered.
func (k *Keys) Key(c Circuit) (*PreparedKey, error) {
	name := c.KeyFile()
	if k == nil {
		return nil, &KeyError{File: name, Err: errNoKeys}
	}
	slot := k.slot(name)
	slot.once.Do(func() {
		var b []byte
		if b, slot.err = k.read(name, keyHead+(maxInputs+1)*sizeG1Raw); slot.err != nil {
			return
		}
		var key *VerifyingKey
		if key, slot.err = parseExactKey(b, false); slot.err == nil {
			slot.key = key.Prepare()
		}
	})
	if slot.err != nil {
		k.forget(name, slot)
		return nil, &KeyError{File: name, Err: slot.err}
	}
	return slot.key, nil
}

func (k *Keys) slot(name string) *keySlot {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.ready[name]
	if s == nil {
		s = new(keySlot)
		k.ready[name] = s
	}
	return s
}

func (k *Keys) forget(name string, slot *keySlot) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ready[name] == slot {
		delete(k.ready, name)
	}
}

// digest returns the digest that the file must have.
func (k *Keys) digest(name string) (Digest, error) {
	if d, ok := k.trusted[name]; ok {
		return d, nil
	}
	if f, ok := Published(name); ok {
		return f.Digest, nil
	}
	return Digest{}, fmt.Errorf("%w: no digest is published or trusted for this file", ErrKey)
}

// errNoKeys is for nil Keys and for Keys over no file system.
var errNoKeys = fmt.Errorf("%w: no folder of keys: %w", ErrKey, fs.ErrNotExist)

// open opens a file and returns the digest it must have.
func (k *Keys) open(name string) (fs.File, Digest, error) {
	want, err := k.digest(name)
	if err != nil {
		return nil, want, err
	}
	if k.fsys == nil {
		return nil, want, errNoKeys
	}
	f, err := k.fsys.Open(name)
	return f, want, err
}

// read returns the content of a file of at most limit bytes, after comparing its digest.
func (k *Keys) read(name string, limit int64) ([]byte, error) {
	f, want, err := k.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%w: over %d bytes", ErrKey, limit)
	}
	if got := DigestOf(b); got != want {
		return nil, fmt.Errorf("%w: got digest %x, want %x", ErrKey, got, want)
	}
	return b, nil
}
