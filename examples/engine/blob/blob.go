// Package blob moves large content between machines by its hash: ranges over HTTP, each verified by a Merkle root as it arrives.
//
// Content is cut into chunks of 64 KiB; its name is the root of the RFC 6962 log of the chunks, with its size. A reader fetches the chunks'
// hashes once, holds them against the root, and from then on trusts no byte that does not fit, whoever serves it: it can
// take ranges from several places and go on where it stopped.
package blob

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// ChunkSize is the bytes of a chunk; the last one may be shorter.
const ChunkSize = 64 << 10

// MaxSize bounds a blob: its hashes take 32 MiB.
const MaxSize = 64 << 30

// Errors of blobs.
var (
	ErrRef     = errors.New("blob: malformed name")
	ErrCorrupt = errors.New("blob: bytes do not fit the name")
	ErrServer  = errors.New("blob: the server did not give it")
)

var log = merkle.Log{Sum: sha2.SumPrefix}

// A Ref names content.
type Ref struct {
	Root merkle.Digest
	Size int64
}

// String returns the root in hexadecimal, a dash and the size.
func (r Ref) String() string {
	return hex.EncodeToString(r.Root[:]) + "-" + strconv.FormatInt(r.Size, 10)
}

// ParseRef reads what String returns. Errors: ErrRef.
func ParseRef(s string) (Ref, error) {
	var r Ref
	root, size, ok := strings.Cut(s, "-")
	n, err := strconv.ParseInt(size, 10, 64)
	if !ok || err != nil || n < 0 || n > MaxSize || len(root) != 64 || strconv.FormatInt(n, 10) != size {
		return r, fmt.Errorf("%w: %.100q", ErrRef, s)
	}
	if _, err := hex.Decode(r.Root[:], []byte(root)); err != nil {
		return r, fmt.Errorf("%w: %w", ErrRef, err)
	}
	r.Size = n
	return r, nil
}

// MarshalText returns String.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText is ParseRef.
func (r *Ref) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRef(string(text))
	return err
}

func (r Ref) chunks() int64 { return (r.Size + ChunkSize - 1) / ChunkSize }

// NewRef reads content to its end and names it; the chunks' hashes come with it.
func NewRef(src io.Reader) (Ref, []merkle.Digest, error) {
	var r Ref
	var leaves []merkle.Digest
	buf := make([]byte, ChunkSize)
	for {
		n, err := io.ReadFull(src, buf)
		if n > 0 {
			leaves = append(leaves, log.Leaf(buf[:n]))
			r.Size += int64(n)
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			r.Root = log.Root(leaves)
			return r, leaves, nil
		case err != nil:
			return r, nil, err
		case r.Size > MaxSize:
			return r, nil, fmt.Errorf("%w: over %d bytes", ErrRef, int64(MaxSize))
		}
	}
}

// A Store serves blobs. It is an http.Handler: GET /blob/NAME takes ranges, GET /leaves/NAME gives the chunks' hashes.
// The zero value is empty. It is safe for concurrent use.
type Store struct {
	mu    sync.RWMutex
	blobs map[Ref]stored
}

type stored struct {
	content io.ReaderAt
	leaves  []byte
}

