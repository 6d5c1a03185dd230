package plot

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"

	"breakwater/media/guard"
	"breakwater/media/wav"
)

// PNG is the picture of a recording, made of the bytes of a WAV file. The title is
// written over it; channel 0 is the left one, which in a recording is the caller. The
// error says what is wrong with the file.
func PNG(title string, file []byte, channel int) ([]byte, error) {
	f, err := wav.Salvage(file)
	if err != nil {
		return nil, err
	}
	if f.Channels == 2 {
		title += []string{", left channel", ", right channel"}[min(max(channel, 0), 1)]
	}
	t, err := Listen(title, f, channel, guard.Settings{})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, t.Draw()); err != nil {
		return nil, fmt.Errorf("write the picture: %w", err)
	}
	return out.Bytes(), nil
}

var (
	white  = color.RGBA{255, 255, 255, 255}
	ink    = color.RGBA{36, 41, 47, 255}
	pale   = color.RGBA{110, 118, 129, 255}
	grid   = color.RGBA{232, 235, 239, 255}
	frame  = color.RGBA{190, 196, 204, 255}
	before = color.RGBA{150, 158, 168, 255}
	after  = color.RGBA{9, 105, 218, 255}
	taken  = color.RGBA{255, 152, 132, 255}
	down   = color.RGBA{17, 99, 110, 255}

	comfort = color.RGBA{212, 140, 20, 255}

	ruleColours = [guard.Rules]color.RGBA{
		guard.ByPeak:    {207, 34, 46, 255},
		guard.ByLevel:   {225, 111, 36, 255},
		guard.ByStartle: {191, 135, 0, 255},
		guard.ByTone:    {130, 80, 223, 255},
		guard.BySteady:  {27, 124, 131, 255},
		guard.ByDigit:   {26, 127, 55, 255},
	}
)

// The picture, in pixels.
const (
	width, height = 1600, 900
	left, right   = 110, width - 130

	levelTop, levelBottom = 130, 520
	gainTop, gainBottom   = 565, 695
	rulesTop, ruleHeight  = 735, 18

	small, usual, large = 9, 10, 15 // heights of capitals
)

// What the scales reach to, in dB.
const (
	levelHigh, levelLow = 5.0, -70.0
	gainLow             = -40.0
)

// Draw draws the picture.
func (t *Trace) Draw() image.Image {
	c := newCanvas(width, height)
	c.text(point{left, 34}, t.Title, large, rightOf, ink)
	c.text(point{left, 64}, t.summary(), usual, rightOf, pale)
	legend(c)
	columns := t.columns()
	t.drawTime(c)
	t.drawLevels(c, columns)
	t.drawGain(c, columns)
	t.drawRules(c)
	return c.RGBA
}

// columns are the steps as the picture has room for them: of several steps in one column
// the loudest and the lowest gain are seen.
func (t *Trace) columns() []Step {
	if len(t.Steps) <= right-left {
		return t.Steps
	}
	all := make([]Step, right-left)
	for i := range all {
		some := t.Steps[i*len(t.Steps)/len(all) : (i+1)*len(t.Steps)/len(all)]
		all[i] = some[0]
		for _, s := range some[1:] {
			all[i].Before, all[i].After = max(all[i].Before, s.Before), max(all[i].After, s.After)
			all[i].Gain, all[i].Leveller = min(all[i].Gain, s.Gain), min(all[i].Leveller, s.Leveller)
		}
	}
	return all
}

func legend(c canvas) {
	x := float64(left)
	for _, e := range []struct {
		words  string
		colour color.RGBA
		area   bool
	}{
		{"before the guard", before, false},
		{"at the agent's ear", after, false},
		{"taken off", taken, true},
		{"gain", down, false},
		{"of it the leveller's", comfort, false},
	} {
		if e.area {
			c.fill(image.Rect(int(x), 89, int(x)+22, 103), e.colour)
		} else {
			c.line(point{x, 96}, point{x + 22, 96}, 2.4, e.colour)
		}
		c.text(point{x + 30, 96}, e.words, usual, rightOf, ink)
		x += 30 + textWidth(e.words, usual) + 36
	}
}

// drawTime draws the time under and through all panels.
func (t *Trace) drawTime(c canvas) {
	seconds := float64(len(t.Steps)) / stepsASecond
	each := tick(seconds)
	bottom := rulesTop + guard.Rules*ruleHeight
	for at := 0.0; at <= seconds; at += each {
		x := left + (right-left)*at/max(seconds, 1e-9)
		for _, panel := range [][2]float64{{levelTop, levelBottom}, {gainTop, gainBottom}, {rulesTop, float64(bottom)}} {
			c.line(point{x, panel[0]}, point{x, panel[1]}, 1, grid)
		}
		c.text(point{x, float64(bottom) + 16}, clock(at, each), small, centred, pale)
	}
	c.text(point{left - 30, float64(bottom) + 16}, unitOf(each), small, leftOf, pale)
}

// tick is how many seconds apart the marks of the time are: eight to sixteen of them.
func tick(seconds float64) float64 {
	for _, each := range []float64{0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600} {
		if seconds/each <= 16 {
			return each
		}
	}
	return 1800
}

