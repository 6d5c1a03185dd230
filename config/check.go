package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"breakwater/acd/shift"
	"breakwater/call"
	lookups "breakwater/call/lookup"
	"breakwater/ivr"
)

// part is what a Settings, Spec or Policy of another room can do: fill in its
// defaults and judge itself. Check answers by dotted key: what is wrong and what is
// allowed.
type part[T any] interface {
	WithDefaults() T
	Check() map[string]string
}

// settle fills in a part's defaults and reports what it says of itself.
func settle[T part[T]](r *reading, p path, v *T) {
	*v = (*v).WithDefaults()
	r.judge(p, (*v).Check())
}

// judge reports what a part's Check said, at the places of its keys.
func (r *reading) judge(p path, wrong map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(wrong)) {
		if key == "" { // the part as a whole
			r.complain(p, wrong[key], "")
			continue
		}
		s, sentence := r.find(p.join(path(brackets.Replace(key)))), wrong[key]
		if m := columnFirst.FindStringSubmatch(sentence); m != nil && s.rest == "" && s.inLine {
			column, _ := strconv.Atoi(m[1]) // digits only
			s.at.column += max(0, column-1)
			sentence = sentence[len(m[0]):]
		}
		r.complainAt(s.at, s.path, prefixed(s, s.path, sentence), "")
	}
}

// brackets reads relax[0] as relax.0: parts write the keys of lists in both ways.
var brackets = strings.NewReplacer("[", ".", "]", "")

// columnFirst begins the sentence about an expression: the caret can say it better.
var columnFirst = regexp.MustCompile(`^column ([0-9]{1,3}): `)

// prefixed puts the key before a part's sentence, where the sentence does not
// begin with it: a key that the files leave out is named in full.
func prefixed(s spot, p path, sentence string) string {
	key := p.last()
	if s.rest != "" {
		key = s.rest
	}
	first, _, _ := strings.Cut(sentence, " ")
	switch {
	case first == key:
		return sentence
	case slices.Contains([]string{"is", "must", "may", "needs", "has"}, first):
		return key + " " + sentence
	default:
		return key + ": " + sentence
	}
}

// checkAgent looks at one agent.
func (r *reading) checkAgent(name string, a *Agent) {
	a.Name = name
	settle(r, path("agents").to(name), &a.AgentSpec)
	r.judge(path("agents").to(name), a.AgentAccess.Check())
	if a.PIN == "" {
		r.complain(path("agents").to(name).to("pin"), fmt.Sprintf("pin is missing; agent %s could not log in", name), "write pin: {file: path} or pin: {env: NAME}")
	}
}

// check fills in defaults, asks every part for its judgement and then looks at
// what no part can see alone.
func (r *reading) check(c *Config) {
	r.checkNames()
	settle(r, "sip", &c.SIP)
	settle(r, "media", &c.Media)
	settle(r, "protect", &c.Protect)
	settle(r, "hearing", &c.Hearing)
	settle(r, "calls", &c.Calls)
	settle(r, "floor", &c.Floor.Settings)
	settle(r, "floor.decisions", &c.Floor.Decisions)
	settle(r, "api", &c.API)
	settle(r, "shift_rules", &c.ShiftRules)
	settle(r, "figures", &c.Figures)
	c.Store = c.Store.WithDefaults()
	r.checkStore(c)
	r.checkDecisions(c)
	each(c.Trunks, func(name string, t *Trunk) {
		t.Name = name
		settle(r, path("trunks").to(name), &t.TrunkSpec)
	})
	r.checkHomes(c)
	r.checkRecordings(c)
	each(c.Phones, func(name string, p *Phone) {
		p.Name = name
		settle(r, path("phones").to(name), &p.PhoneSpec)
	})
	each(c.Agents, r.checkAgent)
	each(c.Queues, func(name string, q *Queue) {
		q.Name = name
		r.checkEmergency(path("queues").to(name), name, q)
		settle(r, path("queues").to(name), &q.QueueSpec)
		settle(r, path("queues").to(name), &q.QueueManners)
		r.checkRing(path("queues").to(name).to("ring"), q.Ring)
	})
	each(c.Numbers, func(name string, n *call.NumberSpec) {
		r.checkReach(path("numbers").to(name), name, n)
		r.judge(path("numbers").to(name), n.Check())
	})
	each(c.Lookups, func(name string, l *lookups.Spec) { settle(r, path("lookups").to(name), l) })
	each(c.Menus, func(_ string, m *ivr.Menu) { *m = m.WithDefaults() })
	each(c.Shifts, func(name string, s *shift.Settings) { settle(r, path("shifts").to(name), s) })
	r.taken(c)
	opened, wrong := r.around.sounds(c.Prompts)
	r.sounds = opened
	r.judge("prompts", wrong)
	if !r.torn { // otherwise names that stand in the unreadable file would seem to be missing
		r.checkReferences(c)
		r.checkSounds(c, opened)
	}
	if len(r.problems) == 0 && len(c.Phones) == 0 && len(c.Numbers) == 0 {
		r.report(Problem{
			Message: "the config has no phones and no numbers, so nobody can call and nobody can be called",
			Hint:    "write at least one entry under phones: or numbers:",
		})
	}
}

