package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// When says from which moment a change is felt.
type When string

// The moments. A change that needs a restart is shown as pending until then and
// nothing of it is done before.
const (
	Now      When = "now"
	NextCall When = "next call"
	Restart  When = "restart"
)

// Effect is one change of the config, told for people.
type Effect struct {
	Path string `json:"path"` // queues.refunds.ring
	Text string `json:"text"` // queue refunds: ring 20s → 25s: from the next offer
	When When   `json:"when"`
}

// rule says when a change at a path is felt, and in which words.
type rule struct {
	path  string // dotted; * stands for one name; the longest that fits wins
	when  When
	words string
}

// rules is the table of what a change means. Sections whose part has no way to
// change under way need a restart.
var rules = []rule{
	{"sip", Now, "at once"},
	{"sip.listen", Restart, "needs a restart"},
	{"sip.t1", Restart, "needs a restart"},
	{"sip.session_expires", NextCall, "from the next call"},
	{"sip.min_se", NextCall, "from the next call"},
	{"media", Restart, "needs a restart"},
	{"trunks.*", Now, "from the next message"},
	{"trunks.*.dial", NextCall, "from the next call"},
	{"trunks.*.notice_given", NextCall, "from the next call"},
	{"trunks.*.language", NextCall, "from the next call"},
	{"phones.*", NextCall, "from the next call"},
	{"phones.*.password", Now, "at its next registration"},
	{"phones.*.digest", Now, "at its next registration"},
	{"phones.*.max_contacts", Now, "at its next registration"},
	{"agents.*", Now, "at once"},
	{"agents.*.number", Now, "at the next log-in"},
	{"agents.*.pin", Now, "at the next log-in"},
	{"agents.*.language", NextCall, "from the next call"},
	{"agents.*.supervisor", NextCall, "from the next call"},
	{"agents.*.skills", Now, "at once, also for callers who wait"},
	{"queues.*", NextCall, "from the next call"},
	{"queues.*.strategy", Now, "from the next offer"},
	{"queues.*.needs", Now, "at once, also for callers who wait"},
	{"queues.*.agents", Now, "at once, also for callers who wait"},
	{"queues.*.relax", Now, "at once, also for callers who wait"},
	{"queues.*.ring", Now, "from the next offer"},
	{"queues.*.wrap_up", Now, "from the next offer"},
	{"queues.*.max_wait", Now, "at once, also for callers who wait"},
	{"queues.*.max_size", Now, "for the next caller"},
	{"queues.*.priority", Now, "at once, also for callers who wait"},
	{"queues.*.weight", Now, "at once, also for callers who wait"},
	{"queues.*.leave_on", Now, "at once, also for callers who wait"},
	{"queues.*.on_full", Now, "for the next caller"},
	{"queues.*.on_wait", Now, "at once, also for callers who wait"},
	{"queues.*.on_empty", Now, "at once, also for callers who wait"},
	{"queues.*.callback", Now, "at once, also for callbacks that wait"},
	{"queues.*.intensity", Now, "from the next offer"},
	{"menus.*", NextCall, "from the next call"},
	{"lookups.*", NextCall, "from the next call"},
	{"numbers.*", NextCall, "from the next call"},
	{"prompts", Restart, "needs a restart"},
	{"protect", NextCall, "from the next call"},
	{"hearing", NextCall, "from the next call"},
	{"calls", NextCall, "from the next call"},
	{"floor", Now, "from the next offer"},
	{"floor.decisions", Restart, "needs a restart"},
	{"shifts.*", Now, "at once"},
	{"shift_rules", Now, "at once"},
	{"figures", Now, "at once"},
	{"store", Restart, "needs a restart"},
	{"api", Restart, "needs a restart"},
}

