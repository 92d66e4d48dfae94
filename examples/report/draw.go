package report

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

const (
	width  = 22 * vg.Centimeter
	height = 10 * vg.Centimeter
)

// colors tell lines and bars apart, also for most colour-blind readers (Okabe and Ito).
var colors = []color.RGBA{{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {204, 121, 167, 255}, {230, 159, 0, 255},
	{86, 180, 233, 255}, {240, 228, 66, 255}, {90, 90, 90, 255}}

// draw returns the part's SVG element, or nothing for text and tables.
func (p *Part) draw() (string, error) {
	switch {
	case p.Plot != nil:
		return p.Plot.draw()
	case p.Bars != nil:
		return p.Bars.draw()
	case p.Heatmap != nil:
		return p.Heatmap.draw()
	}
	return "", nil
}

// blank returns a plot with a title, axes and a grid.
func blank(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	for _, style := range []*draw.TextStyle{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		style.Font.Variant = "Sans"
	}
	// Names stand behind their marks, so that a browser whose letters are wider runs into the margin, not into the marks.
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(8), -vg.Points(4)
	p.Legend.Padding, p.Legend.ThumbnailWidth = vg.Points(3), vg.Points(14)
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{225}, color.Gray{225}
	p.Add(grid)
	return p
}

// svg renders a plot; what precedes the svg element, which HTML must not hold, is cut off.
func svg(p *plot.Plot, h vg.Length) (string, error) {
	c := vgsvg.New(width, h)
	p.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return "", err
	}
	text := b.String()
	at := strings.Index(text, "<svg")
	if at < 0 {
		return "", fmt.Errorf("report: %q was not drawn", p.Title.Text)
	}
	return text[at:], nil
}

func (p *Plot) draw() (string, error) {
	out := blank(p.Title, p.X, p.Y)
	for i, l := range p.Lines {
		points := make(plotter.XYs, len(l.X))
		for j := range l.X {
			points[j] = plotter.XY{X: l.X[j], Y: l.Y[j]}
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return "", err
		}
		line.Color, line.Width = colors[i%len(colors)], vg.Points(1.6)
		line.Dashes = [][]vg.Length{nil, {vg.Points(5), vg.Points(3)}, {vg.Points(2), vg.Points(2)}}[i/len(colors)%3]
		if l.Step {
			line.StepStyle = plotter.PostStep
		}
		dots.Color, dots.Shape, dots.Radius = line.Color, draw.CircleGlyph{}, vg.Points(2)
		if l.Dots {
			out.Add(dots)
		} else {
			out.Add(line)
		}
		if l.Dots && l.Name != "" {
			out.Legend.Add(l.Name, dots)
		} else if l.Name != "" {
			out.Legend.Add(l.Name, line)
		}
	}
	if p.LogX {
		out.X.Scale, out.X.Tick.Marker = plot.LogScale{}, decades{}
	}
	if p.LogY {
		out.Y.Scale, out.Y.Tick.Marker = plot.LogScale{}, decades{}
	}
	widen(&out.X, p.LogX)
	widen(&out.Y, p.LogY)
	headroom(&out.Y, len(p.Lines), p.LogY)
	return svg(out, height)
}

// decades marks the powers of ten of a logarithmic axis, at most a dozen; of an axis without one, its ends.
type decades struct{}

// Ticks returns the marks from low to high.
func (decades) Ticks(low, high float64) (out []plot.Tick) {
	first, last := math.Ceil(math.Log10(low)-1e-9), math.Floor(math.Log10(high)+1e-9)
	if last < first {
		for _, x := range []float64{low, high} {
			out = append(out, plot.Tick{Value: x, Label: fmt.Sprintf("%.3g", x)})
		}
		return out
	}
	step := math.Ceil((last - first + 1) / 12)
	for e := first; e <= last; e += step {
		out = append(out, plot.Tick{Value: math.Pow(10, e), Label: fmt.Sprintf("1e%d", int(e))})
	}
	return out
}

