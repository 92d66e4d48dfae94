package task

import (
	"bytes"
	"compress/flate"
	"io"
	"sync"

	"github.com/assaylab/assay/consensus/sim"
)

// Text is a compression contest: a text must come back in as few bytes as possible, and the validator unpacks it again and
// compares every byte. The score is the part of the text's length that was saved.
//
// An answer is a codec byte and data: 1 is deflate (RFC 1951), 2 is deflate with Vocabulary as its preset dictionary.
type Text struct {
	vocabulary []byte
	words      [][]byte
	writers    [Skills]sync.Pool
	readers    sync.Pool
}

// Codecs of an answer.
const (
	codecDeflate byte = 1 + iota
	codecDictionary
)

const (
	textWords  = 240
	textLength = 1200
)

// NewText returns the flavour.
func NewText() *Text {
	t := &Text{}
	r := &random{sim.Random{State: 0x7465787420776f72}}
	for range textWords {
		var w []byte
		for range 1 + r.below(3) {
			w = append(w, "bcdfghklmnprstvz"[r.below(16)], "aeiou"[r.below(5)])
		}
		w = append(w, "nrstl "[r.below(6)], ' ')
		t.words, t.vocabulary = append(t.words, w), append(t.vocabulary, w...)
	}
	return t
}

// Name returns "text".
func (t *Text) Name() string { return "text" }

// Vocabulary returns the words that texts are made of, one after the other. It must not be changed.
func (t *Text) Vocabulary() []byte { return t.vocabulary }

// Challenge returns a text: words for the input's bytes, then phrases, some of which recur, with numbers between.
func (t *Text) Challenge(seed uint64, input []byte) []byte {
	r := draws(seed, "text", input)
	var out []byte
	for _, b := range input[:min(len(input), 64)] {
		out = append(out, t.words[int(b)%textWords]...)
	}
	var phrases [12][5]int
	for i := range phrases {
		for k := range phrases[i] {
			phrases[i][k] = min(r.below(textWords), r.below(textWords))
		}
	}
	for len(out) < textLength {
		p := phrases[r.below(len(phrases))]
		for _, w := range p[:2+r.below(4)] {
			out = append(out, t.words[w]...)
		}
		if r.below(3) == 0 {
			out = append(out, byte('0'+r.below(10)), byte('0'+r.below(10)), ' ')
		}
	}
	return out
}

var textLevels = [Skills]int{flate.HuffmanOnly, flate.BestSpeed, flate.BestCompression, flate.BestCompression}

// Answer packs the payload: Huffman codes only, the fastest and the best deflate, and the best with the dictionary.
func (t *Text) Answer(payload []byte, skill int) ([]byte, error) {
	if len(payload) == 0 || len(payload) > MaxAnswer || skill < 0 || skill >= Skills {
		return nil, ErrPayload
	}
	codec, dictionary := codecDeflate, []byte(nil)
	if skill == Skills-1 {
		codec, dictionary = codecDictionary, t.vocabulary
	}
	out := bytes.NewBuffer([]byte{codec})
	w, _ := t.writers[skill].Get().(*flate.Writer)
	if w == nil {
		var err error
		if w, err = flate.NewWriterDict(out, textLevels[skill], dictionary); err != nil {
			return nil, err
		}
	} else {
		w.Reset(out)
	}
	defer t.writers[skill].Put(w)
	if _, err := w.Write(payload); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Score returns the part saved of the text's length, 0 where the answer does not unpack to it.
func (t *Text) Score(seed uint64, input, answer []byte) uint16 {
	text := t.Challenge(seed, input)
	if len(answer) >= len(text) || !t.unpacks(answer, text) {
		return 0
	}
	return uint16((len(text) - len(answer)) * Perfect / len(text))
}

// unpacks reports whether an answer holds exactly the text; it reads no further than one byte past its length.
func (t *Text) unpacks(answer, text []byte) bool {
	if len(answer) == 0 {
		return false
	}
	var dictionary []byte
	switch answer[0] {
	case codecDeflate:
	case codecDictionary:
		dictionary = t.vocabulary
	default:
		return false
	}
	source := bytes.NewReader(answer[1:])
	r, _ := t.readers.Get().(io.ReadCloser)
	if r == nil {
		r = flate.NewReaderDict(source, dictionary)
	} else if err := r.(flate.Resetter).Reset(source, dictionary); err != nil {
		return false
	}
	defer t.readers.Put(r)
	got, err := io.ReadAll(io.LimitReader(r, int64(len(text))+1))
	return err == nil && source.Len() == 0 && bytes.Equal(got, text)
}