// each lets f change every entry of a section.
func each[T any](section map[string]T, f func(name string, v *T)) {
	for _, name := range slices.Sorted(maps.Keys(section)) {
		v := section[name]
		f(name, &v)
		section[name] = v
	}
}

var (
	// A name is spoken of in targets (queue:refunds), paths and metrics.
	validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)
	// A number is what a caller can dial.
	validNumber = regexp.MustCompile(`^\+?[0-9]{1,32}$`)
)

func (r *reading) checkNames() {
	for section, what := range oneOf {
		for _, name := range r.names(section) {
			p := path(section).to(name)
			switch {
			case section == "numbers" && validNumber.MatchString(name), section != "numbers" && validName.MatchString(name):
			case section == "numbers" && strings.HasPrefix(name, "*"):
				r.complain(p, "what begins with * is a feature code, not a number", "a number is digits, with an optional + before them")
			case section == "numbers":
				r.complain(p, strconv.Quote(name)+" cannot be dialled", "a number is digits, with an optional + before them")
			default:
				r.complain(p, fmt.Sprintf("%q cannot be the name of %s", name, article(what)), "a name is up to 63 letters a–z, digits, - and _")
			}
		}
	}
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "an " + noun
	}
	return "a " + noun
}

// names lists the entries of a section as the files have them, also those that
// could not be decoded: a reference to them is right.
func (r *reading) names(section string) []string {
	f := r.root.get(section)
	if f == nil {
		return nil
	}
	out := make([]string, len(f.value.fields))
	for i, entry := range f.value.fields {
		out[i] = entry.name
	}
	return out
}

// has tells whether a section has an entry of that name.
func (r *reading) has(section, name string) bool {
	known, ok := r.entries[section]
	if !ok {
		known = map[string]bool{}
		for _, n := range r.names(section) {
			known[n] = true
		}
		r.entries[section] = known
	}
	return known[name]
}

// complain reports a problem with the key at p, unless something is known to be
// wrong there already: one mistake makes one problem.
func (r *reading) complain(p path, message, hint string) {
	r.complainAt(r.find(p).at, p, message, hint)
}

func (r *reading) complainAt(at pos, p path, message, hint string) {
	if !r.isSpoiled(p) {
		r.fault(at, p, message, hint)
	}
}

// isSpoiled tells whether a problem is known at p, above it or below it.
func (r *reading) isSpoiled(p path) bool {
	for q := p; q != ""; q = q.parent() {
		if r.spoiled[string(q)] {
			return true
		}
	}
	return r.above[string(p)]
}

// spot is where a path leads in the files.
type spot struct {
	at     pos    // of the value if it is a single one, else of the key
	path   path   // the one asked for, with the dots within keys known
	rest   string // what of the path the files do not have
	inLine bool   // the value stands in one line as it is, without quotes
}

// find follows p as far as the files go.
func (r *reading) find(p path) spot {
	parts := p.keys()
	s, n := spot{}, r.root
	for len(parts) > 0 {
		next, at, taken := n.below(parts)
		if next == nil {
			s.rest = strings.Join(parts, ".")
			for _, part := range parts {
				s.path = s.path.to(part)
			}
			return s
		}
		s.at, s.path, parts = at, s.path.to(strings.Join(parts[:taken], ".")), parts[taken:]
		if n = next; n.kind == scalar {
			s.at, s.inLine = n.at, !n.quoted
		}
	}
	return s
}

// below is the value that parts lead to, where it stands and how many of parts its
// key took: a part that was judged by dotted keys knows no dots within them. It is
// nil if there is none.
func (n *node) below(parts []string) (value *node, at pos, taken int) {
	switch n.kind {
	case mapping:
		for taken := range len(parts) {
			if f := n.get(strings.Join(parts[:taken+1], ".")); f != nil {
				return f.value, f.at, taken + 1
			}
		}
	case list:
		if index, err := strconv.Atoi(parts[0]); err == nil && index >= 0 && index < len(n.items) {
			return n.items[index], n.items[index].at, 1
		}
	case empty, scalar, refused:
	}
	return nil, pos{}, 0
}
