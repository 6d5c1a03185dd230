package ivr

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// way is one way out of a menu.
type way struct {
	path     string // of the key that says so, below the menu
	to       Target
	language string // chosen on the way; empty = as before
	asked    bool   // needs something of the caller: a key, or input that is right
	failed   bool   // taken when input is not right, or the menu is closed
}

// ways lists the ways out of a menu. Targets that cannot be read are left out:
// they have a sentence of their own.
func (m Menu) ways() []way {
	var all []way
	add := func(path, target string, w way) {
		t, err := ParseTarget(target)
		if err == nil {
			w.path, w.to = path, t
			all = append(all, w)
		}
	}
	collects := m.Collect.Name != ""
	if m.Hours.set() {
		add("hours.closed", m.Hours.Closed, way{failed: true})
	}
	if collects {
		add("collect.otherwise", m.Collect.Otherwise, way{failed: true})
	}
	for i, b := range m.Branches {
		add("branches."+strconv.Itoa(i)+".go", b.Go, way{asked: collects})
	}
	for _, key := range slices.Sorted(maps.Keys(m.Keys)) {
		add("keys."+key, m.Keys[key], way{language: m.Languages[key], asked: true})
	}
	add("then", m.Then, way{asked: collects})
	return all
}

// languages says which languages a caller may have in each menu.
func (c *check) languages() map[string][]string {
	spoken := map[string][]string{}
	var arrive func(menu string, languages []string)
	arrive = func(menu string, languages []string) {
		m, ok := c.menus[menu]
		if !ok {
			return
		}
		var fresh []string
		for _, l := range languages {
			if !slices.Contains(spoken[menu], l) {
				fresh = append(fresh, l)
			}
		}
		if len(fresh) == 0 {
			return
		}
		spoken[menu] = append(spoken[menu], fresh...)
		for _, w := range m.ways() {
			switch {
			case w.to.Kind != Submenu:
			case w.language != "":
				arrive(w.to.Name, []string{w.language})
			default:
				arrive(w.to.Name, fresh)
			}
		}
	}
	for menu := range c.menus {
		if c.known.Entries == nil {
			arrive(menu, c.known.Languages)
		} else {
			arrive(menu, c.known.Entries[menu])
		}
	}
	for menu := range spoken {
		slices.Sort(spoken[menu])
	}
	return spoken
}

// loops finds menus that cannot be left: by a caller who presses nothing, or by
// one who does everything right.
func (c *check) loops() {
	const walking, left = 1, 2
	state := map[string]int{}
	var trail []string
	var walk func(menu string)
	walk = func(menu string) {
		state[menu], trail = walking, append(trail, menu)
		for _, w := range c.menus[menu].ways() {
			_, known := c.menus[w.to.Name]
			switch {
			case w.asked || w.to.Kind != Submenu || !known:
			case state[w.to.Name] == walking:
				round := append(trail[slices.Index(trail, w.to.Name):len(trail):len(trail)], w.to.Name)
				c.say(menu+"."+w.path, "a caller who presses nothing goes round for ever: %s; one of these menus must lead out, to a queue, a phone, a number or goodbye", strings.Join(round, " → "))
			case state[w.to.Name] == 0:
				walk(w.to.Name)
			}
		}
		state[menu], trail = left, trail[:len(trail)-1]
	}
	names := slices.Sorted(maps.Keys(c.menus))
	for _, menu := range names {
		if state[menu] == 0 {
			walk(menu)
		}
	}
	out := c.leadOut()
	for _, menu := range names {
		if !out[menu] && !c.blamed(menu) {
			c.say(menu+".then", "menu %s cannot be left: nothing a caller does right leads to a queue, a phone, a number or goodbye", menu)
		}
	}
}

// leadOut is the set of menus from which an exit can be reached without failing.
// A way to a menu that does not exist counts: it has a sentence of its own.
func (c *check) leadOut() map[string]bool {
	out := map[string]bool{}
	for grown := true; grown; {
		grown = false
		for name, m := range c.menus {
			if out[name] {
				continue
			}
			out[name] = slices.ContainsFunc(m.ways(), func(w way) bool {
				_, known := c.menus[w.to.Name]
				return !w.failed && (w.to.Kind != Submenu || !known || out[w.to.Name])
			})
			grown = grown || out[name]
		}
	}
	return out
}

// blamed tells whether a menu has a sentence about a way of its own already.
func (c *check) blamed(menu string) bool {
	for _, w := range c.menus[menu].ways() {
		if _, told := c.wrong[menu+"."+w.path]; told {
			return true
		}
	}
	_, told := c.wrong[menu+".then"]
	return told
}

// suggest offers the name that was probably meant: "; did you mean sales?".
func suggest(name string, names []string) string {
	best, least := "", 1+len(name)/3
	for _, n := range names {
		if d := distance(name, n); d <= least && (best == "" || d < least) {
			best, least = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// distance is how many letters to change, add or remove (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
