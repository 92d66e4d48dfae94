package envelope

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os/exec"
	"testing"
)

// A question is a line that verify.mjs reads.
type question struct {
	Claim map[string]string `json:"claim"`
	JSON  string            `json:"json,omitempty"`
	CBOR  string            `json:"cbor,omitempty"`

	name string
	ok   bool // what Go says
}

func ask(name string, want Claim, c codec, b []byte) question {
	q := question{name: c.name + " " + name, Claim: map[string]string{
		"kind": string(want.Kind), "hash": want.Hash, "domain": want.Domain,
		"shape": hex.EncodeToString(want.Shape.AppendShape(nil)), "root": hex.EncodeToString(want.Root[:]),
	}}
	if want.Kind == PDP {
		q.Claim["seed"], q.Claim["set"] = hex.EncodeToString(want.Seed[:]), hex.EncodeToString(want.Set[:])
	}
	if c.name == "JSON" {
		q.JSON = string(b)
	} else {
		q.CBOR = hex.EncodeToString(b)
	}
	e, err := c.decode(b)
	q.ok = err == nil && e.Verify(want) == nil
	return q
}

// questions are sound envelopes, the same with bytes changed, and the same for other claims.
func questions(t testing.TB) (all []question) {
	for _, e := range portable(t) {
		for _, c := range codecs {
			good, err := c.encode(e)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, ask("as made", e.Claim, c, good), ask("cut", e.Claim, c, good[:len(good)-1]))
			other := e.Claim
			other.Root[31] ^= 1
			all = append(all, ask("another root", other, c, good))
			other = e.Claim
			other.Domain = "test/other"
			all = append(all, ask("another domain", other, c, good))
			for i := 0; i < len(good); i += 7 {
				bad := bytes.Clone(good)
				bad[i] ^= 1
				all = append(all, ask("byte changed", e.Claim, c, bad))
			}
			if c.name == "JSON" {
				all = append(all, ask("white space", e.Claim, c, bytes.Replace(good, []byte(`,"leaf"`), []byte(", \n\"leaf\""), 1)))
			}
		}
	}
	return all
}

// TestNodeAgrees asks verify.mjs about sound and corrupted envelopes: its verdicts must be ours.
func TestNodeAgrees(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node: not installed")
	}
	var in bytes.Buffer
	lines, sound := questions(t), 0
	for _, q := range lines {
		if err := json.NewEncoder(&in).Encode(q); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), node, "verify.mjs")
	var complaint bytes.Buffer
	cmd.Stdin, cmd.Stderr = &in, &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &complaint)
	}
	answers := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(answers) != len(lines) {
		t.Fatalf("%d answers to %d questions", len(answers), len(lines))
	}
	for i, q := range lines {
		var a struct {
			OK    bool
			Error string
		}
		if err := json.Unmarshal(answers[i], &a); err != nil {
			t.Fatal(err)
		}
		if a.OK != q.ok {
			t.Errorf("%s: Go says %v, Node %v %s", q.name, q.ok, a.OK, a.Error)
		}
		if q.ok {
			sound++
		}
	}
	t.Logf("node agrees on %d envelopes, %d of them sound", len(lines), sound)
}
