package main

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// publish writes the table and the chart of all outcomes to the files that were asked for.
func publish(all []outcome, md, svg string) error {
	if md == "-" {
		return markdown(os.Stdout, all)
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer, []outcome) error
	}{{md, markdown}, {svg, chart}} {
		if f.name == "" {
			continue
		}
		var b bytes.Buffer
		if err := f.write(&b, all); err != nil {
			return err
		}
		if err := os.WriteFile(f.name, b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// markdown writes the table, headed by the conditions it was measured under.
func markdown(w io.Writer, all []outcome) error {
	fmt.Fprintf(w, "`go run ./bench/versus %s`\n", strings.Join(arguments(), " "))
	fmt.Fprintf(w, "on %s, %s, %s/%s; minima of interleaved samples, CPU time (wall time with cores=2).\n", cpuName(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if peers := versions(); peers != "" {
		fmt.Fprintf(w, "Peers: %s; Rust crates as in bench/rust/Cargo.lock.\n", peers)
	}
	fmt.Fprint(w, "\n| contest | ours | peer | theirs | unit | ratio |\n|---|---:|---|---:|---|---:|\n")
	for _, o := range all {
		mark := ""
		if o.recorded {
			mark = " (recorded)"
		}
		if o.note != "" {
			mark += " " + o.note
		}
		if _, err := fmt.Fprintf(w, "| `%s` | %s | %s%s | %s | %s | %.2f |\n", o.name, number(o.ours), o.peer, mark, number(o.theirs), o.unit, o.ratio); err != nil {
			return err
		}
	}
	return nil
}

// arguments are the program's, without the files it writes.
func arguments() (out []string) {
	for i := 1; i < len(os.Args); i++ {
		switch name := strings.TrimLeft(os.Args[i], "-"); {
		case name == "md" || name == "svg":
			i++
		case strings.HasPrefix(name, "md=") || strings.HasPrefix(name, "svg="):
		default:
			out = append(out, os.Args[i])
		}
	}
	return out
}

// cpuName is the processor with the features that matter here.
func cpuName() string {
	features := []string{}
	for _, f := range []cpuid.FeatureID{cpuid.SHA, cpuid.AVX2, cpuid.AVX512F, cpuid.AVX512IFMA, cpuid.GFNI} {
		if cpuid.CPU.Supports(f) {
			features = append(features, f.String())
		}
	}
	return fmt.Sprintf("%s (family %d; %s)", strings.TrimSpace(cpuid.CPU.BrandName), cpuid.CPU.Family, strings.Join(features, " "))
}

// versions lists the Go peers that are linked in.
func versions() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var out []string
	for _, d := range info.Deps {
		for _, peer := range []string{"go-fil-commp-hashhash", "gohashtree", "rsmt2d", "infectious", "klauspost/reedsolomon", "zeebo/blake3", "gnark-crypto"} {
			if strings.HasSuffix(d.Path, peer) {
				out = append(out, d.Path[strings.LastIndex(d.Path, "/")+1:]+" "+d.Version)
			}
		}
	}
	return strings.Join(out, ", ")
}

// chart draws the ratios as bars on a logarithmic scale from 1/2 to 512.
func chart(w io.Writer, all []outcome) error {
	const row, left, width = 18, 480, 520
	x := func(ratio float64) float64 { return left + width*(math.Log2(min(max(ratio, 0.5), 512))+1)/10 }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", left+width+80, row*len(all)+40)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/>`+"\n")
	for _, tick := range []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512} {
		fmt.Fprintf(&b, `<line x1="%.1f" x2="%.1f" y1="20" y2="%d" stroke="#ddd"/><text x="%.1f" y="15" text-anchor="middle">%g×</text>`+"\n",
			x(tick), x(tick), row*len(all)+25, x(tick), tick)
	}
	for i, o := range all {
		y := 25 + row*i
		fill := "#2a78b5"
		if o.recorded {
			fill = "#a9c9e2" // not measured in this run
		}
		from, to := x(1), x(o.ratio)
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text><rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/><text x="%.1f" y="%d">%.2f</text>`+"\n",
			left-6, y+13, html.EscapeString(strings.TrimSpace(o.name+" / "+o.peer+" "+o.note)), min(from, to), y+2, max(math.Abs(to-from), 1), row-4, fill, max(from, to)+4, y+13, o.ratio)
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}