// Add takes content in and returns its name. The content is read now and must stay as it is.
func (s *Store) Add(content io.ReaderAt, size int64) (Ref, error) {
	r, leaves, err := NewRef(io.NewSectionReader(content, 0, size))
	if err != nil {
		return r, err
	}
	if r.Size != size {
		return r, fmt.Errorf("blob: %d bytes, %d were to be read", r.Size, size)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blobs == nil {
		s.blobs = map[Ref]stored{}
	}
	s.blobs[r] = stored{content, merkle.Bytes(leaves)}
	return r, nil
}

// ServeHTTP implements http.Handler.
func (s *Store) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	what, name, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	ref, err := ParseRef(name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.RLock()
	b, ok := s.blobs[ref]
	s.mu.RUnlock()
	switch {
	case !ok:
		http.Error(w, "no such blob", http.StatusNotFound)
	case what == "blob":
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("ETag", `"`+ref.String()+`"`)
		http.ServeContent(w, req, "", time.Time{}, io.NewSectionReader(b.content, 0, ref.Size))
	case what == "leaves":
		w.Write(b.leaves)
	default:
		http.Error(w, "no such place", http.StatusNotFound)
	}
}

// A Reader reads a blob over HTTP. Every byte it returns was verified.
type Reader struct {
	ref    Ref
	leaves []merkle.Digest
	bases  []string
	client *http.Client
}

// Open fetches and verifies the hashes of a blob from the first of the servers ("http://host:port") that has them right.
// Errors: ErrServer, ErrCorrupt; all servers' are joined.
func Open(ctx context.Context, client *http.Client, ref Ref, servers ...string) (*Reader, error) {
	if ref.Size < 0 || ref.Size > MaxSize {
		return nil, fmt.Errorf("%w: size %d", ErrRef, ref.Size)
	}
	if client == nil {
		client = http.DefaultClient
	}
	r := &Reader{ref: ref, bases: servers, client: client}
	want := make([]byte, 32*ref.chunks())
	var errs error
	for _, base := range servers {
		err := r.get(ctx, base+"/leaves/"+ref.String(), "", http.StatusOK, want)
		if err == nil {
			r.leaves = merkle.Digests(want)
			if log.Root(r.leaves) == ref.Root {
				return r, nil
			}
			err = fmt.Errorf("%w: hashes from %s", ErrCorrupt, base)
		}
		errs = errors.Join(errs, err)
	}
	return nil, errors.Join(ErrServer, errs)
}

// get fills dst with the body, which must be exactly as long.
func (r *Reader) get(ctx context.Context, url, ranges string, status int, dst []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrServer, err)
	}
	if ranges != "" {
		req.Header.Set("Range", ranges)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrServer, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != status {
		return fmt.Errorf("%w: %s answers %s", ErrServer, req.URL.Host, resp.Status)
	}
	if _, err := io.ReadFull(resp.Body, dst); err != nil {
		return fmt.Errorf("%w: %w", ErrServer, err)
	}
	if n, _ := resp.Body.Read(make([]byte, 1)); n != 0 {
		return fmt.Errorf("%w: more than %d bytes", ErrCorrupt, len(dst))
	}
	return nil
}

// Size returns the blob's size.
func (r *Reader) Size() int64 { return r.ref.Size }

// Copy writes the whole blob, chunk by chunk; a chunk that one server has wrong is asked of the next.
func (r *Reader) Copy(ctx context.Context, w io.Writer) error {
	buf := make([]byte, ChunkSize)
	for i := range r.leaves {
		n, err := r.Chunk(ctx, i, buf)
		if err != nil {
			return err
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
	}
	return nil
}

// Chunk reads chunk i into dst, which has room for ChunkSize bytes, and returns its length.
func (r *Reader) Chunk(ctx context.Context, i int, dst []byte) (int, error) {
	if i < 0 || i >= len(r.leaves) || len(dst) < ChunkSize {
		return 0, fmt.Errorf("blob: chunk %d of %d into %d bytes", i, len(r.leaves), len(dst))
	}
	from := int64(i) * ChunkSize
	dst = dst[:min(ChunkSize, r.ref.Size-from)]
	var errs error
	for _, base := range r.bases {
		span := fmt.Sprintf("bytes=%d-%d", from, from+int64(len(dst))-1)
		err := r.get(ctx, base+"/blob/"+r.ref.String(), span, http.StatusPartialContent, dst)
		if err == nil {
			if log.Leaf(dst) == r.leaves[i] {
				return len(dst), nil
			}
			err = fmt.Errorf("%w: chunk %d from %s", ErrCorrupt, i, base)
		}
		errs = errors.Join(errs, err)
	}
	return 0, errors.Join(ErrServer, errs)
}

// Fetch returns a whole blob of at most limit bytes.
func Fetch(ctx context.Context, client *http.Client, ref Ref, limit int64, servers ...string) ([]byte, error) {
	if ref.Size > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrRef, ref.Size, limit)
	}
	r, err := Open(ctx, client, ref, servers...)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := r.Copy(ctx, &out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
