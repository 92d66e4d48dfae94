package wire

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"
)

// A Handler does the work of one request. Ctx ends with it, or after twice its deadline. Flavour is the last part of the path.
type Handler func(ctx context.Context, sender Key, flavour string, payload []byte) ([]byte, error)

// A Server is a miner that listens on a port of the loopback.
type Server struct {
	Address string // http://127.0.0.1:port
	Key     Key
	http    *http.Server
}

// Serve starts a server with a key. Known says whom it serves, nil everybody. The caller closes it.
func Serve(key ed25519.PrivateKey, known func(Key) bool, work Handler) (*Server, error) {
	return ServeAs(Key(key.Public().(ed25519.PublicKey)), key, known, work)
}

// ServeAs starts a server that takes requests to self and signs with key, another one: an impostor.
func ServeAs(self Key, key ed25519.PrivateKey, known func(Key) bool, work Handler) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{Address: "http://" + l.Addr().String(), Key: self}
	guard := &Guard{Self: s.Key, Known: known}
	s.http = &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r, key, guard, work) }),
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    1 << 13,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go s.http.Serve(l) // it ends with Close
	return s, nil
}

// Close ends the server and the requests it is at.
func (s *Server) Close() error { return s.http.Close() }

func answer(w http.ResponseWriter, r *http.Request, key ed25519.PrivateKey, guard *Guard, work Handler) {
	e, err := readEnvelope(r.Header)
	if err != nil || r.Method != http.MethodPost {
		http.Error(w, "a signed POST is wanted", http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		http.Error(w, "body could not be read", status(err))
		return
	}
	if err := guard.Check(e, body); err != nil {
		http.Error(w, err.Error(), status(err))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*e.Deadline)
	defer cancel()
	out, err := work(ctx, e.Sender, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set(headerSignature, hex.EncodeToString(ed25519.Sign(key, answerMessage(e.Signature, out))))
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(out) // a client that went away
}

// status is that of an error before the work.
func status(err error) int {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, ErrStale):
		return http.StatusConflict
	case errors.Is(err, ErrStranger):
		return http.StatusForbidden
	case errors.Is(err, ErrSignature), errors.Is(err, ErrReceiver):
		return http.StatusUnauthorized
	}
	return http.StatusBadRequest
}
