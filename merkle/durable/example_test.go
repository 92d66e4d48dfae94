package durable_test

import (
	"context"
	"fmt"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
)

// A file is made once. A later run finds it, checked; one flipped bit is found and named.
func ExampleJob() {
	ctx, disk := context.Background(), durabletest.NewDisk()
	identity := []byte("what is made, of which inputs, by which version")
	run := func(opt *durable.Options) {
		job, err := durable.Open(disk, identity, opt)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer job.Close()
		if have, err := job.Check(ctx, "result"); err != nil || have == 5 {
			fmt.Println("found:", have, err)
			return
		}
		err = job.Create(ctx, 1, "result", 5, func(f durable.File) error {
			_, err := f.WriteAt([]byte("proof"), 0)
			return err
		})
		fmt.Println("made:", err)
	}
	run(nil)
	run(nil)
	disk.Bytes("result")[2] ^= 1
	run(&durable.Options{Report: func(e durable.Event) { fmt.Println("damaged:", e.Name, "block", e.Block) }})
	// Output:
	// made: <nil>
	// found: 5 <nil>
	// damaged: result block 0
	// made: <nil>
}
