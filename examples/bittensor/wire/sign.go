// Package wire is signed and fresh HTTP between validators or users and miners: one profile, not the protocol, as the chain has
// left the neurons' networking to each subnet.
//
// A request is a POST of a task's payload. It is signed over "nonce.sender.receiver.session.bodyhash" as Bittensor's SDK 9 did,
// the body hash being SHA3-256. A miner's Guard takes a nonce only if it is above the last one of that sender and session, and
// the first one of a session only if it is younger than 4 s and the deadline; so a request cannot be served twice, sent on to
// another miner, or kept for later. The response is signed by the miner over the request's signature and its own body hash.
//
// Keys are ed25519 (crypto/ed25519): a declared choice of ours, where the SDK has sr25519. Nonces are nanoseconds.
package wire

import (
	"crypto/ed25519"
	"crypto/sha3"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Refusals of a request or a response.
var (
	ErrHeader    = errors.New("wire: malformed header")
	ErrSignature = errors.New("wire: wrong signature")
	ErrReceiver  = errors.New("wire: addressed to someone else")
	ErrStranger  = errors.New("wire: sender is not known")
	ErrStale     = errors.New("wire: request is not fresh")
	ErrStatus    = errors.New("wire: request was refused")
	ErrTooLarge  = errors.New("wire: body is too large")
)

// Slack is the age a first request may have beyond its deadline.
const Slack = 4 * time.Second

// MaxDeadline is the longest deadline a request may have.
const MaxDeadline = time.Minute

// MaxBody bounds requests and responses, in bytes.
const MaxBody = 1 << 17

// maxSessions bounds what a Guard remembers.
const maxSessions = 1 << 14

// Headers of a request and a response.
const (
	headerSender    = "Assay-Sender"
	headerReceiver  = "Assay-Receiver"
	headerSession   = "Assay-Session"
	headerNonce     = "Assay-Nonce"
	headerDeadline  = "Assay-Deadline"
	headerSignature = "Assay-Signature"
)

// A Key is an ed25519 public key: a hotkey.
type Key [32]byte

// String returns the key in hexadecimal.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// An Envelope is what is signed of a request.
type Envelope struct {
	Sender, Receiver Key
	Session          string
	Nonce            int64 // ns
	Deadline         time.Duration
	Signature        []byte
}

// message returns the text to sign. The deadline is part of the session's field, so that nobody on the way can stretch it.
func (e *Envelope) message(body []byte) []byte {
	sum := sha3.Sum256(body)
	return fmt.Appendf(nil, "%d.%s.%s.%s/%d.%x", e.Nonce, e.Sender, e.Receiver, e.Session, int64(e.Deadline), sum)
}

// Sign signs the envelope with a body.
func (e *Envelope) Sign(key ed25519.PrivateKey, body []byte) {
	e.Signature = ed25519.Sign(key, e.message(body))
}

// verify checks the signature.
func (e *Envelope) verify(body []byte) error {
	if len(e.Signature) != ed25519.SignatureSize || !ed25519.Verify(e.Sender[:], e.message(body), e.Signature) {
		return ErrSignature
	}
	return nil
}

// write sets the headers.
func (e *Envelope) write(h http.Header) {
	h.Set(headerSender, e.Sender.String())
	h.Set(headerReceiver, e.Receiver.String())
	h.Set(headerSession, e.Session)
	h.Set(headerNonce, strconv.FormatInt(e.Nonce, 10))
	h.Set(headerDeadline, strconv.FormatInt(int64(e.Deadline), 10))
	h.Set(headerSignature, hex.EncodeToString(e.Signature))
}

// readEnvelope reads the headers of a request.
func readEnvelope(h http.Header) (*Envelope, error) {
	e := &Envelope{Session: h.Get(headerSession)}
	var err [4]error
	err[0] = readKey(&e.Sender, h.Get(headerSender))
	err[1] = readKey(&e.Receiver, h.Get(headerReceiver))
	e.Nonce, err[2] = strconv.ParseInt(h.Get(headerNonce), 10, 64)
	d, derr := strconv.ParseInt(h.Get(headerDeadline), 10, 64)
	e.Deadline, err[3] = time.Duration(d), derr
	for i, x := range err {
		if x != nil {
			return nil, fmt.Errorf("%w: %s", ErrHeader, [4]string{headerSender, headerReceiver, headerNonce, headerDeadline}[i])
		}
	}
	s := h.Get(headerSignature)
	if len(s) != 2*ed25519.SignatureSize || len(e.Session) > 64 || strings.ContainsAny(e.Session, "./") {
		return nil, fmt.Errorf("%w: %s or %s", ErrHeader, headerSignature, headerSession)
	}
	e.Signature, err[0] = hex.DecodeString(s)
	if err[0] != nil {
		return nil, fmt.Errorf("%w: %s", ErrHeader, headerSignature)
	}
	return e, nil
}

func readKey(k *Key, s string) error {
	if len(s) != 64 || s != strings.ToLower(s) {
		return ErrHeader
	}
	_, err := hex.Decode(k[:], []byte(s))
	return err
}

// A Guard says which requests a miner serves. It is safe for concurrent use.
type Guard struct {
	Self  Key
	Known func(Key) bool   // nil takes every sender
	Now   func() time.Time // nil is time.Now

	mu   sync.Mutex
	last map[session]int64
}

type session struct {
	sender Key
	name   string
}

// Check takes a request or says why not. A nonce counts as used only once the signature is right. Errors: ErrHeader for a deadline
// that is not from 1 ns to MaxDeadline, wrapped, ErrReceiver, ErrStranger, ErrSignature, ErrStale.
func (g *Guard) Check(e *Envelope, body []byte) error {
	switch {
	case e.Deadline <= 0 || e.Deadline > MaxDeadline:
		return fmt.Errorf("%w: %s %s", ErrHeader, headerDeadline, e.Deadline)
	case e.Receiver != g.Self:
		return ErrReceiver
	case g.Known != nil && !g.Known(e.Sender):
		return ErrStranger
	}
	if err := e.verify(body); err != nil {
		return err
	}
	clock := time.Now
	if g.Now != nil {
		clock = g.Now
	}
	now := clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	key := session{e.Sender, e.Session}
	last, seen := g.last[key]
	oldest := now.Add(-Slack - e.Deadline).UnixNano()
	if seen && e.Nonce <= last || !seen && e.Nonce < oldest {
		return ErrStale
	}
	if g.last == nil || len(g.last) >= maxSessions && !seen {
		g.forget(now.Add(-Slack - MaxDeadline).UnixNano())
	}
	if len(g.last) >= maxSessions && !seen {
		return ErrStale
	}
	g.last[key] = e.Nonce
	return nil
}

// forget drops sessions whose last nonce would be refused as a first one.
func (g *Guard) forget(before int64) {
	kept := map[session]int64{}
	for k, v := range g.last {
		if v >= before {
			kept[k] = v
		}
	}
	g.last = kept
}

// answerMessage is what a miner signs.
func answerMessage(request, body []byte) []byte {
	sum := sha3.Sum256(body)
	return fmt.Appendf(nil, "answer.%x.%x", request, sum)
}
