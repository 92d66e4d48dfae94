package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/assaylab/assay/examples/internal/cli"
)

// ErrShape says that a table or a plot has rows of other lengths than its columns, or values that cannot be drawn.
var ErrShape = errors.New("report: impossible shape")

// A Report is a list of parts under a title. It is for one goroutine. The first error of an Add method is kept and returned by
// the methods that write.
type Report struct {
	Title string `json:"title"`
	// Facts are shown under the title: the command, the seed, counts. AddFact appends to them.
	Facts []Fact `json:"facts,omitempty"`
	Parts []Part `json:"parts"`

	err error
}

// A Fact is a name and a value.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Part is one piece of a report; exactly one field is set.
type Part struct {
	Section string   `json:"section,omitempty"`
	Text    string   `json:"text,omitempty"`
	Table   *Table   `json:"table,omitempty"`
	Plot    *Plot    `json:"plot,omitempty"`
	Bars    *Bars    `json:"bars,omitempty"`
	Heatmap *Heatmap `json:"heatmap,omitempty"`
}

// A Table has a cell for each column in each row. Cells that are numbers are set flush right.
type Table struct {
	Title   string     `json:"title"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// A Plot draws lines over a common x axis.
type Plot struct {
	Title string `json:"title"`
	X     string `json:"x"`
	Y     string `json:"y"`
	Lines []Line `json:"lines"`
	// LogX and LogY ask for logarithmic axes; then values must be above zero.
	LogX bool `json:"log_x,omitempty"`
	LogY bool `json:"log_y,omitempty"`
}

// A Line is a named run of points; X and Y have the same length. With Step it stays level between points, with Dots it has no
// line.
type Line struct {
	Name string    `json:"name"`
	X    []float64 `json:"x"`
	Y    []float64 `json:"y"`
	Step bool      `json:"step,omitempty"`
	Dots bool      `json:"dots,omitempty"`
}

// Bars draws a group of bars at each label, one a series, side by side or stacked.
type Bars struct {
	Title   string   `json:"title"`
	Y       string   `json:"y"`
	Labels  []string `json:"labels"`
	Series  []Series `json:"series"`
	Stacked bool     `json:"stacked,omitempty"`
}

// A Series has a value for each label.
type Series struct {
	Name   string    `json:"name"`
	Values []float64 `json:"values"`
}

// A Heatmap colours a grid: Values[row][column], rows from below. Labels may be left out.
type Heatmap struct {
	Title   string      `json:"title"`
	X       string      `json:"x"`
	Y       string      `json:"y"`
	Columns []string    `json:"columns,omitempty"`
	Rows    []string    `json:"rows,omitempty"`
	Values  [][]float64 `json:"values"`
}

// New returns an empty report.
func New(title string) *Report { return &Report{Title: title} }

// AddFact appends a line under the title; value is printed with fmt.Sprint.
func (r *Report) AddFact(name string, value any) {
	r.Facts = append(r.Facts, Fact{name, fmt.Sprint(value)})
}

// Section begins a section.
func (r *Report) Section(title string) { r.Parts = append(r.Parts, Part{Section: title}) }

// AddText appends a paragraph; it is formatted as fmt.Sprintf does.
func (r *Report) AddText(format string, args ...any) {
	r.Parts = append(r.Parts, Part{Text: fmt.Sprintf(format, args...)})
}

// AddTable appends a table. The report keeps the slices.
func (r *Report) AddTable(title string, columns []string, rows [][]string) {
	for i, row := range rows {
		if len(row) != len(columns) {
			r.fail("table %q, row %d: %d cells, want %d", title, i, len(row), len(columns))
			return
		}
	}
	r.Parts = append(r.Parts, Part{Table: &Table{title, columns, rows}})
}

// AddPlot appends lines. The report keeps the slices.
func (r *Report) AddPlot(p Plot) {
	for _, l := range p.Lines {
		if len(l.X) != len(l.Y) || len(l.X) == 0 {
			r.fail("plot %q, line %q: %d x and %d y", p.Title, l.Name, len(l.X), len(l.Y))
			return
		}
		if !finite(p.LogX, l.X) || !finite(p.LogY, l.Y) {
			r.fail("plot %q, line %q: a value that cannot be drawn", p.Title, l.Name)
			return
		}
	}
	if len(p.Lines) == 0 {
		r.fail("plot %q: no line", p.Title)
		return
	}
	r.Parts = append(r.Parts, Part{Plot: &p})
}

// AddBars appends groups of bars. The report keeps the slices.
func (r *Report) AddBars(b Bars) {
	if len(b.Labels) == 0 || len(b.Series) == 0 {
		r.fail("bars %q: %d labels, %d series", b.Title, len(b.Labels), len(b.Series))
		return
	}
	for _, s := range b.Series {
		if len(s.Values) != len(b.Labels) || !finite(false, s.Values) {
			r.fail("bars %q, series %q: %d values for %d labels", b.Title, s.Name, len(s.Values), len(b.Labels))
			return
		}
	}
	r.Parts = append(r.Parts, Part{Bars: &b})
}

// AddHeatmap appends a grid. The report keeps the slices.
func (r *Report) AddHeatmap(h Heatmap) {
	if len(h.Values) == 0 || len(h.Values[0]) == 0 || len(h.Rows) != 0 && len(h.Rows) != len(h.Values) ||
		len(h.Columns) != 0 && len(h.Columns) != len(h.Values[0]) {
		r.fail("heatmap %q: %d rows, %d and %d labels", h.Title, len(h.Values), len(h.Rows), len(h.Columns))
		return
	}
	for i, row := range h.Values {
		if len(row) != len(h.Values[0]) || !finite(false, row) {
			r.fail("heatmap %q, row %d: %d values", h.Title, i, len(row))
			return
		}
	}
	r.Parts = append(r.Parts, Part{Heatmap: &h})
}

func (r *Report) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrShape}, args...)...)
	}
}

// finite reports whether all values can be drawn.
func finite(log bool, v []float64) bool {
	return !slices.ContainsFunc(v, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) || log && x <= 0 })
}

// WriteJSON writes the report's content, without drawings. Errors: the first of an Add method, w's.
func (r *Report) WriteJSON(w io.Writer) error {
	if r.err != nil {
		return r.err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return e.Encode(r)
}

// Save writes the report to a file: HTML, which appears under its name only when it is whole.
func (r *Report) Save(path string) error { return cli.WriteFile(path, r.WriteHTML) }
