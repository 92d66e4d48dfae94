package durable_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
)

// TestReserveTold: room for block digests that was refused once counted as had from then on.
func TestReserveTold(t *testing.T) {
	j, err := durable.Open(&durabletest.Faulty{FS: durabletest.NewDisk(), Plan: func(op durabletest.Op) *durabletest.Fault {
		if op.Kind == "preallocate" && op.Name == "assay.sums" {
			return &durabletest.Fault{Err: syscall.ENOSPC}
		}
		return nil
	}}, []byte("reserve"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for range 2 {
		if err := j.Reserve("file", 100); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Reserve: %v, want %v", err, syscall.ENOSPC)
		}
	}
}
