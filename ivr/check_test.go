package ivr

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// room is what the menus of these tests may refer to. Prompts that begin with a
// language exist in that language only.
var room = Known{
	Queues: []string{"sales", "support"}, Phones: []string{"1001"}, Languages: []string{"en", "zh"},
	Dials: func(number string) bool { return number != "110" },
	Has: func(language, phrase string) bool {
		if only, _, ok := strings.Cut(phrase, "-"); ok {
			return only == language
		}
		return phrase != "missing"
	},
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		menus   string
		entries map[string][]string
		want    map[string]string // path → part of the sentence
	}{
		"nothing is wrong": {"main: {greeting: [hello], keys: {1: queue:sales, 2: phone:1001, 3: number:112, 4: menu:main, 5: goodbye:bye}}", nil, nil},
		"a menu may ask for a number and come back with it": {`
main:
  branches: [{when: 'data.customer == ""', go: menu:identify}]
  then: queue:sales
identify: {collect: {name: customer, otherwise: queue:support}, then: menu:main}`, nil, nil},

		"a branch to nowhere":  {"main: {branches: [{when: 'true', go: queue:slaes}]}", nil, map[string]string{"main.branches.0.go": `there is no queue "slaes"; did you mean sales?`}},
		"a key to nowhere":     {"main: {keys: {1: menu:mian}}", nil, map[string]string{"main.keys.1": `there is no menu "mian"; did you mean main?`}},
		"a phone of nobody":    {"main: {then: phone:7}", nil, map[string]string{"main.then": `there is no phone "7"`}},
		"not a target":         {"main: {then: sales}", nil, map[string]string{"main.then": `"sales": a target is queue:NAME`}},
		"nobody takes it":      {"main: {then: number:110}", nil, map[string]string{"main.then": "no trunk takes the number 110"}},
		"no key on a phone":    {"main: {keys: {A: queue:sales}}", nil, map[string]string{"main.keys.A": `"A" cannot be pressed`}},
		"a language of no key": {"main: {languages: {1: zh}}", nil, map[string]string{"main.languages.1": "the menu has no key 1"}},
		"a language of nobody": {"main: {keys: {1: queue:sales}, languages: {1: fr}}", nil, map[string]string{"main.languages.1": `no prompts in "fr"; the languages are en, zh`}},

		"a prompt that does not exist": {"main: {greeting: [hello, missing], no_input: [missing], invalid: [missing], keys: {1: goodbye:missing}}", nil, map[string]string{
			"main.greeting.1": `there is no prompt "missing" in language en`, "main.no_input.0": "missing", "main.invalid.0": "missing", "main.keys.1": "missing",
		}},
		"a prompt that lacks one language": {"main: {greeting: [en-hello]}", nil, map[string]string{"main.greeting.0": "in language zh"}},
		"a prompt in the only language callers have there": {`
main: {keys: {1: menu:english, 2: menu:chinese}, languages: {1: en, 2: zh}, greeting: [hello]}
english: {greeting: [en-hello], keys: {9: menu:main}}
chinese: {greeting: [zh-hello], keys: {9: menu:main}}`, map[string][]string{"main": {"en"}}, nil},
		"a key's language decides about its goodbye": {"main: {keys: {1: goodbye:zh-bye, 2: goodbye:zh-bye}, languages: {1: zh}}", map[string][]string{"main": {"en"}}, map[string]string{"main.keys.2": "in language en"}},

		"a menu that leads to itself": {"main: {then: menu:main}", nil, map[string]string{"main.then": "a caller who presses nothing goes round for ever: main → main"}},
		"menus that lead round": {`
a: {keys: {1: queue:sales}, then: menu:b}
b: {branches: [{when: 'hour > 6', go: menu:c}], then: queue:sales}
c: {then: menu:a}`, nil, map[string]string{"c.then": "a → b → c → a"}},
		"input that nobody gives leads round": {"main: {collect: {name: a, otherwise: menu:main}, then: queue:sales}", nil, map[string]string{"main.collect.otherwise": "main → main"}},
		"closed leads round":                  {"main: {hours: {zone: UTC, closed: menu:main}, then: queue:sales}", nil, map[string]string{"main.hours.closed": "main → main"}},
		"right input leads round":             {"main: {collect: {name: a}, then: menu:main}", nil, map[string]string{"main.then": "menu main cannot be left"}},
		"two that only lead to each other": {`
a: {collect: {name: a}, then: menu:b}
b: {collect: {name: b}, then: menu:a}`, nil, map[string]string{"a.then": "cannot be left", "b.then": "cannot be left"}},

		"a bad expression":     {`main: {branches: [{when: 'hour > ', go: goodbye}]}`, nil, map[string]string{"main.branches.0.when": "column 7: unexpected token EOF"}},
		"an unknown fact":      {`main: {branches: [{when: 'hour > 5 && mood == "bad"', go: goodbye}]}`, nil, map[string]string{"main.branches.0.when": "column 13: unknown name mood"}},
		"not a condition":      {`main: {branches: [{when: 'hour + 1', go: goodbye}]}`, nil, map[string]string{"main.branches.0.when": "expected bool"}},
		"words and numbers":    {`main: {branches: [{when: 'number > 5', go: goodbye}]}`, nil, map[string]string{"main.branches.0.when": "column 8: "}},
		"no condition at all":  {`main: {branches: [{go: goodbye}]}`, nil, map[string]string{"main.branches.0.when": "a branch needs a condition"}},
		"a branch without aim": {`main: {branches: [{when: 'true'}]}`, nil, map[string]string{"main.branches.0.go": "a target is"}},

		"bad hours": {`
main:
  hours:
    zone: Europe/Berlim
    open: {mon-fri: ["09:00-17:00", "9-5", "25:00-26:00", "10:00-10:00", "24:00-06:00", "10:60-11:00"], wed: ["10:00-11:00"], someday: ["10:00-11:00"]}
    holidays: [2026-12-24, 12-25, 2026-02-30, christmas]`, nil, map[string]string{
			"main.hours.zone": `"Europe/Berlim" is no time zone`, "main.hours.closed": "need a target",
			"main.hours.open.mon-fri.1": `"9-5"`, "main.hours.open.mon-fri.2": `"25:00-26:00"`, "main.hours.open.mon-fri.3": `"10:00-10:00"`,
			"main.hours.open.mon-fri.4": `"24:00-06:00"`, "main.hours.open.mon-fri.5": `"10:60-11:00"`,
			"main.hours.open.wed": "wednesday stands in mon-fri already", "main.hours.open.someday": "a day is monday or mon",
			"main.hours.holidays.2": `"2026-02-30" is no date`, "main.hours.holidays.3": `"christmas" is no date`,
		}},
		"hours without a zone":       {"main: {hours: {open: {daily: ['09:00-17:00']}, closed: goodbye}}", nil, map[string]string{"main.hours.zone": "need a time zone"}},
		"the server's zone is none":  {"main: {hours: {zone: Local, closed: goodbye}}", nil, map[string]string{"main.hours.zone": "no time zone"}},
		"closed goes to nowhere":     {"main: {hours: {zone: UTC, closed: queue:x}}", nil, map[string]string{"main.hours.closed": `no queue "x"`}},
		"collecting without a name":  {"main: {collect: {prompt: [hello]}}", nil, map[string]string{"main.collect.name": "no name for call data"}},
		"collecting the other way":   {"main: {collect: {name: a, min: 5, max: 3}}", nil, map[string]string{"main.collect.max": "3 is less than min, which is 5"}},
		"collecting less than none":  {"main: {collect: {name: a, min: -1}}", nil, map[string]string{"main.collect.min": "-1 digits are no input"}},
		"collecting for ever":        {"main: {collect: {name: a, max: 100}}", nil, map[string]string{"main.collect.max": "more than the 64"}},
		"a check that is none":       {"main: {collect: {name: a, check: md5, retries: -2}}", nil, map[string]string{"main.collect.check": `"md5" is no check`, "main.collect.retries": "-2 is no count"}},
		"a bad regular expression":   {"main: {collect: {name: a, check: 'regex:['}}", nil, map[string]string{"main.collect.check": "no regular expression"}},
		"a prompt of the collecting": {"main: {collect: {name: a, prompt: [missing]}}", nil, map[string]string{"main.collect.prompt.0": "missing"}},
		"times and counts":           {"main: {first_digit: -1s, inter_digit: -2s, total: -3s, retries: -2}", nil, map[string]string{"main.first_digit": "-1s is negative", "main.inter_digit": "-2s", "main.total": "-3s", "main.retries": "-2 is no count"}},
	} {
		t.Run(name, func(t *testing.T) {
			known := room
			known.Entries = c.entries
			got := Check(read(t, c.menus), known)
			if diff := cmp.Diff(slices.Sorted(maps.Keys(c.want)), slices.Sorted(maps.Keys(got))); diff != "" {
				t.Fatalf("paths (-want +got)\n%s%v", diff, got)
			}
			for path, part := range c.want {
				if !strings.Contains(got[path], part) || strings.Contains(got[path], "\n") {
					t.Errorf("%s: %q does not say %q in one line", path, got[path], part)
				}
			}
		})
	}
}

func TestCheckDigits(t *testing.T) {
	for name, c := range map[string]struct {
		check, digits string
		want          bool
	}{
		"none takes anything":         {"none", "1", true},
		"luhn":                        {"luhn", "79927398713", true},
		"luhn, last digit wrong":      {"luhn", "79927398714", false},
		"luhn, two digits swapped":    {"luhn", "97927398713", false},
		"luhn of nothing but a digit": {"luhn", "0", false},
		"mod97":                       {"mod97", "3214282912345698765432161182", true},
		"mod97, one digit wrong":      {"mod97", "3214282912345698765432161183", false},
		"mod97, two digits swapped":   {"mod97", "3214282912345698765432161128", false},
		"an expression":               {"regex:[1-3][0-9]{3}", "2999", true},
		"an expression, whole":        {"regex:[1-3][0-9]{3}", "29990", false},
		"an expression of parts":      {"regex:1|22", "122", false},
	} {
		t.Run(name, func(t *testing.T) {
			right, err := Collect{Check: c.check}.checker()
			if err != nil {
				t.Fatal(err)
			}
			if got := right(c.digits); got != c.want {
				t.Errorf("%s: %t, want %t", c.digits, got, c.want)
			}
		})
	}
}
