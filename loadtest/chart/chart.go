// Package chart draws figures as pictures that any browser shows: lines over a
// common scale, as SVG without anything outside itself. It is pure.
package chart

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"slices"
)

// Point is one figure.
type Point struct{ X, Y float64 }

// Line is one series, its points in order of X.
type Line struct {
	Name   string
	Points []Point
}

// Chart is lines over one pair of axes. Both begin at 0.
type Chart struct {
	Title  string
	X, Y   string  // what the axes tell, with units
	Limit  float64 // a dashed line at this height; 0: none
	Lines  []Line
	Height int // default 320
}

const (
	width                    = 720
	left, right, top, bottom = 64, 16, 44, 48
)

// colours that people with any sight can tell apart (Okabe and Ito), readable on
// white and on black.
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"}

// SVG draws the charts one below the other.
func SVG(charts ...Chart) []byte {
	height := 0
	for i := range charts {
		if charts[i].Height == 0 {
			charts[i].Height = 320
		}
		height += charts[i].Height
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	y := 0
	for _, c := range charts {
		fmt.Fprintf(&b, `<g transform="translate(0,%d)">`+"\n", y)
		c.draw(&b)
		b.WriteString("</g>\n")
		y += c.Height
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// Page is a picture as an HTML page, without anything outside itself.
func Page(title string, svg []byte) []byte {
	head := "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"/><title>" + html.EscapeString(title) + "</title></head>\n<body>\n"
	return slices.Concat([]byte(head), svg, []byte("</body>\n</html>\n"))
}

// scale turns figures into places.
type scale struct {
	step, most float64
	from, to   float64 // pixels of 0 and of most
}

func (s scale) at(v float64) float64 { return s.from + (s.to-s.from)*v/s.most }

// scaleFor chooses steps of 1, 2 or 5 times a power of ten, about six of them.
func scaleFor(most, from, to float64) scale {
	if most <= 0 || math.IsNaN(most) || math.IsInf(most, 0) {
		most = 1
	}
	rough := most / 6
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	step := 10 * power
	for _, n := range []float64{1, 2, 5} {
		if n*power >= rough {
			step = n * power
			break
		}
	}
	return scale{step, math.Ceil(most/step) * step, from, to}
}

func (c Chart) draw(b *bytes.Buffer) {
	var mostX, mostY float64
	for _, l := range c.Lines {
		for _, p := range l.Points {
			mostX = math.Max(mostX, p.X)
			mostY = math.Max(mostY, p.Y)
		}
	}
	x := scaleFor(mostX, left, width-right)
	y := scaleFor(math.Max(mostY, c.Limit), float64(c.Height-bottom), top)
	fmt.Fprintf(b, `<text x="%d" y="18" font-size="14" font-weight="bold">%s</text>`+"\n", left, html.EscapeString(c.Title))
	c.axes(b, x, y)
	if c.Limit > 0 {
		fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#c00" stroke-dasharray="6 4"/>`+"\n", left, width-right, y.at(c.Limit), y.at(c.Limit))
	}
	at := float64(left)
	for i, l := range c.Lines {
		colour := colours[i%len(colours)]
		b.WriteString(`<polyline fill="none" stroke="` + colour + `" stroke-width="2" points="`)
		for _, p := range l.Points {
			fmt.Fprintf(b, "%.1f,%.1f ", x.at(p.X), y.at(p.Y))
		}
		b.WriteString("\"/>\n")
		if len(l.Points) <= 60 {
			for _, p := range l.Points {
				fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"><title>%s: %g, %g</title></circle>`+"\n",
					x.at(p.X), y.at(p.Y), colour, html.EscapeString(l.Name), p.X, p.Y)
			}
		}
		fmt.Fprintf(b, `<rect x="%.0f" y="26" width="10" height="10" fill="%s"/><text x="%.0f" y="35">%s</text>`+"\n", at, colour, at+14, html.EscapeString(l.Name))
		at += 14 + 8*float64(len([]rune(l.Name))) + 14
	}
}

func (c Chart) axes(b *bytes.Buffer, x, y scale) {
	for v := 0.0; v <= y.most*1.001; v += y.step {
		fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			left, width-right, y.at(v), y.at(v), left-6, y.at(v)+4, number(v))
	}
	base := y.at(0)
	for v := 0.0; v <= x.most*1.001; v += x.step {
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="#888"/><text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n",
			x.at(v), x.at(v), base, base+4, x.at(v), base+18, number(v))
	}
	fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#888"/>`+"\n", left, width-right, base, base)
	fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", width-right, base+36, html.EscapeString(c.X))
	fmt.Fprintf(b, `<text transform="translate(14,%.1f) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (base+top)/2, html.EscapeString(c.Y))
}

// number writes what a sum of steps has left of 0.30000000000000004.
func number(v float64) string { return fmt.Sprintf("%.6g", v) }
