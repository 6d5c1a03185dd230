package prompt

import (
	"fmt"
	"strconv"
	"time"
)

// number is the ids of the parts of a spoken number, 0 to 999,999.
func number(language string, n int) ([]string, error) {
	switch language {
	case "zh":
		return chinese(n), nil
	case "en":
		return english(n), nil
	}
	return nil, fmt.Errorf("numbers are spoken in en and zh, not in %s", language)
}

// english says 105 as "one hundred and five".
func english(n int) []string {
	var ids []string
	if n >= 1000 {
		ids = append(english(n/1000), "thousand")
		if n %= 1000; n == 0 {
			return ids
		}
		if n < 100 {
			ids = append(ids, "and")
		}
	}
	if n >= 100 {
		ids = append(ids, "hundred-"+strconv.Itoa(n/100))
		if n %= 100; n == 0 {
			return ids
		}
		ids = append(ids, "and")
	}
	return append(ids, below100(n))
}

// chinese says 105 as 一百零五, 110 as 一百一十, 12 as 十二, 2000 as 两千, 20000 as 两万.
// One 零 stands for all places that are skipped before the next that is not.
func chinese(n int) []string {
	var ids []string
	skipped := false
	place := func(value int, id string) {
		if count := n / value; count > 0 {
			if skipped {
				ids = append(ids, "zero-between")
			}
			ids, skipped = append(ids, id+strconv.Itoa(count)), false
			n %= value
		} else if len(ids) > 0 {
			skipped = true
		}
	}
	if tenThousands := n / 10_000; tenThousands > 0 {
		ids = append(ids, below100(tenThousands), "ten-thousand")
		if tenThousands == 2 {
			ids[0] = "two-of"
		}
		n %= 10_000
	}
	place(1000, "thousand-")
	place(100, "hundred-")
	switch {
	case n == 0 && len(ids) > 0:
		return ids
	case len(ids) == 0:
		return []string{below100(n)}
	case skipped || n < 10:
		ids = append(ids, "zero-between")
	}
	if n >= 10 && n < 20 {
		return append(ids, "teen-"+strconv.Itoa(n)) // 一百一十二, but 十二 alone
	}
	return append(ids, below100(n))
}

func below100(n int) string { return "number-" + strconv.Itoa(n) }

// date is the ids of the parts of a day: 十二月五日, "the fifth of December".
func date(language string, day time.Time) []string {
	d, m := strconv.Itoa(day.Day()), strconv.Itoa(int(day.Month()))
	if language == "zh" {
		return []string{"number-" + m, "month", "number-" + d, "day"}
	}
	return []string{"day-" + d, "month-" + m}
}
