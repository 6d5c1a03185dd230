package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

var durationType = reflect.TypeFor[time.Duration]()

// describe says in words what a type accepts.
func describe(t reflect.Type, unit string) string {
	if t == durationType {
		return "a duration such as 20s, 1m30s or 500ms"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, not negative"
	case reflect.Float32, reflect.Float64:
		if unit != "" {
			return "a level such as -9 " + unit
		}
		return "a number"
	default:
		return "a text"
	}
}

// because adds the reason that a type gives for refusing a text.
func because(err error) string {
	if err.Error() == "" {
		return ""
	}
	return ": " + err.Error()
}

// unfit says only that the text does not fit; describe has said what would.
var errUnfit = errors.New("")

// setScalar reads the text of n into v. A hint says what was probably meant.
func setScalar(n *node, v reflect.Value, unit string) (hint string, err error) {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return "", u.UnmarshalText([]byte(n.text))
	}
	if v.Type() == durationType {
		return setDuration(n.text, v)
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.text)
		return "", nil
	case reflect.Bool:
		return setBool(n, v)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(n.text, 10, v.Type().Bits())
		if err != nil {
			return "", tooLarge(err)
		}
		v.SetInt(i)
		return "", nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u, err := strconv.ParseUint(n.text, 10, v.Type().Bits())
		if err != nil {
			return "", tooLarge(err)
		}
		v.SetUint(u)
		return "", nil
	case reflect.Float32, reflect.Float64:
		return setFloat(n.text, v, unit)
	default:
		return "", fmt.Errorf("config cannot read a %s", v.Type())
	}
}

func tooLarge(err error) error {
	if errors.Is(err, strconv.ErrRange) {
		return errors.New("too large")
	}
	return errUnfit
}

func setBool(n *node, v reflect.Value) (hint string, err error) {
	switch strings.ToLower(n.text) {
	case "true", "false":
		if n.quoted {
			return "remove the quotes", errUnfit
		}
		if n.text == strings.ToLower(n.text) {
			v.SetBool(n.text == "true")
			return "", nil
		}
		return "write " + strings.ToLower(n.text), errUnfit
	case "yes", "on", "y", "1":
		return "write true", errUnfit
	case "no", "off", "n", "0":
		return "write false", errUnfit
	}
	return "", errUnfit
}

// setDuration reads Go's way of writing a duration. A lone -1 stands for "none"
// where a setting knows that.
func setDuration(text string, v reflect.Value) (hint string, err error) {
	if text == "-1" {
		v.SetInt(-1)
		return "", nil
	}
	d, err := time.ParseDuration(text)
	if err == nil && text != "0" {
		v.SetInt(int64(d))
		return "", nil
	}
	return guessDuration(text), errUnfit
}

// guessDuration finds what somebody meant by 20, "20 s", 5 min or 1d.
func guessDuration(text string) string {
	word := strings.ToLower(strings.ReplaceAll(text, " ", ""))
	number := strings.TrimRight(word, "abcdefghijklmnopqrstuvwxyzµ")
	amount, err := strconv.ParseFloat(number, 64)
	if err != nil || math.Abs(amount) > 1e6 {
		return ""
	}
	switch unit := word[len(number):]; unit {
	case "":
		return fmt.Sprintf("add a unit: did you mean %ss?", number)
	case "s", "sec", "secs", "second", "seconds":
		return fmt.Sprintf("did you mean %ss?", number)
	case "m", "min", "mins", "minute", "minutes":
		return fmt.Sprintf("did you mean %sm?", number)
	case "h", "hr", "hour", "hours":
		return fmt.Sprintf("did you mean %sh?", number)
	case "ms", "msec":
		return fmt.Sprintf("did you mean %sms?", number)
	case "d", "day", "days":
		return fmt.Sprintf("did you mean %sh?", strconv.FormatFloat(24*amount, 'f', -1, 64))
	default:
		return ""
	}
}

func setFloat(text string, v reflect.Value, unit string) (hint string, err error) {
	number, found := strings.TrimSpace(text), true
	if unit != "" {
		number, found = strings.CutSuffix(number, unit)
		number = strings.TrimSpace(number)
	}
	f, err := strconv.ParseFloat(number, v.Type().Bits())
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || strings.ContainsAny(number, "xXpP_") {
		return "", errUnfit
	}
	if !found {
		return fmt.Sprintf("add the unit: did you mean %s %s?", number, unit), errUnfit
	}
	v.SetFloat(f)
	return "", nil
}

// spell writes a value as the file would.
func spell(v reflect.Value) string {
	if !v.IsValid() {
		return "nothing"
	}
	if v.Type() == durationType {
		return spellDuration(time.Duration(v.Int()))
	}
	if t, ok := v.Interface().(encoding.TextMarshaler); ok {
		if text, err := t.MarshalText(); err == nil {
			return string(text)
		}
	}
	switch v.Kind() {
	case reflect.String:
		if v.String() == "" {
			return "nothing"
		}
		return v.String()
	case reflect.Slice:
		words := make([]string, v.Len())
		for i := range words {
			if words[i] = spell(v.Index(i)); words[i] == "…" {
				return "…"
			}
		}
		return "[" + strings.Join(words, ", ") + "]"
	case reflect.Struct, reflect.Map:
		return "…"
	default:
		return fmt.Sprint(v.Interface())
	}
}

// spellDuration writes 30m instead of Go's 30m0s.
func spellDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
