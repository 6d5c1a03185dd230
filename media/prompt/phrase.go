package prompt

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// makers are the phrases that carry a value, as an error shows them.
var makers = []string{
	"number:12", "digits:0123", "minutes:5", "position:3", "date:2026-12-05", "suspend:2026-12-05", "silence:200",
}

// Number makes the phrase of a number from 0 to 999,999; what lies outside is
// spoken as the nearest of these.
func Number(n int) string { return "number:" + strconv.Itoa(within(0, n, highest)) }

// Digits is spoken one by one; star and hash are digits too, other characters are
// left out.
func Digits(s string) string {
	return "digits:" + strings.Map(func(r rune) rune {
		if strings.ContainsRune(dialled, r) {
			return r
		}
		return -1
	}, s)
}

// Minutes is a length of time, rounded up to whole minutes: "about five minutes".
// There is no less than one minute.
func Minutes(d time.Duration) string {
	minutes := d / time.Minute
	if d%time.Minute > 0 {
		minutes++
	}
	return "minutes:" + strconv.Itoa(within(1, int(min(minutes, highest)), highest))
}

// Position is the place in the queue: "you are number 3 in the queue".
func Position(n int) string { return "position:" + strconv.Itoa(within(1, n, highest)) }

// Date is a day of the year: "the fifth of December".
func Date(day time.Time) string { return "date:" + day.Format(time.DateOnly) }

// Suspend tells a caller until when the phone service is paused.
func Suspend(until time.Time) string { return "suspend:" + until.Format(time.DateOnly) }

// Pause is silence between phrases.
func Pause(d time.Duration) string {
	return "silence:" + strconv.FormatInt(max(0, min(d, longestPause)).Milliseconds(), 10)
}

const (
	dialled = "0123456789*#"
	highest = 999_999 // the largest number that is spoken
)

func within(low, n, high int) int { return max(low, min(n, high)) }

// pause reads a phrase of silence; false for any other phrase.
func pause(phrase string) (time.Duration, bool) {
	value, ok := strings.CutPrefix(phrase, "silence:")
	ms, err := strconv.ParseUint(value, 10, 16)
	d := time.Duration(ms) * time.Millisecond
	return d, ok && err == nil && d <= longestPause
}

// parts are the ids of the sounds that make up a phrase: the phrase itself if it
// carries no value.
func parts(language, phrase string) ([]string, error) {
	kind, value, ok := strings.Cut(phrase, ":")
	if !ok {
		return []string{phrase}, nil
	}
	switch kind {
	case "digits":
		return digits(value)
	case "date", "suspend":
		day, err := time.Parse(time.DateOnly, value)
		if err != nil {
			return nil, fmt.Errorf("%q is no date such as 2026-12-05", value)
		}
		ids := date(language, day)
		if kind == "suspend" {
			ids = frame("suspended-until", ids, "suspended-urgent")
		}
		return ids, nil
	case "number", "minutes", "position":
		return counted(language, kind, value)
	case "silence":
		return nil, fmt.Errorf("silence lasts 0 to %d ms", longestPause.Milliseconds())
	}
	return nil, fmt.Errorf("%w; did you mean %q?", ErrUnknown, nearest(phrase, slices.Values(makers)))
}

func counted(language, kind, value string) ([]string, error) {
	lowest := 1
	if kind == "number" {
		lowest = 0
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < lowest || n > highest {
		return nil, fmt.Errorf("%q is no whole number from %d to %d", value, lowest, highest)
	}
	ids, err := number(language, n)
	if err != nil {
		return nil, err
	}
	switch {
	case kind == "position":
		return frame("position-before", ids, "position-after"), nil
	case kind == "number":
		return ids, nil
	case language == "zh" && n == 2:
		return []string{"about", "two-of", "minutes"}, nil // 两分钟
	case language == "en" && n == 1:
		return frame("about", ids, "minute"), nil
	}
	return frame("about", ids, "minutes"), nil
}

func digits(value string) ([]string, error) {
	if value == "" || len(value) > 40 {
		return nil, errors.New("digits are 1 to 40 of 0–9, * and #")
	}
	ids := make([]string, len(value))
	for i, d := range value {
		switch {
		case d == '*':
			ids[i] = "digit-star"
		case d == '#':
			ids[i] = "digit-hash"
		case '0' <= d && d <= '9':
			ids[i] = "digit-" + string(d)
		default:
			return nil, fmt.Errorf("%q is no digit; digits are 0–9, * and #", d)
		}
	}
	return ids, nil
}

func frame(before string, ids []string, after string) []string {
	return append(append([]string{before}, ids...), after)
}

// nearest is the known word that takes the fewest changes to become word; of equals
// the first in the alphabet.
func nearest(word string, known iter.Seq[string]) string {
	best, least := "", len(word)+1000
	for k := range known {
		if d := changes(word, k); d < least || d == least && k < best {
			best, least = k, d
		}
	}
	return best
}

// changes counts the letters to add, drop or replace (Levenshtein).
func changes(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := corner
			if a[i] != b[j] {
				cost++
			}
			corner = row[j+1]
			row[j+1] = min(cost, row[j]+1, corner+1)
		}
	}
	return row[len(b)]
}