// widen gives an axis on which all is one value some room.
func widen(a *plot.Axis, log bool) {
	switch {
	case a.Max > a.Min:
	case log:
		a.Min, a.Max = a.Min/2, a.Max*2
	default:
		by := max(1, math.Abs(a.Max)/2)
		a.Min, a.Max = a.Min-by, a.Max+by
	}
}

// headroom makes room above the data for a legend of n names, where there are several.
func headroom(a *plot.Axis, n int, log bool) {
	if n < 2 {
		return
	}
	share := 0.07 * float64(n)
	if log {
		a.Max *= math.Pow(a.Max/a.Min, share)
		return
	}
	a.Max += share * (a.Max - a.Min)
}

func (b *Bars) draw() (string, error) {
	out := blank(b.Title, "", b.Y)
	group := (width - 3*vg.Centimeter) / vg.Length(len(b.Labels))
	thick := min(group*8/10, 2*vg.Centimeter)
	if !b.Stacked {
		thick = min(group*8/10/vg.Length(len(b.Series)), 2*vg.Centimeter)
	}
	var below *plotter.BarChart
	for i, s := range b.Series {
		chart, err := plotter.NewBarChart(plotter.Values(s.Values), thick)
		if err != nil {
			return "", err
		}
		chart.Color, chart.LineStyle.Width = colors[i%len(colors)], 0
		if b.Stacked && below != nil {
			chart.StackOn(below)
		} else if !b.Stacked {
			chart.Offset = thick * (vg.Length(i) - vg.Length(len(b.Series)-1)/2)
		}
		below = chart
		out.Add(chart)
		if s.Name != "" {
			out.Legend.Add(s.Name, chart)
		}
	}
	out.NominalX(b.Labels...)
	out.X.Min, out.X.Max = -0.6, float64(len(b.Labels))-0.4
	slant(&out.X, b.Labels)
	widen(&out.Y, false)
	headroom(&out.Y, len(b.Series), false)
	return svg(out, height)
}

// slant turns labels that would run into each other.
func slant(a *plot.Axis, labels []string) {
	long := 0
	for _, l := range labels {
		long += len(l) + 2
	}
	if long > 100 {
		a.Tick.Label.Rotation, a.Tick.Label.XAlign, a.Tick.Label.YAlign = math.Pi/4, draw.XRight, draw.YCenter
	}
}

// grid is a Heatmap as the library wants it.
type grid [][]float64

func (g grid) Dims() (c, r int)   { return len(g[0]), len(g) }
func (g grid) Z(c, r int) float64 { return g[r][c] }
func (g grid) X(c int) float64    { return float64(c) }
func (g grid) Y(r int) float64    { return float64(r) }

func (h *Heatmap) draw() (string, error) {
	out := blank(h.Title, h.X, h.Y)
	m := plotter.NewHeatMap(grid(h.Values), moreland.SmoothBlueRed().Palette(64))
	if m.Max <= m.Min {
		m.Max = m.Min + 1
	}
	out.Add(m)
	if len(h.Columns) > 0 {
		out.NominalX(h.Columns...)
		slant(&out.X, h.Columns)
	}
	if len(h.Rows) > 0 {
		out.NominalY(h.Rows...)
	}
	ramp := m.Palette.Colors()
	for _, mark := range []struct {
		name string
		at   int
	}{{fmt.Sprintf("%.4g", m.Max), len(ramp) - 1}, {fmt.Sprintf("%.4g", m.Min), 0}} {
		out.Legend.Add(mark.name, swatch{ramp[mark.at]})
	}
	return svg(out, min(2*height, max(height, vg.Length(len(h.Values))*vg.Centimeter/2)))
}

// swatch is a field of colour in a legend.
type swatch struct{ color.Color }

// Thumbnail fills the field.
func (s swatch) Thumbnail(c *draw.Canvas) {
	c.FillPolygon(s.Color, []vg.Point{c.Min, {X: c.Min.X, Y: c.Max.Y}, c.Max, {X: c.Max.X, Y: c.Min.Y}})
}