func clock(at, each float64) string {
	switch {
	case each < 1:
		return fmt.Sprintf("%.*f", 1+bit(each < 0.1), at)
	case each < 30:
		return fmt.Sprintf("%.0f", at)
	}
	return fmt.Sprintf("%d:%02d", int(at)/60, int(at)%60)
}

func unitOf(each float64) string {
	if each < 30 {
		return "seconds"
	}
	return "minutes"
}

func bit(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (t *Trace) drawLevels(c canvas, columns []Step) {
	at := func(dB float64) float64 {
		dB = min(max(dB, levelLow), levelHigh)
		return levelTop + (levelBottom-levelTop)*(levelHigh-dB)/(levelHigh-levelLow)
	}
	for dB := 0.0; dB >= levelLow; dB -= 10 {
		c.line(point{left, at(dB)}, point{right, at(dB)}, 1, grid)
		c.text(point{left - 12, at(dB)}, number(dB, 0), small, leftOf, pale)
	}
	c.text(point{left - 12, levelTop - 18}, "level, dBm0 A", small, leftOf, ink)
	for x, s := range across(columns) {
		if s.After < s.Before {
			c.column(x, at(s.Before), at(s.After), taken, 0.8)
		}
	}
	c.dashes(left, right, at(t.Ceiling), ruleColours[guard.ByLevel])
	c.text(point{right + 12, at(t.Ceiling)}, "ceiling "+number(t.Ceiling, 0), small, rightOf, ruleColours[guard.ByLevel])
	curve(c, columns, before, 1.4, func(s Step) float64 { return at(s.Before) })
	curve(c, columns, after, 1.8, func(s Step) float64 { return at(s.After) })
	border(c, levelTop, levelBottom)
}

func (t *Trace) drawGain(c canvas, columns []Step) {
	at := func(dB float64) float64 {
		return gainTop + (gainBottom-gainTop)*max(dB, gainLow)/gainLow
	}
	for dB := 0.0; dB >= gainLow; dB -= 10 {
		c.line(point{left, at(dB)}, point{right, at(dB)}, 1, grid)
		c.text(point{left - 12, at(dB)}, number(dB, 0), small, leftOf, pale)
	}
	c.text(point{left - 12, gainTop - 18}, "gain, dB", small, leftOf, ink)
	for x, s := range across(columns) {
		if s.Gain < 0 {
			c.column(x, gainTop, at(s.Gain), down, 0.25)
		}
	}
	curve(c, columns, down, 1.6, func(s Step) float64 { return at(s.Gain) })
	if slices.ContainsFunc(columns, func(s Step) bool { return s.Leveller < 0 }) {
		curve(c, columns, comfort, 1.2, func(s Step) float64 { return at(s.Leveller) })
	}
	border(c, gainTop, gainBottom)
}

// drawRules draws a row for each rule, with a mark wherever it asked for less, and at the
// right how often.
func (t *Trace) drawRules(c canvas) {
	c.text(point{left - 12, rulesTop - 18}, "rules", small, leftOf, ink)
	c.text(point{right + 12, rulesTop - 18}, "times", small, rightOf, ink)
	for rule := range guard.Rule(guard.Rules) {
		top, colour := rulesTop+int(rule)*ruleHeight, ruleColours[rule]
		middle := float64(top) + ruleHeight/2
		c.line(point{left, middle}, point{right, middle}, 1, grid)
		c.text(point{left - 12, middle}, rule.String(), small, leftOf, colour)
		if n := t.Account.Events[rule]; n > 0 {
			c.text(point{right + 12, middle}, fmt.Sprint(n), small, rightOf, colour)
		}
		for i, s := range t.Steps {
			if s.Rules.Has(rule) {
				from := left + i*(right-left)/len(t.Steps)
				to := max(left+(i+1)*(right-left)/len(t.Steps), from+2)
				c.fill(image.Rect(from, top+3, to, top+ruleHeight-3), colour)
			}
		}
	}
	border(c, rulesTop, rulesTop+guard.Rules*ruleHeight)
}

// across gives the step of every column of pixels.
func across(columns []Step) func(yield func(int, Step) bool) {
	return func(yield func(int, Step) bool) {
		for x := left; x < right && len(columns) > 0; x++ {
			if !yield(x, columns[(x-left)*len(columns)/(right-left)]) {
				return
			}
		}
	}
}

// curve draws a line through the middle of each step.
func curve(c canvas, columns []Step, colour color.RGBA, thick float64, height func(Step) float64) {
	each := float64(right-left) / float64(max(len(columns), 1))
	for i := 1; i < len(columns); i++ {
		x := left + each*(float64(i)-0.5)
		c.line(point{x, height(columns[i-1])}, point{x + each, height(columns[i])}, thick, colour)
	}
}

func border(c canvas, top, bottom int) {
	high, low := float64(top), float64(bottom)
	corners := []point{{left, high}, {right, high}, {right, low}, {left, low}}
	for i, from := range corners {
		c.line(from, corners[(i+1)%len(corners)], 1, frame)
	}
}
