package task

// Image is the classification of generated pictures: Pictures of them, Side*Side grey values each, row after row; a class
// byte for each is the answer. The score is the part that is right.
type Image struct {
	signs [Classes][9][pixels]int8 // +1 inside the shape at a shift, -1 outside
}

// NewImage returns the flavour.
func NewImage() *Image {
	m := &Image{}
	for class := range m.signs {
		for d := range m.signs[class] {
			for i := range m.signs[class][d] {
				m.signs[class][d][i] = -1
				if shape(class, i%Side+d%3-1, i/Side+d/3-1) {
					m.signs[class][d][i] = 1
				}
			}
		}
	}
	return m
}

// The shape of a payload.
const (
	Pictures = 12
	Side     = 16
	Classes  = 8
	pixels   = Side * Side
)

// Name returns "image".
func (m *Image) Name() string { return "image" }

// shape reports whether a pixel is part of a class's shape: disc, ring, square, plus, cross, bars, columns, chequers.
func shape(class, x, y int) bool {
	x, y = 2*x-Side+1, 2*y-Side+1 // odd, symmetric about 0
	ax, ay := max(x, -x), max(y, -y)
	switch class {
	case 0:
		return x*x+y*y < 110
	case 1:
		return x*x+y*y > 60 && x*x+y*y < 190
	case 2:
		return max(ax, ay) > 6 && max(ax, ay) < 12
	case 3:
		return min(ax, ay) < 4
	case 4:
		return ax-ay < 5 && ay-ax < 5
	case 5:
		return (y+Side)/4%2 == 0
	case 6:
		return (x+Side)/4%2 == 0
	default:
		return ((x+Side)/8+(y+Side)/8)%2 == 0
	}
}

// Challenge draws the pictures; the input's bytes choose the first classes.
func (m *Image) Challenge(seed uint64, input []byte) []byte {
	r := draws(seed, "image", input)
	out := make([]byte, 0, Pictures*pixels)
	for _, class := range classes(seed, input) {
		dx, dy := r.below(3)-1, r.below(3)-1
		for y := range Side {
			for x := range Side {
				v := 112 + r.below(193) - 96
				if shape(int(class), x+dx, y+dy) {
					v += 32
				}
				out = append(out, byte(min(max(v, 0), 255)))
			}
		}
	}
	return out
}

// classes are the right answers.
func classes(seed uint64, input []byte) []byte {
	r := draws(seed, "class", input)
	out := make([]byte, Pictures)
	for i := range out {
		out[i] = byte(r.below(Classes))
		if i < len(input) {
			out[i] = input[i] % Classes
		}
	}
	return out
}

// Answer takes the class whose shape correlates best: over every fourth row, every second one, all, and all at nine shifts.
func (m *Image) Answer(payload []byte, skill int) ([]byte, error) {
	if len(payload) != Pictures*pixels || skill < 0 || skill >= Skills {
		return nil, ErrPayload
	}
	step, from, to := [Skills]int{4, 2, 1, 1}[skill], 4, 5 // of the nine shifts, the middle one
	if skill == Skills-1 {
		from, to = 0, 9
	}
	out := make([]byte, Pictures)
	for i := range out {
		picture := payload[i*pixels : (i+1)*pixels]
		best := -1 << 30
		for class := range Classes {
			for d := from; d < to; d++ {
				if c := correlation(picture, &m.signs[class][d], step); c > best {
					best, out[i] = c, byte(class)
				}
			}
		}
	}
	return out, nil
}

// correlation sums the grey values inside a shape less those outside, over every step-th row.
func correlation(picture []byte, signs *[pixels]int8, step int) (sum int) {
	for y := 0; y < Side; y += step {
		row := signs[y*Side : (y+1)*Side]
		for x, v := range picture[y*Side : (y+1)*Side] {
			sum += (int(v) - 128) * int(row[x])
		}
	}
	return sum
}

// Score returns the part of the pictures that is classified right.
func (m *Image) Score(seed uint64, input, answer []byte) uint16 {
	if len(answer) != Pictures {
		return 0
	}
	right := 0
	for i, c := range classes(seed, input) {
		if answer[i] == c {
			right++
		}
	}
	return uint16(right * Perfect / Pictures)
}
