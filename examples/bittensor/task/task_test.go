package task_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/assaylab/assay/examples/bittensor/task"
)

// TestSkills: more skill earns more, over many challenges, and nobody is perfect by doing nothing.
func TestSkills(t *testing.T) {
	for _, f := range task.All() {
		var last int
		for skill := range task.Skills {
			sum := 0
			for seed := range uint64(64) {
				answer, err := f.Answer(f.Challenge(seed, nil), skill)
				if err != nil {
					t.Fatal(err)
				}
				sum += int(f.Score(seed, nil, answer))
			}
			t.Logf("%s: skill %d scores %d", f.Name(), skill, sum/64)
			if sum/64 <= last+500 {
				t.Errorf("%s: skill %d scores %d, the one below %d", f.Name(), skill, sum/64, last)
			}
			last = sum / 64
		}
	}
}

// TestScoreAnything: no bytes make a score panic, and what is no answer to this challenge scores nothing or little.
func TestScoreAnything(t *testing.T) {
	for _, f := range task.All() {
		payload := f.Challenge(7, nil)
		good, err := f.Answer(payload, task.Skills-1)
		if err != nil {
			t.Fatal(err)
		}
		best := f.Score(7, nil, good)
		for n := range len(good) + 100 {
			bad := bytes.Repeat([]byte{byte(n)}, n)
			if s := f.Score(7, nil, bad); s > best/2 {
				t.Errorf("%s: %d bytes of %d score %d, the answer %d", f.Name(), n, byte(n), s, best)
			}
			if n < len(good) && f.Score(7, nil, good[:n]) != 0 {
				t.Errorf("%s: an answer cut to %d bytes scores", f.Name(), n)
			}
		}
		for _, skill := range []int{-1, task.Skills} {
			if _, err := f.Answer(payload, skill); !errors.Is(err, task.ErrPayload) {
				t.Errorf("%s: skill %d: %v", f.Name(), skill, err)
			}
		}
		if s := f.Score(8, nil, good); s > best/2 {
			t.Errorf("%s: the answer to another challenge scores %d of %d", f.Name(), s, best)
		}
		if s := f.Score(7, nil, append(good, 0)); s != 0 {
			t.Errorf("%s: an answer with a byte behind it scores %d", f.Name(), s)
		}
	}
}

// TestPayloads: what cannot be a payload is refused at every skill; a text may have any length up to MaxAnswer.
func TestPayloads(t *testing.T) {
	for _, f := range task.All() {
		right := len(f.Challenge(1, nil))
		for _, n := range []int{0, 1, right - 1, right, right + 1, task.MaxAnswer, task.MaxAnswer + 1} {
			good := n == right || f.Name() == "text" && n > 0 && n <= task.MaxAnswer
			for skill := range task.Skills {
				if _, err := f.Answer(make([]byte, n), skill); good != (err == nil) || !good && !errors.Is(err, task.ErrPayload) {
					t.Errorf("%s: skill %d, %d bytes: %v", f.Name(), skill, n, err)
				}
			}
		}
	}
}

// TestChain: the answer of each flavour feeds the next, whichever they are.
func TestChain(t *testing.T) {
	all := task.All()
	var input []byte
	for i := range 9 {
		f := all[i*2%3]
		payload := f.Challenge(uint64(i), input)
		if i > 0 && bytes.Equal(payload, f.Challenge(uint64(i), nil)) {
			t.Errorf("%s: the input changed nothing", f.Name())
		}
		answer, err := f.Answer(payload, task.Skills-1)
		if err != nil || f.Score(uint64(i), input, answer) < task.Perfect/3 {
			t.Fatalf("%s: score %d, %v", f.Name(), f.Score(uint64(i), input, answer), err)
		}
		input = answer
	}
}

func FuzzScore(f *testing.F) {
	f.Add(uint64(1), []byte{1}, []byte{2, 3})
	f.Add(uint64(2), []byte(nil), []byte{2})
	all := task.All()
	f.Fuzz(func(t *testing.T, seed uint64, input, answer []byte) {
		for _, flavour := range all {
			flavour.Score(seed, input, answer)
			if payload := flavour.Challenge(seed, input); len(payload) == 0 || len(payload) > task.MaxAnswer {
				t.Errorf("%s: payload of %d bytes", flavour.Name(), len(payload))
			}
			_, _ = flavour.Answer(answer, int(seed%task.Skills))
		}
	})
}

func BenchmarkFlavour(b *testing.B) {
	for _, f := range task.All() {
		b.Run("flavour="+f.Name(), func(b *testing.B) {
			payload := f.Challenge(1, nil)
			b.ReportAllocs()
			for b.Loop() {
				answer, err := f.Answer(payload, task.Skills-1)
				if err != nil || f.Score(1, nil, answer) == 0 {
					b.Fatal(err)
				}
			}
		})
	}
}

func ExampleFlavour() {
	image := task.NewImage()
	answer, err := image.Answer(image.Challenge(1, nil), task.Skills-1)
	fmt.Println(image.Score(1, nil, answer), err)
	// Output: 65535 <nil>
}
