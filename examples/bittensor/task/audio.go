package task

import "encoding/binary"

// Audio is the denoising of generated sound: Samples values, signed 16 bits little-endian; the answer is as many. The score is the
// part of the noise's energy that is gone, an integer measure of the signal-to-noise ratio gained.
type Audio struct{}

// Samples is the length of a payload.
const Samples = 512

const segment = 32 // samples of one tone

// Name returns "audio".
func (Audio) Name() string { return "audio" }

// cosine and sine of a 256th of a turn, in 2^-30.
const (
	turnCos = 1073418433
	turnSin = 26350943
)

// wave returns a turn of a sine in 256 steps of amplitude about 2^14, by rotations in integers.
func wave() (out [256]int64) {
	x, y := int64(1<<44), int64(0)
	for i := range out {
		out[i] = y >> 30
		x, y = (x>>15)*turnCos>>15-(y>>15)*turnSin>>15, (x>>15)*turnSin>>15+(y>>15)*turnCos>>15
	}
	return out
}

// sound returns the clean and the noisy samples: segments of a low tone that the input's bytes choose, with an overtone.
func sound(seed uint64, input []byte) (clean, noisy [Samples]int64) {
	r := draws(seed, "audio", input)
	sine := wave()
	var phase, step uint32
	for i := range clean {
		if i%segment == 0 {
			tone := r.below(8)
			if k := i / segment; k < len(input) {
				tone = int(input[k] % 8)
			}
			step = uint32(5+tone) << 22
		}
		phase += step >> 2
		clean[i] = (sine[phase>>24]*3 + sine[phase*2>>24]) / 8
		noisy[i] = clean[i] + int64(r.below(8001)-4000)
	}
	return clean, noisy
}

// Challenge returns the noisy samples.
func (Audio) Challenge(seed uint64, input []byte) []byte {
	_, noisy := sound(seed, input)
	return appendSamples(nil, noisy[:])
}

func appendSamples(dst []byte, samples []int64) []byte {
	for _, v := range samples {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(int16(min(max(v, -32768), 32767))))
	}
	return dst
}

// readSamples returns the samples of a payload or an answer; ok is false for one of another length.
func readSamples(b []byte) (out [Samples]int64, ok bool) {
	if len(b) != 2*Samples {
		return out, false
	}
	for i := range out {
		out[i] = int64(int16(binary.LittleEndian.Uint16(b[2*i:])))
	}
	return out, true
}

// Answer smooths: means over 3 and 5 samples, then over 7 with weights that fall to the sides, and those twice.
func (Audio) Answer(payload []byte, skill int) ([]byte, error) {
	x, ok := readSamples(payload)
	if !ok || skill < 0 || skill >= Skills {
		return nil, ErrPayload
	}
	kernel := [Skills][]int64{{1, 1}, {1, 1, 1}, {4, 3, 2, 1}, {4, 3, 2, 1}}[skill]
	x = smooth(x, kernel)
	if skill == Skills-1 {
		x = smooth(x, kernel)
	}
	return appendSamples(nil, x[:]), nil
}

// smooth convolves with a symmetric kernel, given from its middle; at the ends what is there counts.
func smooth(x [Samples]int64, kernel []int64) (out [Samples]int64) {
	for i := range x {
		var sum, weight int64
		for k := -len(kernel) + 1; k < len(kernel); k++ {
			if j := i + k; j >= 0 && j < Samples {
				w := kernel[max(k, -k)]
				sum, weight = sum+w*x[j], weight+w
			}
		}
		out[i] = sum / weight
	}
	return out
}

// Score returns the part of the noise's energy that the answer has taken away.
func (Audio) Score(seed uint64, input, answer []byte) uint16 {
	got, ok := readSamples(answer)
	if !ok {
		return 0
	}
	clean, noisy := sound(seed, input)
	var noise, left int64
	for i, c := range clean {
		noise += (noisy[i] - c) * (noisy[i] - c)
		left += (got[i] - c) * (got[i] - c)
	}
	if left >= noise {
		return 0
	}
	return uint16((noise - left) * Perfect / noise)
}
