package queue_test

import (
	"context"
	"fmt"

	"github.com/assaylab/assay/examples/engine/queue"
)

func Example() {
	ctx := context.Background()
	q := queue.NewMemory(nil)
	defer q.Close()
	id, _ := q.Submit(ctx, queue.Task{Kind: "square", Payload: []byte{7}})
	lease, _ := q.Claim(ctx, "worker-1", "square")
	q.Done(ctx, lease, []byte{lease.Payload[0] * lease.Payload[0]})
	p, _ := q.Proposed(ctx) // the judge verifies p.Result before
	first, _ := q.Accept(ctx, p)
	r, _ := q.Result(ctx, id)
	fmt.Println(first, r.Worker, r.Bytes)
	// Output: true worker-1 [49]
}
