package ivr

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Known is what menus may refer to.
type Known struct {
	Queues, Phones []string
	Dials          func(number string) bool           // whether a trunk takes the number; nil = any
	Has            func(language, phrase string) bool // whether a phrase can be spoken; nil = any
	// Refuses says why a queue does not take what a target of a kind asks of it (Callback,
	// CallbackAt, Voicemail); empty = it does. nil = every queue takes everything.
	Refuses   func(kind, queue string) string
	Languages []string // all that the system speaks
	// Entries says in which languages callers come to a menu from outside, from
	// numbers and queues. nil = to every menu in every language.
	Entries map[string][]string
}

// Check says what is wrong with the menus, each sentence by the dotted path of its
// key: main.keys.1, main.branches.0.when. An empty result means that Run finds an
// exit from every menu for every caller, also one who presses nothing.
func Check(menus map[string]Menu, known Known) map[string]string {
	c := check{menus: map[string]Menu{}, known: known, wrong: map[string]string{}}
	for name, m := range menus {
		c.menus[name] = m.WithDefaults()
	}
	c.spoken = c.languages()
	for _, name := range slices.Sorted(maps.Keys(c.menus)) {
		c.menu(name, c.menus[name])
	}
	c.loops()
	return c.wrong
}

// check is one look at all menus.
type check struct {
	menus  map[string]Menu
	known  Known
	spoken map[string][]string // menu → languages a caller may have there
	wrong  map[string]string
}

// say keeps the first sentence about a key.
func (c *check) say(path, format string, args ...any) {
	if _, told := c.wrong[path]; !told {
		c.wrong[path] = fmt.Sprintf(format, args...)
	}
}

func (c *check) menu(name string, m Menu) {
	spoken := c.spoken[name]
	c.phrases(name+".greeting", spoken, m.Greeting)
	c.phrases(name+".no_input", spoken, m.NoInput)
	c.phrases(name+".invalid", spoken, m.Invalid)
	for _, d := range []struct {
		key   string
		value time.Duration
	}{{"first_digit", m.FirstDigit}, {"inter_digit", m.InterDigit}, {"total", m.Total}} {
		if d.value < 0 {
			c.say(name+"."+d.key, "%s is negative; give a length of time such as 5s", d.value)
		}
	}
	if m.Retries < -1 {
		c.say(name+".retries", "%d is no count; -1 means never", m.Retries)
	}
	c.keys(name, m)
	for i, b := range m.Branches {
		at := name + ".branches." + strconv.Itoa(i)
		if strings.TrimSpace(b.When) == "" {
			c.say(at+".when", "a branch needs a condition, such as language == \"zh\"")
		} else if _, err := b.compile(); err != nil {
			c.say(at+".when", "%s", err)
		}
		c.target(at+".go", spoken, b.Go)
	}
	c.target(name+".then", spoken, m.Then)
	c.hours(name+".hours", spoken, m.Hours)
	if !m.Collect.empty() {
		c.collect(name+".collect", spoken, m.Collect)
	}
}

func (c *check) keys(name string, m Menu) {
	for key, target := range m.Keys {
		at := name + ".keys." + key
		if key == "" || len(key) > 8 || strings.Trim(key, "0123456789*#") != "" {
			c.say(at, "%q cannot be pressed; a key is one to eight of 0–9, * and #", key)
		}
		spoken := c.spoken[name]
		if language := m.Languages[key]; language != "" {
			spoken = []string{language}
		}
		c.target(at, spoken, target)
	}
	for key, language := range m.Languages {
		at := name + ".languages." + key
		if _, ok := m.Keys[key]; !ok {
			c.say(at, "the menu has no key %s that could choose a language", key)
		}
		if !slices.Contains(c.known.Languages, language) {
			c.say(at, "there are no prompts in %q; the languages are %s", language, strings.Join(c.known.Languages, ", "))
		}
	}
}

