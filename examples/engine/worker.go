package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/assaylab/assay/examples/engine/queue"
	"github.com/assaylab/assay/examples/internal/carrier"
)

// heartbeat of the demonstration's workers: a dead one loses its task after three.
const heartbeat = 300 * time.Millisecond

// options are the queue's, the same in every process. A starved machine may miss heartbeats of honest workers: a task is given out often.
var options = queue.Options{Heartbeat: heartbeat, Deliveries: 20}

// The environment of a worker's process: addresses, the queue's with its secret, which does not belong on a command line.
const (
	envQueue = "ASSAY_ENGINE_QUEUE"
	envBlobs = "ASSAY_ENGINE_BLOBS"
)

// What a worker's process can do wrong.
const (
	cheatHang  = "hang"  // does not end its task: it is killed in the middle
	cheatStall = "stall" // sends no heartbeats in its first task and answers it when another has done it
	cheatWrong = "wrong" // changes a byte of every result
)

// worker is a worker's process: it does tasks until its input ends, and prints a line for each that it claims. A line of its
// input lets a stalling one answer.
func worker(ctx context.Context, s settings, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answer := make(chan struct{}, 1)
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); { // the parent holds it open as long as it lives
			answer <- struct{}{}
		}
		cancel()
	}()
	address, b := os.Getenv(envQueue), &bench{blobs: strings.Fields(os.Getenv(envBlobs))}
	if address == "" || len(b.blobs) == 0 {
		return fmt.Errorf("a worker needs %s and %s", envQueue, envBlobs)
	}
	q, err := carrier.Dial(ctx, address, &options)
	if err != nil {
		return err
	}
	if s.cheat == cheatStall {
		if err := stall(ctx, q, s.worker, b, answer, out); err != nil {
			return err
		}
	}
	err = queue.Work(ctx, q, s.worker, kinds, heartbeat, func(ctx context.Context, l *queue.Lease) ([]byte, error) {
		fmt.Fprintln(out, "claimed", l.ID)
		if s.cheat == cheatHang {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		result, err := b.do(ctx, &l.Task)
		if s.cheat == cheatWrong && len(result) > 0 {
			result[len(result)/2] ^= 1
		}
		return result, err
	})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// stall does one task without heartbeats and answers late: when it is told to.
func stall(ctx context.Context, q queue.Queue, name string, b *bench, answer <-chan struct{}, out io.Writer) error {
	l, err := q.Claim(ctx, name, kinds...)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "claimed", l.ID)
	result, err := b.do(ctx, &l.Task)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-answer:
	}
	if err := q.Done(ctx, l, result); err != nil && !errors.Is(err, queue.ErrLost) {
		return err
	}
	return nil
}
