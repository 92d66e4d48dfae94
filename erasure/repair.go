package erasure

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
)

// A Read is a part of a present shard.
type Read struct {
	Shard, Offset, Size int
}

// A Plan says what rebuilding one lost shard reads.
type Plan struct {
	Lost  int
	Size  int // bytes of a shard
	Reads []Read
}

// Bytes returns the number of bytes that the plan reads.
func (p *Plan) Bytes() int {
	n := 0
	for _, r := range p.Reads {
		n += r.Size
	}
	return n
}

// A Planner is a code that rebuilds one lost shard from less than Data() whole shards.
type Planner interface {
	// Plan returns what rebuilding the lost shard reads, given shards of size bytes of which those with
	// dead[i] cannot be read. Errors: ErrTooFewShards if there is no plan with these.
	Plan(lost int, dead []bool, size int) (*Plan, error)
	// Rebuild fills out, the lost shard, from the parts that were read.
	Rebuild(p *Plan, out []byte, parts [][]byte) error
}

// RepairBytes returns the bytes read to rebuild one lost shard of size bytes: a Planner's plan, or Data()
// whole shards.
func RepairBytes(c Coder, lost, size int) (int, error) {
	p, ok := c.(Planner)
	if !ok {
		return c.Data() * size, nil
	}
	dead := make([]bool, c.Data()+c.Parity())
	dead[lost] = true
	plan, err := p.Plan(lost, dead, size)
	if err != nil {
		return 0, err
	}
	return plan.Bytes(), nil
}

// A Scheme is a line of RepairTable.
type Scheme struct {
	Name  string
	Code  Coder
	Fatal []float64 // see Durability
}

// Schemes returns the codes that RepairTable compares: RS 10+4 and 12+4, LRC 12+2+2 without and with guarded
// global parity, Clay 10+4.
func Schemes() ([]Scheme, error) {
	var out []Scheme
	for _, s := range [][2]int{{10, 4}, {12, 4}} {
		c, err := New(s[0], s[1], nil)
		if err != nil {
			return nil, err
		}
		out = append(out, Scheme{Name: fmt.Sprintf("RS %d+%d", s[0], s[1]), Code: c, Fatal: mdsFatal(s[1])})
	}
	for _, shape := range []LRCShape{{Data: 12, Groups: 2, Global: 2}, {Data: 12, Groups: 2, Global: 2, Guard: 1}} {
		c, err := NewLRC(shape, nil)
		if err != nil {
			return nil, err
		}
		name := "LRC 12+2+2"
		if shape.Guard > 0 {
			name += "+1"
		}
		out = append(out, Scheme{Name: name, Code: c, Fatal: c.Fatal()})
	}
	clay, err := NewClay(nil)
	if err != nil {
		return nil, err
	}
	return append(out, Scheme{Name: "Clay 10+4 d=13", Code: clay, Fatal: mdsFatal(4)}), nil
}

// RepairTable writes, for each scheme, storage per byte, bytes read per repaired byte (mean over the shards, and
// the best and worst shard) and the years to loss under the model.
func RepairTable(ctx context.Context, w io.Writer, schemes []Scheme, model Model) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "code\tstored/byte\tread/repaired byte\tbest\tworst\tyears to loss\t")
	for _, s := range schemes {
		if err := ctx.Err(); err != nil {
			return err
		}
		mean, best, worst, err := repairRatio(s.Code)
		if err != nil {
			return err
		}
		n := s.Code.Data() + s.Code.Parity()
		fmt.Fprintf(t, "%s\t%.3f\t%.3f\t%.2f\t%.2f\t%.3g\t\n", s.Name, float64(n)/float64(s.Code.Data()),
			mean, best, worst, model.Years(n, mean, s.Fatal))
	}
	return t.Flush()
}

// repairRatio returns the bytes read per repaired byte over all shards.
func repairRatio(c Coder) (mean, best, worst float64, err error) {
	const size = 1 << 20
	n := c.Data() + c.Parity()
	for i := range n {
		b, err := RepairBytes(c, i, size)
		if err != nil {
			return 0, 0, 0, err
		}
		r := float64(b) / size
		if mean += r / float64(n); i == 0 || r < best {
			best = r
		}
		worst = max(worst, r)
	}
	return mean, best, worst, nil
}
