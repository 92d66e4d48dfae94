package sim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/assaylab/assay/examples/envelope"
	"github.com/assaylab/assay/examples/filecoin"
)

// A Retention says how a deal's piece was proven over its term; it is read from the book alone.
type Retention struct {
	Piece    string `json:"piece"`
	Sector   string `json:"sector"`
	Start    int64  `json:"start"`
	End      int64  `json:"end"`
	Proofs   int    `json:"proofs"`  // accepted window proofs
	Periods  int    `json:"periods"` // proving periods between the first and the last of them
	First    int64  `json:"first_epoch"`
	Last     int64  `json:"last_epoch"`
	Outcome  string `json:"outcome"`
	Deletion string `json:"deletion_receipt,omitempty"` // the provider's signature of the receipt, in hexadecimal
}

// retention reads every deal's proofs from the book.
func (w *world) retention() []Retention {
	type run struct {
		proofs      int
		first, last int64
	}
	seen := map[string]*run{}
	receipts := map[string]string{}
	for i := range w.book.Entries() {
		e := w.book.Entry(i)
		subject, rest, _ := strings.Cut(e.Memo, " ")
		switch e.Kind {
		case kindPoSt:
			r := seen[subject]
			if r == nil {
				r = &run{first: e.Epoch}
				seen[subject] = r
			}
			r.proofs++
			r.last = e.Epoch
		case kindReceipt:
			receipts[subject] = rest
		}
	}
	var out []Retention
	for _, d := range w.deals {
		p := d.signed.Proposal
		line := Retention{Piece: d.cid, Sector: d.sector.String(), Start: p.Start, End: p.End, Outcome: d.outcome, Deletion: receipts[d.sector.String()]}
		if line.Outcome == "" {
			line.Outcome = "running"
		}
		if r := seen[line.Sector]; r != nil {
			line.Proofs, line.First, line.Last = r.proofs, r.first, r.last
			line.Periods = int((r.last-r.first)/day) + 1
		}
		out = append(out, line)
	}
	return out
}

const kindReceipt = "deletion receipt"

// receipt deletes a sector's files when its deal is over and has the provider sign that they are gone: piece, replica, epoch.
func (d *deal) receipt() error {
	s, w := d.sector, d.w
	if err := os.RemoveAll(filepath.Dir(s.files.Sealed)); err != nil {
		return err
	}
	if _, err := os.Stat(s.files.Sealed); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("sim: %v is deleted and still there: %v", s, err)
	}
	statement := fmt.Sprintf("deleted piece %s replica %s epoch %d", d.cid, s.st.CommR.CID(), w.epoch)
	sig := s.owner.worker.Sign([]byte(statement))
	if err := filecoin.VerifySignature(s.owner.worker.Address(), []byte(statement), sig); err != nil {
		return err
	}
	w.res.Receipts++
	return w.note(kindReceipt, fmt.Sprintf("%v %x", s, sig.Data), s.owner.name)
}

// commitResponses puts the root over all responses since the last tipset into the book.
func (w *world) commitResponses() error {
	if len(w.responses) == 0 {
		return nil
	}
	epoch, err := envelope.CommitEpoch(w.ctx, uint64(w.epoch), w.responses)
	if err != nil {
		return err
	}
	w.res.EpochRoots++
	w.responses = w.responses[:0]
	return w.note("epoch root", fmt.Sprintf("%x, %d responses", epoch.Commitment(), epoch.Sectors), tipJar)
}