// target looks at one target; every other check of the config may leave it to
// ParseTarget and its own lists.
func (c *check) target(path string, spoken []string, text string) {
	t, err := ParseTarget(text)
	if err != nil {
		c.say(path, "%s", err)
		return
	}
	switch t.Kind {
	case Queue:
		c.exists(path, "queue", t.Name, c.known.Queues)
	case Callback, CallbackAt, Voicemail:
		if c.exists(path, "queue", t.Name, c.known.Queues); c.known.Refuses != nil && slices.Contains(c.known.Queues, t.Name) {
			if why := c.known.Refuses(t.Kind, t.Name); why != "" {
				c.say(path, "%s", why)
			}
		}
	case Extension:
		c.exists(path, "phone", t.Name, c.known.Phones)
	case Submenu:
		c.exists(path, "menu", t.Name, slices.Sorted(maps.Keys(c.menus)))
	case Number:
		if c.known.Dials != nil && !c.known.Dials(t.Name) {
			c.say(path, "no trunk takes the number %s", t.Name)
		}
	case Goodbye:
		if t.Name != "" {
			c.phrase(path, spoken, t.Name)
		}
	}
}

func (c *check) exists(path, what, name string, names []string) {
	if !slices.Contains(names, name) {
		c.say(path, "there is no %s %q%s", what, name, suggest(name, names))
	}
}

func (c *check) phrases(path string, spoken, phrases []string) {
	for i, p := range phrases {
		c.phrase(path+"."+strconv.Itoa(i), spoken, p)
	}
}

func (c *check) phrase(path string, spoken []string, phrase string) {
	if c.known.Has == nil {
		return
	}
	for _, language := range spoken {
		if !c.known.Has(language, phrase) {
			c.say(path, "there is no prompt %q in language %s", phrase, language)
		}
	}
}

func (c *check) hours(path string, spoken []string, h Hours) {
	if !h.set() {
		return
	}
	if h.Zone == "" {
		c.say(path+".zone", "opening hours need a time zone, such as Europe/Berlin or Asia/Shanghai")
	} else if _, err := time.LoadLocation(h.Zone); err != nil || h.Zone == "Local" {
		c.say(path+".zone", "%q is no time zone; write one such as Europe/Berlin or Asia/Shanghai", h.Zone)
	}
	named := map[time.Weekday]string{}
	for _, key := range slices.Sorted(maps.Keys(h.Open)) {
		days, err := parseDays(key)
		if err != nil {
			c.say(path+".open."+key, "%s", err)
		}
		for _, d := range days {
			if other, twice := named[d]; twice {
				c.say(path+".open."+key, "%s stands in %s already", weekdays[d], other)
			}
			named[d] = key
		}
		for i, text := range h.Open[key] {
			if _, err := parseRange(text); err != nil {
				c.say(fmt.Sprintf("%s.open.%s.%d", path, key, i), "%s", err)
			}
		}
	}
	for i, date := range h.Holidays {
		_, once := time.Parse(time.DateOnly, date)
		_, yearly := time.Parse(everyYear, date)
		if once != nil && yearly != nil {
			c.say(path+".holidays."+strconv.Itoa(i), "%q is no date; write 2026-12-24, or 12-25 for every year", date)
		}
	}
	if h.Closed == "" {
		c.say(path+".closed", "opening hours need a target for callers outside them")
	} else {
		c.target(path+".closed", spoken, h.Closed)
	}
}

// validName is how call data is named, so that conditions and skill expressions
// can ask for data.customer_id.
var validName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

func (c *check) collect(path string, spoken []string, in Collect) {
	if !validName.MatchString(in.Name) {
		c.say(path+".name", "%q is no name for call data; it begins with a letter a–z and has letters, digits and _", in.Name)
		in.Name = "unnamed" // look at the rest as well
	}
	in = in.WithDefaults()
	switch {
	case in.Min < 1:
		c.say(path+".min", "%d digits are no input; ask for 1 at least", in.Min)
	case in.Max > maxDigits:
		c.say(path+".max", "%d digits are more than the %d a caller can give", in.Max, maxDigits)
	case in.Max < in.Min:
		c.say(path+".max", "%d is less than min, which is %d", in.Max, in.Min)
	}
	if in.Retries < -1 {
		c.say(path+".retries", "%d is no count; -1 means never", in.Retries)
	}
	if _, err := in.checker(); err != nil {
		c.say(path+".check", "%s", err)
	}
	c.phrases(path+".prompt", spoken, in.Prompt)
	c.target(path+".otherwise", spoken, in.Otherwise)
}

// empty tells whether the file says nothing about collecting.
func (c Collect) empty() bool {
	return c.Name == "" && len(c.Prompt) == 0 && c.Min == 0 && c.Max == 0 && c.Check == "" && c.Retries == 0 && c.Otherwise == ""
}
