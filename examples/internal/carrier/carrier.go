// Package carrier opens the queue that a command's -engine, -url and -dir name, and reaches it from the processes that the command starts.
package carrier

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/assaylab/assay/examples/engine/queue"
)

// Settings are the flags.
type Settings struct {
	Engine string // nats or memory
	URL    string // of a NATS server or cluster; empty for one in this process
	Dir    string // where the one in this process keeps its state; empty for a directory that Close removes
}

// Flags declares -engine and -url.
func (s *Settings) Flags(set *flag.FlagSet) {
	set.StringVar(&s.Engine, "engine", "nats", "")
	set.StringVar(&s.URL, "url", "", "")
}

// Check refuses settings that do not go together.
func (s *Settings) Check() error {
	switch {
	case s.Engine != "nats" && s.Engine != "memory":
		return fmt.Errorf("-engine %q is neither nats nor memory", s.Engine)
	case s.Engine == "memory" && s.URL != "":
		return errors.New("-url is for -engine nats")
	case s.Engine == "memory" && s.Dir != "":
		return errors.New("-dir is for -engine nats")
	case s.URL != "" && s.Dir != "":
		return errors.New("-dir is for the server in this process, -url for another")
	case s.URL != "" && !strings.HasPrefix(s.URL, "nats://") && !strings.HasPrefix(s.URL, "tls://"):
		return errors.New("-url does not begin with nats:// or tls://")
	}
	return nil
}

// A Carrier is an open queue.
type Carrier struct {
	queue.Backend
	Address string        // for Dial in another process, with the queue's secret
	Server  *queue.Server // the NATS server in this process; nil where there is none
	closers []func()
}

// Open opens the queue; one in memory is served to other processes over HTTP.
func (s *Settings) Open(ctx context.Context, opt *queue.Options) (*Carrier, error) {
	c := &Carrier{}
	open := c.nats
	if s.Engine == "memory" {
		open = c.memory
	}
	if err := open(ctx, s, opt); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Carrier) memory(_ context.Context, _ *Settings, opt *queue.Options) error {
	m, secret := queue.NewMemory(opt), rand.Text()
	c.Backend, c.closers = m, append(c.closers, func() { m.Close() })
	address, stop, err := Serve(queue.NewGateway(m, secret))
	if err != nil {
		return err
	}
	c.Address, c.closers = "http://"+secret+"@"+address, append(c.closers, stop)
	return nil
}

func (c *Carrier) nats(ctx context.Context, s *Settings, opt *queue.Options) (err error) {
	if c.Address = s.URL; s.URL == "" {
		dir := s.Dir
		if dir == "" {
			if dir, err = os.MkdirTemp("", "assay-nats-"); err != nil {
				return err
			}
			c.closers = append(c.closers, func() { os.RemoveAll(dir) })
		}
		if c.Server, err = queue.StartServer(dir, false); err != nil {
			return err
		}
		c.Address, c.closers = c.Server.URL(), append(c.closers, c.Server.Close)
	}
	q, err := queue.OpenNATS(ctx, c.Address, opt)
	if err != nil {
		return err
	}
	c.Backend, c.closers = q, append(c.closers, func() { q.Close() })
	return nil
}

// Close closes the queue and what was started for it.
func (c *Carrier) Close() error {
	for i := range c.closers {
		c.closers[len(c.closers)-1-i]()
	}
	c.closers = nil
	return nil
}

// Dial reaches the queue at a Carrier's address. opt are those of Open.
func Dial(ctx context.Context, address string, opt *queue.Options) (queue.Queue, error) {
	if rest, ok := strings.CutPrefix(address, "http://"); ok {
		secret, host, ok := strings.Cut(rest, "@")
		if !ok {
			return nil, errors.New("a queue's address without a secret")
		}
		return queue.Dial("http://"+host, secret), nil
	}
	return queue.OpenNATS(ctx, address, opt)
}

// Serve runs an HTTP handler on a loopback port until stop is called.
func Serve(h http.Handler) (address string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go srv.Serve(l)
	return l.Addr().String(), func() { srv.Close() }, nil
}
