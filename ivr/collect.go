package ivr

import (
	"fmt"
	"regexp"
	"strings"
)

// take adds a digit to collected input: '#' ends it, '*' starts it again.
func (c Collect) take(typed string, digit byte) (string, bool) {
	switch {
	case digit == '#':
		return typed, true
	case digit == '*':
		return "", false
	case digit < '0' || digit > '9': // A–D are on no desk phone
		return typed, false
	}
	typed += string(rune(digit))
	return typed, len(typed) >= c.Max
}

// checker gives the test that c.Check names.
func (c Collect) checker() (func(digits string) bool, error) {
	switch c.Check {
	case "", "none":
		return func(string) bool { return true }, nil
	case "luhn":
		return luhn, nil
	case "mod97":
		return mod97, nil
	}
	text, ok := strings.CutPrefix(c.Check, "regex:")
	if !ok {
		return nil, fmt.Errorf("%q is no check; write none, luhn, mod97 or regex:EXPRESSION", c.Check)
	}
	whole, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("%q is no regular expression: %w", text, err)
	}
	return whole.MatchString, nil
}

// luhn is the check digit of cards and many customer numbers (ISO/IEC 7812-1).
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return len(digits) > 1 && sum%10 == 0
}

// mod97 is the pair of check digits at the end of a number (ISO/IEC 7064, MOD 97-10).
func mod97(digits string) bool {
	rest := 0
	for i := range len(digits) {
		rest = (rest*10 + int(digits[i]-'0')) % 97
	}
	return len(digits) > 2 && rest == 1
}
