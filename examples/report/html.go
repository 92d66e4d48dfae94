package report

import (
	"bytes"
	"html/template"
	"io"
	"strings"
)

// page is the whole file. A content policy in its head forbids every fetch.
var page = template.Must(template.New("report").Funcs(template.FuncMap{"number": number}).Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>
body { font: 15px/1.45 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.2rem; border-bottom: 1px solid #d0d7de; } h3 { margin: 1.4rem 0 .4rem; font-size: 1rem; }
table { border-collapse: collapse; font-size: .87rem; } .wide { overflow-x: auto; }
th, td { border: 1px solid #d0d7de; padding: .2rem .55rem; text-align: left; } th { background: #f2f4f7; }
td { overflow-wrap: anywhere; } td:first-child { min-width: 9rem; } td.n { white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums; } dt { font-weight: 600; float: left; min-width: 9rem; clear: left; }
dl { overflow: hidden; } svg { max-width: 100%; height: auto; } figure { margin: .6rem 0; }
svg text { font-family: "Liberation Sans", Arial, Helvetica, sans-serif !important; }
</style></head><body>
<h1>{{.Title}}</h1>
{{with .Facts}}<dl>{{range .}}<dt>{{.Name}}</dt><dd>{{.Value}}</dd>
{{end}}</dl>
{{end}}{{range .Parts}}{{with .Section}}<h2>{{.}}</h2>
{{end}}{{with .Text}}<p>{{.}}</p>
{{end}}{{with .Table}}<h3>{{.Title}}</h3><div class="wide"><table><tr>{{range .Columns}}<th>{{.}}</th>{{end}}</tr>
{{range .Rows}}<tr>{{range .}}<td{{if number .}} class="n"{{end}}>{{.}}</td>{{end}}</tr>
{{end}}</table></div>
{{end}}{{with .SVG}}<figure>{{.}}</figure>
{{end}}{{end}}</body></html>
`))

// drawn is a part with its drawing.
type drawn struct {
	Part
	SVG template.HTML
}

// WriteHTML writes the report as one self-contained page. Errors: the first of an Add method, w's.
func (r *Report) WriteHTML(w io.Writer) error {
	if r.err != nil {
		return r.err
	}
	data := struct {
		Title string
		Facts []Fact
		Parts []drawn
	}{r.Title, r.Facts, nil}
	for _, p := range r.Parts {
		svg, err := p.draw()
		if err != nil {
			return err
		}
		data.Parts = append(data.Parts, drawn{p, template.HTML(svg)})
	}
	var b bytes.Buffer
	if err := page.Execute(&b, data); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// number reports whether a cell is a number, with a unit behind it or not.
func number(cell string) bool {
	cell, _, _ = strings.Cut(cell, " ")
	cell = strings.TrimRight(strings.TrimLeft(cell, "+-"), "%x")
	return cell != "" && strings.Trim(cell, "0123456789.,eE+-") == "" && strings.ContainsAny(cell, "0123456789")
}
