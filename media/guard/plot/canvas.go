package plot

import (
	"image"
	"image/color"
	"math"
)

// canvas is a picture that lines, areas and words are drawn on.
type canvas struct{ *image.RGBA }

func newCanvas(width, height int) canvas {
	c := canvas{image.NewRGBA(image.Rect(0, 0, width, height))}
	c.fill(c.Rect, white)
	return c
}

func (c canvas) fill(r image.Rectangle, with color.RGBA) {
	r = r.Intersect(c.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c.SetRGBA(x, y, with)
		}
	}
}

// blend puts a colour over a point: share 1 hides what was there.
func (c canvas) blend(x, y int, with color.RGBA, share float64) {
	if share <= 0 || !(image.Point{X: x, Y: y}).In(c.Rect) {
		return
	}
	share = min(share, 1)
	was := c.RGBAAt(x, y)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + share*(float64(b)-float64(a)))) }
	c.SetRGBA(x, y, color.RGBA{mix(was.R, with.R), mix(was.G, with.G), mix(was.B, with.B), 255})
}

// point is a place on a canvas; the middle of its first pixel is at ½, ½.
type point struct{ x, y float64 }

// line draws a line of some width with round ends and smooth edges.
func (c canvas) line(a, b point, width float64, with color.RGBA) {
	reach := width/2 + 1
	left, right := min(a.x, b.x)-reach, max(a.x, b.x)+reach
	top, bottom := min(a.y, b.y)-reach, max(a.y, b.y)+reach
	for y := int(top); y <= int(bottom); y++ {
		for x := int(left); x <= int(right); x++ {
			away := distance(point{float64(x) + 0.5, float64(y) + 0.5}, a, b)
			c.blend(x, y, with, width/2+0.5-away)
		}
	}
}

// distance is how far p is from the line between a and b.
func distance(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	along := 0.0
	if length := dx*dx + dy*dy; length > 0 {
		along = min(max(((p.x-a.x)*dx+(p.y-a.y)*dy)/length, 0), 1)
	}
	return math.Hypot(p.x-a.x-along*dx, p.y-a.y-along*dy)
}

// dashes draws a dashed level line.
func (c canvas) dashes(left, right, y float64, with color.RGBA) {
	for x := left; x < right; x += 10 {
		c.line(point{x, y}, point{min(x+5, right), y}, 1.2, with)
	}
}

// column fills a column of pixels between two heights, smooth at its ends.
func (c canvas) column(x int, top, bottom float64, with color.RGBA, share float64) {
	for y := int(top); y <= int(bottom); y++ {
		in := min(float64(y)+1, bottom) - max(float64(y), top)
		c.blend(x, y, with, share*in)
	}
}

// align is where a text is seen from the point it is written at.
type align int

const (
	rightOf align = iota // begins there
	leftOf               // ends there
	centred              // has its middle there
)

// text writes with its capitals' middle at p. size is the height of capitals in pixels.
func (c canvas) text(p point, words string, size float64, where align, with color.RGBA) {
	unit := size / capital
	switch where {
	case leftOf:
		p.x -= textWidth(words, size)
	case centred:
		p.x -= textWidth(words, size) / 2
	case rightOf:
	}
	p.y -= size / 2
	for _, letter := range words {
		for _, stroke := range strokes(letter) {
			for i := range max(len(stroke)-1, 1) {
				from, to := stroke[i], stroke[min(i+1, len(stroke)-1)]
				c.line(point{p.x + from.x*unit, p.y + from.y*unit}, point{p.x + to.x*unit, p.y + to.y*unit}, max(1.1, size/8), with)
			}
		}
		p.x += advance * unit
	}
}

// textWidth is how wide words are.
func textWidth(words string, size float64) float64 {
	n := 0
	for range words {
		n++
	}
	return (float64(n)*advance - (advance - 4)) * size / capital
}
