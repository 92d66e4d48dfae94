package envelope_test

import (
	"fmt"

	"github.com/assaylab/assay/examples/compute/envelope"
)

func Example() {
	key, _ := envelope.NewKey()
	box, _ := envelope.Seal(key.Public(), "job 7", []byte("weights"))
	message, err := key.Open("job 7", box)
	fmt.Println(string(message), err, len(box)-len(message) == envelope.Overhead)
	_, err = key.Open("job 8", box)
	fmt.Println(err)
	// Output:
	// weights <nil> true
	// envelope: cannot be opened: wrong key or context, or changed
}
