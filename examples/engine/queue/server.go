package queue

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startTime is how long a server may take until it answers; a port that is taken shows as one that does not.
const startTime = 20 * time.Second

// A Server is a NATS server with JetStream in this process, on a loopback port, open to those who know its URL.
type Server struct {
	opt server.Options
	srv *server.Server
}

// StartServer starts a server that keeps its state in dir. What it acknowledged survives its process; sync makes it survive a loss of
// power too, at the price of an fsync a message.
func StartServer(dir string, sync bool) (*Server, error) {
	// The server says nothing of a directory it cannot write to; it is only never ready.
	if err := os.MkdirAll(filepath.Join(dir, server.JetStreamStoreDir), 0o700); err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	s := &Server{opt: server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, Authorization: rand.Text(), JetStream: true, StoreDir: dir,
		SyncAlways: sync, NoSigs: true, NoLog: true}}
	if err := s.start(); err != nil {
		return nil, err
	}
	s.opt.Port = s.srv.Addr().(*net.TCPAddr).Port
	return s, nil
}

func (s *Server) start() error {
	opt := s.opt
	srv, err := server.NewServer(&opt)
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	srv.Start()
	if !srv.ReadyForConnections(startTime) {
		srv.Shutdown()
		return fmt.Errorf("queue: the server did not start within %v", startTime)
	}
	s.srv = srv
	return nil
}

// URL returns the address for OpenNATS, with the secret.
func (s *Server) URL() string {
	return fmt.Sprintf("nats://%s@127.0.0.1:%d", s.opt.Authorization, s.opt.Port)
}

// Restart stops the server, as if its process had ended, and starts it again from its files on the same port.
func (s *Server) Restart() error {
	s.Close()
	var err error
	for range 3 { // the port may be another connection's for a moment
		if err = s.start(); err == nil {
			return nil
		}
	}
	return err
}

// Close stops the server.
func (s *Server) Close() {
	s.srv.Shutdown()
	s.srv.WaitForShutdown()
}