// comings says what an entry's coming and going means.
var comings = map[string]struct {
	added, removed string
	when           When
}{
	"trunks":  {"its calls are taken and can be made", "no new call comes or goes through it", Now},
	"phones":  {"it may register", "its registration ends", Now},
	"agents":  {"may log in", "is offered no more calls", Now},
	"queues":  {"callers may enter", "no new caller enters", Now},
	"lookups": {"it is asked from the next call", "it is not asked any more", NextCall},
	"menus":   {"from the next call", "from the next call", NextCall},
	"numbers": {"it can be dialled", "it can no longer be dialled", NextCall},
	"shifts":  {"its agents work by it", "its agents work by no plan", Now},
}

// ruleFor is the table's longest rule that fits the path.
func ruleFor(p path) rule {
	best := rule{when: Restart, words: "needs a restart"}
	parts := p.keys()
	for _, r := range rules {
		want := strings.Split(r.path, ".")
		if len(want) > len(parts) || len(want) <= strings.Count(best.path, ".") {
			continue
		}
		fits := true
		for i, w := range want {
			fits = fits && (w == "*" || w == parts[i])
		}
		if fits {
			best = r
		}
	}
	return best
}

// Compare lists what changes from old to next, in the order of the reference.
// Values of secrets are never shown.
func Compare(old, next *Config) []Effect {
	var effects []Effect
	was, is := reflect.ValueOf(old).Elem(), reflect.ValueOf(next).Elem()
	for _, section := range Options(was.Type()) {
		a, b := was.FieldByIndex(section.index), is.FieldByIndex(section.index)
		if oneOf[section.Name] != "" {
			effects = append(effects, compareEntries(section.Name, a, b)...)
			continue
		}
		effects = append(effects, compareKeys(path(section.Name), section.Name+".", a, b)...)
	}
	return effects
}

func compareEntries(section string, was, is reflect.Value) []Effect {
	var effects []Effect
	all := map[string]bool{}
	for _, m := range []reflect.Value{was, is} {
		for _, k := range m.MapKeys() {
			all[k.String()] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		key := reflect.ValueOf(name)
		a, b := was.MapIndex(key), is.MapIndex(key)
		p, what, come := path(section).to(name), oneOf[section]+" "+name, comings[section]
		switch {
		case !a.IsValid():
			effects = append(effects, Effect{string(p), what + " added: " + come.added, come.when})
		case !b.IsValid():
			effects = append(effects, Effect{string(p), what + " removed: " + come.removed, come.when})
		default:
			effects = append(effects, compareKeys(p, what+": ", a, b)...)
		}
	}
	return effects
}

// compareKeys tells the difference of two structs, one effect a key.
func compareKeys(p path, words string, was, is reflect.Value) []Effect {
	var effects []Effect
	for _, o := range Options(was.Type()) {
		a, b := was.FieldByIndex(o.index), is.FieldByIndex(o.index)
		bothEmpty := a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0
		if bothEmpty || reflect.DeepEqual(a.Interface(), b.Interface()) {
			continue
		}
		r := ruleFor(p.to(o.Name))
		effects = append(effects, Effect{
			Path: string(p.to(o.Name)),
			Text: fmt.Sprintf("%s%s %s: %s", words, o.Name, difference(o, a, b), r.words),
			When: r.when,
		})
	}
	return effects
}

// difference shows both values where that is short and no secret.
func difference(o Option, was, is reflect.Value) string {
	a, b := spell(was), spell(is)
	const long = 60 // characters, for both
	if o.Secret || len(a)+len(b) > long || strings.Contains(a+b, "…") || a == b {
		return "changed"
	}
	if o.Unit != "" {
		a, b = a+" "+o.Unit, b+" "+o.Unit
	}
	return a + " → " + b
}

// splitByRestart gives next as far as it can run now: what needs a restart is taken
// from old, whole settings at a time, and listed as pending.
func splitByRestart(old, next *Config) (running *Config, now, pending []Effect) {
	run := *next
	for _, e := range Compare(old, next) {
		if e.When != Restart {
			now = append(now, e)
			continue
		}
		pending = append(pending, e)
		parts := path(e.Path).keys()
		keep := lookup(reflect.ValueOf(old).Elem(), parts)
		lookup(reflect.ValueOf(&run).Elem(), parts).Set(keep)
	}
	return &run, now, pending
}
