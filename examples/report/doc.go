// Package report writes what an example marketplace has to show as one HTML file: headings, text, tables and plots as inline
// SVG (by gonum.org/v1/plot), with nothing to fetch from anywhere; and the same content as JSON for machines.
//
// A Report is filled in order by Section, AddText, AddTable, AddPlot, AddBars and AddHeatmap, and written by WriteHTML,
// WriteJSON or Save. The bytes depend on what was added only, not on the time or the machine.
package report
