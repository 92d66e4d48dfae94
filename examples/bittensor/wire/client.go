package wire

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// A Client asks miners in the name of one key. It is safe for concurrent use; every request has a nonce above all before it.
type Client struct {
	key     ed25519.PrivateKey
	self    Key
	session string
	http    *http.Client
	nonce   atomic.Int64
}

// NewTransport returns a transport for the clients of one process. Close its idle connections when they are done.
func NewTransport() *http.Transport {
	return &http.Transport{MaxIdleConns: 512, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second, DisableCompression: true}
}

// NewClient returns a client. The session names it among others of the same key; it has no dot or slash.
func NewClient(key ed25519.PrivateKey, session string, t http.RoundTripper) *Client {
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{key: key, self: Key(key.Public().(ed25519.PublicKey)), session: session, http: &http.Client{Transport: t, CheckRedirect: noRedirect}}
}

// next returns a nonce: the time, or one more than the last.
func (c *Client) next() int64 {
	for {
		last, now := c.nonce.Load(), time.Now().UnixNano()
		now = max(now, last+1)
		if c.nonce.CompareAndSwap(last, now) {
			return now
		}
	}
}

// Envelope returns a new request's envelope, signed.
func (c *Client) Envelope(receiver Key, deadline time.Duration, payload []byte) *Envelope {
	e := &Envelope{Sender: c.self, Receiver: receiver, Session: c.session, Nonce: c.next(), Deadline: deadline}
	e.Sign(c.key, payload)
	return e
}

// Ask sends a payload and returns the answer, which the miner has signed. It gives up at the deadline. Errors: ErrStatus,
// ErrSignature, ErrTooLarge, context.DeadlineExceeded or another failure of the connection, wrapped.
func (c *Client) Ask(ctx context.Context, address string, miner Key, flavour string, payload []byte, deadline time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	return c.Send(ctx, address, flavour, c.Envelope(miner, deadline, payload), payload)
}

// Send is Ask with an envelope made before.
func (c *Client) Send(ctx context.Context, address, flavour string, e *Envelope, payload []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/task/"+flavour, bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	e.write(r.Header)
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > MaxBody:
		return nil, ErrTooLarge
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%w: %s", ErrStatus, resp.Status)
	}
	signature, err := hex.DecodeString(resp.Header.Get(headerSignature))
	if err != nil || len(signature) != ed25519.SignatureSize || !ed25519.Verify(e.Receiver[:], answerMessage(e.Signature, body), signature) {
		return nil, fmt.Errorf("%w: of the answer", ErrSignature)
	}
	return body, nil
}
