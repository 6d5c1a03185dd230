package figures

import (
	"math"
	"strconv"
	"time"
)

// Ratio is a share or rate. Where there is nothing to share it is not 0 and not 1: it is
// unknown, null in JSON and empty in CSV.
type Ratio struct{ Part, Whole float64 }

// Value gives the ratio; ok is false when it is unknown.
func (r Ratio) Value() (v float64, ok bool) {
	if r.Whole == 0 {
		return 0, false
	}
	return r.Part / r.Whole, true
}

// Text gives the ratio with four decimals, or nothing.
func (r Ratio) Text() string {
	v, ok := r.Value()
	if !ok {
		return ""
	}
	return decimal(v, 4)
}

// MarshalJSON gives a number with four decimals, or null.
func (r Ratio) MarshalJSON() ([]byte, error) { return orNull(r.Text()), nil }

// share is a Ratio of two counts.
func share(part, whole int) Ratio { return Ratio{float64(part), float64(whole)} }

// part is a Ratio of two lengths of time.
func part(of, whole time.Duration) Ratio { return Ratio{of.Seconds(), whole.Seconds()} }

// Mean is a length of time on average; unknown where nothing was counted.
type Mean struct {
	Sum   time.Duration
	Count int
}

// Value gives the mean; ok is false when it is unknown.
func (m Mean) Value() (d time.Duration, ok bool) {
	if m.Count == 0 {
		return 0, false
	}
	return m.Sum / time.Duration(m.Count), true
}

// Text gives the mean in seconds with one decimal, or nothing.
func (m Mean) Text() string {
	if m.Count == 0 {
		return ""
	}
	return decimal(m.Sum.Seconds()/float64(m.Count), 1)
}

// MarshalJSON gives seconds with one decimal, or null.
func (m Mean) MarshalJSON() ([]byte, error) { return orNull(m.Text()), nil }

// Span is a length of time, in whole seconds in JSON and CSV.
type Span time.Duration

// Text gives whole seconds.
func (s Span) Text() string { return strconv.Itoa(int(math.Round(time.Duration(s).Seconds()))) }

// MarshalJSON gives whole seconds.
func (s Span) MarshalJSON() ([]byte, error) { return []byte(s.Text()), nil }

// Points are load points, with one decimal in JSON and CSV: a point is a minute of talk.
type Points time.Duration

// Text gives points with one decimal.
func (p Points) Text() string { return decimal(time.Duration(p).Minutes(), 1) }

// MarshalJSON gives points with one decimal.
func (p Points) MarshalJSON() ([]byte, error) { return []byte(p.Text()), nil }

// decimal writes a number with so many decimals, without zeros at the end.
func decimal(v float64, places int) string {
	scale := math.Pow10(places)
	return strconv.FormatFloat(math.Round(v*scale)/scale, 'f', -1, 64)
}

func orNull(text string) []byte {
	if text == "" {
		return []byte("null")
	}
	return []byte(text)
}
