// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Sizes of the picture, in pixels.
const (
	labelWidth  = 290
	barWidth    = 330
	valueWidth  = 260
	barHeight   = 16
	rowHeight   = 24
	headHeight  = 52
	pictureEdge = 10
)

// picture draws how many times better the mock is than the server beside it, or than
// the floor if there was none: a bar a measurement, on a logarithmic scale, with a
// line at 1. It is readable on light and dark pages.
func (f figures) picture() string {
	title, than := "The mock beside go-plugin alone", func(r figure) float64 { return r.Floor }
	if f.Beside != "" {
		title, than = "The mock beside "+f.Beside, func(r figure) float64 { return r.Beside }
	}
	var rows []figure
	least, most := 1.0, 1.0
	for _, r := range f.Rows {
		if r.Mock > 0 && than(r) > 0 {
			rows = append(rows, r)
			least, most = min(least, r.better(than(r))), max(most, r.better(than(r)))
		}
	}
	// x is the place of a ratio.
	scale := math.Log(most) - math.Log(least)
	x := func(ratio float64) float64 {
		if scale == 0 {
			return labelWidth
		}
		return labelWidth + barWidth*(math.Log(ratio)-math.Log(least))/scale
	}
	width, height := labelWidth+barWidth+valueWidth+pictureEdge, headHeight+rowHeight*len(rows)+pictureEdge
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	svg.WriteString(`<style>text{fill:#24292f}line{stroke:#57606a}@media(prefers-color-scheme:dark){text{fill:#e6edf3}line{stroke:#8b949e}}</style>` + "\n")
	text(&svg, pictureEdge, 18, "", `font-weight="bold" font-size="14"`, title+": how many times faster, or smaller")
	text(&svg, pictureEdge, 36, "", "", f.Machine.describe()+", "+f.When.UTC().Format("2006-01-02"))
	for i, r := range rows {
		top, ratio := float64(headHeight+rowHeight*i), r.better(than(r))
		from, to := min(x(1), x(ratio)), max(x(1), x(ratio))
		colour := "#2da44e"
		if ratio < 1 {
			colour = "#bf8700"
		}
		text(&svg, labelWidth-pictureEdge, top+12, "end", "", r.Measure)
		fmt.Fprintf(&svg, `<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>`+"\n", from, top, max(1, to-from), barHeight, colour)
		text(&svg, max(to, x(1))+6, top+12, "", "", fmt.Sprintf("%.2f ×  (%s, %s)", ratio, r.amount(r.Mock), r.amount(than(r))))
	}
	fmt.Fprintf(&svg, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`+"\n</svg>\n", x(1), x(1), headHeight-6, height-pictureEdge)
	return svg.String()
}

// text adds a line of text, which ends at x if anchor is "end".
func text(svg *strings.Builder, x, y float64, anchor, attributes, content string) {
	if anchor != "" {
		attributes += ` text-anchor="` + anchor + `"`
	}
	fmt.Fprintf(svg, `<text x="%.1f" y="%.1f" %s>%s</text>`+"\n", x, y, strings.TrimSpace(attributes), html.EscapeString(content))
}

// amount returns a number with the figure's unit.
func (f figure) amount(number float64) string {
	if f.Unit == unitTime {
		return fmt.Sprintf("%.2f %s", number, f.Unit)
	}
	return strings.TrimSpace(fmt.Sprintf("%.0f %s", number, f.Unit))
}

func (m machine) describe() string {
	text := fmt.Sprintf("%d processors", m.Processors)
	if m.Processors == 1 {
		text = "1 processor"
	}
	if m.Processor != "" {
		text += " (" + m.Processor + ")"
	}
	return fmt.Sprintf("%s, %s, %s, load %.1f", text, m.Platform, m.Go, m.Load)
}
