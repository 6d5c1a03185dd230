package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// elements reads a picture as a browser would, and counts.
func elements(t *testing.T, svg []byte) map[string]int {
	t.Helper()
	counts := map[string]int{}
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return counts
		}
		if err != nil {
			t.Fatalf("no browser shows this: %v\n%s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok {
			counts[e.Name.Local]++
		}
	}
}

func TestEveryLineAndPointIsDrawn(t *testing.T) {
	svg := SVG(
		Chart{Title: "cost", X: "calls", Y: "ms", Limit: 2, Lines: []Line{
			{Name: "floor & server <1>", Points: []Point{{100, 0.4}, {500, 0.3}}},
			{Name: "server", Points: []Point{{100, 0.6}, {500, 0.4}, {1000, 0.4}}},
		}},
		Chart{Title: "delay", Lines: []Line{{Name: "p99", Points: []Point{{1, 1}}}}},
	)
	got := elements(t, svg)
	if got["polyline"] != 3 || got["circle"] != 6 {
		t.Errorf("%d lines and %d points, want 3 and 6", got["polyline"], got["circle"])
	}
	if !strings.Contains(string(svg), `stroke-dasharray`) {
		t.Error("the limit is not drawn")
	}
}

func TestOddFiguresMakeNoOddPicture(t *testing.T) {
	for name, c := range map[string]Chart{
		"nothing":       {},
		"only zeros":    {Lines: []Line{{Name: "z", Points: []Point{{0, 0}, {0, 0}}}}},
		"a line of one": {Lines: []Line{{Name: "one", Points: []Point{{5, 5}}}}},
		"no points":     {Lines: []Line{{Name: "none"}}},
	} {
		if svg := string(SVG(c)); strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Errorf("%s: %s", name, svg)
		} else {
			elements(t, []byte(svg))
		}
	}
}

func TestScalesHoldEverythingInFewEvenSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.Float64Range(1e-6, 1e9).Draw(t, "most")
		s := scaleFor(most, 0, 100)
		steps := s.most / s.step
		if s.most < most || steps > 7 || steps < 1 {
			t.Fatalf("%g: up to %g in steps of %g", most, s.most, s.step)
		}
		digit := s.step / math.Pow(10, math.Floor(math.Log10(s.step)+1e-9))
		for _, even := range []float64{1, 2, 5} {
			if math.Abs(digit-even) < 1e-6 {
				return
			}
		}
		t.Fatalf("%g: steps of %g are hard to read", most, s.step)
	})
}

func TestAPageShowsThePictureAndItsTitle(t *testing.T) {
	svg := SVG(Chart{Title: "cost", Lines: []Line{{Name: "server", Points: []Point{{1, 1}, {2, 2}}}}})
	page := Page("cost <&> delay.html", svg)
	head, body, _ := bytes.Cut(page, []byte("\n"))
	if got := elements(t, body); string(head) != "<!DOCTYPE html>" || got["svg"] != 1 || got["head"] != 1 || !bytes.Contains(body, svg) {
		t.Errorf("%v in %s", got, page)
	}
	if !bytes.Contains(page, []byte("cost &lt;&amp;&gt; delay.html")) {
		t.Errorf("the title is not in %s", head)
	}
}
